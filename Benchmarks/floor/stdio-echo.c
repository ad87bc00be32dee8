// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// stdio-echo: an MCP server on stdin and stdout that costs next to nothing, so that what is measured is what stands before
// it. Knows initialize, ping, tools/list, and tools/call of `echo` (the text) and `big` (so many bytes). Reads what is
// there, answers every whole line in it, writes once.
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct text {
    const char *start, *end;
};

static struct {
    char *bytes;
    size_t end, capacity;
} in, out;

#define ROOM(buffer, count)                                                       \
    do {                                                                          \
        if (buffer.end + (count) > buffer.capacity) {                             \
            buffer.capacity = buffer.capacity ? buffer.capacity : 8192;           \
            while (buffer.capacity < buffer.end + (count)) buffer.capacity *= 2;  \
            buffer.bytes = realloc(buffer.bytes, buffer.capacity);                \
            if (!buffer.bytes) abort();                                           \
        }                                                                         \
    } while (0)

static void add(const char *bytes, size_t count) {
    ROOM(out, count);
    memcpy(out.bytes + out.end, bytes, count);
    out.end += count;
}

static void say(const char *text) { add(text, strlen(text)); }

static const char *skip_space(const char *at, const char *end) {
    while (at < end && isspace((unsigned char)*at)) at++;
    return at;
}

// From an opening quote to behind the closing one: the next quote that no odd number of backslashes stands before.
static const char *skip_string(const char *at, const char *end) {
    for (const char *quote = at + 1; quote < end && (quote = memchr(quote, '"', (size_t)(end - quote))); quote++) {
        const char *slash = quote;
        while (slash - 1 > at && slash[-1] == '\\') slash--;
        if ((quote - slash) % 2 == 0) return quote + 1;
    }
    return end;
}

static const char *skip_value(const char *at, const char *end) {
    for (int depth = 0; at < end;) {
        if (*at == '"') {
            at = skip_string(at, end);
            if (depth == 0) return at;
            continue;
        }
        if (*at == '{' || *at == '[') depth++;
        if (*at == '}' || *at == ']') {
            if (depth == 0) return at;
            if (--depth == 0) return at + 1;
        }
        if (depth == 0 && (*at == ',' || isspace((unsigned char)*at))) return at;
        at++;
    }
    return end;
}

// The members of an object that have one of these names, as they are spelled; empty for those that are not there.
static void members(struct text object, int count, const char *const names[], struct text values[]) {
    memset(values, 0, (size_t)count * sizeof values[0]);
    const char *at = skip_space(object.start, object.end), *end = object.end;
    if (at == end || *at != '{') return;
    for (at = skip_space(at + 1, end); at < end && *at == '"'; at = skip_space(at, end)) {
        const char *name = at + 1, *name_end = skip_string(at, end) - 1;
        at = skip_space(name_end + 1, end);
        if (at == end || *at != ':') return;
        struct text value = {.start = skip_space(at + 1, end)};
        at = value.end = skip_value(value.start, end);
        for (int i = 0; i < count; i++) {
            size_t length = strlen(names[i]);
            if ((size_t)(name_end - name) == length && memcmp(name, names[i], length) == 0) values[i] = value;
        }
        at = skip_space(at, end);
        if (at == end || *at != ',') return;
        at = skip_space(at + 1, end);
    }
}

static int is(struct text value, const char *spelled) {
    size_t length = strlen(spelled);
    return (size_t)(value.end - value.start) == length && memcmp(value.start, spelled, length) == 0;
}

static void call_tool(struct text name, struct text arguments) {
    struct text values[2];
    members(arguments, 2, (const char *const[]){"text", "bytes"}, values);
    if (is(name, "\"echo\"") && values[0].start) {
        say(",\"result\":{\"content\":[{\"type\":\"text\",\"text\":");
        add(values[0].start, (size_t)(values[0].end - values[0].start));
        say("}],\"isError\":false}}\n");
    } else if (is(name, "\"big\"") && values[1].start) {
        size_t count = strtoul(values[1].start, NULL, 10) & 0xfffffff;
        say(",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"");
        ROOM(out, count);
        memset(out.bytes + out.end, 'x', count);
        out.end += count;
        say("\"}],\"isError\":false}}\n");
    } else {
        say(",\"error\":{\"code\":-32602,\"message\":\"Unknown tool\"}}\n");
    }
}

static void answer(struct text line) {
    struct text message[3], params[3];
    members(line, 3, (const char *const[]){"id", "method", "params"}, message);
    if (!message[0].start || !message[1].start) return;
    members(message[2], 3, (const char *const[]){"name", "arguments", "protocolVersion"}, params);
    say("{\"jsonrpc\":\"2.0\",\"id\":");
    add(message[0].start, (size_t)(message[0].end - message[0].start));
    if (is(message[1], "\"tools/call\"")) {
        call_tool(params[0], params[1]);
    } else if (is(message[1], "\"ping\"")) {
        say(",\"result\":{}}\n");
    } else if (is(message[1], "\"initialize\"")) {
        say(",\"result\":{\"protocolVersion\":");
        params[2].start ? add(params[2].start, (size_t)(params[2].end - params[2].start)) : say("\"2025-06-18\"");
        say(",\"capabilities\":{\"tools\":{}},\"serverInfo\":{\"name\":\"stdio-echo\",\"version\":\"1\"}}}\n");
    } else if (is(message[1], "\"tools/list\"")) {
        say(",\"result\":{\"tools\":["
            "{\"name\":\"echo\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}}}},"
            "{\"name\":\"big\",\"inputSchema\":{\"type\":\"object\",\"properties\":{\"bytes\":{\"type\":\"integer\"}}}}]}}\n");
    } else {
        say(",\"error\":{\"code\":-32601,\"message\":\"Method not found\"}}\n");
    }
}

int main(void) {
    for (size_t searched = 0;;) {
        ROOM(in, 1 << 16);
        ssize_t count = read(0, in.bytes + in.end, in.capacity - in.end);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return count < 0;
        in.end += (size_t)count;
        size_t start = 0;
        for (char *newline; (newline = memchr(in.bytes + searched, '\n', in.end - searched));) {
            answer((struct text){in.bytes + start, newline});
            start = searched = (size_t)(newline - in.bytes) + 1;
        }
        memmove(in.bytes, in.bytes + start, in.end - start);
        in.end -= start;
        searched = in.end;
        for (size_t written = 0; written < out.end;) {
            ssize_t taken = write(1, out.bytes + written, out.end - written);
            if (taken < 0 && errno != EINTR) return 1;
            if (taken > 0) written += (size_t)taken;
        }
        out.end = 0;
    }
}
