/**
 * Epoch-based reclamation: memory that was unlinked from a shared structure is freed once no thread can
 * still be reading it.
 *
 * Source: Fraser, "Practical lock-freedom", 2004, chapter 5.2.3; the pin as in crossbeam-epoch.
 *
 * How it works: a thread pins itself before it reads and notes the global epoch it saw. The epoch
 * advances only when every pinned thread has noted the current one. What was unlinked in epoch e may
 * be read by threads pinned in e or e - 1 only; once the global epoch is e + 3 there are none.
 *
 * Progress: pinning and unpinning are wait-free. Advancing is lock-free for the structure's users: it
 * is tried, and given up when some thread lags.
 *
 * Not guaranteed: that memory is freed at all while a thread stays pinned. A pin therefore spans one
 * operation, which copies bytes and never calls out. Garbage a thread leaves behind at its end is
 * taken over by the others.
 */
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace lagoon {

/** Two cache lines: the neighbour line is prefetched with each one on current x86. */
inline constexpr std::size_t kLine = 128;

class Epoch {
 public:
  using Free = void (*)(void* memory, std::size_t bytes, void* owner);

 private:
  struct Garbage {
    void* memory;
    std::size_t bytes;
    Free free;
    void* owner;
    std::uint64_t epoch;
  };

  struct Record {
    /** 0, or twice the epoch that its thread saw when it pinned itself, plus one. */
    alignas(kLine) std::atomic<std::uint64_t> pinned{0};
    std::atomic<bool> isTaken{false};
    // Its thread's alone:
    alignas(kLine) std::uint32_t depth = 0;
    std::uint32_t retiredSince = 0;
    std::vector<Garbage> garbage;
  };

 public:

  /** Threads that may be registered at once; a slot is given back when its thread ends. */
  static constexpr std::size_t kThreadsMax = 256;

  /** Keeps what the calling thread reads from being freed, for its lifetime. Guards may be nested. */
  class Guard {
   public:
    Guard() : record_(own()) {
      if (record_.depth++ > 0) return;
      const auto epoch = global().epoch.load(std::memory_order_relaxed);
      // seq_cst: the pin must be visible before any pointer is read, which release cannot order.
      // An epoch that is one behind by now only holds the advance back.
      record_.pinned.store(epoch * 2 + 1, std::memory_order_seq_cst);
    }
    ~Guard() {
      if (--record_.depth > 0) return;
      // release: all reads under the guard come before; acquire in `tryAdvance` is its counterpart.
      record_.pinned.store(0, std::memory_order_release);
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Record& record_;
  };

  /**
   * Frees `memory` when nobody can read it any more. To be called after it was unlinked; what is
   * unlinked must not be reachable from anything that is still linked.
   */
  static void retire(void* memory, std::size_t bytes, Free free, void* owner) {
    auto& record = own();
    // seq_cst: not before the unlinking in the single total order, so the tag is never too early.
    const auto epoch = global().epoch.load(std::memory_order_seq_cst);
    record.garbage.push_back({memory, bytes, free, owner, epoch});
    if (++record.retiredSince >= kCollectEvery) collect(record);
  }

  /** Frees what can be freed now; for the end of a structure and for tests. */
  static void drain() {
    auto& record = own();
    for (int step = 0; step < 4; ++step) collect(record);
  }

  /** Waits, by trying, until all that this thread retired before is freed or some thread is pinned. */
  static std::size_t waiting() { return own().garbage.size(); }

 private:
  // How many are retired between two looks at the other threads: their cost is spread over these.
  static constexpr std::uint32_t kCollectEvery = 64;

  struct Global {
    alignas(kLine) std::atomic<std::uint64_t> epoch{3};
    alignas(kLine) std::atomic<std::size_t> used{0};
    Record records[kThreadsMax];
    std::mutex orphansLock;
    std::vector<Garbage> orphans;
  };

  // Never destroyed: threads may outlive every static of the module, which is linked to stay.
  static Global& global() {
    static Global& instance = *new Global();
    return instance;
  }

  struct Membership {
    Record* record;
    Membership() : record(claim()) {}
    ~Membership() {
      auto& all = global();
      {
        std::lock_guard lock(all.orphansLock);
        all.orphans.insert(all.orphans.end(), record->garbage.begin(), record->garbage.end());
      }
      record->garbage.clear();
      record->garbage.shrink_to_fit();
      record->retiredSince = 0;
      record->pinned.store(0, std::memory_order_release);
      record->isTaken.store(false, std::memory_order_release);
    }
  };

  static Record& own() {
    thread_local Membership membership;
    return *membership.record;
  }

  static Record* claim() {
    auto& all = global();
    for (;;) {
      for (std::size_t index = 0; index < kThreadsMax; ++index) {
        bool expected = false;
        if (!all.records[index].isTaken.compare_exchange_strong(expected, true)) continue;
        // So that an advance looks at no more records than were ever in use.
        auto used = all.used.load();
        while (used <= index && !all.used.compare_exchange_weak(used, index + 1)) {
        }
        return &all.records[index];
      }
      // More threads than slots: wait for one to end. Node starts far fewer.
    }
  }

  static bool tryAdvance() {
    auto& all = global();
    auto epoch = all.epoch.load(std::memory_order_seq_cst);
    const auto used = all.used.load(std::memory_order_acquire);
    for (std::size_t index = 0; index < used; ++index) {
      const auto pinned = all.records[index].pinned.load(std::memory_order_seq_cst);
      if (pinned != 0 && pinned != epoch * 2 + 1) return false;
    }
    return all.epoch.compare_exchange_strong(epoch, epoch + 1, std::memory_order_seq_cst);
  }

  static void collect(Record& record) {
    record.retiredSince = 0;
    tryAdvance();
    adopt(record);
    const auto epoch = global().epoch.load(std::memory_order_acquire);
    std::size_t kept = 0;
    for (std::size_t index = 0; index < record.garbage.size(); ++index) {
      auto& item = record.garbage[index];
      if (item.epoch + 3 <= epoch) {
        item.free(item.memory, item.bytes, item.owner);
      } else {
        record.garbage[kept++] = item;
      }
    }
    record.garbage.resize(kept);
  }

  static void adopt(Record& record) {
    auto& all = global();
    std::unique_lock lock(all.orphansLock, std::try_to_lock);
    if (!lock || all.orphans.empty()) return;
    record.garbage.insert(record.garbage.end(), all.orphans.begin(), all.orphans.end());
    all.orphans.clear();
  }
};

}  // namespace lagoon
