/** Both queues as JavaScript calls them. Results go into memory that the caller holds. */

#include "functions.hpp"

namespace lagoon {

namespace {

// 64 MiB of slots.
constexpr std::int64_t kCapacityMax = 1 << 18;
constexpr std::size_t kItemBytesMax = 1024 * 1024;
constexpr std::int64_t kSpinUsMax = 1000;

napi_value createQueue(Call& call) {
  const auto capacity = call.integer(0, 2, kCapacityMax);
  return create<Queue>(call, [&] { return std::make_shared<Queue>(static_cast<std::size_t>(capacity)); });
}

// 0: pushed; 1: the queue is full; 2: there is no memory for it.
napi_value push(Call& call) {
  auto* queue = call.held<Queue>(0);
  const auto item = call.bytesWithLength(1, kItemBytesMax);
  if (call.failed()) return call.done();
  return call.answer(static_cast<std::uint32_t>(queue->push(item.data, item.length)));
}

napi_value popMany(Call& call) {
  auto* queue = call.held<Queue>(0);
  const auto target = call.bytes(1);
  const auto lengths = call.words(2);
  if (call.failed()) return call.done();
  return call.answer(static_cast<std::uint32_t>(
      queue->popMany(target.data, target.length, reinterpret_cast<std::uint32_t*>(lengths.data),
                     lengths.length)));
}

// -1: empty.
napi_value nextLength(Call& call) {
  auto* queue = call.held<Queue>(0);
  if (call.failed()) return call.done();
  std::uint32_t length = 0;
  return call.answer(queue->nextLength(length) ? static_cast<std::int64_t>(length) : std::int64_t{-1});
}

napi_value queueSize(Call& call) {
  auto* queue = call.held<Queue>(0);
  return call.answer(call.failed() ? 0U : static_cast<std::uint32_t>(queue->size()));
}

napi_value capacityOf(Call& call) {
  auto* queue = call.held<Queue>(0);
  return call.answer(call.failed() ? 0U : static_cast<std::uint32_t>(queue->capacity()));
}

// Spins until there is an item or the time is over. It keeps the thread, so the time is short.
napi_value awaitItem(Call& call) {
  auto* queue = call.held<Queue>(0);
  const auto spinUs = call.integer(1, 0, kSpinUsMax);
  if (call.failed()) return call.done();
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(spinUs);
  for (;;) {
    // The clock costs as much as many looks at the queue.
    for (int look = 0; look < 32; ++look) {
      if (!queue->isEmpty()) return call.answer(true);
      SpinLock::pause();
    }
    if (std::chrono::steady_clock::now() >= until) return call.answer(!queue->isEmpty());
  }
}

napi_value createUnbounded(Call& call) {
  return create<MsQueue>(call, [] { return std::make_shared<MsQueue>(); });
}

napi_value pushUnbounded(Call& call) {
  auto* queue = call.held<MsQueue>(0);
  const auto item = call.bytesWithLength(1, kItemBytesMax);
  if (call.failed()) return call.done();
  return call.answer(queue->push(item.data, item.length) ? 0U : 2U);
}

// The item's length; -1: empty; less than -1: it is longer than the target by -2 minus that.
napi_value popUnbounded(Call& call) {
  auto* queue = call.held<MsQueue>(0);
  const auto target = call.bytes(1);
  if (call.failed()) return call.done();
  std::uint32_t length = 0;
  switch (queue->pop(target.data, target.length, length)) {
    case MsQueue::Popped::yes:
      return call.answer(static_cast<std::int64_t>(length));
    case MsQueue::Popped::empty:
      return call.answer(std::int64_t{-1});
    default:
      return call.answer(-1 - static_cast<std::int64_t>(length - target.length));
  }
}

napi_value unboundedSize(Call& call) {
  auto* queue = call.held<MsQueue>(0);
  return call.answer(call.failed() ? 0U : static_cast<std::uint32_t>(queue->size()));
}

}  // namespace

void addQueues(Exports& exports) {
  exports.add<createQueue>("createQueue");
  exports.add<open<Queue>>("openQueue");
  exports.add<push>("push");
  exports.add<popMany>("popMany");
  exports.add<nextLength>("nextLength");
  exports.add<queueSize>("queueSize");
  exports.add<capacityOf>("capacityOf");
  exports.add<awaitItem>("awaitItem");
  exports.add<createUnbounded>("createUnbounded");
  exports.add<open<MsQueue>>("openUnbounded");
  exports.add<pushUnbounded>("pushUnbounded");
  exports.add<popUnbounded>("popUnbounded");
  exports.add<unboundedSize>("unboundedSize");
}

}  // namespace lagoon
