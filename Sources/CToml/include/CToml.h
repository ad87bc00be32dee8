/* mcp-wsbridge: MCP servers behind WebSocket */
/* Copyright (c) 2026 the mcp-wsbridge authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* toml++ behind a C interface: one call parses a TOML 1.0 document into a tree of plain structures that keeps the line
 * and column of every key and value. */

#ifndef CTOML_H
#define CTOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ctoml_kind {
    CTOML_TABLE,
    CTOML_ARRAY,
    CTOML_STRING,
    CTOML_INTEGER,
    CTOML_FLOAT,
    CTOML_BOOLEAN,
    /* A date, a time, or both. The value is not given: no key of ours takes one. */
    CTOML_DATE_OR_TIME
} ctoml_kind;

/* UTF-8, not terminated, may hold NUL. `bytes` may be null where `length` is 0. */
typedef struct ctoml_text {
    const char *bytes;
    size_t length;
} ctoml_text;

/* Line and column count from 1; a column is a code point, not a byte. Both are 0 where the place is unknown. */
typedef struct ctoml_position {
    uint32_t line;
    uint32_t column;
} ctoml_position;

/* One value. Only the fields that `kind` calls for are set; the others are zero. */
typedef struct ctoml_node {
    ctoml_kind kind;
    ctoml_position position;
    /* The key under which the parent table holds this value; empty in arrays and at the root. */
    ctoml_text key;
    ctoml_position key_position;
    ctoml_text string;
    int64_t integer;
    double floating;
    bool boolean;
    /* Tables (in the order in which their keys first appear in the file) and arrays. */
    const struct ctoml_node *children;
    size_t child_count;
} ctoml_node;

typedef struct ctoml_document ctoml_document;

/* Parses `length` bytes, which need not outlive the call. Never throws. Null only when memory ran out; otherwise the
 * caller owns the document, valid or not, and ends it with `ctoml_free`. */
ctoml_document *ctoml_parse(const char *bytes, size_t length);

/* Frees the document and every node and text that came from it. Null is allowed. */
void ctoml_free(ctoml_document *document);

/* The root table, owned by the document; null when the text is not valid TOML. */
const ctoml_node *ctoml_root(const ctoml_document *document);

/* What is wrong with the text; empty when it is valid. */
ctoml_text ctoml_error_message(const ctoml_document *document);
ctoml_position ctoml_error_position(const ctoml_document *document);

#ifdef __cplusplus
}
#endif

#endif
