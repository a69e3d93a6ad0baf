/**
 * An unbounded queue, for where no bound can be known; beside `Queue` also the honest comparison.
 *
 * Source: Michael, Scott, "Simple, fast, and practical non-blocking and blocking concurrent queue
 * algorithms", PODC 1996, the non-blocking one.
 *
 * What of its two known troubles? As published it reads `next` of a node that another thread may have
 * freed, and its compare-and-swap may take a reused node for the one it knew (ABA). Here nodes are
 * retired to epochs: while an operation is under way no node it can see is freed, so none is reused.
 *
 * Progress: lock-free. Guaranteed: first in, first out, linearizable. Not guaranteed: speed. Each item
 * costs two contended compare-and-swaps and an allocation, and measured it is slower than a mutex
 * around a deque in nearly every case; `bench/native` prints both.
 */
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "epoch.hpp"
#include "pool.hpp"

namespace lagoon {

class MsQueue {
 public:
  explicit MsQueue(Pool& pool = Pool::shared()) : pool_(pool) {
    auto* dummy = make(nullptr, 0);
    if (dummy == nullptr) throw std::bad_alloc();
    // relaxed: nobody else has the queue yet.
    head_.store(dummy, std::memory_order_relaxed);
    tail_.store(dummy, std::memory_order_relaxed);
  }
  ~MsQueue() {
    // Nobody else has it any more.
    for (auto* node = head_.load(); node != nullptr;) {
      auto* next = node->next.load();
      pool_.free(node, node->bytesOf());
      node = next;
    }
  }
  MsQueue(const MsQueue&) = delete;
  MsQueue& operator=(const MsQueue&) = delete;

  /** Whether there was memory for it. */
  bool push(const void* bytes, std::size_t length) {
    auto* node = make(bytes, length);
    if (node == nullptr) return false;
    Epoch::Guard guard;
    for (;;) {
      auto* tail = tail_.load(std::memory_order_acquire);
      auto* next = tail->next.load(std::memory_order_acquire);
      if (next != nullptr) {
        // Another push stands between its two steps: help it, rather than wait.
        tail_.compare_exchange_weak(tail, next, std::memory_order_release, std::memory_order_relaxed);
        continue;
      }
      // release: the item's bytes are there before the node can be found.
      if (tail->next.compare_exchange_weak(next, node, std::memory_order_release,
                                           std::memory_order_relaxed)) {
        tail_.compare_exchange_strong(tail, node, std::memory_order_release,
                                      std::memory_order_relaxed);
        // relaxed: a statistic.
        size_.fetch_add(1, std::memory_order_relaxed);
        return true;
      }
    }
  }

  enum class Popped : std::uint8_t { yes, empty, tooLong };

  /** Pops into `target`; `length` is the item's, also when it is too long for `bytesMax` and stays. */
  Popped pop(unsigned char* target, std::size_t bytesMax, std::uint32_t& length) {
    Epoch::Guard guard;
    for (;;) {
      auto* head = head_.load(std::memory_order_acquire);
      auto* tail = tail_.load(std::memory_order_acquire);
      auto* next = head->next.load(std::memory_order_acquire);
      if (head != head_.load(std::memory_order_acquire)) continue;
      if (next == nullptr) return Popped::empty;
      if (head == tail) {
        tail_.compare_exchange_weak(tail, next, std::memory_order_release, std::memory_order_relaxed);
        continue;
      }
      length = next->length;
      if (length > bytesMax) return Popped::tooLong;
      // The bytes may be read before the head is ours: a node's bytes never change, and under the
      // guard it is not freed.
      if (head_.compare_exchange_weak(head, next, std::memory_order_acq_rel,
                                      std::memory_order_relaxed)) {
        std::memcpy(target, next->bytes(), length);
        size_.fetch_sub(1, std::memory_order_relaxed);
        Epoch::retire(head, head->bytesOf(), &Pool::freeRetired, &pool_);
        return Popped::yes;
      }
    }
  }

  std::size_t size() const {
    const auto size = size_.load(std::memory_order_relaxed);
    return size > 0 ? static_cast<std::size_t>(size) : 0;
  }

 private:
  struct Node {
    std::atomic<Node*> next{nullptr};
    std::uint32_t length;
    unsigned char* bytes() { return reinterpret_cast<unsigned char*>(this + 1); }
    std::size_t bytesOf() const { return sizeof(Node) + length; }
  };

  Node* make(const void* bytes, std::size_t length) {
    void* memory = pool_.allocate(sizeof(Node) + length);
    if (memory == nullptr) return nullptr;
    auto* node = new (memory) Node();
    node->length = static_cast<std::uint32_t>(length);
    if (length > 0) std::memcpy(node->bytes(), bytes, length);
    return node;
  }

  Pool& pool_;
  alignas(kLine) std::atomic<Node*> head_;
  alignas(kLine) std::atomic<Node*> tail_;
  alignas(kLine) std::atomic<std::int64_t> size_{0};
};

}  // namespace lagoon
