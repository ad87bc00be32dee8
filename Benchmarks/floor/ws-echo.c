// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// ws-echo PORT: sends every frame back, unmasked, from one thread and without a child: the most that any server can do
// against the load generator, and so the proof that the generator is not what limits the others.
#include "websocket.h"

struct connection {
    int fd, upgraded, watched;
    struct buffer head, out;
    struct frame_reader reader;
};

static int poller;
// One for all connections: what it holds is used up before the next read.
static unsigned char input[1 << 18];

// -1 when the connection is over.
static int echo(struct connection *connection, const unsigned char *bytes, size_t count) {
    size_t at = 0;
    if (!connection->upgraded) {
        at = take_head(&connection->head, bytes, count);
        if (at == 0) return 0;
        if (answer_handshake(&connection->out, connection->head.bytes)) return -1;
        release(&connection->head);
        connection->upgraded = 1;
    }
    struct frame_reader *reader = &connection->reader;
    while (at < count) {
        if (!reader->in_payload) {
            at += read_header(reader, bytes + at, count - at);
            if (!reader->in_payload) return 0;
            unsigned kind = opcode(reader) == PING ? PONG : (unsigned)opcode(reader);
            append_header(&connection->out, (reader->header[0] & 0x80u) | kind, reader->length);
        }
        size_t room = count - at < reader->left ? count - at : (size_t)reader->left;
        char *out = reserve(&connection->out, room);
        at += read_payload(reader, bytes + at, room, out);
        connection->out.end += room;
        if (reader->left > 0) return 0;
        int closing = opcode(reader) == CLOSE;
        end_frame(reader);
        if (closing) {
            flush(&connection->out, connection->fd);
            return -1;
        }
    }
    return 0;
}

// Reads until the socket has no more, or more waits to be written than a fast client would leave; -1 when it is over.
static int serve(struct connection *connection) {
    while (waiting(&connection->out) < sizeof input) {
        ssize_t count = read(connection->fd, input, sizeof input);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return -1;
        if (count < 0) break;
        if (echo(connection, input, (size_t)count) || flush(&connection->out, connection->fd)) return -1;
        if ((size_t)count < sizeof input) break;
    }
    return 0;
}

// Asks for room to write only while something waits, and for input only while not too much does.
static void watch(struct connection *connection, int how) {
    size_t left = waiting(&connection->out);
    int wanted = (left < sizeof input ? EPOLLIN : 0) | (left > 0 ? EPOLLOUT : 0);
    if (how == EPOLL_CTL_MOD && wanted == connection->watched) return;
    connection->watched = wanted;
    struct epoll_event event = {.events = (uint32_t)wanted, .data.ptr = connection};
    epoll_ctl(poller, how, connection->fd, &event);
}

int main(int count, char **arguments) {
    if (count != 2) {
        fputs("usage: ws-echo PORT\n", stderr);
        return 64;
    }
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_on(atoi(arguments[1]));
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!connection) {
                for (int fd; (fd = accept_from(listener)) >= 0;) {
                    connection = calloc(1, sizeof *connection);
                    if (!connection) abort();
                    connection->fd = fd;
                    watch(connection, EPOLL_CTL_ADD);
                }
                continue;
            }
            if (flush(&connection->out, connection->fd) || serve(connection)) {
                close(connection->fd);
                release(&connection->head);
                release(&connection->out);
                free(connection);
            } else {
                watch(connection, EPOLL_CTL_MOD);
            }
        }
    }
}
