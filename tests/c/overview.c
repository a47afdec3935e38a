/* What a frame has besides its pixels: the picture in the model's own, with sizes, places and copies, and what is to be said
 * of it; and what is refused. Argument: a model folder. */
#include "host.h"

enum { WIDTH = 200, HEIGHT = 150 };

static unsigned char paint[WIDTH * HEIGHT * 4];

static ScumbleFrame *painted(ScumbleSession *layer, const ScumbleParams *params, uint64_t after) {
    MUST(scumble_session_set_params(layer, params, NULL) >= 0);
    const ScumbleImage image = whole_image(paint, WIDTH, HEIGHT);
    MUST(scumble_session_push(layer, &image, 1, NULL, 0, NULL) >= 0);
    return final_frame(layer, after);
}

static ScumbleOverview fresh_overview(void) {
    ScumbleOverview info;
    MUST(scumble_overview_init(&info, sizeof info) == SCUMBLE_OK);
    MUST(info.struct_size == sizeof info && info.width == 0);
    return info;
}

int main(int argc, char **argv) {
    MUST(argc > 1);
    for (size_t i = 0; i < sizeof paint; i++) paint[i] = i % 4 == 3 ? 255 : (unsigned char)(i / 97);
    ScumbleEngine *engine = start_engine(argv[1]);
    ScumbleSession *layer = start_layer(engine);
    ScumbleParams params = fresh_params();
    params.settle_delay_ms = 0;
    ScumbleOverview info = fresh_overview();

    MUST(scumble_overview_init(NULL, sizeof info) == SCUMBLE_ERROR_NULL);
    MUST(scumble_overview_init(&info, sizeof info - 1) == SCUMBLE_ERROR_STRUCT_SIZE);
    params.overview = 2;
    MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_ERROR_SETTING);
    params.overview = 0;
    ScumbleFrame *frame = painted(layer, &params, 0);
    info = fresh_overview();
    info.width = info.height = 7;
    MUST(scumble_frame_overview(frame, &info, NULL, 0, 0) == SCUMBLE_NO_FRAME);
    MUST(info.width == 0 && info.height == 0 && info.covers_width == 0);
    uint64_t seen = describe(frame).seq;
    char doing[8] = "nothing";
    MUST(scumble_session_doing(layer, doing, sizeof doing) == SCUMBLE_OK && !*doing);
    MUST(scumble_session_doing(layer, doing, 0) == SCUMBLE_ERROR_BUFFER);
    MUST(scumble_session_doing(layer, NULL, sizeof doing) == SCUMBLE_ERROR_NULL);
    MUST(scumble_session_doing(NULL, doing, sizeof doing) == SCUMBLE_ERROR_NULL);
    scumble_frame_release(frame);

    params.overview = 1;
    frame = painted(layer, &params, seen);
    MUST(scumble_frame_overview(frame, &info, NULL, 0, 0) == SCUMBLE_OK);
    printf("%u x %u covers %g, %g, %g x %g\n", info.width, info.height, info.left, info.top, info.covers_width,
           info.covers_height);
    MUST(info.width > 0 && info.width < WIDTH && info.height > 0 && info.height < HEIGHT);
    MUST(info.left == 0 && info.top == 0 && info.covers_width >= WIDTH && info.covers_height >= HEIGHT);

    /* To the last byte and no farther, from the top and from the bottom. */
    const ptrdiff_t row = (ptrdiff_t)info.width * 4;
    const size_t length = (size_t)row * info.height;
    unsigned char *down = guarded(length), *up = guarded(length);
    MUST(scumble_frame_overview(frame, &info, down, row, length) == SCUMBLE_OK);
    MUST(scumble_frame_overview(frame, &info, up + length - (size_t)row, -row, length) == SCUMBLE_OK);
    unsigned differing = 0;
    for (uint32_t y = 0; y < info.height; y++) {
        const unsigned char *line = down + (size_t)row * y;
        MUST(memcmp(line, up + (size_t)row * (info.height - 1 - y), (size_t)row) == 0);
        for (uint32_t x = 0; x < info.width; x++) MUST(line[4 * x + 3] == 255);
        differing += memcmp(line, down, (size_t)row) != 0;
    }
    MUST(differing > info.height / 2);
    MUST(scumble_frame_overview(frame, &info, down, row, length - 1) == SCUMBLE_ERROR_BUFFER);
    MUST(scumble_frame_overview(frame, &info, down, row - 1, length) == SCUMBLE_ERROR_BUFFER);
    MUST(scumble_frame_overview(frame, NULL, down, row, length) == SCUMBLE_ERROR_NULL);
    MUST(scumble_frame_overview(NULL, &info, down, row, length) == SCUMBLE_ERROR_NULL);
    ScumbleOverview slip = {0};
    MUST(scumble_frame_overview(frame, &slip, down, row, length) == SCUMBLE_ERROR_STRUCT_SIZE);
    seen = describe(frame).seq;

    /* Words that the model does not read, also where it is not asked again for a picture that it made before. */
    static char words[6 * 3000 + 1], note[400] = "x";
    for (size_t i = 0; i + 1 < sizeof words; i++) words[i] = "house "[i % 6];
    MUST(scumble_frame_note(frame, note, sizeof note) == SCUMBLE_OK && *note == 0);
    const char *const prompts[] = {words, "a house", words};
    for (size_t i = 0; i < 3; i++) {
        params.prompt = prompts[i];
        ScumbleFrame *told = painted(layer, &params, seen);
        seen = describe(told).seq;
        MUST(scumble_frame_note(told, note, sizeof note) == SCUMBLE_OK);
        printf("note: %s\n", note);
        MUST(i == 1 ? *note == 0 : strstr(note, "longer than this model reads: from \"house ") != NULL);
        MUST(i == 1 || (scumble_frame_note(told, note, 8) == SCUMBLE_OK && strcmp(note, "The pro") == 0));
        MUST(scumble_frame_note(told, note, 0) == SCUMBLE_ERROR_BUFFER);
        MUST(scumble_frame_note(told, NULL, 8) == SCUMBLE_ERROR_NULL);
        MUST(scumble_frame_note(NULL, note, 8) == SCUMBLE_ERROR_NULL);
        scumble_frame_release(told);
    }

    /* The paint alone was not made by the model. A frame that was handed out keeps what it had. */
    params.strength = 0;
    ScumbleFrame *plain = painted(layer, &params, seen);
    MUST(scumble_frame_overview(plain, &info, NULL, 0, 0) == SCUMBLE_NO_FRAME);
    scumble_frame_release(plain);
    scumble_session_release(layer);
    scumble_engine_release(engine);
    MUST(scumble_frame_overview(frame, &info, up, row, length) == SCUMBLE_OK);
    MUST(memcmp(up, down, length) == 0);
    scumble_frame_release(frame);
    return 0;
}
