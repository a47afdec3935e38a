/* Opens the library as a plug-in does, releases all in the middle of a job, closes the library at once, and again; then
 * exits. Arguments: a model folder, the library. */
#include <dlfcn.h>
#include <scumble.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SIDE 64
#define MUST(promise) \
    do { \
        if (!(promise)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #promise); \
            exit(1); \
        } \
    } while (0)

static unsigned char paint[SIDE * SIDE * 4];

#define CALL(name) \
    __typeof__(scumble_##name) *name; \
    *(void **)&name = dlsym(library, "scumble_" #name); \
    MUST(name)

static void one_life(const char *model, const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    MUST(library);
    CALL(abi_version);
    CALL(engine_options_init);
    CALL(params_init);
    CALL(image_init);
    CALL(engine_create);
    CALL(engine_release);
    CALL(session_create);
    CALL(session_push);
    CALL(session_set_params);
    CALL(session_poll);
    CALL(session_release);
    CALL(frame_release);
    ScumbleEngineOptions options;
    ScumbleEngine *engine = NULL;
    ScumbleSession *layer = NULL;
    ScumbleFrame *frame = NULL;
    MUST(scumble_abi_fits(abi_version()));
    MUST(engine_options_init(&options, sizeof options) == SCUMBLE_OK);
    options.model_dir = model;
    options.device = "cpu";
    const char *process = getenv("SCUMBLE_TEST_PROCESS");
    options.process = process ? (uint32_t)atoi(process) : SCUMBLE_PROCESS_AUTO;
    MUST(engine_create(&options, &engine) == SCUMBLE_OK);
    MUST(session_create(engine, &layer) == SCUMBLE_OK);
    ScumbleParams params;
    MUST(params_init(&params, sizeof params) == SCUMBLE_OK);
    params.steps = 200;
    params.strength = 1;
    params.resolution = 256;
    MUST(session_set_params(layer, &params, NULL) == SCUMBLE_OK);
    ScumbleImage image;
    MUST(image_init(&image, sizeof image) == SCUMBLE_OK);
    image.format = SCUMBLE_FORMAT_RGBA8;
    image.canvas_width = image.canvas_height = image.rect.width = image.rect.height = SIDE;
    image.stride = SIDE * 4;
    image.byte_length = sizeof paint;
    image.pixels = paint;
    MUST(session_push(layer, &image, 1, NULL, 0, NULL) == SCUMBLE_OK);
    const struct timespec moment = {0, 1000000};
    int32_t status;
    while ((status = session_poll(layer, 0, &frame)) != SCUMBLE_OK) {
        MUST(status == SCUMBLE_NO_FRAME || status == SCUMBLE_LOADING);
        nanosleep(&moment, NULL);
    }
    frame_release(frame);
    session_release(layer);
    engine_release(engine);
    MUST(dlclose(library) == 0);
}

int main(int argc, char **argv) {
    MUST(argc == 3);
    for (int life = 0; life < 3; life++) one_life(argv[1], argv[2]);
    puts("three lives");
    return 0;
}
