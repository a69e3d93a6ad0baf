/** The module: loaded by any number of isolates of a process, each with holdings of its own. */

#include "functions.hpp"

namespace lagoon {

namespace {

napi_value letGo(Call& call) {
  const auto place = call.place(0);
  return call.answer(!call.failed() && call.holdings().letGo(place));
}

napi_value idOf(Call& call) {
  const auto place = call.place(0);
  const auto id = call.failed() ? 0 : call.holdings().idOf(place);
  if (!call.failed() && id == 0) call.refuse("closed", "It was closed");
  return call.answer(id);
}

// Bytes asked for, bytes of the blocks that hold them, bytes taken from the system.
napi_value poolStats(Call& call) {
  const auto target = call.doubles(0);
  if (!call.failed() && target.length < 3) call.refuse("bad_argument", "There are three figures");
  if (call.failed()) return call.done();
  const auto stats = Pool::shared().stats();
  auto* figures = reinterpret_cast<double*>(target.data);
  figures[0] = static_cast<double>(stats.askedBytes);
  figures[1] = static_cast<double>(stats.usedBytes);
  figures[2] = static_cast<double>(stats.reservedBytes);
  return call.done();
}

napi_value limitPool(Call& call) {
  const auto bytes = call.integer(0, 0, std::int64_t{1} << 40);
  if (!call.failed()) Pool::shared().limit(static_cast<std::uint64_t>(bytes));
  return call.done();
}

napi_value collect(Call& call) {
  Epoch::drain();
  Pool::shared().trim();
  return call.done();
}

}  // namespace

void addMemory(Exports& exports) {
  exports.add<letGo>("letGo");
  exports.add<idOf>("idOf");
  exports.add<poolStats>("poolStats");
  exports.add<limitPool>("limitPool");
  exports.add<collect>("collect");
}

Napi::Object start(Napi::Env env, Napi::Object target) {
  auto* holdings = new Holdings();
  env.SetInstanceData(holdings);
  // Runs before the data above is finalized: hooks run in the opposite order of their adding.
  napi_add_env_cleanup_hook(
      env, [](void* data) { static_cast<Holdings*>(data)->silence(); }, holdings);
  Exports exports(env, target);
  addQueues(exports);
  addMap(exports);
  addCounters(exports);
  addBells(exports);
  addMemory(exports);
#ifdef LAGOON_COVERAGE
  addCoverage(exports);
#endif
#ifdef LAGOON_PLANTED
  addPlanted(exports);
#endif
  return target;
}

}  // namespace lagoon

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return lagoon::start(env, exports); }

NODE_API_MODULE(lagoon, Init)
