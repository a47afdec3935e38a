/* Texts and numbers of the settings, and what the worker finds wrong with them; argument: a model folder. */
#include "host.h"

static ScumbleSession *layer;

/* The text ends with its page: a byte read too far ends the program. */
static char *text_of(size_t length, char letter) {
    char *text = guarded(length + 1);
    memset(text, letter, length);
    text[length] = 0;
    return text;
}

static char *copy_of(const char *literal) {
    return strcpy(guarded(strlen(literal) + 1), literal);
}

static void texts(const char *model) {
    static const struct { const char *name, *bytes; } wrong[] = {
        {"a lone byte", "caf\xe9"},
        {"cut in a letter", "\xe2\x82"},
        {"an overlong slash", "\xc0\xaf"},
        {"a surrogate", "\xed\xa0\x80"},
        {"above U+10FFFF", "\xf4\x90\x80\x80"},
    };
    const int32_t text = SCUMBLE_ERROR_TEXT;
    char what[96];
    ScumbleEngine *made = NULL;
    uint64_t revision = 77;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ScumbleParams params = fresh_params();
        params.prompt = copy_of(wrong[i].bytes);
        snprintf(what, sizeof what, "prompt with %s", wrong[i].name);
        row(what, text, scumble_session_set_params(layer, &params, &revision));
        params.prompt = NULL;
        params.negative = copy_of(wrong[i].bytes);
        snprintf(what, sizeof what, "negative with %s", wrong[i].name);
        row(what, text, scumble_session_set_params(layer, &params, &revision));
    }
    ScumbleParams params = fresh_params();
    params.prompt = text_of((1 << 20) + 1, 'a');
    row("prompt of 1 MiB and a byte", text, scumble_session_set_params(layer, &params, &revision));
    params.prompt = NULL;
    params.negative = text_of((1 << 20) + 1, 'a');
    row("negative of 1 MiB and a byte", text, scumble_session_set_params(layer, &params, &revision));
    MUST(revision == 77);

    for (int field = 0; field < 5; field++) {
        static const char *const names[] = {"model_dir", "device", "runtime", "scheduler", "worker"};
        ScumbleEngineOptions options;
        MUST(scumble_engine_options_init(&options, sizeof options) == SCUMBLE_OK);
        options.model_dir = model;
        options.process = field == 4 ? SCUMBLE_PROCESS_OWN : SCUMBLE_PROCESS_HOST;
        const char **const fields[] = {&options.model_dir, &options.device, &options.runtime, &options.scheduler,
                                       &options.worker};
        *fields[field] = "\xff";
        snprintf(what, sizeof what, "engine_create(%s not UTF-8)", names[field]);
        row(what, text, scumble_engine_create(&options, &made));
    }
    ScumbleEngineOptions options;
    MUST(scumble_engine_options_init(&options, sizeof options) == SCUMBLE_OK);
    options.intra_threads = UINT32_MAX;
    row("engine_create(intra_threads UINT32_MAX)", SCUMBLE_ERROR_SETTING, scumble_engine_create(&options, &made));
    options.intra_threads = 0;
    options.process = 4;
    row("engine_create(process 4)", SCUMBLE_ERROR_SETTING, scumble_engine_create(&options, &made));
    options.process = SCUMBLE_PROCESS_HOST;
    options.loras = 2;
    row("engine_create(loras 2)", SCUMBLE_ERROR_SETTING, scumble_engine_create(&options, &made));
    MUST(made == NULL);
}

static void numbers(void) {
    const float nan = strtof("nan", NULL), inf = strtof("inf", NULL);
    const float bad_strength[] = {nan, -nan, inf, -inf, -0.5f, -1.5f, 1.0001f, 1e30f};
    const float bad_guidance[] = {nan, inf, -inf, -0.5f, 100.1f, 1e30f};
    const int32_t setting = SCUMBLE_ERROR_SETTING;
    char what[96];
    uint64_t revision = 77;
    ScumbleParams params;
    for (size_t i = 0; i < sizeof bad_strength / sizeof *bad_strength; i++) {
        params = fresh_params();
        params.strength = bad_strength[i];
        snprintf(what, sizeof what, "strength %g", (double)bad_strength[i]);
        row(what, setting, scumble_session_set_params(layer, &params, &revision));
    }
    for (size_t i = 0; i < sizeof bad_guidance / sizeof *bad_guidance; i++) {
        params = fresh_params();
        params.guidance = bad_guidance[i];
        snprintf(what, sizeof what, "guidance %g", (double)bad_guidance[i]);
        row(what, setting, scumble_session_set_params(layer, &params, &revision));
    }
#define REFUSED(field, value)                                                                            \
    params = fresh_params();                                                                             \
    params.field = value;                                                                                \
    row(#field " " #value, setting, scumble_session_set_params(layer, &params, &revision))
    REFUSED(steps, 201);
    REFUSED(steps, UINT32_MAX);
    REFUSED(preview, 3);
    REFUSED(preview, UINT32_MAX);
    REFUSED(alpha, 2);
    REFUSED(alpha, UINT32_MAX);
    REFUSED(paper[3], 1);
    REFUSED(reserved, 1);
    REFUSED(mask_softness, 1025);
    REFUSED(mask_softness, UINT32_MAX);
    REFUSED(resolution, 1);
    REFUSED(resolution, 63);
    REFUSED(resolution, 4097);
    REFUSED(resolution, UINT32_MAX);
    MUST(revision == 77);
#define TAKEN(field, value)                                                                              \
    params = fresh_params();                                                                             \
    params.seed = ++revision;                                                                            \
    params.field = value;                                                                                \
    row(#field " " #value, SCUMBLE_OK, scumble_session_set_params(layer, &params, NULL))
    TAKEN(strength, -0.0f);
    TAKEN(strength, 1);
    TAKEN(strength, -1);
    TAKEN(guidance, 0);
    TAKEN(guidance, 100);
    TAKEN(steps, 1);
    TAKEN(steps, 200);
    TAKEN(mask_softness, 0);
    TAKEN(mask_softness, 1024);
    TAKEN(resolution, 64);
    TAKEN(resolution, 4096);
    TAKEN(prompt, "\xe6\xb0\xb4\xe5\xbd\xa9");
    MUST(scumble_session_cancel(layer) == SCUMBLE_OK);
}

/* What only the worker can find: told once by poll, and then something else can be rendered. */
static void worker(void) {
    static unsigned char paint[CANVAS * CANVAS * 4];
    const ScumbleImage image = whole_image(memset(paint, 99, sizeof paint), CANVAS, CANVAS);
    static const float noise[1];
    ScumbleFrame *frame = NULL;
    MUST(scumble_session_wait(layer, 300000) == SCUMBLE_OK);
    MUST(scumble_session_push(layer, &image, 1, NULL, 0, NULL) >= 0);
    MUST(scumble_session_cancel(layer) == SCUMBLE_OK);

    ScumbleParams params = fresh_params();
    params.strength = 0.01f;
    params.steps = 2;
    params.resolution = CANVAS;
    MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_OK);
    MUST(scumble_session_wait(layer, 300000) == SCUMBLE_OK);
    row("strength x steps below one step", SCUMBLE_OK, scumble_session_poll(layer, 0, &frame));
    scumble_frame_release(frame);
    frame = NULL;

    params.strength = 1;
    MUST(scumble_session_set_noise(layer, noise, 1, 1, 1, 1, NULL) == SCUMBLE_OK);
    MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_OK);
    MUST(scumble_session_wait(layer, 300000) == SCUMBLE_OK);
    row("noise that does not fit the model", SCUMBLE_ERROR_SETTING, scumble_session_poll(layer, 0, &frame));
    row("its second poll", SCUMBLE_NO_FRAME, scumble_session_poll(layer, UINT64_MAX, &frame));
    row("its second push", SCUMBLE_UNCHANGED, scumble_session_push(layer, &image, 1, NULL, 0, NULL));
    MUST(frame == NULL && scumble_session_set_noise(layer, NULL, 0, 0, 0, 0, NULL) == SCUMBLE_OK);
    must_still_render(layer);

    /* The longest texts, rendered for good: words, one endless word, letters that need two bytes. */
    params.prompt = text_of(1 << 20, 'a');
    params.negative = text_of(1 << 20, ' ');
    params.guidance = 3;
    params.steps = 1;
    for (int i = 0; i < 3; i++) {
        row("texts of 1 MiB", SCUMBLE_OK, scumble_session_set_params(layer, &params, NULL));
        frame = final_frame(layer, 0);
        MUST(describe(frame).steps == 1);
        scumble_frame_release(frame);
        char *prompt = text_of(1 << 20, 'a');
        for (size_t at = 0; at < 1 << 20; at += 2) memcpy(prompt + at, i == 0 ? "\xc3\xa9" : "b ", 2);
        params.prompt = prompt;
    }
}

int main(int argc, char **argv) {
    ScumbleEngineInfo info;
    MUST(argc == 2);
    ScumbleEngine *engine = start_engine(argv[1]);
    MUST(await_engine(engine, &info) == SCUMBLE_ENGINE_READY);
    layer = start_layer(engine);
    must_still_render(layer);
    texts(argv[1]);
    must_still_render(layer);
    numbers();
    must_still_render(layer);
    worker();
    must_still_render(layer);
    scumble_session_release(layer);
    scumble_engine_release(engine);
    return failed_rows != 0;
}
