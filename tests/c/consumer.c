/* A host's ordinary life, for valgrind: paint, poll, show, change settings, mask, cancel, release.
 * Argument: a model folder. */
#include "host.h"

static unsigned char paint[CANVAS * CANVAS * 4];
static unsigned char shown[CANVAS * CANVAS * 4];

static void stroke(ScumbleRect rect, unsigned char grey) {
    for (int32_t y = rect.y; y < rect.y + rect.height; y++)
        for (int32_t x = rect.x; x < rect.x + rect.width; x++) {
            unsigned char *pixel = paint + ((size_t)y * CANVAS + (size_t)x) * 4;
            memset(pixel, grey, 3);
            pixel[3] = 255;
        }
}

/* What a timer does: shows the newest frame, if there is one. Returns its number, or `seen`. */
static uint64_t show_newest(ScumbleSession *layer, uint64_t seen) {
    ScumbleFrame *frame = NULL;
    const int32_t status = scumble_session_poll(layer, seen, &frame);
    MUST(status >= 0);
    if (status != SCUMBLE_OK) return seen;
    const ScumbleFrameInfo info = describe(frame);
    ScumbleRect rects[CANVAS];
    MUST(info.seq > seen && info.format == SCUMBLE_FORMAT_RGBA8);
    MUST(info.canvas_width == CANVAS && info.canvas_height == CANVAS && info.rect_count <= CANVAS);
    MUST(scumble_frame_rects(frame, rects, info.rect_count) == SCUMBLE_OK);
    for (uint32_t i = 0; i < info.rect_count; i++) {
        const size_t start = ((size_t)rects[i].y * CANVAS + (size_t)rects[i].x) * 4;
        MUST(scumble_frame_copy(frame, &rects[i], shown + start, CANVAS * 4, sizeof shown - start) == SCUMBLE_OK);
    }
    scumble_frame_release(frame);
    return info.seq;
}

static uint64_t show_at_rest(ScumbleSession *layer, uint64_t seen) {
    MUST(scumble_session_wait(layer, 600000) == SCUMBLE_OK);
    return show_newest(layer, seen);
}

int main(int argc, char **argv) {
    ScumbleEngineInfo info;
    uint64_t seen = 0;
    MUST(argc == 2);
    ScumbleEngine *engine = start_engine(argv[1]);
    ScumbleSession *layer = start_layer(engine);
    ScumbleParams params = fresh_params();
    char *prompt = strdup("a house by the lake");
    params.prompt = prompt;
    params.strength = 0;
    params.resolution = CANVAS;
    MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_OK);
    free(prompt);
    stroke((ScumbleRect){0, 0, CANVAS, CANVAS}, 230);
    const ScumbleImage image = whole_image(paint, CANVAS, CANVAS);
    MUST(scumble_session_push(layer, &image, 1, NULL, 0, NULL) == SCUMBLE_OK);
    seen = show_newest(layer, seen);
    MUST(await_engine(engine, &info) == SCUMBLE_ENGINE_READY && strlen(info.model_name) > 0);

    /* Strokes with strength 0, each with what it touched; the live layer follows byte for byte. */
    for (int32_t i = 0; i < 40; i++) {
        const ScumbleRect touched = {i, (i * 7) % 50, 10, 10};
        stroke(touched, (unsigned char)(i * 5));
        MUST(scumble_session_push(layer, &image, 1, &touched, 1, NULL) == SCUMBLE_OK);
        MUST(scumble_session_push(layer, &image, 1, &touched, 1, NULL) == SCUMBLE_UNCHANGED);
        seen = show_newest(layer, seen);
    }
    seen = show_at_rest(layer, seen);
    MUST(memcmp(shown, paint, sizeof paint) == 0);

    /* A part of the canvas, pushed alone. */
    ScumbleImage part = image;
    part.rect = (ScumbleRect){8, 8, 16, 16};
    part.pixels = paint + (8 * CANVAS + 8) * 4;
    part.byte_length = 15 * part.stride + 16 * 4;
    stroke(part.rect, 12);
    MUST(scumble_session_push(layer, &part, 1, NULL, 0, NULL) == SCUMBLE_OK);
    seen = show_at_rest(layer, seen);
    MUST(memcmp(shown, paint, sizeof paint) == 0);

    /* One real rendering; it is cancelled once and asked for again. */
    params.prompt = "a tree";
    params.strength = 1;
    params.steps = 2;
    params.guidance = 2;
    MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_OK);
    MUST(scumble_session_cancel(layer) == SCUMBLE_OK);
    MUST(scumble_session_push(layer, &image, 1, NULL, 0, NULL) == SCUMBLE_OK);
    seen = show_at_rest(layer, seen);
    MUST(memcmp(shown, paint, sizeof paint) != 0);

    /* A mask: outside it the paint, inside it the rendering. */
    unsigned char *coverage = calloc(20, 20);
    ScumbleMask mask;
    MUST(coverage && scumble_mask_init(&mask, sizeof mask) == SCUMBLE_OK);
    memset(coverage, 255, 400);
    mask.canvas_width = mask.canvas_height = CANVAS;
    mask.rect = (ScumbleRect){30, 30, 20, 20};
    mask.stride = 20;
    mask.byte_length = 400;
    mask.coverage = coverage;
    MUST(scumble_session_set_mask(layer, &mask, NULL) == SCUMBLE_OK);
    free(coverage);
    /* Its frames cover the mask alone; what was shown around it goes. */
    seen = show_at_rest(layer, seen);
    static const unsigned char nothing[30 * CANVAS * 4];
    const size_t inside = (40 * CANVAS + 40) * 4;
    MUST(memcmp(shown, nothing, sizeof nothing) == 0 && memcmp(shown + inside, paint + inside, 4) != 0);
    MUST(scumble_session_set_mask(layer, NULL, NULL) == SCUMBLE_OK);

    /* Mistakes on the way, and a job that runs while everything is released. */
    params.strength = 7;
    MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_ERROR_SETTING && *scumble_last_error());
    params.strength = 1;
    params.steps = 200;
    MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_OK);
    ScumbleFrame *held = NULL;
    while (scumble_session_poll(layer, seen, &held) != SCUMBLE_OK) nap();
    scumble_session_release(layer);
    scumble_engine_release(engine);
    MUST(describe(held).seq > seen);
    scumble_frame_release(held);
    puts("done");
    return 0;
}
