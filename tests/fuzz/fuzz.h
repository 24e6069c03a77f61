/*
 * What a fuzz target offers: one input in, 0 out; it aborts (CHECK) when a
 * promise is broken. Driven by libFuzzer, or by replay.c over a corpus.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
