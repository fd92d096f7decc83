// The linear policy over options: softmax with one slot, Plackett-Luce with more.
//
// Shapes: a token is one choice among the options left. The tape's state holds, for each token, the
// probabilities of all options of its context in their order (0 where taken), so that backward() need not score
// again. Invariant: places in the state follow the order of tokens, state_begin of a sequence is a running sum.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plumb/trainable.h"

namespace plumb {
namespace {

// At most so many blocks, of at least so many sequences: both independent of threads. Each block of backward()
// has a gradient of its own.
constexpr std::size_t kMostBlocks = 64, kLeastInBlock = 64;

struct Blocks {
  std::size_t count = 0, size = 0, items = 0;
  explicit Blocks(std::size_t n) : items(n) {
    size = std::max(kLeastInBlock, (n + kMostBlocks - 1) / kMostBlocks);
    count = (n + size - 1) / size;
  }
  std::size_t begin(std::size_t b) const { return b * size; }
  std::size_t end(std::size_t b) const { return std::min(items, (b + 1) * size); }
};

void check_table(const OptionTable& table, std::size_t slots) {
  constexpr std::string_view where = "option table";
  const auto finite = [&](std::string_view what, const std::vector<double>& values) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!std::isfinite(values[i]))
        refuse(where, fmt::format("{} {}", what, i), fmt::format("{}", values[i]), "a finite number");
  };
  if (slots == 0) refuse(where, "slots", "0", "at least 1");
  if (table.offset.size() < 2 || table.offset.front() != 0)
    refuse(where, "contexts", "none", "at least one, and offsets that start at 0");
  for (std::size_t x = 0; x < table.contexts(); ++x)
    if (table.offset[x + 1] < table.offset[x] + slots)
      refuse(where, fmt::format("context {}", x),
             table.offset[x + 1] < table.offset[x]
                 ? std::string("offsets that descend")
                 : fmt::format("{} options", table.offset[x + 1] - table.offset[x]),
             fmt::format("at least {}, one a slot", slots));
  const std::size_t rows = table.offset.back();
  if (table.feature.rows != rows || table.feature.cols == 0)
    refuse(where, "features", fmt::format("{} x {}", table.feature.rows, table.feature.cols),
           fmt::format("{} rows of at least one number", rows));
  if (!table.log_base.empty() && table.log_base.size() != rows)
    refuse(where, "log_base", fmt::format("{} numbers", table.log_base.size()),
           fmt::format("{}, or none", rows));
  if (table.context_feature.cols > 0 && table.context_feature.rows != table.contexts())
    refuse(where, "context features", fmt::format("{} rows", table.context_feature.rows),
           fmt::format("{}, one a context", table.contexts()));
  finite("feature", table.feature.data);
  finite("log_base", table.log_base);
  finite("context feature", table.context_feature.data);
}

class LinearPolicy final : public Trainable {
 public:
  LinearPolicy(std::shared_ptr<const OptionTable> options, std::size_t slots)
      : options_(std::move(options)), slots_(slots) {
    PLUMB_ASSERT(options_ != nullptr);
    check_table(*options_, slots);
    width_ = options_->feature.cols;
    value_width_ = std::max<std::size_t>(options_->context_feature.cols, 1);
    parameters_.assign(width_ + slots_ * value_width_, 0.0);
    gradient_.assign(parameters_.size(), 0.0);
  }

  std::unique_ptr<Trainable> clone() const override {
    auto copy = std::make_unique<LinearPolicy>(*this);
    std::fill(copy->gradient_.begin(), copy->gradient_.end(), 0.0);
    return copy;
  }
  std::span<double> parameters() override { return parameters_; }
  std::span<const double> parameters() const override { return parameters_; }
  std::span<const double> gradient() const override { return gradient_; }

  Tape forward(const Sequences& sequences, int threads) const override {
    const std::vector<std::size_t> state_begin = places(sequences);
    Tape tape;
    tape.log_prob.resize(sequences.token.size());
    tape.entropy.resize(sequences.token.size());
    tape.value.resize(sequences.token.size());
    tape.state.resize(state_begin.back());
    const Blocks blocks(sequences.size());
    parallel_blocks(blocks.count, threads, [&](std::size_t b) {
      std::vector<double> score;
      std::vector<std::uint8_t> taken;
      for (std::size_t i = blocks.begin(b); i < blocks.end(b); ++i) {
        const std::uint32_t x = sequences.context[i];
        score_options(x, score);
        taken.assign(score.size(), 0);
        for (std::size_t t = sequences.offset[i]; t < sequences.offset[i + 1]; ++t) {
          const std::size_t slot = t - sequences.offset[i];
          const std::span<double> p(tape.state.data() + state_begin[i] + slot * score.size(), score.size());
          const double normalizer = probabilities(score, taken, p);
          const std::uint32_t a = sequences.token[t];
          tape.log_prob[t] = score[a] - normalizer;
          double entropy = 0;
          for (std::size_t j = 0; j < p.size(); ++j)
            if (!taken[j]) entropy -= p[j] * (score[j] - normalizer);
          tape.entropy[t] = entropy;
          tape.value[t] = value(x, slot);
          taken[a] = 1;
        }
      }
    });
    return tape;
  }

  void backward(const Sequences& sequences, const Tape& tape, const Cotangents& by, int threads) override {
    const std::size_t tokens = sequences.token.size();
    for (const auto* column : {&by.log_prob, &by.entropy, &by.value})
      if (!column->empty() && column->size() != tokens)
        refuse("backward", "cotangents", fmt::format("{}", column->size()),
               fmt::format("{}, one a token", tokens));
    const std::vector<std::size_t> state_begin = places(sequences);
    PLUMB_ASSERT(tape.log_prob.size() == tokens && tape.state.size() == state_begin.back());
    const Blocks blocks(sequences.size());
    std::vector<std::vector<double>> part(blocks.count);
    parallel_blocks(blocks.count, threads, [&](std::size_t b) {
      part[b].assign(parameters_.size(), 0.0);
      std::vector<double> by_score;
      for (std::size_t i = blocks.begin(b); i < blocks.end(b); ++i)
        push(sequences, i, tape, state_begin[i], by, by_score, part[b]);
    });
    for (const auto& p : part)
      for (std::size_t j = 0; j < p.size(); ++j) gradient_[j] += p[j];
  }

  void step(Optimizer& optimizer) override {
    optimizer.step(parameters_, gradient_);
    std::fill(gradient_.begin(), gradient_.end(), 0.0);
  }

  Sequences sample(std::span<const std::uint32_t> contexts, const Rng& rng, int threads) const override {
    Sequences out;
    out.context.assign(contexts.begin(), contexts.end());
    out.token.resize(contexts.size() * slots_);
    out.offset.resize(contexts.size() + 1);
    for (std::size_t i = 0; i <= contexts.size(); ++i) out.offset[i] = i * slots_;
    for (std::size_t i = 0; i < contexts.size(); ++i) check_context(contexts[i], i);
    const Blocks blocks(contexts.size());
    parallel_blocks(blocks.count, threads, [&](std::size_t b) {
      std::vector<double> score, p;
      std::vector<std::uint8_t> taken;
      for (std::size_t i = blocks.begin(b); i < blocks.end(b); ++i) {
        Rng draw = rng.stream("sample", i);
        score_options(contexts[i], score);
        taken.assign(score.size(), 0);
        p.resize(score.size());
        for (std::size_t slot = 0; slot < slots_; ++slot) {
          probabilities(score, taken, p);
          const std::size_t a = draw_option(p, taken, draw.uniform());
          out.token[i * slots_ + slot] = static_cast<std::uint32_t>(a);
          taken[a] = 1;
        }
      }
    });
    return out;
  }

 private:
  void check_context(std::uint32_t x, std::size_t i) const {
    if (x >= options_->contexts())
      refuse("sequences", fmt::format("context of sequence {}", i), fmt::format("{}", x),
             fmt::format("below {}", options_->contexts()));
  }

  // Where the state of each sequence starts, and its end; checks the sequences on the way.
  std::vector<std::size_t> places(const Sequences& sequences) const {
    if (sequences.offset.size() != sequences.size() + 1 || sequences.offset.front() != 0 ||
        sequences.offset.back() != sequences.token.size())
      refuse("sequences", "offsets",
             fmt::format("{} up to {}", sequences.offset.size(),
                         sequences.offset.empty() ? 0 : sequences.offset.back()),
             fmt::format("{} up to {}", sequences.size() + 1, sequences.token.size()));
    std::vector<std::size_t> begin(sequences.size() + 1, 0);
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      check_context(sequences.context[i], i);
      const std::size_t first = sequences.offset[i], last = sequences.offset[i + 1];
      if (last <= first || last - first > slots_)
        refuse("sequences", fmt::format("sequence {}", i),
               last < first ? std::string("offsets that descend") : fmt::format("{} tokens", last - first),
               fmt::format("1 to {}", slots_));
      const std::size_t offered = offered_in(sequences.context[i]);
      for (std::size_t t = first; t < last; ++t) {
        if (sequences.token[t] >= offered)
          refuse("sequences", fmt::format("token {} of sequence {}", t - first, i),
                 fmt::format("option {}", sequences.token[t]), fmt::format("below {}", offered));
        for (std::size_t s = first; s < t; ++s)
          if (sequences.token[s] == sequences.token[t])
            refuse("sequences", fmt::format("token {} of sequence {}", t - first, i),
                   fmt::format("option {} for the second time", sequences.token[t]), "options not yet taken");
      }
      begin[i + 1] = begin[i] + (last - first) * offered;
    }
    return begin;
  }

  std::size_t offered_in(std::uint32_t x) const { return options_->offset[x + 1] - options_->offset[x]; }

  void score_options(std::uint32_t x, std::vector<double>& score) const {
    score.resize(offered_in(x));
    for (std::size_t j = 0; j < score.size(); ++j) {
      const std::size_t row = options_->offset[x] + j;
      const std::span<const double> phi = options_->feature.row(row);
      double sum = options_->log_base.empty() ? 0.0 : options_->log_base[row];
      for (std::size_t c = 0; c < width_; ++c) sum += parameters_[c] * phi[c];
      if (!std::isfinite(sum))
        refuse("policy", fmt::format("score of option {} in context {}", j, x), fmt::format("{}", sum),
               "a finite number");
      score[j] = sum;
    }
  }

  // p of the options left, 0 for those taken; returns the log of the normalizer.
  static double probabilities(const std::vector<double>& score, const std::vector<std::uint8_t>& taken,
                              std::span<double> p) {
    double most = -std::numeric_limits<double>::infinity(), sum = 0;
    for (std::size_t j = 0; j < p.size(); ++j)
      if (!taken[j]) most = std::max(most, score[j]);
    for (std::size_t j = 0; j < p.size(); ++j) sum += p[j] = taken[j] ? 0.0 : std::exp(score[j] - most);
    for (double& each : p) each /= sum;
    return most + std::log(sum);
  }

  // Inverse transform; rounding may leave a rest, which goes to the last option that has probability.
  static std::size_t draw_option(std::span<const double> p, const std::vector<std::uint8_t>& taken, double u) {
    std::size_t last = 0;
    for (std::size_t j = 0; j < p.size(); ++j) {
      if (taken[j] || p[j] <= 0) continue;
      last = j;
      u -= p[j];
      if (u < 0) break;
    }
    return last;
  }

  double value(std::uint32_t x, std::size_t slot) const {
    const double* weight = parameters_.data() + width_ + slot * value_width_;
    if (options_->context_feature.cols == 0) return *weight;
    const std::span<const double> psi = options_->context_feature.row(x);
    double sum = 0;
    for (std::size_t c = 0; c < value_width_; ++c) sum += weight[c] * psi[c];
    return sum;
  }

  // d log p_a / d score_j = 1{j = a} - p_j, d H / d score_j = -p_j (log p_j + H); slots are summed in score
  // space first, then pushed through the features once.
  void push(const Sequences& sequences, std::size_t i, const Tape& tape, std::size_t state,
            const Cotangents& by, std::vector<double>& by_score, std::vector<double>& gradient) const {
    const std::uint32_t x = sequences.context[i];
    const std::size_t offered = offered_in(x);
    by_score.assign(offered, 0.0);
    for (std::size_t t = sequences.offset[i]; t < sequences.offset[i + 1]; ++t) {
      const std::size_t slot = t - sequences.offset[i];
      const std::span<const double> p(tape.state.data() + state + slot * offered, offered);
      if (!by.log_prob.empty()) {
        for (std::size_t j = 0; j < offered; ++j) by_score[j] -= by.log_prob[t] * p[j];
        by_score[sequences.token[t]] += by.log_prob[t];
      }
      if (!by.entropy.empty())
        for (std::size_t j = 0; j < offered; ++j)
          if (p[j] > 0) by_score[j] -= by.entropy[t] * p[j] * (std::log(p[j]) + tape.entropy[t]);
      if (!by.value.empty()) {
        double* weight = gradient.data() + width_ + slot * value_width_;
        for (std::size_t c = 0; c < value_width_; ++c)
          weight[c] +=
              by.value[t] * (options_->context_feature.cols == 0 ? 1.0 : options_->context_feature(x, c));
      }
    }
    for (std::size_t j = 0; j < offered; ++j) {
      const std::span<const double> phi = options_->feature.row(options_->offset[x] + j);
      for (std::size_t c = 0; c < width_; ++c) gradient[c] += by_score[j] * phi[c];
    }
  }

  std::shared_ptr<const OptionTable> options_;
  std::size_t slots_, width_ = 0, value_width_ = 0;
  std::vector<double> parameters_, gradient_;
};

}  // namespace

std::unique_ptr<Trainable> softmax_policy(std::shared_ptr<const OptionTable> options) {
  return std::make_unique<LinearPolicy>(std::move(options), 1);
}

std::unique_ptr<Trainable> ranking_policy(std::shared_ptr<const OptionTable> options, std::size_t slots) {
  return std::make_unique<LinearPolicy>(std::move(options), slots);
}

}  // namespace plumb
