/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "canvas.h"

#include "compat.h"

#include <string.h>

/* Side of the largest canvas that the engine takes. */
#define LARGEST 16384

/* By depth, and in sRGB or linear light. The engine has no integers or floats of more than 32 bits. */
static const PixelFormat FORMATS[][2] = {
    {{SCUMBLE_FORMAT_RGBA8, "R'G'B'A u8", 4}, {SCUMBLE_FORMAT_RGBA8_LINEAR, "RGBA u8", 4}},
    {{SCUMBLE_FORMAT_RGBA16, "R'G'B'A u16", 8}, {SCUMBLE_FORMAT_RGBA16_LINEAR, "RGBA u16", 8}},
    {{SCUMBLE_FORMAT_RGBAF16, "R'G'B'A half", 8}, {SCUMBLE_FORMAT_RGBAF16_LINEAR, "RGBA half", 8}},
    {{SCUMBLE_FORMAT_RGBAF32, "R'G'B'A float", 16}, {SCUMBLE_FORMAT_RGBAF32_LINEAR, "RGBA float", 16}},
};

void paint_free(Paint *paint) {
    if (!paint) return;
    g_free(paint->pixels);
    g_free(paint->coverage);
    g_free(paint);
}

/* GIMP numbers its precisions by hundreds for the depth, and 0, 50 or 75 for linear, sRGB or perceptual. */
const PixelFormat *canvas_format(gint32 image) {
    gint precision = gimp_image_get_precision(image), linear = precision % 100 < 50;
    switch (precision / 100) {
    case 1: return &FORMATS[0][linear];
    case 2: return &FORMATS[1][linear];
    case 5: return &FORMATS[2][linear];
    default: return &FORMATS[3][linear];
    }
}

gint32 canvas_layer_of(gint32 drawable) {
    if (gimp_item_is_layer_mask(drawable)) return gimp_layer_from_mask(drawable);
    return gimp_item_is_layer(drawable) ? drawable : -1;
}

gboolean canvas_usable(gint32 image, gint32 layer, GError **error) {
    const gchar *wrong = NULL;
    if (gimp_image_base_type(image) == GIMP_INDEXED)
        wrong = "Scumble cannot render indexed images. Choose Image > Mode > RGB first.";
    else if (layer <= 0)
        wrong = "Scumble renders layers. Choose a layer (not a channel) first.";
    else if (gimp_image_get_floating_sel(image) > 0)
        wrong = "There is a floating selection. Choose Layer > Anchor Layer or Layer > To New Layer first.";
    else if (MAX(gimp_drawable_width(layer), gimp_drawable_height(layer)) > LARGEST ||
             MAX(gimp_image_width(image), gimp_image_height(image)) > LARGEST)
        wrong = "This image or layer has more than 16384 pixels a side, which is more than Scumble can take.";
    if (wrong) g_set_error_literal(error, SCUMBLE_DOMAIN, 0, wrong);
    return wrong == NULL;
}

/* Reads as the format says; as NULL says, a selection: its values, one byte each, by whatever name GIMP has for them
 * (2.10 calls them linear light, GIMP 3 does not, and neither means them so). */
static guchar *read_pixels(gint32 drawable, const GeglRectangle *rect, const PixelFormat *format) {
    gsize size = (gsize)rect->width * (gsize)rect->height * (gsize)(format ? format->bytes : 1);
    GeglBuffer *buffer = gimp_drawable_get_buffer(drawable);
    guchar *pixels = buffer ? g_try_malloc(size) : NULL;
    if (pixels) {
        const Babl *as = format ? babl_format(format->babl) : babl_format("Y u8");
        if (!format) {
            const Babl *own = gegl_buffer_get_format(buffer);
            gboolean coded = strstr(babl_get_name(own), "Y'") != NULL;
            as = babl_format_with_space(coded ? "Y' u8" : "Y u8", own);
        }
        gegl_buffer_get(buffer, rect, 1.0, as, pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
    }
    g_clear_object(&buffer);
    return pixels;
}

/* `from` is where the paint's top-left lies on the selection. */
static void read_selection(Paint *paint, gint32 copy, gint from_x, gint from_y) {
    paint->whole = TRUE;
    if (gimp_selection_is_empty(copy)) return;
    GeglRectangle part = {from_x, from_y, paint->rect.width, paint->rect.height};
    paint->coverage = read_pixels(gimp_image_get_selection(copy), &part, NULL);
}

static Paint *paint_new(gint32 image, gint width, gint height, const GeglRectangle *rect) {
    Paint *paint = g_new0(Paint, 1);
    paint->format = canvas_format(image);
    paint->width = width;
    paint->height = height;
    paint->rect = rect ? *rect : *GEGL_RECTANGLE(0, 0, width, height);
    return paint;
}

static Paint *read_or_free(Paint *paint, gint32 layer, gint x, gint y) {
    GeglRectangle part = {x, y, paint->rect.width, paint->rect.height};
    paint->pixels = read_pixels(layer, &part, paint->format);
    if (!paint->pixels) g_clear_pointer(&paint, paint_free);
    return paint;
}

/* A duplicate keeps the order of the layers, so the way down to a layer leads to its copy. */
static gint32 copy_of(gint32 image, gint32 layer, gint32 duplicate) {
    gint32 group = gimp_item_get_parent(layer);
    if (group > 0) group = copy_of(image, group, duplicate);
    gint count, at = gimp_image_get_item_position(image, layer);
    gint32 *layers = layers_of(duplicate, group, &count);
    gint32 found = at >= 0 && at < count ? layers[at] : -1;
    g_free(layers);
    return found;
}

Paint *canvas_read_layer(gint32 image, gint32 layer) {
    gint32 copy = gimp_image_duplicate(image);
    if (copy <= 0) return NULL;
    gimp_image_undo_disable(copy);
    Paint *paint = NULL;
    gint32 twin = gimp_item_is_valid(layer) ? copy_of(image, layer, copy) : -1;
    if (twin > 0) {
        gint x = 0, y = 0;
        /* What the artist sees of the layer. */
        gimp_drawable_merge_filters(twin);
        if (gimp_layer_get_mask(twin) > 0)
            gimp_layer_remove_mask(twin, gimp_layer_get_apply_mask(twin) ? GIMP_MASK_APPLY : GIMP_MASK_DISCARD);
        gimp_drawable_offsets(twin, &x, &y);
        paint = paint_new(copy, gimp_drawable_width(twin), gimp_drawable_height(twin), NULL);
        paint = read_or_free(paint, twin, 0, 0);
        if (paint) read_selection(paint, copy, x, y);
    }
    gimp_image_delete(copy);
    return paint;
}

static gboolean has_mark(gint32 item, const gchar *mark) {
    GimpParasite *parasite = gimp_item_get_parasite(item, mark);
    if (parasite) gimp_parasite_free(parasite);
    return parasite != NULL;
}

/* The layer with the mark, -1 if there is none. */
static gint32 marked_layer(gint32 image, gint32 group, const gchar *mark) {
    gint count;
    gint32 *layers = layers_of(image, group, &count), found = -1;
    for (gint i = 0; i < count && found <= 0; i++) {
        if (has_mark(layers[i], mark)) found = layers[i];
        else if (gimp_item_is_group(layers[i])) found = marked_layer(image, layers[i], mark);
    }
    g_free(layers);
    return found;
}

/* Drops all that lies above the layer, in its group and around it. */
static void drop_above(gint32 image, gint32 layer) {
    gint32 group = gimp_item_get_parent(layer);
    gint count;
    gint32 *layers = layers_of(image, group, &count);
    for (gint i = 0; i < count && layers[i] != layer; i++) gimp_image_remove_layer(image, layers[i]);
    g_free(layers);
    if (group > 0) drop_above(image, group);
}

Paint *canvas_read_below(gint32 image, gint32 live, const gchar *mark, const GeglRectangle *rect) {
    gint32 copy = gimp_image_duplicate(image);
    if (copy <= 0) return NULL;
    gimp_image_undo_disable(copy);
    Paint *paint = NULL;
    /* The artist may have moved it in between: then its mark finds it. */
    gint32 twin = gimp_item_is_valid(live) ? copy_of(image, live, copy) : -1;
    if (twin <= 0 || !has_mark(twin, mark)) twin = marked_layer(copy, -1, mark);
    if (twin > 0) {
        paint = paint_new(copy, gimp_image_width(copy), gimp_image_height(copy), rect);
        drop_above(copy, twin);
        gimp_image_remove_layer(copy, twin);
        /* A smaller canvas moves no pixels, and so little is composited. */
        if (rect) gimp_image_resize(copy, rect->width, rect->height, -rect->x, -rect->y);
        gint32 below = gimp_layer_new_from_visible(copy, copy, "below");
        paint = read_or_free(paint, below, 0, 0);
        if (below > 0) gimp_item_delete(below);
        if (paint && !rect) read_selection(paint, copy, 0, 0);
    }
    gimp_image_delete(copy);
    return paint;
}

/* Writes the picture to all of the layer, whose top-left is that of the picture's canvas. */
static void write_picture(const Renderer *r, gint32 layer) {
    gint width = gimp_drawable_width(layer), height = gimp_drawable_height(layer), tall = (gint)gimp_tile_height();
    gsize stride = (gsize)width * (gsize)r->format->bytes;
    GeglBuffer *buffer = gimp_drawable_get_buffer(layer);
    guchar *band = g_try_malloc(stride * (gsize)tall);
    for (gint top = 0; buffer && band && top < height; top += tall) {
        gint rows = MIN(tall, height - top);
        memset(band, 0, stride * (gsize)rows);
        if (!renderer_copy(r, GEGL_RECTANGLE(0, top, width, rows), band, stride)) break;
        gegl_buffer_set(buffer, GEGL_RECTANGLE(0, top, width, rows), 0, babl_format(r->format->babl), band,
                        GEGL_AUTO_ROWSTRIDE);
    }
    g_free(band);
    g_clear_object(&buffer);
    gimp_drawable_update(layer, 0, 0, width, height);
}

gint32 canvas_add_layer(gint32 image, gint32 below, const gchar *name, const GeglRectangle *place, const gchar *mark,
                        const Renderer *picture) {
    GimpImageType type = gimp_image_base_type(image) == GIMP_GRAY ? GIMP_GRAYA_IMAGE : GIMP_RGBA_IMAGE;
    gint32 layer = gimp_layer_new(image, name, place->width, place->height, type, 100.0, GIMP_LAYER_MODE_NORMAL);
    if (layer <= 0) return -1;
    /* What is done before the layer is in the image makes no undo step, and nobody can take the layer away from us. */
    gimp_layer_set_offsets(layer, place->x, place->y);
    if (picture) write_picture(picture, layer);
    if (mark) {
        GimpParasite *parasite = gimp_parasite_new(mark, 0, 1, "1");
        gimp_item_attach_parasite(layer, parasite);
        gimp_parasite_free(parasite);
    }
    gint at = gimp_image_get_item_position(image, below);
    gimp_image_undo_group_start(image);
    gboolean good = gimp_image_insert_layer(image, layer, gimp_item_get_parent(below), MAX(at, 0));
    if (good && mark) set_active_layer(image, below);
    gimp_image_undo_group_end(image);
    if (good) return layer;
    gimp_item_delete(layer);
    return -1;
}

gint32 canvas_add_picture(gint32 image, gint32 layer, const Renderer *r, const gchar *prompt) {
    GeglRectangle place = {0, 0, r->width, r->height};
    gchar *name = canvas_layer_name(prompt);
    gimp_drawable_offsets(layer, &place.x, &place.y);
    gint32 made = canvas_add_layer(image, layer, name, &place, NULL, r);
    g_free(name);
    return made;
}

gboolean canvas_locked(gint32 layer) {
    while (layer > 0 && !gimp_item_get_lock_content(layer)) layer = gimp_item_get_parent(layer);
    return layer > 0;
}

gchar *canvas_layer_name(const gchar *prompt) {
    gchar *words = g_strstrip(g_utf8_make_valid(prompt, -1));
    gchar *start = g_utf8_strlen(words, -1) > 40 ? g_utf8_substring(words, 0, 40) : g_strdup(words);
    gchar *name = *start ? g_strdup_printf("Scumble: %s", start) : g_strdup("Scumble");
    g_free(words);
    g_free(start);
    return name;
}
