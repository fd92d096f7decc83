// plumb audit GOAL | --pool FILE
#include <memory>

#include "options.h"
#include "verbs.h"

namespace plumb::cli {
namespace {

struct Options {
  Common common;
  std::string goal;
  std::optional<std::string> pool;
  std::vector<std::string> columns;  // ROLE=NAME
};

Evidence run(const Options& o) {
  if (!o.pool) {
    if (!o.columns.empty())
      refuse("audit", "--column", '"' + o.columns[0] + '"', "none beside a goal file: it names the columns");
    if (o.goal.empty()) refuse("audit", "GOAL", "nothing", "a goal file, or --pool FILE");
    return audit(read_goal(o.goal), run_options(o.common));
  }
  if (!o.goal.empty())
    refuse("audit", "GOAL", '"' + o.goal + '"', "none beside --pool: the table holds the goal");
  refuse_option("audit --pool", "--log", o.common.log, "the table is all that is read");
  std::vector<std::pair<std::string, std::string>> columns;
  for (const std::string& column : o.columns) columns.push_back(role_and_name(column));
  return audit_pool_file(*o.pool, run_options(o.common), columns);
}

}  // namespace

void add_audit(CLI::App& app, int& status) {
  CLI::App* verb =
      app.add_subcommand("audit", "do the proxies stand for the goal, and how far may they be pushed");
  const auto o = std::make_shared<Options>();
  verb->add_option("GOAL", o->goal, "the goal file")->type_name("");
  add_text(*verb, "--pool", o->pool, "FILE",
           "instead of a goal: a table of prompt, candidate, proxy, goal; best-of-n by the proxy, of one list "
           "without prompts its best parts");
  add_column(
      *verb, o->columns,
      "--pool: which column plays a role (prompt, candidate, proxy, goal), as in proxy=score; may stand again");
  add_common(*verb, o->common);
  verb->callback([o, &status] {
    require_out(o->common);
    answer(o->common, run(*o));
    status = kDone;
  });
}

}  // namespace plumb::cli
