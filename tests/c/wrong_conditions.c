/* What a host may get wrong with what steers a session, and what the worker finds wrong with it; argument: a model
 * folder that takes no control pictures. */
#include "host.h"

static ScumbleSession *layer;
static uint64_t revision = 77;
static unsigned char paint[CANVAS * CANVAS * 4];

static ScumbleCondition fresh(void) {
    ScumbleCondition condition;
    MUST(scumble_condition_init(&condition, sizeof condition) == SCUMBLE_OK);
    MUST(condition.kind == SCUMBLE_CONDITION_CONTROL && condition.scale == 1 && condition.end == 1);
    condition.file = "/nets/lines";
    return condition;
}

static void set(const char *what, int32_t wanted, const ScumbleCondition *condition, const ScumbleImage *image) {
    const uint64_t before = revision;
    row(what, wanted, scumble_session_set_condition(layer, 3, condition, image, &revision));
    MUST(revision == before);
}

static void numbers(const ScumbleImage *image) {
    const float wrong[] = {strtof("nan", NULL), strtof("inf", NULL), -strtof("inf", NULL), -0.001f, 10.001f, 1e30f};
    char what[96];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        static const char *const names[] = {"scale", "start", "end"};
        for (int field = 0; field < 3; field++) {
            ScumbleCondition condition = fresh();
            float *const fields[] = {&condition.scale, &condition.start, &condition.end};
            *fields[field] = wrong[i];
            snprintf(what, sizeof what, "%s %g", names[field], (double)wrong[i]);
            set(what, SCUMBLE_ERROR_SETTING, &condition, image);
        }
    }
    const uint32_t kinds[] = {0, 99, UINT32_MAX};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        ScumbleCondition condition = fresh();
        condition.kind = kinds[i];
        snprintf(what, sizeof what, "kind %u", (unsigned)kinds[i]);
        set(what, SCUMBLE_ERROR_SETTING, &condition, image);
    }
    ScumbleCondition condition = fresh();
    condition.prepare = 99;
    set("prepare 99", SCUMBLE_ERROR_SETTING, &condition, image);
    condition = fresh();
    condition.prepare = SCUMBLE_PREPARE_INPAINT;
    set("a control for inpainting with a picture", SCUMBLE_ERROR_SETTING, &condition, image);
    condition = fresh();
    condition.rank = 1;
    set("a control's rank 1", SCUMBLE_ERROR_SETTING, &condition, image);
    condition = fresh();
    condition.file = "caf\xe9";
    set("a file that is no text", SCUMBLE_ERROR_TEXT, &condition, image);
    condition = fresh();
    for (uint32_t size = 0; size < 8; size += 4) {
        condition.struct_size = size;
        snprintf(what, sizeof what, "a struct of %u bytes", (unsigned)size);
        set(what, SCUMBLE_ERROR_STRUCT_SIZE, &condition, image);
    }
    row("init too short", SCUMBLE_ERROR_STRUCT_SIZE, scumble_condition_init(&condition, 4));
    row("init NULL", SCUMBLE_ERROR_NULL, scumble_condition_init(NULL, sizeof condition));
    condition = fresh();
    row("session NULL", SCUMBLE_ERROR_NULL, scumble_session_set_condition(NULL, 3, &condition, image, &revision));
}

static void renders(void) {
    ScumbleFrame *frame = NULL;
    MUST(scumble_session_wait(layer, 60000) == SCUMBLE_OK);
    MUST(scumble_session_poll(layer, 0, &frame) == SCUMBLE_OK && frame);
    scumble_frame_release(frame);
}

/* A drawing with nothing on it says nothing, which is told where it is asked for, and is no error: not even that the model
 * takes no controls. */
static void silent(const ScumbleImage *image) {
    ScumbleCondition drawing = fresh();
    ScumbleList *list = NULL;
    ScumbleEntry entry;
    drawing.prepare = SCUMBLE_PREPARE_DRAWN;
    MUST(scumble_entry_init(&entry, sizeof entry) == SCUMBLE_OK);
    MUST(scumble_session_set_condition(layer, 3, &drawing, image, NULL) == SCUMBLE_OK);
    renders();
    MUST(scumble_session_conditions(layer, &list) == SCUMBLE_OK && list);
    MUST(scumble_list_entry(list, 0, &entry) == SCUMBLE_OK);
    MUST(!strcmp(entry.name, "3") && !entry.usable && strstr(entry.note, "Nothing is drawn"));
    MUST(scumble_list_entry(list, 1, &entry) == SCUMBLE_END);
    scumble_list_release(list);
    row("no list", SCUMBLE_ERROR_NULL, scumble_session_conditions(layer, NULL));
    row("no session", SCUMBLE_ERROR_NULL, scumble_session_conditions(NULL, &list));
    drawing.kind = SCUMBLE_CONDITION_REGION;
    set("a region that is prepared", SCUMBLE_ERROR_SETTING, &drawing, image);
    MUST(scumble_session_set_condition(layer, 3, NULL, NULL, NULL) == SCUMBLE_OK);
    renders();
}

static void regions(const ScumbleImage *image) {
    ScumbleCondition region = fresh();
    region.kind = SCUMBLE_CONDITION_REGION;
    region.prompt = "caf\xe9";
    set("a region's prompt that is no text", SCUMBLE_ERROR_TEXT, &region, image);
    region.prompt = NULL;
    region.scale = -1;
    set("a region's weight -1", SCUMBLE_ERROR_SETTING, &region, image);
    region.scale = strtof("nan", NULL);
    set("a region's weight nan", SCUMBLE_ERROR_SETTING, &region, image);
    region.scale = 1;
    set("a region without a picture", SCUMBLE_ERROR_BUFFER, &region, NULL);
    MUST(scumble_session_set_condition(layer, 3, &region, image, NULL) == SCUMBLE_OK);
    region.prompt = "ships";
    MUST(scumble_session_set_condition(layer, 3, &region, NULL, NULL) == SCUMBLE_OK);
    MUST(scumble_session_set_condition(layer, 3, &region, image, NULL) == SCUMBLE_UNCHANGED);
    region.rank = UINT32_MAX;
    MUST(scumble_session_set_condition(layer, 3, &region, NULL, NULL) == SCUMBLE_OK);
    renders();
    MUST(scumble_session_set_condition(layer, 3, NULL, NULL, NULL) == SCUMBLE_OK);
}

/* Waits for what the worker finds wrong. */
static void told(const char *what, int32_t wanted) {
    ScumbleFrame *frame = NULL;
    MUST(scumble_session_wait(layer, 60000) == SCUMBLE_OK);
    row(what, wanted, scumble_session_poll(layer, 0, &frame));
    MUST(!frame);
}

/* A picture of its own size, which stays where canvases come and go. */
static void references(const ScumbleImage *image) {
    static unsigned char pixels[300 * 7 * 4];
    ScumbleImage own = whole_image(pixels, 300, 7);
    ScumbleCondition reference = fresh();
    reference.kind = SCUMBLE_CONDITION_REFERENCE;
    reference.scale = -1;
    set("a reference's scale -1", SCUMBLE_ERROR_SETTING, &reference, &own);
    reference.scale = 1;
    reference.aspect = 99;
    set("aspect 99", SCUMBLE_ERROR_SETTING, &reference, &own);
    reference.kind = SCUMBLE_CONDITION_REGION;
    reference.aspect = SCUMBLE_ASPECT_STYLE;
    set("a region's aspect", SCUMBLE_ERROR_SETTING, &reference, image);
    reference.kind = SCUMBLE_CONDITION_REFERENCE;
    reference.aspect = SCUMBLE_ASPECT_ALL;
    reference.scale = strtof("nan", NULL);
    set("a reference's scale nan", SCUMBLE_ERROR_SETTING, &reference, &own);
    reference.scale = 0;
    set("a reference without a picture", SCUMBLE_ERROR_BUFFER, &reference, NULL);
    own.rect.x = 1;
    set("a reference beyond its own size", SCUMBLE_ERROR_RECT, &reference, &own);
    own = whole_image(pixels, 300, 7);
    own.canvas_width = 20000;
    set("a reference of 20000 pixels", SCUMBLE_ERROR_RECT, &reference, &own);
    own = whole_image(pixels, 300, 7);
    MUST(scumble_session_set_condition(layer, 3, &reference, &own, NULL) == SCUMBLE_UNCHANGED);
    ScumbleCondition region = fresh();
    region.kind = SCUMBLE_CONDITION_REGION;
    set("a reference's picture for a region", SCUMBLE_ERROR_RECT, &region, NULL);
    reference.scale = 1;
    MUST(scumble_session_set_condition(layer, 3, &reference, NULL, NULL) == SCUMBLE_OK);
    told("a model that looks at no references", SCUMBLE_ERROR_SETTING);
    /* Another canvas, and back: it is still there. */
    const ScumbleImage small = whole_image(paint, CANVAS / 2, CANVAS);
    MUST(scumble_session_push(layer, &small, 1, NULL, 0, NULL) == SCUMBLE_OK);
    told("the same on another canvas", SCUMBLE_ERROR_SETTING);
    reference.scale = 0;
    MUST(scumble_session_set_condition(layer, 3, &reference, NULL, NULL) == SCUMBLE_OK);
    renders();
    MUST(scumble_session_push(layer, image, 1, NULL, 0, &revision) == SCUMBLE_OK);
    renders();
    MUST(scumble_session_set_condition(layer, 3, NULL, NULL, NULL) == SCUMBLE_UNCHANGED);
}

static void loras(const ScumbleImage *image) {
    const float wrong[] = {strtof("nan", NULL), strtof("inf", NULL), -10.001f, 10.001f, 1e30f};
    ScumbleCondition lora = fresh();
    MUST(lora.text_scale == 1);
    lora.kind = SCUMBLE_CONDITION_LORA;
    set("a LoRA with a picture", SCUMBLE_ERROR_SETTING, &lora, image);
    char what[96];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        for (int field = 0; field < 2; field++) {
            ScumbleCondition bad = lora;
            *(field ? &bad.text_scale : &bad.scale) = wrong[i];
            snprintf(what, sizeof what, "a LoRA's %s %g", field ? "text_scale" : "scale", (double)wrong[i]);
            set(what, SCUMBLE_ERROR_SETTING, &bad, NULL);
        }
    }
    lora.file = NULL;
    set("a LoRA without a file", SCUMBLE_ERROR_SETTING, &lora, NULL);
    lora.file = "caf\xe9";
    set("a LoRA whose file is no text", SCUMBLE_ERROR_TEXT, &lora, NULL);
}

/* Each kind has a part of the steps, and in one that no step can lie in it is off. */
static void parts(const ScumbleImage *image) {
    const float wrong[] = {strtof("nan", NULL), strtof("inf", NULL), -strtof("inf", NULL), -0.001f, 1.001f, 1e30f};
    const uint32_t kinds[] = {SCUMBLE_CONDITION_CONTROL, SCUMBLE_CONDITION_REGION, SCUMBLE_CONDITION_REFERENCE, SCUMBLE_CONDITION_LORA};
    char what[96];
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        const ScumbleImage *own = kinds[kind] == SCUMBLE_CONDITION_LORA ? NULL : image;
        for (size_t i = 0; i < 2 * sizeof wrong / sizeof *wrong; i++) {
            ScumbleCondition bad = fresh();
            bad.kind = kinds[kind];
            *(i % 2 ? &bad.end : &bad.start) = wrong[i / 2];
            snprintf(what, sizeof what, "kind %u: %s %g", (unsigned)kinds[kind], i % 2 ? "end" : "start", (double)wrong[i / 2]);
            set(what, SCUMBLE_ERROR_SETTING, &bad, own);
        }
        ScumbleCondition none = fresh();
        none.kind = kinds[kind];
        none.start = 0.75f;
        none.end = 0.25f;
        MUST(scumble_session_set_condition(layer, 3, &none, own, NULL) == SCUMBLE_UNCHANGED);
        none.end = 0.75f;
        MUST(scumble_session_set_condition(layer, 3, &none, NULL, NULL) == SCUMBLE_UNCHANGED);
        MUST(scumble_session_set_condition(layer, 3, NULL, NULL, NULL) == SCUMBLE_UNCHANGED);
    }
    renders();
}

/* A LoRA whose numbers are none, and a hundred of them, of which the engine takes 32. */
static void many_and_nan(void) {
    static const char header[] =
        "{\"lora_unet_x.lora_down.weight\": {\"dtype\": \"F32\", \"shape\": [1, 1], \"data_offsets\": [0, 4]},"
        " \"lora_unet_x.lora_up.weight\": {\"dtype\": \"F32\", \"shape\": [1, 1], \"data_offsets\": [4, 8]}}";
    const uint64_t length = sizeof header - 1;
    const float numbers[] = {strtof("nan", NULL), 1};
    char path[] = "/tmp/scumble-nan-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "wb");
    MUST(file && fwrite(&length, sizeof length, 1, file) == 1 && fwrite(header, length, 1, file) == 1);
    MUST(fwrite(numbers, sizeof numbers, 1, file) == 1 && fclose(file) == 0);
    ScumbleCondition lora = fresh();
    lora.kind = SCUMBLE_CONDITION_LORA;
    lora.file = path;
    MUST(scumble_session_set_condition(layer, 9, &lora, NULL, NULL) == SCUMBLE_OK);
    told("a LoRA of NaN", SCUMBLE_ERROR_MODEL_BROKEN);
    MUST(scumble_session_set_condition(layer, 9, NULL, NULL, NULL) == SCUMBLE_OK);
    renders();
    lora.scale = lora.text_scale = 0;
    for (uint32_t number = 200; number < 300; number++) {
        const int32_t wanted = number < 232 ? SCUMBLE_UNCHANGED : SCUMBLE_ERROR_SETTING;
        MUST(scumble_session_set_condition(layer, number, &lora, NULL, NULL) == wanted);
    }
    MUST(strstr(scumble_last_error(), "32 pictures and LoRAs at most"));
    for (uint32_t number = 200; number < 300; number++)
        MUST(scumble_session_set_condition(layer, number, NULL, NULL, NULL) == SCUMBLE_UNCHANGED);
    unlink(path);
}

static void pictures(const ScumbleImage *right) {
    const ScumbleCondition condition = fresh();
    set("new without a picture", SCUMBLE_ERROR_BUFFER, &condition, NULL);
    ScumbleImage image = *right;
    image.pixels = NULL;
    set("pixels NULL", SCUMBLE_ERROR_NULL, &condition, &image);
    image = *right;
    image.byte_length -= 1;
    set("a byte too few", SCUMBLE_ERROR_BUFFER, &condition, &image);
    image = *right;
    image.stride -= 1;
    set("a stride too short", SCUMBLE_ERROR_BUFFER, &condition, &image);
    image = *right;
    image.format = 99;
    set("format 99", SCUMBLE_ERROR_FORMAT, &condition, &image);
    image = *right;
    image.space = 99;
    set("space 99", SCUMBLE_ERROR_FORMAT, &condition, &image);
    image = *right;
    image.struct_size = 8;
    set("a short image", SCUMBLE_ERROR_STRUCT_SIZE, &condition, &image);
    const int32_t sides[] = {0, -1, INT32_MAX, INT32_MIN, CANVAS - 1};
    char what[96];
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        image = *right;
        image.canvas_width = sides[i];
        snprintf(what, sizeof what, "a canvas %d wide", (int)sides[i]);
        set(what, SCUMBLE_ERROR_RECT, &condition, &image);
        image = *right;
        image.rect.x = sides[i] ? sides[i] : 1;
        snprintf(what, sizeof what, "a picture at %d", (int)image.rect.x);
        set(what, SCUMBLE_ERROR_RECT, &condition, &image);
    }
    image = *right;
    image.canvas_width = image.rect.width = CANVAS / 2;
    set("another canvas than the paint's", SCUMBLE_ERROR_RECT, &condition, &image);
}

int main(int argc, char **argv) {
    MUST(argc == 2);
    ScumbleEngine *engine = start_engine(argv[1]);
    ScumbleList *list = NULL;
    ScumbleEntry entry;
    ScumbleEngineInfo info;
    row("conditions of NULL", SCUMBLE_ERROR_NULL, scumble_engine_conditions(NULL, &list));
    row("conditions to NULL", SCUMBLE_ERROR_NULL, scumble_engine_conditions(engine, NULL));
    MUST(await_engine(engine, &info) == SCUMBLE_ENGINE_READY);
    MUST(scumble_engine_conditions(engine, &list) == SCUMBLE_OK && list);
    for (uint32_t i = 0; i < 7; i++) {
        static const char *const names[] = {"control", "mask", "lora", "region", "reference", "own_control", "aspects"};
        MUST(scumble_entry_init(&entry, sizeof entry) == SCUMBLE_OK);
        MUST(scumble_list_entry(list, i, &entry) == SCUMBLE_OK);
        MUST(strcmp(entry.name, names[i]) == 0 && !entry.usable == (i < 2 || i > 3));
        MUST(entry.usable || strlen(entry.note) > 30);
    }
    MUST(scumble_list_entry(list, 7, &entry) == SCUMBLE_END);
    scumble_list_release(list);

    layer = start_layer(engine);
    const ScumbleImage image = whole_image(paint, CANVAS, CANVAS);
    /* Before the first push: it waits for it, and has to fit. */
    ScumbleCondition condition = fresh();
    MUST(scumble_session_set_condition(layer, 9, &condition, &image, &revision) == SCUMBLE_OK && revision == 1);
    MUST(scumble_session_set_condition(layer, 9, &condition, &image, &revision) == SCUMBLE_UNCHANGED);
    MUST(scumble_session_push(layer, &image, 1, NULL, 0, &revision) == SCUMBLE_OK);
    told("a model that takes no control pictures", SCUMBLE_ERROR_SETTING);
    /* At scale 0 it is off, and the session lives on. */
    condition.scale = 0;
    MUST(scumble_session_set_condition(layer, 9, &condition, NULL, &revision) == SCUMBLE_OK);
    renders();
    condition.scale = 0;
    condition.end = 0.5f;
    MUST(scumble_session_set_condition(layer, 9, &condition, NULL, NULL) == SCUMBLE_UNCHANGED);
    MUST(scumble_session_set_condition(layer, 9, NULL, NULL, NULL) == SCUMBLE_UNCHANGED);
    MUST(scumble_session_set_condition(layer, 9, NULL, &image, NULL) == SCUMBLE_UNCHANGED);

    numbers(&image);
    pictures(&image);
    loras(&image);
    silent(&image);
    regions(&image);
    references(&image);
    parts(&image);

    /* A LoRA that is not there: told once, and the session lives on without it. */
    ScumbleCondition lora = fresh();
    lora.kind = SCUMBLE_CONDITION_LORA;
    lora.file = "/nowhere/ink.safetensors";
    MUST(scumble_session_set_condition(layer, 9, &lora, NULL, NULL) == SCUMBLE_OK);
    MUST(scumble_session_set_condition(layer, 9, &lora, NULL, NULL) == SCUMBLE_UNCHANGED);
    told("a LoRA that is not there", SCUMBLE_ERROR_MODEL_MISSING);
    lora.scale = lora.text_scale = 0;
    MUST(scumble_session_set_condition(layer, 9, &lora, NULL, NULL) == SCUMBLE_OK);
    renders();
    MUST(scumble_session_set_condition(layer, 9, NULL, NULL, NULL) == SCUMBLE_UNCHANGED);

    many_and_nan();

    condition.scale = 0;
    for (uint32_t number = 100; number < 132; number++) {
        MUST(scumble_session_set_condition(layer, number, &condition, &image, NULL) == SCUMBLE_UNCHANGED);
    }
    row("one too many", SCUMBLE_ERROR_SETTING, scumble_session_set_condition(layer, 7, &condition, &image, NULL));
    MUST(scumble_session_set_condition(layer, 100, NULL, NULL, NULL) == SCUMBLE_UNCHANGED);
    MUST(scumble_session_set_condition(layer, 7, &condition, &image, NULL) == SCUMBLE_UNCHANGED);
    renders();
    scumble_session_release(layer);
    scumble_engine_release(engine);
    return 0;
}
