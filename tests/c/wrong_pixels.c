/* Canvases, rectangles, strides, buffers, formats; argument: a model folder. What must be refused is given with
 * pixels that cannot be read, and what must be taken with a guard page behind its last byte. */
#include "host.h"

static ScumbleEngine *engine;
static ScumbleSession *layer;

typedef struct {
    const char *name;
    int32_t expected;
    int32_t canvas_width, canvas_height;
    ScumbleRect rect;
    size_t stride, byte_length;
    int32_t format;
} Push;

enum { OK = SCUMBLE_OK, RECT = SCUMBLE_ERROR_RECT, BUFFER = SCUMBLE_ERROR_BUFFER, FORMAT = SCUMBLE_ERROR_FORMAT };
#define HIGH INT32_MAX
#define LOW INT32_MIN
#define MANY SIZE_MAX

static const Push refused[] = {
    {"canvas 0 wide", RECT, 0, 64, {0, 0, 1, 1}, 4, 4, 1},
    {"canvas 0 high", RECT, 64, 0, {0, 0, 1, 1}, 4, 4, 1},
    {"canvas -1 wide", RECT, -1, 64, {0, 0, 1, 1}, 4, 4, 1},
    {"canvas -1 high", RECT, 64, -1, {0, 0, 1, 1}, 4, 4, 1},
    {"canvas 16385 wide", RECT, 16385, 64, {0, 0, 1, 1}, 4, 4, 1},
    {"canvas 16385 high", RECT, 64, 16385, {0, 0, 1, 1}, 4, 4, 1},
    {"canvas INT32_MAX", RECT, HIGH, HIGH, {0, 0, HIGH, HIGH}, MANY, MANY, 1},
    {"canvas INT32_MIN", RECT, LOW, LOW, {0, 0, 1, 1}, 4, 4, 1},
    {"rect 0 wide", RECT, 64, 64, {0, 0, 0, 1}, 4, 4, 1},
    {"rect 0 high", RECT, 64, 64, {0, 0, 1, 0}, 4, 4, 1},
    {"rect -1 wide", RECT, 64, 64, {0, 0, -1, 1}, 4, 4, 1},
    {"rect -1 high", RECT, 64, 64, {0, 0, 1, -1}, 4, 4, 1},
    {"rect left of the canvas", RECT, 64, 64, {-1, 0, 2, 1}, 8, 8, 1},
    {"rect above the canvas", RECT, 64, 64, {0, -1, 1, 2}, 4, 8, 1},
    {"rect right of the canvas", RECT, 64, 64, {63, 0, 2, 1}, 8, 8, 1},
    {"rect below the canvas", RECT, 64, 64, {0, 63, 1, 2}, 4, 8, 1},
    {"rect beyond the canvas", RECT, 64, 64, {64, 64, 1, 1}, 4, 4, 1},
    {"rect larger than the canvas", RECT, 64, 64, {0, 0, 65, 65}, 65 * 4, 65 * 65 * 4, 1},
    {"rect overflows to the right", RECT, 64, 64, {HIGH, 0, HIGH, 1}, MANY, MANY, 1},
    {"rect overflows below", RECT, 64, 64, {0, HIGH, 1, HIGH}, MANY, MANY, 1},
    {"rect overflows to 0", RECT, 64, 64, {1, 1, HIGH, HIGH}, MANY, MANY, 1},
    {"rect INT32_MIN", RECT, 64, 64, {LOW, LOW, LOW, LOW}, 4, 4, 1},
    {"rect from INT32_MIN over the canvas", RECT, 64, 64, {LOW, LOW, HIGH, HIGH}, MANY, MANY, 1},
    {"stride 0", BUFFER, 64, 64, {0, 0, 64, 64}, 0, 64 * 64 * 4, 1},
    {"stride a byte short", BUFFER, 64, 64, {0, 0, 64, 64}, 255, 64 * 64 * 4, 1},
    {"stride of 8 bits for 16", BUFFER, 64, 64, {0, 0, 64, 64}, 256, 64 * 64 * 8, 3},
    {"stride of 16 bits for float", BUFFER, 64, 64, {0, 0, 64, 64}, 512, 64 * 64 * 16, 5},
    {"stride SIZE_MAX", BUFFER, 64, 64, {0, 0, 64, 64}, MANY, 64 * 64 * 4, 1},
    {"stride times height overflows to little", BUFFER, 64, 64, {0, 0, 64, 64}, MANY / 63 + 1, 64 * 64 * 4, 1},
    {"stride PTRDIFF_MIN", BUFFER, 64, 64, {0, 0, 64, 64}, (size_t)PTRDIFF_MIN, 64 * 64 * 4, 1},
    {"stride a byte short, upwards", BUFFER, 64, 64, {0, 0, 64, 64}, (size_t)-255, 64 * 64 * 4, 1},
    {"buffer a byte short, upwards", BUFFER, 64, 64, {0, 0, 64, 64}, (size_t)-256, 64 * 64 * 4 - 1, 1},
    {"stride of 3 channels for 4", BUFFER, 64, 64, {0, 0, 64, 64}, 192, 64 * 64 * 4, 20},
    {"buffer of 0 bytes", BUFFER, 64, 64, {0, 0, 64, 64}, 256, 0, 1},
    {"buffer a byte short", BUFFER, 64, 64, {0, 0, 64, 64}, 256, 64 * 64 * 4 - 1, 1},
    {"buffer a byte short of a pixel", BUFFER, 64, 64, {63, 63, 1, 1}, 4, 3, 1},
    {"buffer a byte short with a long stride", BUFFER, 64, 64, {0, 0, 64, 64}, 300, 300 * 63 + 255, 1},
    {"buffer of 8 bits for float", BUFFER, 64, 64, {0, 0, 64, 64}, 1024, 64 * 64 * 4, 6},
    {"format 0", FORMAT, 64, 64, {0, 0, 64, 64}, 1024, 64 * 1024, 0},
    {"format -1", FORMAT, 64, 64, {0, 0, 64, 64}, 1024, 64 * 1024, -1},
    {"format 24", FORMAT, 64, 64, {0, 0, 64, 64}, 1024, 64 * 1024, 24},
    {"format 257", FORMAT, 64, 64, {0, 0, 64, 64}, 1024, 64 * 1024, 257},
    {"format INT32_MAX", FORMAT, 64, 64, {0, 0, 64, 64}, 1024, 64 * 1024, HIGH},
    {"format INT32_MIN", FORMAT, 64, 64, {0, 0, 64, 64}, 1024, 64 * 1024, LOW},
};

static ScumbleImage image_of(const Push *push, const void *pixels) {
    ScumbleImage image = whole_image(pixels, push->canvas_width, push->canvas_height);
    image.rect = push->rect;
    image.stride = (ptrdiff_t)push->stride;
    image.byte_length = push->byte_length;
    image.format = push->format;
    return image;
}

static void refused_pushes_and_masks(void) {
    char what[96];
    uint64_t revision = 77;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const Push *push = &refused[i];
        const ScumbleImage image = image_of(push, untouchable());
        snprintf(what, sizeof what, "push(%s)", push->name);
        row(what, push->expected, scumble_session_push(layer, &image, 1, NULL, 0, &revision));
        row(what, push->expected, scumble_session_push(layer, &image, 1, &push->rect, 1, &revision));
        if (push->format != SCUMBLE_FORMAT_RGBA8) continue;
        ScumbleMask mask;
        MUST(scumble_mask_init(&mask, sizeof mask) == SCUMBLE_OK);
        mask.canvas_width = push->canvas_width;
        mask.canvas_height = push->canvas_height;
        mask.rect = push->rect;
        mask.stride = push->stride == MANY ? MANY : push->stride / 4;
        mask.byte_length = push->byte_length == MANY ? MANY : push->byte_length / 4;
        mask.coverage = untouchable();
        snprintf(what, sizeof what, "set_mask(%s)", push->name);
        /* A quarter of a stride or buffer that is only a little short need not be short. */
        if (push->expected == RECT) row(what, RECT, scumble_session_set_mask(layer, &mask, &revision));
        must_still_render(layer);
    }
    MUST(revision == 77);
}

static void refused_masks(void) {
    ScumbleMask mask;
    uint64_t revision = 77;
    MUST(scumble_mask_init(&mask, sizeof mask) == SCUMBLE_OK);
    mask.canvas_width = mask.canvas_height = mask.rect.width = mask.rect.height = CANVAS;
    mask.stride = CANVAS;
    mask.byte_length = CANVAS * CANVAS - 1;
    mask.coverage = untouchable();
    row("set_mask(buffer a byte short)", BUFFER, scumble_session_set_mask(layer, &mask, &revision));
    mask.byte_length = CANVAS * CANVAS;
    mask.stride = CANVAS - 1;
    row("set_mask(stride a byte short)", BUFFER, scumble_session_set_mask(layer, &mask, &revision));
    mask.stride = MANY;
    row("set_mask(stride SIZE_MAX)", BUFFER, scumble_session_set_mask(layer, &mask, &revision));
    mask.stride = CANVAS;
    mask.outside = 2;
    row("set_mask(outside 2)", SCUMBLE_ERROR_SETTING, scumble_session_set_mask(layer, &mask, &revision));
    mask.outside = UINT32_MAX;
    row("set_mask(outside UINT32_MAX)", SCUMBLE_ERROR_SETTING, scumble_session_set_mask(layer, &mask, &revision));
    mask.outside = SCUMBLE_OUTSIDE_PAINT;
    mask.canvas_width++;
    mask.coverage = guarded(CANVAS * CANVAS);
    row("set_mask(of another canvas)", RECT, scumble_session_set_mask(layer, &mask, &revision));
    MUST(revision == 77);
    mask.canvas_width--;
    row("set_mask(exact buffer)", OK, scumble_session_set_mask(layer, &mask, &revision));
    MUST(revision != 77);
    mask.outside = SCUMBLE_OUTSIDE_TRANSPARENT;
    const uint64_t before = revision;
    row("set_mask(outside alone)", OK, scumble_session_set_mask(layer, &mask, &revision));
    MUST(revision == before + 1);
    row("set_mask(the same)", SCUMBLE_UNCHANGED, scumble_session_set_mask(layer, &mask, &revision));
    must_still_render(layer);
}

/* Each format and many odd sizes, in buffers that end with their last pixel and cannot be written. */
static void exact_buffers(void) {
    static const size_t bytes[] = {0, 4, 4, 8, 8, 16, 16, 4, 4, 8, 8, 8, 8, 4, 4, 8, 8, 16, 3, 3, 4, 4, 6, 12};
    ScumbleParams params = fresh_params();
    params.strength = 0;
    MUST(scumble_session_set_params(layer, &params, NULL) >= 0);
    for (int32_t format = 1; format <= SCUMBLE_FORMAT_RGBF32_LINEAR; format++) {
        for (int32_t side = 1; side < 140; side += 23) {
            const int32_t height = 141 - side;
            const size_t packed = (size_t)side * bytes[format];
            const size_t stride = packed + (size_t)side % 5;
            const size_t length = stride * ((size_t)height - 1) + packed;
            unsigned char *pixels = guarded(length);
            for (size_t i = 0; i < length; i++) pixels[i] = (unsigned char)(i * 31 + (size_t)format);
            /* What says nothing is 255 in frames. */
            const bool padded = format == SCUMBLE_FORMAT_RGBX8 || format == SCUMBLE_FORMAT_BGRX8;
            for (int32_t y = 0; padded && y < height; y++)
                for (size_t x = 3; x < packed; x += 4) pixels[(size_t)y * stride + x] = 255;
            MUST(mprotect((void *)((uintptr_t)pixels & ~(uintptr_t)4095), (length + 4095) & ~(size_t)4095, PROT_READ) == 0);
            const Push push = {"", OK, side, height, {0, 0, side, height}, stride, length, format};
            ScumbleImage image = image_of(&push, pixels);
            const ScumbleRect far = {LOW, LOW, HIGH, HIGH}, all = {-5, -5, HIGH, HIGH}, none = {3, 3, 0, -9};
            row("push(exact buffer)", OK, scumble_session_push(layer, &image, 1, &far, 1, NULL));
            uint64_t kept = 77;
            row("push(touched nothing)", SCUMBLE_UNCHANGED, scumble_session_push(layer, &image, 1, &none, 1, &kept));
            row("push(touched all)", SCUMBLE_UNCHANGED, scumble_session_push(layer, &image, 1, &all, 1, &kept));
            MUST(kept == 77);
            ScumbleFrame *frame = final_frame(layer, 0);
            unsigned char *copy = guarded(length);
            row("frame_copy(exact buffer)", OK, scumble_frame_copy(frame, &push.rect, copy, stride, length));
            for (int32_t y = 0; y < height; y++)
                MUST(memcmp(copy + (size_t)y * stride, pixels + (size_t)y * stride, packed) == 0);
            scumble_frame_release(frame);
            /* The same memory from the bottom up. */
            const size_t last = stride * ((size_t)height - 1);
            image.pixels = pixels + last;
            image.stride = -(ptrdiff_t)stride;
            MUST(scumble_session_push(layer, &image, 1, NULL, 0, NULL) >= 0);
            frame = final_frame(layer, 0);
            memset(copy, 0, length);
            row("frame_copy(exact buffer, upwards)", OK,
                scumble_frame_copy(frame, &push.rect, copy + last, -(ptrdiff_t)stride, length));
            for (int32_t y = 0; y < height; y++)
                MUST(memcmp(copy + (size_t)y * stride, pixels + (size_t)y * stride, packed) == 0);
            scumble_frame_release(frame);
        }
    }
}

/* Colour spaces that are none, and an image of before there were any. */
static void refused_spaces(void) {
    static unsigned char pixels[CANVAS * CANVAS * 4];
    static const unsigned char text[200] = "not a profile";
    uint64_t revision = 77;
    ScumbleImage image = whole_image(pixels, CANVAS, CANVAS);
    image.space = 5;
    row("push(space 5)", FORMAT, scumble_session_push(layer, &image, 1, NULL, 0, &revision));
    image.space = UINT32_MAX;
    row("push(space UINT32_MAX)", FORMAT, scumble_session_push(layer, &image, 1, NULL, 0, &revision));
    image.space = 0;
    image.reserved = 1;
    row("push(reserved 1)", FORMAT, scumble_session_push(layer, &image, 1, NULL, 0, &revision));
    image.reserved = 0;
    image.profile = text;
    image.profile_length = sizeof text;
    row("push(profile of text)", FORMAT, scumble_session_push(layer, &image, 1, NULL, 0, &revision));
    image.profile_length = 0;
    row("push(profile of 0 bytes)", FORMAT, scumble_session_push(layer, &image, 1, NULL, 0, &revision));
    image.space = SCUMBLE_SPACE_ADOBE_RGB;
    image.profile_length = sizeof text;
    row("push(space and profile)", FORMAT, scumble_session_push(layer, &image, 1, NULL, 0, &revision));
    image.space = 0;
    image.profile = guarded((4u << 20) + 1);
    image.profile_length = MANY;
    row("push(profile too long)", FORMAT, scumble_session_push(layer, &image, 1, NULL, 0, &revision));
    ScumbleImage two[2] = {whole_image(pixels, CANVAS, CANVAS), whole_image(pixels, CANVAS, CANVAS)};
    two[1].space = SCUMBLE_SPACE_DISPLAY_P3;
    row("push(two spaces)", FORMAT, scumble_session_push(layer, two, 2, NULL, 0, &revision));
    MUST(revision == 77);
    must_still_render(layer);
    image = whole_image(pixels, CANVAS, CANVAS);
    image.struct_size = offsetof(ScumbleImage, space);
    memset(&image.space, 0xA5, sizeof image - offsetof(ScumbleImage, space));
    memset(pixels, 77, sizeof pixels);
    row("push(of the first ABI)", OK, scumble_session_push(layer, &image, 1, NULL, 0, &revision));
    image = whole_image(pixels, CANVAS, CANVAS);
    image.space = SCUMBLE_SPACE_ADOBE_RGB;
    row("push(another space)", OK, scumble_session_push(layer, &image, 1, NULL, 0, &revision));
    row("push(the same space)", SCUMBLE_UNCHANGED, scumble_session_push(layer, &image, 1, NULL, 0, &revision));
    must_still_render(layer);
}

static void copies(void) {
    must_still_render(layer);
    ScumbleFrame *frame = final_frame(layer, 0);
    unsigned char *pixels = picture_of(frame);
    const ScumbleRect one = {5, 5, 1, 1}, empty = {0, 0, 0, 5}, negative = {0, 0, 5, -1}, lowest = {LOW, LOW, LOW, LOW};
    const ScumbleRect far = {1000, 1000, 8, 8}, corner = {-3, -2, 5, 4}, wide = {LOW + 2, 0, HIGH, 1};
    row("frame_copy(rect empty)", RECT, scumble_frame_copy(frame, &empty, untouchable(), 100, 1000));
    row("frame_copy(rect negative)", RECT, scumble_frame_copy(frame, &negative, untouchable(), 100, 1000));
    row("frame_copy(rect INT32_MIN)", RECT, scumble_frame_copy(frame, &lowest, untouchable(), 100, 1000));
    row("frame_copy(stride short)", BUFFER, scumble_frame_copy(frame, &one, untouchable(), 3, 1000));
    row("frame_copy(buffer short)", BUFFER, scumble_frame_copy(frame, &one, untouchable(), 4, 3));
    row("frame_copy(stride SIZE_MAX)", BUFFER, scumble_frame_copy(frame, &corner, untouchable(), MANY, 1000));
    row("frame_copy(nothing in common)", OK, scumble_frame_copy(frame, &far, untouchable(), 32, 256));
    row("frame_copy(wide, too short)", BUFFER, scumble_frame_copy(frame, &wide, untouchable(), 32, 32));
    unsigned char *target = guarded(5 * 4 * 4);
    memset(target, 0xA5, 5 * 4 * 4);
    row("frame_copy(over the corner)", OK, scumble_frame_copy(frame, &corner, target, 20, 80));
    for (size_t y = 0; y < 4; y++)
        for (size_t x = 0; x < 5; x++)
            for (size_t c = 0; c < 4; c++) {
                const bool inside = x >= 3 && y >= 2;
                const unsigned char expected = inside ? pixels[(y - 2) * CANVAS * 4 + (x - 3) * 4 + c] : 0xA5;
                MUST(target[y * 20 + x * 4 + c] == expected);
            }
    free(pixels);
    scumble_frame_release(frame);
}

static size_t resident(void) {
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    MUST(statm && fscanf(statm, "%*u %lu", &pages) == 1);
    fclose(statm);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* The largest canvas with one pixel pushed: its pixels are not there before they are used. */
static void largest_canvas(void) {
    /* On an engine without a model: a quarter of a billion pixels need not be rendered here. */
    ScumbleEngine *idle = start_engine("/nowhere");
    ScumbleSession *huge = start_layer(idle);
    const Push push = {"", OK, 16384, 16384, {16383, 16383, 1, 1}, 4, 4, SCUMBLE_FORMAT_RGBA8};
    const ScumbleImage image = image_of(&push, memset(guarded(4), 7, 4));
    const size_t before = resident();
    row("push(corner of 16384 x 16384)", OK, scumble_session_push(huge, &image, 1, NULL, 0, NULL));
    ScumbleMask mask;
    MUST(scumble_mask_init(&mask, sizeof mask) == SCUMBLE_OK);
    mask.canvas_width = mask.canvas_height = 16384;
    mask.rect = (ScumbleRect){16382, 16382, 2, 2};
    mask.stride = 2;
    mask.byte_length = 4;
    mask.coverage = memset(guarded(4), 255, 4);
    row("set_mask(corner of 16384 x 16384)", OK, scumble_session_set_mask(huge, &mask, NULL));
    row("cancel", OK, scumble_session_cancel(huge));
    MUST(resident() < before + ((size_t)256 << 20));
    scumble_session_release(huge);
    scumble_engine_release(idle);
}

int main(int argc, char **argv) {
    ScumbleEngineInfo info;
    MUST(argc == 2);
    engine = start_engine(argv[1]);
    MUST(await_engine(engine, &info) == SCUMBLE_ENGINE_READY);
    layer = start_layer(engine);
    must_still_render(layer);
    refused_pushes_and_masks();
    refused_masks();
    refused_spaces();
    exact_buffers();
    copies();
    must_still_render(layer);
    largest_canvas();
    must_still_render(layer);
    scumble_session_release(layer);
    scumble_engine_release(engine);
    return failed_rows != 0;
}
