// Blocks handed to threads in order of index. Which thread takes a block is left to chance; what it computes is
// not.
#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include "plumb/base.h"

namespace plumb {

void parallel_blocks(std::size_t blocks, int threads, const std::function<void(std::size_t)>& task) {
  std::atomic<std::size_t> next{0}, first_failed{blocks};
  std::exception_ptr failure;
  std::mutex failure_lock;
  const auto work = [&] {
    while (true) {
      const std::size_t block = next.fetch_add(1);
      // Blocks are taken in order, so every block before the first that failed has been taken and will be
      // finished: the exception that is rethrown is that of the lowest index, whatever the timing.
      if (block >= first_failed.load()) return;
      try {
        task(block);
      } catch (...) {
        const std::lock_guard<std::mutex> guard(failure_lock);
        if (block < first_failed.load()) {
          first_failed.store(block);
          failure = std::current_exception();
        }
      }
    }
  };

  const std::size_t wanted = std::min(static_cast<std::size_t>(std::max(threads, 1)), blocks);
  std::vector<std::thread> pool;
  pool.reserve(wanted);
  try {
    while (pool.size() + 1 < wanted) pool.emplace_back(work);
  } catch (const std::system_error&) {
    // No more threads to be had: those that run, with this one, do the same work.
  }
  work();
  for (std::thread& thread : pool) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace plumb
