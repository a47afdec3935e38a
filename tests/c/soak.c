/* A long session: PUSHES pushes of a moving stroke and at least FRAMES frames, with the memory measured after a
 * warm-up and at the end. Prints what it counted. Argument: a model folder. */
#include "host.h"

enum { PUSHES = 10000, FRAMES = 1000, WARM_UP = 1000, PUSHES_A_FRAME = 10 };

/* What the allocator and the threads' caches may still take, with all the rest unchanged. */
#define ALLOWED ((long)4 << 20)

static unsigned char paint[CANVAS * CANVAS * 4];

static long resident(void) {
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    MUST(statm && fscanf(statm, "%*d %ld", &pages) == 1);
    fclose(statm);
    return pages * sysconf(_SC_PAGESIZE);
}

int main(int argc, char **argv) {
    static const char *const prompts[] = {"a house", "a tree", "the sea", "a red apple"};
    long before = 0, frames = 0, changed = 0;
    uint64_t seen = 0, finals = 0;
    MUST(argc == 2);
    ScumbleEngine *engine = start_engine(argv[1]);
    ScumbleSession *layer = start_layer(engine);
    ScumbleParams params = fresh_params();
    params.resolution = CANVAS;
    params.steps = 2;
    params.strength = 1;
    for (long push = 0; push < PUSHES; push++) {
        /* Every seventh push brings nothing new; the others one small stroke, one of them a change of prompt. */
        if (push % 7) {
            const size_t x = (size_t)push % 48, y = (size_t)push / 48 % 60;
            for (size_t row = 0; row < 4; row++) memset(paint + ((y + row) * CANVAS + x) * 4, (int)(push * 13), 64);
        }
        if (push % 500 == 0) {
            params.prompt = prompts[push / 500 % 4];
            MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_OK);
        }
        const ScumbleImage image = whole_image(paint, CANVAS, CANVAS);
        const int32_t status = scumble_session_push(layer, &image, 1, NULL, 0, NULL);
        MUST(status >= 0);
        changed += status == SCUMBLE_OK;
        /* The painter pauses now and then until something new is seen. */
        ScumbleFrame *frame = NULL;
        int32_t polled = scumble_session_poll(layer, seen, &frame);
        if (push % PUSHES_A_FRAME == 0 && polled != SCUMBLE_OK) {
            MUST(polled >= 0 && scumble_session_wait(layer, 300000) == SCUMBLE_OK);
            polled = scumble_session_poll(layer, seen, &frame);
        }
        MUST(polled >= 0);
        if (polled == SCUMBLE_OK) {
            const ScumbleFrameInfo info = describe(frame);
            MUST(info.seq > seen);
            seen = info.seq;
            finals += (info.flags & SCUMBLE_FRAME_FINAL) != 0;
            frames++;
            scumble_frame_release(frame);
        }
        if (push == WARM_UP) before = resident();
    }
    MUST(scumble_session_wait(layer, 300000) == SCUMBLE_OK);
    const long after = resident();
    const ScumbleStats stats = counts(layer);
    printf("pushes %d (%ld changed something), jobs %llu (replaced %llu), frames shown %ld of %llu (%llu final), "
           "resident after %d pushes %ld KiB, at the end %ld KiB\n",
           PUSHES, changed, (unsigned long long)stats.jobs_started, (unsigned long long)stats.jobs_replaced, frames,
           (unsigned long long)stats.frames, (unsigned long long)finals, WARM_UP, before >> 10, after >> 10);
    scumble_session_release(layer);
    scumble_engine_release(engine);
    MUST(stats.frames >= FRAMES);
    MUST(after - before < ALLOWED);
    return 0;
}
