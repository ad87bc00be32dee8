// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// What static executables have for libsystemd, of which there is no static archive: no service manager that listens, watches
// or passes sockets, and no journal.

// The functions themselves: the header has a macro that adds where the call is.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <errno.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

int sd_notify(int unset_environment, const char *state) {
    (void)unset_environment, (void)state;
    return 0;
}

int sd_watchdog_enabled(int unset_environment, uint64_t *usec) {
    (void)unset_environment, (void)usec;
    return 0;
}

int sd_listen_fds_with_names(int unset_environment, char ***names) {
    (void)unset_environment, (void)names;
    return 0;
}

int sd_is_socket(int fd, int family, int type, int listening) {
    (void)fd, (void)family, (void)type, (void)listening;
    return 0;
}

// The one answer that libsystemd never gives: `Journal.isThere` knows it.
int sd_journal_sendv(const struct iovec *iov, int n) {
    (void)iov, (void)n;
    return -ENOSYS;
}
