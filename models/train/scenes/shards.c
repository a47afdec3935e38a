// Files of training records.
//
// A shard is written as shard-XXXX.bin.tmp and renamed when complete; its captions (shard-XXXX.tsv) are complete before
// that, so whoever sees shard-XXXX.bin may read both.
#include "shards.h"
#include "png.h"
#include <errno.h>

enum { PATH_BYTES = 4096 };

// The last 16 bytes of a record, little-endian. Keep in step with README.md and tests/scenes.rs.
typedef struct {
    uint32_t seed;
    uint8_t variant, flags;
    uint16_t small; // share * 65535
    uint8_t place, light, season, reserved[5];
} Tail;

_Static_assert(sizeof(Tail) == 16, "the tail of a record has 16 bytes");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are little-endian");

static void fail(const char *what, const char *path) {
    fprintf(stderr, "scenes: cannot %s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

static FILE *open_file(const char *path) {
    FILE *f = fopen(path, "wb");
    if (!f) {
        fail("open", path);
    }
    return f;
}

static void write_bytes(const void *data, size_t n, FILE *f, const char *path) {
    if (fwrite(data, 1, n, f) != n) {
        fail("write", path);
    }
}

// Closes a file and gives it its final name.
static void publish(FILE *f, const char *temporary, const char *path) {
    if (fclose(f)) {
        fail("write", temporary);
    }
    if (rename(temporary, path)) {
        fail("rename", temporary);
    }
}

static void name_file(char *out, const char *folder, const char *format, unsigned number, const char *suffix) {
    int n = snprintf(out, PATH_BYTES, "%s/", folder);
    n += snprintf(out + n, n < PATH_BYTES ? PATH_BYTES - n : 0, format, number);
    n += n < PATH_BYTES ? snprintf(out + n, PATH_BYTES - n, "%s", suffix) : 0;
    if (n >= PATH_BYTES) {
        errno = ENAMETOOLONG;
        fail("write to", folder);
    }
}

static void write_record(const Record *rec, unsigned seed, FILE *bin, const char *bin_path, FILE *captions) {
    size_t n = (size_t)rec->size * rec->size;
    Tail tail = {.seed = seed,
                 .variant = rec->variant,
                 .flags = rec->flags,
                 .small = (uint16_t)(rec->small * 65535 + .5f),
                 .place = rec->place,
                 .light = rec->light,
                 .season = rec->season};
    write_bytes(rec->picture, n * 3, bin, bin_path);
    write_bytes(rec->painting, n * 3, bin, bin_path);
    write_bytes(rec->mask, n, bin, bin_path);
    write_bytes(&tail, sizeof tail, bin, bin_path);
    fprintf(captions, "%u", seed);
    for (int c = 0; c < CAPTIONS; c++) {
        fprintf(captions, "\t%s", rec->caption[c]);
    }
    fprintf(captions, "\n");
}

void write_shard(int k, void *arg) {
    static Record rec;
    const Job *job = arg;
    char bin[PATH_BYTES], bin_tmp[PATH_BYTES], tsv[PATH_BYTES], tsv_tmp[PATH_BYTES];
    int first = k * SHARD_RECORDS, count = (int)minf(SHARD_RECORDS, job->count - first);
    if (clock_seconds() > job->until) {
        return;
    }
    if (!rec.size) {
        rec = new_record(job->size);
    }
    name_file(bin, job->folder, "shard-%04u", k, ".bin");
    name_file(tsv, job->folder, "shard-%04u", k, ".tsv");
    name_file(bin_tmp, job->folder, "shard-%04u", k, ".bin.tmp");
    name_file(tsv_tmp, job->folder, "shard-%04u", k, ".tsv.tmp");
    FILE *records = open_file(bin_tmp), *captions = open_file(tsv_tmp);
    for (int i = 0; i < count; i++) {
        unsigned seed = job->first_seed + first + i;
        generate(&rec, seed);
        write_record(&rec, seed, records, bin_tmp, captions);
    }
    publish(captions, tsv_tmp, tsv);
    publish(records, bin_tmp, bin);
}

static void save_png(const char *path, const Record *rec, const uint8_t *pixels, int channels) {
    if (!write_png(path, pixels, rec->size, rec->size, channels)) {
        fail("write", path);
    }
}

void write_pictures(int k, void *arg) {
    static Record rec;
    const Job *job = arg;
    unsigned seed = job->first_seed + k;
    char path[PATH_BYTES];
    if (clock_seconds() > job->until) {
        return;
    }
    if (!rec.size) {
        rec = new_record(job->size);
    }
    generate(&rec, seed);
    name_file(path, job->folder, "%06u", seed, ".png");
    save_png(path, &rec, rec.picture, 3);
    name_file(path, job->folder, "%06u", seed, "-painting.png");
    save_png(path, &rec, rec.painting, 3);
    name_file(path, job->folder, "%06u", seed, "-mask.png");
    save_png(path, &rec, rec.mask, 1);
    name_file(path, job->folder, "%06u", seed, ".txt");
    FILE *f = open_file(path);
    for (int c = 0; c < CAPTIONS; c++) {
        fprintf(f, "%s\n", rec.caption[c]);
    }
    if (fclose(f)) {
        fail("write", path);
    }
}
