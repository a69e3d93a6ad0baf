/**
 * What of the module an input ran, for the fuzzer: gcc calls in at every basic block of a module that is
 * built with `-fsanitize-coverage=trace-pc`. For one thread; in no build that is shipped.
 */

#include <bit>
#include <cstdint>

#include "../src/binding/functions.hpp"

namespace {

// As in AFL: a place for each block, by its hash, and how often it was run to the next power of two.
constexpr std::size_t kPlaces = 1 << 16;
// Plain arrays: an accessor would be counted too, and call in again.
std::uint8_t counts[kPlaces];
std::uint8_t known[kPlaces];
std::uint16_t touched[kPlaces];
std::size_t touchedCount = 0;
std::size_t knownCount = 0;

}  // namespace

extern "C" __attribute__((no_sanitize_coverage)) void __sanitizer_cov_trace_pc() {
  const auto block = reinterpret_cast<std::uint64_t>(__builtin_return_address(0));
  const auto place = static_cast<std::uint16_t>((block * 0x9e3779b97f4a7c15U) >> 48);
  auto& count = counts[place];
  if (count == 0) touched[touchedCount++] = place;
  if (count < 255) ++count;
}

namespace lagoon {

namespace {

// How much of what ran since the last call had not been run, or not as often, before.
__attribute__((no_sanitize_coverage)) napi_value takeCoverage(Call& call) {
  std::uint32_t fresh = 0;
  for (std::size_t at = 0; at < touchedCount; ++at) {
    auto& count = counts[touched[at]];
    const auto bit = static_cast<std::uint8_t>(1 << (std::bit_width(count) - 1));
    auto& seen = known[touched[at]];
    if (seen == 0) ++knownCount;
    if ((seen & bit) == 0) ++fresh;
    seen |= bit;
    count = 0;
  }
  touchedCount = 0;
  return call.answer(fresh);
}

napi_value knownBlocks(Call& call) { return call.answer(static_cast<std::uint32_t>(knownCount)); }

}  // namespace

void addCoverage(Exports& exports) {
  exports.add<takeCoverage>("takeCoverage");
  exports.add<knownBlocks>("knownBlocks");
}

}  // namespace lagoon
