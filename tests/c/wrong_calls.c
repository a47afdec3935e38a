/* NULL for every pointer, structs of every length, wild noise; argument: a model folder. */
#include "host.h"

/* Out parameters hold this before a call that must fail, and after it. */
#define KEPT ((void *)(uintptr_t)0xA5A5A5A5u)

static ScumbleEngine *engine;
static ScumbleSession *layer;
static ScumbleFrame *frame;

static void null_pointers(void) {
    ScumbleEngineOptions options;
    ScumbleEngineInfo engine_info;
    ScumbleFrameInfo frame_info;
    ScumbleStats stats;
    ScumbleParams params = fresh_params();
    const ScumbleRect rect = {0, 0, 1, 1};
    const float noise = 0;
    unsigned char pixel[4] = {0};
    ScumbleImage image = whole_image(pixel, 1, 1);
    ScumbleMask mask;
    ScumbleEngine *made = KEPT;
    ScumbleSession *session = KEPT;
    ScumbleFrame *shown = KEPT;
    uint64_t revision = 77;
    const int32_t null = SCUMBLE_ERROR_NULL;

    row("engine_options_init(NULL)", null, scumble_engine_options_init(NULL, sizeof options));
    row("engine_info_init(NULL)", null, scumble_engine_info_init(NULL, sizeof engine_info));
    row("frame_info_init(NULL)", null, scumble_frame_info_init(NULL, sizeof frame_info));
    row("params_init(NULL)", null, scumble_params_init(NULL, sizeof params));
    row("overview_init(NULL)", null, scumble_overview_init(NULL, sizeof(ScumbleOverview)));
    row("image_init(NULL)", null, scumble_image_init(NULL, sizeof image));
    row("mask_init(NULL)", null, scumble_mask_init(NULL, sizeof mask));
    row("stats_init(NULL)", null, scumble_stats_init(NULL, sizeof stats));
    MUST(scumble_engine_options_init(&options, sizeof options) == SCUMBLE_OK);
    MUST(scumble_engine_info_init(&engine_info, sizeof engine_info) == SCUMBLE_OK);
    MUST(scumble_frame_info_init(&frame_info, sizeof frame_info) == SCUMBLE_OK);
    MUST(scumble_mask_init(&mask, sizeof mask) == SCUMBLE_OK);
    MUST(scumble_stats_init(&stats, sizeof stats) == SCUMBLE_OK);
    mask.canvas_width = mask.canvas_height = mask.rect.width = mask.rect.height = 1;
    mask.stride = mask.byte_length = 1;

    row("engine_create(engine NULL)", null, scumble_engine_create(&options, NULL));
    row("engine_create(both NULL)", null, scumble_engine_create(NULL, NULL));
    row("engine_info(engine NULL)", null, scumble_engine_info(NULL, &engine_info));
    row("engine_info(info NULL)", null, scumble_engine_info(engine, NULL));
    row("session_create(engine NULL)", null, scumble_session_create(NULL, &session));
    row("session_create(session NULL)", null, scumble_session_create(engine, NULL));
    row("set_params(session NULL)", null, scumble_session_set_params(NULL, &params, &revision));
    row("set_params(params NULL)", null, scumble_session_set_params(layer, NULL, &revision));
    row("push(session NULL)", null, scumble_session_push(NULL, &image, 1, &rect, 1, &revision));
    row("push(images NULL)", null, scumble_session_push(layer, NULL, 1, &rect, 1, &revision));
    row("push(no image)", SCUMBLE_ERROR_BUFFER, scumble_session_push(layer, &image, 0, NULL, 0, &revision));
    image.pixels = NULL;
    row("push(image->pixels NULL)", null, scumble_session_push(layer, &image, 1, &rect, 1, &revision));
    row("set_mask(session NULL)", null, scumble_session_set_mask(NULL, &mask, &revision));
    row("set_mask(mask->coverage NULL)", null, scumble_session_set_mask(layer, &mask, &revision));
    row("set_noise(session NULL)", null, scumble_session_set_noise(NULL, &noise, 1, 1, 1, 1, &revision));
    row("poll(session NULL)", null, scumble_session_poll(NULL, 0, &shown));
    row("poll(frame NULL)", null, scumble_session_poll(layer, 0, NULL));
    row("wait(session NULL)", null, scumble_session_wait(NULL, 0));
    row("cancel(session NULL)", null, scumble_session_cancel(NULL));
    row("stats(session NULL)", null, scumble_session_stats(NULL, &stats));
    row("stats(stats NULL)", null, scumble_session_stats(layer, NULL));
    row("frame_info(frame NULL)", null, scumble_frame_info(NULL, &frame_info));
    row("frame_info(info NULL)", null, scumble_frame_info(frame, NULL));
    ScumbleRect rects[1];
    row("frame_rects(frame NULL)", null, scumble_frame_rects(NULL, rects, 1));
    row("frame_rects(rects NULL)", null, scumble_frame_rects(frame, NULL, 1));
    row("frame_rects(too many)", SCUMBLE_ERROR_BUFFER, scumble_frame_rects(frame, rects, 1000));
    row("frame_copy(frame NULL)", null, scumble_frame_copy(NULL, &rect, pixel, 4, 4));
    row("frame_copy(rect NULL)", null, scumble_frame_copy(frame, NULL, pixel, 4, 4));
    row("frame_copy(pixels NULL)", null, scumble_frame_copy(frame, &rect, NULL, 4, 4));
    MUST(made == KEPT && session == KEPT && shown == KEPT && revision == 77);
    MUST(engine_info.state == 0 && frame_info.seq == 0 && stats.frames == 0);
    scumble_engine_release(NULL);
    scumble_session_release(NULL);
    scumble_frame_release(NULL);
}

/* A call that takes a struct of any length, as a function. */
typedef int32_t Call(void *given);
typedef int32_t Init(void *given, size_t size);

static int32_t create(void *given) {
    ScumbleEngine *made = KEPT;
    const int32_t status = scumble_engine_create(given, &made);
    MUST((status == SCUMBLE_OK) == (made != KEPT));
    if (status == SCUMBLE_OK) scumble_engine_release(made);
    return status;
}
static int32_t engine_info(void *given) { return scumble_engine_info(engine, given); }
static int32_t frame_info(void *given) { return scumble_frame_info(frame, given); }
static int32_t stats(void *given) { return scumble_session_stats(layer, given); }
static int32_t set_params(void *given) { return scumble_session_set_params(layer, given, NULL); }
static int32_t push(void *given) { return scumble_session_push(layer, given, 1, NULL, 0, NULL); }
static int32_t set_mask(void *given) { return scumble_session_set_mask(layer, given, NULL); }

static int32_t options_init(void *given, size_t size) { return scumble_engine_options_init(given, size); }
static int32_t engine_info_init(void *given, size_t size) { return scumble_engine_info_init(given, size); }
static int32_t frame_info_init(void *given, size_t size) { return scumble_frame_info_init(given, size); }
static int32_t stats_init(void *given, size_t size) { return scumble_stats_init(given, size); }
static int32_t params_init(void *given, size_t size) { return scumble_params_init(given, size); }
static int32_t image_init(void *given, size_t size) { return scumble_image_init(given, size); }
static int32_t mask_init(void *given, size_t size) { return scumble_mask_init(given, size); }

/* Lengths of one struct, at an odd address, with a guard page behind it: as it was first, and as it is. `filled` is what a
 * fresh one gives. */
static void lengths(const char *name, size_t first, size_t size, Init *init, Call *call, bool output, int32_t filled) {
    const size_t sizes[] = {0, 3, first - 1, first, size, size + 24, 4096, 4097};
    char what[80];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const bool fits = sizes[i] >= first && sizes[i] <= 4096;
        const uint32_t said = (uint32_t)sizes[i];
        unsigned char *given = guarded(fits ? sizes[i] : size + 1);
        memset(given, 0xA5, fits ? sizes[i] : size + 1);
        snprintf(what, sizeof what, "%s_init(size %zu)", name, sizes[i]);
        row(what, fits ? SCUMBLE_OK : SCUMBLE_ERROR_STRUCT_SIZE, init(given, sizes[i]));
        if (!fits) {
            MUST(given[0] == 0xA5 && given[size] == 0xA5);
            memcpy(given, &said, sizeof said);
        }
        snprintf(what, sizeof what, "%s(struct_size %zu)", name, sizes[i]);
        row(what, fits ? filled : SCUMBLE_ERROR_STRUCT_SIZE, call(given));
        MUST(memcmp(given, &said, sizeof said) == 0);
        if (fits && sizes[i] > size) {
            given[sizes[i] - 1] = 1;
            snprintf(what, sizeof what, "%s(tail of %zu not 0)", name, sizes[i]);
            row(what, output ? SCUMBLE_OK : SCUMBLE_ERROR_STRUCT_SIZE, call(given));
            MUST(given[sizes[i] - 1] == 1);
        }
    }
    unsigned char *garbage = guarded(size);
    memset(garbage, 0xA5, size);
    snprintf(what, sizeof what, "%s(uninitialised)", name);
    row(what, SCUMBLE_ERROR_STRUCT_SIZE, call(garbage));
}

static void noise_sizes(void) {
    const uint32_t most = UINT32_MAX;
    const float *values = untouchable();
    uint64_t revision = 77;
    const int32_t rect = SCUMBLE_ERROR_RECT;
    row("set_noise(no draws)", rect, scumble_session_set_noise(layer, values, 0, 4, 8, 8, &revision));
    row("set_noise(no width)", rect, scumble_session_set_noise(layer, values, 1, 4, 8, 0, &revision));
    row("set_noise(overflow)", rect, scumble_session_set_noise(layer, values, most, most, most, most, &revision));
    row("set_noise(too large)", rect, scumble_session_set_noise(layer, values, 1, 1, 1, most, &revision));
    MUST(revision == 77);
}

int main(int argc, char **argv) {
    ScumbleEngineInfo info;
    MUST(argc == 2);
    MUST(strcmp(scumble_last_error(), "") == 0 && strlen(scumble_version()) >= 5);
    engine = start_engine(argv[1]);
    MUST(await_engine(engine, &info) == SCUMBLE_ENGINE_READY && info.error == 0);
    MUST(strncmp(info.runtime, "ONNX Runtime 1.", 15) == 0 && strstr(info.runtime, " (/"));
    /* The model that is given is the default one here. */
    MUST(strcmp(scumble_default_model(), argv[1]) == 0 && scumble_default_model() == scumble_default_model());
    layer = start_layer(engine);
    must_still_render(layer);
    frame = final_frame(layer, 0);
    null_pointers();
    must_still_render(layer);
    lengths("engine_create", offsetof(ScumbleEngineOptions, process), sizeof(ScumbleEngineOptions), options_init, create, false, SCUMBLE_OK);
    /* `process` and what follows it, `runtime`, colour spaces and `lora_folder` were appended: a host that lacks them goes on working. */
    lengths("engine_info", offsetof(ScumbleEngineInfo, runtime), sizeof info, engine_info_init, engine_info, true, SCUMBLE_OK);
    lengths("frame_info", sizeof(ScumbleFrameInfo), sizeof(ScumbleFrameInfo), frame_info_init, frame_info, true, SCUMBLE_OK);
    lengths("stats", sizeof(ScumbleStats), sizeof(ScumbleStats), stats_init, stats, true, SCUMBLE_OK);
    lengths("push", offsetof(ScumbleImage, space), sizeof(ScumbleImage), image_init, push, false, SCUMBLE_ERROR_FORMAT);
    lengths("set_mask", sizeof(ScumbleMask), sizeof(ScumbleMask), mask_init, set_mask, false, SCUMBLE_ERROR_NULL);
    must_still_render(layer);
    MUST(scumble_session_set_params(layer, &(ScumbleParams){.struct_size = sizeof(ScumbleParams)}, NULL) >= 0);
    const ScumbleParams params = fresh_params();
    MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_OK);
    lengths("set_params", offsetof(ScumbleParams, lora_folder), sizeof(ScumbleParams), params_init, set_params, false, SCUMBLE_UNCHANGED);
    noise_sizes();
    must_still_render(layer);
    scumble_frame_release(frame);
    scumble_session_release(layer);
    scumble_engine_release(engine);
    return failed_rows != 0;
}
