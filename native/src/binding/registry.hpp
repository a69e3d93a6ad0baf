/**
 * The structures of the process by number, so that an isolate can open what another one made.
 *
 * A structure lives while some isolate holds it: each keeps what it opened under small numbers of its
 * own, and lets go of all of it when it ends, also when it is terminated in the middle of its work.
 */
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <variant>
#include <vector>

#include "../counters.hpp"
#include "../hash_map.hpp"
#include "../ms_queue.hpp"
#include "../queue.hpp"
#include "bell.hpp"

namespace lagoon {

using Structure = std::variant<std::monostate, std::shared_ptr<Queue>, std::shared_ptr<MsQueue>,
                               std::shared_ptr<HashMap>, std::shared_ptr<Gates>,
                               std::shared_ptr<TokenBuckets>, std::shared_ptr<Bell>>;

/** Of the process. Never destroyed: the module is linked to stay, and threads may outlive statics. */
class Registry {
 public:
  static Registry& shared() {
    static Registry& instance = *new Registry();
    return instance;
  }

  template <typename T>
  std::uint32_t add(const std::shared_ptr<T>& structure) {
    std::lock_guard lock(mutex_);
    // When there are twice as many as lived last time: once for each, on average.
    if (structures_.size() >= forgetAt_) {
      std::erase_if(structures_, [](const auto& entry) { return entry.second.structure.expired(); });
      forgetAt_ = structures_.size() * 2 + 64;
    }
    const auto id = ++last_;
    structures_.emplace(id, Entry{std::weak_ptr<void>(structure), kindOf<T>()});
    return id;
  }

  /** Null if there is none, or it is of another kind. */
  template <typename T>
  std::shared_ptr<T> find(std::uint32_t id) {
    std::lock_guard lock(mutex_);
    const auto found = structures_.find(id);
    if (found == structures_.end() || found->second.kind != kindOf<T>()) return nullptr;
    return std::static_pointer_cast<T>(found->second.structure.lock());
  }

 private:
  struct Entry {
    std::weak_ptr<void> structure;
    std::size_t kind;
  };

  template <typename T>
  static std::size_t kindOf() {
    return Structure(std::shared_ptr<T>()).index();
  }

  std::mutex mutex_;
  std::uint32_t last_ = 0;
  std::size_t forgetAt_ = 64;
  std::unordered_map<std::uint32_t, Entry> structures_;
};

/**
 * What one isolate holds, by places. Only its own thread touches it. A place is a slot and the number of
 * its use: slots are used again, but whoever comes with the place of an earlier use is told so.
 */
class Holdings {
 public:
  static constexpr std::size_t kSlotsMax = 1 << 20;

  bool isFull() const { return free_.empty() && slots_.size() >= kSlotsMax; }

  template <typename T>
  std::uint64_t hold(std::uint32_t id, std::shared_ptr<T> structure) {
    if (free_.empty()) {
      slots_.emplace_back();
      // So that letting go never needs memory.
      free_.reserve(slots_.capacity());
      free_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
    }
    const auto index = free_.back();
    free_.pop_back();
    auto& slot = slots_[index];
    slot.structure = std::move(structure);
    slot.id = id;
    return slot.use * kSlotsMax + index;
  }

  /** Null if it was let go, or is of another kind. */
  template <typename T>
  T* at(std::uint64_t place) {
    auto* slot = slotAt(place);
    auto* found = slot == nullptr ? nullptr : std::get_if<std::shared_ptr<T>>(&slot->structure);
    return found == nullptr ? nullptr : found->get();
  }
  template <typename T>
  std::shared_ptr<T> share(std::uint64_t place) {
    auto* slot = slotAt(place);
    auto* found = slot == nullptr ? nullptr : std::get_if<std::shared_ptr<T>>(&slot->structure);
    return found == nullptr ? nullptr : *found;
  }

  /** The number by which others open it; 0 if it was let go. */
  std::uint32_t idOf(std::uint64_t place) {
    const auto* slot = slotAt(place);
    return slot == nullptr ? 0 : slot->id;
  }

  bool letGo(std::uint64_t place);

  /** Notes that this isolate listens to the bell at the place, so that it stops when either ends. */
  void listensAt(std::uint64_t place) { heard_.push_back({place, share<Bell>(place)}); }
  bool stopListening(Bell* bell);

  /**
   * The isolate ends. Its threadsafe functions are closed by Node right after, so they are forgotten
   * and not released.
   */
  void silence() {
    for (auto& heard : heard_) heard.bell->detach();
    heard_.clear();
  }

 private:
  struct Slot {
    Structure structure;
    std::uint32_t id = 0;
    std::uint64_t use = 0;
  };

  struct Heard {
    std::uint64_t place;
    std::shared_ptr<Bell> bell;
  };

  Slot* slotAt(std::uint64_t place) {
    const auto index = place % kSlotsMax;
    if (index >= slots_.size() || slots_[index].use != place / kSlotsMax) return nullptr;
    return std::holds_alternative<std::monostate>(slots_[index].structure) ? nullptr : &slots_[index];
  }

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<Heard> heard_;
};

inline bool Holdings::stopListening(Bell* bell) {
  for (auto each = heard_.begin(); each != heard_.end(); ++each) {
    if (each->bell.get() != bell) continue;
    if (auto* function = bell->detach()) napi_release_threadsafe_function(function, napi_tsfn_abort);
    heard_.erase(each);
    return true;
  }
  return false;
}

inline bool Holdings::letGo(std::uint64_t place) {
  auto* slot = slotAt(place);
  if (slot == nullptr) return false;
  // Another place of the same bell may be the one that listens.
  for (const auto& heard : heard_) {
    if (heard.place != place) continue;
    stopListening(heard.bell.get());
    break;
  }
  slot->structure = std::monostate();
  ++slot->use;
  free_.push_back(static_cast<std::uint32_t>(place % kSlotsMax));
  return true;
}

}  // namespace lagoon
