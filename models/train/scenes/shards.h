// Output: shards of training records, or PNGs to look at.
#pragma once
#include "generate.h"

enum { SHARD_RECORDS = 32 };

typedef struct {
    const char *folder;
    int count, size;
    unsigned first_seed;
    double until; // on the monotonic clock: when no new work is begun
} Job;

double clock_seconds(void);
// Runs work(k, arg) for k = 0..n-1 in forked processes; each takes the next k that nobody has. Every k gives the same
// result whoever takes it. Ends the program if a process fails.
void in_parallel(int n, int processes, void (*work)(int k, void *arg), void *arg);
void make_tiles(int tiles, int processes);
void write_shard(int k, void *job);
void write_pictures(int k, void *job);
