/** Gates and token buckets as JavaScript calls them. */

#include "functions.hpp"

namespace lagoon {

namespace {

constexpr std::int64_t kCellsMax = 1 << 20;
constexpr std::int64_t kUnitsMax = std::int64_t{1} << 52;
constexpr std::int64_t kRateMax = 1'000'000;

napi_value createGates(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const auto count = call.integer(0, 1, kCellsMax);
  return create<Gates>(call, [&] { return std::make_shared<Gates>(static_cast<std::size_t>(count)); });
}

template <std::int64_t (*Act)(Gates&, std::size_t, std::int64_t)>
napi_value onGate(napi_env env, napi_callback_info info) {
  Call call(env, info);
  auto* gates = call.held<Gates>(0);
  const auto gate = call.integer(1, 0, gates == nullptr ? 0 : static_cast<std::int64_t>(gates->count()) - 1);
  const auto units = call.integer(2, 0, kUnitsMax);
  if (call.failed()) return call.done();
  return call.answer(Act(*gates, static_cast<std::size_t>(gate), units));
}

std::int64_t take(Gates& gates, std::size_t gate, std::int64_t units) { return gates.take(gate, units); }
std::int64_t refill(Gates& gates, std::size_t gate, std::int64_t units) {
  return gates.refill(gate, units);
}
std::int64_t replace(Gates& gates, std::size_t gate, std::int64_t units) {
  return gates.set(gate, units);
}
std::int64_t read(Gates& gates, std::size_t gate, std::int64_t) { return gates.read(gate); }

template <typename T>
napi_value countOf(napi_env env, napi_callback_info info) {
  Call call(env, info);
  auto* cells = call.held<T>(0);
  return call.answer(call.failed() ? 0U : static_cast<std::uint32_t>(cells->count()));
}

napi_value createBuckets(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const auto count = call.integer(0, 1, kCellsMax);
  const auto burst = static_cast<std::uint32_t>(call.integer(1, 1, kRateMax));
  const auto perSecond = static_cast<std::uint32_t>(call.integer(2, 1, kRateMax));
  return create<TokenBuckets>(call, [&] {
    return std::make_shared<TokenBuckets>(static_cast<std::size_t>(count), burst, perSecond);
  });
}

napi_value takeToken(napi_env env, napi_callback_info info) {
  Call call(env, info);
  auto* buckets = call.held<TokenBuckets>(0);
  const auto bucket =
      call.integer(1, 0, buckets == nullptr ? 0 : static_cast<std::int64_t>(buckets->count()) - 1);
  const auto nowMs = call.integer(2, 0, std::int64_t{1} << 33);
  if (call.failed()) return call.done();
  return call.answer(buckets->take(static_cast<std::size_t>(bucket), static_cast<std::uint64_t>(nowMs)));
}

}  // namespace

void addCounters(Exports& exports) {
  exports.add("createGates", createGates);
  exports.add("openGates", open<Gates>);
  exports.add("gateCount", countOf<Gates>);
  exports.add("bucketCount", countOf<TokenBuckets>);
  exports.add("takeUnits", onGate<take>);
  exports.add("refillUnits", onGate<refill>);
  exports.add("setUnits", onGate<replace>);
  exports.add("readUnits", onGate<read>);
  exports.add("createBuckets", createBuckets);
  exports.add("openBuckets", open<TokenBuckets>);
  exports.add("takeToken", takeToken);
}

}  // namespace lagoon
