/* What the C test programs share: a host's few steps, a table of calls that must fail, memory with a guard page. */
#ifndef SCUMBLE_TEST_HOST_H
#define SCUMBLE_TEST_HOST_H

#include <scumble.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))
#define CANVAS 64

/* A promise that does not hold ends the program with the place and the last error. */
#define MUST(promise)                                                                                    \
    do {                                                                                                 \
        if (!(promise)) {                                                                                \
            fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #promise, scumble_last_error());     \
            exit(1);                                                                                     \
        }                                                                                                \
    } while (0)

UNUSED static void nap(void) {
    const struct timespec moment = {0, 1000000};
    nanosleep(&moment, NULL);
}

/* An engine on a model folder, on the CPU with one thread, as small as it gets. */
/* Where the model is to run: SCUMBLE_TEST_PROCESS, one of SCUMBLE_PROCESS_*. */
UNUSED static uint32_t process_of_test(void) {
    const char *named = getenv("SCUMBLE_TEST_PROCESS");
    return named ? (uint32_t)atoi(named) : SCUMBLE_PROCESS_AUTO;
}

UNUSED static ScumbleEngine *start_engine(const char *model) {
    ScumbleEngineOptions options;
    ScumbleEngine *engine = NULL;
    MUST(scumble_abi_fits(scumble_abi_version()));
    MUST(scumble_engine_options_init(&options, sizeof options) == SCUMBLE_OK);
    options.model_dir = model;
    options.device = "cpu";
    options.intra_threads = 1;
    options.process = process_of_test();
    MUST(scumble_engine_create(&options, &engine) == SCUMBLE_OK && engine);
    return engine;
}

/* Waits until the model is loaded or is not going to be; returns SCUMBLE_ENGINE_*. */
UNUSED static uint32_t await_engine(const ScumbleEngine *engine, ScumbleEngineInfo *info) {
    MUST(scumble_engine_info_init(info, sizeof *info) == SCUMBLE_OK);
    do {
        nap();
        MUST(scumble_engine_info(engine, info) == SCUMBLE_OK);
        MUST(info->message && info->progress >= 0 && info->progress <= 1);
    } while (info->state == SCUMBLE_ENGINE_LOADING);
    return info->state;
}

UNUSED static ScumbleSession *start_layer(const ScumbleEngine *engine) {
    ScumbleSession *layer = NULL;
    MUST(scumble_session_create(engine, &layer) == SCUMBLE_OK && layer);
    return layer;
}

/* A description of packed RGBA8 pixels that are the whole canvas. */
UNUSED static ScumbleImage whole_image(const void *pixels, int32_t width, int32_t height) {
    ScumbleImage image;
    MUST(scumble_image_init(&image, sizeof image) == SCUMBLE_OK);
    image.format = SCUMBLE_FORMAT_RGBA8;
    image.canvas_width = image.rect.width = width;
    image.canvas_height = image.rect.height = height;
    image.stride = (size_t)width * 4;
    image.byte_length = image.stride * (size_t)height;
    image.pixels = pixels;
    return image;
}

UNUSED static ScumbleParams fresh_params(void) {
    ScumbleParams params;
    MUST(scumble_params_init(&params, sizeof params) == SCUMBLE_OK);
    return params;
}

UNUSED static ScumbleFrameInfo describe(const ScumbleFrame *frame) {
    ScumbleFrameInfo info;
    MUST(scumble_frame_info_init(&info, sizeof info) == SCUMBLE_OK);
    MUST(scumble_frame_info(frame, &info) == SCUMBLE_OK);
    return info;
}

/* The packed RGBA8 pixels of the whole canvas; for free(). */
UNUSED static unsigned char *picture_of(const ScumbleFrame *frame) {
    const ScumbleFrameInfo info = describe(frame);
    const ScumbleRect canvas = {0, 0, info.canvas_width, info.canvas_height};
    const size_t stride = (size_t)info.canvas_width * 4, length = stride * (size_t)info.canvas_height;
    unsigned char *pixels = malloc(length);
    MUST(pixels && info.format == SCUMBLE_FORMAT_RGBA8);
    MUST(scumble_frame_copy(frame, &canvas, pixels, stride, length) == SCUMBLE_OK);
    return pixels;
}

UNUSED static ScumbleStats counts(const ScumbleSession *layer) {
    ScumbleStats stats;
    MUST(scumble_stats_init(&stats, sizeof stats) == SCUMBLE_OK);
    MUST(scumble_session_stats(layer, &stats) == SCUMBLE_OK);
    return stats;
}

/* Waits for rest and returns the newest frame above `after`, which must be FINAL. */
UNUSED static ScumbleFrame *final_frame(ScumbleSession *layer, uint64_t after) {
    ScumbleFrame *frame = NULL;
    MUST(scumble_session_wait(layer, 300000) == SCUMBLE_OK);
    MUST(scumble_session_poll(layer, after, &frame) == SCUMBLE_OK && frame);
    MUST(describe(frame).flags == (SCUMBLE_FRAME_FINAL | SCUMBLE_FRAME_CURRENT));
    return frame;
}

/* After whatever went wrong: a new push with strength 0 must come back byte for byte. */
UNUSED static void must_still_render(ScumbleSession *layer) {
    static unsigned char paint[CANVAS * CANVAS * 4];
    static unsigned number;
    ScumbleParams params = fresh_params();
    params.strength = 0;
    MUST(scumble_session_set_params(layer, &params, NULL) >= 0);
    MUST(scumble_session_set_mask(layer, NULL, NULL) >= 0);
    number++;
    memcpy(paint + number % (sizeof paint - sizeof number), &number, sizeof number);
    const ScumbleImage image = whole_image(paint, CANVAS, CANVAS);
    MUST(scumble_session_push(layer, &image, 1, NULL, 0, NULL) == SCUMBLE_OK);
    ScumbleFrame *frame = final_frame(layer, 0);
    const ScumbleFrameInfo info = describe(frame);
    unsigned char *pixels = picture_of(frame);
    MUST(info.rect_count > 0 && memcmp(pixels, paint, sizeof paint) == 0);
    free(pixels);
    scumble_frame_release(frame);
}

/* One row of the table: prints name, status and sentence; the test program reads them. */
UNUSED static int failed_rows;
UNUSED static void row(const char *name, int32_t expected, int32_t status) {
    const char *sentence = status < 0 ? scumble_last_error() : "";
    printf("%s\t%d\t%s\n", name, (int)status, sentence);
    if (status != expected) {
        fprintf(stderr, "%s: expected %d, got %d (%s)\n", name, (int)expected, (int)status, scumble_last_error());
        failed_rows++;
    }
    fflush(stdout);
}

/* `size` bytes that end at a page that nobody may touch; what lies before them is readable. */
UNUSED static void *guarded(size_t size) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t room = (size + page - 1) / page * page;
    char *start = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(start != MAP_FAILED);
    MUST(mprotect(start + room, page, PROT_NONE) == 0);
    return start + room - size;
}

/* An address at which a single byte read ends the program. */
UNUSED static void *untouchable(void) {
    return guarded(0);
}

#endif
