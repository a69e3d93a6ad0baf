/**
 * Reads the arguments of a call and checks them: whatever JavaScript hands over, the answer is a value
 * or an error with a code, and nothing beyond the caller's memory is touched.
 *
 * The raw Node-API is used where calls are hot; node-addon-api's wrappers set the module up.
 */
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

#include "registry.hpp"

namespace lagoon {

/** A typed array: where it begins, and how many items it has. */
struct Bytes {
  unsigned char* data;
  std::size_t length;
};

/** One call. After a failed read everything else answers zero, and the error is thrown at the end. */
class Call {
 public:
  static constexpr std::size_t kArgumentsMax = 6;

  Call(napi_env env, napi_callback_info info) : env_(env) {
    std::size_t count = kArgumentsMax;
    void* data = nullptr;
    napi_get_cb_info(env, info, &count, values_, nullptr, &data);
    count_ = count;
    napi_get_instance_data(env, reinterpret_cast<void**>(&holdings_));
  }

  Holdings& holdings() { return *holdings_; }
  napi_env env() const { return env_; }
  bool failed() const { return code_ != nullptr; }

  /** A whole number within bounds. */
  std::int64_t integer(std::size_t index, std::int64_t least, std::int64_t most) {
    double value = 0;
    if (index >= count_ || napi_get_value_double(env_, values_[index], &value) != napi_ok) {
      return refuse("bad_argument", "A number is missing");
    }
    // Written so that NaN fails.
    if (!(value >= static_cast<double>(least) && value <= static_cast<double>(most))) {
      return refuse("bad_argument", "A number is out of its range");
    }
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) != value) return refuse("bad_argument", "A number is not whole");
    return whole;
  }

  /** The caller's memory. A detached buffer has none, and counts as empty. */
  Bytes bytes(std::size_t index) { return memory(index, napi_uint8_array); }
  Bytes words(std::size_t index) { return memory(index, napi_uint32_array); }
  Bytes longs(std::size_t index) { return memory(index, napi_biguint64_array); }
  Bytes doubles(std::size_t index) { return memory(index, napi_float64_array); }

  /** All of them, `most` at most. */
  Bytes bytesUpTo(std::size_t index, std::size_t most) {
    const auto all = bytes(index);
    if (all.length > most) refuse("bad_argument", "An array is too long");
    return all;
  }

  /** The first `length` of them, where `length` is the next argument; all if that is undefined. */
  Bytes bytesWithLength(std::size_t index, std::size_t most) {
    napi_valuetype type = napi_undefined;
    if (index + 1 < count_) napi_typeof(env_, values_[index + 1], &type);
    if (type == napi_undefined) return bytesUpTo(index, most);
    const auto all = bytes(index);
    const auto length = static_cast<std::size_t>(integer(index + 1, 0, static_cast<std::int64_t>(most)));
    if (!failed() && length > all.length) refuse("bad_argument", "A length is beyond its buffer");
    return {all.data, length};
  }

  std::uint64_t place(std::size_t index) {
    return static_cast<std::uint64_t>(integer(index, 0, std::int64_t{1} << 52));
  }

  template <typename T>
  T* held(std::size_t index) {
    const auto at = place(index);
    if (failed()) return nullptr;
    auto* structure = holdings_->at<T>(at);
    if (structure == nullptr) refuse("closed", "It was closed, or is of another kind");
    return structure;
  }

  napi_value value(std::size_t index) const { return index < count_ ? values_[index] : nullptr; }

  std::int64_t refuse(const char* code, const char* sentence) {
    if (code_ == nullptr) {
      code_ = code;
      sentence_ = sentence;
    }
    return 0;
  }

  napi_value answer(double value) {
    if (failed()) return raise();
    napi_value result;
    napi_create_double(env_, value, &result);
    return result;
  }
  napi_value answer(std::int64_t value) { return answer(static_cast<double>(value)); }
  napi_value answer(std::uint64_t value) { return answer(static_cast<double>(value)); }
  napi_value answer(std::uint32_t value) {
    if (failed()) return raise();
    napi_value result;
    napi_create_uint32(env_, value, &result);
    return result;
  }
  napi_value answer(std::int32_t value) {
    if (failed()) return raise();
    napi_value result;
    napi_create_int32(env_, value, &result);
    return result;
  }
  napi_value answer(bool value) {
    if (failed()) return raise();
    napi_value result;
    napi_get_boolean(env_, value, &result);
    return result;
  }
  napi_value done() {
    if (failed()) return raise();
    napi_value result;
    napi_get_undefined(env_, &result);
    return result;
  }

 private:
  napi_value raise() {
    napi_throw_error(env_, code_, sentence_);
    return nullptr;
  }

  Bytes memory(std::size_t index, napi_typedarray_type wanted) {
    napi_typedarray_type type;
    std::size_t length = 0;
    void* data = nullptr;
    if (index >= count_ || napi_get_typedarray_info(env_, values_[index], &type, &length, &data,
                                                    nullptr, nullptr) != napi_ok) {
      refuse("bad_argument", "A typed array is missing");
      return {nullptr, 0};
    }
    if (type != wanted) {
      refuse("bad_argument", "A typed array is of another type");
      return {nullptr, 0};
    }
    // A detached buffer may still tell its old length.
    if (data == nullptr) return {nullptr, 0};
    return {static_cast<unsigned char*>(data), length};
  }

  napi_env env_;
  napi_value values_[kArgumentsMax] = {};
  std::size_t count_ = 0;
  Holdings* holdings_ = nullptr;
  const char* code_ = nullptr;
  const char* sentence_ = nullptr;
};

}  // namespace lagoon
