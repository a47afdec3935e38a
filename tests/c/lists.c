/* What can be listed without a model, and the log. Argument: a model folder, which is the default one here. */
#include "host.h"

static int show_list(ScumbleList *list, uint32_t kind, const char *title, int (*like)(const ScumbleEntry *)) {
    ScumbleEntry entry;
    int found = 0;
    MUST(scumble_entry_init(&entry, sizeof entry) == SCUMBLE_OK);
    for (uint32_t i = 0; scumble_list_entry(list, i, &entry) == SCUMBLE_OK; i++) {
        printf("%s: %s, %s (%s) %g..%g, %g\n", title, entry.name, entry.title, entry.note, entry.least, entry.most,
               entry.initial);
        MUST(*entry.name && *entry.title && (entry.usable || *entry.note));
        MUST((entry.most > entry.least) == (kind == SCUMBLE_LIST_SETTINGS));
        found += like(&entry);
    }
    MUST(scumble_list_entry(list, UINT32_MAX, &entry) == SCUMBLE_END);
    MUST(scumble_list_entry(list, 0, NULL) == SCUMBLE_ERROR_NULL);
    MUST(scumble_list_entry(NULL, 0, &entry) == SCUMBLE_ERROR_NULL);
    scumble_list_release(list);
    return found;
}

static int show(uint32_t kind, const char *title, int (*like)(const ScumbleEntry *)) {
    ScumbleList *list = NULL;
    MUST(scumble_list_create(kind, &list) == SCUMBLE_OK && list);
    return show_list(list, kind, title, like);
}

static const char *model;
static int is_model(const ScumbleEntry *entry) { return strcmp(entry->name, model) == 0 && entry->usable; }
static int is_sampler(const ScumbleEntry *entry) { return strcmp(entry->name, "dpm++_karras") == 0 || strcmp(entry->name, "lcm") == 0; }
static int is_device(const ScumbleEntry *entry) { return strcmp(entry->name, "cpu") == 0 && entry->usable; }

/* The numbers that a setting is said to take are those that it takes. */
static ScumbleSession *layer;
static int is_setting(const ScumbleEntry *entry) {
    const struct { const char *name; size_t at; bool whole; } fields[] = {
#define FIELD(name, whole) {#name, offsetof(ScumbleParams, name), whole}
        FIELD(strength, false), FIELD(guidance, false), FIELD(refine_strength, false), FIELD(steps, true),
        FIELD(mask_softness, true), FIELD(resolution, true), FIELD(finest, true), FIELD(settle_delay_ms, true),
        FIELD(settled_steps, true), FIELD(paint_guidance, false)};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(fields[i].name, entry->name)) continue;
        const double step = fields[i].whole ? 1 : 0.01;
        const double values[] = {entry->initial, entry->least, entry->most, entry->most + step};
        for (int v = 0; v < 4; v++) {
            ScumbleParams params = fresh_params();
            char *field = (char *)&params + fields[i].at;
            const uint32_t number = (uint32_t)values[v];
            const float fraction = (float)values[v];
            if (v == 0) MUST(memcmp(field, fields[i].whole ? (const void *)&number : (const void *)&fraction, 4) == 0);
            memcpy(field, fields[i].whole ? (const void *)&number : (const void *)&fraction, 4);
            const int32_t status = scumble_session_set_params(layer, &params, NULL);
            MUST(v == 3 ? status == SCUMBLE_ERROR_SETTING : status >= 0);
        }
        return 1;
    }
    return 0;
}

int main(int argc, char **argv) {
    ScumbleList *none = NULL;
    ScumbleEngineInfo info;
    char line[1001];
    uint64_t number = 0, lines = 0;
    uint32_t level = 0;
    MUST(argc == 2);
    model = argv[1];
    MUST(scumble_log_read(&number, &level, line, sizeof line) == SCUMBLE_END && number == 0);
    MUST(scumble_log_level(SCUMBLE_LOG_INFO) == SCUMBLE_OK && scumble_log_level(77) == SCUMBLE_ERROR_SETTING);
    MUST(show(SCUMBLE_LIST_MODELS, "model", is_model) == 1);
    MUST(strcmp(scumble_default_model(), model) == 0); /* by the same name */
    MUST(show(SCUMBLE_LIST_SAMPLERS, "sampler", is_sampler) == 2);
    MUST(show(SCUMBLE_LIST_DEVICES, "device", is_device) == 1);
    MUST(scumble_list_create(99, &none) == SCUMBLE_ERROR_SETTING && none == NULL);
    MUST(scumble_list_create(SCUMBLE_LIST_MODELS, NULL) == SCUMBLE_ERROR_NULL);

    ScumbleEngine *engine = start_engine(argv[1]);
    const int32_t early = scumble_engine_samplers(engine, &none);
    MUST((early == SCUMBLE_LOADING && none == NULL) || (early == SCUMBLE_OK && none));
    scumble_list_release(none);
    none = NULL;
    MUST(await_engine(engine, &info) == SCUMBLE_ENGINE_READY);
    MUST(scumble_engine_samplers(engine, NULL) == SCUMBLE_ERROR_NULL && scumble_engine_samplers(NULL, &none) == SCUMBLE_ERROR_NULL);
    MUST(scumble_engine_samplers(engine, &none) == SCUMBLE_OK && none);
    MUST(show_list(none, SCUMBLE_LIST_SAMPLERS, "sampler of the model", is_sampler) == 2);
    none = NULL;
    ScumbleEngine *broken = start_engine("/nowhere/model");
    MUST(await_engine(broken, &info) == SCUMBLE_ENGINE_FAILED);
    MUST(scumble_engine_samplers(broken, &none) == info.error && none == NULL);
    scumble_engine_release(broken);
    layer = start_layer(engine);
    MUST(show(SCUMBLE_LIST_SETTINGS, "setting", is_setting) == 10);
    /* A sampler is a setting of the session. */
    ScumbleParams params = fresh_params();
    params.sampler = "no such sampler";
    MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_OK);
    static unsigned char paint[CANVAS * CANVAS * 4];
    const ScumbleImage image = whole_image(paint, CANVAS, CANVAS);
    ScumbleFrame *frame = NULL;
    MUST(scumble_session_push(layer, &image, 1, NULL, 0, NULL) == SCUMBLE_OK);
    MUST(scumble_session_wait(layer, 300000) == SCUMBLE_OK);
    MUST(scumble_session_poll(layer, 0, &frame) == SCUMBLE_ERROR_SETTING);
    params.sampler = "lcm";
    params.settled_steps = 3;
    params.settle_delay_ms = 0;
    MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_OK);
    frame = final_frame(layer, 0);
    scumble_frame_release(frame);
    must_still_render(layer);

    int32_t status;
    while ((status = scumble_log_read(&number, &level, line, sizeof line)) == SCUMBLE_OK) {
        printf("log %llu, %u: %s\n", (unsigned long long)number, (unsigned)level, line);
        MUST(level >= SCUMBLE_LOG_ERROR && level <= SCUMBLE_LOG_INFO && *line);
        lines++;
    }
    MUST(status == SCUMBLE_END && lines >= 1 && number >= lines);
    number = 0;
    MUST(scumble_log_read(&number, NULL, line, 0) == SCUMBLE_ERROR_BUFFER && number == 0);
    MUST(scumble_log_read(NULL, NULL, line, 9) == SCUMBLE_ERROR_NULL);
    MUST(scumble_log_read(&number, NULL, NULL, 9) == SCUMBLE_ERROR_NULL);
    MUST(scumble_log_read(&number, NULL, line, 9) == SCUMBLE_OK && number >= 1 && strlen(line) <= 8);
    scumble_session_release(layer);
    scumble_engine_release(engine);
    return 0;
}
