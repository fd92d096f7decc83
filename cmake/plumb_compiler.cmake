# Flags that every target of this project shares, as the interface target plumb_flags; ccache and lld where present.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(PLUMB_CCACHE ccache)
if(PLUMB_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${PLUMB_CCACHE}")
endif()
find_program(PLUMB_LLD NAMES ld.lld)
if(PLUMB_LLD)
  add_link_options(-fuse-ld=lld)
endif()

add_library(plumb_flags INTERFACE)
# -ffp-contract=off: the same sums on every machine that runs the same instructions, whatever the optimizer fuses.
target_compile_options(plumb_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  -Werror -ffp-contract=off)
# Headers of others are not ours to warn about (Eigen 3.4 under g++ 12 at -O3).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(plumb_flags INTERFACE -Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow -Wno-restrict)
endif()
# Every target and every dependency header must agree on the instruction set, Eigen's alignment depends on it.
if(PLUMB_ARCH AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-march=${PLUMB_ARCH})
endif()
if(PLUMB_SANITIZE)
  add_compile_options(-fsanitize=${PLUMB_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PLUMB_SANITIZE})
endif()
