// How many digits of a number with an interval are worth writing, and which are needed so that what is read
// says what was decided.
#pragma once

#include <initializer_list>
#include <string>

namespace plumb {

// Decimals for a value and the ends of its interval: two significant digits of half the interval's width, at
// most four of the largest number, never fewer than 0. Then as many more as are needed for every one of the
// three to stand, as it is written, on the same side of every number in `beside`: "between 0.00 and 0.38"
// beside "shown to be above 0" would be a contradiction. Ends may be infinite: they do not count.
int decimals_of(double value, double lower, double upper, std::initializer_list<double> beside = {});

// To so many decimals; "-0.00" loses its sign.
std::string to_decimals(double x, int decimals);

// A value and its ends, each to decimals_of. `sign`: with a sign where above 0.
struct Written {
  std::string value, lower, upper;
};
Written written(double value, double lower, double upper, std::initializer_list<double> beside = {},
                bool sign = false);

// A number that people wrote, as they wrote it: the shortest digits that give it back.
std::string as_stated(double x);

}  // namespace plumb
