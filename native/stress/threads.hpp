/** What the programs of this folder share: a check that ends the program, and threads that work at once. */
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

namespace lagoon {

inline void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "FAILED: %s\n", what);
  std::abort();
}

inline void together(std::size_t threads, const std::function<void(std::size_t)>& work) {
  std::vector<std::thread> all;
  for (std::size_t index = 0; index < threads; ++index) all.emplace_back(work, index);
  for (auto& thread : all) thread.join();
}

}  // namespace lagoon
