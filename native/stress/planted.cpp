/**
 * Mistakes on purpose, each the kind that a sanitizer is here to find: a lane that does not report its own
 * is blind, and what it passes means nothing. The argument names the mistake, and two threads make it. In
 * a build of the module `plant` makes the one that ATOLL_PLANTED names, and `planted-use.ts` has the threads.
 */

#include <atomic>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>

#include "../src/pool.hpp"
#ifdef LAGOON_PLANTED
#include "../src/binding/functions.hpp"
#endif

namespace {

using lagoon::Pool;

/** Handed over by a flag that orders nothing, as a queue would whose turns were relaxed. */
void race() {
  static int item = 0;
  static std::atomic<int> arrived{0};
  static std::atomic<bool> isThere{false};
  const auto place = arrived.fetch_add(1, std::memory_order_relaxed);
  // Both are here first: else what Node locks as the later thread starts would order the two by chance.
  while (arrived.load(std::memory_order_relaxed) < 2) std::this_thread::yield();
  if (place == 0) {
    item = 1;
    isThere.store(true, std::memory_order_relaxed);
    return;
  }
  while (!isThere.load(std::memory_order_relaxed)) std::this_thread::yield();
  std::printf("received %d\n", item);
}

/** One byte more than was asked for, within the block of its class: nothing but the pool knows. */
void overflow() {
  auto* block = static_cast<unsigned char*>(Pool::shared().allocate(40));
  std::memset(block, 1, 41);
  Pool::shared().free(block, 40);
}

/** The first word of a node that was freed: what Michael and Scott's queue reads without reclamation. */
void useAfterFree() {
  auto* block = static_cast<std::atomic<std::uint64_t>*>(Pool::shared().allocate(40));
  Pool::shared().free(block, 40);
  std::printf("read %llu\n", static_cast<unsigned long long>(block->load()));
}

void leak() {
  [[maybe_unused]] static int* volatile lost;
  // The last ones may still be found in some register.
  for (int time = 0; time < 100; ++time) lost = new int[100];
  lost = nullptr;
}

void undefined() {
  volatile int most = INT_MAX;
  std::printf("more than the most: %d\n", most + 1);
}

/** Whether there is such a mistake. */
bool plant(std::string_view name) {
  if (name == "race") race();
  else if (name == "overflow") overflow();
  else if (name == "use-after-free") useAfterFree();
  else if (name == "leak") leak();
  else if (name == "undefined") undefined();
  else return false;
  return true;
}

}  // namespace

#ifdef LAGOON_PLANTED

namespace lagoon {

namespace {

napi_value plantNamed(Call& call) {
  const char* name = std::getenv("ATOLL_PLANTED");
  return call.answer(name != nullptr && plant(name));
}

}  // namespace

void addPlanted(Exports& exports) { exports.add<plantNamed>("plant"); }

}  // namespace lagoon

#else

int main(int count, char** values) {
  if (count != 2) return 2;
  std::thread other([&] { plant(values[1]); });
  const bool isKnown = plant(values[1]);
  other.join();
  return isKnown ? 0 : 2;
}

#endif
