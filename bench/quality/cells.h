// Tables that count misses over many worlds, cell by cell: full runs may take hours, so every finished cell is
// kept in a store, and a run that was stopped goes on where it was.
//
//   Cells cells("rare_events", argc, argv);
//   const Counts c = cells.count("binary, rate .001", 2000,
//                                [&](std::uint64_t seed, Counts& count) { ... ++count["miss"]; });
//   cells.at_most("binary, rate .001", c.at("miss"), c.worlds, .05);
//   return cells.close();
//
// Options beside those of table.h: --store FILE (default: NAME.cells in the working folder;
// --quick keeps none), --only TEXT (cells whose name contains it). Seeds run from 1 upwards, none is left out.
#pragma once

#include <fmt/format.h>

#include <boost/math/distributions/binomial.hpp>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "quality/table.h"

namespace plumb::quality {

// The most misses of n that a true rate of `nominal` explains: exceeded with probability at most .001 (exact
// binomial).
inline std::uint64_t most_explained(double nominal, std::uint64_t n) {
  const boost::math::binomial distribution(static_cast<double>(n), nominal);
  for (std::uint64_t k = 0; k < n; ++k) {
    if (boost::math::cdf(boost::math::complement(distribution, static_cast<double>(k))) < .001) return k;
  }
  return n;
}

struct Counts {
  std::uint64_t worlds = 0;
  std::map<std::string, double> sum;  // by name: counts, or sums of a measured value over worlds
  double& operator[](const std::string& name) { return sum[name]; }
  double at(const std::string& name) const {
    const auto found = sum.find(name);
    return found == sum.end() ? 0 : found->second;
  }
};

class Cells {
 public:
  Cells(std::string table, int argc, char** argv) : table_(std::move(table)) {
    std::vector<char*> rest{argv[0]};
    std::string store = table_ + ".cells";
    for (int k = 1; k < argc; ++k) {
      if (std::strcmp(argv[k], "--store") == 0 && k + 1 < argc) {
        store = argv[++k];
      } else if (std::strcmp(argv[k], "--only") == 0 && k + 1 < argc) {
        only_ = argv[++k];
      } else {
        rest.push_back(argv[k]);
      }
    }
    options_ = parse(static_cast<int>(rest.size()), rest.data());
    if (options_.quick) return;
    store_ = store;
    std::ifstream in(store_);
    for (std::string line; std::getline(in, line);) recall(line);
  }

  bool quick() const { return options_.quick; }
  int threads() const { return options_.threads; }
  bool wants(const std::string& cell) const { return cell.find(only_) != std::string::npos; }

  // Runs `world` for seeds first_seed .. first_seed + worlds - 1 on all threads, one world a thread, and adds
  // up what each counted, in the order of seeds. From the store where the cell was run already with as many
  // worlds. REQUIRES: the name holds no tab. A world has counts of its own and shares nothing.
  Counts count(const std::string& cell, std::uint64_t worlds,
               const std::function<void(std::uint64_t seed, Counts& count)>& world) {
    const auto found = kept_.find(cell);
    if (found != kept_.end() && found->second.worlds == worlds) return found->second;
    std::vector<Counts> each(worlds);
    parallel_blocks(worlds, options_.threads, [&](std::size_t k) { world(options_.first_seed + k, each[k]); });
    Counts out;
    out.worlds = worlds;
    for (const Counts& one : each) {
      for (const auto& [name, value] : one.sum) out[name] += value;
    }
    if (!store_.empty()) {
      std::ofstream to(store_, std::ios::app);
      to << cell << '\t' << worlds;
      for (const auto& [name, value] : out.sum) to << '\t' << name << '\t' << fmt::format("{}", value);
      to << '\n' << std::flush;
    }
    return out;
  }

  // misses of n trials against a nominal rate; falls short only beyond most_explained.
  void at_most(const std::string& what, double misses, std::uint64_t n, double nominal) {
    const std::uint64_t limit = most_explained(nominal, n);
    claims.claim(misses <= static_cast<double>(limit),
                 fmt::format("{}: {:.0f} of {} (at most {})", what, misses, n, limit));
  }
  // hits must not be fewer than `share` of n.
  void at_least(const std::string& what, double hits, std::uint64_t n, double share) {
    const double limit = std::ceil(share * static_cast<double>(n) - 1e-9);
    claims.claim(hits >= limit, fmt::format("{}: {:.0f} of {} (at least {:.0f})", what, hits, n, limit));
  }
  int close() const { return claims.close(); }

  Claims claims;

 private:
  void recall(const std::string& line) {
    std::stringstream in(line);
    std::string cell, word, value;
    if (!std::getline(in, cell, '\t') || !std::getline(in, word, '\t')) return;
    Counts counts;
    counts.worlds = std::strtoull(word.c_str(), nullptr, 10);
    while (std::getline(in, word, '\t') && std::getline(in, value, '\t'))
      counts[word] = std::strtod(value.c_str(), nullptr);
    kept_[cell] = counts;
  }

  std::string table_, store_, only_;
  Options options_;
  std::map<std::string, Counts> kept_;
};

}  // namespace plumb::quality
