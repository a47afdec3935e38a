/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "linked.h"

#include <glib/gstdio.h>

#include "canvas.h"
#include "engine.h"
#include "known.h"

#define APART 400 /* milliseconds between two looks at the disk */

static void not_there(const Condition *c, GError **error) {
    gchar *name = known_name(c->picture);
    g_set_error(error, SCUMBLE_DOMAIN, 0,
                "\xe2\x80\x9c%s\xe2\x80\x9d is linked to %s, which is not there: put the file back, or choose another picture for it under Steer by.", name, c->picture_path);
    g_free(name);
}

static void no_picture(const Condition *c, GError **error) {
    gchar *name = known_name(c->picture);
    g_set_error(error, SCUMBLE_DOMAIN, 0,
                "\xe2\x80\x9c%s\xe2\x80\x9d is linked to %s, which is no picture that GIMP can open: write the file anew, or choose another picture for it under Steer by.",
                name, c->picture_path);
    g_free(name);
}

void linked_forget(Linked *l) {
    if (!l->failed) l->written = 0;
}

static guint number_of(const Condition *c, gint32 image, const GeglRectangle *canvas) {
    gchar *text = c->kind == SCUMBLE_CONDITION_REFERENCE
                      ? g_strdup(c->picture_path)
                      : g_strdup_printf("%d %d %d %d %d %d %s", canvas->x, canvas->y, canvas->width, canvas->height, gimp_image_width(image),
                                        gimp_image_height(image), c->picture_path);
    guint number = g_str_hash(text);
    g_free(text);
    return number;
}

gboolean linked_look(Linked *l, const Condition *c, gint32 image, const GeglRectangle *canvas, gboolean now, GError **error) {
    gint64 time = g_get_monotonic_time();
    guint number = number_of(c, image, canvas);
    if (number != l->known) *l = (Linked){.known = number};
    gboolean looks = now || !l->looked || time - l->looked > 1000 * APART;
    if (looks) {
        GStatBuf about;
        gchar *path = g_filename_from_utf8(c->picture_path, -1, NULL, NULL, NULL);
        gboolean is_there = path && g_stat(path, &about) == 0;
        gint64 written = is_there ? (gint64)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec : 0, bytes = is_there ? (gint64)about.st_size : -1;
        g_free(path);
        l->looked = time;
        if (written != l->written || bytes != l->bytes) {
            l->written = written;
            l->bytes = bytes;
            l->failed = FALSE;
            if (is_there) return TRUE;
        }
    }
    if (l->bytes < 0) not_there(c, error);
    else if (l->failed) no_picture(c, error);
    return FALSE;
}

AsideSize linked_size(const Condition *c) { return c->kind == SCUMBLE_CONDITION_REFERENCE ? ASIDE_LOOKED_AT : ASIDE_ON_CANVAS; }

Paint *linked_read(Linked *l, const Condition *c, gint32 image, const GeglRectangle *canvas, GError **error) {
    gint32 layer = aside_open(image, c->picture_path, linked_size(c), NULL);
    if (layer <= 0) {
        l->failed = TRUE;
        no_picture(c, error);
        return NULL;
    }
    GeglRectangle place = {0, 0, gimp_drawable_width(layer), gimp_drawable_height(layer)};
    if (linked_size(c) == ASIDE_ON_CANVAS) place = *canvas; /* nothing is where the picture is not */
    Paint *paint = canvas_read_or_free(canvas_paint_new(image, place.width, place.height, NULL), layer, place.x, place.y);
    gimp_item_delete(layer);
    return paint;
}
