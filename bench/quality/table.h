// What quality tables share: options, the closing line, truths of policies on contexts that no log holds.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "loop/stages.h"
#include "plumb/plumb.h"
#include "worlds/worlds.h"

namespace plumb::quality {

struct Options {
  bool quick = false;
  int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  std::uint64_t first_seed = 1;
};

inline Options parse(int argc, char** argv) {
  Options out;
  for (int k = 1; k < argc; ++k) {
    if (std::strcmp(argv[k], "--quick") == 0) {
      out.quick = true;
    } else if (std::strcmp(argv[k], "--threads") == 0 && k + 1 < argc) {
      out.threads = std::max(1, std::atoi(argv[++k]));
    } else if (std::strcmp(argv[k], "--first-seed") == 0 && k + 1 < argc) {
      out.first_seed = std::strtoull(argv[++k], nullptr, 10);
    } else {
      std::fprintf(stderr, "usage: %s [--quick] [--threads N] [--first-seed S]\n", argv[0]);
      std::exit(2);
    }
  }
  return out;
}

// Collects what was claimed; the closing line says whether everything held.
class Claims {
 public:
  void claim(bool holds, const std::string& text) {
    std::printf("  %s  %s\n", holds ? "holds      " : "FALLS SHORT", text.c_str());
    if (!holds) failed_ += (failed_.empty() ? "" : "; ") + text;
  }
  int close() const {
    if (failed_.empty()) {
      std::printf("holds\n");
      return 0;
    }
    std::printf("falls short: %s\n", failed_.c_str());
    return 1;
  }

 private:
  std::string failed_;
};

// The true value of policies, on one large set of fresh contexts.
class Truths {
 public:
  Truths(DecisionLog contexts, Matrix expected)
      : contexts_(std::move(contexts)), expected_(std::move(expected)) {}
  // Mean expected outcome by column of `expected`, last element: KL from the logging policy.
  std::vector<double> of(const Policy& policy) const {
    const std::size_t n = contexts_.size(), outcomes = expected_.cols;
    std::vector<float> p(contexts_.action.size());
    policy.probabilities(contexts_, 0, n, p);
    std::vector<double> out(outcomes + 1, 0.0);
    for (std::size_t row = 0; row < p.size(); ++row) {
      for (std::size_t j = 0; j < outcomes; ++j) out[j] += p[row] * expected_(row, j) / static_cast<double>(n);
      if (p[row] > 0 && !contexts_.logged.empty()) {
        out[outcomes] += p[row] * std::log(p[row] / contexts_.logged[row]) / static_cast<double>(n);
      }
    }
    return out;
  }
  const DecisionLog& contexts() const { return contexts_; }

 private:
  DecisionLog contexts_;
  Matrix expected_;
};

inline RunOptions run_options(std::uint64_t seed, int threads) {
  RunOptions out;
  out.seed = seed;
  out.threads = threads;
  return out;
}

// The stages of align() on a log in memory; certification can be left out.
inline Study run_study(const Goal& goal, DecisionLog log, const RunOptions& options, bool certify = true,
                       std::optional<Feedback> feedback = std::nullopt) {
  LoadReport load;
  load.rows_read = load.decisions = log.size();
  Study study = check_in_memory(goal, std::move(log), load, options, "align", std::move(feedback));
  learn_outcomes(study, options);
  lay_paths(study, options);
  audit_proxies(study, options);
  if (!certify) return study;
  train_policies(study, options);
  certify_candidates(study, options);
  return study;
}

inline std::string source_path(const char* name) { return std::string(PLUMB_SOURCE_DIR) + "/" + name; }

}  // namespace plumb::quality
