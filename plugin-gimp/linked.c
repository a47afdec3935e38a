/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "linked.h"

#include <glib/gstdio.h>

#include "aside.h"
#include "canvas.h"
#include "engine.h"
#include "known.h"

#define APART 400 /* milliseconds between two looks at the disk */

static void not_there(const Condition *c, GError **error) {
    gchar *name = known_name(c->file);
    g_set_error(error, SCUMBLE_DOMAIN, 0,
                "The reference \xe2\x80\x9c%s\xe2\x80\x9d is linked to %s, which is not there: put the file back, or take this one out of the list.", name, c->path);
    g_free(name);
}

static void no_picture(const Condition *c, GError **error) {
    gchar *name = known_name(c->file);
    g_set_error(error, SCUMBLE_DOMAIN, 0,
                "The reference \xe2\x80\x9c%s\xe2\x80\x9d is linked to %s, which is no picture that GIMP can open: write the file anew, or take this one out of the list.",
                name, c->path);
    g_free(name);
}

void linked_forget(Linked *l) {
    if (!l->failed) l->written = 0;
}

gboolean linked_look(Linked *l, const Condition *c, gboolean now, GError **error) {
    gint64 time = g_get_monotonic_time();
    guint number = g_str_hash(c->path);
    if (number != l->path) *l = (Linked){.path = number};
    gboolean looks = now || !l->looked || time - l->looked > 1000 * APART;
    if (looks) {
        GStatBuf about;
        gchar *path = g_filename_from_utf8(c->path, -1, NULL, NULL, NULL);
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

Paint *linked_read(Linked *l, const Condition *c, gint32 image, GError **error) {
    gint32 layer = aside_open(image, c->path, NULL);
    if (layer <= 0) {
        l->failed = TRUE;
        no_picture(c, error);
        return NULL;
    }
    gint width = gimp_drawable_width(layer), height = gimp_drawable_height(layer);
    Paint *paint = canvas_read_or_free(canvas_paint_new(image, width, height, GEGL_RECTANGLE(0, 0, width, height)), layer, 0, 0);
    gimp_item_delete(layer);
    return paint;
}
