// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// What the two floor servers share: the least of RFC 6455 that a well-behaved client needs. Nothing is checked, on purpose:
// a floor shows what the machine can do, not what a server must do.
#ifndef FLOOR_WEBSOCKET_H
#define FLOOR_WEBSOCKET_H

#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONTINUATION = 0, TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };

// Bytes that wait to be written. Empty ones own no memory, so that idle connections cost next to nothing.
struct buffer {
    char *bytes;
    size_t start, end, capacity;
};

static inline size_t waiting(const struct buffer *buffer) { return buffer->end - buffer->start; }

static inline void release(struct buffer *buffer) {
    free(buffer->bytes);
    *buffer = (struct buffer){0};
}

// Room for `count` more bytes; returns where they go. The caller adds what it wrote to `end`.
static inline char *reserve(struct buffer *buffer, size_t count) {
    if (buffer->end + count > buffer->capacity) {
        if (buffer->start > 0) {
            memmove(buffer->bytes, buffer->bytes + buffer->start, waiting(buffer));
            buffer->end -= buffer->start;
            buffer->start = 0;
        }
        size_t capacity = buffer->capacity ? buffer->capacity : 4096;
        while (capacity < buffer->end + count) capacity *= 2;
        if (capacity != buffer->capacity) {
            buffer->bytes = realloc(buffer->bytes, capacity);
            if (!buffer->bytes) abort();
            buffer->capacity = capacity;
        }
    }
    return buffer->bytes + buffer->end;
}

static inline void append(struct buffer *buffer, const void *bytes, size_t count) {
    memcpy(reserve(buffer, count), bytes, count);
    buffer->end += count;
}

// Writes what the descriptor takes now; -1 when it is broken. Gives the memory back when all is written.
static inline int flush(struct buffer *buffer, int fd) {
    while (waiting(buffer) > 0) {
        ssize_t count = write(fd, buffer->bytes + buffer->start, waiting(buffer));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno == EAGAIN ? 0 : -1;
        buffer->start += (size_t)count;
    }
    release(buffer);
    return 0;
}

// FIPS 180-4, for the one block size that a handshake has: 60 bytes, padded to two blocks.
static inline void sha1_of_60(const char *text, unsigned char digest[20]) {
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    unsigned char padded[128] = {0};
    memcpy(padded, text, 60);
    padded[60] = 0x80;
    padded[126] = (60 * 8) >> 8;
    padded[127] = (60 * 8) & 0xff;
    for (const unsigned char *block = padded; block < padded + 128; block += 64) {
        uint32_t w[80];
        for (int i = 0; i < 16; i++) {
            w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
        }
        for (int i = 16; i < 80; i++) {
            uint32_t x = w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16];
            w[i] = x << 1 | x >> 31;
        }
        uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 ? b ^ c ^ d : i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
            uint32_t k = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6;
            uint32_t next = (a << 5 | a >> 27) + f + e + k + w[i];
            e = d, d = c, c = b << 30 | b >> 2, b = a, a = next;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    for (int i = 0; i < 20; i++) digest[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static inline void base64_of_20(const unsigned char digest[20], char text[29]) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 21; i += 3) {
        uint32_t bits = (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 | (i + 2 < 20 ? digest[i + 2] : 0u);
        for (int j = 0; j < 4; j++) *text++ = alphabet[bits >> (18 - 6 * j) & 63];
    }
    text[-1] = '=';
    *text = 0;
}

// Appends the 101 that answers a request (a whole head, ending in a zero byte); -1 when it has no key.
static inline int answer_handshake(struct buffer *out, const char *request) {
    const char *key = strcasestr(request, "\r\nSec-WebSocket-Key:");
    if (!key) return -1;
    key += strlen("\r\nSec-WebSocket-Key:");
    while (*key == ' ') key++;
    if (strnlen(key, 24) < 24) return -1;
    char keyed[61];
    memcpy(keyed, key, 24);
    memcpy(keyed + 24, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 37);
    unsigned char digest[20];
    sha1_of_60(keyed, digest);
    char accept[29], head[256];
    base64_of_20(digest, accept);
    int length = snprintf(
        head, sizeof head, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n",
        accept, strcasestr(request, "\r\nSec-WebSocket-Protocol: mcp\r\n") ? "Sec-WebSocket-Protocol: mcp\r\n" : "");
    append(out, head, (size_t)length);
    return 0;
}

// Collects a request's head in `head`; returns how many of these bytes belong to it, or 0 when all do and more is to come.
static inline size_t take_head(struct buffer *head, const unsigned char *bytes, size_t count) {
    size_t before = waiting(head);
    append(head, bytes, count);
    *reserve(head, 1) = 0;
    char *end = strstr(head->bytes, "\r\n\r\n");
    return end ? (size_t)(end + 4 - head->bytes) - before : 0;
}

// Where a client's stream stands: in a header, of which `have` bytes are there, or in a payload, of which `left` are to come.
struct frame_reader {
    unsigned char header[14];
    unsigned have;
    int in_payload;
    uint64_t length, left;
};

static inline int opcode(const struct frame_reader *reader) { return reader->header[0] & 15; }
static inline int is_final(const struct frame_reader *reader) { return reader->header[0] >> 7; }

// Takes header bytes until the header is whole; returns how many it took. `in_payload` tells whether it is.
static inline size_t read_header(struct frame_reader *reader, const unsigned char *bytes, size_t count) {
    size_t taken = 0;
    while (taken < count) {
        reader->header[reader->have++] = bytes[taken++];
        if (reader->have < 2) continue;
        unsigned short_length = reader->header[1] & 127;
        unsigned extended = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
        if (reader->have < 2 + extended + 4) continue;
        reader->length = extended ? 0 : short_length;
        for (unsigned i = 0; i < extended; i++) reader->length = reader->length << 8 | reader->header[2 + i];
        reader->left = reader->length;
        reader->in_payload = 1;
        break;
    }
    return taken;
}

// Unmasks payload bytes to `out`; returns how many it took. The frame is over when `left` is 0.
static inline size_t read_payload(struct frame_reader *reader, const unsigned char *bytes, size_t count, char *out) {
    size_t taken = count < reader->left ? count : (size_t)reader->left, i = 0;
    unsigned char mask[8];
    for (unsigned k = 0; k < 8; k++) mask[k] = reader->header[reader->have - 4 + (reader->length - reader->left + k) % 4];
    uint64_t wide, word;
    memcpy(&wide, mask, 8);
    for (; i + 8 <= taken; i += 8) {
        memcpy(&word, bytes + i, 8);
        word ^= wide;
        memcpy(out + i, &word, 8);
    }
    for (; i < taken; i++) out[i] = (char)(bytes[i] ^ mask[i % 8]);
    reader->left -= taken;
    return taken;
}

static inline void end_frame(struct frame_reader *reader) { reader->have = 0, reader->in_payload = 0; }

// The header of an unmasked frame.
static inline void append_header(struct buffer *out, unsigned first, uint64_t length) {
    unsigned char header[10] = {(unsigned char)first};
    unsigned extended = length < 126 ? 0 : length < 65536 ? 2 : 8;
    header[1] = (unsigned char)(extended == 0 ? length : extended == 2 ? 126 : 127);
    for (unsigned i = 0; i < extended; i++) header[2 + i] = (unsigned char)(length >> (8 * (extended - 1 - i)));
    append(out, header, 2 + extended);
}

// A socket that listens on loopback; ends the program when the port is taken.
static inline int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4096)) {
        perror("listen");
        exit(1);
    }
    return fd;
}

static inline int accept_from(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    if (fd >= 0) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

#endif
