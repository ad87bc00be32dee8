// mcp-wsbridge: MCP servers behind WebSocket
// Copyright (c) 2026 the mcp-wsbridge authors
// SPDX-License-Identifier: Apache-2.0

// Loaded into the bridge (shared.py does it) to tell which objects and locks two threads write to. Notes each retain,
// release, weak reference and lock with its address in a table of the thread's own, while counting is on. The first byte
// that comes through the FIFO $SHARED_WRITES.orders turns counting on, as a first line in the file $SHARED_WRITES tells; the
// second has the report written there, which ends in a line "end".
//
// Swift's runtime calls retain and release through pointers that a tool may set. Locks and weak references are taken in
// place of the exported functions, for which the bridge must be linked dynamically. An address that is allocated anew is
// another object: each allocation numbers it.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    BIRTHS = 1 << 21,  // addresses that may be allocated while counting
    FIRST_CAPACITY = 1 << 16,
    DEPTH = 12,          // frames of a stack
    STACKS = 8,          // different stacks kept of one object and thread
    SAMPLED_FROM = 32,   // an object must be written this often before its stacks are looked at, for unwinding is slow,
    SAMPLED_EVERY = 17,  // and then each so many times; odd, or the releases alone are met where they alternate with retains
};

// The lower half of the counts of an object that lives for ever; they are never written.
static const uint32_t IMMORTAL = 0xffffffff;

enum kind { OBJECT, IMMORTAL_OBJECT, LOCK };

struct stack {
    uint32_t samples;
    int depth;
    void *frames[DEPTH];
};

// One object or lock, as one thread wrote to it.
struct entry {
    uintptr_t address;  // 0: free
    uint32_t birth;
    enum kind kind;
    uint64_t up, down;  // retains and releases; locks count as `up`
    void *metadata;
    struct stack *stacks;
};

struct thread {
    struct thread *next;
    char name[16];
    struct entry *entries;
    size_t capacity, used;
};

static _Atomic(struct thread *) threads;
static atomic_bool counting;
static atomic_bool overflown;
static __thread struct thread *own __attribute__((tls_model("initial-exec")));
static __thread bool busy __attribute__((tls_model("initial-exec")));

static struct {
    _Atomic uintptr_t address;
    _Atomic uint32_t number;
} *births;

// Not from malloc, which may be at work further up the stack.
static void *memory(size_t size) {
    void *found = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (found == MAP_FAILED) abort();
    return found;
}

static size_t hashed(uintptr_t address, uint32_t birth) {
    return ((address >> 3) + birth * 0x9e3779b9ull) * 0x9e3779b97f4a7c15ull >> 20;
}

static uint32_t *birth_of(uintptr_t address, bool insert) {
    size_t at = hashed(address, 0);
    for (int tried = 0; tried < 4096; tried++, at++) {
        _Atomic uintptr_t *slot = &births[at & (BIRTHS - 1)].address;
        uintptr_t found = atomic_load(slot);
        if (found == 0) {
            if (!insert) return NULL;
            if (atomic_compare_exchange_strong(slot, &found, address)) found = address;
        }
        if (found == address) return (uint32_t *)&births[at & (BIRTHS - 1)].number;
    }
    atomic_store(&overflown, true);
    return NULL;
}

// What comes at this address from now on is another object.
static void note_birth(void *address) {
    if (!atomic_load_explicit(&counting, memory_order_relaxed)) return;
    uint32_t *number = birth_of((uintptr_t)address, true);
    if (number != NULL) (*number)++;
}

static struct entry *place(struct thread *thread, uintptr_t address, uint32_t birth) {
    size_t at = hashed(address, birth);
    for (;; at++) {
        struct entry *entry = &thread->entries[at & (thread->capacity - 1)];
        if (entry->address == 0 || (entry->address == address && entry->birth == birth)) return entry;
    }
}

static void grow(struct thread *thread) {
    struct thread old = *thread;
    thread->capacity = old.capacity == 0 ? FIRST_CAPACITY : old.capacity * 2;
    thread->entries = memory(thread->capacity * sizeof(struct entry));
    for (size_t at = 0; at < old.capacity; at++) {
        struct entry *entry = &old.entries[at];
        if (entry->address != 0) *place(thread, entry->address, entry->birth) = *entry;
    }
    if (old.capacity != 0) munmap(old.entries, old.capacity * sizeof(struct entry));
}

static void sample(struct entry *entry) {
    void *frames[DEPTH] = {NULL};
    int depth = backtrace(frames, DEPTH);
    if (entry->stacks == NULL) entry->stacks = memory(STACKS * sizeof(struct stack));
    for (int at = 0; at < STACKS; at++) {
        struct stack *stack = &entry->stacks[at];
        if (stack->samples == 0) {
            stack->depth = depth;
            memcpy(stack->frames, frames, sizeof frames);
        } else if (stack->depth != depth || memcmp(stack->frames, frames, sizeof frames) != 0) {
            continue;
        }
        stack->samples++;
        return;
    }
}

static void note(uintptr_t address, enum kind kind, void *metadata, bool up) {
    busy = true;
    if (own == NULL) {
        own = memory(sizeof(struct thread));
        pthread_getname_np(pthread_self(), own->name, sizeof own->name);
        own->next = atomic_load(&threads);
        while (!atomic_compare_exchange_weak(&threads, &own->next, own)) continue;
    }
    if (own->used * 2 >= own->capacity) grow(own);
    uint32_t *number = birth_of(address, false);
    uint32_t birth = number == NULL ? 0 : *number;
    struct entry *entry = place(own, address, birth);
    if (entry->address == 0) {
        *entry = (struct entry){.address = address, .birth = birth, .kind = kind, .metadata = metadata};
        own->used++;
    }
    if (up) entry->up++;
    else entry->down++;
    uint64_t written = entry->up + entry->down;
    if (kind != IMMORTAL_OBJECT && written >= SAMPLED_FROM && written % SAMPLED_EVERY == 0) sample(entry);
    busy = false;
}

static bool is_noting(void) { return atomic_load_explicit(&counting, memory_order_relaxed) && !busy; }

// The runtime leaves null and tagged pointers alone, and what Swift keeps in the spare bits of a reference is no address.
static void note_object(void *reference, bool up) {
    if ((intptr_t)reference <= 0 || !is_noting()) return;
    uintptr_t address = (uintptr_t)reference & 0xfffffffffffff8;
    uint64_t count = *(uint64_t *)(address + 8);
    bool immortal = (uint32_t)count == IMMORTAL && (int64_t)count < 0;
    note(address, immortal ? IMMORTAL_OBJECT : OBJECT, *(void **)address, up);
}

static void note_lock(void *lock) {
    if (is_noting()) note((uintptr_t)lock, LOCK, NULL, true);
}

// MARK: Swift's runtime

static void *(*retain)(void *);
static void *(*retain_n)(void *, uint32_t);
static void *(*try_retain)(void *);
static void (*release)(void *);
static void (*release_n)(void *, uint32_t);
static void *(*allocate)(void *, size_t, size_t);

// Stands in place of swift_retain itself. (Swift 6.3 takes the spare bits off before it calls through the pointer, also
// those that tell a short string from a reference, which is then taken for one.)
static void *noted_retain(void *object) {
    if ((intptr_t)object <= 0) return object;
    note_object(object, true);
    retain((void *)((uintptr_t)object & 0xfffffffffffff8));
    return object;
}

static void *noted_retain_n(void *object, uint32_t times) {
    note_object(object, true);
    return retain_n(object, times);
}

static void *noted_try_retain(void *object) {
    note_object(object, true);
    return try_retain(object);
}

static void noted_release(void *object) {
    note_object(object, false);
    release(object);
}

static void noted_release_n(void *object, uint32_t times) {
    note_object(object, false);
    release_n(object, times);
}

static void *noted_allocate(void *metadata, size_t size, size_t mask) {
    void *object = allocate(metadata, size, mask);
    note_birth(object);
    return object;
}

static bool replace(const char *name, void *original, void *with) {
    void **pointer = dlsym(RTLD_DEFAULT, name);
    if (pointer == NULL) return false;
    memcpy(original, pointer, sizeof(void *));
    *pointer = with;
    return true;
}

// Has a function begin with a jump to another one. Only for x86-64.
static bool redirect(const char *name, void *to) {
#if defined(__x86_64__)
    uint8_t jump[12] = {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0};  // movabs $to, %rax; jmp *%rax
    memcpy(jump + 2, &to, sizeof to);
    uint8_t *function = dlsym(RTLD_DEFAULT, name);
    if (function == NULL) return false;
    uint8_t *page = (uint8_t *)((uintptr_t)function & ~(uintptr_t)4095);
    size_t length = (size_t)(function + sizeof jump - page);
    if (mprotect(page, length, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) return false;
    memcpy(function, jump, sizeof jump);
    return mprotect(page, length, PROT_READ | PROT_EXEC) == 0;
#else
    (void)name, (void)to;
    return false;
#endif
}

#define NEXT(result, name, ...)                                              \
    static result (*next)(__VA_ARGS__);                                      \
    if (next == NULL) next = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

void *swift_weakLoadStrong(void *reference);
void *swift_weakLoadStrong(void *reference) {
    NEXT(void *, swift_weakLoadStrong, void *);
    void *object = next(reference);
    note_object(object, true);
    return object;
}

void *swift_weakInit(void *reference, void *object);
void *swift_weakInit(void *reference, void *object) {
    NEXT(void *, swift_weakInit, void *, void *);
    note_object(object, true);
    return next(reference, object);
}

// MARK: locks

int pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attributes) {
    NEXT(int, pthread_mutex_init, pthread_mutex_t *, const pthread_mutexattr_t *);
    note_birth(lock);
    return next(lock, attributes);
}

int pthread_mutex_lock(pthread_mutex_t *lock) {
    NEXT(int, pthread_mutex_lock, pthread_mutex_t *);
    note_lock(lock);
    return next(lock);
}

int pthread_mutex_trylock(pthread_mutex_t *lock) {
    NEXT(int, pthread_mutex_trylock, pthread_mutex_t *);
    note_lock(lock);
    return next(lock);
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock) {
    NEXT(int, pthread_rwlock_rdlock, pthread_rwlock_t *);
    note_lock(lock);
    return next(lock);
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock) {
    NEXT(int, pthread_rwlock_wrlock, pthread_rwlock_t *);
    note_lock(lock);
    return next(lock);
}

// MARK: the report

struct found {
    struct entry *entry;
    int thread;
};

static int by_address(const void *left, const void *right) {
    const struct found *a = left, *b = right;
    if (a->entry->address != b->entry->address) return a->entry->address < b->entry->address ? -1 : 1;
    if (a->entry->birth != b->entry->birth) return a->entry->birth < b->entry->birth ? -1 : 1;
    return a->thread - b->thread;
}

// An address as file+offset, which nm and addr2line know.
static void write_place(FILE *to, void *address) {
    Dl_info info;
    if (dladdr(address, &info) != 0 && info.dli_fname != NULL) {
        fprintf(to, "%s+%#zx", info.dli_fname, (size_t)((char *)address - (char *)info.dli_fbase));
    } else {
        fprintf(to, "?+%p", address);
    }
}

struct name {
    const char *text;
    size_t length;
};

// What the runtime calls a class; other metadata (of closures' contexts, say) has no name, only a place.
static void write_class(FILE *to, void *metadata) {
    struct name (*name_of)(void *, bool) = (struct name(*)(void *, bool))dlsym(RTLD_DEFAULT, "swift_getTypeName");
    uintptr_t kind = *(uintptr_t *)metadata;
    if (name_of != NULL && (kind == 0 || kind > 0x7ff)) {
        struct name name = name_of(metadata, true);
        fprintf(to, "%.*s", (int)name.length, name.text);
    } else {
        write_place(to, metadata);
    }
}

// A line each, fields parted by tabs: `thread NAME`, numbered from 0; `totals RETAINS RELEASES LOCKS IMMORTAL`; then for what
// two threads wrote to `object KIND CLASS`, with `by THREAD UP DOWN` and `stack SAMPLES PLACE...` for each of them; `end`.
static void write_report(FILE *to) {
    size_t count = 0, at = 0;
    for (struct thread *thread = threads; thread != NULL; thread = thread->next) count += thread->used;
    struct found *all = memory((count + 1) * sizeof(struct found));
    uint64_t ups = 0, downs = 0, locks = 0, immortal = 0;
    int number = 0;
    for (struct thread *thread = threads; thread != NULL; thread = thread->next, number++) {
        fprintf(to, "thread\t%s\n", thread->name);
        for (size_t slot = 0; slot < thread->capacity && at < count; slot++) {
            struct entry *entry = &thread->entries[slot];
            if (entry->address == 0) continue;
            all[at++] = (struct found){entry, number};
            if (entry->kind == LOCK) {
                locks += entry->up;
            } else if (entry->kind == IMMORTAL_OBJECT) {
                immortal += entry->up + entry->down;
            } else {
                ups += entry->up;
                downs += entry->down;
            }
        }
    }
    fprintf(to, "totals\t%lu\t%lu\t%lu\t%lu\n", ups, downs, locks, immortal);
    qsort(all, at, sizeof(struct found), by_address);
    for (size_t first = 0, end; first < at; first = end) {
        struct entry *object = all[first].entry;
        for (end = first; end < at; end++) {
            struct entry *other = all[end].entry;
            if (other->address != object->address || other->birth != object->birth) break;
        }
        if (end - first < 2 || object->kind == IMMORTAL_OBJECT) continue;
        fprintf(to, "object\t%s\t", object->kind == LOCK ? "lock" : "object");
        if (object->kind == LOCK) write_place(to, (void *)object->address);
        else write_class(to, object->metadata);
        fprintf(to, "\n");
        for (size_t one = first; one < end; one++) {
            struct entry *entry = all[one].entry;
            fprintf(to, "by\t%d\t%lu\t%lu\n", all[one].thread, entry->up, entry->down);
            for (int kept = 0; entry->stacks != NULL && kept < STACKS && entry->stacks[kept].samples > 0; kept++) {
                struct stack *stack = &entry->stacks[kept];
                fprintf(to, "stack\t%u", stack->samples);
                for (int frame = 0; frame < stack->depth; frame++) {
                    fprintf(to, "\t");
                    write_place(to, stack->frames[frame]);
                }
                fprintf(to, "\n");
            }
        }
    }
    fprintf(to, overflown ? "end\toverflown\n" : "end\n");
}

static void *take_orders(void *path) {
    char orders[4096], order;
    snprintf(orders, sizeof orders, "%s.orders", (char *)path);
    int fifo = open(orders, O_RDONLY | O_CLOEXEC);
    if (fifo < 0 || read(fifo, &order, 1) != 1) return NULL;
    FILE *report = fopen(path, "we");
    if (report == NULL) return NULL;
    atomic_store(&counting, true);
    fprintf(report, "counting\n");
    fflush(report);
    if (read(fifo, &order, 1) == 1) {
        atomic_store(&counting, false);
        write_report(report);
    }
    fclose(report);
    return NULL;
}

__attribute__((constructor)) static void prepare(void) {
    char *path = getenv("SHARED_WRITES");
    if (path == NULL) return;
    path = strdup(path);
    // Not for the bridge's children.
    unsetenv("SHARED_WRITES");
    unsetenv("LD_PRELOAD");
    births = memory(BIRTHS * sizeof *births);
    void *unused[1];
    backtrace(unused, 1);  // loads what it needs, with malloc
    bool *enabled = dlsym(RTLD_DEFAULT, "_swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly");
    void **original_retain = dlsym(RTLD_DEFAULT, "_swift_retain");
    if (original_retain == NULL) return;
    retain = (void *(*)(void *))*original_retain;
    bool complete = redirect("swift_retain", noted_retain);
    complete &= replace("_swift_retain_n", &retain_n, noted_retain_n);
    complete &= replace("_swift_tryRetain", &try_retain, noted_try_retain);
    complete &= replace("_swift_release", &release, noted_release);
    complete &= replace("_swift_release_n", &release_n, noted_release_n);
    complete &= replace("_swift_allocObject", &allocate, noted_allocate);
    // Without this library's whole set nobody takes orders, which tells shared.py that nothing can be counted.
    if (!complete) return;
    // Older runtimes have no such switch; the pointers alone suffice there.
    if (enabled != NULL) *enabled = true;
    pthread_t thread;
    if (pthread_create(&thread, NULL, take_orders, path) == 0) pthread_detach(thread);
}
