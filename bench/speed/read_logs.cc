// How fast logs become numbers: three-action decisions a second in every format, on two threads, as IPS, SNIPS
// and DR with precomputed models see them.
//
//   build/release/bench/speed/read_logs [--decisions 1000000] [--threads 2] [--rounds 3] [--keep FOLDER]
//   [--only dsjson/needed]
//
// Each format is read in three ways: "needed" keeps the columns that the policies read (none: constants), IPS
// and SNIPS alone; "all" materializes every feature; "dr" reads all features and scores three actions by linear
// models. Beside them stand the floors of the same bytes in the same run: reading the file into memory, and
// parsing its JSON (simdjson, DOM, line by line) without using it. Rounds are interleaved; the median of each
// is shown.
#include <fmt/core.h>
#include <simdjson.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "data/file_blocks.h"
#include "plumb/stream_evaluation.h"

namespace {

using namespace plumb;

constexpr const char* kArms[] = {"mail_a", "mail_b", "none"};
constexpr int kContext = 8;

struct Row {
  std::uint64_t id;
  float number[5];
  int level[3], chosen;
  double p[3], spend;
};

Row draw(Rng& rng, std::uint64_t id) {
  Row row{};
  row.id = id;
  for (float& x : row.number) x = static_cast<float>(rng.below(100000)) / 100;
  for (int& x : row.level) x = static_cast<int>(rng.below(12));
  const double a = 0.2 + 0.05 * static_cast<double>(rng.below(5));
  row.p[0] = a;
  row.p[1] = 0.25;
  row.p[2] = 1 - a - 0.25;
  row.chosen = static_cast<int>(rng.categorical(row.p));
  row.spend = rng.bernoulli(0.1) ? static_cast<double>(rng.below(5000)) / 100 : 0;
  return row;
}

std::string context_json(const Row& r) {
  return fmt::format(
      R"("recency":{},"history":{},"age":{},"visits":{},"basket":{},"region":"r{}","channel":"c{}","segment":"s{}")",
      r.number[0], r.number[1], r.number[2], r.number[3], r.number[4], r.level[0], r.level[1], r.level[2]);
}

void write_csv(std::string& out, const Row& r) {
  out += fmt::format("d{},{},{:.2f},{:.2f},{:.2f},{},{},{},{},{},r{},c{},s{},{}\n", r.id, kArms[r.chosen],
                     r.p[0], r.p[1], r.p[2], r.number[0], r.number[1], r.number[2], r.number[3], r.number[4],
                     r.level[0], r.level[1], r.level[2], r.spend);
}

void write_jsonl(std::string& out, const Row& r) {
  out += fmt::format(
      R"({{"id":"d{}","context":{{{}}},"actions":[{{"id":"mail_a","features":{{"cost":0.1,"kind":"long"}}}},{{"id":"mail_b","features":{{"cost":0.2,"kind":"short"}}}},)"
      R"({{"id":"none","features":{{"cost":0,"kind":"no"}}}}],"chosen":"{}","propensities":[{:.2f},{:.2f},{:.2f}],"outcomes":{{"spend":{}}}}})"
      "\n",
      r.id, context_json(r), kArms[r.chosen], r.p[0], r.p[1], r.p[2], r.spend);
}

void write_dsjson(std::string& out, const Row& r) {
  int order[3] = {r.chosen, (r.chosen + 1) % 3, (r.chosen + 2) % 3};
  out += fmt::format(
      R"({{"_label_cost":{},"_label_probability":{:.2f},"_label_Action":{},"_labelIndex":{},"o":[{{"v":{},"EventId":"d{}","ActionTaken":false}}],)"
      R"("Timestamp":"2026-03-01T10:00:00.0000000Z","Version":"1","EventId":"d{}","a":[{},{},{}],"c":{{"User":{{{}}},)"
      R"("_multi":[{{"_tag":"mail_a","Mail":{{"cost":0.1,"kind":"long"}}}},{{"_tag":"mail_b","Mail":{{"cost":0.2,"kind":"short"}}}},)"
      R"({{"_tag":"none","Mail":{{"cost":0,"kind":"no"}}}}]}},"p":[{:.2f},{:.2f},{:.2f}],"VWState":{{"m":"v1"}}}})"
      "\n",
      r.spend > 0 ? -r.spend : 0, r.p[r.chosen], r.chosen + 1, r.chosen, r.spend, r.id, r.id, order[0] + 1,
      order[1] + 1, order[2] + 1, context_json(r), r.p[order[0]], r.p[order[1]], r.p[order[2]]);
}

void write_log(const std::string& path, const char* format, std::uint64_t decisions) {
  std::ofstream file(path, std::ios::binary);
  std::string text;
  if (std::strcmp(format, "csv") == 0)
    text =
        "id,arm,mu_mail_a,mu_mail_b,mu_none,recency,history,age,visits,basket,region,channel,segment,spend\n";
  Rng rng(7);
  for (std::uint64_t i = 0; i < decisions; ++i) {
    const Row row = draw(rng, i);
    if (std::strcmp(format, "csv") == 0) write_csv(text, row);
    if (std::strcmp(format, "jsonl") == 0) write_jsonl(text, row);
    if (std::strcmp(format, "dsjson") == 0) write_dsjson(text, row);
    if (text.size() > (1u << 22) || i + 1 == decisions) {
      file.write(text.data(), static_cast<std::streamsize>(text.size()));
      text.clear();
    }
  }
}

Goal goal_for(const std::string& format) {
  Goal goal;
  OutcomeSpec spend;
  spend.name = "spend";
  spend.kind = OutcomeKind::kAmount;
  spend.column = format == "dsjson" ? "reward" : "spend";
  goal.outcomes = {spend};
  goal.maximize = {{1.0, "spend"}};
  if (format == "csv") {
    goal.data.id = "id";
    goal.data.action = "arm";
    goal.data.propensities = "mu_*";
    goal.data.context = {"recency", "history", "age", "visits", "basket", "region", "channel", "segment"};
  }
  return goal;
}

// Linear models of the outcome on the log's first decisions, as `train` would write them.
LinearOutcomes models_for(const std::string& path, const Goal& goal) {
  std::string head;
  {
    FileText text(path);
    while (head.size() < (4u << 20) && text.append(head, 1u << 20)) continue;
  }
  head.resize(head.rfind('\n') + 1);
  const std::string part = path + ".head" + std::filesystem::path(path).extension().string();
  std::ofstream(part, std::ios::binary) << head;
  DecisionLog log = read_log(part, goal, nullptr);
  std::filesystem::remove(part);
  assign_folds(log, 1);
  const OutcomeModels models = fit_outcome_models(log, {"spend"}, 2);
  return {models.outcome, models.map, models.linear, models.span, 1, nullptr};
}

// Wall-clock time, and that of the processor over all threads: the latter hardly minds what else the machine
// does.
struct Times {
  double wall = 0, processor = 0;
};
double processor_seconds() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}
Times time_of(const std::function<void()>& run) {
  const auto start = std::chrono::steady_clock::now();
  const double before = processor_seconds();
  run();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          processor_seconds() - before};
}

void read_only(const std::string& path) {
  FileText text(path);
  std::string piece;
  while (text.append(piece, 4u << 20)) piece.clear();
}

// What every reader of JSON lines must do at least, on as many threads.
void parse_only(const std::string& path, int threads) {
  FileBlocks blocks(path, 4u << 20);
  std::mutex lock;
  std::uint64_t lines = 0;
  const auto work = [&] {
    simdjson::dom::parser parser;
    while (true) {
      std::optional<FileBlock> block;
      {
        const std::lock_guard<std::mutex> guard(lock);
        block = blocks.next();
      }
      if (!block) return;
      std::uint64_t here = 0;
      for (LineReader reader(block->rows); reader.next(); ++here) {
        simdjson::dom::element element;
        if (parser.parse(reader.line().data(), reader.line().size(), false).get(element)) std::abort();
      }
      const std::lock_guard<std::mutex> guard(lock);
      lines += here;
    }
  };
  std::vector<std::thread> pool;
  for (int t = 1; t < threads; ++t) pool.emplace_back(work);
  work();
  for (std::thread& thread : pool) thread.join();
}

void evaluate(const std::string& path, const Goal& goal, int threads, std::optional<LinearOutcomes> models,
              bool all) {
  StreamEvaluation evaluation(goal, {constant_policy("mail_a"), constant_policy("none"), uniform_policy()},
                              std::move(models));
  StreamOptions options;
  options.threads = threads;
  options.fingerprints = evaluation.wants_fingerprints();
  if (!all) options.columns = evaluation.columns();
  stream_log(path, goal, options, evaluation.work());
  Contrast level{"level", {}};
  const std::pair<std::size_t, double> term{0, 1.0};
  evaluation.add_terms(level, 1, {&term, 1}, 1, Estimator::kSnips);
  if (!(evaluation.estimate({&level, 1}).value[0] > 0)) std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t decisions = 1000000;
  int threads = 2, rounds = 3;
  std::string folder, only;
  for (int a = 1; a + 1 < argc; a += 2) {
    const std::string name = argv[a];
    if (name == "--decisions") decisions = std::stoull(argv[a + 1]);
    if (name == "--threads") threads = std::stoi(argv[a + 1]);
    if (name == "--rounds") rounds = std::stoi(argv[a + 1]);
    if (name == "--only") only = argv[a + 1];
    if (name == "--keep") folder = argv[a + 1];
  }
  const bool keep = !folder.empty();
  if (!keep) folder = (std::filesystem::temp_directory_path() / "plumb_read_logs").string();
  std::filesystem::create_directories(folder);
  fmt::print(
      "{} three-action decisions, {} features of the context and 2 of each action, {} threads, median of {} "
      "rounds\n\n",
      decisions, kContext, threads, rounds);
  fmt::print("{:<8} {:<12} {:>8} {:>14} {:>10} {:>16} {:>22}\n", "format", "what", "seconds", "decisions/s",
             "MB/s", "times the floor", "processor us/decision");
  for (const char* format : {"dsjson", "jsonl", "csv"}) {
    const std::string path = folder + "/log." + format;
    if (!std::filesystem::exists(path)) write_log(path, format, decisions);
    const double bytes = static_cast<double>(std::filesystem::file_size(path));
    const Goal goal = goal_for(format);
    const LinearOutcomes models = models_for(path, goal);
    const bool json = std::strcmp(format, "csv") != 0;
    std::vector<std::pair<std::string, std::function<void()>>> runs{{"read file", [&] { read_only(path); }}};
    if (json) runs.emplace_back("parse only", [&] { parse_only(path, threads); });
    runs.emplace_back("needed", [&] { evaluate(path, goal, threads, std::nullopt, false); });
    runs.emplace_back("all", [&] { evaluate(path, goal, threads, std::nullopt, true); });
    runs.emplace_back("dr", [&] { evaluate(path, goal, threads, models, true); });
    std::map<std::string, std::vector<double>> walls, processors;
    std::erase_if(runs, [&](const auto& run) {
      return !only.empty() && only != std::string(format) + "/" + run.first &&
             run.first != (json ? "parse only" : "read file");
    });
    for (int round = 0; round < rounds; ++round) {
      for (const auto& [what, run] : runs) {
        const Times times = time_of(run);
        walls[what].push_back(times.wall);
        processors[what].push_back(times.processor);
      }
    }
    const auto median = [](std::vector<double> values) {
      std::sort(values.begin(), values.end());
      return values[values.size() / 2];
    };
    const double floor = median(walls[json ? "parse only" : "read file"]);
    for (const auto& [what, run] : runs) {
      const double wall = median(walls[what]), n = static_cast<double>(decisions);
      fmt::print("{:<8} {:<12} {:>8.2f} {:>14.0f} {:>10.0f} {:>16.2f} {:>22.3f}\n", format, what, wall,
                 n / wall, bytes / 1e6 / wall, wall / floor, 1e6 * median(processors[what]) / n);
    }
    if (!keep) std::filesystem::remove(path);
  }
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("\nlargest resident memory: {:.0f} MB\n", static_cast<double>(usage.ru_maxrss) / 1024);
  return 0;
}
