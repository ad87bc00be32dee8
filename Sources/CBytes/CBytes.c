// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// All of it stands in the header, for the callers to inline; a target needs a source.

#include "CBytes.h"

// Sixteen bytes at a time, four times, as every machine of its kind can.
static long plain_blocks(const uint8_t *bytes, long at, long end) {
    for (; end - at >= 64; at += 64) {
        const cbytes_vector hits = cbytes_special(cbytes_load(bytes + at)) | cbytes_special(cbytes_load(bytes + at + 16))
            | cbytes_special(cbytes_load(bytes + at + 32)) | cbytes_special(cbytes_load(bytes + at + 48));
        if (cbytes_first(hits, 0) < 16) break;
    }
    return at;
}

#if defined(__x86_64__)

typedef uint8_t wide_vector __attribute__((vector_size(32), aligned(1)));
typedef char signed_wide_vector __attribute__((vector_size(32)));

__attribute__((target("avx2"), always_inline)) static inline wide_vector wide_special(const uint8_t *bytes) {
    const wide_vector chunk = *(const wide_vector *)bytes;
    return (wide_vector)(((chunk ^ 2) <= 0x20) | (chunk == '\\'));
}

__attribute__((target("avx2"))) static long wide_blocks(const uint8_t *bytes, long at, long end) {
    for (; end - at >= 128; at += 128) {
        const wide_vector hits = wide_special(bytes + at) | wide_special(bytes + at + 32) | wide_special(bytes + at + 64)
            | wide_special(bytes + at + 96);
        if (__builtin_ia32_pmovmskb256((signed_wide_vector)hits) != 0) break;
    }
    return plain_blocks(bytes, at, end);
}

#endif

long cbytes_skip_plain_blocks(const uint8_t *bytes, long start, long end) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return wide_blocks(bytes, start, end);
#endif
    return plain_blocks(bytes, start, end);
}
