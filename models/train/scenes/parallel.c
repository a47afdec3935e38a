// Work shared by forked processes.
#include "shards.h"
#include "tiles.h"
#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

double clock_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void *shared_memory(size_t n) {
    void *p = mmap(0, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        fprintf(stderr, "scenes: no shared memory (%zu bytes): %s\n", n, strerror(errno));
        exit(1);
    }
    return p;
}

static void work_on(int n, atomic_int *next, void (*work)(int k, void *arg), void *arg) {
    for (int k; (k = atomic_fetch_add(next, 1)) < n;) {
        work(k, arg);
    }
}

void in_parallel(int n, int processes, void (*work)(int k, void *arg), void *arg) {
    atomic_int *next = shared_memory(sizeof *next);
    int started = 0, failed = 0;
    atomic_store(next, 0);
    fflush(0); // or children would write it again
    for (; started < processes && started < n; started++) {
        pid_t pid = fork();
        if (pid < 0) {
            fprintf(stderr, "scenes: cannot start a process: %s\n", strerror(errno));
            failed = 1;
            break;
        }
        if (!pid) {
            work_on(n, next, work, arg);
            fflush(0);
            _exit(0);
        }
    }
    while (started-- > 0) {
        int status;
        failed |= wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status);
    }
    munmap(next, sizeof *next);
    if (failed) {
        fprintf(stderr, "scenes: a process failed; what it was writing is missing\n");
        exit(1);
    }
}

static void make_one_tile(int k, void *arg) {
    (void)arg;
    make_tile(tile_bank + (size_t)k * TILE * TILE, 1000 + k);
}

// The eroded tiles, in memory that all processes share.
void make_tiles(int tiles, int processes) {
    tile_count = tiles;
    tile_bank = shared_memory((size_t)tiles * TILE * TILE * sizeof *tile_bank);
    in_parallel(tiles, processes, make_one_tile, 0);
}
