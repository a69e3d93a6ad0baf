/**
 * The command queue: bounded, any number of producers and consumers, no allocation for what fits a slot.
 *
 * Source: Vyukov, "Bounded MPMC queue", 2010; tickets and turns a slot as in folly's MPMCQueue and
 * rigtorp's.
 *
 * How it works: a ticket names a slot and a turn of it. A producer that finds its slot's turn even and
 * its own takes the ticket by compare-and-swap, copies into the slot and makes the turn odd; the
 * consumer with the same ticket waits for that, copies out and makes the turn even again, one lap
 * later. Who has no ticket touches no slot, so copying needs no lock.
 *
 * Progress: lock-free for those without a ticket. A thread that stops between taking a ticket and
 * turning the slot holds up whoever comes to that slot next, so nothing but a copy happens there.
 *
 * Guaranteed: what one producer pushes is popped in that order; nothing is lost or doubled; pushes and
 * pops that succeed are linearizable; "full" and "empty" are told at once and never waited for. Not
 * guaranteed: an order between producers; that "full" and "empty" are linearizable. A thread that was
 * stopped between its ticket and its turn makes the queue look empty to who comes next, though a later
 * push has ended, or full, though a later pop has. Whoever is told so tries again, or is rung for.
 */
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pool.hpp"

namespace lagoon {

enum class Pushed : std::uint8_t { yes, full, noMemory };

class Queue {
 public:
  static constexpr std::size_t kSlotBytes = 256;
  /** What a slot holds itself; longer items lie in the pool and their slot points there. */
  static constexpr std::size_t kInlineBytes = 240;

  /** `capacity` is rounded up to a power of two, two at least. Throws `bad_alloc` at the pool's limit. */
  explicit Queue(std::size_t capacity, Pool& pool = Pool::shared())
      : mask_(std::bit_ceil(capacity < 2 ? 2 : capacity) - 1),
        shift_(static_cast<unsigned>(std::bit_width(mask_))),
        slots_(mask_ + 1, pool),
        pool_(pool) {}

  ~Queue() {
    unsigned char rest[1];
    while (popInto(rest, 0, nullptr, 0, true) != 0) {
    }
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  std::size_t capacity() const { return mask_ + 1; }

  /** How many items there are, about: exact while nobody pushes or pops. */
  std::size_t size() const {
    const auto tail = tail_.load(std::memory_order_relaxed);
    const auto head = head_.load(std::memory_order_relaxed);
    return head > tail ? static_cast<std::size_t>(head - tail) : 0;
  }

  Pushed push(const void* bytes, std::size_t length) {
    void* block = nullptr;
    if (length > kInlineBytes) {
      block = pool_.allocate(length);
      if (block == nullptr) return Pushed::noMemory;
      std::memcpy(block, bytes, length);
    }
    // acquire, here and below: a ticket that is read late costs a round, one from the past a retry.
    auto head = head_.load(std::memory_order_acquire);
    for (;;) {
      auto& slot = slots_[head & mask_];
      const auto turn = (head >> shift_) * 2;
      // acquire: the consumer of the last lap has copied out before we copy in.
      if (slot.turn.load(std::memory_order_acquire) == turn) {
        // relaxed: the ticket orders nothing; the slot's turn does.
        if (!head_.compare_exchange_weak(head, head + 1, std::memory_order_relaxed)) continue;
        slot.length.store(static_cast<std::uint32_t>(length), std::memory_order_relaxed);
        if (block == nullptr) {
          std::memcpy(slot.bytes, bytes, length);
        } else {
          std::memcpy(slot.bytes, &block, sizeof block);
        }
        // release: the bytes are there before the turn says so.
        slot.turn.store(turn + 1, std::memory_order_release);
        return Pushed::yes;
      }
      const auto before = head;
      head = head_.load(std::memory_order_acquire);
      if (head != before) continue;
      if (block != nullptr) pool_.free(block, length);
      return Pushed::full;
    }
  }

  /**
   * Pops up to `itemsMax` items into `target`, one after the other, and their lengths into `lengths`.
   * Answers how many. It stops before an item that does not fit; `nextLength` tells how long that is.
   */
  std::size_t popMany(unsigned char* target, std::size_t bytesMax, std::uint32_t* lengths,
                      std::size_t itemsMax) {
    return popInto(target, bytesMax, lengths, itemsMax, false);
  }

  /** The length of the item that comes next, if there is one. Another consumer may be quicker. */
  bool nextLength(std::uint32_t& length) const {
    const auto tail = tail_.load(std::memory_order_acquire);
    const auto& slot = slots_[tail & mask_];
    if (slot.turn.load(std::memory_order_acquire) != (tail >> shift_) * 2 + 1) return false;
    length = slot.length.load(std::memory_order_relaxed);
    return true;
  }

  bool isEmpty() const {
    std::uint32_t length;
    return !nextLength(length);
  }

 private:
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> turn{0};
    // Atomic, because a consumer that may lose the race for the ticket looks at it.
    std::atomic<std::uint32_t> length{0};
    alignas(8) unsigned char bytes[kInlineBytes];
  };
  static_assert(sizeof(Slot) == kSlotBytes);

  // Consumers take tickets for as many ready items as fit in one go: one contended instruction for all.
  static constexpr std::size_t kClaimMax = 64;

  std::size_t popInto(unsigned char* target, std::size_t bytesMax, std::uint32_t* lengths,
                      std::size_t itemsMax, bool isDiscarded) {
    std::size_t popped = 0;
    std::size_t used = 0;
    while (isDiscarded || popped < itemsMax) {
      const auto wanted = isDiscarded || itemsMax - popped > kClaimMax ? kClaimMax : itemsMax - popped;
      auto tail = tail_.load(std::memory_order_acquire);
      std::size_t ready = 0;
      std::size_t readyBytes = 0;
      while (ready < wanted) {
        const auto ticket = tail + ready;
        const auto& slot = slots_[ticket & mask_];
        if (slot.turn.load(std::memory_order_acquire) != (ticket >> shift_) * 2 + 1) break;
        const auto length = slot.length.load(std::memory_order_relaxed);
        if (!isDiscarded && used + readyBytes + length > bytesMax) break;
        readyBytes += length;
        ++ready;
      }
      if (ready == 0) {
        // Lost a race, or really nothing that is ready and fits.
        if (tail_.load(std::memory_order_acquire) != tail) continue;
        return popped;
      }
      // If nobody else took one of these tickets, they are still as they were seen.
      if (!tail_.compare_exchange_strong(tail, tail + ready, std::memory_order_relaxed)) continue;
      for (std::size_t step = 0; step < ready; ++step) {
        const auto ticket = tail + step;
        auto& slot = slots_[ticket & mask_];
        const auto length = slot.length.load(std::memory_order_relaxed);
        take(slot, length, isDiscarded ? nullptr : target + used);
        if (lengths != nullptr) lengths[popped + step] = length;
        if (!isDiscarded) used += length;
        // release: we have copied out before a producer copies in.
        slot.turn.store((ticket >> shift_) * 2 + 2, std::memory_order_release);
      }
      popped += ready;
      if (isDiscarded) return popped;
    }
    return popped;
  }

  void take(Slot& slot, std::size_t length, unsigned char* target) {
    if (length <= kInlineBytes) {
      if (target != nullptr) std::memcpy(target, slot.bytes, length);
      return;
    }
    void* block;
    std::memcpy(&block, slot.bytes, sizeof block);
    if (target != nullptr) std::memcpy(target, block, length);
    pool_.free(block, length);
  }

  const std::uint64_t mask_;
  const unsigned shift_;
  PoolArray<Slot> slots_;
  Pool& pool_;
  alignas(kLine) std::atomic<std::uint64_t> head_{0};
  alignas(kLine) std::atomic<std::uint64_t> tail_{0};
};

}  // namespace lagoon
