// plumb feedback next FILE --pool FILE --count N: the pairs to ask next, with the probability of each choice.
#include <fmt/format.h>

#include <memory>

#include "feedback.h"
#include "options.h"
#include "plumb/next_pairs.h"

namespace plumb::cli {
namespace {

struct Options {
  FeedbackArguments arguments;
  std::optional<std::string> pool, to;
  std::optional<std::uint64_t> count;
  std::optional<double> uniform, sharpness;
};

std::string summary(const Options& o, const NextPairs& next, std::uint64_t seed) {
  double information = 0;
  for (const SelectedPair& p : next.pairs) information += p.information;
  const std::string camps =
      next.camps.found()
          ? fmt::format(
                "The raters fall into {} camps that prefer the opposite of each other, so all count alike "
                "and one order speaks for the larger side; what all sides like is found by bridging "
                "(fit_bridging, plumb/bridging.h).\n",
                next.camps.members.size())
          : "";
  return fmt::format(
             "{} of the {} of {}, seed {}; expected to tell {:.2f} bits, by {} with utilities of spread "
             "{:.2f}.\n",
             counted(next.pairs.size(), "pair", "pairs"), counted(next.pool, "pair", "pairs"), *o.pool, seed,
             information / 0.6931471805599453, counted(next.votes, "vote", "votes"), next.prior_sd) +
         camps;
}

nlohmann::ordered_json json(const Options& o, const NextPairs& next, std::uint64_t seed,
                            const std::string& lines) {
  nlohmann::ordered_json out{{"verb", "feedback next"},     {"file", o.arguments.file},
                             {"pool_file", *o.pool},        {"seed", seed},
                             {"pool", next.pool},           {"votes", next.votes},
                             {"prior_sd", next.prior_sd},   {"position", next.position},
                             {"new_items", next.new_items}, {"raters_modelled", next.model.has_value()}};
  if (next.camps.found()) out["camps"] = next.camps.members;
  if (o.to) out["to"] = *o.to;
  out["pairs"] = nlohmann::ordered_json::array();
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = lines.find('\n', begin);
    out["pairs"].push_back(nlohmann::ordered_json::parse(lines.substr(begin, end - begin)));
    begin = end + 1;
  }
  return out;
}

void next(const Options& o) {
  if (!o.pool) refuse("feedback next", "--pool", "nothing", "--pool FILE, the pairs that may be asked");
  if (!o.count) refuse("feedback next", "--count", "nothing", "--count N, how many pairs to ask");
  SelectionOptions options;
  options.uniform = o.uniform.value_or(options.uniform);
  options.sharpness = o.sharpness.value_or(options.sharpness);
  options.threads = o.arguments.thread_count();
  const ReadFeedback in = read(o.arguments);
  const AskPool pool = read_ask_pool(*o.pool, o.arguments.reading());
  const std::uint64_t seed = o.arguments.seed_or_default();
  const NextPairs chosen = next_pairs(in.feedback, pool, *o.count, options, Rng(seed));
  const std::string lines = write_next(pool, chosen);
  if (o.to) write_aside(*o.to, lines);
  if (o.arguments.json) {
    print(json(o, chosen, seed, lines).dump(2) + "\n");
  } else {
    print(o.to ? summary(o, chosen, seed) + fmt::format("Wrote {}. Add an \"answer\" to each line.\n", *o.to)
               : lines);
  }
  if (!o.to && !o.arguments.json && !o.arguments.quiet) fmt::print(stderr, "{}", summary(o, chosen, seed));
}

}  // namespace

void add_feedback_next(CLI::App& feedback, int& status) {
  CLI::App* verb =
      feedback.add_subcommand("next", "which pairs of a pool to ask next, with selection probabilities");
  const auto o = std::make_shared<Options>();
  add_feedback_arguments(*verb, o->arguments);
  verb->footer(
      verb->get_footer() +
      "\nThe pool holds {\"prompt\", \"first\", \"second\"} without answers, with `rater` and `cost` where "
      "known. Keep the "
      "probabilities: they are what makes estimates from chosen pairs unbiased.");
  add_text(*verb, "--pool", o->pool, "FILE", "the pairs that may be asked");
  add_whole(*verb, "--count", o->count, 1, 100'000'000, "how many pairs to choose");
  add_number(*verb, "--uniform", o->uniform, "share of every draw that is uniform, in (0, 1] (default: 0.2)");
  add_number(*verb, "--sharpness", o->sharpness,
             "power of the information that draws follow, 0 to 32 (default: 16)");
  add_text(*verb, "--to", o->to, "OUT.jsonl", "write the pairs here instead of to standard output");
  verb->callback([verb, o, &status] {
    refuse_extras(*verb);
    next(*o);
    status = kDone;
  });
}

}  // namespace plumb::cli
