/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "engine.h"

#include <gmodule.h>
#include <math.h>
#include <string.h>

#include "known.h"

/* Every function of the library that this host uses. */
#define CALLS(X)                                                                                     \
    X(abi_version) X(last_error) X(engine_options_init) X(engine_create) X(engine_info_init)         \
    X(engine_info) X(engine_release) X(session_create) X(session_set_params) X(session_push)         \
    X(session_set_mask) X(session_poll) X(session_doing) X(session_release)                          \
    X(params_init) X(image_init) X(mask_init) X(frame_info_init) X(frame_info) X(frame_rects)        \
    X(frame_copy) X(frame_note) X(frame_release)                                                     \
    X(condition_init) X(session_set_condition) X(session_conditions) X(engine_conditions)            \
    X(engine_samplers) X(entry_init) X(list_create) X(list_entry) X(list_release)                    \
    X(download_options_init) X(download_info_init) X(download_start) X(download_poll)                \
    X(download_agree) X(download_cancel) X(download_release)

static struct {
#define X(name) __typeof__(scumble_##name) *name;
    CALLS(X)
#undef X
} lib;

static void fail(GError **error, gint32 status, const gchar *sentence) {
    g_set_error_literal(error, SCUMBLE_DOMAIN, status, sentence);
}

/* TRUE for a status that is no error; else the library's sentence. */
static gboolean good(gint32 status, GError **error) {
    if (status >= 0) return TRUE;
    const gchar *why = lib.last_error();
    if (*why) fail(error, status, why);
    else g_set_error(error, SCUMBLE_DOMAIN, status, "Scumble failed with status %d.", status);
    return FALSE;
}

/* The folder of this plug-in, where its library lies. */
static gchar *own_folder(void) {
    gchar *self = g_file_read_link("/proc/self/exe", NULL);
    if (!self) self = g_find_program_in_path(g_get_prgname());
    gchar *folder = self ? g_path_get_dirname(self) : g_strdup(".");
    g_free(self);
    return folder;
}

/* In the plug-in's own folder; else the developer's, named by the environment. */
static gchar *library_path(GError **error) {
    gchar *folder = own_folder();
    gchar *inside = g_build_filename(folder, "lib", "libscumble." G_MODULE_SUFFIX, NULL);
    const gchar *named = g_getenv("SCUMBLE_LIBRARY");
    g_free(folder);
    if (g_file_test(inside, G_FILE_TEST_EXISTS)) return inside;
    if (named && *named) {
        g_free(inside);
        return g_strdup(named);
    }
    g_set_error(error, SCUMBLE_DOMAIN, 0,
                "Scumble's engine is missing: there is no %s. Install the plug-in again, with everything that "
                "its folder holds.", inside);
    g_free(inside);
    return NULL;
}

/* Never closed again: ONNX Runtime and its threads stay for the life of the process. */
static gboolean open_library(GError **error) {
    static gboolean opened;
    if (opened) return TRUE;
    gchar *path = library_path(error);
    if (!path) return FALSE;
    GModule *module = g_module_open(path, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
    if (!module) {
        g_set_error(error, SCUMBLE_DOMAIN, 0,
                    "Scumble's engine cannot be opened (%s). Install the plug-in again, for this kind of computer.",
                    g_module_error());
        g_free(path);
        return FALSE;
    }
    g_module_make_resident(module);
    gboolean whole = g_module_symbol(module, "scumble_abi_version", (gpointer *)&lib.abi_version);
    guint32 version = whole ? lib.abi_version() : 0;
#define X(name) \
    whole = whole && scumble_abi_fits(version) && g_module_symbol(module, "scumble_" #name, (gpointer *)&lib.name);
    CALLS(X)
#undef X
    if (!whole)
        g_set_error(error, SCUMBLE_DOMAIN, 0,
                    "Scumble's engine at %s is of another version (interface %u.%u, this plug-in needs %d.%d). Install "
                    "engine and plug-in together.", path, version >> 16, version & 0xFFFF, SCUMBLE_ABI_MAJOR,
                    SCUMBLE_ABI_MINOR);
    g_free(path);
    return opened = whole;
}

/* A plug-in of GIMP's is a process of its own; one that shares has the worker that Krita may have too. */
static guint32 process_for(const Settings *s) {
    gboolean shared = s->share || !g_strcmp0(g_getenv("SCUMBLE_SHARE_WORKER"), "1");
    return shared ? SCUMBLE_PROCESS_SHARED : SCUMBLE_PROCESS_HOST;
}

Renderer *renderer_new(const Settings *s, GError **error) {
    ScumbleEngineOptions options;
    if (!open_library(error) || !good(lib.engine_options_init(&options, sizeof options), error)) return NULL;
    Renderer *r = g_new0(Renderer, 1);
    r->model = g_strdup(s->model);
    r->preview = SCUMBLE_PREVIEW_EACH_STEP;
    options.model_dir = *r->model ? r->model : NULL;
    options.device = *s->device ? s->device : NULL;
    options.process = process_for(s);
    options.loras = known_has_loras();
    if (!good(lib.engine_create(&options, &r->engine), error) ||
        !good(lib.session_create(r->engine, &r->session), error)) {
        renderer_free(r);
        return NULL;
    }
    return r;
}

void renderer_free(Renderer *r) {
    if (!r) return;
    picture_end(&r->picture);
    if (r->session) lib.session_release(r->session);
    if (r->engine) lib.engine_release(r->engine);
    g_free(r->model);
    g_free(r);
}

/* Something new was asked for: what failed before may go well now. */
static guint64 asked(Renderer *r, guint64 revision) {
    r->failed = r->dead;
    r->busy = TRUE;
    return r->asked = MAX(r->asked, revision);
}

gboolean renderer_set(Renderer *r, const Settings *s, GError **error) {
    ScumbleParams p;
    if (!good(lib.params_init(&p, sizeof p), error)) return FALSE;
    gchar *prompt = settings_prompt(s);
    p.prompt = prompt;
    p.negative = s->negative;
    p.strength = (float)s->strength;
    p.steps = (guint32)s->steps;
    p.guidance = (float)s->guidance;
    p.paint_guidance = (float)s->paint_guidance;
    p.seed = (guint64)s->seed;
    p.sampler = *s->sampler ? s->sampler : NULL;
    p.alpha = SCUMBLE_ALPHA_FOLLOW_PAINT;
    p.mask_softness = 0; /* the selection has the feather that the artist gave it */
    p.preview = r->preview;
    guint64 revision = 0;
    gint32 status = lib.session_set_params(r->session, &p, &revision);
    g_free(prompt);
    if (status == SCUMBLE_OK) asked(r, revision);
    return good(status, error);
}

void renderer_preview(Renderer *r, gboolean each_step) {
    r->preview = each_step ? SCUMBLE_PREVIEW_EACH_STEP : SCUMBLE_PREVIEW_OFF;
}

/* Shows the selection alone: a picture that lies above the paint need not repeat it. */
static gboolean set_mask(Renderer *r, const Paint *paint, GError **error) {
    guint64 revision = 0;
    gint32 status;
    if (paint->coverage) {
        ScumbleMask mask;
        if (!good(lib.mask_init(&mask, sizeof mask), error)) return FALSE;
        mask.outside = SCUMBLE_OUTSIDE_TRANSPARENT;
        mask.canvas_width = paint->width;
        mask.canvas_height = paint->height;
        mask.rect = (ScumbleRect){paint->rect.x, paint->rect.y, paint->rect.width, paint->rect.height};
        mask.stride = (gsize)paint->rect.width;
        mask.byte_length = mask.stride * (gsize)paint->rect.height;
        mask.coverage = paint->coverage;
        status = lib.session_set_mask(r->session, &mask, &revision);
    } else {
        status = lib.session_set_mask(r->session, NULL, &revision);
    }
    if (status == SCUMBLE_OK) asked(r, revision);
    return good(status, error);
}

gboolean renderer_fits(const Renderer *r, const Paint *paint) {
    const Picture *p = &r->picture;
    return p->pixels && p->format == paint->format && p->babl == paint->babl && p->width == paint->width && p->height == paint->height;
}

/* The paint's pixels as the library takes them. */
static gboolean image_of(const Paint *paint, ScumbleImage *image, GError **error) {
    if (!good(lib.image_init(image, sizeof *image), error)) return FALSE;
    image->format = paint->format->number;
    image->canvas_width = paint->width;
    image->canvas_height = paint->height;
    image->rect = (ScumbleRect){paint->rect.x, paint->rect.y, paint->rect.width, paint->rect.height};
    image->stride = (gsize)paint->rect.width * (gsize)paint->format->bytes;
    image->byte_length = image->stride * (gsize)paint->rect.height;
    image->pixels = paint->pixels;
    if (paint->profile) image->profile = g_bytes_get_data(paint->profile, &image->profile_length);
    return TRUE;
}

gboolean renderer_push(Renderer *r, const Paint *paint, GError **error) {
    ScumbleImage image;
    guint64 revision = 0;
    if (!image_of(paint, &image, error)) return FALSE;
    /* The picture is of another canvas now, and nobody may take it for one of this. */
    gboolean other = !renderer_fits(r, paint);
    if (other && !picture_begin(&r->picture, paint)) {
        fail(error, SCUMBLE_ERROR_MEMORY, "There is not enough memory for a picture of this size. Close other images, or scale this one down.");
        return FALSE;
    }
    gint32 status = lib.session_push(r->session, &image, 1, NULL, 0, &revision);
    if (!good(status, error)) {
        picture_end(&r->picture);
        return FALSE;
    }
    if (status == SCUMBLE_OK) asked(r, revision);
    if (other) r->seen = 0; /* all of the picture of this canvas */
    return !paint->whole || set_mask(r, paint, error);
}

gboolean renderer_steer(Renderer *r, guint32 number, const Condition *c, const Paint *paint, GError **error) {
    ScumbleCondition condition;
    ScumbleImage image;
    guint64 revision = 0;
    if (c && !good(lib.condition_init(&condition, sizeof condition), error)) return FALSE;
    if (paint && !image_of(paint, &image, error)) return FALSE;
    if (c) {
        condition.kind = c->kind;
        condition.file = c->path ? c->path : "";
        condition.scale = (float)c->scale;
        condition.text_scale = (float)(isnan(c->text) ? c->scale : c->text);
        condition.prepare = c->prepare;
        condition.rank = c->rank;
        condition.aspect = c->aspect;
        condition.start = (float)c->start;
        condition.end = (float)c->end;
        condition.prompt = c->prompt;
    }
    gint32 status = lib.session_set_condition(r->session, number, c ? &condition : NULL, paint ? &image : NULL, &revision);
    if (status == SCUMBLE_OK) asked(r, revision);
    return good(status, error);
}

guint32 renderer_kind(const Condition *c) { return condition_is_own(c) ? RENDERER_OWN_CONTROL : c->kind; }

gboolean renderer_conditions(const Renderer *r, gchar *reasons[RENDERER_KINDS], gchar *notes[RENDERER_KINDS]) {
    static const gchar *const names[RENDERER_KINDS] = {
        [SCUMBLE_CONDITION_CONTROL] = "control", [SCUMBLE_CONDITION_LORA] = "lora", [SCUMBLE_CONDITION_REGION] = "region",
        [SCUMBLE_CONDITION_REFERENCE] = "reference", [RENDERER_OWN_CONTROL] = "own_control", [RENDERER_ASPECTS] = "aspects"};
    ScumbleList *list = NULL;
    ScumbleEntry entry;
    if (lib.engine_conditions(r->engine, &list) != SCUMBLE_OK) return FALSE;
    for (guint kind = 0; kind < RENDERER_KINDS; kind++) reasons[kind] = notes[kind] = NULL;
    lib.entry_init(&entry, sizeof entry);
    for (guint32 i = 0; lib.list_entry(list, i, &entry) == SCUMBLE_OK; i++)
        for (guint kind = 0; kind < RENDERER_KINDS; kind++)
            if (names[kind] && (!entry.usable || *entry.note) && !g_strcmp0(names[kind], entry.name))
                *(entry.usable ? &notes[kind] : &reasons[kind]) = g_strdup(entry.note);
    lib.list_release(list);
    if (notes[RENDERER_OWN_CONTROL]) { /* why it takes no ControlNet's file */
        g_free(reasons[SCUMBLE_CONDITION_CONTROL]);
        reasons[SCUMBLE_CONDITION_CONTROL] = g_steal_pointer(&notes[RENDERER_OWN_CONTROL]);
    }
    return TRUE;
}

void renderer_conditions_free(gchar *reasons[RENDERER_KINDS], gchar *notes[RENDERER_KINDS]) {
    for (guint kind = 0; kind < RENDERER_KINDS; kind++) {
        g_free(reasons[kind]);
        g_free(notes[kind]);
    }
}

void renderer_silent(const Renderer *r, gchar *why[CONDITIONS_MOST]) {
    ScumbleList *list = NULL;
    ScumbleEntry entry;
    for (guint i = 0; i < CONDITIONS_MOST; i++) why[i] = NULL;
    if (lib.session_conditions(r->session, &list) != SCUMBLE_OK) return;
    lib.entry_init(&entry, sizeof entry);
    for (guint32 i = 0; lib.list_entry(list, i, &entry) == SCUMBLE_OK; i++) {
        guint64 number = g_ascii_strtoull(entry.name, NULL, 10);
        if (!entry.usable && number < CONDITIONS_MOST && !why[number]) why[number] = g_strdup(entry.note);
    }
    lib.list_release(list);
}

/* Lays what the frame has changed; nothing else has. FALSE if there is no memory for it. */
static gboolean lay(Renderer *r, const ScumbleFrame *frame, guint32 count, GError **error) {
    ScumbleRect *rects = g_new0(ScumbleRect, MAX(count, 1));
    gboolean laid = good(lib.frame_rects(frame, rects, count), error);
    for (guint32 i = 0; laid && i < count; i++) {
        gsize stride = (gsize)rects[i].width * (gsize)r->picture.format->bytes, size = stride * (gsize)rects[i].height;
        guchar *pixels = g_try_malloc(size);
        if (!pixels) fail(error, SCUMBLE_ERROR_MEMORY, "There is not enough memory to show the picture. Close other images.");
        laid = pixels && good(lib.frame_copy(frame, &rects[i], pixels, stride, size), error);
        if (laid) picture_lay(&r->picture, GEGL_RECTANGLE(rects[i].x, rects[i].y, rects[i].width, rects[i].height), pixels, stride);
        g_free(pixels);
    }
    g_free(rects);
    return laid;
}

gboolean renderer_poll(Renderer *r, gboolean *fresh, GError **error) {
    ScumbleFrame *frame = NULL;
    ScumbleFrameInfo info;
    *fresh = FALSE;
    gint32 status = lib.session_poll(r->session, r->seen, &frame);
    if (status == SCUMBLE_OK || lib.session_doing(r->session, r->doing, sizeof r->doing) != SCUMBLE_OK) *r->doing = 0;
    if (status < 0) {
        ScumbleEngineInfo state;
        if (status == SCUMBLE_ERROR_WORKER_DIED) return good(status, error);
        r->busy = FALSE; /* nothing more comes until something changes */
        r->failed = TRUE;
        r->failed_at = r->asked;
        renderer_info(r, &state);
        r->dead = state.state == SCUMBLE_ENGINE_FAILED; /* and here nothing at all: asking again would tell the same */
        return good(status, error);
    }
    if (status != SCUMBLE_OK) return TRUE;
    gboolean told = good(lib.frame_info_init(&info, sizeof info), error) && good(lib.frame_info(frame, &info), error);
    const Picture *p = &r->picture;
    if (told && p->pixels && info.format == p->format->number && info.canvas_width == p->width && info.canvas_height == p->height &&
        (told = lay(r, frame, info.rect_count, error))) {
        r->seen = info.seq;
        r->info = info;
        if (lib.frame_note(frame, r->note, sizeof r->note) != SCUMBLE_OK) *r->note = 0;
        *fresh = TRUE;
        if ((info.flags & SCUMBLE_FRAME_CURRENT) && info.revision >= r->asked) r->busy = FALSE;
        if (info.revision >= r->failed_at) r->failed = FALSE; /* not by a picture of before the failure */
    }
    lib.frame_release(frame);
    return told;
}

gboolean renderer_tries_again(const GError *error) {
    return g_error_matches(error, SCUMBLE_DOMAIN, SCUMBLE_ERROR_WORKER_DIED);
}

void renderer_goes_on(Renderer *r) { asked(r, r->asked); }

gboolean renderer_busy(const Renderer *r) { return r->picture.pixels && !r->dead && r->busy; }

gboolean renderer_finished(const Renderer *r) {
    return r->picture.laid && !r->failed && !r->busy && (r->info.flags & SCUMBLE_FRAME_CURRENT);
}

void renderer_info(const Renderer *r, ScumbleEngineInfo *info) {
    if (lib.engine_info_init(info, sizeof *info) < 0 || lib.engine_info(r->engine, info) < 0)
        memset(info, 0, sizeof *info);
}

gchar **renderer_samplers(const Renderer *r) {
    ScumbleList *list = NULL;
    ScumbleEntry entry;
    GPtrArray *names = g_ptr_array_new();
    if (lib.engine_samplers(r->engine, &list) == SCUMBLE_OK && lib.entry_init(&entry, sizeof entry) == SCUMBLE_OK)
        for (guint32 i = 0; lib.list_entry(list, i, &entry) == SCUMBLE_OK; i++) g_ptr_array_add(names, g_strdup(entry.name));
    lib.list_release(list);
    g_ptr_array_add(names, NULL);
    return (gchar **)g_ptr_array_free(names, FALSE);
}

gboolean offers_each(guint32 want, void (*each)(guint32, const ScumbleEntry *, gpointer), gpointer data, GError **error) {
    ScumbleList *list = NULL;
    ScumbleEntry entry;
    const guint32 kind = want == SCUMBLE_WANT_MODEL       ? SCUMBLE_LIST_CATALOGUE
                         : want == SCUMBLE_WANT_ANNOTATOR ? SCUMBLE_LIST_ANNOTATORS
                                                          : SCUMBLE_LIST_RUNTIMES;
    if (!open_library(error) || !good(lib.list_create(kind, &list), error)) return FALSE;
    lib.entry_init(&entry, sizeof entry);
    for (guint32 i = 0; lib.list_entry(list, i, &entry) == SCUMBLE_OK; i++) each(want, &entry, data);
    lib.list_release(list);
    return TRUE;
}

ScumbleDownload *download_start(guint32 want, const gchar *name, gboolean agreed, GError **error) {
    ScumbleDownload *download = NULL;
    ScumbleDownloadOptions options;
    if (!open_library(error) || !good(lib.download_options_init(&options, sizeof options), error)) return NULL;
    options.kind = want;
    options.name = name;
    options.agreed = agreed ? 1 : 0;
    return good(lib.download_start(&options, &download), error) ? download : NULL;
}

void download_look(const ScumbleDownload *download, ScumbleDownloadInfo *info) {
    lib.download_info_init(info, sizeof *info);
    lib.download_poll(download, info);
}

void download_agree(const ScumbleDownload *download) { lib.download_agree(download); }

void download_cancel(const ScumbleDownload *download) { lib.download_cancel(download); }

void download_free(ScumbleDownload *download) {
    if (download) lib.download_release(download);
}
