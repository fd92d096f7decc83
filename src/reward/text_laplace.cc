// Draws from the Laplace posterior without its covariance. With H = P + X' C X (P the penalty, C the curvatures
// of the judgements, X their rows) and z = P^1/2 a + X' C^1/2 b for standard normal a, b, the solution u of H u
// = z has covariance H^-1 H H^-1 = H^-1.
#include <cmath>

#include "plumb/ensemble.h"
#include "reward/text_model.h"

namespace plumb {
namespace {

// X v for a problem: what every judgement's margin becomes, and the way back.
class Posterior {
 public:
  Posterior(const text::Problem& problem, std::span<const double> x, double penalty)
      : problem_(problem), curvature_(text::curvatures_at(problem, x)), penalty_(penalty) {}

  std::vector<double> draw(Rng rng) const {
    std::vector<double> z(problem_.used_columns());
    for (double& value : z) value = std::sqrt(penalty_) * rng.normal();
    const Judged& j = problem_.judged();
    std::vector<double> rows = empty_rows();
    for (std::size_t k = 0; k < curvature_.pair.size(); ++k) {
      const double noise = std::sqrt(curvature_.pair[k]) * rng.normal();
      rows[j.first[k]] += noise;
      rows[j.second[k]] -= noise;
    }
    for (std::size_t k = 0; k < curvature_.rating.size(); ++k) {
      rows[j.rated[k]] += std::sqrt(curvature_.rating[k]) * rng.normal();
    }
    for (std::size_t k = 0; k < curvature_.thumb.size(); ++k) {
      rows[j.thumbed[k]] += std::sqrt(curvature_.thumb[k]) * rng.normal();
    }
    problem_.add_rows(rows, z);
    return solve(z);
  }

 private:
  std::vector<double> empty_rows() const { return problem_.rewards(problem_.start()); }

  std::vector<double> times(std::span<const double> v) const {
    const Judged& j = problem_.judged();
    const std::vector<double> reward = problem_.rewards(v);
    std::vector<double> rows(reward.size(), 0.0);
    for (std::size_t k = 0; k < curvature_.pair.size(); ++k) {
      const double pull = curvature_.pair[k] * (reward[j.first[k]] - reward[j.second[k]]);
      rows[j.first[k]] += pull;
      rows[j.second[k]] -= pull;
    }
    for (std::size_t k = 0; k < curvature_.rating.size(); ++k) {
      rows[j.rated[k]] += curvature_.rating[k] * reward[j.rated[k]];
    }
    for (std::size_t k = 0; k < curvature_.thumb.size(); ++k) {
      rows[j.thumbed[k]] += curvature_.thumb[k] * reward[j.thumbed[k]];
    }
    std::vector<double> out(v.size());
    for (std::size_t c = 0; c < v.size(); ++c) out[c] = penalty_ * v[c];
    problem_.add_rows(rows, out);
    return out;
  }

  // Conjugate gradients.
  std::vector<double> solve(const std::vector<double>& z) const {
    constexpr double kResidual = 1e-6;
    constexpr int kMostSteps = 2000;
    std::vector<double> u(z.size(), 0.0), residual = z, along = z;
    double squared = 0;
    for (const double r : residual) squared += r * r;
    const double target = kResidual * kResidual * squared;
    for (int step = 0; step < kMostSteps && squared > target; ++step) {
      const std::vector<double> image = times(along);
      double bend = 0, next = 0;
      for (std::size_t c = 0; c < u.size(); ++c) bend += along[c] * image[c];
      const double length = squared / bend;
      for (std::size_t c = 0; c < u.size(); ++c) {
        u[c] += length * along[c];
        residual[c] -= length * image[c];
        next += residual[c] * residual[c];
      }
      for (std::size_t c = 0; c < u.size(); ++c) along[c] = residual[c] + next / squared * along[c];
      squared = next;
    }
    return u;
  }

  const text::Problem& problem_;
  text::Curvatures curvature_;
  double penalty_;
};

}  // namespace

TextReward laplace_members(const ItemRows& rows, const Judged& judged, const TextRewardOptions& options,
                           std::size_t members, const Rng& rng, int threads) {
  text::check_members(rows, members);
  text::check_judged(rows, judged, options);
  const text::Choice choice = text::choose_penalty(rows, judged, options, threads);
  const text::Problem problem(rows, judged, {}, options);
  const double penalty = choice.penalty * problem.weight();
  const std::vector<double> x = problem.minimize(problem.start(), penalty, text::kGap).x;
  const Posterior posterior(problem, x, penalty);
  std::vector<text::Member> fitted(members);
  parallel_blocks(members, threads, [&](std::size_t m) {
    std::vector<double> moved = posterior.draw(rng.stream("laplace", m));
    for (std::size_t c = 0; c < moved.size(); ++c) moved[c] += x[c];
    moved.resize(x.size(), 0.0);
    fitted[m] = text::make_member(rows, problem.active_rows(), problem.raw_weights(moved), options.length);
  });
  TextReward out = text::schema_of(rows, options);
  out.kind = "laplace";
  out.penalty = penalty;
  out.held_out_loss = choice.loss;
  out.judgements = judged.first.size() + judged.rated.size() + judged.thumbed.size();
  text::set_members(out, fitted);
  text::set_nuisance(out, problem, x);
  return out;
}

}  // namespace plumb
