/**
 * The native structures beside what one would use instead, one contestant a run: `structures NAME`
 * prints million operations a second. `structures.ts` builds it, and has the contestants take turns.
 */

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "../../native/src/counters.hpp"
#include "../../native/src/hash_map.hpp"
#include "../../native/src/ms_queue.hpp"
#include "../../native/src/queue.hpp"

#if __has_include(<concurrentqueue/concurrentqueue.h>)
#define HAS_MOODYCAMEL
#include <concurrentqueue/concurrentqueue.h>
#endif
#if __has_include(<boost/lockfree/queue.hpp>)
#define HAS_BOOST
#include <boost/lockfree/queue.hpp>
#endif
#if __has_include(<tbb/concurrent_hash_map.h>)
#define HAS_TBB
#include <tbb/concurrent_hash_map.h>
#endif

namespace {

using namespace lagoon;

double millions(double operations, const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return operations / took.count() / 1e6;
}

void together(std::size_t threads, const std::function<void(std::size_t)>& work) {
  std::vector<std::thread> all;
  for (std::size_t index = 0; index < threads; ++index) all.emplace_back(work, index);
  for (auto& thread : all) thread.join();
}

/** A short spin, then the core goes to whoever can use it: everybody waits in the same way. */
struct Patience {
  int tries = 0;
  void wait() {
    if (++tries < 64) return SpinLock::pause();
    tries = 0;
    std::this_thread::yield();
  }
};

template <std::size_t Bytes>
using Item = std::array<unsigned char, Bytes>;

/** Two producers and two consumers; `pushOne` and `popSome` are made for each thread. */
template <typename MakePush, typename MakePop>
double throughQueue(std::uint64_t each, MakePush makePush, MakePop makePop) {
  std::atomic<std::uint64_t> popped{0};
  return millions(static_cast<double>(each) * 2, [&] {
    together(4, [&](std::size_t index) {
      Patience patience;
      if (index < 2) {
        auto push = makePush();
        for (std::uint64_t item = 0; item < each; ++item) {
          while (!push(item)) patience.wait();
        }
        return;
      }
      auto pop = makePop();
      while (popped.load(std::memory_order_relaxed) < each * 2) {
        const std::size_t count = pop();
        if (count == 0) {
          patience.wait();
        } else {
          popped.fetch_add(count, std::memory_order_relaxed);
        }
      }
    });
  });
}

template <std::size_t Bytes>
double ring(std::uint64_t each) {
  Queue queue(4096);
  return throughQueue(
      each,
      [&] {
        return [&queue, item = Item<Bytes>{}](std::uint64_t number) mutable {
          std::memcpy(item.data(), &number, 8);
          return queue.push(item.data(), Bytes) == Pushed::yes;
        };
      },
      [&] {
        return [&queue, target = std::vector<unsigned char>(64 * Bytes),
                lengths = std::array<std::uint32_t, 64>{}]() mutable {
          return queue.popMany(target.data(), target.size(), lengths.data(), lengths.size());
        };
      });
}

template <std::size_t Bytes>
double michaelScott(std::uint64_t each) {
  MsQueue queue;
  return throughQueue(
      each,
      [&] {
        return [&queue, item = Item<Bytes>{}](std::uint64_t number) mutable {
          std::memcpy(item.data(), &number, 8);
          return queue.push(item.data(), Bytes);
        };
      },
      [&] {
        return [&queue, target = Item<Bytes>{}]() mutable -> std::size_t {
          std::uint32_t length = 0;
          return queue.pop(target.data(), Bytes, length) == MsQueue::Popped::yes ? 1 : 0;
        };
      });
}

template <std::size_t Bytes>
double mutexDeque(std::uint64_t each) {
  std::mutex mutex;
  std::deque<Item<Bytes>> queue;
  return throughQueue(
      each,
      [&] {
        return [&, item = Item<Bytes>{}](std::uint64_t number) mutable {
          std::memcpy(item.data(), &number, 8);
          std::lock_guard lock(mutex);
          queue.push_back(item);
          return true;
        };
      },
      [&] {
        return [&, target = Item<Bytes>{}]() mutable -> std::size_t {
          std::lock_guard lock(mutex);
          if (queue.empty()) return 0;
          target = queue.front();
          queue.pop_front();
          return 1;
        };
      });
}

#ifdef HAS_MOODYCAMEL
template <std::size_t Bytes>
double moodycamelTokens(std::uint64_t each) {
  moodycamel::ConcurrentQueue<Item<Bytes>> queue(4096);
  return throughQueue(
      each,
      [&] {
        auto token = std::make_shared<moodycamel::ProducerToken>(queue);
        return [&queue, token, item = Item<Bytes>{}](std::uint64_t number) mutable {
          std::memcpy(item.data(), &number, 8);
          return queue.enqueue(*token, item);
        };
      },
      [&] {
        auto token = std::make_shared<moodycamel::ConsumerToken>(queue);
        return [&queue, token, target = std::make_shared<std::array<Item<Bytes>, 64>>()]() {
          return queue.try_dequeue_bulk(*token, target->begin(), 64);
        };
      });
}
#endif

#ifdef HAS_BOOST
template <std::size_t Bytes>
double boostFixed(std::uint64_t each) {
  boost::lockfree::queue<Item<Bytes>, boost::lockfree::capacity<4096>> queue;
  return throughQueue(
      each,
      [&] {
        return [&queue, item = Item<Bytes>{}](std::uint64_t number) mutable {
          std::memcpy(item.data(), &number, 8);
          return queue.push(item);
        };
      },
      [&] {
        return [&queue, target = Item<Bytes>{}]() mutable -> std::size_t {
          return queue.pop(target) ? 1 : 0;
        };
      });
}
#endif

constexpr std::size_t kKeys = 100'000;
using Value = std::array<std::uint64_t, 8>;

const std::vector<std::string>& keys() {
  static const auto all = [] {
    std::vector<std::string> made;
    for (std::size_t key = 0; key < kKeys; ++key) made.push_back("product/" + std::to_string(key * 7919));
    return made;
  }();
  return all;
}

/** Ranks by Zipf's law with exponent 0.99, the same sequence for every contestant. */
const std::vector<std::uint32_t>& ranks() {
  static const auto all = [] {
    std::vector<double> sums(kKeys);
    double sum = 0;
    for (std::size_t rank = 0; rank < kKeys; ++rank) sums[rank] = sum += std::pow(rank + 1.0, -0.99);
    std::vector<std::uint32_t> drawn(1 << 20);
    std::uint64_t state = 88172645463325252U;
    for (auto& one : drawn) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      const auto at = static_cast<double>(state >> 11) * 0x1p-53 * sum;
      one = static_cast<std::uint32_t>(std::lower_bound(sums.begin(), sums.end(), at) - sums.begin());
    }
    return drawn;
  }();
  return all;
}

/** Two threads, 95 reads to 5 updates. A missed or torn read ends the run. */
template <typename Get, typename Set>
double throughMap(std::uint64_t each, Get get, Set set) {
  for (std::size_t key = 0; key < kKeys; ++key) {
    Value value;
    value.fill(key);
    set(keys()[key], value);
  }
  (void)ranks();
  return millions(static_cast<double>(each) * 2, [&] {
    together(2, [&](std::size_t index) {
      Value value;
      for (std::uint64_t step = 0; step < each; ++step) {
        const auto rank = ranks()[(step + index * 524'287) & ((1 << 20) - 1)];
        const auto& key = keys()[rank];
        if (step % 20 == 19) {
          value.fill(step);
          set(key, value);
        } else if (!get(key, value) || value[0] != value[7]) {
          std::fprintf(stderr, "a live key was missed, or its value torn\n");
          std::exit(1);
        }
      }
    });
  });
}

double ourMap(std::uint64_t each) {
  HashMap map(kKeys);
  return throughMap(
      each,
      [&](const std::string& key, Value& value) {
        std::size_t length = 0;
        return map.get(key.data(), key.size(), reinterpret_cast<unsigned char*>(value.data()),
                       sizeof value, length) == HashMap::Read::yes;
      },
      [&](const std::string& key, const Value& value) {
        map.set(key.data(), key.size(), value.data(), sizeof value);
      });
}

double mutexMap(std::uint64_t each) {
  std::mutex mutex;
  std::unordered_map<std::string, Value> map(kKeys);
  return throughMap(
      each,
      [&](const std::string& key, Value& value) {
        std::lock_guard lock(mutex);
        const auto found = map.find(key);
        if (found == map.end()) return false;
        value = found->second;
        return true;
      },
      [&](const std::string& key, const Value& value) {
        std::lock_guard lock(mutex);
        map[key] = value;
      });
}

#ifdef HAS_TBB
double tbbMap(std::uint64_t each) {
  tbb::concurrent_hash_map<std::string, Value> map(kKeys);
  return throughMap(
      each,
      [&](const std::string& key, Value& value) {
        tbb::concurrent_hash_map<std::string, Value>::const_accessor found;
        if (!map.find(found, key)) return false;
        value = found->second;
        return true;
      },
      [&](const std::string& key, const Value& value) {
        tbb::concurrent_hash_map<std::string, Value>::accessor found;
        map.insert(found, key);
        found->second = value;
      });
}
#endif

/** Two threads take one unit at a time from one hot product until it is sold out; exact, or it ends. */
template <typename Take>
double throughGate(std::uint64_t attempts, Take take) {
  std::atomic<std::uint64_t> taken{0};
  const auto rate = millions(static_cast<double>(attempts) * 2, [&] {
    together(2, [&](std::size_t) {
      std::uint64_t own = 0;
      for (std::uint64_t attempt = 0; attempt < attempts; ++attempt) own += take() ? 1 : 0;
      taken.fetch_add(own);
    });
  });
  // There are half as many units as attempts.
  if (taken.load() != attempts) {
    std::fprintf(stderr, "a gate was not exact\n");
    std::exit(1);
  }
  return rate;
}

double ourGate(std::uint64_t attempts) {
  Gates gates(1);
  gates.set(0, static_cast<std::int64_t>(attempts));
  return throughGate(attempts, [&] { return gates.take(0, 1) >= 0; });
}

double mutexGate(std::uint64_t attempts) {
  std::mutex mutex;
  auto units = static_cast<std::int64_t>(attempts);
  return throughGate(attempts, [&] {
    std::lock_guard lock(mutex);
    if (units < 1) return false;
    --units;
    return true;
  });
}

/** One thread allocates, another frees: blocks of 64 to 320 bytes through a ring of pointers. */
template <typename Allocate, typename Free>
double throughPool(std::uint64_t blocks, Allocate allocate, Free free) {
  struct Block {
    void* memory;
    std::size_t bytes;
  };
  Queue handed(1024);
  return millions(static_cast<double>(blocks), [&] {
    together(2, [&](std::size_t index) {
      Patience patience;
      if (index == 0) {
        for (std::uint64_t made = 0; made < blocks; ++made) {
          const std::size_t bytes = 64 + (made & 3) * 80;
          const Block block{allocate(bytes), bytes};
          *static_cast<volatile char*>(block.memory) = 1;
          while (handed.push(&block, sizeof block) != Pushed::yes) patience.wait();
        }
        return;
      }
      std::array<Block, 64> popped;
      std::array<std::uint32_t, 64> lengths;
      for (std::uint64_t freed = 0; freed < blocks;) {
        const auto count = handed.popMany(reinterpret_cast<unsigned char*>(popped.data()),
                                          sizeof popped, lengths.data(), lengths.size());
        if (count == 0) patience.wait();
        for (std::size_t each = 0; each < count; ++each) free(popped[each].memory, popped[each].bytes);
        freed += count;
      }
    });
  });
}

double ourPool(std::uint64_t blocks) {
  auto& pool = Pool::shared();
  return throughPool(
      blocks, [&](std::size_t bytes) { return pool.allocate(bytes); },
      [&](void* memory, std::size_t bytes) { pool.free(memory, bytes); });
}

double systemPool(std::uint64_t blocks) {
  return throughPool(
      blocks, [](std::size_t bytes) { return std::malloc(bytes); },
      [](void* memory, std::size_t) { std::free(memory); });
}

}  // namespace

int main(int count, char** values) {
  const std::string wanted = count > 1 ? values[1] : "";
  const double size = count > 2 ? std::strtod(values[2], nullptr) : 1;
  const auto of = [&](double operations) { return static_cast<std::uint64_t>(operations * size); };
  const std::vector<std::pair<std::string, std::function<double()>>> contestants = {
      {"ring-8", [&] { return ring<8>(of(5e6)); }},
      {"ring-240", [&] { return ring<240>(of(3e6)); }},
      {"ms-8", [&] { return michaelScott<8>(of(1e6)); }},
      {"ms-240", [&] { return michaelScott<240>(of(1e6)); }},
      {"mutex-deque-8", [&] { return mutexDeque<8>(of(2e6)); }},
      {"mutex-deque-240", [&] { return mutexDeque<240>(of(1e6)); }},
#ifdef HAS_MOODYCAMEL
      {"moodycamel-8", [&] { return moodycamelTokens<8>(of(5e6)); }},
      {"moodycamel-240", [&] { return moodycamelTokens<240>(of(3e6)); }},
#endif
#ifdef HAS_BOOST
      {"boost-8", [&] { return boostFixed<8>(of(1e6)); }},
#endif
      {"map", [&] { return ourMap(of(5e6)); }},
      {"mutex-map", [&] { return mutexMap(of(2e6)); }},
#ifdef HAS_TBB
      {"tbb-map", [&] { return tbbMap(of(5e6)); }},
#endif
      {"gate", [&] { return ourGate(of(2e7)); }},
      {"mutex-gate", [&] { return mutexGate(of(5e6)); }},
      {"pool", [&] { return ourPool(of(5e6)); }},
      {"malloc", [&] { return systemPool(of(1e6)); }},
  };
  for (const auto& [name, run] : contestants) {
    if (wanted == "list") {
      std::printf("%s\n", name.c_str());
    } else if (name == wanted) {
      std::printf("%.3f\n", run());
      return 0;
    }
  }
  return wanted == "list" ? 0 : 1;
}
