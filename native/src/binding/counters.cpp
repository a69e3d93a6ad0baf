/** Gates and token buckets as JavaScript calls them. */

#include "functions.hpp"

namespace lagoon {

namespace {

constexpr std::int64_t kCellsMax = 1 << 20;
constexpr std::int64_t kRateMax = 1'000'000;

napi_value createGates(Call& call) {
  const auto count = call.integer(0, 1, kCellsMax);
  return create<Gates>(call, [&] { return std::make_shared<Gates>(static_cast<std::size_t>(count)); });
}

template <std::int64_t (*Act)(Gates&, std::size_t, std::int64_t)>
napi_value onGate(Call& call) {
  auto* gates = call.held<Gates>(0);
  const auto gate = call.integer(1, 0, gates == nullptr ? 0 : static_cast<std::int64_t>(gates->count()) - 1);
  const auto units = call.integer(2, 0, Gates::kUnitsMax);
  if (call.failed()) return call.done();
  return call.answer(Act(*gates, static_cast<std::size_t>(gate), units));
}

std::int64_t take(Gates& gates, std::size_t gate, std::int64_t units) { return gates.take(gate, units); }
// -1: there would be more than a gate holds.
std::int64_t refill(Gates& gates, std::size_t gate, std::int64_t units) {
  return gates.refill(gate, units);
}
std::int64_t replace(Gates& gates, std::size_t gate, std::int64_t units) {
  return gates.set(gate, units);
}
std::int64_t read(Gates& gates, std::size_t gate, std::int64_t) { return gates.read(gate); }

template <typename T>
napi_value countOf(Call& call) {
  auto* cells = call.held<T>(0);
  return call.answer(call.failed() ? 0U : static_cast<std::uint32_t>(cells->count()));
}

napi_value createBuckets(Call& call) {
  const auto count = call.integer(0, 1, kCellsMax);
  const auto burst = static_cast<std::uint32_t>(call.integer(1, 1, kRateMax));
  const auto perSecond = static_cast<std::uint32_t>(call.integer(2, 1, kRateMax));
  return create<TokenBuckets>(call, [&] {
    return std::make_shared<TokenBuckets>(static_cast<std::size_t>(count), burst, perSecond);
  });
}

napi_value takeToken(Call& call) {
  auto* buckets = call.held<TokenBuckets>(0);
  const auto bucket =
      call.integer(1, 0, buckets == nullptr ? 0 : static_cast<std::int64_t>(buckets->count()) - 1);
  const auto nowMs = call.integer(2, 0, std::int64_t{1} << 33);
  if (call.failed()) return call.done();
  return call.answer(buckets->take(static_cast<std::size_t>(bucket), static_cast<std::uint64_t>(nowMs)));
}

}  // namespace

void addCounters(Exports& exports) {
  exports.add<createGates>("createGates");
  exports.add<open<Gates>>("openGates");
  exports.add<countOf<Gates>>("gateCount");
  exports.add<countOf<TokenBuckets>>("bucketCount");
  exports.add<onGate<take>>("takeUnits");
  exports.add<onGate<refill>>("refillUnits");
  exports.add<onGate<replace>>("setUnits");
  exports.add<onGate<read>>("readUnits");
  exports.add<createBuckets>("createBuckets");
  exports.add<open<TokenBuckets>>("openBuckets");
  exports.add<takeToken>("takeToken");
}

}  // namespace lagoon
