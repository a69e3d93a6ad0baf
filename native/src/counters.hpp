/**
 * Atomic gates and token buckets: "sold out" and "too many requests", told without asking the writer.
 *
 * A gate holds units; taking is all or nothing and never goes below zero. A token bucket (Turner, "New
 * directions in communications", 1986, as a meter) refills with time, which is passed in.
 *
 * Progress: lock-free; an attempt that fails means that another one succeeded.
 *
 * Guaranteed: units taken never exceed units put in, whatever the threads do. Not guaranteed: fairness;
 * that a refused attempt would have been refused a moment later. A gate says what may be asked of the
 * writer; what is sold is the escrow counter's to say.
 *
 * Everything here is relaxed: a gate guards a number and publishes nothing else. The read-modify-writes
 * of one atomic have one order that all threads agree on, which is all that the arithmetic needs.
 */
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "pool.hpp"

namespace lagoon {

class Gates {
 public:
  /** Throws `bad_alloc` at the pool's limit. */
  explicit Gates(std::size_t count) : count_(count), units_(count) {}

  /** A float64 tells as many exactly. */
  static constexpr std::int64_t kUnitsMax = std::int64_t{1} << 52;

  std::size_t count() const { return count_; }

  /** Takes `units` if there are that many. Answers how many are left, or -1 if there were too few. */
  std::int64_t take(std::size_t gate, std::int64_t units) {
    auto& cell = units_[gate].value;
    auto left = cell.load(std::memory_order_relaxed);
    while (left >= units) {
      if (cell.compare_exchange_weak(left, left - units, std::memory_order_relaxed)) {
        return left - units;
      }
    }
    return -1;
  }

  /** Puts units in and answers how many there are now, or -1 if there would be more than `unitsMax`. */
  std::int64_t refill(std::size_t gate, std::int64_t units, std::int64_t unitsMax = kUnitsMax) {
    auto& cell = units_[gate].value;
    auto before = cell.load(std::memory_order_relaxed);
    while (before <= unitsMax - units) {
      if (cell.compare_exchange_weak(before, before + units, std::memory_order_relaxed)) {
        return before + units;
      }
    }
    return -1;
  }

  std::int64_t set(std::size_t gate, std::int64_t units) {
    return units_[gate].value.exchange(units, std::memory_order_relaxed);
  }

  std::int64_t read(std::size_t gate) const {
    return units_[gate].value.load(std::memory_order_relaxed);
  }

 private:
  struct Cell {
    alignas(kLine) std::atomic<std::int64_t> value{0};
  };
  const std::size_t count_;
  PoolArray<Cell> units_;
};

class TokenBuckets {
 public:
  /** Buckets that hold `burst` tokens at most, and gain `perSecond`. Both from 1 to a million. */
  TokenBuckets(std::size_t count, std::uint32_t burst, std::uint32_t perSecond)
      : count_(count), burst_(burst), perSecond_(perSecond), words_(count) {
    for (std::size_t index = 0; index < count; ++index) {
      words_[index].store(pack(burst_ * kScale, 0), std::memory_order_relaxed);
    }
  }

  std::size_t count() const { return count_; }

  /**
   * Takes a token at `nowMs`, which counts from the process's start and never goes back far; answers 0,
   * or in how many milliseconds there will be one.
   */
  std::uint32_t take(std::size_t bucket, std::uint64_t nowMs) {
    auto& word = words_[bucket];
    auto before = word.load(std::memory_order_relaxed);
    for (;;) {
      const auto lastMs = before & kTimeMask;
      // Another thread may have read the clock later and come first.
      const auto passedMs = nowMs > lastMs ? nowMs - lastMs : 0;
      const auto gained = std::min<std::uint64_t>(passedMs, kFullMs) * perSecond_;
      const auto tokens = std::min<std::uint64_t>((before >> kTimeBits) + gained, burst_ * kScale);
      if (tokens < kScale) {
        return static_cast<std::uint32_t>((kScale - tokens + perSecond_ - 1) / perSecond_);
      }
      if (word.compare_exchange_weak(before, pack(tokens - kScale, lastMs + passedMs),
                                     std::memory_order_relaxed)) {
        return 0;
      }
    }
  }

 private:
  // Thousandths of a token, of which a millisecond brings `perSecond`, above 34 bits of milliseconds,
  // which are half a year.
  static constexpr std::uint64_t kScale = 1000;
  static constexpr unsigned kTimeBits = 34;
  static constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << kTimeBits) - 1;
  static constexpr std::uint64_t kFullMs = 1'000'000'000;

  static std::uint64_t pack(std::uint64_t tokens, std::uint64_t ms) {
    return (tokens << kTimeBits) | (ms & kTimeMask);
  }

  const std::size_t count_;
  const std::uint64_t burst_;
  const std::uint64_t perSecond_;
  PoolArray<std::atomic<std::uint64_t>> words_;
};

}  // namespace lagoon
