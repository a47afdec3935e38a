/* Makes a live layer and exits with 7 while its model is loaded, or rendered with. Arguments: a model folder; "release" or
 * "keep" what was made; "main" or "thread", which one exits; when: a file that is waited for, or microseconds. */
#include "host.h"

#include <pthread.h>
#include <sched.h>

static unsigned char paint[CANVAS * CANVAS * 4];
static ScumbleEngine *engine;
static ScumbleSession *layer;

/* Threads that share one core are interrupted at more places. */
static void stay_on_one_core(void) {
    cpu_set_t core;
    CPU_ZERO(&core);
    CPU_SET((size_t)sched_getcpu(), &core);
    MUST(sched_setaffinity(0, sizeof core, &core) == 0);
}

static void await(const char *when) {
    if (*when == '/') {
        while (access(when, F_OK) != 0) nap();
        return;
    }
    const long time = atol(when);
    const struct timespec moment = {time / 1000000, time % 1000000 * 1000};
    nanosleep(&moment, NULL);
}

static void *leave(void *arguments) {
    char **argv = arguments;
    await(argv[4]);
    MUST(counts(layer).busy == 1);
    if (strcmp(argv[2], "release") == 0) {
        scumble_session_release(layer);
        scumble_engine_release(engine);
    }
    /* Not flushed yet: that belongs to the exit. */
    fputs("leaves", stdout);
    exit(7);
}

int main(int argc, char **argv) {
    MUST(argc == 5);
    stay_on_one_core();
    engine = start_engine(argv[1]);
    layer = start_layer(engine);
    ScumbleParams params = fresh_params();
    params.steps = 200;
    params.strength = 1;
    params.resolution = 256;
    MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_OK);
    const ScumbleImage image = whole_image(paint, CANVAS, CANVAS);
    MUST(scumble_session_push(layer, &image, 1, NULL, 0, NULL) == SCUMBLE_OK);
    if (strcmp(argv[3], "main") == 0) leave(argv);
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, leave, argv) == 0);
    pthread_join(thread, NULL);
    return 1;
}
