// Loops over the offered actions of a decision whose number the compiler knows.
#pragma once

#include <cstddef>

namespace plumb {

// Calls with the number of offered actions as a constant, 0 for those that have no code of their own.
template <class Call>
void offered_switch(std::size_t offered, const Call& call) {
  switch (offered) {
    case 2:
      return call.template operator()<2>();
    case 3:
      return call.template operator()<3>();
    case 4:
      return call.template operator()<4>();
    default:
      return call.template operator()<0>();
  }
}

}  // namespace plumb
