/**
 * What the structures promise, at the size of years of use: a thousand million items through the queue,
 * as many reads of the map, a hundred million attempts at a gate. `run.ts` builds it without sanitizers
 * and runs it; the argument is the share of that size. Each line tells what was done and what was found.
 */

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "../src/counters.hpp"
#include "../src/hash_map.hpp"
#include "../src/queue.hpp"
#include "threads.hpp"

namespace {

using namespace lagoon;

double secondsOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/** A number's digest, whose sum over 1 to n gives a lost or doubled number away. */
std::uint64_t digest(std::uint64_t number) {
  number = (number ^ (number >> 31)) * 0x7fb5d329728ea185U;
  return (number ^ (number >> 27)) * 0x81dadef4bc2dd44dU;
}

struct Received {
  std::uint64_t count = 0;
  std::uint64_t digests = 0;
};

void proveQueue(std::uint64_t items) {
  constexpr std::size_t kProducers = 2;
  constexpr std::size_t kConsumers = 2;
  struct Item {
    std::uint64_t producer;
    std::uint64_t number;
  };
  const auto each = items / kProducers;
  Queue queue(4096);
  std::array<std::array<Received, kProducers>, kConsumers> received{};
  std::atomic<std::uint64_t> left{each * kProducers};
  const auto took = secondsOf([&] {
    together(kProducers + kConsumers, [&](std::size_t index) {
      if (index < kProducers) {
        for (std::uint64_t number = 1; number <= each; ++number) {
          const Item item{index, number};
          while (queue.push(&item, sizeof item) != Pushed::yes) std::this_thread::yield();
        }
        return;
      }
      auto own = received[index - kProducers];
      std::array<std::uint64_t, kProducers> last{};
      std::array<Item, 64> popped;
      std::array<std::uint32_t, 64> lengths;
      while (left.load(std::memory_order_relaxed) > 0) {
        const auto count = queue.popMany(reinterpret_cast<unsigned char*>(popped.data()), sizeof popped,
                                         lengths.data(), lengths.size());
        if (count == 0) std::this_thread::yield();
        for (std::size_t at = 0; at < count; ++at) {
          const auto& item = popped[at];
          check(item.producer < kProducers && item.number > last[item.producer],
                "a producer's items come in order");
          last[item.producer] = item.number;
          own[item.producer].count++;
          own[item.producer].digests += digest(item.number);
        }
        left.fetch_sub(count, std::memory_order_relaxed);
      }
      received[index - kProducers] = own;
    });
  });
  std::uint64_t expected = 0;
  for (std::uint64_t number = 1; number <= each; ++number) expected += digest(number);
  for (std::size_t producer = 0; producer < kProducers; ++producer) {
    Received all;
    for (const auto& consumer : received) {
      all.count += consumer[producer].count;
      all.digests += consumer[producer].digests;
    }
    check(all.count == each && all.digests == expected, "nothing is lost or doubled");
  }
  std::printf("queue: %llu items, 2 producers, 2 consumers, %.1f million/s: in order, 0 lost, 0 doubled\n",
              static_cast<unsigned long long>(each * kProducers), items / took / 1e6);
}

void proveMap(std::uint64_t reads) {
  constexpr std::uint32_t kKeys = 1000;
  using Value = std::array<std::uint64_t, 8>;
  HashMap map;
  std::vector<std::string> keys;
  for (std::uint32_t key = 0; key < kKeys; ++key) keys.push_back("product/" + std::to_string(key));
  const auto put = [&](std::uint32_t key, std::uint64_t round) {
    Value value;
    value.fill(round * kKeys + key);
    check(map.set(keys[key].data(), keys[key].size(), value.data(), sizeof value) !=
              HashMap::Written::noMemory,
          "there is memory");
  };
  for (std::uint32_t key = 0; key < kKeys; ++key) put(key, 0);
  std::atomic<int> reading{2};
  std::atomic<std::uint64_t> misses{0};
  std::atomic<std::uint64_t> torn{0};
  std::uint64_t writes = 0;
  const auto took = secondsOf([&] {
    together(3, [&](std::size_t index) {
      if (index == 2) {
        // Keys that come and go besides make the table grow, and be cleaned, under the readers.
        for (std::uint64_t round = 1; reading.load() > 0; ++round, ++writes) {
          put(static_cast<std::uint32_t>(round * 7919 % kKeys), round);
          const auto passing = "passing/" + std::to_string(round % 100'000);
          if (round / 100'000 % 2 == 0) {
            map.set(passing.data(), passing.size(), &round, sizeof round);
          } else {
            map.remove(passing.data(), passing.size());
          }
        }
        return;
      }
      Value value;
      std::uint64_t missed = 0;
      std::uint64_t wrong = 0;
      for (std::uint64_t read = 0; read < reads / 2; ++read) {
        const auto key = static_cast<std::uint32_t>((read * (index * 4 + 3)) % kKeys);
        std::size_t length = 0;
        if (map.get(keys[key].data(), keys[key].size(), reinterpret_cast<unsigned char*>(value.data()),
                    sizeof value, length) != HashMap::Read::yes) {
          ++missed;
          continue;
        }
        bool isWhole = length == sizeof value && value[0] % kKeys == key;
        for (const auto part : value) isWhole = isWhole && part == value[0];
        if (!isWhole) ++wrong;
      }
      misses.fetch_add(missed);
      torn.fetch_add(wrong);
      reading.fetch_sub(1);
    });
  });
  check(misses.load() == 0, "a live key is never missed");
  check(torn.load() == 0, "a value is whole");
  std::printf("map: %llu reads beside %llu writes, %.1f million/s: 0 torn, 0 misses of a live key\n",
              static_cast<unsigned long long>(reads), static_cast<unsigned long long>(writes * 2),
              static_cast<double>(reads) / took / 1e6);
}

void proveGates(std::uint64_t attempts) {
  constexpr std::size_t kThreads = 4;
  const auto units = static_cast<std::int64_t>(attempts / 3);
  Gates gates(1);
  gates.set(0, units);
  std::atomic<std::int64_t> taken{0};
  std::atomic<std::int64_t> least{0};
  const auto took = secondsOf([&] {
    together(kThreads, [&](std::size_t) {
      std::int64_t own = 0;
      for (std::uint64_t attempt = 0; attempt < attempts / kThreads; ++attempt) {
        const auto left = gates.take(0, 1);
        if (left >= 0) ++own;
        if (left < -1) least.store(left);
      }
      taken.fetch_add(own);
    });
  });
  check(taken.load() == units && gates.read(0) == 0 && least.load() == 0, "a gate is exact");
  std::printf("gate: %llu attempts at %lld units, 4 threads, %.1f million/s: %lld taken, 0 left\n",
              static_cast<unsigned long long>(attempts), static_cast<long long>(units),
              static_cast<double>(attempts) / took / 1e6, static_cast<long long>(taken.load()));
}

}  // namespace

int main(int count, char** values) {
  const double share = count > 1 ? std::strtod(values[1], nullptr) : 1;
  const auto of = [&](double size) { return static_cast<std::uint64_t>(size * share); };
  proveQueue(of(1e9));
  std::fflush(stdout);
  proveMap(of(1e9));
  std::fflush(stdout);
  proveGates(of(1e8));
  return 0;
}
