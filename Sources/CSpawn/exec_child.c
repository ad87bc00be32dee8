// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "ExecChild.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Of linux/landlock.h, whatever the age of the headers here.
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

struct ruleset {
    uint64_t handled_files;
    uint64_t handled_ports;
    uint64_t scoped;
};

struct path_beneath {
    uint64_t allowed;
    int32_t descriptor;
} __attribute__((packed));

enum { create_version = 1, rule_path_beneath = 1 };

enum {
    right_execute = 1 << 0,
    right_write_file = 1 << 1,
    right_read_file = 1 << 2,
    right_read_directory = 1 << 3,
    right_truncate = 1 << 14,
    right_ioctl_device = 1 << 15,
    rights_of_reader = right_execute | right_read_file | right_read_directory,
    rights_of_device = right_read_file | right_write_file | right_truncate | right_ioctl_device,
    // What is about the contents of directories is refused for a file.
    rights_of_files = right_execute | rights_of_device,
    scope_abstract_socket = 1 << 0,
    scope_signal = 1 << 1,
};

// Without these hardly any program starts, or finds its libraries, names, times and certificates. None is a secret;
// what is not there is passed over. docs/security.md has the same list.
static const char *const always_readable[] = {
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/proc",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/kernel/mm/transparent_hugepage",
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld.so.preload",
    "/etc/locale.conf",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/pki/ca-trust/extracted",
    "/etc/pki/tls/certs",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
};

static const char *const always_usable_devices[] = {
    "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
};

// With these root gets round the paths: reads the memory of others, opens files by handle, devices by number, or changes
// the kernel. CAP_PERFMON is among them, with which Linux 6.13 lets one read the environment of any process.
static const int capabilities_out[] = {
    CAP_DAC_READ_SEARCH, CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_SYS_BOOT, CAP_MKNOD,
    /* CAP_PERFMON */ 38, /* CAP_BPF */ 39, /* CAP_CHECKPOINT_RESTORE */ 40,
};

enum { most_groups = 1024 };

struct orders {
    const char *cgroup;
    pid_t parent;
    int sets_umask, sets_files, sets_memory, sets_user, keeps_privileges, restricts_paths, checks_directory;
    mode_t umask;
    rlim_t files, memory;
    uid_t uid;
    gid_t gid;
    size_t group_count;
    gid_t groups[most_groups];
};

static void fail(int step, int argument) {
    struct cspawn_sandbox_report report = {.step = step, .error = errno, .argument = argument};
    if (write(CSPAWN_REPORT_DESCRIPTOR, &report, sizeof report) != sizeof report) {
        static const char text[] = "mcp-wsbridge: exec-child is for the bridge itself, which starts servers with it\n";
        if (write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(126);
    }
    _exit(127);
}

static const char *value_of(const char *word, const char *name) {
    size_t length = strlen(name);
    return strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static uint64_t number(const char *text, int argument) {
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (errno == 0 && (end == text || *end != 0)) errno = EINVAL;
    if (errno != 0) fail(CSPAWN_SANDBOX_ARGUMENTS, argument);
    return value;
}

static void read_groups(struct orders *orders, const char *text, int argument) {
    while (*text != 0) {
        char *end;
        errno = 0;
        unsigned long value = strtoul(text, &end, 10);
        if (errno == 0 && (end == text || (*end != 0 && *end != ','))) errno = EINVAL;
        if (errno == 0 && orders->group_count == most_groups) errno = E2BIG;
        if (errno != 0) fail(CSPAWN_SANDBOX_ARGUMENTS, argument);
        orders->groups[orders->group_count++] = (gid_t)value;
        text = *end == ',' ? end + 1 : end;
    }
}

// Returns the index of the word behind "--".
static int read_orders(struct orders *orders, int argc, char **argv) {
    for (int index = 2; index < argc; index++) {
        const char *word = argv[index], *value;
        if (strcmp(word, "--") == 0) return index + 1;
        if ((value = value_of(word, "parent"))) {
            orders->parent = (pid_t)number(value, index);
        } else if ((value = value_of(word, "cgroup"))) {
            orders->cgroup = value;
        } else if ((value = value_of(word, "umask"))) {
            orders->sets_umask = 1;
            orders->umask = (mode_t)number(value, index);
        } else if ((value = value_of(word, "files"))) {
            orders->sets_files = 1;
            orders->files = number(value, index);
        } else if ((value = value_of(word, "memory"))) {
            orders->sets_memory = 1;
            orders->memory = number(value, index);
        } else if ((value = value_of(word, "uid"))) {
            orders->sets_user = 1;
            orders->uid = (uid_t)number(value, index);
        } else if ((value = value_of(word, "gid"))) {
            orders->gid = (gid_t)number(value, index);
        } else if ((value = value_of(word, "groups"))) {
            read_groups(orders, value, index);
        } else if (strcmp(word, "privileges") == 0) {
            orders->keeps_privileges = 1;
        } else if (strcmp(word, "paths") == 0) {
            orders->restricts_paths = 1;
        } else if (strcmp(word, "cwd") == 0) {
            orders->checks_directory = 1;
        } else if (!value_of(word, "read-only") && !value_of(word, "read-write")) {
            break;
        }
    }
    errno = EINVAL;
    fail(CSPAWN_SANDBOX_ARGUMENTS, 0);
    return 0;
}

static void enter_cgroup(const char *path) {
    int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int file = directory < 0 ? -1 : openat(directory, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, "0", 1) != 1) fail(CSPAWN_SANDBOX_CGROUP, 0);
    close(file);
    close(directory);
}

static void become(const struct orders *orders) {
    // The pipes were made by another user: without this nobody could open /dev/stderr again.
    for (int descriptor = 0; descriptor < 3; descriptor++) {
        if (fchown(descriptor, orders->uid, orders->gid) != 0) continue;
    }
    // In this order: who is no longer root cannot change groups.
    if (setgroups(orders->group_count, orders->groups) != 0) fail(CSPAWN_SANDBOX_USER, 0);
    if (setresgid(orders->gid, orders->gid, orders->gid) != 0) fail(CSPAWN_SANDBOX_USER, 0);
    if (setresuid(orders->uid, orders->uid, orders->uid) != 0) fail(CSPAWN_SANDBOX_USER, 0);
    // Whoever has left root stays out.
    if (orders->uid != 0 && setresuid((uid_t)-1, 0, (uid_t)-1) == 0) {
        errno = EPERM;
        fail(CSPAWN_SANDBOX_USER, 0);
    }
}

int cspawn_landlock_abi(void) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, create_version);
    return version > 0 ? (int)version : 0;
}

static uint64_t all_rights(int abi) {
    uint64_t rights = (UINT64_C(1) << 13) - 1;
    if (abi >= 2) rights |= 1 << 13;
    if (abi >= 3) rights |= right_truncate;
    if (abi >= 5) rights |= right_ioctl_device;
    return rights;
}

static int allow(int ruleset, const char *path, uint64_t rights) {
    int descriptor = open(path, O_PATH | O_CLOEXEC);
    if (descriptor < 0) return -1;
    struct stat status;
    if (fstat(descriptor, &status) == 0 && !S_ISDIR(status.st_mode)) rights &= rights_of_files;
    struct path_beneath rule = {.allowed = rights, .descriptor = descriptor};
    long result = syscall(SYS_landlock_add_rule, ruleset, rule_path_beneath, &rule, 0U);
    int error = errno;
    close(descriptor);
    errno = error;
    return (int)result;
}

static void restrict_paths(int end, char **argv) {
    int abi = cspawn_landlock_abi();
    if (abi < CSPAWN_LANDLOCK_LEAST) {
        errno = ENOSYS;
        fail(CSPAWN_SANDBOX_LANDLOCK, 0);
    }
    uint64_t all = all_rights(abi);
    struct ruleset attributes = {
        .handled_files = all,
        .scoped = abi >= 6 ? scope_abstract_socket | scope_signal : 0,
    };
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0U);
    if (ruleset < 0) fail(CSPAWN_SANDBOX_LANDLOCK, 0);
    for (size_t index = 0; index < sizeof always_readable / sizeof *always_readable; index++) {
        allow(ruleset, always_readable[index], rights_of_reader & all);
    }
    for (size_t index = 0; index < sizeof always_usable_devices / sizeof *always_usable_devices; index++) {
        allow(ruleset, always_usable_devices[index], rights_of_device & all);
    }
    for (int index = 2; index < end; index++) {
        const char *path = value_of(argv[index], "read-only");
        uint64_t rights = path ? rights_of_reader : all;
        if (!path) path = value_of(argv[index], "read-write");
        if (path && allow(ruleset, path, rights & all) != 0) fail(CSPAWN_SANDBOX_PATH, index);
    }
    if (syscall(SYS_landlock_restrict_self, ruleset, 0U) != 0) fail(CSPAWN_SANDBOX_LANDLOCK, 0);
    close(ruleset);
    if (geteuid() != 0) return;
    // From the bounding set: the exec then gives root no more than what is left of it.
    for (size_t index = 0; index < sizeof capabilities_out / sizeof *capabilities_out; index++) {
        long number = capabilities_out[index];
        if (prctl(PR_CAPBSET_READ, number) != 1) continue;
        if (prctl(PR_CAPBSET_DROP, number) != 0) fail(CSPAWN_SANDBOX_PRIVILEGES, 0);
    }
}

// The directory was entered by the daemon, before all this.
static void check_directory(void) {
    if (chdir(".") != 0) fail(CSPAWN_SANDBOX_DIRECTORY, 0);
    int descriptor = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = errno;
    if (descriptor >= 0) {
        close(descriptor);
    } else if (access(".", R_OK) == 0) {
        // Its mode would allow it: it is Landlock, which access(2) does not ask, that does not.
        errno = error;
        fail(CSPAWN_SANDBOX_DIRECTORY, 0);
    }
}

static void exec_child(int argc, char **argv, char **envp) {
    static struct orders orders;
    if (fcntl(CSPAWN_REPORT_DESCRIPTOR, F_SETFD, FD_CLOEXEC) != 0) fail(CSPAWN_SANDBOX_ARGUMENTS, 0);
    int program = read_orders(&orders, argc, argv);
    if (program + 1 >= argc) {
        errno = EINVAL;
        fail(CSPAWN_SANDBOX_ARGUMENTS, 0);
    }

    if (orders.cgroup) enter_cgroup(orders.cgroup);
    if (orders.sets_umask) umask(orders.umask);
    struct rlimit files = {.rlim_cur = orders.files, .rlim_max = orders.files};
    if (orders.sets_files && setrlimit(RLIMIT_NOFILE, &files) != 0) fail(CSPAWN_SANDBOX_FILES, 0);
    struct rlimit memory = {.rlim_cur = orders.memory, .rlim_max = orders.memory};
    if (orders.sets_memory && setrlimit(RLIMIT_DATA, &memory) != 0) fail(CSPAWN_SANDBOX_MEMORY, 0);
    if (orders.sets_user) become(&orders);
    if (!orders.keeps_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0) {
        fail(CSPAWN_SANDBOX_PRIVILEGES, 0);
    }
    // As the new user, so that a rule gives nobody a path that he could not reach by himself.
    if (orders.restricts_paths) restrict_paths(program, argv);

    // A change of user takes the parent-death signal away; and the parent may have ended since.
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) fail(CSPAWN_SANDBOX_PARENT, 0);
    if (getppid() != orders.parent) {
        errno = ESRCH;
        fail(CSPAWN_SANDBOX_PARENT, 0);
    }
    if (orders.checks_directory) check_directory();

    char **kept = envp;
    for (char **entry = envp; *entry != NULL; entry++) {
        if (**entry == CSPAWN_VARIABLE_PREFIX[0]) *kept++ = *entry + 1;
    }
    *kept = NULL;
    execve(argv[program], argv + program + 1, envp);

    int error = errno;
    int exists = error == ENOENT && access(argv[program], F_OK) == 0;
    errno = error;
    fail(exists ? CSPAWN_SANDBOX_INTERPRETER : CSPAWN_SANDBOX_EXEC, program);
}

// Before main: on the only thread, and without the milliseconds that the runtime and the command line take. glibc
// hands constructors what main gets.
__attribute__((constructor(101))) static void before_main(int argc, char **argv, char **envp) {
    if (argc > 1 && strcmp(argv[1], "exec-child") == 0) exec_child(argc, argv, envp);
}
