/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "sources.h"

#include <string.h>

#include "canvas.h"
#include "compat.h"
#include "mark.h"

#define LARGEST 16384 /* side of a reference, of the engine */

static void source_clear(gpointer item) { g_free(((Source *)item)->name); }

static void list_in(gint32 image, gint32 group, gint depth, GArray *found) {
    gint count;
    gint32 *layers = layers_of(image, group, &count);
    for (gint i = 0; i < count; i++) {
        if (mark_is_own(layers[i])) continue;
        gchar *name = gimp_item_get_name(layers[i]);
        Source source = {layers[i], g_strdup_printf("%*s%s", 2 * depth, "", name ? name : ""), gimp_item_is_group(layers[i])};
        g_array_append_val(found, source);
        g_free(name);
        if (source.group) list_in(image, layers[i], depth + 1, found);
    }
    g_free(layers);
}

GArray *sources_of(gint32 image) {
    GArray *found = g_array_new(FALSE, FALSE, sizeof(Source));
    g_array_set_clear_func(found, source_clear);
    list_in(image, 0, 0, found);
    return found;
}

void source_choose(Condition *c, gint32 layer) {
    gchar *name = layer > 0 ? gimp_item_get_name(layer) : NULL;
    c->layer = layer;
    c->tattoo = layer > 0 ? (gint32)gimp_item_get_tattoo(layer) : 0;
    if (name || layer <= 0) condition_text(&c->name, name);
    g_free(name);
}

gboolean source_is_there(const Condition *c) { return c->layer > 0 && gimp_item_is_valid(c->layer); }

/* A tattoo is a layer's own in its image, but a duplicate's layers have others; a name is one layer's, but the artist may
 * give it another. Where both hold it is the one; else a name says more. */
static gint32 find(const GArray *sources, const gchar *known, gint32 tattoo) {
    gint32 named = -1, numbered = -1;
    for (guint i = 0; i < sources->len; i++) {
        gint32 layer = g_array_index(sources, Source, i).layer;
        gchar *name = gimp_item_get_name(layer);
        gboolean same = *known && !g_strcmp0(name, known), tattooed = tattoo && (gint32)gimp_item_get_tattoo(layer) == tattoo;
        g_free(name);
        if (same && tattooed) return layer;
        if (same && named < 0) named = layer;
        if (tattooed) numbered = layer;
    }
    return named > 0 ? named : numbered;
}

static void words_choose(LayerWords *words, gint32 layer) {
    gchar *name = gimp_item_get_name(layer);
    words->layer = layer;
    words->tattoo = (gint32)gimp_item_get_tattoo(layer);
    condition_text(&words->name, name);
    g_free(name);
}

void source_words(Condition *c, gint32 layer, const gchar *text) {
    LayerWords *words = condition_words_set(c, layer, text);
    if (words) words_choose(words, layer);
}

/* The layers that have words of their own, in a condition's group. */
static void words_find(gint32 image, Condition *c) {
    GArray *inside = NULL;
    for (guint i = 0; c->words && i < c->words->len; i++) {
        LayerWords *words = &g_array_index(c->words, LayerWords, i);
        gint32 layer = words->layer;
        if (layer <= 0) {
            if (!inside) {
                inside = g_array_new(FALSE, FALSE, sizeof(Source));
                g_array_set_clear_func(inside, source_clear);
                list_in(image, c->layer, 0, inside);
            }
            layer = find(inside, words->name, words->tattoo);
        }
        if (layer > 0 && gimp_item_is_valid(layer)) words_choose(words, layer);
    }
    if (inside) g_array_unref(inside);
}

void sources_find(gint32 image, GPtrArray *conditions) {
    GArray *sources = NULL;
    for (guint i = 0; i < conditions->len; i++) {
        Condition *c = conditions_at(conditions, i);
        if (source_is_there(c)) {
            source_choose(c, c->layer); /* it may have another name by now */
        } else if (c->layer <= 0 && (c->tattoo || *c->name)) {
            if (!sources) sources = sources_of(image);
            gint32 layer = find(sources, c->name, c->tattoo);
            if (layer > 0) source_choose(c, layer);
        }
        if (c->layer > 0) words_find(image, c);
    }
    if (sources) g_array_unref(sources);
}

void workbench_clear(Workbench *bench) {
    if (bench->image > 0 && gimp_image_is_valid(bench->image)) gimp_image_delete(bench->image);
    bench->image = 0;
}

/* An image like another one, with nothing in it. */
static gint32 bench_new(gint32 like, gint width, gint height) {
    gint32 image = gimp_image_new_with_precision(width, height, gimp_image_base_type(like), gimp_image_get_precision(like));
    if (image <= 0) return -1;
    mark_working(image);
    gimp_image_undo_disable(image);
    GimpColorProfile *profile = gimp_image_get_color_profile(like);
    if (profile) gimp_image_set_color_profile(image, profile);
    g_clear_object(&profile);
    return image;
}

/* A layer as it is, in an image of ours: one call, so no stroke is cut and nobody can take it away. */
static gint32 copy_into(gint32 image, gint32 layer) {
    gint32 copy = image > 0 ? gimp_layer_new_from_drawable(layer, image) : -1;
    if (copy <= 0 || !gimp_image_insert_layer(image, copy, 0, 0)) return -1;
    gimp_item_set_visible(copy, TRUE);
    gimp_layer_set_opacity(copy, 100.0);
    gimp_layer_set_mode(copy, GIMP_LAYER_MODE_NORMAL);
    return copy;
}

/* A group's layers are laid over each other by GIMP, and no more of them than is asked for. */
static Paint *read_group(gint32 image, gint32 group, Paint *paint) {
    const GeglRectangle *rect = &paint->rect;
    gint32 own = bench_new(image, rect->width, rect->height), copy = copy_into(own, group), seen = -1;
    if (copy > 0) {
        gimp_image_resize(own, rect->width, rect->height, -rect->x, -rect->y); /* moves what is locked, too */
        seen = gimp_layer_new_from_visible(own, own, "seen");
    }
    paint = canvas_read_or_free(paint, seen, 0, 0);
    if (seen > 0) gimp_item_delete(seen);
    if (own > 0) gimp_image_delete(own);
    return paint;
}

static Paint *read_layer(gint32 bench, gint32 layer, Paint *paint) {
    gint32 copy = copy_into(bench, layer);
    paint = canvas_read_seen(paint, copy, paint->rect.x, paint->rect.y);
    if (copy > 0) gimp_image_remove_layer(bench, copy);
    return paint;
}

Paint *source_read(Workbench *bench, gint32 layer, const GeglRectangle *canvas, const GeglRectangle *rect) {
    gint32 image = gimp_item_is_valid(layer) ? gimp_item_get_image(layer) : -1;
    if (image <= 0) return NULL;
    /* In the image's pixels while it is read, in the canvas' own afterwards. */
    Paint *paint = canvas_paint_new(image, canvas->width, canvas->height, rect);
    if (gimp_item_is_group(layer)) {
        paint = read_group(image, layer, paint);
    } else {
        gboolean fits = bench->image > 0 && gimp_image_is_valid(bench->image) &&
                        gimp_image_base_type(bench->image) == gimp_image_base_type(image) &&
                        gimp_image_get_precision(bench->image) == gimp_image_get_precision(image);
        if (!fits) {
            workbench_clear(bench);
            bench->image = bench_new(image, 1, 1);
        }
        paint = read_layer(bench->image, layer, paint);
    }
    if (!paint) return NULL;
    paint->rect.x -= canvas->x;
    paint->rect.y -= canvas->y;
    return paint;
}

static gboolean is_half(const Paint *paint) { return strstr(paint->format->babl, "half") != NULL; }

static gboolean covers(const Paint *paint, gsize pixel, gboolean half) {
    gsize alpha = 4 * pixel + 3;
    if (paint->format->bytes == 4) return paint->pixels[alpha] != 0;
    if (paint->format->bytes == 16) return ((const gfloat *)(gconstpointer)paint->pixels)[alpha] > 0.0f;
    guint16 value = ((const guint16 *)(gconstpointer)paint->pixels)[alpha];
    return value && !(half && value & 0x8000); /* a half float's sign */
}

/* The part of the paint with anything on it, in its own pixels; without a width where there is none. */
static GeglRectangle seen_of(const Paint *paint) {
    gint width = paint->rect.width, height = paint->rect.height, left = width, right = 0, top = height, bottom = 0;
    gboolean half = is_half(paint);
    for (gint y = 0; y < height; y++) {
        gsize row = (gsize)y * (gsize)width;
        gint first = 0, last = width;
        while (first < width && !covers(paint, row + (gsize)first, half)) first++;
        if (first == width) continue;
        while (!covers(paint, row + (gsize)last - 1, half)) last--;
        left = MIN(left, first);
        right = MAX(right, last);
        top = MIN(top, y);
        bottom = y + 1;
    }
    return right ? (GeglRectangle){left, top, right - left, bottom - top} : (GeglRectangle){0, 0, 0, 0};
}

Paint *source_read_seen(Workbench *bench, gint32 layer, GeglRectangle *place) {
    GeglRectangle all = {0, 0, 0, 0};
    if (!gimp_item_is_valid(layer)) return NULL;
    gimp_drawable_offsets(layer, &all.x, &all.y);
    all.width = MIN(gimp_drawable_width(layer), LARGEST);
    all.height = MIN(gimp_drawable_height(layer), LARGEST);
    Paint *paint = all.width > 0 && all.height > 0 ? source_read(bench, layer, &all, &all) : NULL;
    if (!paint) return NULL;
    GeglRectangle seen = seen_of(paint);
    gsize bytes = (gsize)paint->format->bytes, row = (gsize)seen.width * bytes;
    for (gint y = 0; y < seen.height; y++)
        memmove(paint->pixels + (gsize)y * row, paint->pixels + ((gsize)(seen.y + y) * (gsize)all.width + (gsize)seen.x) * bytes, row);
    *place = (GeglRectangle){all.x + seen.x, all.y + seen.y, seen.width, seen.height};
    paint->rect = (GeglRectangle){0, 0, seen.width, seen.height};
    paint->width = seen.width;
    paint->height = seen.height;
    return paint;
}

void source_whiten(Paint *paint) {
    gsize count = (gsize)paint->rect.width * (gsize)paint->rect.height;
    gboolean half = is_half(paint);
    for (gsize i = 0; i < count; i++) {
        for (gsize channel = 4 * i; channel < 4 * i + 3; channel++) {
            if (paint->format->bytes == 4) paint->pixels[channel] = 255;
            else if (paint->format->bytes == 16) ((gfloat *)(gpointer)paint->pixels)[channel] = 1.0f;
            else ((guint16 *)(gpointer)paint->pixels)[channel] = half ? 0x3C00 : 65535;
        }
    }
}
