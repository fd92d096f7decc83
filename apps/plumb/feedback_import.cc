// plumb feedback import FILE --to OUT.jsonl: any form that can be read, as native JSON lines.
#include <fmt/format.h>

#include <memory>

#include "feedback.h"
#include "options.h"

namespace plumb::cli {
namespace {

struct Options {
  FeedbackArguments arguments;
  std::optional<std::string> to;
};

void import(const Options& o) {
  if (!o.to) refuse("feedback import", "--to", "nothing", "--to OUT.jsonl, the file to write");
  if (!o.to->ends_with(".jsonl"))
    refuse("feedback import", "--to", '"' + *o.to + '"', "a name that ends in .jsonl");
  const ReadFeedback in = read(o.arguments);
  write_aside(*o.to, write_feedback(in.feedback));
  if (o.arguments.json) {
    nlohmann::ordered_json out{{"verb", "feedback import"}, {"file", o.arguments.file}, {"to", *o.to}};
    out["judgements"] = in.feedback.judgements();
    out["reading"] = reading_json(in.report);
    print(out.dump(2) + "\n");
    return;
  }
  print(fmt::format("Wrote {} of {} to {}.\n{}", counted(in.feedback.judgements(), "judgement", "judgements"),
                    o.arguments.file, *o.to, reading_text(in.report)));
}

}  // namespace

void add_feedback_import(CLI::App& feedback, int& status) {
  CLI::App* verb = feedback.add_subcommand("import", "writes the judgements as native JSON lines");
  const auto o = std::make_shared<Options>();
  add_feedback_arguments(*verb, o->arguments);
  add_text(*verb, "--to", o->to, "OUT.jsonl",
           "the file to write; one that is there is replaced when all is written");
  verb->callback([verb, o, &status] {
    refuse_extras(*verb);
    import(*o);
    status = kDone;
  });
}

}  // namespace plumb::cli
