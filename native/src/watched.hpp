/**
 * Tells AddressSanitizer which of the pool's bytes are nobody's, for it knows only what `malloc` gives out.
 * In a build without it nothing is left of this.
 *
 * Free blocks are hidden whole, their links too, since the first word of a freed block is what a structure
 * without reclamation reads. So the functions that follow those links are themselves not watched.
 */
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define LAGOON_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LAGOON_WATCHED 1
#endif
#endif

#ifdef LAGOON_WATCHED
#include <sanitizer/asan_interface.h>
#define LAGOON_UNWATCHED __attribute__((no_sanitize_address))
#else
#define LAGOON_UNWATCHED
#endif

namespace lagoon {

#ifdef LAGOON_WATCHED
inline void hide(void* from, std::size_t bytes) { __asan_poison_memory_region(from, bytes); }
inline void show(void* from, std::size_t bytes) { __asan_unpoison_memory_region(from, bytes); }
#else
inline void hide(void*, std::size_t) {}
inline void show(void*, std::size_t) {}
#endif

}  // namespace lagoon
