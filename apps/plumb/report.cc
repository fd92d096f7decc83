// plumb report RUN: the report again, from the evidence.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "options.h"
#include "plumb/report.h"
#include "verbs.h"

namespace plumb::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  Common common;
  std::string run;
};

std::string read_file(const fs::path& path, const char* expected) {
  std::error_code failed;
  const bool is_file = fs::is_regular_file(path, failed);  // before it is opened: a named pipe would wait
  std::ifstream in;
  if (is_file) in.open(path, std::ios::binary);
  if (!is_file || !in) environment_error(path.string(), fmt::format("cannot be opened, expected {}", expected));
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (in.bad()) environment_error(path.string(), "cannot be read");
  return text;
}

nlohmann::json parse_evidence(const std::string& path, const std::string& text) {
  nlohmann::json document = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) refuse(path, "evidence", "text that is no JSON", "the evidence of a run");
  return document;
}

// Beside the old report, then renamed over it.
void replace_report(const fs::path& run, const std::string& page) {
  const fs::path aside = run / fmt::format(".report.html.writing-{}", getpid());
  std::ofstream out(aside, std::ios::binary);
  out << page;
  out.close();
  if (out && std::rename(aside.c_str(), (run / "report.html").c_str()) == 0) return;
  const std::string reason = std::strerror(errno);
  std::remove(aside.c_str());
  environment_error((run / "report.html").string(), "cannot be written: " + reason);
}

// The run's other files, so that a copy of it is whole.
std::map<std::string, std::string> other_files(const fs::path& run) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(run)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || name.starts_with(".") || name == "report.html") continue;
    files[name] = read_file(entry.path(), "a file of the run");
  }
  return files;
}

void report(const Options& o) {
  refuse_option("report", "--log", o.common.log, "a report is made from the run's evidence alone");
  require_out(o.common);
  const std::string path = (fs::path(o.run) / "evidence.json").string();
  const std::string text = read_file(path, "the evidence of a run");
  const nlohmann::json document = parse_evidence(path, text);
  std::string page, terminal;
  try {
    page = render_html(document);
    terminal = render_text(document);
  } catch (const Error& e) {
    throw Error(e.code(), path + ": " + e.what());
  }
  if (o.common.out) {
    auto files = other_files(o.run);
    files["report.html"] = page;
    write_run(*o.common.out, files);
  } else {
    replace_report(o.run, page);
  }
  print(o.common.json ? text
                      : fmt::format("{}\nReport: {}/report.html\n", terminal, o.common.out.value_or(o.run)));
}

}  // namespace

void add_report(CLI::App& app, int& status) {
  CLI::App* verb = app.add_subcommand("report", "the report again, from a run's evidence");
  const auto o = std::make_shared<Options>();
  verb->add_option("RUN", o->run, "a run directory")->required()->type_name("");
  add_common(*verb, o->common);
  verb->get_option("--log")->description("none here: the evidence is enough");
  verb->get_option("--out")->description(
      "write a copy of the run with the new report here, and leave RUN as it is");
  verb->callback([o, &status] {
    report(*o);
    status = kDone;
  });
}

}  // namespace plumb::cli
