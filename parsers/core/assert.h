// parsers/core/assert.h — PICKET_ASSERT: a bug in picket, never bad input. On in debug, test and fuzz builds.
#pragma once
#include <cstdio>
#include <cstdlib>

#ifdef NDEBUG
#define PICKET_ASSERT(cond) ((void)0)
#else
#define PICKET_ASSERT(cond) \
  ((cond) ? (void)0 : (std::fprintf(stderr, "%s:%d: bug: %s\n", __FILE__, __LINE__, #cond), std::abort()))
#endif
