/** What the files of the binding share: how a structure is made, opened and exported. */
#pragma once

#include <napi.h>

#include <chrono>
#include <new>
#include <utility>

#include "arguments.hpp"

namespace lagoon {

/** The module's functions, by name. */
class Exports {
 public:
  Exports(Napi::Env env, Napi::Object target) : env_(env), target_(target) {}

  template <napi_value (*Act)(Call&)>
  void add(const char* name) {
    napi_value function;
    napi_create_function(env_, name, NAPI_AUTO_LENGTH, enter<Act>, nullptr, &function);
    target_.Set(name, Napi::Value(env_, function));
  }

 private:
  // No exception passes into Node, which has no frames for it; want of memory is the only one there is.
  template <napi_value (*Act)(Call&)>
  static napi_value enter(napi_env env, napi_callback_info info) {
    Call call(env, info);
    try {
      return Act(call);
    } catch (const std::bad_alloc&) {
      call.refuse("no_memory", "There is no memory for it");
      return call.done();
    }
  }

  Napi::Env env_;
  Napi::Object target_;
};

void addQueues(Exports& exports);
void addMap(Exports& exports);
void addCounters(Exports& exports);
void addBells(Exports& exports);
void addMemory(Exports& exports);
/** Of the fuzzer's build only. */
void addCoverage(Exports& exports);
/** Of the sanitizers' builds only. */
void addPlanted(Exports& exports);

/** Makes a structure and answers its place here; `idOf` tells the number by which others open it. */
template <typename T, typename Make>
napi_value create(Call& call, Make make) {
  if (!call.failed() && call.holdings().isFull()) call.refuse("no_memory", "Too much is open here");
  if (call.failed()) return call.done();
  std::shared_ptr<T> structure = make();
  const auto id = Registry::shared().add(structure);
  return call.answer(call.holdings().hold(id, std::move(structure)));
}

/** Opens what another isolate made, and answers its place here. */
template <typename T>
napi_value open(Call& call) {
  const auto id = static_cast<std::uint32_t>(call.integer(0, 0, UINT32_MAX));
  if (call.failed()) return call.done();
  auto structure = Registry::shared().find<T>(id);
  if (!structure) call.refuse("closed", "Nobody holds it any more, or it is of another kind");
  if (call.holdings().isFull()) call.refuse("no_memory", "Too much is open here");
  if (call.failed()) return call.done();
  return call.answer(call.holdings().hold(id, std::move(structure)));
}

}  // namespace lagoon
