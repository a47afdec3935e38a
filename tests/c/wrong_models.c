/* Engines that cannot be loaded. Standard input has a line for each: name, expected status, model folder, device,
 * scheduler, ONNX Runtime, with tabs between them and "-" for NULL. A line that expects 0 must load and render. */
#include "host.h"

static const char *given(const char *field) {
    return strcmp(field, "-") ? field : NULL;
}

/* Every way in which the failure must be told, for as long as the engine is held. */
static void must_fail(const char *name, int32_t expected, ScumbleEngine *engine, ScumbleSession *layer) {
    ScumbleEngineInfo info;
    char sentence[4096];
    ScumbleFrame *frame = NULL;
    MUST(await_engine(engine, &info) == SCUMBLE_ENGINE_FAILED);
    MUST(info.error == expected || fprintf(stderr, "%s: %d %s\n", name, (int)info.error, info.message) < 0);
    MUST((expected == SCUMBLE_ERROR_RUNTIME) <= (*info.runtime == 0));
    MUST(*info.model_name == 0 && *info.device == 0 && info.native_side == 0);
    snprintf(sentence, sizeof sentence, "%s", info.message);
    MUST(scumble_session_wait(layer, 60000) == SCUMBLE_OK);
    row(name, expected, scumble_session_poll(layer, 0, &frame));
    MUST(strcmp(scumble_last_error(), sentence) == 0);
    MUST(scumble_session_poll(layer, 0, &frame) == expected && frame == NULL);
    char kept[4096];
    MUST(scumble_session_last_error(layer, kept, sizeof kept) == SCUMBLE_OK && strcmp(kept, sentence) == 0);

    unsigned char pixel[4] = {1, 2, 3, 4};
    const ScumbleImage image = whole_image(pixel, 1, 1);
    ScumbleSession *late = start_layer(engine);
    MUST(scumble_session_push(late, &image, 1, NULL, 0, NULL) == SCUMBLE_OK);
    MUST(scumble_session_wait(late, 60000) == SCUMBLE_OK);
    MUST(scumble_session_poll(late, 0, &frame) == expected && frame == NULL);
    MUST(scumble_session_poll(late, 0, &frame) == expected);
    /* A stroke changes nothing of it, and is taken. */
    pixel[0]++;
    MUST(scumble_session_push(late, &image, 1, NULL, 0, NULL) == SCUMBLE_OK);
    MUST(scumble_session_wait(late, 60000) == SCUMBLE_OK);
    MUST(scumble_session_poll(late, 0, &frame) == expected && frame == NULL);
    MUST(scumble_engine_info(engine, &info) == SCUMBLE_OK && strcmp(info.message, sentence) == 0);
    scumble_session_release(late);
}

int main(void) {
    static char line[8192];
    while (fgets(line, sizeof line, stdin)) {
        char *fields[6], *rest = line;
        line[strcspn(line, "\n")] = 0;
        for (int i = 0; i < 6; i++) MUST((fields[i] = strsep(&rest, "\t")) != NULL);
        const int32_t expected = atoi(fields[1]);
        ScumbleEngineOptions options;
        ScumbleEngine *engine = NULL;
        MUST(scumble_engine_options_init(&options, sizeof options) == SCUMBLE_OK);
        options.model_dir = given(fields[2]);
        options.device = given(fields[3]);
        options.scheduler = given(fields[4]);
        options.runtime = given(fields[5]);
        options.intra_threads = 1;
        options.process = process_of_test();
        const int32_t created = scumble_engine_create(&options, &engine);
        if (created != SCUMBLE_OK) {
            row(fields[0], expected, created);
            MUST(engine == NULL);
            MUST((*scumble_default_model() == 0) == (created == SCUMBLE_ERROR_MODEL_MISSING));
            continue;
        }
        unsigned char pixel[4] = {9, 9, 9, 255};
        const ScumbleImage image = whole_image(pixel, 1, 1);
        ScumbleSession *layer = start_layer(engine);
        MUST(scumble_session_push(layer, &image, 1, NULL, 0, NULL) == SCUMBLE_OK);
        if (expected == SCUMBLE_OK) {
            scumble_frame_release(final_frame(layer, 0));
            must_still_render(layer);
            row(fields[0], SCUMBLE_OK, SCUMBLE_OK);
        } else {
            must_fail(fields[0], expected, engine, layer);
        }
        scumble_session_release(layer);
        scumble_engine_release(engine);
    }
    return failed_rows != 0;
}
