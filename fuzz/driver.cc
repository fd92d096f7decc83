// fuzz/driver.cc: runs a fuzz target without libFuzzer, the same inputs every time.
//
//   fuzz_NAME [--mutations N] [--seed S] [--seconds T] [--input-seconds T] [--save DIR] [FILE|FOLDER]...
//
// Runs every named file (of folders: every file in them, by name), then N mutations of them (default 2000),
// stopping early after T seconds (default 5). An exception that leaves the target, a signal, a sanitizer's
// complaint or an input that takes longer than --input-seconds (default 20) is a find: the input is saved to
// DIR (default: the current folder) and its path printed; running the program on that file with --mutations 0
// repeats it. Exit status 0: nothing found; 1: a find; 2: unusable arguments.
//
// The generator is written out here, so a mutation depends on the seed and the corpus only, never on the
// library that is being tested.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
// Called by the sanitizers' runtime before it ends the process; absent without a sanitizer.
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));
// Beside another sanitizer, the one for undefined behaviour has a runtime of its own, without that call: it
// aborts.
extern "C" const char* __ubsan_default_options();
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t kLongestInput = 1 << 16;

// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // In [0, bound), bound > 0. The slight bias does not matter here.
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(bits() % bound); }

 private:
  std::uint64_t state_;
};

// What breaks parsers of numbers, text and structure.
constexpr std::array<std::string_view, 40> kInteresting = {"0",
                                                           "-0",
                                                           "-1",
                                                           "1",
                                                           "1.5",
                                                           "0.1e",
                                                           "1e308",
                                                           "1e309",
                                                           "-1e309",
                                                           "1e-320",
                                                           "NaN",
                                                           "nan",
                                                           "inf",
                                                           "-Infinity",
                                                           "127",
                                                           "128",
                                                           "255",
                                                           "256",
                                                           "65536",
                                                           "2147483648",
                                                           "4294967296",
                                                           "9223372036854775808",
                                                           "18446744073709551616",
                                                           "true",
                                                           "null",
                                                           "\"",
                                                           "\"\"",
                                                           "\\u0000",
                                                           "\\ud800",
                                                           "\xff",
                                                           "\xc0\x80",
                                                           "\xef\xbb\xbf",
                                                           "\r\n",
                                                           "\n",
                                                           ",",
                                                           "\t",
                                                           "{}",
                                                           "[]",
                                                           "[[[[[[[[[[[[[[[[",
                                                           "#"};

struct Options {
  std::uint64_t mutations = 2000;
  std::uint64_t seed = 1;
  double seconds = 5;
  unsigned input_seconds = 20;
  std::filesystem::path save = ".";
  std::vector<std::filesystem::path> paths;
};

// What the handlers need to save the input that is being run; they may not allocate.
const Input* running = nullptr;
std::array<char, 4096> save_path{};

void save_running_input() {
  if (running == nullptr) return;
  const int file = ::open(save_path.data(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  std::size_t written = 0;
  while (file >= 0 && written < running->size()) {
    const ssize_t count = ::write(file, running->data() + written, running->size() - written);
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  if (file >= 0) ::close(file);
  running = nullptr;
  const char before[] = "the input was saved to ";
  const bool told = ::write(2, before, sizeof before - 1) >= 0 &&
                    ::write(2, save_path.data(), std::strlen(save_path.data())) >= 0 &&
                    ::write(2, "\n", 1) >= 0;
  static_cast<void>(told);  // nothing is left to do where even standard error cannot be written
}

void on_signal(int signal) {
  const char* what = signal == SIGALRM ? "found: the input takes too long\n" : "found: a crash\n";
  if (::write(2, what, std::strlen(what)) >= 0) save_running_input();
  ::_exit(1);
}

void catch_signals() {
  // A stack of its own, or a stack overflow could not be reported.
  static std::array<char, 1 << 16> stack;
  stack_t alternative{};
  alternative.ss_sp = stack.data();
  alternative.ss_size = stack.size();
  ::sigaltstack(&alternative, nullptr);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_ONSTACK;
  const bool sanitized = __sanitizer_set_death_callback != nullptr;
  if (sanitized) __sanitizer_set_death_callback(save_running_input);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM})
    // A sanitizer explains a bad access better than this handler can.
    if (!sanitized || signal == SIGABRT || signal == SIGALRM) ::sigaction(signal, &action, nullptr);
}

// True where the target let nothing escape.
bool holds(const Input& input, unsigned input_seconds) {
  running = &input;
  ::alarm(input_seconds);
  std::string escaped;
  try {
    LLVMFuzzerTestOneInput(input.data(), input.size());
  } catch (const std::exception& error) {
    escaped = error.what();
    if (escaped.empty()) escaped = "an exception without a message";
  } catch (...) {
    escaped = "something that is no std::exception";
  }
  ::alarm(0);
  if (!escaped.empty()) {
    std::fprintf(stderr, "found: left the target: %s\n", escaped.c_str());
    save_running_input();
  }
  running = nullptr;
  return escaped.empty();
}

Input part_of(const Input& input, Random& random) {
  const std::size_t from = random.below(input.size());
  const std::size_t length = 1 + random.below(std::min<std::size_t>(input.size() - from, 64));
  return {input.begin() + static_cast<std::ptrdiff_t>(from),
          input.begin() + static_cast<std::ptrdiff_t>(from + length)};
}

void insert(Input& input, const Input& what, Random& random) {
  const auto at = static_cast<std::ptrdiff_t>(random.below(input.size() + 1));
  input.insert(input.begin() + at, what.begin(), what.end());
}

Input text(std::string_view bytes) { return {bytes.begin(), bytes.end()}; }

// Replaces a run of digits, signs and points by an interesting number; false where there is none.
bool replace_number(Input& input, Random& random) {
  const auto numeric = [](std::uint8_t byte) {
    return (byte >= '0' && byte <= '9') || byte == '.' || byte == '-' || byte == '+';
  };
  const std::size_t start = random.below(input.size());
  const auto first = std::find_if(input.begin() + static_cast<std::ptrdiff_t>(start), input.end(), numeric);
  if (first == input.end()) return false;
  const auto last = std::find_if_not(first, input.end(), numeric);
  const Input number = text(kInteresting[random.below(kInteresting.size())]);
  const auto at = input.erase(first, last);
  input.insert(at, number.begin(), number.end());
  return true;
}

// One to eight changes to a seed of the corpus.
Input mutate(const std::vector<Input>& corpus, Random& random) {
  Input input = corpus[random.below(corpus.size())];
  for (std::size_t change = 1 + random.below(8); change > 0; --change) {
    if (input.empty()) {
      input = text(kInteresting[random.below(kInteresting.size())]);
      continue;
    }
    switch (random.below(9)) {
      case 0:  // flip a bit
        input[random.below(input.size())] ^= static_cast<std::uint8_t>(1u << random.below(8));
        break;
      case 1:  // any byte
        input[random.below(input.size())] = static_cast<std::uint8_t>(random.below(256));
        break;
      case 2:  // insert something interesting
        insert(input, text(kInteresting[random.below(kInteresting.size())]), random);
        break;
      case 3:  // repeat a part elsewhere
        insert(input, part_of(input, random), random);
        break;
      case 4: {  // delete a part
        const std::size_t from = random.below(input.size());
        const std::size_t length = 1 + random.below(std::min<std::size_t>(input.size() - from, 64));
        const auto first = input.begin() + static_cast<std::ptrdiff_t>(from);
        input.erase(first, first + static_cast<std::ptrdiff_t>(length));
        break;
      }
      case 5: {  // splice: the start of this one, the end of another
        const Input& other = corpus[random.below(corpus.size())];
        input.resize(random.below(input.size() + 1));
        const auto from = static_cast<std::ptrdiff_t>(random.below(other.size() + 1));
        input.insert(input.end(), other.begin() + from, other.end());
        break;
      }
      case 6:  // truncate; rarely, since it removes what later changes could meet
        if (random.below(4) == 0) input.resize(random.below(input.size()));
        break;
      default:
        if (!replace_number(input, random)) insert(input, text("1"), random);
    }
  }
  if (input.size() > kLongestInput) input.resize(kLongestInput);
  return input;
}

[[noreturn]] void unusable(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(2);
}

double number(const std::string& option, const char* value) {
  char* end = nullptr;
  const double parsed = value == nullptr ? -1 : std::strtod(value, &end);
  if (value == nullptr || end == value || *end != '\0' || !(parsed >= 0) || parsed > 1e15)
    unusable(option + ": found " + (value == nullptr ? "nothing" : value) + ", expected a number >= 0");
  return parsed;
}

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    const char* value = i + 1 < count ? arguments[i + 1] : nullptr;
    if (argument.rfind("--", 0) != 0) {
      options.paths.emplace_back(argument);
      continue;
    }
    if (argument == "--mutations") {
      options.mutations = static_cast<std::uint64_t>(number(argument, value));
    } else if (argument == "--seed") {
      options.seed = static_cast<std::uint64_t>(number(argument, value));
    } else if (argument == "--seconds") {
      options.seconds = number(argument, value);
    } else if (argument == "--input-seconds") {
      options.input_seconds = static_cast<unsigned>(number(argument, value));
    } else if (argument == "--save" && value != nullptr) {
      options.save = value;
    } else {
      unusable("found " + argument +
               ", expected --mutations, --seed, --seconds, --input-seconds or --save with a value");
    }
    ++i;
  }
  return options;
}

// The named files, and those in the named folders by name: the order must not depend on the file system.
std::vector<Input> read_corpus(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::filesystem::path> files;
  for (const auto& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    const std::size_t start = files.size();
    for (const auto& entry : std::filesystem::directory_iterator(path))
      if (entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(start), files.end());
  }
  std::vector<Input> corpus;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) unusable(file.string() + ": cannot be read");
    corpus.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return corpus;
}

}  // namespace

int main(int count, char** arguments) {
  const Options options = parse(count, arguments);
  std::vector<Input> corpus = read_corpus(options.paths);
  const std::string name = std::filesystem::path(arguments[0]).filename().string();
  const auto name_input = [&](const std::string& which) {
    const std::string path =
        std::filesystem::absolute(options.save / (name + "-" + which + ".input")).lexically_normal().string();
    if (path.size() >= save_path.size()) unusable("--save: found a path that is too long");
    std::copy_n(path.c_str(), path.size() + 1, save_path.begin());
  };
  catch_signals();

  for (std::size_t i = 0; i < corpus.size(); ++i) {
    name_input("corpus-" + std::to_string(i));
    if (!holds(corpus[i], options.input_seconds)) return 1;
  }
  const std::size_t named = corpus.size();
  if (corpus.empty()) corpus.emplace_back();

  const auto start = std::chrono::steady_clock::now();
  std::uint64_t ran = 0;
  for (; ran < options.mutations; ++ran) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    if (elapsed.count() > options.seconds) break;
    // A stream a mutation: mutation i is the same whatever N is.
    Random random(options.seed * 0x9e3779b97f4a7c15ULL + ran);
    const Input input = mutate(corpus, random);
    name_input("seed" + std::to_string(options.seed) + "-" + std::to_string(ran));
    if (!holds(input, options.input_seconds)) return 1;
  }
  std::printf("%s: %zu corpus files and %llu mutations with seed %llu, nothing found%s\n", name.c_str(), named,
              static_cast<unsigned long long>(ran), static_cast<unsigned long long>(options.seed),
              ran < options.mutations ? " (stopped by --seconds)" : "");
  return 0;
}
