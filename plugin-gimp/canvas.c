/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "canvas.h"

#include "compat.h"
#include "mark.h"
#include "times.h"

#include <string.h>

/* Side of the largest canvas that the engine takes. */
#define LARGEST 16384

/* By depth, and coded as the image's space says, in linear light, or coded as sRGB whatever the space. The engine has no
 * integers or floats of more than 32 bits. */
static const PixelFormat FORMATS[][3] = {
    {{SCUMBLE_FORMAT_RGBA8, "R'G'B'A u8", 4}, {SCUMBLE_FORMAT_RGBA8_LINEAR, "RGBA u8", 4},
     {SCUMBLE_FORMAT_RGBA8, "R~G~B~A u8", 4}},
    {{SCUMBLE_FORMAT_RGBA16, "R'G'B'A u16", 8}, {SCUMBLE_FORMAT_RGBA16_LINEAR, "RGBA u16", 8},
     {SCUMBLE_FORMAT_RGBA16, "R~G~B~A u16", 8}},
    {{SCUMBLE_FORMAT_RGBAF16, "R'G'B'A half", 8}, {SCUMBLE_FORMAT_RGBAF16_LINEAR, "RGBA half", 8},
     {SCUMBLE_FORMAT_RGBAF16, "R~G~B~A half", 8}},
    {{SCUMBLE_FORMAT_RGBAF32, "R'G'B'A float", 16}, {SCUMBLE_FORMAT_RGBAF32_LINEAR, "RGBA float", 16},
     {SCUMBLE_FORMAT_RGBAF32, "R~G~B~A float", 16}},
};

void paint_free(Paint *paint) {
    if (!paint) return;
    g_free(paint->pixels);
    g_free(paint->coverage);
    g_clear_pointer(&paint->profile, g_bytes_unref);
    g_free(paint);
}

/* GIMP numbers its precisions by hundreds for the depth, and 0, 50 or 75 for linear, sRGB or perceptual. */
const PixelFormat *canvas_format(gint32 image) {
    gint precision = gimp_image_get_precision(image), kind = precision % 100;
    guint light = kind < 50 ? 1 : kind < 75 ? 0 : 2;
    switch (precision / 100) {
    case 1: return &FORMATS[0][light];
    case 2: return &FORMATS[1][light];
    case 5: return &FORMATS[2][light];
    default: return &FORMATS[3][light];
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
        wrong = "Scumble renders layers. Choose a layer in the Layers dialog first (with Quick Mask on, Shift+Q leaves it).";
    else if (gimp_image_get_floating_sel(image) > 0)
        wrong = "There is a floating selection. Choose Layer > Anchor Layer or Layer > To New Layer first.";
    else if (MAX(gimp_drawable_width(layer), gimp_drawable_height(layer)) > LARGEST ||
             MAX(gimp_image_width(image), gimp_image_height(image)) > LARGEST)
        wrong = "This image or layer has more than 16384 pixels a side, which is more than Scumble can take.";
    if (wrong) g_set_error_literal(error, SCUMBLE_DOMAIN, 0, wrong);
    return wrong == NULL;
}

/* A selection's values, one byte each, by whatever name GIMP has for them (2.10 calls them linear light, GIMP 3 does not,
 * and neither means them so). */
static guchar *read_selected(gint32 selection, const GeglRectangle *rect) {
    GeglBuffer *buffer = gimp_drawable_get_buffer(selection);
    guchar *values = buffer ? g_try_malloc((gsize)rect->width * (gsize)rect->height) : NULL;
    if (values) {
        const Babl *own = gegl_buffer_get_format(buffer);
        gboolean coded = strstr(babl_get_name(own), "Y'") != NULL;
        const Babl *as = babl_format_with_space(coded ? "Y' u8" : "Y u8", own);
        gegl_buffer_get(buffer, rect, 1.0, as, values, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
    }
    g_clear_object(&buffer);
    return values;
}

gboolean canvas_read_selection(Paint *paint, gint32 copy, gint from_x, gint from_y) {
    GeglRectangle part = {from_x, from_y, paint->rect.width, paint->rect.height};
    gint x1 = 0, y1 = 0, x2 = 0, y2 = 0;
    gboolean some = FALSE;
    paint->whole = TRUE;
    if (!gimp_selection_bounds(copy, &some, &x1, &y1, &x2, &y2)) return FALSE;
    if (!some) return TRUE;
    paint->selected = SELECTED_PART;
    if (!gegl_rectangle_intersect(&part, &part, GEGL_RECTANGLE(x1, y1, x2 - x1, y2 - y1))) {
        paint->selected = SELECTED_NONE;
        return TRUE;
    }
    part = (GeglRectangle){from_x, from_y, paint->rect.width, paint->rect.height};
    paint->coverage = read_selected(gimp_image_get_selection(copy), &part);
    return paint->coverage != NULL;
}

Paint *canvas_paint_new(gint32 image, gint width, gint height, const GeglRectangle *rect) {
    Paint *paint = g_new0(Paint, 1);
    paint->format = canvas_format(image);
    paint->width = width;
    paint->height = height;
    paint->rect = rect ? *rect : *GEGL_RECTANGLE(0, 0, width, height);
    return paint;
}

/* The engine gets an image's numbers as they are, with its profile, and knows their own curve and linear light of their
 * primaries; not sRGB's curve on those, which GIMP 3 calls perceptual. (To a plug-in of 2.10 buffers have no space.) */
static void find_space(Paint *paint, gint32 layer, const Babl *own) {
    GimpColorProfile *profile = gimp_image_get_color_profile(gimp_item_get_image(layer));
    if (profile && gimp_color_profile_is_rgb(profile)) {
        gsize length = 0;
        const guint8 *bytes = gimp_color_profile_get_icc_profile(profile, &length);
        paint->profile = g_bytes_new(bytes, length);
    }
    g_clear_object(&profile);
    for (guint i = 0; paint->profile && i < G_N_ELEMENTS(FORMATS); i++)
        if (paint->format == &FORMATS[i][2]) {
            paint->format = &FORMATS[G_N_ELEMENTS(FORMATS) - 1][0];
            break;
        }
    paint->babl = babl_format_with_space(paint->format->babl, own);
}

Paint *canvas_read_or_free(Paint *paint, gint32 layer, gint x, gint y) {
    GeglRectangle part = {x, y, paint->rect.width, paint->rect.height};
    GeglBuffer *buffer = layer > 0 ? gimp_drawable_get_buffer(layer) : NULL;
    if (buffer) find_space(paint, layer, gegl_buffer_get_format(buffer));
    paint->pixels = buffer ? g_try_malloc((gsize)part.width * (gsize)part.height * (gsize)paint->format->bytes) : NULL;
    if (paint->pixels)
        gegl_buffer_get(buffer, &part, 1.0, paint->babl, paint->pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
    g_clear_object(&buffer);
    if (!paint->pixels) g_clear_pointer(&paint, paint_free);
    return paint;
}

Paint *canvas_read_seen(Paint *paint, gint32 layer, gint x, gint y) {
    gint left = 0, top = 0;
    if (layer > 0) {
        gimp_item_set_lock_content(layer, FALSE); /* the artist's, and this is a copy */
        gimp_drawable_merge_filters(layer);
        if (gimp_layer_get_mask(layer) > 0)
            gimp_layer_remove_mask(layer, gimp_layer_get_apply_mask(layer) ? GIMP_MASK_APPLY : GIMP_MASK_DISCARD);
        gimp_drawable_offsets(layer, &left, &top);
    }
    return canvas_read_or_free(paint, layer, x - left, y - top);
}

gint32 canvas_copy_of(gint32 image, gint32 layer, gint32 duplicate) {
    gint32 group = gimp_item_get_parent(layer);
    if (group > 0) group = canvas_copy_of(image, group, duplicate);
    gint count, at = gimp_image_get_item_position(image, layer);
    gint32 *layers = layers_of(duplicate, group, &count);
    gint32 found = at >= 0 && at < count ? layers[at] : -1;
    g_free(layers);
    return found;
}

void canvas_clear_around(gint32 image, gint32 layer, gboolean above_alone) {
    gint32 group = gimp_item_get_parent(layer);
    gint count;
    gint32 *layers = layers_of(image, group, &count);
    for (gint i = 0; i < count && !(above_alone && layers[i] == layer); i++)
        if (layers[i] != layer) gimp_image_remove_layer(image, layers[i]);
    g_free(layers);
    if (group > 0) canvas_clear_around(image, group, above_alone);
}

/* A group as it is seen: what it shows of its layers, with its mask and filters, in the place of the group itself. */
static gint32 flat_group(gint32 copy, gint32 group, gint *x, gint *y) {
    canvas_clear_around(copy, group, FALSE);
    for (gint32 each = group; each > 0; each = gimp_item_get_parent(each)) {
        gimp_item_set_visible(each, TRUE);
        gimp_layer_set_opacity(each, 100.0);
        gimp_layer_set_mode(each, GIMP_LAYER_MODE_NORMAL);
        if (each != group && gimp_layer_get_mask(each) > 0) gimp_layer_remove_mask(each, GIMP_MASK_DISCARD);
    }
    gint left = *x, top = *y, width = gimp_drawable_width(group), height = gimp_drawable_height(group);
    gimp_image_resize(copy, width, height, -left, -top);
    *x = *y = 0;
    return gimp_layer_new_from_visible(copy, copy, "seen");
}

static Paint *read_twin(gint32 copy, gint32 twin) {
    gint x = 0, y = 0, at_x, at_y;
    gimp_drawable_offsets(twin, &x, &y);
    at_x = x;
    at_y = y;
    Paint *paint = canvas_paint_new(copy, gimp_drawable_width(twin), gimp_drawable_height(twin), NULL);
    /* The selection first: a group is seen on a canvas that is cut to it. */
    if (!canvas_read_selection(paint, copy, x, y)) {
        paint_free(paint);
        return NULL;
    }
    if (gimp_item_is_group(twin)) {
        gint32 seen = flat_group(copy, twin, &at_x, &at_y);
        paint = canvas_read_or_free(paint, seen, 0, 0);
        if (seen > 0) gimp_item_delete(seen);
        return paint;
    }
    return canvas_read_seen(paint, twin, x, y);
}

Paint *canvas_read_layer(gint32 image, gint32 layer) {
    gint64 began = g_get_monotonic_time();
    gint32 copy = mark_duplicate(image);
    if (copy <= 0) return NULL;
    gimp_image_undo_disable(copy);
    gint32 twin = gimp_item_is_valid(layer) ? canvas_copy_of(image, layer, copy) : -1;
    Paint *paint = twin > 0 ? read_twin(copy, twin) : NULL;
    gimp_image_delete(copy);
    times_tell("layer", began);
    return paint;
}

gint32 canvas_new_layer(gint32 image, const gchar *name, const GeglRectangle *place) {
    GimpImageType type = gimp_image_base_type(image) == GIMP_GRAY ? GIMP_GRAYA_IMAGE : GIMP_RGBA_IMAGE;
    gint32 layer = gimp_layer_new(image, name, place->width, place->height, type, 100.0, GIMP_LAYER_MODE_NORMAL);
    /* What is done before the layer is in the image makes no undo step, and nobody can take the layer away from us. */
    if (layer > 0) gimp_layer_set_offsets(layer, place->x, place->y);
    return layer;
}

static void not_added(GError **error) {
    const gchar *why = pdb_error();
    g_set_error(error, SCUMBLE_DOMAIN, 0, "GIMP could not add a layer: the layer that was rendered may be gone, or memory ran out.%s%s",
                why && *why ? " GIMP says: " : "", why ? why : "");
}

gboolean canvas_insert(gint32 image, gint32 layer, gint32 beside, gboolean below, GError **error) {
    gint at = gimp_image_get_item_position(image, beside);
    if (gimp_image_insert_layer(image, layer, gimp_item_get_parent(beside), MAX(at, 0) + below)) return TRUE;
    not_added(error);
    gimp_item_delete(layer);
    return FALSE;
}

gint32 canvas_picture_layer(gint32 image, const gchar *prompt, const GeglRectangle *place, const Babl *babl, const guchar *pixels,
                            GError **error) {
    GeglRectangle all = {0, 0, place->width, place->height};
    gchar *name = canvas_layer_name(prompt);
    gint32 made = canvas_new_layer(image, name, place);
    g_free(name);
    GeglBuffer *buffer = made > 0 ? gimp_drawable_get_buffer(made) : NULL;
    if (!buffer) {
        not_added(error);
        if (made > 0) gimp_item_delete(made);
        return -1;
    }
    gegl_buffer_set(buffer, &all, 0, babl, pixels, GEGL_AUTO_ROWSTRIDE);
    g_object_unref(buffer);
    gimp_drawable_update(made, 0, 0, all.width, all.height);
    return made;
}

gint32 canvas_add_picture(gint32 image, gint32 layer, const Renderer *r, const gchar *prompt, GError **error) {
    const Picture *p = &r->picture;
    GeglRectangle place = {0, 0, p->width, p->height};
    gimp_drawable_offsets(layer, &place.x, &place.y);
    gint32 made = p->laid ? canvas_picture_layer(image, prompt, &place, p->babl, p->pixels, error) : -1;
    if (made <= 0) {
        if (!p->laid) not_added(error);
        return -1;
    }
    Chosen chosen = chosen_now(image);
    gboolean good = canvas_insert(image, made, layer, FALSE, error);
    chosen_again(image, chosen);
    return good ? made : -1;
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
