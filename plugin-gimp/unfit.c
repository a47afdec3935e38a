/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "unfit.h"

#include <glib/gstdio.h>
#include <string.h>

struct Unfit {
    GHashTable *known; /* Known by path */
};

typedef struct {
    gchar *look, *why;
} Known;

static void known_free(gpointer data) {
    Known *k = data;
    g_free(k->look);
    g_free(k->why);
    g_free(k);
}

Unfit *unfit_new(void) {
    Unfit *u = g_new(Unfit, 1);
    u->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_free);
    return u;
}

void unfit_free(Unfit *u) {
    g_hash_table_unref(u->known);
    g_free(u);
}

void unfit_forget(Unfit *u) { g_hash_table_remove_all(u->known); }

static gint by_text(gconstpointer a, gconstpointer b) { return strcmp(*(const gchar *const *)a, *(const gchar *const *)b); }

static gchar *look_at(const gchar *path) {
    GStatBuf about;
    if (g_stat(path, &about) != 0) return g_strdup("");
    return g_strdup_printf("%s %" G_GINT64_FORMAT ".%09ld %" G_GINT64_FORMAT, path, (gint64)about.st_mtim.tv_sec, (glong)about.st_mtim.tv_nsec,
                           (gint64)about.st_size);
}

gchar *unfit_look(const gchar *utf8) {
    gchar *path = g_filename_from_utf8(utf8, -1, NULL, NULL, NULL);
    GDir *folder = path ? g_dir_open(path, 0, NULL) : NULL;
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    for (const gchar *name; folder && (name = g_dir_read_name(folder));) {
        gchar *inside = g_build_filename(path, name, NULL);
        g_ptr_array_add(lines, look_at(inside));
        g_free(inside);
    }
    g_ptr_array_sort(lines, by_text);
    if (path && !folder) g_ptr_array_add(lines, look_at(path));
    g_ptr_array_add(lines, NULL);
    gchar *look = g_strjoinv("\n", (gchar **)lines->pdata);
    if (folder) g_dir_close(folder);
    g_ptr_array_unref(lines);
    g_free(path);
    return look;
}

const gchar *unfit_why(Unfit *u, const gchar *path) {
    const Known *k = g_hash_table_lookup(u->known, path);
    if (!k) return NULL;
    gchar *now = unfit_look(path);
    gboolean same = !strcmp(now, k->look);
    g_free(now);
    if (!same) g_hash_table_remove(u->known, path);
    return same ? k->why : NULL;
}

/* The longer of two paths where the sentence names it: a folder may be named as another begins. */
static const gchar *longer(const gchar *found, const gchar *path, const gchar *why) {
    return strstr(why, path) && (!found || strlen(path) > strlen(found)) ? path : found;
}

const gchar *unfit_find(Unfit *u, const GPtrArray *paths, const gchar *why) {
    const gchar *found = NULL, *before = NULL;
    GHashTableIter each;
    gpointer path;
    for (guint i = 0; i < paths->len; i++) found = longer(found, g_ptr_array_index(paths, i), why);
    g_hash_table_iter_init(&each, u->known);
    while (g_hash_table_iter_next(&each, &path, NULL)) before = longer(before, path, why);
    if (!found || (before && strlen(before) > strlen(found))) return NULL; /* that one does not steer any more */
    Known *k = g_new(Known, 1);
    *k = (Known){unfit_look(found), g_strdup(why)};
    g_hash_table_replace(u->known, g_strdup(found), k);
    return found;
}
