// One pass over a log. The first block is read by itself: it settles what the others must have. Ids are
// compared by their hashes, in the order of the file.
#include "plumb/stream.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/pipeline.h"
#include "data/file_blocks.h"
#include "data/late_outcomes.h"

namespace plumb {

namespace {

constexpr std::size_t kAhead = 16;  // hashes looked at beforehand

// 64-bit hashes, open addressing; 0 marks a free place, so a hash of 0 is kept as 1.
class HashSet {
 public:
  HashSet() : table_(1024, 0) {}
  void insert(std::uint64_t hash) {
    if (hash == 0) hash = 1;
    if (2 * (count_ + 1) > table_.size()) grow();
    std::uint64_t& place = table_[place_of(hash)];
    count_ += place == 0 ? 1 : 0;
    place = hash;
  }
  // Brings the place into the cache: hashes lie anywhere, and looking them up is mostly waiting.
  void expect(std::uint64_t hash) const { __builtin_prefetch(&table_[hash & (table_.size() - 1)]); }
  bool contains(std::uint64_t hash) const { return table_[place_of(hash == 0 ? 1 : hash)] != 0; }

 private:
  std::size_t place_of(std::uint64_t hash) const {
    std::size_t at = hash & (table_.size() - 1);
    while (table_[at] != 0 && table_[at] != hash) at = (at + 1) & (table_.size() - 1);
    return at;
  }
  void grow() {
    std::vector<std::uint64_t> old(2 * table_.size(), 0);
    old.swap(table_);
    for (const std::uint64_t hash : old)
      if (hash != 0) table_[place_of(hash)] = hash;
  }
  std::vector<std::uint64_t> table_;
  std::size_t count_ = 0;
};

std::int64_t as_of_of(const Goal& goal) {
  const std::string where = goal.path.empty() ? "goal" : goal.path;
  if (goal.data.estimand == Estimand::kDeployed)
    refuse(where, "data.estimand", "deployed", "one_decision: a stream does not hold units together");
  if (!goal.data.as_of.empty()) return stated_as_of(goal);
  for (const OutcomeSpec& spec : goal.outcomes)
    if (spec.observed_after_us)
      refuse(
          where, "data.as_of", "nothing",
          fmt::format("a time: outcome.{} is observed late, and a stream does not know the log's latest time "
                      "beforehand",
                      spec.name));
  return kNoMoment;
}

// What is left of a block when it was read.
struct UsedBlock {
  BlockAccount account;
  FileBlock text;
  std::uint64_t decisions = 0;
  std::vector<std::uint64_t> observed;  // by outcome
  std::unique_ptr<LogBuilder> builder;  // of the reader
  std::unique_ptr<RowReader> reader;    // empty for the first block
  std::function<void()> then;
};

class LogStream {
 public:
  LogStream(const std::string& path, const Goal& goal, const StreamOptions& options, const BlockWork& work)
      : path_(path),
        goal_(goal.without_preference()),
        options_(options),
        work_(work),
        as_of_(as_of_of(goal_)),
        blocks_(path, options.block_bytes),
        late_(goal_, path, as_of_),
        late_used_(late_.size(), 0),
        observed_(goal_.outcomes.size(), 0),
        values_(goal_.outcomes.size(), 0),
        words_(goal_.outcomes.size()),
        bad_rows_(path) {
    for (OutcomeSpec& spec : goal_.outcomes) spec.line = 0;
    goal_.segments.clear();
    std::erase_if(goal_.constraints, [](const ConstraintSpec& c) { return !c.segment.empty(); });
  }

  LoadReport run() {
    builder_ = std::make_unique<LogBuilder>(path_, goal_, keeps_text());
    builder_->keep_columns(options_.columns);
    builder_->without_unnamed();  // a stream is valued, not checked
    if (!options_.fingerprints) builder_->without_fingerprints();
    open();
    fold(read_first());
    if (plan_ != nullptr) {
      in_order<FileBlock, UsedBlock>(
          options_.threads, [&] { return blocks_.next(); },
          [&](FileBlock&& block) { return read(std::move(block), {}); },
          [&](UsedBlock&& block) { fold(std::move(block)); });
    }
    return finish();
  }

 private:
  bool keeps_text() {
    const TextSource beginning = TextSource::from_memory(blocks_.beginning(), path_);
    format_ = log_format_of(beginning);
    if (format_ == LogFormat::kCsv) dialect_ = csv_dialect(beginning.text());
    return format_ == LogFormat::kCsv;
  }

  void open() {
    RowEnd end = RowEnd::kLine;
    switch (format_) {
      case LogFormat::kCsv:
        end = RowEnd::kRecord;
        break;
      case LogFormat::kJsonLines:
        reader_ = make_jsonl_reader(goal_, *builder_);
        break;
      case LogFormat::kDsjson:
        reader_ = make_dsjson_reader(goal_, *builder_);
        break;
      case LogFormat::kVwText:
        reader_ = make_vw_text_reader(goal_, *builder_, blocks_.beginning(), &end);
        break;
    }
    blocks_.end_rows_at(end);
  }

  // Blocks up to the first that has a usable row, as one.
  UsedBlock read_first() {
    UsedBlock out;
    while (!builder_->usable()) {
      std::optional<FileBlock> block = blocks_.next();
      if (!block) break;
      std::optional<TextBlock> rows = block->rows;
      if (!reader_) reader_ = make_csv_reader(goal_, *builder_, dialect_, block->rows.text, &rows, path_);
      out.text = std::move(*block);
      if (!rows) continue;
      reader_->start(*rows);
      while (reader_->step()) continue;
      if (!builder_->usable()) earlier_.push_back(out.text.bytes);  // CSV: columns may view it
    }
    const bool usable = builder_->usable();
    if (usable && !goal_.data.outcome_files.empty() && !builder_->has_ids())
      refuse(path_, "id", "no ids", "an id a decision: late outcomes are joined by it");
    std::unique_ptr<LogBuilder> plan;
    if (usable) plan = std::make_unique<LogBuilder>(builder_->fork());
    const DecisionLog log = builder_->finish_block(late_, as_of_, &out.account);
    if (!usable) return out;
    plan->settle(log);
    plan_ = std::move(plan);
    use(log, out);
    return out;
  }

  UsedBlock read(FileBlock&& block, std::map<std::uint64_t, BadRow> refused) const {
    UsedBlock out;
    out.builder = std::make_unique<LogBuilder>(plan_->fork());
    out.builder->refuse_rows(std::move(refused));
    out.reader = reader_->fork(*out.builder);
    out.reader->start(block.rows);
    while (out.reader->step()) continue;
    const DecisionLog log = out.builder->finish_block(late_, as_of_, &out.account);
    out.text = std::move(block);
    if (log.size() > 0) use(log, out);
    return out;
  }

  void use(const DecisionLog& log, UsedBlock& out) const {
    out.decisions = log.size();
    for (const OutcomeColumn& column : log.outcomes) out.observed.push_back(column.observed_count);
    out.then = work_(log);
  }

  void fold(UsedBlock&& block) {
    // Seldom: without the rows whose ids stood before, the block is read and used again.
    std::map<std::uint64_t, BadRow> refused;
    for (auto more = repeated(block); !more.empty(); more = repeated(block)) {
      refused.merge(more);
      block = read(FileBlock(block.text), refused);
    }
    const std::vector<std::uint64_t>& hashes = block.account.id_hash;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (i + kAhead < hashes.size()) ids_.expect(hashes[i + kAhead]);
      ids_.insert(hashes[i]);
    }
    rows_read_ += block.account.rows_read;
    decisions_ += block.decisions;
    bad_rows_.append(block.account.bad_rows);
    for (const std::uint32_t id : block.account.late) late_used_[id] = 1;
    joined_.add(block.account.joined);
    after_as_of_ += block.account.after_as_of;
    for (std::size_t j = 0; j < block.observed.size(); ++j) {
      observed_[j] += block.observed[j];
      values_[j] += block.account.values[j];
    }
    for (std::size_t j = 0; j < block.account.words.size(); ++j) words_[j].append(block.account.words[j]);
    if (block.reader) reader_->absorb(*block.reader);
    for (std::string& note : block.account.notes)
      if (std::find(notes_.begin(), notes_.end(), note) == notes_.end()) notes_.push_back(std::move(note));
    if (block.text.file_bytes > 0) file_bytes_ = block.text.file_bytes;
    if (block.then) block.then();
    if (options_.progress) options_.progress("reading", file_bytes_, 0);
  }

  std::map<std::uint64_t, BadRow> repeated(const UsedBlock& block) const {
    std::map<std::uint64_t, BadRow> out;
    const std::vector<std::uint64_t>& hashes = block.account.id_hash;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (i + kAhead < hashes.size()) ids_.expect(hashes[i + kAhead]);
      if (ids_.contains(hashes[i])) out.emplace(block.account.line[i], BadRow{"id", "", "every id once"});
    }
    return out;
  }

  LoadReport finish() {
    bad_rows_.refuse_beyond(goal_.data.reject_up_to, rows_read_);
    if (decisions_ == 0 && rows_read_ == 0 && reader_ != nullptr && !reader_->left_out().empty())
      refuse(path_, "rows", "none but " + reader_->left_out(), "at least one decision");
    if (decisions_ == 0)
      refuse(path_, "rows", rows_read_ ? "no usable row" : "no rows", "at least one decision");
    // A name that no row has is a mistake even where absent means zero.
    for (std::size_t j = 0; j < observed_.size(); ++j)
      if (values_[j] == 0 || observed_[j] == 0)
        refuse(path_, "outcome." + goal_.outcomes[j].name,
               values_[j] == 0 ? fmt::format("no value in {} rows", decisions_) : "no value that is old enough",
               "a value in at least one row");
    reader_->finish(path_);
    for (std::string& note : builder_->take_notes()) notes_.push_back(std::move(note));
    for (std::size_t j = 0; j < words_.size(); ++j)
      for (std::string& note : word_notes(goal_.outcomes[j].name, words_[j])) notes_.push_back(std::move(note));
    if (!goal_.data.outcome_files.empty()) notes_.push_back(late_.account(late_used_, joined_).sentence());
    if (after_as_of_ > 0)
      notes_.push_back(fmt::format("{} decisions are later than as_of and left out.", after_as_of_));
    return {file_bytes_, rows_read_, decisions_, bad_rows_.count(), bad_rows_.first(), std::move(notes_)};
  }

  const std::string path_;
  Goal goal_;
  const StreamOptions& options_;
  const BlockWork& work_;
  const std::int64_t as_of_;
  FileBlocks blocks_;
  LateOutcomes late_;
  LogFormat format_ = LogFormat::kJsonLines;
  CsvDialect dialect_;
  std::unique_ptr<LogBuilder> builder_, plan_;  // of the first block, and what the others start from
  std::unique_ptr<RowReader> reader_;
  std::vector<std::shared_ptr<const char[]>> earlier_;

  // Of the blocks so far, in the order of the file.
  HashSet ids_;
  std::vector<std::uint8_t> late_used_;
  LateAccount joined_;
  std::uint64_t after_as_of_ = 0, rows_read_ = 0, decisions_ = 0, file_bytes_ = 0;
  std::vector<std::uint64_t> observed_, values_;  // by outcome: decisions; rows that have a value
  std::vector<WordCount> words_;                  // by outcome
  BadRows bad_rows_;
  std::vector<std::string> notes_;
};

}  // namespace

LoadReport stream_log(const std::string& path, const Goal& goal, const StreamOptions& options,
                      const BlockWork& work) {
  try {
    return LogStream(path, goal, options, work).run();
  } catch (const NotInBlocks&) {
    refuse(path, "quote", "a quote inside a field",
           "quotes around whole fields, doubled inside (a log that is "
           "read in blocks cannot be told apart otherwise)");
  }
}

}  // namespace plumb
