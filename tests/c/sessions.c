/* Releases in the middle of a job and of loading, cancels, many sessions on one engine, two threads on one session.
 * Arguments: a model folder; then "exit" to leave the process with a job running and nothing released. */
#include "host.h"

#include <pthread.h>

static unsigned char paint[CANVAS * CANVAS * 4];

/* A job of many steps that has shown its first estimate: it is running and far from its end. */
static ScumbleSession *busy_layer(ScumbleEngine *engine) {
    ScumbleSession *layer = start_layer(engine);
    ScumbleFrame *frame = NULL;
    ScumbleParams params = fresh_params();
    params.steps = 200;
    params.strength = 1;
    params.resolution = 256;
    params.preview = SCUMBLE_PREVIEW_EACH_STEP;
    MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_OK);
    memset(paint, 200, sizeof paint);
    const ScumbleImage image = whole_image(paint, CANVAS, CANVAS);
    MUST(scumble_session_push(layer, &image, 1, NULL, 0, NULL) == SCUMBLE_OK);
    int32_t status;
    while ((status = scumble_session_poll(layer, 0, &frame)) != SCUMBLE_OK) {
        MUST(status == SCUMBLE_NO_FRAME || status == SCUMBLE_LOADING);
        nap();
    }
    MUST(describe(frame).flags == SCUMBLE_FRAME_PREVIEW && counts(layer).busy == 1);
    scumble_frame_release(frame);
    return layer;
}

static void releases(const char *model) {
    ScumbleEngine *engine = start_engine(model);
    ScumbleSession *layer = busy_layer(engine);
    scumble_session_release(layer);
    scumble_engine_release(engine);

    engine = start_engine(model);
    layer = busy_layer(engine);
    scumble_engine_release(engine);
    /* The session keeps the model alive, and its job goes on. */
    const uint64_t shown = counts(layer).frames;
    while (counts(layer).frames <= shown) nap();
    ScumbleFrame *frame = NULL;
    MUST(scumble_session_poll(layer, 0, &frame) == SCUMBLE_OK);
    scumble_session_release(layer);
    unsigned char *picture = picture_of(frame);
    MUST(picture[3] == 255);
    free(picture);
    scumble_frame_release(frame);

    /* While the model is being loaded: in both orders, and never pushed. */
    for (int order = 0; order < 3; order++) {
        engine = start_engine(model);
        layer = start_layer(engine);
        const ScumbleImage image = whole_image(paint, CANVAS, CANVAS);
        MUST(counts(layer).busy == 0);
        if (order < 2) MUST(scumble_session_push(layer, &image, 1, NULL, 0, NULL) == SCUMBLE_OK);
        if (order == 0) scumble_engine_release(engine);
        scumble_session_release(layer);
        if (order != 0) scumble_engine_release(engine);
    }
}

static void cancels(const char *model) {
    ScumbleEngine *engine = start_engine(model);
    ScumbleSession *layer = busy_layer(engine);
    ScumbleFrame *frame = NULL;
    const ScumbleImage image = whole_image(paint, CANVAS, CANVAS);
    MUST(scumble_session_cancel(layer) == SCUMBLE_OK);
    const uint64_t shown = counts(layer).frames;
    MUST(scumble_session_wait(layer, 300000) == SCUMBLE_OK);
    MUST(counts(layer).frames == shown && counts(layer).jobs_started == 1);
    MUST(scumble_session_poll(layer, shown, &frame) == SCUMBLE_NO_FRAME && frame == NULL);
    ScumbleParams params = fresh_params();
    params.steps = 2;
    params.strength = 1;
    MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_OK);
    MUST(scumble_session_cancel(layer) == SCUMBLE_OK);
    MUST(scumble_session_push(layer, &image, 1, NULL, 0, NULL) == SCUMBLE_OK);
    MUST(scumble_session_push(layer, &image, 1, NULL, 0, NULL) == SCUMBLE_UNCHANGED);
    frame = final_frame(layer, shown);
    MUST(describe(frame).step == 2);
    scumble_frame_release(frame);
    MUST(scumble_session_wait(layer, 0) == SCUMBLE_OK && counts(layer).busy == 0);
    scumble_session_release(layer);
    scumble_engine_release(engine);
}

enum { LAYERS = 8, ROUNDS = 12 };

static void many_layers(const char *model) {
    static unsigned char paints[LAYERS][CANVAS * CANVAS * 4];
    ScumbleEngine *engine = start_engine(model);
    ScumbleSession *layers[LAYERS];
    uint64_t revision[LAYERS] = {0}, seen[LAYERS] = {0};
    for (size_t i = 0; i < LAYERS; i++) {
        layers[i] = start_layer(engine);
        ScumbleParams params = fresh_params();
        params.prompt = "a house by the lake";
        params.seed = i;
        params.resolution = CANVAS;
        params.strength = i % 2 ? 1.0f : 0.0f;
        MUST(scumble_session_set_params(layers[i], &params, NULL) == SCUMBLE_OK);
    }
    scumble_engine_release(engine);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < LAYERS; i++) {
            memset(paints[i] + round * 640, (int)(round * 16 + i), 640);
            const ScumbleImage image = whole_image(paints[i], CANVAS, CANVAS);
            const ScumbleRect touched = {0, 0, CANVAS, CANVAS};
            MUST(scumble_session_push(layers[i], &image, 1, round % 2 ? &touched : NULL, round % 2, &revision[i]) == SCUMBLE_OK);
            ScumbleFrame *frame = NULL;
            const size_t other = (i * 3 + round) % LAYERS;
            if (scumble_session_poll(layers[other], seen[other], &frame) == SCUMBLE_OK) {
                const ScumbleFrameInfo info = describe(frame);
                MUST(info.seq > seen[other] && info.revision <= revision[other]);
                seen[other] = info.seq;
                scumble_frame_release(frame);
            }
        }
    }
    for (size_t i = 0; i < LAYERS; i++) {
        ScumbleFrame *frame = final_frame(layers[i], 0);
        const ScumbleFrameInfo info = describe(frame);
        MUST(info.revision == revision[i]);
        unsigned char *picture = picture_of(frame);
        MUST(i % 2 || memcmp(picture, paints[i], sizeof paints[i]) == 0);
        free(picture);
        scumble_frame_release(frame);
        scumble_session_release(layers[i]);
    }
}

/* cancel, stats and engine_info are [any-thread]: called by a second thread while the first one paints. */
typedef struct {
    ScumbleEngine *engine;
    ScumbleSession *layer;
    volatile int painting;
} Shared;

static void *disturb(void *argument) {
    Shared *shared = argument;
    while (shared->painting) {
        ScumbleEngineInfo info;
        MUST(scumble_engine_info_init(&info, sizeof info) == SCUMBLE_OK);
        MUST(scumble_engine_info(shared->engine, &info) == SCUMBLE_OK && *info.message == 0);
        MUST(scumble_session_cancel(shared->layer) == SCUMBLE_OK);
        (void)counts(shared->layer);
        /* The last error is each thread's own. */
        MUST(scumble_session_cancel(NULL) == SCUMBLE_ERROR_NULL && strstr(scumble_last_error(), "session"));
        nap();
    }
    return NULL;
}

static void two_threads(const char *model) {
    Shared shared = {start_engine(model), NULL, 1};
    ScumbleEngineInfo info;
    pthread_t thread;
    MUST(await_engine(shared.engine, &info) == SCUMBLE_ENGINE_READY);
    shared.layer = start_layer(shared.engine);
    MUST(pthread_create(&thread, NULL, disturb, &shared) == 0);
    for (unsigned i = 0; i < 300; i++) {
        ScumbleFrame *frame = NULL;
        memset(paint + i * 16, (int)i, 16);
        const ScumbleImage image = whole_image(paint, CANVAS, CANVAS);
        MUST(scumble_session_push(shared.layer, &image, 1, NULL, 0, NULL) >= 0);
        MUST(scumble_session_poll(shared.layer, 0, &frame) >= 0);
        scumble_frame_release(frame);
        MUST(*scumble_last_error() == 0 || !strstr(scumble_last_error(), "`session`"));
        if (i % 8 == 0) nap();
    }
    shared.painting = 0;
    MUST(pthread_join(thread, NULL) == 0);
    must_still_render(shared.layer);
    scumble_session_release(shared.layer);
    scumble_engine_release(shared.engine);
}

int main(int argc, char **argv) {
    MUST(argc >= 2);
    if (argc > 2) {
        return busy_layer(start_engine(argv[1])) == NULL;
    }
    releases(argv[1]);
    puts("releases in mid-job and in mid-load");
    cancels(argv[1]);
    puts("cancels");
    many_layers(argv[1]);
    puts("eight layers on one engine");
    two_threads(argv[1]);
    puts("two threads on one layer");
    return 0;
}
