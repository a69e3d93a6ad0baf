/**
 * Threads at work on every structure, for the sanitizers to watch: each check fails loudly by itself,
 * and what it does not see, they do. `run.ts` builds and runs it; the argument scales the work.
 */

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "../src/counters.hpp"
#include "../src/hash_map.hpp"
#include "../src/ms_queue.hpp"
#include "../src/queue.hpp"
#include "threads.hpp"

namespace {

using namespace lagoon;

struct Item {
  std::uint32_t producer;
  std::uint32_t number;
};

constexpr std::size_t kProducers = 3;
constexpr std::size_t kConsumers = 2;

/** Pops from many producers, and checks order, loss and repetition. */
class Received {
 public:
  explicit Received(std::uint32_t each) : each_(each) {
    for (auto& own : seen_) own = std::vector<std::atomic<bool>>(each + 1);
  }
  // One consumer's view of each producer must rise.
  void take(std::array<std::uint32_t, kProducers>& last, const Item& item) {
    check(item.number > last[item.producer], "a producer's items come in order");
    last[item.producer] = item.number;
    check(!seen_[item.producer][item.number].exchange(true), "no item comes twice");
    count_.fetch_add(1);
  }
  bool isAll() const { return count_.load() == kProducers * each_; }

 private:
  const std::uint32_t each_;
  std::array<std::vector<std::atomic<bool>>, kProducers> seen_;
  std::atomic<std::size_t> count_{0};
};

// Every seventh item is longer than a slot, so that its block goes from thread to thread.
std::size_t lengthOf(std::uint32_t number) { return number % 7 == 0 ? 300 + number % 500 : 8; }

void stressQueue(std::uint32_t each) {
  Queue queue(128);
  Received received(each);
  together(kProducers + kConsumers, [&](std::size_t index) {
    if (index < kProducers) {
      std::array<unsigned char, 1024> bytes{};
      for (std::uint32_t number = 1; number <= each; ++number) {
        const Item item{static_cast<std::uint32_t>(index), number};
        std::memcpy(bytes.data(), &item, sizeof item);
        while (queue.push(bytes.data(), lengthOf(number)) != Pushed::yes) std::this_thread::yield();
      }
      return;
    }
    std::array<std::uint32_t, kProducers> last{};
    std::vector<unsigned char> target(16 * 1024);
    std::array<std::uint32_t, 32> lengths{};
    while (!received.isAll()) {
      const auto count = queue.popMany(target.data(), target.size(), lengths.data(), lengths.size());
      if (count == 0) std::this_thread::yield();
      std::size_t at = 0;
      for (std::size_t step = 0; step < count; ++step) {
        Item item;
        std::memcpy(&item, target.data() + at, sizeof item);
        check(lengths[step] == lengthOf(item.number), "an item keeps its length");
        received.take(last, item);
        at += lengths[step];
      }
    }
  });
  check(queue.size() == 0, "all was popped");
}

void stressMsQueue(std::uint32_t each) {
  MsQueue queue;
  Received received(each);
  together(kProducers + kConsumers, [&](std::size_t index) {
    if (index < kProducers) {
      for (std::uint32_t number = 1; number <= each; ++number) {
        const Item item{static_cast<std::uint32_t>(index), number};
        check(queue.push(&item, sizeof item), "there is memory");
      }
      return;
    }
    std::array<std::uint32_t, kProducers> last{};
    while (!received.isAll()) {
      Item item;
      std::uint32_t length = 0;
      if (queue.pop(reinterpret_cast<unsigned char*>(&item), sizeof item, length) !=
          MsQueue::Popped::yes) {
        std::this_thread::yield();
        continue;
      }
      received.take(last, item);
    }
  });
}

void stressMap(std::uint32_t rounds) {
  HashMap map;
  constexpr std::uint32_t kKeys = 200;
  const auto keyOf = [](std::uint32_t key) { return "product/" + std::to_string(key); };
  // A value is its round, again and again: a torn one shows.
  const auto valueOf = [](std::uint32_t key, std::uint32_t round) {
    return std::vector<std::uint32_t>(4 + (key + round) % 90, round);
  };
  const auto put = [&](std::uint32_t key, std::uint32_t round) {
    const auto name = keyOf(key);
    const auto value = valueOf(key, round);
    map.set(name.data(), name.size(), value.data(), value.size() * 4);
  };
  for (std::uint32_t key = 0; key < kKeys; ++key) put(key, 1);
  std::atomic<int> writing{2};
  together(5, [&](std::size_t index) {
    if (index < 2) {
      // Two writers share all keys; one more set of keys comes and goes, so that the table grows.
      for (std::uint32_t round = 2; round < rounds; ++round) {
        for (std::uint32_t key = 0; key < kKeys; ++key) put(key, round);
        put(static_cast<std::uint32_t>(1000 + index * 1'000'000 + round), round);
        const auto old = keyOf(static_cast<std::uint32_t>(1000 + index * 1'000'000 + round / 2));
        map.remove(old.data(), old.size());
      }
      writing.fetch_sub(1);
      return;
    }
    std::vector<std::uint32_t> target(128);
    while (writing.load() > 0) {
      for (std::uint32_t key = 0; key < kKeys; ++key) {
        const auto name = keyOf(key);
        std::size_t length = 0;
        check(map.get(name.data(), name.size(), reinterpret_cast<unsigned char*>(target.data()),
                      target.size() * 4, length) == HashMap::Read::yes,
              "a live key is never missed");
        const auto round = target[0];
        check(length == valueOf(key, round).size() * 4, "a value is as long as it was written");
        for (std::size_t part = 0; part < length / 4; ++part) {
          check(target[part] == round, "a value is whole");
        }
      }
      if (index != 4) continue;
      HashMap::Cursor cursor;
      std::size_t found = 0;
      map.scan(cursor, [&](const void* key, std::uint32_t keyLength, const void*, std::uint32_t) {
        found += std::string(static_cast<const char*>(key), keyLength).starts_with("product/");
        return true;
      });
      check(found >= kKeys, "a scan shows what was there all the time");
    }
  });
}

void stressCounters(std::uint32_t attempts) {
  Gates gates(1);
  std::atomic<std::int64_t> taken{0};
  gates.set(0, attempts);
  together(4, [&](std::size_t index) {
    for (std::uint32_t attempt = 0; attempt < attempts; ++attempt) {
      if (index == 3) {
        if (attempt % 4 == 0) gates.refill(0, 1);
        continue;
      }
      const auto left = gates.take(0, 1);
      check(left >= -1, "a gate is never below zero");
      if (left >= 0) taken.fetch_add(1);
    }
  });
  const auto refilled = (static_cast<std::int64_t>(attempts) + 3) / 4;
  check(taken.load() + gates.read(0) == attempts + refilled, "units are conserved");

  TokenBuckets buckets(1, 100, 1000);
  std::atomic<std::int64_t> given{0};
  together(3, [&](std::size_t) {
    for (std::uint32_t step = 0; step < attempts; ++step) {
      if (buckets.take(0, step / 64) == 0) given.fetch_add(1);
    }
  });
  check(given.load() <= 100 + static_cast<std::int64_t>(attempts) / 64 + 1,
        "a bucket gives no more than its burst and its rate");
}

void stressPool(std::uint32_t rounds) {
  auto& pool = Pool::shared();
  // Blocks are made by one thread and freed by the next.
  Queue handed(256);
  const auto before = pool.stats();
  std::atomic<int> making{2};
  together(4, [&](std::size_t index) {
    if (index < 2) {
      for (std::uint32_t round = 0; round < rounds; ++round) {
        const std::size_t bytes = 1 + (round * 37 + index * 11) % 9000;
        auto* block = static_cast<unsigned char*>(pool.allocate(bytes));
        check(block != nullptr, "there is memory");
        check(reinterpret_cast<std::uintptr_t>(block) % 16 == 0, "a block is aligned");
        block[0] = block[bytes - 1] = static_cast<unsigned char>(bytes);
        struct {
          unsigned char* block;
          std::size_t bytes;
        } item{block, bytes};
        while (handed.push(&item, sizeof item) != Pushed::yes) std::this_thread::yield();
      }
      making.fetch_sub(1);
      return;
    }
    struct {
      unsigned char* block;
      std::size_t bytes;
    } item;
    for (;;) {
      // Before popping: what was handed over before the last one ended is popped after it.
      const auto isLast = making.load() == 0;
      std::uint32_t length = 0;
      if (handed.popMany(reinterpret_cast<unsigned char*>(&item), sizeof item, &length, 1) == 0) {
        if (isLast) return;
        std::this_thread::yield();
        continue;
      }
      check(item.block[0] == static_cast<unsigned char>(item.bytes), "a block keeps its bytes");
      pool.free(item.block, item.bytes);
    }
  });
  const auto after = pool.stats();
  check(after.askedBytes == before.askedBytes, "what was freed is not held");
}

}  // namespace

int main(int count, char** values) {
  const auto scale = static_cast<std::uint32_t>(count > 1 ? std::strtoul(values[1], nullptr, 10) : 1);
  const auto step = [](const char* name, const std::function<void()>& work) {
    work();
    std::printf("%s ok\n", name);
    std::fflush(stdout);
  };
  step("queue", [&] { stressQueue(4000 * scale); });
  step("unbounded queue", [&] { stressMsQueue(4000 * scale); });
  step("map", [&] { stressMap(20 * scale); });
  step("gates and buckets", [&] { stressCounters(20'000 * scale); });
  step("pool", [&] { stressPool(4000 * scale); });
  // What was retired is freed once nobody reads, so a leak check finds nothing.
  lagoon::Epoch::drain();
  check(lagoon::Epoch::waiting() == 0, "all that was retired is freed");
  check(lagoon::Pool::shared().stats().askedBytes == 0, "nothing is held at the end");
  return 0;
}
