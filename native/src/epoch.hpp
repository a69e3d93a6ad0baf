/**
 * Epoch-based reclamation: memory that was unlinked from a shared structure is freed once no thread can
 * still be reading it.
 *
 * Source: Fraser, "Practical lock-freedom", 2004, chapter 5.2.3; the pin as in crossbeam-epoch.
 *
 * How it works: a thread pins itself before it reads and notes the global epoch it saw. The epoch
 * advances only when every pinned thread has noted the current one. What was unlinked in epoch e is
 * freed once the global epoch is e + 3.
 *
 * Why is that late enough? A pin that is visible lets the epoch advance once more at most, since the
 * next attempt finds it lagging. So while the thread that retires is pinned, in g, the epoch is g or
 * g + 1, and the tag e is one of these. Its unlinking is visible to whoever sees it unpinned; so a
 * reader that still found the memory was pinned when the epoch was g + 1 at most, and holds it at
 * g + 2 <= e + 2. Two would do if the tag could not lag behind the unlinking; three need no such proof
 * on any machine.
 *
 * Progress: pinning and unpinning are wait-free, but for a thread's first pin, which joins a list.
 * Advancing is lock-free for the structure's users: it is tried, and given up when some thread lags.
 *
 * Not guaranteed: that memory is freed at all while a thread stays pinned, for one that lost its core
 * too. A pin therefore spans one operation, which copies bytes and never calls out; what waits counts
 * against the pool's limit, and looking at it costs the same however much there is. Who has much waiting
 * gives its core to others, and slows down, for that is what one that lost its core needs. Garbage that a thread
 * leaves behind at its end is taken over by the others.
 */
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace lagoon {

/** Two cache lines: the neighbour line is prefetched with each one on current x86. */
inline constexpr std::size_t kLine = 128;

/**
 * What each thread has of its own, by list: a thread takes a record that nobody has, or adds one, and
 * gives it back at its end. Records are reused and never freed, so there are as many as there ever were
 * threads at once, and whoever walks the list needs no protection.
 */
template <typename Record>
class Roster {
 public:
  /** Throws `bad_alloc` if a record is needed and there is no memory for it. */
  Record* join() {
    for (auto* each = first(); each != nullptr; each = each->after) {
      // acquire: what the last owner did to the record comes before what we do.
      bool expected = false;
      if (!each->isTaken.load(std::memory_order_relaxed) &&
          each->isTaken.compare_exchange_strong(expected, true, std::memory_order_acquire,
                                                std::memory_order_relaxed)) {
        return each;
      }
    }
    auto* added = new Record();
    added->isTaken.store(true, std::memory_order_relaxed);
    added->after = first_.load(std::memory_order_relaxed);
    // release: the record is whole before it can be found. Nothing is ever removed, so no ABA.
    while (!first_.compare_exchange_weak(added->after, added, std::memory_order_release,
                                         std::memory_order_relaxed)) {
    }
    return added;
  }

  // release: as above, the other side.
  void leave(Record& record) { record.isTaken.store(false, std::memory_order_release); }

  /** The first record; `after` leads on. */
  Record* first() const { return first_.load(std::memory_order_acquire); }

 private:
  std::atomic<Record*> first_{nullptr};
};

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
    Record* after = nullptr;
    // Its thread's alone:
    alignas(kLine) std::uint32_t depth = 0;
    std::uint32_t retiredSince = 0;
    // In the order of their epochs, but for what was taken over from others; freed from the front.
    std::vector<Garbage> garbage;
    std::size_t freed = 0;
    std::size_t waitingBytes = 0;
  };

 public:
  /** Keeps what the calling thread reads from being freed, for its lifetime. Guards may be nested. */
  class Guard {
   public:
    Guard() : record_(own()) {
      if (record_.depth++ > 0) return;
      // An epoch that is one behind by now only holds the advance back.
      const auto epoch = global().epoch.load(std::memory_order_relaxed);
      // release: who sees this pin has seen the end of the one before.
      record_.pinned.store(epoch * 2 + 1, std::memory_order_release);
      // The pin before every read under it, which no order of the store itself would give. The fence
      // in `tryAdvance` is its counterpart: if that one came first and missed the pin, then what was
      // unlinked before it is seen to be by our reads.
      std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    ~Guard() {
      if (--record_.depth > 0) return;
      // release: all reads under the guard come before, and so does all that was unlinked under it;
      // the acquire in `tryAdvance` is its counterpart.
      record_.pinned.store(0, std::memory_order_release);
      if (record_.waitingBytes > kWaitingBytesMax) relieve(record_);
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Record& record_;
  };

  /**
   * Frees `memory` when nobody can read it any more. To be called under the guard under which it was
   * unlinked; it must not be reachable from anything that is still linked.
   */
  static void retire(void* memory, std::size_t bytes, Free free, void* owner) {
    auto& record = own();
    // relaxed: the guard holds the epoch within one of what we pinned; see above.
    const auto epoch = global().epoch.load(std::memory_order_relaxed);
    record.garbage.push_back({memory, bytes, free, owner, epoch});
    record.waitingBytes += bytes;
    if (++record.retiredSince >= kCollectEvery) collect(record);
  }

  /** Frees what can be freed now; for the end of a structure, for want of memory, and for tests. */
  static void drain() {
    auto& record = own();
    for (int step = 0; step < 4; ++step) collect(record);
  }

  /** How many of the things that this thread retired, or took over, wait to be freed. */
  static std::size_t waiting() { return own().garbage.size() - own().freed; }

 private:
  // How many are retired between two looks at the other threads: their cost is spread over these.
  static constexpr std::uint32_t kCollectEvery = 64;
  // What one thread may have waiting before it gives its core to whoever holds the epoch back: more than
  // waits while all have theirs, and little enough to leave no slabs behind that nobody needs again.
  static constexpr std::size_t kWaitingBytesMax = 256 * 1024;
  static constexpr int kReliefs = 4;
  static constexpr std::chrono::microseconds kRelief{100};

  struct Global {
    alignas(kLine) std::atomic<std::uint64_t> epoch{3};
    alignas(kLine) Roster<Record> threads;
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
    Membership() : record(global().threads.join()) {}
    ~Membership() {
      auto& all = global();
      if (record->freed < record->garbage.size()) {
        std::lock_guard lock(all.orphansLock);
        all.orphans.insert(all.orphans.end(),
                           record->garbage.begin() + static_cast<std::ptrdiff_t>(record->freed),
                           record->garbage.end());
      }
      record->garbage = {};
      record->freed = 0;
      record->waitingBytes = 0;
      record->retiredSince = 0;
      record->pinned.store(0, std::memory_order_release);
      all.threads.leave(*record);
    }
  };

  static Record& own() {
    thread_local Membership membership;
    return *membership.record;
  }

  static void tryAdvance() {
    auto& all = global();
    auto epoch = all.epoch.load(std::memory_order_relaxed);
    // What we know to be unlinked is so for every pin that the loop below does not see; see `Guard`.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    for (auto* each = all.threads.first(); each != nullptr; each = each->after) {
      // acquire: a thread that is seen unpinned, or pinned anew, has done what it did before.
      const auto pinned = each->pinned.load(std::memory_order_acquire);
      if (pinned != 0 && pinned != epoch * 2 + 1) return;
    }
    // acq_rel: whoever acts on the new epoch comes after all that was seen here. If it fails, another
    // thread advanced it, which is as good.
    all.epoch.compare_exchange_strong(epoch, epoch + 1, std::memory_order_acq_rel,
                                      std::memory_order_relaxed);
  }

  static void collect(Record& record) {
    record.retiredSince = 0;
    tryAdvance();
    adopt(record);
    // acquire: the reads of those who were pinned come before the memory is used again.
    const auto epoch = global().epoch.load(std::memory_order_acquire);
    auto& garbage = record.garbage;
    for (; record.freed < garbage.size() && garbage[record.freed].epoch + 3 <= epoch; ++record.freed) {
      const auto& item = garbage[record.freed];
      record.waitingBytes -= item.bytes;
      item.free(item.memory, item.bytes, item.owner);
    }
    // Moved up when half of it is done: once for each item, on average.
    if (record.freed * 2 < garbage.size()) return;
    garbage.erase(garbage.begin(), garbage.begin() + static_cast<std::ptrdiff_t>(record.freed));
    record.freed = 0;
  }

  // Unpinned, and under no lock: some tries, and not until it succeeds.
  static void relieve(Record& record) {
    for (int step = 0; step < kReliefs && record.waitingBytes > kWaitingBytesMax / 2; ++step) {
      collect(record);
      if (record.waitingBytes > kWaitingBytesMax) std::this_thread::yield();
    }
    if (record.waitingBytes > 4 * kWaitingBytesMax) std::this_thread::sleep_for(kRelief);
  }

  static void adopt(Record& record) {
    auto& all = global();
    std::unique_lock lock(all.orphansLock, std::try_to_lock);
    if (!lock || all.orphans.empty()) return;
    record.garbage.insert(record.garbage.end(), all.orphans.begin(), all.orphans.end());
    for (const auto& item : all.orphans) record.waitingBytes += item.bytes;
    all.orphans.clear();
  }
};

}  // namespace lagoon
