// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// ws-bridge PORT COMMAND [ARG...]: the bare bridge. Starts a child for each connection, passes messages to it as lines and
// its lines back as messages, from one thread and without a single check: the floor of what a bridge costs.
#include "websocket.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

extern char **environ;

// Past this many bytes in a queue, the side that fills it is not read.
enum { HIGH_WATER = 1 << 20 };
enum { CLIENT, TO_CHILD, FROM_CHILD, ENDS };

struct connection;

// One descriptor of a connection, and what epoll watches it for.
struct end {
    struct connection *connection;
    int fd;
    uint32_t watched;
};

struct connection {
    struct end ends[ENDS];
    int upgraded, over;
    struct frame_reader reader;
    // The request's head, and later the beginning of a line of the child's.
    struct buffer head, line;
    struct buffer to_client, to_child;
    struct connection *next_over;
};

static int poller;
static char **command;
static struct connection *over;
// One for all: what it holds is used up before the next read.
static unsigned char input[1 << 18];

// Marks a connection as over; it is freed after the events at hand, some of which may still point to it.
static void finish(struct connection *connection) {
    if (connection->over) return;
    connection->over = 1;
    connection->next_over = over;
    over = connection;
    for (int i = 0; i < ENDS; i++) {
        if (connection->ends[i].fd >= 0) close(connection->ends[i].fd);
    }
}

static void free_finished(void) {
    while (over) {
        struct connection *connection = over;
        over = connection->next_over;
        release(&connection->head);
        release(&connection->line);
        release(&connection->to_client);
        release(&connection->to_child);
        free(connection);
    }
}

static int start_child(struct connection *connection) {
    int to_child[2], from_child[2];
    if (pipe2(to_child, O_CLOEXEC)) return -1;
    if (pipe2(from_child, O_CLOEXEC)) {
        close(to_child[0]), close(to_child[1]);
        return -1;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to_child[0], 0);
    posix_spawn_file_actions_adddup2(&actions, from_child[1], 1);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, pipe_signal;
    sigemptyset(&none), sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    pid_t pid;
    int failed = posix_spawnp(&pid, command[0], &actions, &attributes, command, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(to_child[0]), close(from_child[1]);
    connection->ends[TO_CHILD].fd = to_child[1];
    connection->ends[FROM_CHILD].fd = from_child[0];
    if (failed) return -1;
    for (int i = TO_CHILD; i <= FROM_CHILD; i++) {
        fcntl(connection->ends[i].fd, F_SETFL, O_NONBLOCK);
        struct epoll_event event = {.events = 0, .data.ptr = &connection->ends[i]};
        epoll_ctl(poller, EPOLL_CTL_ADD, connection->ends[i].fd, &event);
    }
    return 0;
}

// Frames to lines. Data goes on as it comes; a control frame is answered. -1 when the connection is over.
static int take_frames(struct connection *connection, const unsigned char *bytes, size_t count) {
    struct frame_reader *reader = &connection->reader;
    for (size_t at = 0; at < count;) {
        if (!reader->in_payload) {
            at += read_header(reader, bytes + at, count - at);
            if (!reader->in_payload) return 0;
            if (opcode(reader) >= CLOSE) {
                append_header(&connection->to_client, 0x80 | (opcode(reader) == PING ? PONG : (unsigned)opcode(reader)), reader->length);
            }
        }
        int control = opcode(reader) >= CLOSE;
        struct buffer *out = control ? &connection->to_client : &connection->to_child;
        size_t room = count - at < reader->left ? count - at : (size_t)reader->left;
        at += read_payload(reader, bytes + at, room, reserve(out, room + 1));
        out->end += room;
        if (reader->left > 0) return 0;
        if (!control && is_final(reader)) out->bytes[out->end++] = '\n';
        end_frame(reader);
        if (opcode(reader) == CLOSE) {
            flush(&connection->to_client, connection->ends[CLIENT].fd);
            return -1;
        }
    }
    return 0;
}

// The child is started before the 101, as a bridge must do that wants to refuse when it cannot.
static int take_handshake(struct connection *connection, const unsigned char *bytes, size_t count) {
    size_t taken = take_head(&connection->head, bytes, count);
    if (taken == 0) return 0;
    if (start_child(connection) || answer_handshake(&connection->to_client, connection->head.bytes)) return -1;
    release(&connection->head);
    connection->upgraded = 1;
    return take_frames(connection, bytes + taken, count - taken);
}

static void frame_line(struct connection *connection, const char *line, size_t length) {
    append_header(&connection->to_client, 0x80 | TEXT, length);
    append(&connection->to_client, line, length);
}

// Lines to frames; what does not end yet is kept in `line`.
static void take_lines(struct connection *connection, const char *bytes, size_t count) {
    const char *stop = bytes + count, *newline;
    while (bytes < stop && (newline = memchr(bytes, '\n', (size_t)(stop - bytes)))) {
        if (waiting(&connection->line) > 0) {
            append(&connection->line, bytes, (size_t)(newline - bytes));
            frame_line(connection, connection->line.bytes, waiting(&connection->line));
            release(&connection->line);
        } else {
            frame_line(connection, bytes, (size_t)(newline - bytes));
        }
        bytes = newline + 1;
    }
    if (bytes < stop) append(&connection->line, bytes, (size_t)(stop - bytes));
}

// Reads one of the two ends that are read, until it has no more or its queue is full; -1 when the connection is over.
static int take(struct connection *connection, int which) {
    struct buffer *queue = which == CLIENT ? &connection->to_child : &connection->to_client;
    while (waiting(queue) < HIGH_WATER) {
        ssize_t count = read(connection->ends[which].fd, input, sizeof input);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return -1;
        if (count < 0) break;
        if (which == FROM_CHILD) {
            take_lines(connection, (char *)input, (size_t)count);
        } else if ((connection->upgraded ? take_frames : take_handshake)(connection, input, (size_t)count)) {
            return -1;
        }
        // A pipe gives no more than its 64 KiB at a time, so that only an empty one gives little.
        if ((size_t)count < (which == CLIENT ? sizeof input : 1 << 16)) break;
    }
    return 0;
}

static void watch(struct end *end, uint32_t wanted) {
    if (end->fd < 0 || end->watched == wanted) return;
    struct epoll_event event = {.events = wanted, .data.ptr = end};
    epoll_ctl(poller, EPOLL_CTL_MOD, end->fd, &event);
    end->watched = wanted;
}

static void handle(struct end *end, uint32_t events) {
    struct connection *connection = end->connection;
    struct end *ends = connection->ends;
    int which = (int)(end - ends);
    if (connection->over) return;
    int readable = which != TO_CHILD && events & (EPOLLIN | EPOLLHUP | EPOLLERR);
    int broken = which == TO_CHILD && events & EPOLLERR;
    if (broken || (readable && take(connection, which)) || flush(&connection->to_client, ends[CLIENT].fd)
        || (connection->upgraded && flush(&connection->to_child, ends[TO_CHILD].fd))) {
        finish(connection);
        return;
    }
    size_t to_client = waiting(&connection->to_client), to_child = waiting(&connection->to_child);
    watch(&ends[CLIENT], (to_child < HIGH_WATER ? EPOLLIN : 0u) | (to_client > 0 ? EPOLLOUT : 0u));
    watch(&ends[TO_CHILD], to_child > 0 ? EPOLLOUT : 0u);
    watch(&ends[FROM_CHILD], to_client < HIGH_WATER ? EPOLLIN : 0u);
}

static void add_client(int fd) {
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) abort();
    for (int i = 0; i < ENDS; i++) connection->ends[i] = (struct end){.connection = connection, .fd = -1};
    connection->ends[CLIENT] = (struct end){.connection = connection, .fd = fd, .watched = EPOLLIN};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connection->ends[CLIENT]};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

static void reap(int signals) {
    struct signalfd_siginfo ignored;
    while (read(signals, &ignored, sizeof ignored) > 0) {}
    while (waitpid(-1, NULL, WNOHANG) > 0) {}
}

int main(int count, char **arguments) {
    if (count < 3) {
        fputs("usage: ws-bridge PORT COMMAND [ARG...]\n", stderr);
        return 64;
    }
    command = arguments + 2;
    signal(SIGPIPE, SIG_IGN);
    sigset_t child_signal;
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_signal, NULL);
    // What the two that are no connection's are told apart by.
    struct end listener = {.fd = listen_on(atoi(arguments[1]))};
    struct end signals = {.fd = signalfd(-1, &child_signal, SFD_NONBLOCK | SFD_CLOEXEC)};
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listener};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener.fd, &event);
    event.data.ptr = &signals;
    epoll_ctl(poller, EPOLL_CTL_ADD, signals.fd, &event);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            struct end *end = events[i].data.ptr;
            if (end == &listener) {
                for (int fd; (fd = accept_from(listener.fd)) >= 0;) add_client(fd);
            } else if (end == &signals) {
                reap(signals.fd);
            } else {
                handle(end, events[i].events);
            }
        }
        free_finished();
    }
}
