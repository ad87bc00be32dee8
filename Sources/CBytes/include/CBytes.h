// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#ifndef CBYTES_H
#define CBYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// Searches through a message's bytes with the vector instructions that every machine of its kind has. In C, since
// Swift's SIMD comparisons do not become single instructions. Callers inline what stands here.
//
// Vectors are taken only from the text, which begins at `bytes`: nothing is read before it or behind `end`.

// Compiler vectors instead of <emmintrin.h> and <arm_neon.h>, whose modules Swift would want imported wherever a type of
// theirs shows.
typedef uint8_t cbytes_vector __attribute__((vector_size(16)));

static inline __attribute__((always_inline)) cbytes_vector cbytes_load(const uint8_t *bytes) {
    cbytes_vector vector;
    memcpy(&vector, bytes, sizeof vector);
    return vector;
}

// 0xFF for each byte that is a quote, a backslash or below 0x20.
static inline __attribute__((always_inline)) cbytes_vector cbytes_special(cbytes_vector chunk) {
    // With its second bit turned over a quote, 0x22, stands next to the control characters, and a space does not.
    return (cbytes_vector)(((chunk ^ 2) <= 0x20) | (chunk == '\\'));
}

// The number of the first byte at or behind number `start` that is not zero, of bytes that are all bits or none; 16 if
// there is none.
static inline __attribute__((always_inline)) int cbytes_first(cbytes_vector hits, int start) {
#if defined(__SSE2__)
    typedef char signed_vector __attribute__((vector_size(16)));
    const uint32_t mask = (uint32_t)__builtin_ia32_pmovmskb128((signed_vector)hits) >> start << start;
    return mask != 0 ? __builtin_ctz(mask) : 16;
#else
    typedef uint64_t halves __attribute__((vector_size(16)));
    const halves words = (halves)hits;
    const uint64_t low = start < 8 ? words[0] >> start * 8 << start * 8 : 0;
    if (low != 0) return __builtin_ctzll(low) / 8;
    const uint64_t high = start > 8 ? words[1] >> (start - 8) * 8 << (start - 8) * 8 : words[1];
    return high != 0 ? 8 + __builtin_ctzll(high) / 8 : 16;
#endif
}

/// Skips whole blocks of a long string without quote, backslash and control character, with the widest vectors that the
/// machine has: a message of 1 MiB is mostly this, and takes half of the instructions.
long cbytes_skip_plain_blocks(const uint8_t *bytes, long start, long end);

/// The index of the first quote, backslash or control character (below 0x20) at or behind `start`; `end` if there is
/// none.
static inline __attribute__((always_inline)) long cbytes_skip_plain(const uint8_t *bytes, long start, long end) {
    long at = start;
    while (end - at >= 16) {
        const int first = cbytes_first(cbytes_special(cbytes_load(bytes + at)), 0);
        if (first < 16) return at + first;
        at += 16;
        if (end - at >= 128) at = cbytes_skip_plain_blocks(bytes, at, end);
    }
    if (end >= 16 && at < end) {
        // What is left, together with bytes before it that do not count.
        const int first = cbytes_first(cbytes_special(cbytes_load(bytes + end - 16)), (int)(16 - (end - at)));
        return end - 16 + first;
    }
    while (at < end && bytes[at] != '"' && bytes[at] != '\\' && bytes[at] >= 0x20) at++;
    return at;
}

/// Whether two runs of `count` bytes are equal; a count known to the compiler becomes a few loads.
static inline __attribute__((always_inline)) bool cbytes_equal(const void *left, const void *right, long count) {
    return memcmp(left, right, (size_t)count) == 0;
}

#endif
