// Dawid-Skene by EM. Labels are sorted by item once, so that both steps are single passes.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "plumb/raters.h"

namespace plumb {
namespace {

void check(const RaterLabels& labels, const DawidSkeneOptions& options) {
  const char* const where = "dawid_skene";
  if (labels.rater.size() != labels.item.size() || labels.label.size() != labels.item.size())
    refuse(where, "labels", "columns of different length", "item, rater and label of one length");
  if (labels.classes < 2) refuse(where, "classes", std::to_string(labels.classes), "2 or more");
  if (labels.item.empty()) refuse(where, "labels", "none", "some");
  if (!(options.pseudo_count >= 0) || !std::isfinite(options.pseudo_count))
    refuse(where, "pseudo_count", std::to_string(options.pseudo_count), "a finite number >= 0");
  for (std::size_t k = 0; k < labels.item.size(); ++k) {
    const auto within = [&](std::uint32_t value, std::size_t below, const char* what) {
      if (value >= below)
        refuse(where, "label " + std::to_string(k), std::string(what) + ' ' + std::to_string(value),
               "below " + std::to_string(below));
    };
    within(labels.item[k], labels.items, "item");
    within(labels.rater[k], labels.raters, "rater");
    within(labels.label[k], labels.classes, "class");
  }
}

// Vote shares (equation 3.1).
Matrix shares_of(const RaterLabels& labels) {
  Matrix shares(labels.items, labels.classes);
  for (std::size_t k = 0; k < labels.item.size(); ++k) shares(labels.item[k], labels.label[k]) += 1;
  for (std::size_t i = 0; i < labels.items; ++i) {
    const auto row = shares.row(i);
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    if (sum > 0)
      for (double& p : row) p /= sum;
  }
  return shares;
}

void normalize(std::span<double> row) {
  const double sum = std::accumulate(row.begin(), row.end(), 0.0);
  if (sum > 0)
    for (double& p : row) p /= sum;
}

// M step (2.3, 2.4). Items that nobody judged say nothing of how common classes are.
void fit_raters_tables(const RaterLabels& labels, const std::vector<std::uint8_t>& judged, double pseudo,
                       DawidSkene* out) {
  std::fill(out->prevalence.begin(), out->prevalence.end(), pseudo);
  for (std::size_t i = 0; i < labels.items; ++i)
    if (judged[i] != 0)
      for (std::size_t c = 0; c < labels.classes; ++c) out->prevalence[c] += out->posterior(i, c);
  normalize(out->prevalence);
  for (Matrix& table : out->says) std::fill(table.data.begin(), table.data.end(), pseudo);
  for (std::size_t k = 0; k < labels.item.size(); ++k)
    for (std::size_t c = 0; c < labels.classes; ++c)
      out->says[labels.rater[k]](c, labels.label[k]) += out->posterior(labels.item[k], c);
  for (Matrix& table : out->says)
    for (std::size_t c = 0; c < labels.classes; ++c) normalize(table.row(c));
}

// E step (2.5), in logarithms; returns the log-likelihood (2.7) of the tables that it was given. `log_p` is
// scratch.
double judge_items(const RaterLabels& labels, Matrix* log_p, std::vector<Matrix>* log_says, DawidSkene* out,
                   double* moved) {
  for (std::size_t i = 0; i < labels.items; ++i)
    for (std::size_t c = 0; c < labels.classes; ++c) (*log_p)(i, c) = std::log(out->prevalence[c]);
  for (std::size_t r = 0; r < labels.raters; ++r)
    std::transform(out->says[r].data.begin(), out->says[r].data.end(), (*log_says)[r].data.begin(),
                   [](double p) { return std::log(p); });
  for (std::size_t k = 0; k < labels.item.size(); ++k)
    for (std::size_t c = 0; c < labels.classes; ++c)
      (*log_p)(labels.item[k], c) += (*log_says)[labels.rater[k]](c, labels.label[k]);
  double total = 0;
  *moved = 0;
  for (std::size_t i = 0; i < labels.items; ++i) {
    const auto row = log_p->row(i);
    const double top = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (const double l : row) sum += std::exp(l - top);
    total += top + std::log(sum);
    for (std::size_t c = 0; c < labels.classes; ++c) {
      const double p = std::exp(row[c] - top) / sum;
      *moved = std::max(*moved, std::abs(p - out->posterior(i, c)));
      out->posterior(i, c) = p;
    }
  }
  return total;
}

}  // namespace

std::vector<double> DawidSkene::predict(std::uint32_t item, std::uint32_t rater) const {
  PLUMB_ASSERT(item < posterior.rows && rater < says.size());
  std::vector<double> out(prevalence.size(), 0.0);
  for (std::size_t c = 0; c < prevalence.size(); ++c)
    for (std::size_t l = 0; l < prevalence.size(); ++l) out[l] += posterior(item, c) * says[rater](c, l);
  return out;
}

DawidSkene dawid_skene(const RaterLabels& labels, const DawidSkeneOptions& options) {
  check(labels, options);
  DawidSkene out;
  out.prevalence.assign(labels.classes, 0);
  out.says.assign(labels.raters, Matrix(labels.classes, labels.classes));
  out.posterior = shares_of(labels);
  std::vector<std::uint8_t> judged(labels.items, 0);
  for (const std::uint32_t i : labels.item) judged[i] = 1;
  Matrix log_p(labels.items, labels.classes);
  std::vector<Matrix> log_says = out.says;
  while (out.steps < options.most_steps && !out.converged) {
    double moved = 0;
    fit_raters_tables(labels, judged, options.pseudo_count, &out);
    out.log_likelihood = judge_items(labels, &log_p, &log_says, &out, &moved);
    ++out.steps;
    out.converged = moved <= options.tolerance;
  }
  return out;
}

}  // namespace plumb
