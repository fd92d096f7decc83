// Gradient descent with momentum, and Adam.
#include <fmt/format.h>

#include <cmath>

#include "plumb/trainable.h"

namespace plumb {
namespace {

void require_rate(std::string_view where, double rate) {
  if (!(std::isfinite(rate) && rate > 0)) refuse(where, "rate", fmt::format("{}", rate), "a finite number > 0");
}

void require_decay(std::string_view where, std::string_view what, double decay) {
  if (!(decay >= 0 && decay < 1)) refuse(where, what, fmt::format("{}", decay), "a number in [0, 1)");
}

// Checked before anything moves, so that a refused step leaves the parameters as they were.
void check_gradient(std::string_view where, std::span<double> parameters, std::span<const double> gradient) {
  if (gradient.size() != parameters.size())
    refuse(where, "gradient", fmt::format("{} numbers", gradient.size()), fmt::format("{}", parameters.size()));
  for (std::size_t j = 0; j < gradient.size(); ++j)
    if (!std::isfinite(gradient[j]))
      refuse(where, fmt::format("gradient {}", j), fmt::format("{}", gradient[j]), "a finite number");
}

// The state of an optimizer belongs to one set of parameters.
void check_state(std::string_view where, std::vector<double>& state, std::size_t width) {
  if (state.empty()) state.assign(width, 0.0);
  if (state.size() != width)
    refuse(where, "parameters", fmt::format("{}", width),
           fmt::format("{}, as in the steps before", state.size()));
}

}  // namespace

Sgd::Sgd(double rate, double momentum) : rate_(rate), momentum_(momentum) {
  require_rate("Sgd", rate);
  require_decay("Sgd", "momentum", momentum);
}

void Sgd::step(std::span<double> parameters, std::span<const double> gradient) {
  check_gradient("Sgd", parameters, gradient);
  check_state("Sgd", velocity_, parameters.size());
  for (std::size_t j = 0; j < parameters.size(); ++j) {
    velocity_[j] = momentum_ * velocity_[j] + gradient[j];
    parameters[j] -= rate_ * velocity_[j];
  }
}

Adam::Adam(double rate, double decay1, double decay2, double epsilon)
    : rate_(rate), decay1_(decay1), decay2_(decay2), epsilon_(epsilon) {
  require_rate("Adam", rate);
  require_decay("Adam", "decay1", decay1);
  require_decay("Adam", "decay2", decay2);
  require_rate("Adam epsilon", epsilon);
}

void Adam::step(std::span<double> parameters, std::span<const double> gradient) {
  check_gradient("Adam", parameters, gradient);
  check_state("Adam", mean_, parameters.size());
  check_state("Adam", square_, parameters.size());
  power1_ *= decay1_;
  power2_ *= decay2_;
  for (std::size_t j = 0; j < parameters.size(); ++j) {
    mean_[j] = decay1_ * mean_[j] + (1 - decay1_) * gradient[j];
    square_[j] = decay2_ * square_[j] + (1 - decay2_) * gradient[j] * gradient[j];
    parameters[j] -= rate_ * (mean_[j] / (1 - power1_)) / (std::sqrt(square_[j] / (1 - power2_)) + epsilon_);
  }
}

}  // namespace plumb
