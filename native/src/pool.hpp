/**
 * A memory pool of size classes with a cache for each thread, so that a block freed by another thread
 * than the one that allocated it costs the same as one freed at home.
 *
 * Source: Ghemawat, Menage, "TCMalloc: thread-caching malloc", 2007; batches move between a thread's
 * cache and the centre, as there. Not Michael's lock-free allocator: the centre is locked, once for a
 * batch, for the time it takes to link one.
 *
 * Progress: allocation and freeing are wait-free while the cache serves them, and take one short
 * spin lock for each batch otherwise.
 *
 * Guaranteed: never more than `bytesMax` from the system; blocks are aligned to 16 bytes; internal
 * waste is at most a third of a block. Not guaranteed: that memory goes back to the system before the
 * process ends; a class keeps the slabs it was given.
 */
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>

#include "epoch.hpp"

namespace lagoon {

/** Held for a few instructions at a time; a futex would sleep, which costs more than all of them. */
class SpinLock {
 public:
  void lock() {
    while (isHeld_.exchange(true, std::memory_order_acquire)) {
      while (isHeld_.load(std::memory_order_relaxed)) pause();
    }
  }
  bool try_lock() { return !isHeld_.exchange(true, std::memory_order_acquire); }
  void unlock() { isHeld_.store(false, std::memory_order_release); }

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

 private:
  std::atomic<bool> isHeld_{false};
};

class Pool {
 public:
  /** Larger blocks come from the system; commands and values are far smaller. */
  static constexpr std::size_t kBlockMax = 64 * 1024;
  static constexpr std::size_t kSlabBytes = 256 * 1024;

  struct Stats {
    /** What callers asked for and hold. */
    std::uint64_t askedBytes;
    /** The blocks that they hold, whole. */
    std::uint64_t usedBytes;
    /** What was taken from the system. */
    std::uint64_t reservedBytes;
  };

  /** The pool that all structures of the process share. Never destroyed, like the epochs. */
  static Pool& shared() {
    static Pool& instance = *new Pool();
    return instance;
  }

  void limit(std::uint64_t bytesMax) { bytesMax_.store(bytesMax, std::memory_order_relaxed); }

  /** A block of at least `bytes`, or null if the limit does not allow it. */
  void* allocate(std::size_t bytes) {
    if (bytes > kBlockMax) return allocateLarge(bytes);
    const auto index = classOf(bytes);
    auto& cache = own();
    auto& bin = cache.bins[index];
    if (bin.first == nullptr && !refill(index, bin)) return nullptr;
    auto* block = bin.first;
    bin.first = block->next;
    --bin.count;
    count(cache, static_cast<std::int64_t>(bytes), static_cast<std::int64_t>(sizeOf(index)));
    return block;
  }

  /** Gives back a block; `bytes` is what it was asked with. Any thread may. */
  void free(void* memory, std::size_t bytes) {
    if (bytes > kBlockMax) return freeLarge(memory, bytes);
    const auto index = classOf(bytes);
    auto& cache = own();
    auto& bin = cache.bins[index];
    auto* block = static_cast<Block*>(memory);
    block->next = bin.first;
    bin.first = block;
    ++bin.count;
    count(cache, -static_cast<std::int64_t>(bytes), -static_cast<std::int64_t>(sizeOf(index)));
    if (bin.count >= 2 * batchOf(index)) giveBack(index, bin);
  }

  static void freeRetired(void* memory, std::size_t bytes, void* pool) {
    static_cast<Pool*>(pool)->free(memory, bytes);
  }

  Stats stats() const {
    std::int64_t asked = askedLeft_.load(std::memory_order_relaxed);
    std::int64_t used = usedLeft_.load(std::memory_order_relaxed);
    for (const auto& cache : caches_) {
      asked += cache.asked.load(std::memory_order_relaxed);
      used += cache.used.load(std::memory_order_relaxed);
    }
    return {static_cast<std::uint64_t>(asked), static_cast<std::uint64_t>(used),
            reserved_.load(std::memory_order_relaxed)};
  }

  /** Four sizes for each doubling: 32, 40, 48, 56, 64, 80 … The least holds a link and a line's half. */
  static constexpr std::size_t classOf(std::size_t bytes) {
    if (bytes <= kLeast) return 0;
    const auto log = std::bit_width(bytes - 1) - 1;
    const auto quarter = (bytes - 1) >> (log - 2);
    return (static_cast<std::size_t>(log) - 5) * 4 + (quarter - 4) + 1;
  }
  static constexpr std::size_t sizeOf(std::size_t index) {
    if (index == 0) return kLeast;
    const auto log = (index - 1) / 4 + 5;
    const auto quarter = (index - 1) % 4 + 5;
    return roundUp(quarter << (log - 2));
  }

 private:
  static constexpr std::size_t kLeast = 32;
  static constexpr std::size_t kClasses = 45;

  static constexpr std::size_t roundUp(std::size_t bytes) { return (bytes + 15) & ~std::size_t{15}; }

  struct Block {
    Block* next;
  };
  struct Bin {
    Block* first = nullptr;
    std::uint32_t count = 0;
  };
  struct alignas(kLine) Cache {
    std::array<Bin, kClasses> bins;
    // Written by the owner, summed by whoever asks: relaxed, because they order nothing.
    std::atomic<std::int64_t> asked{0};
    std::atomic<std::int64_t> used{0};
    std::atomic<bool> isTaken{false};
  };
  struct alignas(kLine) Centre {
    SpinLock lock;
    Block* first = nullptr;
    std::uint64_t count = 0;
    // The rest of the slab that blocks are cut from.
    char* rest = nullptr;
    char* restEnd = nullptr;
  };

  /** Blocks that move at once: 16 KiB of them, between 2 and 64. */
  static constexpr std::uint32_t batchOf(std::size_t index) {
    const auto fitting = 16 * 1024 / sizeOf(index);
    return static_cast<std::uint32_t>(fitting < 2 ? 2 : fitting > 64 ? 64 : fitting);
  }

  bool refill(std::size_t index, Bin& bin) {
    auto& centre = centres_[index];
    const auto size = sizeOf(index);
    const auto wanted = batchOf(index);
    std::lock_guard lock(centre.lock);
    while (bin.count < wanted) {
      Block* block = centre.first;
      if (block != nullptr) {
        centre.first = block->next;
        --centre.count;
      } else {
        if (static_cast<std::size_t>(centre.restEnd - centre.rest) < size && !addSlab(centre)) break;
        block = reinterpret_cast<Block*>(centre.rest);
        centre.rest += size;
      }
      block->next = bin.first;
      bin.first = block;
      ++bin.count;
    }
    return bin.count > 0;
  }

  void giveBack(std::size_t index, Bin& bin) {
    const auto batch = batchOf(index);
    auto* last = bin.first;
    for (std::uint32_t step = 1; step < batch; ++step) last = last->next;
    auto* first = bin.first;
    bin.first = last->next;
    bin.count -= batch;
    auto& centre = centres_[index];
    std::lock_guard lock(centre.lock);
    last->next = centre.first;
    centre.first = first;
    centre.count += batch;
  }

  bool addSlab(Centre& centre) {
    auto* slab = static_cast<char*>(reserve(kSlabBytes));
    if (slab == nullptr) return false;
    // What is left of the last slab is less than a block, and stays unused.
    centre.rest = slab;
    centre.restEnd = slab + kSlabBytes;
    return true;
  }

  void* reserve(std::size_t bytes) {
    const auto before = reserved_.fetch_add(bytes, std::memory_order_relaxed);
    void* memory = before + bytes <= bytesMax_.load(std::memory_order_relaxed)
                       ? std::aligned_alloc(64, (bytes + 63) & ~std::size_t{63})
                       : nullptr;
    if (memory == nullptr) reserved_.fetch_sub(bytes, std::memory_order_relaxed);
    return memory;
  }

  void* allocateLarge(std::size_t bytes) {
    void* memory = reserve(bytes);
    if (memory != nullptr) {
      const auto size = static_cast<std::int64_t>(bytes);
      count(own(), size, size);
    }
    return memory;
  }

  void freeLarge(void* memory, std::size_t bytes) {
    std::free(memory);
    reserved_.fetch_sub(bytes, std::memory_order_relaxed);
    const auto size = static_cast<std::int64_t>(bytes);
    count(own(), -size, -size);
  }

  // A load and a store, and no locked instruction: one thread writes each cache's counts.
  static void count(Cache& cache, std::int64_t asked, std::int64_t used) {
    cache.asked.store(cache.asked.load(std::memory_order_relaxed) + asked, std::memory_order_relaxed);
    cache.used.store(cache.used.load(std::memory_order_relaxed) + used, std::memory_order_relaxed);
  }

  struct Membership {
    Cache* cache;
    explicit Membership(Pool& pool) : cache(pool.claim()) {}
    ~Membership() { shared().leave(*cache); }
  };

  // One pool a process, so a thread has one cache; a bin's last block always ends in null.
  Cache& own() {
    thread_local Membership membership(*this);
    return *membership.cache;
  }

  Cache* claim() {
    for (;;) {
      for (auto& cache : caches_) {
        bool expected = false;
        if (cache.isTaken.compare_exchange_strong(expected, true, std::memory_order_acquire)) {
          return &cache;
        }
      }
    }
  }

  void leave(Cache& cache) {
    for (std::size_t index = 0; index < kClasses; ++index) {
      auto& bin = cache.bins[index];
      if (bin.first == nullptr) continue;
      auto* last = bin.first;
      while (last->next != nullptr) last = last->next;
      auto& centre = centres_[index];
      std::lock_guard lock(centre.lock);
      last->next = centre.first;
      centre.first = bin.first;
      centre.count += bin.count;
      bin = {};
    }
    askedLeft_.fetch_add(cache.asked.exchange(0), std::memory_order_relaxed);
    usedLeft_.fetch_add(cache.used.exchange(0), std::memory_order_relaxed);
    cache.isTaken.store(false, std::memory_order_release);
  }

  Pool() = default;

  std::array<Centre, kClasses> centres_;
  std::array<Cache, Epoch::kThreadsMax> caches_;
  alignas(kLine) std::atomic<std::uint64_t> reserved_{0};
  std::atomic<std::uint64_t> bytesMax_{std::uint64_t{1} << 30};
  // Of threads that ended.
  std::atomic<std::int64_t> askedLeft_{0};
  std::atomic<std::int64_t> usedLeft_{0};
};

}  // namespace lagoon
