/** Bells as JavaScript calls them: one listener each, in the isolate that asked. */

#include "functions.hpp"

namespace lagoon {

namespace {

void callListener(napi_env env, napi_value listener, void*, void*) {
  // Null while the environment ends.
  if (env == nullptr || listener == nullptr) return;
  napi_value global;
  napi_value result;
  napi_get_global(env, &global);
  // What the listener throws is left pending, and becomes an uncaught exception of its isolate.
  napi_call_function(env, global, listener, 0, nullptr, &result);
}

napi_value createBell(Call& call) {
  return create<Bell>(call, [] { return std::make_shared<Bell>(); });
}

napi_value listen(Call& call) {
  auto* bell = call.held<Bell>(0);
  napi_valuetype type = napi_undefined;
  if (!call.failed()) napi_typeof(call.env(), call.value(1), &type);
  if (!call.failed() && type != napi_function) call.refuse("bad_argument", "A function is missing");
  if (call.failed()) return call.done();
  napi_value name;
  napi_threadsafe_function function = nullptr;
  napi_create_string_utf8(call.env(), "bell", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(call.env(), call.value(1), nullptr, name, 0, 1, nullptr, nullptr,
                                      nullptr, callListener, &function) != napi_ok) {
    call.refuse("no_memory", "There is no room to listen");
    return call.done();
  }
  // A listener alone does not keep its thread alive: whoever sleeps for good has a handle of its own.
  napi_unref_threadsafe_function(call.env(), function);
  if (!bell->attach(function)) {
    napi_release_threadsafe_function(function, napi_tsfn_abort);
    call.refuse("busy", "Somebody listens to it already");
    return call.done();
  }
  call.holdings().listensAt(call.place(0));
  return call.done();
}

napi_value stopListening(Call& call) {
  auto* bell = call.held<Bell>(0);
  return call.answer(!call.failed() && call.holdings().stopListening(bell));
}

napi_value ring(Call& call) {
  auto* bell = call.held<Bell>(0);
  return call.answer(!call.failed() && bell->ring());
}

napi_value sleep(Call& call) {
  auto* bell = call.held<Bell>(0);
  if (!call.failed()) bell->sleep();
  return call.done();
}

napi_value stayAwake(Call& call) {
  auto* bell = call.held<Bell>(0);
  if (!call.failed()) bell->stayAwake();
  return call.done();
}

}  // namespace

void addBells(Exports& exports) {
  exports.add<createBell>("createBell");
  exports.add<open<Bell>>("openBell");
  exports.add<listen>("listen");
  exports.add<stopListening>("stopListening");
  exports.add<ring>("ring");
  exports.add<sleep>("sleep");
  exports.add<stayAwake>("stayAwake");
}

}  // namespace lagoon
