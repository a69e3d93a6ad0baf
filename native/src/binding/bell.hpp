/**
 * Wakes a Node thread from any other one, once for a burst: the listener says when it goes to sleep,
 * and only who finds it asleep pays for waking it.
 *
 * How it works: one word says awake or asleep. A listener with nothing to do says asleep and then looks
 * once more for work; whoever brings work then looks at the word. Both are sequentially consistent, so
 * at least one of the two sees the other (Dekker's argument), and no wake-up is lost.
 *
 * The trouble with wake-ups across isolates is their end: calling a threadsafe function whose
 * environment is gone aborts the process. So the function is called and cleared under one mutex, and an
 * environment that ends clears its own before it goes.
 */
#pragma once

#include <node_api.h>

#include <atomic>
#include <cstdint>
#include <mutex>

namespace lagoon {

class Bell {
 public:
  /** Answers whether the listener was asleep, and is being woken. */
  bool ring() {
    if (isAsleep_.load(std::memory_order_seq_cst) == 0) return false;
    std::lock_guard lock(mutex_);
    // Nobody to wake: whoever listens next is asleep still.
    if (function_ == nullptr) return false;
    if (isAsleep_.exchange(0, std::memory_order_seq_cst) == 0) return false;
    return napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking) == napi_ok;
  }

  /** To be followed by one more look for work. */
  void sleep() { isAsleep_.store(1, std::memory_order_seq_cst); }
  void stayAwake() { isAsleep_.store(0, std::memory_order_seq_cst); }

  /** Whether nobody listened before. */
  bool attach(napi_threadsafe_function function) {
    std::lock_guard lock(mutex_);
    if (function_ != nullptr) return false;
    function_ = function;
    return true;
  }

  /** The function, which nobody calls any more. */
  napi_threadsafe_function detach() {
    std::lock_guard lock(mutex_);
    auto* function = function_;
    function_ = nullptr;
    isAsleep_.store(0, std::memory_order_seq_cst);
    return function;
  }

 private:
  alignas(128) std::atomic<std::uint32_t> isAsleep_{0};
  std::mutex mutex_;
  napi_threadsafe_function function_ = nullptr;
};

}  // namespace lagoon
