/** The map as JavaScript calls it. A key is the first bytes of a buffer that the caller keeps. */

#include <array>

#include "functions.hpp"

namespace lagoon {

namespace {

constexpr std::int64_t kExpectedMax = 1 << 24;
// The lengths of key and value before each entry of a scan.
constexpr std::size_t kScanHeadBytes = 8;

napi_value createMap(Call& call) {
  const auto expected = call.integer(0, 0, kExpectedMax);
  return create<HashMap>(call,
                         [&] { return std::make_shared<HashMap>(static_cast<std::size_t>(expected)); });
}

// The value's length, which may be more than the target has: then nothing was copied. -1: no such key.
napi_value get(Call& call) {
  auto* map = call.held<HashMap>(0);
  const auto key = call.bytesUpTo(1, HashMap::kKeyBytesMax);
  const auto target = call.bytes(2);
  if (call.failed()) return call.done();
  std::size_t length = 0;
  const auto read = map->get(key.data, key.length, target.data, target.length, length);
  return call.answer(read == HashMap::Read::missing ? std::int64_t{-1}
                                                    : static_cast<std::int64_t>(length));
}

// 0: inserted; 1: updated; 2: no memory.
napi_value set(Call& call) {
  auto* map = call.held<HashMap>(0);
  const auto key = call.bytesUpTo(1, HashMap::kKeyBytesMax);
  const auto value = call.bytesUpTo(2, HashMap::kValueBytesMax);
  if (call.failed()) return call.done();
  return call.answer(
      static_cast<std::uint32_t>(map->set(key.data, key.length, value.data, value.length)));
}

napi_value remove(Call& call) {
  auto* map = call.held<HashMap>(0);
  const auto key = call.bytesUpTo(1, HashMap::kKeyBytesMax);
  if (call.failed()) return call.done();
  // A copy, since the caller's bytes may be shared with a thread that changes them meanwhile.
  std::array<unsigned char, HashMap::kKeyBytesMax> own;
  if (key.length > 0) std::memcpy(own.data(), key.data, key.length);
  return call.answer(map->remove(own.data(), key.length));
}

napi_value mapSize(Call& call) {
  auto* map = call.held<HashMap>(0);
  return call.answer(call.failed() ? std::uint64_t{0} : static_cast<std::uint64_t>(map->size()));
}

napi_value mapBytes(Call& call) {
  auto* map = call.held<HashMap>(0);
  return call.answer(call.failed() ? std::uint64_t{0} : static_cast<std::uint64_t>(map->bytes()));
}

// Entries from the cursor on, as many as fit: lengths of key and value, key, value, each. Answers how
// many; -1: the scan is over; less than -1: the next entry needs a target of that many bytes.
napi_value scan(Call& call) {
  auto* map = call.held<HashMap>(0);
  const auto cursor = call.longs(1);
  const auto target = call.bytes(2);
  if (!call.failed() && cursor.length < 2) call.refuse("bad_argument", "A cursor has two parts");
  if (call.failed()) return call.done();
  auto* parts = reinterpret_cast<std::uint64_t*>(cursor.data);
  HashMap::Cursor at{parts[0], parts[1]};
  std::size_t used = 0;
  std::int64_t count = 0;
  std::size_t needed = 0;
  const auto isOver = map->scan(at, [&](const void* key, std::uint32_t keyLength, const void* value,
                                        std::uint32_t valueLength) {
    const auto bytes = kScanHeadBytes + keyLength + valueLength;
    if (used + bytes > target.length) {
      needed = bytes;
      return false;
    }
    auto* to = target.data + used;
    std::memcpy(to, &keyLength, 4);
    std::memcpy(to + 4, &valueLength, 4);
    std::memcpy(to + 8, key, keyLength);
    std::memcpy(to + 8 + keyLength, value, valueLength);
    used += bytes;
    ++count;
    return true;
  });
  parts[0] = at.generation;
  parts[1] = at.index;
  if (count > 0) return call.answer(count);
  return call.answer(isOver ? std::int64_t{-1} : -static_cast<std::int64_t>(needed));
}

}  // namespace

void addMap(Exports& exports) {
  exports.add<createMap>("createMap");
  exports.add<open<HashMap>>("openMap");
  exports.add<get>("get");
  exports.add<set>("set");
  exports.add<remove>("remove");
  exports.add<mapSize>("mapSize");
  exports.add<mapBytes>("mapBytes");
  exports.add<scan>("scan");
}

}  // namespace lagoon
