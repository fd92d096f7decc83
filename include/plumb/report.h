// plumb/report.h: the evidence, put before people.
//
// A run's evidence is one JSON document (docs/evidence.md is its schema in words). Here it becomes a page that
// a board can read, a text for a terminal, a picture, and a directory on disk. Nothing is computed here: what
// is printed stands in the evidence, and where the evidence has no number (null, because the log cannot carry
// one) the page says "no number". Every part of the document may be absent: what is there is shown, which is
// how the same page serves every verb.
//
//   std::string page = render_html(evidence);
//   write_run("newsfeed.run", {{"evidence.json", evidence.dump(1)}, {"report.html", page}});
//   std::fputs(render_text(evidence).c_str(), stdout);
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace plumb {

// The evidence as one self-contained HTML file: style and pictures are inside, there are no scripts and nothing
// is fetched. Reads at phone width, in light and dark, and on paper. Every string of the evidence is escaped.
// Throws Error{kInput}: the evidence is not an object, its version is not 1, or a member has another type than
// the schema says ("evidence: kl: found a string, expected a number or null"). Deterministic; thread-safe.
std::string render_html(const nlohmann::json& evidence);

// The evidence for a terminal: the decision in a sentence, a sentence for each question, then aligned tables.
// UTF-8, no escape sequences: control characters in names are shown, never sent. Throws like render_html.
// Deterministic.
std::string render_text(const nlohmann::json& evidence);

// How a Goodhart chart is drawn.
struct GoodhartLabels {
  std::string goal;         // what the goal is called on its panel; empty: "the goal"
  std::string goal_unit;    // "EUR per reader"; empty: not named
  std::string proxy_unit;   // of the proxy's panel; empty: not named
  std::string band;         // what the bands are, under the chart; empty: nothing said
  int width = 860;          // in pixels, at least 300; below 560 the chart is laid out for a phone
  bool standalone = false;  // a file of its own: carries colours for light and dark, fonts and a background
};

// The Goodhart chart of one proxy of the evidence: against the pressure (square root of the KL divergence from
// the reference, labelled in nats of KL), the change of the proxy above and of the goal below, each with its
// band; the set in which the goal's maximum lies, the region where the proxy is shown to rise while the goal is
// shown to fall, and the end of support. Empty where the curve has fewer than two points with numbers. Throws
// like render_html.
std::string goodhart_svg(const nlohmann::json& proxy, const GoodhartLabels& labels = {});

// Writes a run: `files` maps plain names (no '/') to contents, and a file `.plumb-run` that marks the directory
// is added. The files are written into a temporary directory beside `dir`, flushed to the disk, and only then
// renamed to `dir`: a reader sees the old run or the new one, never half of one. The parent of `dir` must
// exist. Throws Error{kInput} where `dir` exists and is not a run's, or a name is not plain;
// Error{kEnvironment} where the disk is full or the place cannot be written. After any throw the temporary
// directory is gone and `dir` is as before, but for one case: where only the last flush, of the parent, fails,
// the new run stands in its place already.
void write_run(const std::string& dir, const std::map<std::string, std::string>& files);

// Throws what write_run would throw for the place itself, before the work is done: `dir` exists and is not a
// run's (Error{kInput}), or its parent is not a directory that can be written (Error{kEnvironment}).
void require_run_directory(const std::string& dir);

}  // namespace plumb
