/* A host on Windows: paints, waits for the event of its session instead of polling from a timer, and lays down what comes
 * until the picture is finished; then paints once more. Arguments: a model folder, the process that renders (1 its own,
 * 2 this one), a file for the last picture (RGBA, 8 bits, SIDE x SIDE). */
#include <scumble.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define SIDE 256
#define PATIENCE 120000 /* ms */
#define MUST(promise) \
    do { \
        if (!(promise)) { \
            fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #promise, scumble_last_error()); \
            exit(1); \
        } \
    } while (0)

static unsigned char paint[SIDE * SIDE * 4], shown[SIDE * SIDE * 4];

static void fill(int from, int to, unsigned red, unsigned green, unsigned blue) {
    for (int y = from; y < to; y++)
        for (int x = 0; x < SIDE; x++) {
            unsigned char *pixel = paint + 4 * (y * SIDE + x);
            pixel[0] = (unsigned char)red, pixel[1] = (unsigned char)green, pixel[2] = (unsigned char)blue;
            pixel[3] = 255;
        }
}

static void push(ScumbleSession *layer) {
    ScumbleImage image;
    MUST(scumble_image_init(&image, sizeof image) == SCUMBLE_OK);
    image.format = SCUMBLE_FORMAT_RGBA8;
    image.canvas_width = image.canvas_height = image.rect.width = image.rect.height = SIDE;
    image.stride = SIDE * 4;
    image.byte_length = sizeof paint;
    image.pixels = paint;
    MUST(scumble_session_push(layer, &image, 1, NULL, 0, NULL) == SCUMBLE_OK);
}

/* Waits for the event and polls, until the picture is finished; how often it was woken. */
static int watch(ScumbleSession *layer, HANDLE event, uint64_t *seen) {
    for (int woken = 0;; woken++) {
        MUST(WaitForSingleObject(event, PATIENCE) == WAIT_OBJECT_0);
        MUST(WaitForSingleObject(event, 0) == WAIT_OBJECT_0 && "it stays set until somebody polls");
        ScumbleFrame *frame = NULL;
        int32_t status = scumble_session_poll(layer, *seen, &frame);
        MUST(status >= 0);
        if (status != SCUMBLE_OK) continue;
        ScumbleFrameInfo info;
        MUST(scumble_frame_info_init(&info, sizeof info) == SCUMBLE_OK);
        MUST(scumble_frame_info(frame, &info) == SCUMBLE_OK);
        ScumbleRect all = {0, 0, SIDE, SIDE};
        MUST(scumble_frame_copy(frame, &all, shown, SIDE * 4, sizeof shown) == SCUMBLE_OK);
        *seen = info.seq;
        scumble_frame_release(frame);
        if (info.flags & SCUMBLE_FRAME_CURRENT) return woken + 1;
    }
}

int main(int argc, char **argv) {
    MUST(argc == 4);
    MUST(scumble_abi_fits(scumble_abi_version()));
    ScumbleEngineOptions options;
    ScumbleEngine *engine = NULL;
    ScumbleSession *layer = NULL;
    MUST(scumble_engine_options_init(&options, sizeof options) == SCUMBLE_OK);
    options.model_dir = argv[1];
    options.process = (uint32_t)atoi(argv[2]);
    options.device = "cpu";
    MUST(scumble_engine_create(&options, &engine) == SCUMBLE_OK);
    MUST(scumble_session_create(engine, &layer) == SCUMBLE_OK);

    int32_t descriptor = -1;
    MUST(scumble_session_wake_fd(layer, &descriptor) == SCUMBLE_ERROR_SETTING);
    MUST(strstr(scumble_last_error(), "scumble_session_wake_event"));
    void *event = NULL, *again = NULL;
    MUST(scumble_session_wake_event(layer, &event) == SCUMBLE_OK);
    MUST(scumble_session_wake_event(layer, &again) == SCUMBLE_OK && again == event);
    MUST(WaitForSingleObject(event, 0) == WAIT_OBJECT_0 && "at first the host looks what was there before");
    ScumbleFrame *frame = NULL;
    MUST(scumble_session_poll(layer, 0, &frame) > 0);
    MUST(WaitForSingleObject(event, 50) == WAIT_TIMEOUT && "poll resets it");

    ScumbleParams params;
    MUST(scumble_params_init(&params, sizeof params) == SCUMBLE_OK);
    params.prompt = "a house by the lake";
    params.seed = 7;
    MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_OK);
    uint64_t seen = 0;
    fill(0, SIDE / 2, 90, 140, 220);
    fill(SIDE / 2, SIDE, 60, 120, 40);
    push(layer);
    int woken = watch(layer, event, &seen);
    MUST(WaitForSingleObject(event, 500) == WAIT_TIMEOUT || scumble_session_poll(layer, seen, &frame) > 0);
    fill(SIDE / 3, SIDE / 2, 200, 60, 40);
    push(layer);
    int later = watch(layer, event, &seen);

    FILE *out = fopen(argv[3], "wb");
    MUST(out && fwrite(shown, 1, sizeof shown, out) == sizeof shown && fclose(out) == 0);
    ScumbleEngineInfo info;
    MUST(scumble_engine_info_init(&info, sizeof info) == SCUMBLE_OK);
    MUST(scumble_engine_info(engine, &info) == SCUMBLE_OK);
    printf("woken %d and %d times; %s; %s\n", woken, later, info.device, info.runtime);
    scumble_session_release(layer);
    scumble_engine_release(engine);
    return 0;
}
