/**
 * A memory pool of size classes with a cache for each thread, so that a block freed by another thread
 * than the one that allocated it costs the same as one freed at home.
 *
 * Sources: Ghemawat, Menage, "TCMalloc: thread-caching malloc", 2007, for classes, caches and a centre;
 * Bonwick, Adams, "Magazines and vmem", USENIX 2001, for what moves between them: a thread has two
 * lists of blocks for each class, and trades a full or an empty one with the centre as a whole. Not
 * Michael's lock-free allocator: the centre is locked, for the time it takes to link one list.
 *
 * Progress: allocation and freeing are wait-free while the cache serves them, and take one short
 * spin lock for each list of blocks otherwise.
 *
 * Guaranteed: never more than `bytesMax` from the system; blocks are aligned to 16 bytes; internal
 * waste of blocks over 64 bytes is at most a third; a thread's cache holds two lists of a class at most,
 * 16 KiB each or one block, and gives all of it back when the thread ends. Not guaranteed: that memory
 * goes back to the system by itself. `trim` gives back the slabs none of whose blocks are held or
 * cached, and an allocation that meets the limit does so before it gives up.
 */
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <unordered_map>

#include "epoch.hpp"
#include "spin_lock.hpp"
#include "watched.hpp"

namespace lagoon {

class Pool {
 public:
  /** Larger blocks come from the system; commands and values are far smaller. */
  static constexpr std::size_t kBlockMax = 64 * 1024;

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

  // relaxed: a figure that orders nothing.
  void limit(std::uint64_t bytesMax) { bytesMax_.store(bytesMax, std::memory_order_relaxed); }

  /** A block of at least `bytes`, or null if the limit does not allow it. */
  LAGOON_UNWATCHED void* allocate(std::size_t bytes) {
    if (bytes > kBlockMax) return allocateLarge(bytes);
    const auto index = classOf(bytes);
    auto& cache = own();
    auto& bin = cache.bins[index];
    if (bin.loaded.first == nullptr && !refill(index, bin)) return nullptr;
    auto* block = bin.loaded.first;
    bin.loaded.first = block->next;
    --bin.loaded.count;
    show(block, bytes);
    count(cache, static_cast<std::int64_t>(bytes), static_cast<std::int64_t>(sizeOf(index)));
    return block;
  }

  /** Gives back a block; `bytes` is what it was asked with. Any thread may. */
  LAGOON_UNWATCHED void free(void* memory, std::size_t bytes) {
    if (memory == nullptr) return;
    if (bytes > kBlockMax) return freeLarge(memory, bytes);
    const auto index = classOf(bytes);
    auto& cache = own();
    auto& bin = cache.bins[index];
    if (bin.loaded.count >= listOf(index)) unload(index, bin);
    auto* block = static_cast<Block*>(memory);
    block->next = bin.loaded.first;
    bin.loaded.first = block;
    ++bin.loaded.count;
    hide(block, sizeOf(index));
    count(cache, -static_cast<std::int64_t>(bytes), -static_cast<std::int64_t>(sizeOf(index)));
  }

  static void freeRetired(void* memory, std::size_t bytes, void* pool) {
    static_cast<Pool*>(pool)->free(memory, bytes);
  }

  /** Exact while nobody allocates or frees. */
  Stats stats() const {
    std::int64_t asked = 0;
    std::int64_t used = 0;
    // relaxed: figures that order nothing. A sum may see a free before its allocation.
    for (const auto* cache = caches_.first(); cache != nullptr; cache = cache->after) {
      asked += cache->asked.load(std::memory_order_relaxed);
      used += cache->used.load(std::memory_order_relaxed);
    }
    return {static_cast<std::uint64_t>(std::max<std::int64_t>(asked, 0)),
            static_cast<std::uint64_t>(std::max<std::int64_t>(used, 0)),
            reserved_.load(std::memory_order_relaxed)};
  }

  /**
   * Gives slabs back to the system all of whose blocks lie free in the centre; answers how many bytes.
   * It sorts a class's free blocks under its lock: for the end of a burst, and for want of memory.
   */
  std::size_t trim() {
    std::size_t given = 0;
    for (std::size_t index = 0; index < kClasses; ++index) given += trimClass(index);
    return given;
  }

  /** Sixteen bytes apart at first, then four sizes for each doubling: … 128, 160, 192, 224, 256 … */
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
  // Two links fit: to the next block of a list, and from its first one to the next list.
  static constexpr std::size_t kLeast = 32;
  static constexpr std::size_t kClasses = 45;

  static constexpr std::size_t roundUp(std::size_t bytes) { return (bytes + 15) & ~std::size_t{15}; }

  struct Block {
    Block* next;
    Block* nextList;
  };
  struct List {
    Block* first = nullptr;
    std::uint32_t count = 0;
  };
  struct Bin {
    /** What is allocated from and freed to. */
    List loaded;
    /** Full or empty, so that a thread which goes back and forth at a border does not trade each time. */
    List spare;
  };
  struct alignas(kLine) Cache {
    std::array<Bin, kClasses> bins;
    // Written by the owner, summed by whoever asks. A thread's successor counts on.
    std::atomic<std::int64_t> asked{0};
    std::atomic<std::int64_t> used{0};
    std::atomic<bool> isTaken{false};
    Cache* after = nullptr;
  };
  struct alignas(kLine) Centre {
    SpinLock lock;
    /** Full lists, and blocks that are none: what ended threads left, and what `trim` kept. */
    Block* lists = nullptr;
    Block* loose = nullptr;
    // The rest of the slab that blocks are cut from.
    char* rest = nullptr;
    char* restEnd = nullptr;
  };

  /** What a class takes from the system at once: little, so that a slab is soon free again as a whole. */
  static constexpr std::size_t slabOf(std::size_t index) {
    return sizeOf(index) <= 8 * 1024 ? 64 * 1024 : 256 * 1024;
  }

  /** Blocks of a list: 16 KiB of them, between 1 and 64. */
  static constexpr std::uint32_t listOf(std::size_t index) {
    return static_cast<std::uint32_t>(std::clamp<std::size_t>(16 * 1024 / sizeOf(index), 1, 64));
  }

  bool refill(std::size_t index, Bin& bin) {
    if (bin.spare.first != nullptr) {
      std::swap(bin.loaded, bin.spare);
      return true;
    }
    if (fill(index, bin.loaded)) return true;
    // At the limit: perhaps something only waits to be freed, or other classes have slabs to spare.
    Epoch::drain();
    if (bin.loaded.first != nullptr) return true;
    return trim() > 0 && fill(index, bin.loaded);
  }

  /** A list from the centre, or blocks that make one; false if there is no memory for any. */
  LAGOON_UNWATCHED bool fill(std::size_t index, List& list) {
    auto& centre = centres_[index];
    const auto size = sizeOf(index);
    std::lock_guard lock(centre.lock);
    if (centre.lists != nullptr) {
      list = {centre.lists, listOf(index)};
      centre.lists = centre.lists->nextList;
      return true;
    }
    while (list.count < listOf(index)) {
      auto* block = centre.loose;
      if (block != nullptr) {
        centre.loose = block->next;
      } else {
        if (static_cast<std::size_t>(centre.restEnd - centre.rest) < size && !addSlab(centre, slabOf(index))) break;
        block = reinterpret_cast<Block*>(centre.rest);
        centre.rest += size;
      }
      block->next = list.first;
      list.first = block;
      ++list.count;
    }
    return list.count > 0;
  }

  /** Makes room in the loaded list, which is full. */
  LAGOON_UNWATCHED void unload(std::size_t index, Bin& bin) {
    std::swap(bin.loaded, bin.spare);
    if (bin.loaded.first == nullptr) return;
    // Both are full, or the spare one would have been traded for an empty one.
    auto& centre = centres_[index];
    std::lock_guard lock(centre.lock);
    bin.loaded.first->nextList = centre.lists;
    centre.lists = bin.loaded.first;
    bin.loaded = {};
  }

  bool addSlab(Centre& centre, std::size_t bytes) {
    if (!mayReserve(bytes)) return false;
    auto* slab = mapSlab(bytes);
    if (slab == nullptr) {
      reserved_.fetch_sub(bytes, std::memory_order_relaxed);
      return false;
    }
    // What is left of the last slab is less than a block, and stays unused.
    hide(slab, bytes);
    centre.rest = slab;
    centre.restEnd = slab + bytes;
    return true;
  }

  LAGOON_UNWATCHED std::size_t trimClass(std::size_t index) {
    auto& centre = centres_[index];
    const auto slabBytes = slabOf(index);
    const auto blocksOfSlab = static_cast<std::uint32_t>(slabBytes / sizeOf(index));
    const auto slabAt = [&](const void* block) { return startOfSlab(block, slabBytes); };
    std::lock_guard lock(centre.lock);
    std::unordered_map<std::uintptr_t, std::uint32_t> freeBySlab;
    for (auto* first = centre.lists; first != nullptr;) {
      auto* nextList = first->nextList;
      for (auto* block = first; block != nullptr;) {
        auto* next = block->next;
        block->next = centre.loose;
        centre.loose = block;
        block = next;
      }
      first = nextList;
    }
    centre.lists = nullptr;
    for (auto* block = centre.loose; block != nullptr; block = block->next) ++freeBySlab[slabAt(block)];
    // The slab that is being cut from counts as held: its rest is no block yet.
    if (centre.rest != nullptr) freeBySlab.erase(slabAt(centre.restEnd - 1));
    for (auto** link = &centre.loose; *link != nullptr;) {
      const auto found = freeBySlab.find(slabAt(*link));
      const auto isWhole = found != freeBySlab.end() && found->second == blocksOfSlab;
      if (isWhole) {
        *link = (*link)->next;
      } else {
        link = &(*link)->next;
      }
    }
    std::size_t given = 0;
    for (const auto& [slab, blocks] : freeBySlab) {
      if (blocks != blocksOfSlab) continue;
      // Whatever the system puts there next is not ours to hide.
      show(reinterpret_cast<void*>(slab), slabBytes);
      munmap(reinterpret_cast<void*>(slab), slabBytes);
      reserved_.fetch_sub(slabBytes, std::memory_order_relaxed);
      given += slabBytes;
    }
    return given;
  }

  // Slabs are aligned to their size.
  static std::uintptr_t startOfSlab(const void* block, std::size_t slabBytes) {
    return reinterpret_cast<std::uintptr_t>(block) & ~(std::uintptr_t{slabBytes} - 1);
  }

  // relaxed, like every count here: the sum is exact, and orders nothing.
  bool mayReserve(std::size_t bytes) {
    const auto before = reserved_.fetch_add(bytes, std::memory_order_relaxed);
    if (before + bytes <= bytesMax_.load(std::memory_order_relaxed)) return true;
    reserved_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }

  // From the system itself: what is unmapped is back for certain, where an allocator may keep it. Twice
  // as much is mapped, and what lies before and behind the aligned part unmapped.
  static char* mapSlab(std::size_t bytes) {
    auto* mapped = mmap(nullptr, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    auto* begin = static_cast<char*>(mapped);
    auto* slab = reinterpret_cast<char*>(startOfSlab(begin + bytes - 1, bytes));
    if (slab > begin) munmap(begin, static_cast<std::size_t>(slab - begin));
    munmap(slab + bytes, static_cast<std::size_t>(begin + bytes - slab));
    return slab;
  }

  void* allocateLarge(std::size_t bytes) {
    auto& cache = own();
    const auto whole = largeSize(bytes);
    if (!mayReserve(whole)) {
      Epoch::drain();
      trim();
      if (!mayReserve(whole)) return nullptr;
    }
    void* memory = std::aligned_alloc(kLine, whole);
    if (memory == nullptr) {
      reserved_.fetch_sub(whole, std::memory_order_relaxed);
      return nullptr;
    }
    count(cache, static_cast<std::int64_t>(bytes), static_cast<std::int64_t>(whole));
    return memory;
  }

  void freeLarge(void* memory, std::size_t bytes) {
    const auto whole = largeSize(bytes);
    std::free(memory);
    reserved_.fetch_sub(whole, std::memory_order_relaxed);
    count(own(), -static_cast<std::int64_t>(bytes), -static_cast<std::int64_t>(whole));
  }
  static constexpr std::size_t largeSize(std::size_t bytes) { return (bytes + kLine - 1) & ~(kLine - 1); }

  // A load and a store, and no locked instruction: one thread writes each cache's counts.
  static void count(Cache& cache, std::int64_t asked, std::int64_t used) {
    cache.asked.store(cache.asked.load(std::memory_order_relaxed) + asked, std::memory_order_relaxed);
    cache.used.store(cache.used.load(std::memory_order_relaxed) + used, std::memory_order_relaxed);
  }

  struct Membership {
    Cache* cache;
    Membership() : cache(shared().caches_.join()) {}
    ~Membership() { shared().leave(*cache); }
  };

  // One pool a process, so a thread has one cache.
  static Cache& own() {
    thread_local Membership membership;
    return *membership.cache;
  }

  LAGOON_UNWATCHED void leave(Cache& cache) {
    for (std::size_t index = 0; index < kClasses; ++index) {
      auto& bin = cache.bins[index];
      for (auto* list : {&bin.loaded, &bin.spare}) {
        if (list->first == nullptr) continue;
        auto* last = list->first;
        while (last->next != nullptr) last = last->next;
        auto& centre = centres_[index];
        std::lock_guard lock(centre.lock);
        last->next = centre.loose;
        centre.loose = list->first;
        *list = {};
      }
    }
    caches_.leave(cache);
  }

  Pool() = default;

  std::array<Centre, kClasses> centres_;
  Roster<Cache> caches_;
  alignas(kLine) std::atomic<std::uint64_t> reserved_{0};
  std::atomic<std::uint64_t> bytesMax_{std::uint64_t{1} << 30};
};

// Whatever takes a multiple of some power of two up to a line lies at one: sizes of classes are rounded
// less than that, and slabs are aligned.
static_assert([] {
  for (std::size_t unit = 16; unit <= kLine; unit *= 2) {
    for (std::size_t bytes = unit; bytes <= Pool::kBlockMax; bytes += unit) {
      if (Pool::sizeOf(Pool::classOf(bytes)) % unit != 0) return false;
    }
  }
  return true;
}());

/** An array in the pool, its items made by their default constructor. Throws `bad_alloc` at the limit. */
template <typename Item>
class PoolArray {
 public:
  explicit PoolArray(std::size_t count, Pool& pool = Pool::shared())
      : pool_(pool), count_(count), items_(static_cast<Item*>(pool.allocate(count * sizeof(Item)))) {
    static_assert(alignof(Item) <= kLine && sizeof(Item) % alignof(Item) == 0);
    if (items_ == nullptr) throw std::bad_alloc();
    for (std::size_t index = 0; index < count; ++index) new (items_ + index) Item();
  }
  ~PoolArray() { pool_.free(items_, count_ * sizeof(Item)); }
  PoolArray(const PoolArray&) = delete;
  PoolArray& operator=(const PoolArray&) = delete;

  Item& operator[](std::size_t index) { return items_[index]; }
  const Item& operator[](std::size_t index) const { return items_[index]; }

 private:
  Pool& pool_;
  const std::size_t count_;
  Item* const items_;
};

}  // namespace lagoon
