// Files opened so that whatever lies under their name cannot hang a run: a named pipe that nobody writes to, a
// socket, a device without an end.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace plumb {

// What lies under a name, in words: "a file", "a directory", "a named pipe", "a socket", "a device".
std::string_view kind_of_file(mode_t mode);

// What may be read besides files: nothing, or also what a program writes into (named pipes, standard input).
enum class Streams { kNo, kYes };
// A named pipe gives its first byte within this time, or is refused: nobody knows whether a writer will come.
// What has no name of its own (standard input, <(command) of a shell) has a writer and is waited for.
inline constexpr int kPipeSeconds = 60;

// A descriptor to read from, closed on exec, or -1 with what was `found` there, in words ("no such file",
// "a socket", "Permission denied").
int open_file(const std::string& path, Streams streams, std::string* found, int pipe_seconds = kPipeSeconds);

// The same as a stream. Throws Error{kEnvironment}: "PATH: WHAT: found FOUND, expected a readable file".
struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
std::FILE* open_or_throw(const std::string& path, std::string_view what, Streams streams);

// All bytes, or the first `most` of them. Throws as open_or_throw.
std::string file_bytes(const std::string& path, std::string_view what, Streams streams,
                       std::size_t most = SIZE_MAX);

}  // namespace plumb
