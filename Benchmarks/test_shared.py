# mcp-wsbridge: MCP servers behind WebSocket
# Copyright (c) 2026 the mcp-wsbridge authors
# SPDX-License-Identifier: Apache-2.0

"""What shared.py makes of a report, and what shared_writes.c sees in a process whose sharing is known:
python3 -m unittest discover -s Benchmarks"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import shared
from workloads import HERE, Failed

REPORT = """counting
thread\tNIO-ELT-0
thread\tNIO-ELT-1
totals\t30\t20\t8\t4
object\tobject\tSome.Storage
by\t0\t5\t5
stack\t2\t/lib/a+0x10\t/lib/b+0x20
by\t1\t1\t0
stack\t3\t/lib/a+0x10\t/lib/b+0x20
object\tlock\t?+0x7f0000001000
by\t0\t4\t0
by\t1\t4\t0
object\tobject\tSome.Storage
by\t0\t10\t0
by\t1\t0\t10
end
"""

# A runtime that has what shared_writes.c looks for, and two threads: each retains an object that is its own, one that both
# have, one that never dies, and one at an address that the other thread allocates anew; each takes its own lock and that
# of both.
PROCESS = r"""
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct object { void *metadata; uint64_t count; };
static uintptr_t metadata[2] = {0x400, 0};
static void *retain_n(void *object, uint32_t times) { (void)times; return object; }
static void *retain(void *object) { return object; }
static void release_n(void *object, uint32_t times) { (void)object, (void)times; }
static void release(void *object) { (void)object; }
static void *allocate(void *what, size_t size, size_t mask) { (void)size, (void)mask; return what; }
void *(*_swift_retain)(void *) = retain, *(*_swift_tryRetain)(void *) = retain;
void *(*_swift_retain_n)(void *, uint32_t) = retain_n;
void (*_swift_release)(void *) = release;
void (*_swift_release_n)(void *, uint32_t) = release_n;
void *(*_swift_allocObject)(void *, size_t, size_t) = allocate;
__attribute__((noinline, noipa)) void *swift_retain(void *object) { return retain_n(retain(object), 1); }
void *swift_weakLoadStrong(void *reference) { return *(void **)reference; }
void *swift_weakInit(void *reference, void *object) { *(void **)reference = object; return reference; }

static struct object both = {metadata, 3}, immortal = {metadata, 0x80000004ffffffff}, again = {metadata, 3};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct private {
    struct object object;
    pthread_mutex_t lock;
} private[2] = {{{metadata, 3}, PTHREAD_MUTEX_INITIALIZER}, {{metadata, 3}, PTHREAD_MUTEX_INITIALIZER}};

static void *work(void *given) {
    struct private *own = given;
    _swift_allocObject(&again, 16, 7);
    for (int turn = 0; turn < 100; turn++) {
        swift_retain(&own->object);
        swift_retain(&both);
        swift_retain((void *)((uintptr_t)&both | 1ull << 63));
        swift_retain(NULL);
        _swift_release(&both);
        swift_retain(&immortal);
        swift_retain(&again);
        pthread_mutex_lock(&own->lock);
        pthread_mutex_unlock(&own->lock);
    }
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(void) {
    puts("ready");
    fflush(stdout);
    if (getchar() == EOF) return 1;
    for (int turn = 0; turn < 2; turn++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, work, &private[turn]) != 0 || pthread_join(thread, NULL) != 0) return 1;
    }
    puts("done");
    fflush(stdout);
    return getchar() == EOF ? 0 : 1;
}
"""


class Parsing(unittest.TestCase):
    def test_totals_and_threads(self):
        report = shared.parse(REPORT.splitlines(keepends=True))
        self.assertEqual(report.threads, ["NIO-ELT-0", "NIO-ELT-1"])
        self.assertEqual((report.retains, report.releases, report.locks, report.immortal), (30, 20, 8, 4))
        self.assertEqual(report.shared_writes, 39)

    def test_objects_of_one_class_are_one(self):
        storage, lock = shared.parse(REPORT.splitlines(keepends=True)).by_name()
        self.assertEqual((storage.kind, storage.name, storage.writes), ("object", "Some.Storage", 31))
        self.assertEqual(storage.by, {0: (15, 5), 1: (1, 10)})
        self.assertEqual(storage.stacks, {("/lib/a+0x10", "/lib/b+0x20"): 5})
        self.assertEqual((lock.kind, lock.name, lock.writes), ("lock", "a lock on the heap", 8))

    def test_half_a_report_is_none(self):
        with self.assertRaises(Failed):
            shared.parse(REPORT.removesuffix("end\n").splitlines(keepends=True))

    def test_tables_that_were_too_small_make_no_report(self):
        with self.assertRaises(Failed):
            shared.parse(REPORT.replace("end\n", "end\toverflown\n").splitlines(keepends=True))


class Naming(unittest.TestCase):
    SYMBOLS = shared.Symbols.of("                 U puts\n0000000000000020 t second\n0000000000000010 T first\n")

    def test_a_place_belongs_to_what_begins_before_it(self):
        self.assertEqual([self.SYMBOLS.name(offset) for offset in (0xF, 0x10, 0x1F, 0x20, 0x99)],
                         [None, "first", "first", "second", "second"])

    def test_what_is_no_file_keeps_its_place(self):
        self.assertEqual(shared.Places().name("?+0x10"), "?+0x10")


@unittest.skipUnless(platform.machine() == "x86_64" and shutil.which("cc"), "shared_writes.c counts on x86-64 alone")
class Noting(unittest.TestCase):
    def test_what_two_threads_write_is_found_and_nothing_else(self):
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            library, process, report = directory / "shared_writes.so", directory / "process", directory / "report"
            (directory / "process.c").write_text(PROCESS)
            strict = ["cc", "-O2", "-Wall", "-Wextra", "-Werror"]
            subprocess.run([*strict, "-shared", "-fPIC", "-o", library, HERE / "shared_writes.c"], check=True)
            subprocess.run([*strict, "-rdynamic", "-o", process, directory / "process.c"], check=True)
            os.mkfifo(directory / "report.orders")
            with subprocess.Popen(
                [process], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                env={**os.environ, "LD_PRELOAD": str(library), "SHARED_WRITES": str(report)},
            ) as running:
                self.assertEqual(running.stdout.readline(), b"ready\n")
                order = shared.listener(directory / "report.orders")
                os.write(order, b"\n")
                shared.wait_for("counting", report)
                running.stdin.write(b"\n")
                running.stdin.flush()
                self.assertEqual(running.stdout.readline(), b"done\n")
                os.write(order, b"\n")
                shared.wait_for("end", report)
                os.close(order)
                running.stdin.close()
                self.assertEqual(running.wait(), 0)
            seen = shared.parse(report.read_text().splitlines())
            places = shared.Places()
            names = [places.name(one.name) for one in seen.shared]
        self.assertEqual((seen.retains, seen.releases, seen.immortal), (600, 200, 200))
        self.assertEqual([(one.kind, one.writes) for one in seen.by_name()], [("object", 400), ("lock", 2)])
        self.assertIn("lock", names)


if __name__ == "__main__":
    unittest.main()
