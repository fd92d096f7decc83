// Work that comes piece by piece, done in parallel, its results used in order: reading a log in blocks, most of
// all.
//
// produce() is called by one thread at a time and numbers the pieces; work(piece) runs on any thread; fold() is
// called for the results in the order of the pieces, by one thread at a time. So what fold sees does not depend
// on the number of threads, and at most a few pieces a thread are held at once.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace plumb {

// Pieces that may be under way, or done and waiting for an earlier one, for each thread.
inline constexpr std::uint64_t kPiecesAThread = 4;

// Runs until produce() returns nothing. The first exception (by number of the piece; produce and fold count as
// the piece that they were called for) is rethrown when all threads have stopped; pieces before it were folded.
template <class Piece, class Result>
void in_order(int threads, const std::function<std::optional<Piece>()>& produce,
              const std::function<Result(Piece&&)>& work, const std::function<void(Result&&)>& fold) {
  std::mutex produce_lock, lock;
  std::condition_variable room;
  std::map<std::uint64_t, Result> waiting;  // done, but an earlier one is not
  std::uint64_t produced = 0, folded = 0, failed = UINT64_MAX;
  bool folding = false;
  std::exception_ptr failure;
  const std::uint64_t ahead = kPiecesAThread * static_cast<std::uint64_t>(std::max(threads, 1));

  const auto fail = [&](std::uint64_t number) {
    const std::lock_guard<std::mutex> guard(lock);
    if (number < failed) {
      failed = number;
      failure = std::current_exception();
    }
    room.notify_all();
  };
  const auto fold_ready = [&](std::uint64_t number, Result&& result) {
    std::unique_lock<std::mutex> guard(lock);
    waiting.emplace(number, std::move(result));
    if (folding) return;  // whoever folds will take it
    folding = true;
    while (!waiting.empty() && waiting.begin()->first == folded && folded < failed) {
      Result next = std::move(waiting.begin()->second);
      waiting.erase(waiting.begin());
      const std::uint64_t at = folded;
      guard.unlock();
      try {
        fold(std::move(next));
      } catch (...) {
        fail(at);
      }
      guard.lock();
      ++folded;
      room.notify_all();
    }
    folding = false;
  };
  const auto loop = [&] {
    while (true) {
      std::optional<Piece> piece;
      std::uint64_t number = 0;
      {
        const std::lock_guard<std::mutex> turn(produce_lock);
        {
          std::unique_lock<std::mutex> guard(lock);
          room.wait(guard, [&] { return produced < folded + ahead || failed != UINT64_MAX; });
          if (failed != UINT64_MAX) return;  // pieces before the failed one are under way or done
          number = produced;
        }
        try {
          piece = produce();
        } catch (...) {
          fail(number);
          return;
        }
        if (!piece) return;
        const std::lock_guard<std::mutex> guard(lock);
        ++produced;
      }
      try {
        fold_ready(number, work(std::move(*piece)));
      } catch (...) {
        fail(number);
      }
    }
  };

  std::vector<std::thread> pool;
  try {
    while (static_cast<int>(pool.size()) + 1 < threads) pool.emplace_back(loop);
  } catch (const std::system_error&) {
    // No more threads to be had: those that run, with this one, do the same work.
  }
  loop();
  for (std::thread& thread : pool) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace plumb
