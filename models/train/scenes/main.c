// scenes: captioned landscapes without end, with naive paintings and class masks, for training.
#include "plan.h"
#include "shards.h"
#include "things.h"
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEFAULT_TILES = 48, MAX_TILES = 1024 };

static void usage(void) {
    fprintf(stderr,
            "usage: scenes [-n COUNT] [-s FIRST_SEED] [-r SIZE] [-j PROCESSES] [-w SECONDS] [-p]\n"
            "              [-T TILES] [-t PLACE] [-l LIGHT] FOLDER\n"
            "  -r: 64 to 512, a multiple of 64 (256)   -w: begin nothing new after that time\n"
            "  -p: PNGs to look at instead of shards   -T: terrain tiles (48; fewer start faster, other pictures)\n"
            "  -t, -l: only this kind of place (0-8), of light (0-8)\n");
    exit(2);
}

static long number(const char *text, long low, long high) {
    char *end;
    errno = 0;
    long v = strtol(text, &end, 10);
    if (errno || *end || end == text || v < low || v > high) {
        fprintf(stderr, "scenes: '%s' is not a number from %ld to %ld\n", text, low, high);
        exit(2);
    }
    return v;
}

int main(int argc, char **argv) {
    Job job = {.count = SHARD_RECORDS, .size = 256, .first_seed = 1, .until = 1e18};
    int processes = (int)sysconf(_SC_NPROCESSORS_ONLN), tiles = DEFAULT_TILES, pictures = 0, option;
    while ((option = getopt(argc, argv, "pn:s:r:j:w:T:t:l:")) != -1) {
        switch (option) {
        case 'p':
            pictures = 1;
            break;
        case 'n':
            job.count = number(optarg, 1, 100000000);
            break;
        case 's':
            job.first_seed = number(optarg, 0, UINT_MAX);
            break;
        case 'r':
            job.size = number(optarg, SIDE_MIN, SIDE_MAX);
            break;
        case 'j':
            processes = number(optarg, 1, 4096);
            break;
        case 'w':
            job.until = clock_seconds() + number(optarg, 0, 100000000);
            break;
        case 'T':
            tiles = number(optarg, 1, MAX_TILES);
            break;
        case 't':
            only_place = number(optarg, 0, PLACES - 1);
            break;
        case 'l':
            only_light = number(optarg, 0, LIGHTS - 1);
            break;
        default:
            usage();
        }
    }
    if (optind + 1 != argc || job.size % 64) {
        usage();
    }
    job.folder = argv[optind];
    if (mkdir(job.folder, 0755) && errno != EEXIST) {
        fprintf(stderr, "scenes: cannot make the folder %s: %s\n", job.folder, strerror(errno));
        return 1;
    }
    double start = clock_seconds();
    make_tiles(tiles, processes);
    double eroded = clock_seconds();
    build_things();
    double ready = clock_seconds();
    if (pictures) {
        in_parallel(job.count, processes, write_pictures, &job);
    } else {
        in_parallel((job.count + SHARD_RECORDS - 1) / SHARD_RECORDS, processes, write_shard, &job);
    }
    fprintf(stderr, "scenes: %d tiles %.1f s, things %.1f s, scenes %.1f s, %d processes\n", tiles, eroded - start,
            ready - eroded, clock_seconds() - ready, processes);
    return 0;
}
