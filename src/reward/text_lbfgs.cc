// L-BFGS: two-loop recursion over the last ten steps. Sums are serial, hence the same on every run.
#include "reward/text_lbfgs.h"

#include <cmath>
#include <cstddef>

namespace plumb::text {
namespace {

constexpr std::size_t kMemory = 10;

double dot(std::span<const double> a, std::span<const double> b) {
  // Four sums, so that the additions need not wait for one another.
  double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  std::size_t k = 0;
  for (; k + 4 <= a.size(); k += 4) {
    s0 += a[k] * b[k];
    s1 += a[k + 1] * b[k + 1];
    s2 += a[k + 2] * b[k + 2];
    s3 += a[k + 3] * b[k + 3];
  }
  for (; k < a.size(); ++k) s0 += a[k] * b[k];
  return (s0 + s1) + (s2 + s3);
}

void add(std::span<double> to, double factor, std::span<const double> from) {
  for (std::size_t k = 0; k < to.size(); ++k) to[k] += factor * from[k];
}

struct Step {
  std::vector<double> moved, turned;  // differences of x and of the gradient
  double inverse = 0;                 // 1 / (moved . turned)
};

// The memory's quasi-Newton direction: minus the approximate inverse Hessian times the gradient.
std::vector<double> direction(std::span<const Step> memory, std::size_t newest,
                              std::span<const double> gradient) {
  std::vector<double> q(gradient.begin(), gradient.end());
  const std::size_t m = memory.size();
  std::vector<double> alpha(m);
  for (std::size_t k = 0; k < m; ++k) {
    const Step& s = memory[(newest + m - k) % m];
    alpha[k] = s.inverse * dot(s.moved, q);
    add(q, -alpha[k], s.turned);
  }
  if (m > 0) {
    const Step& s = memory[newest];
    const double scale = 1 / (s.inverse * dot(s.turned, s.turned));
    for (double& value : q) value *= scale;
  }
  for (std::size_t k = m; k-- > 0;) {
    const Step& s = memory[(newest + m - k) % m];
    add(q, alpha[k] - s.inverse * dot(s.turned, q), s.moved);
  }
  for (double& value : q) value = -value;
  return q;
}

}  // namespace

Minimum minimize_smooth(const Smooth& smooth, std::vector<double> x, double strength, double tolerance,
                        int most_steps) {
  Minimum out;
  std::vector<double> gradient(x.size()), next(x.size()), next_gradient(x.size());
  double value = smooth(x, gradient);
  std::vector<Step> memory;
  std::size_t newest = 0;
  for (out.steps = 0; out.steps < most_steps; ++out.steps) {
    const double squared = dot(gradient, gradient);
    if (squared / (2 * strength) <= tolerance) break;
    std::vector<double> along = direction(memory, newest, gradient);
    double slope = dot(along, gradient);
    if (!(slope < 0)) {  // rounding has spoilt the memory
      memory.clear();
      along = direction(memory, newest, gradient);
      slope = -squared;
    }
    double length = memory.empty() ? std::min(1.0, 1 / std::sqrt(squared)) : 1;
    bool moved = false;
    for (int tries = 0; tries < 40; ++tries, length /= 2) {
      next = x;
      add(next, length, along);
      const double next_value = smooth(next, next_gradient);
      if (!(next_value <= value + 1e-4 * length * slope)) continue;
      // The descent must be more than rounding, else the search would walk on for ever.
      moved = next_value < value;
      value = next_value;
      break;
    }
    if (!moved) {
      if (memory.empty()) break;
      memory.clear();  // once more, along the gradient itself
      continue;
    }
    Step step;
    step.moved = next;
    add(step.moved, -1, x);
    step.turned = next_gradient;
    add(step.turned, -1, gradient);
    const double curvature = dot(step.moved, step.turned);
    if (curvature > 0) {
      step.inverse = 1 / curvature;
      newest = memory.size() < kMemory ? memory.size() : (newest + 1) % kMemory;
      if (memory.size() < kMemory) {
        memory.push_back(std::move(step));
      } else {
        memory[newest] = std::move(step);
      }
    }
    x.swap(next);
    gradient.swap(next_gradient);
  }
  out.gap = dot(gradient, gradient) / (2 * strength);
  out.value = value;
  out.x = std::move(x);
  return out;
}

}  // namespace plumb::text
