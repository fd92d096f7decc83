// The raters of the UKP arguments (Habernal, Gurevych 2016; 65,003 votes in 24 debates): what the model finds
// of them against their published competence (from MACE, a model of labels that knows nothing of arguments'
// utilities), and whether it foretells single votes better than counting them.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <map>

#include "data/csv.h"
#include "data/text_source.h"
#include "plumb/agreement.h"
#include "plumb/raters.h"
#include "tests/data/small_logs.h"

namespace plumb {
namespace {

class UkpRaters : public testing::Test {
 protected:
  void SetUp() override {
    const std::string folder = data_folder() + "/ukp-convincing-arguments/";
    if (data_folder().empty() || !std::filesystem::exists(folder + "votes.tsv.gz"))
      GTEST_SKIP() << "no ukp-convincing-arguments/votes.tsv.gz (PLUMB_DATA)";
    const auto number = [](std::map<std::string, std::uint32_t>& names, std::string name) {
      return names.emplace(std::move(name), static_cast<std::uint32_t>(names.size())).first->second;
    };
    std::map<std::string, std::uint32_t> debates;
    std::map<std::string, std::array<std::uint32_t, 3>> pairs;  // first, second, debate
    const TextSource pair_file = TextSource::read(folder + "pairs.tsv.gz");
    CsvTable table(pair_file.text(), "pairs.tsv.gz");
    const std::size_t pair = table.column("pair", "test"), topic = table.column("topic", "test");
    const std::size_t a = table.column("a", "test"), b = table.column("b", "test");
    while (table.next()) {
      const std::string debate(table.field(topic));
      pairs[std::string(table.field(pair))] = {number(items_, debate + '/' + std::string(table.field(a))),
                                               number(items_, debate + '/' + std::string(table.field(b))),
                                               number(debates, debate)};
    }
    const TextSource vote_file = TextSource::read(folder + "votes.tsv.gz");
    CsvTable votes(vote_file.text(), "votes.tsv.gz");
    const std::size_t of = votes.column("pair", "test"), who = votes.column("rater", "test");
    const std::size_t vote = votes.column("vote", "test"), competence = votes.column("competence", "test");
    while (votes.next()) {
      const auto& [f, s, debate] = pairs.at(std::string(votes.field(of)));
      first_.push_back(f), second_.push_back(s), debate_.push_back(debate);
      rater_.push_back(number(raters_, std::string(votes.field(who))));
      if (rater_.back() == competence_.size()) {
        competence_.push_back(std::stod(std::string(votes.field(competence))));
        votes_of_.push_back(0);
      }
      ++votes_of_[rater_.back()];
      answer_.push_back(votes.field(vote) == "a"   ? Answer::kFirst
                        : votes.field(vote) == "b" ? Answer::kSecond
                                                   : Answer::kTie);
    }
    ASSERT_EQ(first_.size(), 65003u);
  }
  RaterVotes votes() const {
    return {{items_.size(), first_, second_, answer_, {}, {}, {}, {}, {}}, raters_.size(), rater_};
  }
  std::map<std::string, std::uint32_t> items_, raters_;
  std::vector<std::uint32_t> first_, second_, rater_, debate_, votes_of_;
  std::vector<Answer> answer_;
  std::vector<double> competence_;
};

TEST_F(UkpRaters, ReliabilityFollowsThePublishedCompetence) {
  const RaterModel model = fit_raters(votes(), {.threads = 2});
  ASSERT_TRUE(model.exists && model.converged && model.joint_errors);
  double before = 0;
  for (const std::uint32_t least : {1u, 20u, 100u}) {
    std::vector<double> reliability, competence;
    for (std::size_t r = 0; r < raters_.size(); ++r)
      if (votes_of_[r] >= least)
        reliability.push_back(model.reliability[r]), competence.push_back(competence_[r]);
    const Correlation c = correlate(reliability, competence, {.threads = 2}, Rng(1).stream("ukp"));
    std::printf("raters with %u votes or more: %zu, Pearson %.3f [%.3f, %.3f], Spearman %.3f [%.3f, %.3f]\n",
                least, reliability.size(), c.pearson, c.pearson_interval.lower, c.pearson_interval.upper,
                c.spearman, c.spearman_interval.lower, c.spearman_interval.upper);
    EXPECT_GT(c.pearson_interval.lower, 0);
    EXPECT_GT(c.spearman_interval.lower, 0);
    EXPECT_GT(c.spearman, before);  // the more votes, the less of the difference is noise
    before = c.spearman;
  }
  std::array<int, 5> kinds{};
  const std::vector<RaterNote> notes = screen_raters(votes(), {.threads = 2}, model).notes;
  for (const RaterNote& note : notes) ++kinds[static_cast<std::size_t>(note.kind)];
  EXPECT_EQ(notes.size(), raters_.size());
  std::printf("reliable %d, unclear %d, like chance %d, against everyone %d, takes one place %d\n", kinds[0],
              kinds[1], kinds[2], kinds[3], kinds[4]);
  // With one error over the 226 raters who decided 30 votes or more nobody can be called like chance: of those
  // who are not shown to be reliable one agrees in as few as half of the votes (16 of 33). They have less
  // competence.
  double unshown = 0, good = 0;
  int unshown_count = 0, good_count = 0;
  for (const RaterNote& note : notes) {
    if (note.kind == RaterKind::kReliable)
      good += competence_[note.rater], ++good_count;
    else if (note.decided >= kLeastOpinions)
      unshown += competence_[note.rater], ++unshown_count;
  }
  ASSERT_GT(good_count, 0);
  ASSERT_GT(unshown_count, 0);
  std::printf("competence: reliable %.3f of %d, not shown %.3f of %d\n", good / good_count, good_count,
              unshown / unshown_count, unshown_count);
  EXPECT_LT(unshown / unshown_count, good / good_count - .1);
  EXPECT_EQ(kinds[static_cast<std::size_t>(RaterKind::kAgainst)], 0);
}

TEST_F(UkpRaters, SingleVotesAreForetoldBetterThanByCounting) {
  std::vector<std::uint8_t> fold(first_.size());
  Rng rng = Rng(1).stream("fold");
  for (std::uint8_t& f : fold) f = static_cast<std::uint8_t>(rng.below(5));
  const HeldOutVotes held = held_out_votes(votes(), fold, 5, {.threads = 2});
  const double n = static_cast<double>(fold.size());
  const auto mean = [&](const std::vector<double>& x) {
    double sum = 0;
    for (const double l : x) sum += l / n;
    return sum;
  };
  std::printf("log-probability a held-out vote: shares %.4f (strength %g), alike %.4f, raters %.4f\n",
              mean(held.shares), held.strength[0], mean(held.plain), mean(held.raters));
  for (const std::vector<double>* other : {&held.shares, &held.plain}) {
    // Clustered by debate: sums of 24 debates.
    std::array<double, 24> sum{};
    for (std::size_t v = 0; v < fold.size(); ++v) sum[debate_[v]] += held.raters[v] - (*other)[v];
    double total = 0, squares = 0;
    for (const double s : sum) total += s;
    for (const double s : sum) squares += (s - total / 24) * (s - total / 24);
    const double error = std::sqrt(squares * 24 / 23);
    std::printf("gain %.4f [%.4f, %.4f] nats a vote\n", total / n, (total - 2.069 * error) / n,
                (total + 2.069 * error) / n);
    EXPECT_GT(total - 2.069 * error, 0);  // t with 23 degrees of freedom
  }
}

}  // namespace
}  // namespace plumb
