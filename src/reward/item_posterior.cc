// The inverse of the curvature. It has a block a component of connected items, bordered by the rows of b and t:
//   [ A  B ]   inverse of the item part: A^-1 + A^-1 B S^-1 B' A^-1,  S = C - B' A^-1 B.
// Without a prior A is singular along constants of each component; B is orthogonal to those, so the
// pseudo-inverse takes A^-1's place.
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "reward/item_checks.h"
#include "reward/item_graph.h"
#include "reward/item_objective.h"

namespace plumb {

namespace {
constexpr double kSolveTolerance = 1e-10;
constexpr int kSolveSteps = 10000;
}  // namespace

struct ItemPosterior::State {
  State(const ItemVotes& votes, const ItemOptions& options, const ItemFit& fit)
      : penalties(item_penalties(votes, options, fit.component)),
        objective(votes, penalties.tie_on ? options.ties : plain_of(options.ties), penalties, {},
                  options.threads),
        component(fit.component) {}

  void invert_components();
  // A^-1 c for items (border left out).
  Eigen::VectorXd solve_items(const Eigen::VectorXd& c) const;
  Eigen::VectorXd with_border(const Eigen::VectorXd& c) const;
  double variance(std::uint32_t i) const;  // of u_i
  void centre(Eigen::VectorXd* c) const;

  Penalties penalties;
  mutable ItemObjective objective;
  std::vector<std::uint32_t> component;
  std::vector<std::vector<std::uint32_t>> members;  // by component
  std::vector<std::uint32_t> place;                 // of an item within its component
  std::vector<Eigen::MatrixXd> inverse;             // by component; empty where it is too large
  bool all_dense = true;
  std::vector<std::size_t> border;  // which of b and t are on
  Eigen::MatrixXd border_rows;      // items x border: B
  Eigen::MatrixXd border_solved;    // A^-1 B
  Eigen::MatrixXd border_inverse;   // S^-1
};

void ItemPosterior::State::invert_components() {
  place.resize(component.size());
  for (std::size_t i = 0; i < component.size(); ++i) {
    if (component[i] >= members.size()) members.resize(component[i] + 1);
    place[i] = static_cast<std::uint32_t>(members[component[i]].size());
    members[component[i]].push_back(static_cast<std::uint32_t>(i));
  }
  const std::size_t n = component.size();
  if (penalties.position_on) border.push_back(n);
  if (penalties.tie_on) border.push_back(n + 1);
  border_rows.setZero(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(border.size()));
  Eigen::MatrixXd corner = Eigen::MatrixXd::Zero(2, 2);
  corner(0, 0) = penalties.position;
  corner(1, 1) = penalties.tie;

  inverse.resize(members.size());
  for (std::size_t c = 0; c < members.size(); ++c) {
    if (members[c].size() > kDenseItems) all_dense = false;
    const auto m = static_cast<Eigen::Index>(members[c].size() > kDenseItems ? 0 : members[c].size());
    inverse[c] = penalties.utility * Eigen::MatrixXd::Identity(m, m);
  }
  objective.for_each_curvature([&](std::size_t i, std::size_t j, double curve) {
    if (i >= n) {
      corner(static_cast<Eigen::Index>(i - n), static_cast<Eigen::Index>(j - n)) += curve;
      if (i != j) corner(static_cast<Eigen::Index>(j - n), static_cast<Eigen::Index>(i - n)) += curve;
    } else if (j >= n) {
      const auto column =
          static_cast<Eigen::Index>(std::find(border.begin(), border.end(), j) - border.begin());
      border_rows(static_cast<Eigen::Index>(i), column) += curve;
    } else if (inverse[component[i]].size() > 0) {
      inverse[component[i]](place[i], place[j]) += curve;
      if (i != j) inverse[component[i]](place[j], place[i]) += curve;
    }
  });
  for (Eigen::MatrixXd& block : inverse) {
    if (block.size() == 0) continue;
    const Eigen::Index m = block.rows();
    // Without a prior: add a multiple of 11'/m, invert, take it out again, which is the pseudo-inverse.
    const double lift = penalties.utility == 0 ? std::max(block.trace() / static_cast<double>(m), 1.0) : 0;
    block.array() += lift / static_cast<double>(m);
    block = block.llt().solve(Eigen::MatrixXd::Identity(m, m)).eval();
    if (lift > 0) block.array() -= 1 / (lift * static_cast<double>(m));
  }

  const auto k = static_cast<Eigen::Index>(border.size());
  Eigen::MatrixXd kept(k, k);
  for (Eigen::Index a = 0; a < k; ++a)
    for (Eigen::Index b = 0; b < k; ++b)
      kept(a, b) = corner(static_cast<Eigen::Index>(border[static_cast<std::size_t>(a)] - n),
                          static_cast<Eigen::Index>(border[static_cast<std::size_t>(b)] - n));
  if (!all_dense) return;
  border_solved.resize(border_rows.rows(), k);
  for (Eigen::Index a = 0; a < k; ++a) border_solved.col(a) = solve_items(border_rows.col(a));
  border_inverse = (kept - border_rows.transpose() * border_solved).inverse();
}

Eigen::VectorXd ItemPosterior::State::solve_items(const Eigen::VectorXd& c) const {
  Eigen::VectorXd out = Eigen::VectorXd::Zero(c.size());
  for (std::size_t k = 0; k < members.size(); ++k) {
    const auto m = static_cast<Eigen::Index>(members[k].size());
    Eigen::VectorXd part(m);
    for (Eigen::Index i = 0; i < m; ++i) part(i) = c(members[k][static_cast<std::size_t>(i)]);
    if (part.isZero(0)) continue;
    part = (inverse[k] * part).eval();
    for (Eigen::Index i = 0; i < m; ++i) out(members[k][static_cast<std::size_t>(i)]) = part(i);
  }
  return out;
}

// Without a prior only contrasts within a component are seen.
void ItemPosterior::State::centre(Eigen::VectorXd* c) const {
  if (penalties.utility > 0) return;
  for (const auto& group : members) {
    double sum = 0;
    for (const std::uint32_t i : group) sum += (*c)(i);
    for (const std::uint32_t i : group) (*c)(i) -= sum / static_cast<double>(group.size());
  }
}

// The full inverse times (c, 0, 0) or a unit vector of the border: c has items + 2 entries.
Eigen::VectorXd ItemPosterior::State::with_border(const Eigen::VectorXd& c) const {
  const auto n = static_cast<Eigen::Index>(component.size());
  Eigen::VectorXd items = c.head(n);
  centre(&items);
  Eigen::VectorXd out = Eigen::VectorXd::Zero(n + 2);
  if (!all_dense) {
    std::vector<double> right(static_cast<std::size_t>(n) + 2, 0.0);
    for (Eigen::Index i = 0; i < n; ++i) right[static_cast<std::size_t>(i)] = items(i);
    for (const std::size_t b : border) right[b] = c(static_cast<Eigen::Index>(b));
    const std::vector<double> solved = solve_curvature(objective, right, kSolveTolerance, kSolveSteps);
    out = Eigen::Map<const Eigen::VectorXd>(solved.data(), n + 2);
  } else {
    const auto k = static_cast<Eigen::Index>(border.size());
    Eigen::VectorXd corner(k);
    for (Eigen::Index a = 0; a < k; ++a)
      corner(a) = c(static_cast<Eigen::Index>(border[static_cast<std::size_t>(a)]));
    const Eigen::VectorXd solved = solve_items(items);
    const Eigen::VectorXd weight = border_inverse * (corner - border_rows.transpose() * solved);
    out.head(n) = solved - border_solved * weight;
    for (Eigen::Index a = 0; a < k; ++a)
      out(static_cast<Eigen::Index>(border[static_cast<std::size_t>(a)])) = weight(a);
  }
  Eigen::VectorXd centred = out.head(n);
  centre(&centred);
  out.head(n) = centred;
  return out;
}

// Where the blocks are inverted and there is a prior the variance stands in the inverse: no product is needed.
double ItemPosterior::State::variance(std::uint32_t i) const {
  if (all_dense && penalties.utility > 0) {
    const double own = inverse[component[i]](place[i], place[i]);
    if (border.empty()) return own;
    const Eigen::RowVectorXd solved = border_solved.row(i);
    return own + solved.dot(border_inverse * solved.transpose());
  }
  const auto n = static_cast<Eigen::Index>(component.size());
  return with_border(Eigen::VectorXd::Unit(n + 2, i))(i);
}

ItemPosterior::ItemPosterior(const ItemVotes& votes, const ItemOptions& options, const ItemFit& fit) {
  PLUMB_ASSERT(fit.exists && fit.utility.size() == votes.items && fit.component.size() == votes.items);
  state_ = std::make_unique<State>(votes, options, fit);
  std::vector<double> x = fit.utility;
  x.push_back(fit.position);
  x.push_back(state_->penalties.tie_on ? fit.tie : 0);
  state_->objective.evaluate(x);
  state_->invert_components();
}
ItemPosterior::~ItemPosterior() = default;
ItemPosterior::ItemPosterior(ItemPosterior&&) noexcept = default;
ItemPosterior& ItemPosterior::operator=(ItemPosterior&&) noexcept = default;

std::vector<double> ItemPosterior::solve(std::span<const double> contrast) const {
  const std::size_t n = state_->component.size();
  PLUMB_ASSERT(contrast.size() == n);
  Eigen::VectorXd c = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(n) + 2);
  for (std::size_t i = 0; i < n; ++i) c(static_cast<Eigen::Index>(i)) = contrast[i];
  const Eigen::VectorXd solved = state_->with_border(c);
  return {solved.data(), solved.data() + n + 2};
}

double ItemPosterior::standard_error(std::uint32_t i) const {
  PLUMB_ASSERT(i < state_->component.size());
  return std::sqrt(state_->variance(i));
}

double ItemPosterior::standard_error(std::uint32_t i, std::uint32_t j) const {
  const State& s = *state_;
  PLUMB_ASSERT(i < s.component.size() && j < s.component.size());
  if (i == j) return 0;
  if (s.penalties.utility == 0 && s.component[i] != s.component[j])
    return std::numeric_limits<double>::infinity();
  std::vector<double> contrast(s.component.size(), 0.0);
  contrast[i] = 1;
  contrast[j] = -1;
  const std::vector<double> solved = solve(contrast);
  return std::sqrt(solved[i] - solved[j]);
}

double ItemPosterior::position_standard_error() const {
  if (!state_->penalties.position_on) return 0;
  const auto n = static_cast<Eigen::Index>(state_->component.size());
  return std::sqrt(state_->with_border(Eigen::VectorXd::Unit(n + 2, n))(n));
}

double ItemPosterior::tie_standard_error() const {
  if (!state_->penalties.tie_on) return 0;
  const auto n = static_cast<Eigen::Index>(state_->component.size());
  return std::sqrt(state_->with_border(Eigen::VectorXd::Unit(n + 2, n + 1))(n + 1));
}

double estimate_prior_sd(const ItemVotes& votes, ItemOptions options) {
  check_votes(votes, options.ties, "estimate_prior_sd");
  constexpr int kMostRounds = 100;
  constexpr double kLeastSd = 1e-3;  // below it utilities are as good as equal
  options.prior_sd = 1;
  for (int round = 0; round < kMostRounds; ++round) {
    const ItemFit fit = fit_items(votes, options);
    if (!fit.exists) refuse("estimate_prior_sd", "votes", fit.why, "votes with a maximum");
    const ItemPosterior posterior(votes, options, fit);
    double squares = 0, informed = 0;
    for (std::uint32_t i = 0; i < votes.items; ++i) {
      const double ratio = posterior.standard_error(i) / options.prior_sd;
      squares += fit.utility[i] * fit.utility[i];
      informed += 1 - ratio * ratio;
    }
    const double sd = informed > 0 ? std::sqrt(squares / informed) : 0;
    if (!(sd > kLeastSd)) return 0;
    const double moved = std::abs(std::log(sd / options.prior_sd));
    options.prior_sd = sd;
    if (moved < 1e-4) break;
  }
  return options.prior_sd;
}

}  // namespace plumb
