/**
 * A concurrent hash map of byte keys to byte values: the read model's hot side, read by every worker.
 *
 * How it works: open addressing over words that each hold a pointer to an entry and sixteen bits of
 * its hash. An entry never changes: an update makes another one and puts it in the place of the first
 * with one store, so a reader sees the old value or the new one, whole, and never finds nothing. (A map
 * that updates by removing and inserting shows readers a hole: a shop would say "product not found".)
 * Replaced entries are retired to epochs.
 *
 * Writers of one key take turns by one of 64 spin locks; writers of different keys claim free words by
 * compare-and-swap. To grow, a writer takes all 64, copies the words into a table twice as large and
 * publishes it; readers that still hold the old table read what it held when it was replaced.
 *
 * Progress: reads are lock-free and write nothing but the pin of their epoch. Writers block each other
 * briefly, and all of them while the table grows; `expected` spares a map that.
 *
 * Guaranteed: reads, inserts, updates and removals are linearizable; a live key is never missed; a read
 * copies once. Not guaranteed: a consistent view of several keys; a scan shows every key that was there
 * from its beginning to its end at least once, and may show one twice if the table grew meanwhile, since
 * it then begins anew.
 *
 * Sources: Click, "A lock-free hash table", 2007, for immutable entries behind one word each; the
 * epochs in `epoch.hpp`.
 */
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <optional>
#include <random>

#include "epoch.hpp"
#include "pool.hpp"

namespace lagoon {

class HashMap {
 public:
  static constexpr std::size_t kKeyBytesMax = 1024;
  static constexpr std::size_t kValueBytesMax = 1024 * 1024;

  /** Throws `bad_alloc` if the pool has no room for a table that holds `expected` entries. */
  explicit HashMap(std::size_t expected = 0, Pool& pool = Pool::shared())
      : pool_(pool), seed_(randomSeed()) {
    auto* table = Table::make(pool_, capacityFor(expected), 1);
    if (table == nullptr) throw std::bad_alloc();
    // relaxed: nobody else has the map yet.
    table_.store(table, std::memory_order_relaxed);
  }
  ~HashMap() {
    // Nobody else has it any more.
    auto* table = table_.load();
    for (std::size_t index = 0; index <= table->mask; ++index) {
      const auto word = table->words[index].load();
      if (isEntry(word)) freeEntry(entryOf(word));
    }
    Table::free(table, sizeof(Table), &pool_);
  }
  HashMap(const HashMap&) = delete;
  HashMap& operator=(const HashMap&) = delete;

  enum class Read : std::uint8_t { yes, missing, tooLong };

  /** Copies the key's value into `target`; `length` is the value's, also if it is too long to copy. */
  Read get(const void* key, std::size_t keyLength, unsigned char* target, std::size_t bytesMax,
           std::size_t& length) const {
    const auto hash = hashOf(key, keyLength);
    Epoch::Guard guard;
    // acquire: the table's words are there before its pointer.
    const auto* table = table_.load(std::memory_order_acquire);
    const auto* entry = find(*table, hash, key, keyLength);
    if (entry == nullptr) return Read::missing;
    length = entry->valueLength;
    if (length > bytesMax) return Read::tooLong;
    std::memcpy(target, entry->value(), length);
    return Read::yes;
  }

  enum class Written : std::uint8_t { inserted, updated, noMemory };

  /** `noMemory` if the pool is at its limit, for the entry or for a larger table; then nothing changed. */
  Written set(const void* key, std::size_t keyLength, const void* value, std::size_t valueLength) {
    auto* entry = make(key, keyLength, value, valueLength);
    if (entry == nullptr) return Written::noMemory;
    // Of our copy, which nobody changes: the caller's bytes may be shared with a thread that does, and a
    // key that is not in its own place would be written under another one's lock.
    const auto hash = hashOf(entry->key(), keyLength);
    Epoch::Guard guard;
    for (;;) {
      {
        std::lock_guard lock(lockOf(hash));
        // acquire, as in `get`.
        auto* table = table_.load(std::memory_order_acquire);
        // The key's word, or a free one: `place` fails only if the table is too full to take another.
        if (const auto placed = place(*table, hash, entry)) return *placed;
      }
      if (grow()) continue;
      freeEntry(entry);
      return Written::noMemory;
    }
  }

  /** Whether the key was there. Nobody may change its bytes meanwhile. */
  bool remove(const void* key, std::size_t keyLength) {
    const auto hash = hashOf(key, keyLength);
    Epoch::Guard guard;
    std::lock_guard lock(lockOf(hash));
    auto* table = table_.load(std::memory_order_acquire);
    for (std::size_t step = 0; step <= table->mask; ++step) {
      auto& slot = table->words[(hash + step) & table->mask];
      const auto word = slot.load(std::memory_order_acquire);
      if (word == kFree) return false;
      if (!matches(word, hash, key, keyLength)) continue;
      // release: whoever takes the word for another key has seen us leave it.
      slot.store(kRemoved, std::memory_order_release);
      count(-1, -entryOf(word)->size());
      retire(entryOf(word));
      return true;
    }
    return false;
  }

  // relaxed, both: figures that order nothing.
  std::size_t size() const { return static_cast<std::size_t>(size_.load(std::memory_order_relaxed)); }
  /** What keys and values hold, without the table. */
  std::size_t bytes() const {
    return static_cast<std::size_t>(bytes_.load(std::memory_order_relaxed));
  }

  /** Where a scan stands. A scan begins with zeros, and is over when `index` is past the table. */
  struct Cursor {
    std::uint64_t generation = 0;
    std::uint64_t index = 0;
  };

  /**
   * Calls `visit(key, keyLength, value, valueLength)` for entries from the cursor on, until it answers
   * false for one, which is then the first of the next call. Answers whether the scan is over.
   */
  template <typename Visit>
  bool scan(Cursor& cursor, Visit visit) const {
    Epoch::Guard guard;
    const auto* table = table_.load(std::memory_order_acquire);
    // Another table has other places: begin anew, rather than miss one.
    if (cursor.generation != table->generation) cursor = {table->generation, 0};
    for (; cursor.index <= table->mask; ++cursor.index) {
      const auto word = table->words[cursor.index].load(std::memory_order_acquire);
      if (!isEntry(word)) continue;
      const auto* entry = entryOf(word);
      if (!visit(entry->key(), entry->keyLength, entry->value(), entry->valueLength)) return false;
    }
    return true;
  }

 private:
  struct Entry {
    std::uint32_t keyLength;
    std::uint32_t valueLength;
    unsigned char* key() { return reinterpret_cast<unsigned char*>(this + 1); }
    const unsigned char* key() const { return reinterpret_cast<const unsigned char*>(this + 1); }
    unsigned char* value() { return key() + keyLength; }
    const unsigned char* value() const { return key() + keyLength; }
    std::int64_t size() const { return std::int64_t{sizeof(Entry)} + keyLength + valueLength; }
  };

  struct Table {
    const std::size_t mask;
    const std::uint64_t generation;
    PoolArray<std::atomic<std::uint64_t>> words;
    /** Words that are not free, removed ones among them: what a search has to pass. */
    alignas(kLine) std::atomic<std::size_t> taken{0};
    Table(std::size_t capacity, std::uint64_t number, Pool& pool)
        : mask(capacity - 1), generation(number), words(capacity, pool) {}

    /** Null if the pool has no room for it. */
    static Table* make(Pool& pool, std::size_t capacity, std::uint64_t number) {
      void* memory = pool.allocate(sizeof(Table));
      if (memory == nullptr) return nullptr;
      try {
        return new (memory) Table(capacity, number, pool);
      } catch (const std::bad_alloc&) {
        pool.free(memory, sizeof(Table));
        return nullptr;
      }
    }
    static void free(void* table, std::size_t bytes, void* pool) {
      static_cast<Table*>(table)->~Table();
      static_cast<Pool*>(pool)->free(table, bytes);
    }

    // relaxed: a bound that several writers may pass by one each.
    bool isCrowded(std::size_t more) const {
      return (taken.load(std::memory_order_relaxed) + more) * 8 > (mask + 1) * 5;
    }
  };

  /** Between a fifth and two fifths full, so that as many again fit before the next table. */
  static constexpr std::size_t capacityFor(std::size_t entries) {
    return std::bit_ceil(entries < 26 ? std::size_t{64} : entries * 5 / 2);
  }

  // A word: free, removed, or sixteen bits of hash above a pointer of 48.
  static constexpr std::uint64_t kFree = 0;
  static constexpr std::uint64_t kRemoved = 1;
  static constexpr std::uint64_t kPointer = (std::uint64_t{1} << 48) - 1;

  static bool isEntry(std::uint64_t word) { return word > kRemoved; }
  static Entry* entryOf(std::uint64_t word) { return reinterpret_cast<Entry*>(word & kPointer); }
  static std::uint64_t wordOf(Entry* entry, std::uint64_t hash) {
    return (hash & ~kPointer) | reinterpret_cast<std::uint64_t>(entry);
  }

  static bool matches(std::uint64_t word, std::uint64_t hash, const void* key,
                      std::size_t keyLength) {
    if (!isEntry(word) || ((word ^ hash) & ~kPointer) != 0) return false;
    const auto* entry = entryOf(word);
    return entry->keyLength == keyLength && std::memcmp(entry->key(), key, keyLength) == 0;
  }

  static const Entry* find(const Table& table, std::uint64_t hash, const void* key,
                           std::size_t keyLength) {
    for (std::size_t step = 0; step <= table.mask; ++step) {
      // acquire: the entry's bytes are there before its word.
      const auto word = table.words[(hash + step) & table.mask].load(std::memory_order_acquire);
      if (word == kFree) return nullptr;
      if (matches(word, hash, key, keyLength)) return entryOf(word);
    }
    return nullptr;
  }

  /** Puts `entry` into its key's word or into a free one; nothing if there is no room. Under the lock. */
  std::optional<Written> place(Table& table, std::uint64_t hash, Entry* entry);

  /** Whether there is room now. */
  bool grow() {
    AllLocks locks(locks_);
    // relaxed, all of this: the locks order us after every writer.
    auto* old = table_.load(std::memory_order_relaxed);
    // Another writer may have been quicker.
    if (!old->isCrowded(1)) return true;
    // By what lives: many removed words and few live ones need a clean table and not a larger one.
    const auto live = static_cast<std::size_t>(size_.load(std::memory_order_relaxed));
    auto* table = Table::make(pool_, capacityFor(live + 1), old->generation + 1);
    if (table == nullptr) return false;
    std::size_t taken = 0;
    for (std::size_t index = 0; index <= old->mask; ++index) {
      const auto word = old->words[index].load(std::memory_order_relaxed);
      if (!isEntry(word)) continue;
      const auto* entry = entryOf(word);
      auto at = hashOf(entry->key(), entry->keyLength);
      while (table->words[at & table->mask].load(std::memory_order_relaxed) != kFree) ++at;
      table->words[at & table->mask].store(word, std::memory_order_relaxed);
      ++taken;
    }
    table->taken.store(taken, std::memory_order_relaxed);
    // release: the words before their table.
    table_.store(table, std::memory_order_release);
    Epoch::retire(old, sizeof(Table), &Table::free, &pool_);
    return true;
  }

  Entry* make(const void* key, std::size_t keyLength, const void* value, std::size_t valueLength) {
    void* memory = pool_.allocate(sizeof(Entry) + keyLength + valueLength);
    if (memory == nullptr) return nullptr;
    // The upper sixteen bits of a word are the hash's. Systems hand out higher addresses to who asks.
    if ((reinterpret_cast<std::uint64_t>(memory) & ~kPointer) != 0) std::abort();
    auto* entry = new (memory) Entry{static_cast<std::uint32_t>(keyLength),
                                     static_cast<std::uint32_t>(valueLength)};
    if (keyLength > 0) std::memcpy(entry->key(), key, keyLength);
    if (valueLength > 0) std::memcpy(entry->value(), value, valueLength);
    return entry;
  }

  // relaxed: figures that order nothing. An update to a value as long touches neither.
  void count(std::int64_t entries, std::int64_t bytes) {
    if (entries != 0) size_.fetch_add(entries, std::memory_order_relaxed);
    if (bytes != 0) bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }

  void retire(Entry* entry) {
    Epoch::retire(entry, static_cast<std::size_t>(entry->size()), &Pool::freeRetired, &pool_);
  }
  void freeEntry(Entry* entry) { pool_.free(entry, static_cast<std::size_t>(entry->size())); }

  SpinLock& lockOf(std::uint64_t hash) { return locks_[(hash >> 32) & (kLocks - 1)]; }

  // A multiply and a shift for each eight bytes, as in wyhash's family; seeded, so that nobody who
  // chooses keys can choose their places.
  std::uint64_t hashOf(const void* key, std::size_t length) const {
    const auto* bytes = static_cast<const unsigned char*>(key);
    auto hash = seed_ ^ (length * 0x9e3779b97f4a7c15U);
    for (; length >= 8; bytes += 8, length -= 8) {
      std::uint64_t part;
      std::memcpy(&part, bytes, 8);
      hash = mix(hash ^ part, 0xa0761d6478bd642fU);
    }
    std::uint64_t rest = 0;
    std::memcpy(&rest, bytes, length);
    hash = mix(hash ^ rest, 0xe7037ed1a0b428dbU);
    return mix(hash, 0x8ebc6af09c88c6e3U);
  }
  static std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  static std::uint64_t randomSeed() {
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32) ^ device();
  }

  static constexpr std::size_t kLocks = 64;
  using Locks = std::array<SpinLock, kLocks>;

  /** Taken in one order, so that two who grow do not wait for each other. */
  class AllLocks {
   public:
    explicit AllLocks(Locks& locks) : locks_(locks) {
      for (auto& lock : locks_) lock.lock();
    }
    ~AllLocks() {
      for (auto& lock : locks_) lock.unlock();
    }
    AllLocks(const AllLocks&) = delete;
    AllLocks& operator=(const AllLocks&) = delete;

   private:
    Locks& locks_;
  };

  Pool& pool_;
  const std::uint64_t seed_;
  alignas(kLine) std::atomic<Table*> table_;
  alignas(kLine) Locks locks_;
  alignas(kLine) std::atomic<std::int64_t> size_{0};
  std::atomic<std::int64_t> bytes_{0};
};

inline std::optional<HashMap::Written> HashMap::place(Table& table, std::uint64_t hash,
                                                      Entry* entry) {
  const auto word = wordOf(entry, hash);
  std::atomic<std::uint64_t>* removed = nullptr;
  for (std::size_t step = 0; step <= table.mask; ++step) {
    auto& slot = table.words[(hash + step) & table.mask];
    // acquire: the entry's bytes are there before its word.
    auto found = slot.load(std::memory_order_acquire);
    if (matches(found, hash, entry->key(), entry->keyLength)) {
      // release: the entry's bytes before its word. One store: no reader finds the key missing.
      slot.store(word, std::memory_order_release);
      count(0, entry->size() - entryOf(found)->size());
      retire(entryOf(found));
      return Written::updated;
    }
    if (found == kRemoved && removed == nullptr) removed = &slot;
    if (found != kFree) continue;
    // The key is not there: nobody else writes it while we hold its lock. Other keys may take words.
    // release in both exchanges: as above. relaxed where they fail: we look again.
    if (removed != nullptr) {
      auto expected = kRemoved;
      if (removed->compare_exchange_strong(expected, word, std::memory_order_release,
                                           std::memory_order_relaxed)) {
        count(1, entry->size());
        return Written::inserted;
      }
      removed = nullptr;
    }
    if (table.isCrowded(1)) return std::nullopt;
    if (slot.compare_exchange_strong(found, word, std::memory_order_release,
                                     std::memory_order_relaxed)) {
      table.taken.fetch_add(1, std::memory_order_relaxed);
      count(1, entry->size());
      return Written::inserted;
    }
    // Another key took this word meanwhile: look at it again.
    --step;
  }
  return std::nullopt;
}

}  // namespace lagoon
