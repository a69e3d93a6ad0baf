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
    forgetEnded();
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

  void forgetEnded() {
    std::erase_if(structures_, [](const auto& entry) { return entry.second.structure.expired(); });
  }

  std::mutex mutex_;
  std::uint32_t last_ = 0;
  std::unordered_map<std::uint32_t, Entry> structures_;
};

/** What one isolate holds. Only its own thread touches it. */
class Holdings {
 public:
  /** Places are never given twice: whoever uses one after letting go of it is told so. */
  static constexpr std::size_t kPlacesMax = 1 << 20;

  bool isFull() const { return held_.size() >= kPlacesMax; }

  template <typename T>
  std::uint32_t hold(std::shared_ptr<T> structure) {
    held_.emplace_back(std::move(structure));
    return static_cast<std::uint32_t>(held_.size() - 1);
  }

  /** Null if it was let go, or is of another kind. */
  template <typename T>
  T* at(std::uint32_t place) {
    if (place >= held_.size()) return nullptr;
    auto* found = std::get_if<std::shared_ptr<T>>(&held_[place]);
    return found == nullptr ? nullptr : found->get();
  }

  bool letGo(std::uint32_t place);

  /** Notes that this isolate listens to the bell, so that it stops when it ends. */
  void listensTo(std::shared_ptr<Bell> bell) { heard_.push_back(std::move(bell)); }
  bool stopListening(Bell* bell);

  /**
   * The isolate ends. Its threadsafe functions are closed by Node right after, so they are forgotten
   * and not released.
   */
  void silence() {
    for (auto& bell : heard_) bell->detach();
    heard_.clear();
  }

  template <typename T>
  std::shared_ptr<T> share(std::uint32_t place) {
    auto* found = place < held_.size() ? std::get_if<std::shared_ptr<T>>(&held_[place]) : nullptr;
    return found == nullptr ? nullptr : *found;
  }

 private:
  std::vector<Structure> held_;
  std::vector<std::shared_ptr<Bell>> heard_;
};

inline bool Holdings::stopListening(Bell* bell) {
  for (auto each = heard_.begin(); each != heard_.end(); ++each) {
    if (each->get() != bell) continue;
    if (auto* function = bell->detach()) napi_release_threadsafe_function(function, napi_tsfn_abort);
    heard_.erase(each);
    return true;
  }
  return false;
}

inline bool Holdings::letGo(std::uint32_t place) {
  if (place >= held_.size() || std::holds_alternative<std::monostate>(held_[place])) return false;
  if (auto* bell = at<Bell>(place)) stopListening(bell);
  held_[place] = std::monostate();
  return true;
}

}  // namespace lagoon
