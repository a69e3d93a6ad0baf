/**
 * A lock that is held for a few instructions at a time: a futex would sleep, and waking costs more than
 * all of them.
 *
 * Test and test-and-set (Rudolph, Segall, "Dynamic decentralized cache schemes", 1984). Progress:
 * blocking. Not guaranteed: fairness. A holder that has lost its core is waited for by giving up one's
 * own after a while, since there may be no other for it to run on.
 */
#pragma once

#include <atomic>
#include <thread>

namespace lagoon {

class SpinLock {
 public:
  void lock() {
    // acquire and release: what was done under the lock comes before what is done under it next.
    while (isHeld_.exchange(true, std::memory_order_acquire)) {
      for (int look = 0; isHeld_.load(std::memory_order_relaxed); ++look) {
        if (look < kLooks) {
          pause();
        } else {
          std::this_thread::yield();
        }
      }
    }
  }
  void unlock() { isHeld_.store(false, std::memory_order_release); }

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

 private:
  // Some microseconds: longer than any holder needs that has its core.
  static constexpr int kLooks = 100;

  std::atomic<bool> isHeld_{false};
};

}  // namespace lagoon
