/*
 * SPDX-License-Identifier: GPL-3.0-or-later
 * An engine without a model, behind the same header: a job takes SCUMBLE_STUB_MS (default 100) and shows the
 * paint with its colours inverted, opaque. Loading takes SCUMBLE_STUB_LOAD_MS (default 0). SCUMBLE_STUB_FAIL=load
 * or =render fails there, and the prompt "failing" fails each job; "endless" never ends, "wordy" is too long, with "reading" it reads a
 * network first for SCUMBLE_STUB_READS_MS (default 3000), and with "dying" the engine's
 * process is told to have died once, after which the picture comes all the same. Conditions show as `steer` says, in 8
 * bits; SCUMBLE_STUB_UNSTEERED: the model takes none; SCUMBLE_STUB_OWN_CONTROL: it reads a control itself. SCUMBLE_STUB_TOLD names a file
 * that gets a line for each engine and each change of the settings. For tests of hosts: what
 * they show is known to the byte, and how fast is settable.
 *
 *     cc -shared -fPIC -O2 -pthread -Iinclude tests/krita/stub.c -o libscumble_stub.so
 */
#include <pthread.h>
#include <scumble.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct ScumbleEngine { uint64_t made_at; int shared; };
struct ScumbleFrame {
    ScumbleFrameInfo info;
    ScumbleRect rects[4];
    unsigned char *pixels; /* of the whole canvas */
    const char *note;
};
struct ScumbleSession {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    ScumbleEngine *engine;
    bool quit, dirty, busy, fault, died, reading;
    int32_t format, width, height;
    uint64_t space;
    unsigned char *paint, *coverage;
    uint32_t outside;
    uint64_t revision, seq, changed_at;
    ScumbleFrame *latest;
    unsigned char *handed; /* the picture of the frame that was polled last */
    int32_t handed_format, handed_width, handed_height;
    ScumbleFrameInfo handed_info; /* of that frame, without its parts */
    ScumbleParams params;
    char *prompt;
    ScumbleStats stats;
    /* A control's picture lies over the frame where it is not transparent, white where drawn lines are asked for, and one for inpainting, which
     * has none, changes a byte of each pixel where there is a mask; a LoRA changes a byte of each pixel;
     * a region puts the number of its words' letters into a byte where it is. */
    struct { uint32_t kind, prepare, rank, aspect; float scale; unsigned char *picture; unsigned char words; } conditions[32];
};

static _Thread_local char last_error[200];

static uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}
static void nap_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}
static long setting(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text ? atol(text) : otherwise;
}
static void told(const char *what, unsigned value) {
    const char *path = getenv("SCUMBLE_STUB_TOLD");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (!file) return;
    fprintf(file, "%s %u\n", what, value);
    fclose(file);
}
static bool fails(const char *where) {
    const char *text = getenv("SCUMBLE_STUB_FAIL");
    return text && !strcmp(text, where);
}
static int32_t no(int32_t status, const char *why) {
    snprintf(last_error, sizeof last_error, "%s", why);
    return status;
}
enum kind { INT8, INT16, FLOAT16, FLOAT32 };
static enum kind kind_of(int32_t format) {
    switch (format) {
    case SCUMBLE_FORMAT_RGBA8: case SCUMBLE_FORMAT_BGRA8:
    case SCUMBLE_FORMAT_RGBA8_LINEAR: case SCUMBLE_FORMAT_BGRA8_LINEAR: return INT8;
    case SCUMBLE_FORMAT_RGBAF32: case SCUMBLE_FORMAT_RGBAF32_LINEAR: return FLOAT32;
    case SCUMBLE_FORMAT_RGBAF16: case SCUMBLE_FORMAT_RGBAF16_LINEAR: return FLOAT16;
    default: return INT16;
    }
}
static size_t pixel_bytes(int32_t format) {
    enum kind kind = kind_of(format);
    return kind == INT8 ? 4 : kind == FLOAT32 ? 16 : 8;
}

uint32_t scumble_abi_version(void) { return SCUMBLE_ABI_MAJOR << 16 | SCUMBLE_ABI_MINOR; }
const char *scumble_version(void) { return "0.0.0-stub"; }
const char *scumble_last_error(void) { return last_error; }
const char *scumble_status_text(int32_t status) { return status < 0 ? "error" : "fine"; }
int32_t scumble_session_last_error(const ScumbleSession *session, char *buffer, size_t length) {
    (void)session;
    snprintf(buffer, length, "%s", last_error);
    return SCUMBLE_OK;
}
const char *scumble_default_model(void) { return ""; }

#define INIT(function, type)                                               \
    int32_t function(type *it, size_t size) {                              \
        if (size != sizeof *it) return no(SCUMBLE_ERROR_STRUCT_SIZE, #type); \
        memset(it, 0, size);                                               \
        it->struct_size = (uint32_t)size;                                  \
        return SCUMBLE_OK;                                                 \
    }
INIT(scumble_engine_options_init, ScumbleEngineOptions)
INIT(scumble_engine_info_init, ScumbleEngineInfo)
INIT(scumble_frame_info_init, ScumbleFrameInfo)
INIT(scumble_overview_init, ScumbleOverview)
INIT(scumble_image_init, ScumbleImage)
INIT(scumble_mask_init, ScumbleMask)
INIT(scumble_stats_init, ScumbleStats)
INIT(scumble_params_init, ScumbleParams)
INIT(scumble_entry_init, ScumbleEntry)
INIT(scumble_condition_init, ScumbleCondition)

/* Two samplers; two models and three builds of ONNX Runtime that can be got; nothing logged. SCUMBLE_STUB_HERE=NAME: that one
 * is here, in SCUMBLE_STUB_FOLDER; SCUMBLE_STUB_CARD=1: there is a graphics card. */
struct ScumbleList { uint32_t kind, count; struct { char name[12]; const char *silent; } entries[32]; };
static const char *const samplers[] = {"euler", "ddim"};
static const struct { uint32_t kind; const char *name, *title, *note, *good_at; uint64_t bytes; } offered[] = {
    {SCUMBLE_LIST_CATALOGUE, "small", "Small", "Runs well on a processor.", "Quick pictures.", 900000000},
    {SCUMBLE_LIST_CATALOGUE, "large", "Large & slow", "Takes 64 GB of memory, more than there is here.", "Detail.", 13900000000},
    {SCUMBLE_LIST_RUNTIMES, "cpu", "ONNX Runtime for processors", "Runs on this machine's processor.", "Runs everywhere.", 28000000},
    {SCUMBLE_LIST_RUNTIMES, "webgpu", "ONNX Runtime with WebGPU", "Your graphics card could make pictures many times faster with it.",
     "Graphics cards.", 25000000},
    {SCUMBLE_LIST_RUNTIMES, "openvino", "ONNX Runtime with OpenVINO", "Runs on this machine's processor.", "Processors.", 84000000},
    {SCUMBLE_LIST_ANNOTATORS, "far", "Far away", "Runs well on a processor.", "How far away things are.", 99000000}};
static const char *variable(const char *name) {
    const char *text = getenv(name);
    return text ? text : "";
}
int32_t scumble_list_create(uint32_t kind, ScumbleList **list) {
    static ScumbleList lists[SCUMBLE_LIST_ANNOTATORS + 1];
    if (kind > SCUMBLE_LIST_ANNOTATORS) return no(SCUMBLE_ERROR_SETTING, "there is no such list");
    lists[kind].kind = kind;
    *list = &lists[kind];
    return SCUMBLE_OK;
}
int32_t scumble_list_entry(const ScumbleList *list, uint32_t index, ScumbleEntry *entry) {
    if (!list) return SCUMBLE_END;
    if (list->kind == SCUMBLE_LIST_SAMPLERS && index < sizeof samplers / sizeof *samplers) {
        entry->usable = 1;
        entry->name = entry->title = samplers[index];
        entry->note = "";
        return SCUMBLE_OK;
    }
    if (list->kind == 1001 && index < list->count) {
        entry->usable = !list->entries[index].silent;
        entry->name = list->entries[index].name;
        entry->note = entry->usable ? "" : list->entries[index].silent;
        return SCUMBLE_OK;
    }
    if (list->kind == 1000 && index == 5) {
        entry->usable = !getenv("SCUMBLE_STUB_WHOLE");
        entry->name = "aspects";
        entry->note = entry->usable ? "" : "This model takes all of a reference over.";
        return SCUMBLE_OK;
    }
    if (list->kind == 1000 && index < 5) {
        bool own = getenv("SCUMBLE_STUB_OWN_CONTROL");
        entry->usable = index == 4 ? own : index == 2 || !getenv("SCUMBLE_STUB_UNSTEERED");
        entry->name = (const char *const[]){"control", "lora", "region", "reference", "own_control"}[index];
        entry->note = index == 4 ? (own ? "This model reads its control itself." : "This model has no control of its own.")
                      : entry->usable ? "" : "This model takes none.";
        return SCUMBLE_OK;
    }
    for (size_t i = 0; i < sizeof offered / sizeof *offered; i++) {
        if (offered[i].kind != list->kind || index--) continue;
        bool here = !strcmp(variable("SCUMBLE_STUB_HERE"), offered[i].name);
        bool card = strcmp(offered[i].name, "webgpu") || *variable("SCUMBLE_STUB_CARD");
        entry->name = offered[i].name;
        entry->title = offered[i].title;
        entry->note = card ? offered[i].note : "Wants a graphics card, and none was found here.";
        entry->usable = card && strcmp(offered[i].name, "large");
        entry->good_at = offered[i].good_at;
        entry->bytes = offered[i].bytes;
        entry->offer = here ? SCUMBLE_OFFER_INSTALLED : SCUMBLE_OFFER_ABSENT;
        entry->arrived = here ? offered[i].bytes : 0;
        entry->licence = "Mine: Free for <every> use.\nYours: Pictures are yours.";
        entry->licence_url = "https://example.org/mine\nhttps://example.org/yours";
        entry->folder = here ? variable("SCUMBLE_STUB_FOLDER") : "";
        return SCUMBLE_OK;
    }
    return SCUMBLE_END;
}

/* Gets what it is asked for in SCUMBLE_STUB_MS, into SCUMBLE_STUB_FOLDER; "gated/model" fails, "endless/model" never ends. */
struct ScumbleDownload { char name[64]; bool agreed, cancelled; uint64_t since; };
INIT(scumble_download_options_init, ScumbleDownloadOptions)
INIT(scumble_download_info_init, ScumbleDownloadInfo)
int32_t scumble_download_start(const ScumbleDownloadOptions *options, ScumbleDownload **download) {
    *download = calloc(1, sizeof **download);
    snprintf((*download)->name, sizeof (*download)->name, "%s", options->name);
    (*download)->agreed = options->agreed;
    (*download)->since = now_us();
    return SCUMBLE_OK;
}
int32_t scumble_download_poll(const ScumbleDownload *d, ScumbleDownloadInfo *info) {
    uint32_t size = info->struct_size;
    uint64_t wanted = (uint64_t)setting("SCUMBLE_STUB_MS", 100) * 1000, passed = now_us() - d->since;
    *info = (ScumbleDownloadInfo){.struct_size = size, .message = "", .title = d->name, .file = "unet/model.onnx", .remarks = "",
                                  .licence = "Mine: Free for <every> use.", .licence_url = "https://example.org/mine",
                                  .folder = "", .bytes = 900000000, .files = 5};
    if (!strcmp(d->name, "endless/model")) passed = wanted / 2;
    if (d->cancelled) {
        info->state = SCUMBLE_DOWNLOAD_CANCELLED;
        info->message = "Cancelled; what has arrived is kept.";
    } else if (!strcmp(d->name, "gated/model")) {
        info->state = SCUMBLE_DOWNLOAD_FAILED;
        info->error = SCUMBLE_ERROR_ACCESS;
        info->message = "gated/model is given only to those who have agreed to its terms.";
    } else if (!d->agreed) {
        info->state = SCUMBLE_DOWNLOAD_TERMS;
    } else {
        info->state = passed < wanted ? SCUMBLE_DOWNLOAD_LOADING : SCUMBLE_DOWNLOAD_DONE;
        info->bytes_done = passed < wanted ? info->bytes * passed / wanted : info->bytes;
        if (passed >= wanted) info->folder = variable("SCUMBLE_STUB_FOLDER");
    }
    return SCUMBLE_OK;
}
int32_t scumble_download_agree(const ScumbleDownload *download) {
    ScumbleDownload *d = (ScumbleDownload *)download;
    d->agreed = true;
    d->since = now_us();
    return SCUMBLE_OK;
}
int32_t scumble_download_cancel(const ScumbleDownload *download) {
    ((ScumbleDownload *)download)->cancelled = true;
    return SCUMBLE_OK;
}
void scumble_download_release(ScumbleDownload *download) { free(download); }

int32_t scumble_engine_samplers(const ScumbleEngine *engine, ScumbleList **list) {
    (void)engine;
    return scumble_list_create(SCUMBLE_LIST_SAMPLERS, list);
}
void scumble_list_release(ScumbleList *list) { (void)list; }
int32_t scumble_log_level(uint32_t level) { return level > SCUMBLE_LOG_DEBUG ? SCUMBLE_ERROR_SETTING : SCUMBLE_OK; }
int32_t scumble_log_read(uint64_t *number, uint32_t *level, char *buffer, size_t length) {
    (void)number, (void)level, (void)buffer, (void)length;
    return SCUMBLE_END;
}

int32_t scumble_engine_create(const ScumbleEngineOptions *options, ScumbleEngine **engine) {
    told("engine", 1);
    if (options && options->model_dir && strstr(options->model_dir, "nowhere"))
        return no(SCUMBLE_ERROR_MODEL_MISSING, "the model folder does not exist; choose another one");
    *engine = calloc(1, sizeof **engine);
    (*engine)->made_at = now_us();
    (*engine)->shared = options && options->process == SCUMBLE_PROCESS_SHARED;
    return SCUMBLE_OK;
}
static float loaded(const ScumbleEngine *engine) {
    long ms = setting("SCUMBLE_STUB_LOAD_MS", 0);
    float done = ms ? (float)(now_us() - engine->made_at) / 1000.0f / (float)ms : 1.0f;
    return done > 1.0f ? 1.0f : done;
}
int32_t scumble_engine_info(const ScumbleEngine *engine, ScumbleEngineInfo *info) {
    uint32_t size = info->struct_size;
    *info = (ScumbleEngineInfo){.struct_size = size, .message = "loading the stub", .model_name = "",
                                .model_description = "", .device = "", .runtime = "", .progress = loaded(engine)};
    if (fails("runtime")) {
        info->state = SCUMBLE_ENGINE_FAILED;
        info->error = SCUMBLE_ERROR_RUNTIME;
        info->message = "ONNX Runtime was not found";
    } else if (fails("load")) {
        info->state = SCUMBLE_ENGINE_FAILED;
        info->error = SCUMBLE_ERROR_MODEL_BROKEN;
        info->message = "the stub was asked to fail while loading";
    } else if (info->progress >= 1.0f) {
        info->state = SCUMBLE_ENGINE_READY;
        info->message = "";
        info->model_name = "Stub";
        info->model_description = "Inverts the paint.";
        info->device = "cpu";
        info->device_note = engine->shared ? "The stub is shared with nobody." : "";
        info->native_side = 256;
        info->default_steps = 2;
        info->default_strength = 0.5f;
        info->default_guidance = 1.0f;
        const char *keeps = getenv("SCUMBLE_STUB_PAINT_GUIDANCE");
        if (keeps) info->default_paint_guidance = (float)atof(keeps);
    }
    return SCUMBLE_OK;
}
void scumble_engine_release(ScumbleEngine *engine) { (void)engine; /* sessions may still look at it */ }

/* The rectangle around what a mask lets be rendered. */
static ScumbleRect around(const unsigned char *coverage, int32_t width, int32_t height) {
    ScumbleRect rect = {0, 0, width, height};
    int32_t left = width, right = 0, top = height, bottom = 0;
    for (int32_t y = 0; coverage && y < height; y++)
        for (int32_t x = 0; x < width; x++)
            if (coverage[(size_t)y * (size_t)width + (size_t)x]) {
                if (x < left) left = x;
                if (x + 1 > right) right = x + 1;
                if (y < top) top = y;
                bottom = y + 1;
            }
    if (coverage) rect = bottom ? (ScumbleRect){left, top, right - left, bottom - top} : (ScumbleRect){0};
    return rect;
}

/* Where the mask is 0: nothing, or, within the rectangle around it, the paint. The mask's edge is hard. */
static void invert(const ScumbleFrameInfo *frame, const unsigned char *from, unsigned char *to,
                   const unsigned char *coverage, uint32_t outside) {
    enum kind kind = kind_of(frame->format);
    size_t bpp = pixel_bytes(frame->format), width = (size_t)frame->canvas_width;
    const ScumbleRect *covers = &frame->covers;
    for (size_t p = 0; p < width * (size_t)frame->canvas_height; p++) {
        if (coverage && !coverage[p]) {
            int32_t x = (int32_t)(p % width) - covers->x, y = (int32_t)(p / width) - covers->y;
            bool near = x >= 0 && x < covers->width && y >= 0 && y < covers->height;
            if (near && outside == SCUMBLE_OUTSIDE_PAINT) memcpy(to + p * bpp, from + p * bpp, bpp);
            else memset(to + p * bpp, 0, bpp);
            continue;
        }
        for (int c = 0; c < 4; c++) {
            size_t i = p * 4 + (size_t)c;
            if (kind == INT8) to[i] = c == 3 ? 255 : (unsigned char)(255 - from[i]);
            else if (kind == INT16) ((uint16_t *)to)[i] = c == 3 ? 65535 : (uint16_t)(65535 - ((const uint16_t *)from)[i]);
            else if (kind == FLOAT16) ((_Float16 *)to)[i] = c == 3 ? (_Float16)1 : (_Float16)1 - ((const _Float16 *)from)[i];
            else ((float *)to)[i] = c == 3 ? 1.0f : 1.0f - ((const float *)from)[i];
        }
    }
}

/* Shrinks `part` to what differs between two pictures of `width` pixels a row; empty if nothing does. */
static ScumbleRect differing(ScumbleRect part, const unsigned char *a, const unsigned char *b, size_t width, size_t bpp) {
    int32_t left = part.width, right = 0, top = part.height, bottom = 0;
    for (int32_t y = 0; y < part.height; y++) {
        size_t row = ((size_t)(part.y + y) * width + (size_t)part.x) * bpp;
        if (!memcmp(a + row, b + row, (size_t)part.width * bpp)) continue;
        if (y < top) top = y;
        bottom = y + 1;
        for (int32_t x = 0; x < part.width; x++)
            if (memcmp(a + row + (size_t)x * bpp, b + row + (size_t)x * bpp, bpp)) {
                if (x < left) left = x;
                if (x + 1 > right) right = x + 1;
            }
    }
    if (!bottom) return (ScumbleRect){0};
    return (ScumbleRect){part.x + left, part.y + top, right - left, bottom - top};
}

/* Tells what is new since the frame that was handed out before, in up to four parts, in an order that is never the
 * same: hosts must take any. */
static void tell(ScumbleSession *s, ScumbleFrame *frame, uint64_t after_seq) {
    int32_t width = frame->info.canvas_width, height = frame->info.canvas_height;
    int32_t across = width > 1 ? width / 3 : 0, down = height > 1 ? height / 3 : 0;
    ScumbleRect parts[4] = {{0, 0, across, down}, {across, 0, width - across, down},
                            {0, down, across, height - down}, {across, down, width - across, height - down}};
    size_t bpp = pixel_bytes(frame->info.format), bytes = (size_t)width * (size_t)height * bpp;
    s->handed_info = frame->info;
    bool first = !after_seq || !s->handed || s->handed_format != frame->info.format || s->handed_width != width ||
                 s->handed_height != height;
    for (unsigned i = 0; i < 4; i++) {
        ScumbleRect part = parts[(i * 3 + (unsigned)frame->info.seq) % 4];
        if (!first) part = differing(part, s->handed, frame->pixels, (size_t)width, bpp);
        if (part.width > 0 && part.height > 0) frame->rects[frame->info.rect_count++] = part;
    }
    s->handed = realloc(s->handed, bytes);
    memcpy(s->handed, frame->pixels, bytes);
    s->handed_format = frame->info.format;
    s->handed_width = width;
    s->handed_height = height;
}

/* The frame that was handed out last, for a host that has not got it; NULL without one. */
static ScumbleFrame *again(const ScumbleSession *s) {
    if (!s->handed) return NULL;
    size_t bytes = (size_t)s->handed_width * (size_t)s->handed_height * pixel_bytes(s->handed_format);
    ScumbleFrame *frame = calloc(1, sizeof *frame);
    frame->info = s->handed_info;
    frame->pixels = malloc(bytes);
    memcpy(frame->pixels, s->handed, bytes);
    return frame;
}

/* Is there a region of a greater rank over a region's place? */
static bool is_covered(const ScumbleSession *s, int region, size_t at) {
    for (int i = 0; i < 32; i++)
        if (s->conditions[i].kind == SCUMBLE_CONDITION_REGION && s->conditions[i].picture && s->conditions[i].scale > 0 &&
            s->conditions[i].rank > s->conditions[region].rank && s->conditions[i].picture[at] && s->conditions[i].picture[at + 3])
            return true;
    return false;
}

static void steer(const ScumbleSession *s, unsigned char *pixels, size_t bytes) {
    for (int i = 0; i < 32; i++) {
        const unsigned char *picture = s->conditions[i].picture;
        float scale = s->conditions[i].scale;
        if (s->conditions[i].kind == SCUMBLE_CONDITION_LORA)
            for (size_t at = 0; at < bytes; at += 4) pixels[at] ^= (unsigned char)(scale * 100);
        if (s->conditions[i].kind == SCUMBLE_CONDITION_REGION && picture && scale > 0)
            for (size_t at = 0; at < bytes; at += 4)
                if (picture[at] && picture[at + 3] && !is_covered(s, i, at)) pixels[at] = s->conditions[i].words;
        if (s->conditions[i].kind == SCUMBLE_CONDITION_REFERENCE && picture && scale > 0)
            for (size_t at = 0; at < bytes; at += 4) pixels[at + 1] ^= picture[0] + s->conditions[i].aspect;
        if (s->conditions[i].prepare == SCUMBLE_PREPARE_INPAINT && s->coverage && scale > 0)
            for (size_t at = 0; at < bytes; at += 4) pixels[at + 2] ^= 85;
        if (s->conditions[i].kind == SCUMBLE_CONDITION_CONTROL && picture && scale > 0)
            for (size_t at = 0; at < bytes; at += 4)
                if (picture[at + 3] && s->conditions[i].prepare == SCUMBLE_PREPARE_DRAWN) memset(pixels + at, 255, 4);
                else if (picture[at + 3]) memcpy(pixels + at, picture + at, 4);
    }
}

static void *work(void *argument) {
    ScumbleSession *s = argument;
    pthread_mutex_lock(&s->lock);
    while (!s->quit) {
        if (!s->dirty) {
            pthread_cond_wait(&s->wake, &s->lock);
            continue;
        }
        if (loaded(s->engine) < 1.0f && !fails("load")) {
            pthread_mutex_unlock(&s->lock);
            nap_ms(5);
            pthread_mutex_lock(&s->lock);
            continue;
        }
        s->dirty = false;
        /* As the library does: a failed revision is not tried again, and a failed load is told by each poll. */
        if (fails("load") || fails("render") || (s->prompt && !strcmp(s->prompt, "failing"))) {
            s->fault = true;
            continue;
        }
        s->died = s->prompt && !strcmp(s->prompt, "dying");
        s->busy = true;
        s->stats.jobs_started++;
        size_t bytes = (size_t)s->width * (size_t)s->height * pixel_bytes(s->format);
        ScumbleFrame *frame = calloc(1, sizeof *frame);
        unsigned char *copy = malloc(bytes), *pixels = malloc(bytes);
        memcpy(copy, s->paint, bytes);
        size_t area = (size_t)s->width * (size_t)s->height;
        uint32_t outside = s->outside;
        unsigned char *coverage = s->coverage ? memcpy(malloc(area), s->coverage, area) : NULL;
        frame->info = (ScumbleFrameInfo){
            .struct_size = sizeof frame->info, .flags = SCUMBLE_FRAME_FINAL, .revision = s->revision,
            .rect = {0, 0, s->width, s->height}, .covers = around(s->coverage, s->width, s->height),
            .canvas_width = s->width, .canvas_height = s->height, .format = s->format, .step = 1, .steps = 1,
            .tier = SCUMBLE_TIER_SETTLED};
        frame->pixels = pixels;
        frame->note = s->prompt && !strcmp(s->prompt, "wordy") ? "The prompt is too long for the stub." : "";
        uint64_t started = now_us(), changed = s->changed_at;
        s->reading = s->prompt && !strcmp(s->prompt, "reading");
        bool reads = s->reading;
        pthread_mutex_unlock(&s->lock);
        if (reads) nap_ms(setting("SCUMBLE_STUB_READS_MS", 3000));
        pthread_mutex_lock(&s->lock);
        s->reading = false;
        pthread_mutex_unlock(&s->lock);
        nap_ms(setting("SCUMBLE_STUB_MS", 100));
        invert(&frame->info, copy, pixels, coverage, outside);
        pthread_mutex_lock(&s->lock);
        s->busy = false;
        frame->info.seq = ++s->seq;
        bool endless = s->prompt && !strcmp(s->prompt, "endless");
        if (endless && s->seq % 2 && !coverage) memcpy(pixels, copy, bytes);
        steer(s, pixels, bytes);
        frame->info.since_push_us = now_us() - changed;
        frame->info.since_start_us = now_us() - started;
        if (s->dirty) frame->info.flags |= SCUMBLE_FRAME_STALE;
        s->stats.frames++;
        scumble_frame_release(s->latest);
        s->latest = frame;
        s->dirty = s->dirty || endless;
        free(copy), free(coverage);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

int32_t scumble_session_create(const ScumbleEngine *engine, ScumbleSession **session) {
    ScumbleSession *s = *session = calloc(1, sizeof *s);
    s->engine = (ScumbleEngine *)engine;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    pthread_create(&s->thread, NULL, work, s);
    return SCUMBLE_OK;
}
static int32_t changed(ScumbleSession *s, uint64_t *revision) {
    s->revision++;
    s->changed_at = now_us();
    s->dirty = s->paint != NULL;
    if (revision) *revision = s->revision;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    return SCUMBLE_OK;
}
static int32_t unchanged(ScumbleSession *s) {
    pthread_mutex_unlock(&s->lock);
    return SCUMBLE_UNCHANGED;
}
int32_t scumble_session_set_params(ScumbleSession *s, const ScumbleParams *params, uint64_t *revision) {
    if (params->steps > 200) return no(SCUMBLE_ERROR_SETTING, "The steps go from 1 to 200.");
    if (params->strength > 1) return no(SCUMBLE_ERROR_SETTING, "The strength goes from 0 to 1.");
    told("preview", params->preview);
    pthread_mutex_lock(&s->lock);
    const char *prompt = params->prompt ? params->prompt : "";
    ScumbleParams plain = *params;
    plain.prompt = plain.negative = plain.lora_folder = NULL;
    if (s->prompt && !strcmp(s->prompt, prompt) && !memcmp(&plain, &s->params, sizeof plain)) return unchanged(s);
    free(s->prompt);
    s->prompt = strdup(prompt);
    s->params = plain;
    return changed(s, revision);
}
/* Rows from the bottom up are not known: no host that is tested hands any over. */
static int32_t checked(ScumbleRect rect, int32_t width, int32_t height, size_t bpp, ptrdiff_t stride, size_t length) {
    if (width < 1 || height < 1 || width > 16384 || height > 16384) return no(SCUMBLE_ERROR_RECT, "A canvas has 1 to 16384 pixels a side.");
    if (rect.x < 0 || rect.y < 0 || rect.width < 1 || rect.height < 1 || rect.x + rect.width > width || rect.y + rect.height > height)
        return no(SCUMBLE_ERROR_RECT, "The rectangle is not on the canvas.");
    size_t row = (size_t)rect.width * bpp;
    if (stride < (ptrdiff_t)row || length < (size_t)stride * (size_t)(rect.height - 1) + row)
        return no(SCUMBLE_ERROR_BUFFER, "The buffer is too short for its rows.");
    return SCUMBLE_OK;
}
/* A number for each colour space (FNV-1a of a profile). */
static uint64_t space_of(const ScumbleImage *image) {
    uint64_t number = image->profile ? 14695981039346656037u : image->space;
    const unsigned char *profile = image->profile;
    for (size_t i = 0; i < image->profile_length; i++) number = (number ^ profile[i]) * 1099511628211u;
    return number;
}
int32_t scumble_session_push(ScumbleSession *s, const ScumbleImage *images, uint32_t image_count,
                             const ScumbleRect *touched, uint32_t touched_count, uint64_t *revision) {
    (void)touched, (void)touched_count;
    if (!image_count) return no(SCUMBLE_ERROR_BUFFER, "There is no image to be pushed.");
    if (images->format > SCUMBLE_FORMAT_RGBF32_LINEAR) return no(SCUMBLE_ERROR_FORMAT, "There is no such pixel format.");
    size_t bpp = pixel_bytes(images->format);
    for (uint32_t i = 0; i < image_count; i++) {
        const ScumbleImage *image = images + i;
        int32_t status = checked(image->rect, image->canvas_width, image->canvas_height, bpp, image->stride, image->byte_length);
        if (status) return status;
    }
    pthread_mutex_lock(&s->lock);
    bool differs = false;
    if (!s->paint || s->space != space_of(images) || s->format != images->format || s->width != images->canvas_width || s->height != images->canvas_height) {
        free(s->paint), free(s->coverage);
        s->coverage = NULL;
        for (int i = 0; i < 32; i++)
            if (s->conditions[i].kind != SCUMBLE_CONDITION_REFERENCE) free(s->conditions[i].picture), s->conditions[i].picture = NULL;
        s->paint = calloc((size_t)images->canvas_width * (size_t)images->canvas_height, bpp);
        s->format = images->format;
        s->space = space_of(images);
        s->width = images->canvas_width;
        s->height = images->canvas_height;
        differs = true;
    }
    for (uint32_t i = 0; i < image_count; i++) {
        const ScumbleImage *image = images + i;
        size_t row = (size_t)image->rect.width * bpp;
        for (int32_t y = 0; y < image->rect.height; y++) {
            const unsigned char *from = (const unsigned char *)image->pixels + y * image->stride;
            unsigned char *to = s->paint + ((size_t)(image->rect.y + y) * (size_t)s->width + (size_t)image->rect.x) * bpp;
            if (memcmp(to, from, row)) {
                memcpy(to, from, row);
                differs = true;
            }
        }
    }
    return differs ? changed(s, revision) : unchanged(s);
}
int32_t scumble_session_set_mask(ScumbleSession *s, const ScumbleMask *mask, uint64_t *revision) {
    if (mask && mask->outside > SCUMBLE_OUTSIDE_TRANSPARENT) return no(SCUMBLE_ERROR_SETTING, "Outside of a mask is paint or nothing.");
    int32_t status = mask ? checked(mask->rect, mask->canvas_width, mask->canvas_height, 1, mask->stride, mask->byte_length) : SCUMBLE_OK;
    if (status) return status;
    pthread_mutex_lock(&s->lock);
    size_t area = (size_t)s->width * (size_t)s->height;
    unsigned char *coverage = mask ? calloc(area, 1) : NULL;
    if (mask)
        for (int32_t y = 0; y < mask->rect.height; y++)
            memcpy(coverage + (size_t)(mask->rect.y + y) * (size_t)s->width + (size_t)mask->rect.x,
                   mask->coverage + y * mask->stride, (size_t)mask->rect.width);
    if (!mask == !s->coverage && (!mask || (s->outside == mask->outside && !memcmp(coverage, s->coverage, area)))) {
        free(coverage);
        return unchanged(s);
    }
    free(s->coverage);
    s->coverage = coverage;
    if (mask) s->outside = mask->outside;
    return changed(s, revision);
}
/* What steers shows in the next picture, as `steer` says. */
int32_t scumble_session_set_condition(ScumbleSession *s, uint32_t number, const ScumbleCondition *condition,
                                      const ScumbleImage *image, uint64_t *revision) {
    if (condition && condition->file && strstr(condition->file, "broken")) return no(SCUMBLE_ERROR_MODEL_BROKEN, "the file is broken");
    if (condition && (!condition->kind || condition->kind > SCUMBLE_CONDITION_REFERENCE)) return no(SCUMBLE_ERROR_SETTING, "There is no such condition.");
    if (image && condition && condition->prepare == SCUMBLE_PREPARE_INPAINT) return no(SCUMBLE_ERROR_SETTING, "A control for inpainting has no picture.");
    pthread_mutex_lock(&s->lock);
    uint32_t at = number % 32, kind = condition ? condition->kind : 0;
    float scale = condition ? condition->scale : 0;
    unsigned char words = condition && condition->prompt ? (unsigned char)strlen(condition->prompt) : 0;
    bool differs = s->conditions[at].kind != kind || s->conditions[at].scale != scale || s->conditions[at].words != words;
    uint32_t prepare = condition ? condition->prepare : 0;
    uint32_t rank = condition ? condition->rank : 0;
    uint32_t aspect = condition ? condition->aspect : 0;
    differs = differs || s->conditions[at].prepare != prepare || s->conditions[at].rank != rank || s->conditions[at].aspect != aspect;
    s->conditions[at].aspect = aspect;
    s->conditions[at].prepare = prepare;
    s->conditions[at].rank = rank;
    s->conditions[at].words = words;
    s->conditions[at].kind = kind;
    s->conditions[at].scale = scale;
    if (image && kind == SCUMBLE_CONDITION_REFERENCE) { /* it has a size of its own: its first pixel is what is seen of it */
        unsigned char **picture = &s->conditions[at].picture;
        if (!*picture) *picture = calloc(1, 16);
        size_t bpp = image->rect.x || image->rect.y ? 0 : pixel_bytes(image->format);
        differs = differs || memcmp(*picture, image->pixels, bpp);
        memcpy(*picture, image->pixels, bpp);
    } else if (image && s->paint) {
        size_t bpp = pixel_bytes(s->format), row = (size_t)image->rect.width * bpp;
        unsigned char **picture = &s->conditions[at].picture;
        if (!*picture) *picture = calloc((size_t)s->width * (size_t)s->height, bpp);
        for (int32_t y = 0; y < image->rect.height; y++) {
            unsigned char *to = *picture + ((size_t)(image->rect.y + y) * (size_t)s->width + (size_t)image->rect.x) * bpp;
            const unsigned char *from = (const unsigned char *)image->pixels + y * image->stride;
            differs = differs || memcmp(to, from, row);
            memcpy(to, from, row);
        }
    }
    if (!condition || prepare == SCUMBLE_PREPARE_INPAINT) free(s->conditions[at].picture), s->conditions[at].picture = NULL;
    return differs ? changed(s, revision) : unchanged(s);
}
int32_t scumble_session_conditions(ScumbleSession *s, ScumbleList **list) {
    static ScumbleList told;
    pthread_mutex_lock(&s->lock);
    told.kind = 1001;
    told.count = 0;
    for (unsigned i = 0; i < 32; i++) {
        if (!s->conditions[i].kind) continue;
        bool drawn = false;
        const unsigned char *picture = s->conditions[i].picture;
        size_t bytes = (size_t)s->width * (size_t)s->height * pixel_bytes(s->format);
        for (size_t at = 0; picture && s->conditions[i].kind == SCUMBLE_CONDITION_CONTROL && at < bytes; at++) drawn = drawn || picture[at];
        snprintf(told.entries[told.count].name, sizeof told.entries->name, "%u", i);
        uint32_t prepare = s->conditions[i].prepare;
        const char *undrawn = prepare == SCUMBLE_PREPARE_DRAWN && !drawn ? "Nothing is drawn on it." : NULL;
        told.entries[told.count++].silent = prepare == SCUMBLE_PREPARE_INPAINT && !s->coverage ? "Nothing is masked." : undrawn;
    }
    pthread_mutex_unlock(&s->lock);
    *list = &told;
    return SCUMBLE_OK;
}
int32_t scumble_engine_conditions(const ScumbleEngine *engine, ScumbleList **list) {
    (void)engine;
    static ScumbleList conditions = {.kind = 1000};
    *list = &conditions;
    return SCUMBLE_OK;
}
int32_t scumble_session_set_noise(ScumbleSession *s, const float *values, uint32_t draws, uint32_t channels,
                                  uint32_t height, uint32_t width, uint64_t *revision) {
    (void)values, (void)draws, (void)channels, (void)height, (void)width;
    pthread_mutex_lock(&s->lock);
    return changed(s, revision);
}
int32_t scumble_session_poll(ScumbleSession *s, uint64_t after_seq, ScumbleFrame **frame) {
    pthread_mutex_lock(&s->lock);
    int32_t status = SCUMBLE_NO_FRAME;
    if (s->died) {
        s->died = false;
        status = no(SCUMBLE_ERROR_WORKER_DIED, "the stub's process has ended; it is started anew");
    } else if (s->fault) {
        s->fault = fails("load");
        status = no(fails("load") ? SCUMBLE_ERROR_MODEL_BROKEN : SCUMBLE_ERROR_INFERENCE, "the stub was asked to fail");
    } else if ((s->latest && s->latest->info.seq > after_seq) || (!s->latest && s->handed && s->handed_info.seq > after_seq)) {
        *frame = s->latest ? s->latest : again(s);
        s->latest = NULL;
        tell(s, *frame, after_seq);
        if ((*frame)->info.revision == s->revision) (*frame)->info.flags |= SCUMBLE_FRAME_CURRENT;
        status = SCUMBLE_OK;
    } else if (loaded(s->engine) < 1.0f) {
        status = SCUMBLE_LOADING;
    }
    pthread_mutex_unlock(&s->lock);
    return status;
}
/* It has no pixels but those of the canvas. */
int32_t scumble_frame_overview(const ScumbleFrame *frame, ScumbleOverview *info, void *pixels, ptrdiff_t stride,
                               size_t length) {
    (void)frame, (void)pixels, (void)stride, (void)length;
    *info = (ScumbleOverview){.struct_size = info->struct_size};
    return SCUMBLE_NO_FRAME;
}

int32_t scumble_session_wake_fd(ScumbleSession *s, int32_t *fd) {
    (void)s, (void)fd;
    return no(SCUMBLE_ERROR_SETTING, "the stub has no descriptor");
}
int32_t scumble_session_wake_event(ScumbleSession *s, void **event) {
    (void)s, (void)event;
    return no(SCUMBLE_ERROR_SETTING, "the stub has no event");
}
int32_t scumble_session_wait(ScumbleSession *s, uint32_t timeout_ms) {
    for (uint64_t end = now_us() + timeout_ms * 1000ull; now_us() < end; nap_ms(2)) {
        pthread_mutex_lock(&s->lock);
        bool rests = !s->dirty && !s->busy;
        pthread_mutex_unlock(&s->lock);
        if (rests) return SCUMBLE_OK;
    }
    return SCUMBLE_TIMEOUT;
}
int32_t scumble_session_cancel(const ScumbleSession *s) {
    (void)s;
    return SCUMBLE_OK;
}
int32_t scumble_session_doing(const ScumbleSession *session, char *buffer, size_t length) {
    ScumbleSession *s = (ScumbleSession *)session;
    pthread_mutex_lock(&s->lock);
    bool reads = s->reading;
    pthread_mutex_unlock(&s->lock);
    snprintf(buffer, length, "%s", reads ? "The stub reads a network; that is needed once." : "");
    return SCUMBLE_OK;
}
int32_t scumble_session_stats(const ScumbleSession *s, ScumbleStats *stats) {
    uint32_t size = stats->struct_size;
    *stats = s->stats;
    stats->struct_size = size;
    stats->busy = s->dirty || s->busy;
    return SCUMBLE_OK;
}
void scumble_session_release(ScumbleSession *s) {
    if (!s) return;
    pthread_mutex_lock(&s->lock);
    s->quit = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    scumble_frame_release(s->latest);
    for (int i = 0; i < 32; i++) free(s->conditions[i].picture);
    free(s->handed), free(s->paint), free(s->coverage), free(s->prompt), free(s);
}

int32_t scumble_frame_info(const ScumbleFrame *frame, ScumbleFrameInfo *info) {
    *info = frame->info;
    return SCUMBLE_OK;
}
int32_t scumble_frame_note(const ScumbleFrame *frame, char *buffer, size_t length) {
    snprintf(buffer, length, "%s", frame->note ? frame->note : "");
    return SCUMBLE_OK;
}
int32_t scumble_frame_rects(const ScumbleFrame *frame, ScumbleRect *rects, uint32_t count) {
    if (count > frame->info.rect_count) return no(SCUMBLE_ERROR_BUFFER, "there are fewer rectangles");
    memcpy(rects, frame->rects, count * sizeof *rects);
    return SCUMBLE_OK;
}
int32_t scumble_frame_copy(const ScumbleFrame *frame, const ScumbleRect *rect, void *pixels, ptrdiff_t stride,
                           size_t byte_length) {
    const ScumbleFrameInfo *f = &frame->info;
    size_t bpp = pixel_bytes(f->format), across = (size_t)f->canvas_width * bpp;
    if (stride < 0 || byte_length < (size_t)stride * (size_t)rect->height) return no(SCUMBLE_ERROR_BUFFER, "the target is too short");
    int32_t left = rect->x > 0 ? rect->x : 0, top = rect->y > 0 ? rect->y : 0;
    int32_t right = rect->x + rect->width, bottom = rect->y + rect->height;
    if (right > f->canvas_width) right = f->canvas_width;
    if (bottom > f->canvas_height) bottom = f->canvas_height;
    for (int32_t y = top; y < bottom && left < right; y++)
        memcpy((unsigned char *)pixels + (y - rect->y) * stride + (size_t)(left - rect->x) * bpp,
               frame->pixels + (size_t)y * across + (size_t)left * bpp, (size_t)(right - left) * bpp);
    return SCUMBLE_OK;
}
void scumble_frame_release(ScumbleFrame *frame) {
    if (!frame) return;
    free(frame->pixels);
    free(frame);
}
