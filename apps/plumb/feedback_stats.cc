// plumb feedback stats FILE: agreement, position, length, raters, and the votes that carry a result.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "feedback.h"
#include "options.h"

namespace plumb::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostNamed = 10;  // raters or results named in the text; the JSON has all

std::string interval_text(const Interval& i) { return fmt::format("[{:.3f}, {:.3f}]", i.lower, i.upper); }

std::string agreement_text(const FormAgreement& a) {
  const std::string what = fmt::format("{} ({})", a.form, name_of(a.scale));
  if (!a.agreement.known) return fmt::format("  {:<24} no number: {}\n", what, a.agreement.why);
  return fmt::format("  {:<24} alpha {:.3f} {}  {} judged twice or more\n", what, a.agreement.alpha,
                     a.agreement.interval_known ? interval_text(a.agreement.interval) + " " + a.over
                                                : std::string("(no interval)"),
                     counted(a.agreement.units, "unit", "units"));
}

std::string share_line(const char* what, const VoteShare& s) {
  if (!s.known) return fmt::format("  {:<24} no number: {}\n", what, s.why);
  const char* const reading = s.interval.lower > 0.5   ? "more often than not"
                              : s.interval.upper < 0.5 ? "less often than not"
                                                       : "not told from even";
  const std::string items =
      s.by_prompt ? counted(s.items, "prompt", "prompts") : counted(s.items, "pair", "pairs");
  const std::string people =
      s.people == 0
          ? "people unknown"
          : fmt::format("{} (as good as {:.1f})", counted(s.people, "person", "people"), s.effective_people);
  std::string out = fmt::format("  {:<24} {:.3f} {}  {}; {} on {} (as good as {:.1f}), {}\n", what, s.share,
                                interval_text(s.interval), reading, counted(s.votes, "vote", "votes"), items,
                                s.effective_items, people);
  if (!s.capped.empty()) out += fmt::format("    capped: {}\n", visible(s.capped));
  return out;
}

// By vote, and by person where people are known.
std::string share_lines(const char* what, const VoteShare& by_vote, const VoteShare& by_person) {
  std::string out = share_line(what, by_vote);
  if (by_vote.known && by_vote.people > 0) out += share_line("  each person alike", by_person);
  return out;
}

struct Kinds {
  std::uint64_t reliable = 0, unclear = 0, chance = 0, against = 0, place = 0;
};
Kinds kinds(const FeedbackStats& stats) {
  Kinds out;
  for (const RaterSummary& r : stats.raters) {
    if (!r.note) continue;
    out.reliable += r.note->kind == RaterKind::kReliable;
    out.unclear += r.note->kind == RaterKind::kUnclear;
    out.chance += r.note->kind == RaterKind::kLikeChance;
    out.against += r.note->kind == RaterKind::kAgainst;
    out.place += r.note->kind == RaterKind::kPosition;
  }
  return out;
}

// What camps mean, and who is in the smaller ones.
std::string camps_text(const FeedbackStats& stats) {
  if (!stats.camps.why.empty()) return fmt::format("  camps were not looked for: {}\n", stats.camps.why);
  if (!stats.camps.found()) return "";
  std::string sizes;
  for (const std::size_t members : stats.camps.members)
    sizes += fmt::format("{}{}", sizes.empty() ? "" : " and ", grouped(members));
  std::string out = fmt::format(
      "  {} camps, of {} raters: on the same pairs they prefer the opposite, and each agrees within itself.\n"
      "  One order of the items speaks for none but the largest. What all sides like is found by bridging\n"
      "  (fit_bridging, plumb/bridging.h).\n",
      stats.camps.members.size(), sizes);
  for (std::uint32_t camp = 1; camp < stats.camps.members.size(); ++camp) {
    std::string names;
    std::size_t named = 0;
    for (const RaterSummary& r : stats.raters)
      if (r.note && r.note->camp == camp && ++named <= kMostNamed)
        names += (names.empty() ? "" : ", ") + visible(r.name);
    if (named > kMostNamed) names += fmt::format(" and {} more (--json has all)", grouped(named - kMostNamed));
    out += fmt::format("  camp {}: {}\n", camp + 1, names);
  }
  return out;
}

// What was found of one rater who stands out.
std::string odd_text(const RaterSummary& r) {
  const RaterNote& n = *r.note;
  if (n.kind == RaterKind::kPosition) {
    const std::uint64_t decided = r.comparisons - r.ties, second = decided - n.first;
    return fmt::format("takes the {} place: {} of {} decided votes", n.first >= second ? "first" : "second",
                       grouped(std::max(n.first, second)), grouped(decided));
  }
  return fmt::format("{}: {} of {} decided votes with the others, {:.0f} expected of one of them",
                     name_of(n.kind), grouped(n.agreed), grouped(n.decided), n.expected);
}

std::string raters_text(const FeedbackStats& stats) {
  if (!stats.raters_why.empty()) return fmt::format("  no rater model: {}\n", stats.raters_why);
  const Kinds k = kinds(stats);
  std::string out = fmt::format(
      "  {} reliable, {} with too few votes to say, {} not told from chance, {} who vote against everyone, "
      "{} who take one place whatever stands there\n",
      grouped(k.reliable), grouped(k.unclear), grouped(k.chance), grouped(k.against), grouped(k.place));
  out += camps_text(stats);
  // Those who stand out, most votes first. Shown, not left out.
  std::vector<const RaterSummary*> odd;
  for (const RaterSummary& r : stats.raters)
    if (r.note && (r.note->kind == RaterKind::kLikeChance || r.note->kind == RaterKind::kAgainst ||
                   r.note->kind == RaterKind::kPosition))
      odd.push_back(&r);
  std::stable_sort(odd.begin(), odd.end(), [](const RaterSummary* a, const RaterSummary* b) {
    return a->comparisons > b->comparisons;
  });
  for (std::size_t i = 0; i < std::min(odd.size(), kMostNamed); ++i)
    out += fmt::format("  {:<24} {}\n", visible(odd[i]->name), odd_text(*odd[i]));
  if (odd.size() > kMostNamed)
    out += fmt::format("  and {} more (--json has all)\n", grouped(odd.size() - kMostNamed));
  return out;
}

std::string carried_text(const Feedback& f, const FeedbackStats& stats) {
  if (stats.carried.empty()) return fmt::format("  {}\n", stats.carried_why);
  std::string out;
  for (const CarriedResult& c : stats.carried) {
    const std::string result = fmt::format("{} above {}", item_text(f, c.best), item_text(f, c.next));
    out += c.fragility.flips
               ? fmt::format("  {} of {} ({}), removed, undo {}\n", grouped(c.fragility.votes.size()),
                             counted(c.comparisons, "vote", "votes"), share_text(c.fragility.share), result)
               : fmt::format("  no half of {} that undoes {} was found\n",
                             counted(c.comparisons, "vote", "votes"), result);
  }
  return out;
}

std::string sentence(const std::string& file, const FeedbackStats& stats) {
  std::string said;
  const auto add = [&](const std::string& part) { said += (said.empty() ? "" : "; ") + part; };
  for (const FormAgreement& a : stats.agreement) {
    if (!a.agreement.known) continue;
    add(fmt::format("people agree with alpha {:.2f} on {}", a.agreement.alpha, a.form));
    break;
  }
  if (said.empty()) add("how far people agree cannot be told");
  const auto add_share = [&](const char* what, const VoteShare& by_vote, const VoteShare& by_person) {
    if (!by_vote.known) return;
    if (by_vote.capped.empty() || !by_person.known)
      add(fmt::format("{} {}", what, share_text(by_vote.share)));
    else
      add(fmt::format("{} {} of the mean person's votes", what, share_text(by_person.share)));
  };
  add_share("what stood first won", stats.first, stats.first_by_person);
  add_share("the longer text won", stats.longer, stats.longer_by_person);
  if (stats.raters_why.empty()) {
    const Kinds k = kinds(stats);
    add(fmt::format("{} of {} are not told from chance and {} vote against everyone", grouped(k.chance),
                    counted(stats.raters.size(), "rater", "raters"), grouped(k.against)));
    if (k.place > 0) add(fmt::format("{} take one place whatever stands there", grouped(k.place)));
    if (stats.camps.found())
      add(fmt::format("{} camps prefer the opposite of each other", stats.camps.members.size()));
  }
  return fmt::format("{}: {}.\n", file, said);
}

std::string text(const std::string& file, const Feedback& f, const FeedbackStats& stats) {
  std::string out = sentence(file, stats) + "\nAgreement (Krippendorff's alpha: 1 perfect, 0 chance)\n";
  for (const FormAgreement& a : stats.agreement) out += agreement_text(a);
  out += "\nShares of comparisons that are no ties (.5 is even)\n";
  out += share_lines("what stood first won", stats.first, stats.first_by_person);
  out += share_lines("the longer text won", stats.longer, stats.longer_by_person);
  if (!stats.place_why.empty())
    out += fmt::format("  no effect of the place: {}\n", stats.place_why);
  else if (stats.model)
    out += stats.model->joint_errors
               ? fmt::format("  what stands first gains {:+.3f} (se {:.3f}) log-odds, items and raters held\n",
                             stats.model->position, stats.model->position_error)
               : fmt::format(
                     "  what stands first gains {:+.3f} log-odds, items and raters held; its standard error "
                     "was not computed ({} items)\n",
                     stats.model->position, grouped(stats.model->utility.size()));
  out += "\nRaters\n" + raters_text(stats);
  out += "\nWhich votes carry a prompt's best item\n" + carried_text(f, stats);
  return out;
}

Json share_json(const VoteShare& s) {
  Json out{{"votes", s.votes}, {"units", s.clusters}, {s.by_prompt ? "prompts" : "pairs", s.items}};
  out["effective_items"] = s.effective_items;
  if (s.people > 0) {
    out["people"] = s.people;
    out["effective_people"] = s.effective_people;
  } else {
    out["people"] = nullptr;
  }
  if (!s.capped.empty()) out["capped"] = s.capped;
  if (s.known) {
    out["share"] = s.share;
    out["interval"] = {s.interval.lower, s.interval.upper};
    out["level"] = s.interval.level;
  } else {
    out["share"] = nullptr;
    out["why"] = s.why;
  }
  return out;
}

Json agreement_json(const FormAgreement& a) {
  Json out{{"form", a.form},
           {"scale", name_of(a.scale)},
           {"units", a.agreement.units},
           {"values", a.agreement.values}};
  if (!a.agreement.known) {
    out["alpha"] = nullptr;
    out["why"] = a.agreement.why;
    return out;
  }
  out["alpha"] = a.agreement.alpha;
  if (a.agreement.interval_known) {
    out["interval"] = {a.agreement.interval.lower, a.agreement.interval.upper};
    out["level"] = a.agreement.interval.level;
    out["over"] = a.over;
  }
  return out;
}

Json rater_json(const RaterSummary& r) {
  Json out{{"rater", r.name},        {"comparisons", r.comparisons}, {"ties", r.ties},     {"first", r.first},
           {"rankings", r.rankings}, {"ratings", r.ratings},         {"thumbs", r.thumbs}, {"ups", r.ups}};
  if (r.ratings > 0) out["rating_mean"] = r.rating_mean;
  if (r.note) {
    out["kind"] = name_of(r.note->kind);
    out["reliability"] = r.note->reliability;
    out["interval"] = {r.note->interval.lower, r.note->interval.upper};
    out["decided"] = r.note->decided;
    out["agreed"] = r.note->agreed;
    out["expected"] = r.note->expected;
    out["p_coin"] = r.note->p_coin;
    if (r.note->camp != kNoCamp) out["camp"] = r.note->camp + 1;
  }
  return out;
}

Json carried_json(const Feedback& f, const CarriedResult& c) {
  Json out{{"prompt", f.prompt[c.prompt]}, {"best", f.item[c.best]},
           {"next", f.item[c.next]},       {"comparisons", c.comparisons},
           {"flips", c.fragility.flips},   {"share", c.fragility.share},
           {"value", c.fragility.value},   {"value_without", c.fragility.value_without}};
  Json lines = Json::array();
  for (const std::uint64_t vote : c.fragility.votes) lines.push_back(f.comparison.line[vote]);
  out["lines"] = std::move(lines);
  return out;
}

Json json(const std::string& file, std::uint64_t seed, const ReadFeedback& in, const FeedbackStats& stats) {
  std::string said = sentence(file, stats);
  said.pop_back();
  Json out{{"verb", "feedback stats"}, {"file", file}, {"seed", seed}, {"sentence", said}};
  out["reading"] = reading_json(in.report);
  out["agreement"] = Json::array();
  for (const FormAgreement& a : stats.agreement) out["agreement"].push_back(agreement_json(a));
  out["first_won"] = share_json(stats.first);
  out["longer_won"] = share_json(stats.longer);
  out["first_won_by_person"] = share_json(stats.first_by_person);
  out["longer_won_by_person"] = share_json(stats.longer_by_person);
  if (!stats.place_why.empty()) {
    out["position"] = {{"log_odds", nullptr}, {"why", stats.place_why}};
  } else if (stats.model) {
    out["position"] = {{"log_odds", stats.model->position}, {"standard_error", nullptr}};
    if (stats.model->joint_errors) out["position"]["standard_error"] = stats.model->position_error;
  }
  if (!stats.raters_why.empty()) out["raters_why"] = stats.raters_why;
  out["raters"] = Json::array();
  for (const RaterSummary& r : stats.raters) out["raters"].push_back(rater_json(r));
  if (stats.raters_why.empty()) {
    out["camps"] = {{"looked_at", stats.camps.looked_at}, {"members", stats.camps.members}};
    if (!stats.camps.why.empty()) out["camps"]["why"] = stats.camps.why;
  }
  out["carried"] = Json::array();
  for (const CarriedResult& c : stats.carried) out["carried"].push_back(carried_json(in.feedback, c));
  if (!stats.carried_why.empty()) out["carried_why"] = stats.carried_why;
  return out;
}

}  // namespace

void add_feedback_stats(CLI::App& feedback, int& status) {
  CLI::App* verb = feedback.add_subcommand(
      "stats", "how far people agree, what they lean to, who stands out, what carries a result");
  const auto a = std::make_shared<FeedbackArguments>();
  add_feedback_arguments(*verb, *a);
  const auto drawn = std::make_shared<bool>(false);
  verb->add_flag("--orders-drawn", *drawn, "chance decided which option was shown first, in every comparison");
  verb->callback([verb, a, drawn, &status] {
    refuse_extras(*verb);
    const ReadFeedback in = read(*a);
    StatsOptions options;
    options.threads = a->thread_count();
    options.orders_drawn = *drawn;
    const std::uint64_t seed = a->seed_or_default();
    const FeedbackStats stats = feedback_stats(in.feedback, options);
    print(a->json ? json(a->file, seed, in, stats).dump(2) + "\n"
                  : text(a->file, in.feedback, stats) + reading_text(in.report));
    status = kDone;
  });
}

}  // namespace plumb::cli
