/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "mark.h"

#include <gdk/gdk.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifdef GDK_WINDOWING_X11
#include <gdk/gdkx.h>
#endif

#define NAME "scumble-live"
#define WORKING "scumble-working" /* on an image */
/* GIMP's flags: saved with the image, and attaching it to a layer of an image can be undone. */
#define FLAGS 3

static gulong number_of(GtkWidget *window) {
    GdkWindow *own = window ? gtk_widget_get_window(window) : NULL;
#ifdef GDK_WINDOWING_X11
#if GTK_MAJOR_VERSION >= 3
    if (own && GDK_IS_X11_WINDOW(own)) return gdk_x11_window_get_xid(own);
#else
    if (own) return GDK_WINDOW_XID(own);
#endif
#endif
    (void)own;
    return 0;
}

void mark_show(gulong number) {
#ifdef GDK_WINDOWING_X11
    GdkDisplay *display = gdk_display_get_default();
    if (!number || !display) return;
    G_GNUC_BEGIN_IGNORE_DEPRECATIONS
    gdk_error_trap_push(); /* it may have closed */
#if GTK_MAJOR_VERSION >= 3
    GdkWindow *window = GDK_IS_X11_DISPLAY(display) ? gdk_x11_window_foreign_new_for_display(display, number) : NULL;
#else
    GdkWindow *window = gdk_window_foreign_new_for_display(display, (GdkNativeWindow)number);
#endif
    if (window) {
        gdk_window_focus(window, GDK_CURRENT_TIME);
        gdk_window_raise(window);
        g_object_unref(window);
    }
    gdk_flush();
    if (gdk_error_trap_pop()) g_debug("the dialog has closed");
    G_GNUC_END_IGNORE_DEPRECATIONS
#else
    (void)number;
#endif
}

void mark_put(gint32 layer, gint32 image, GtkWidget *window) {
    gchar *value = g_strdup_printf("%d %d %lu %u", (int)getpid(), image, number_of(window), (guint)gimp_item_get_tattoo(layer));
    GimpParasite *parasite = gimp_parasite_new(NAME, FLAGS, (guint32)strlen(value) + 1, value);
    gimp_item_attach_parasite(layer, parasite);
    gimp_parasite_free(parasite);
    g_free(value);
}

void mark_remove(gint32 layer) { gimp_item_detach_parasite(layer, NAME); }

gboolean mark_is_on(gint32 layer) {
    GimpParasite *parasite = gimp_item_get_parasite(layer, NAME);
    if (parasite) gimp_parasite_free(parasite);
    return parasite != NULL;
}

static void find_in(gint32 image, gint32 group, GArray *found) {
    gint count;
    gint32 *layers = layers_of(image, group, &count);
    for (gint i = 0; i < count; i++) {
        if (mark_is_on(layers[i])) g_array_append_val(found, layers[i]);
        if (gimp_item_is_group(layers[i])) find_in(image, layers[i], found);
    }
    g_free(layers);
}

GArray *mark_find(gint32 image) {
    GArray *found = g_array_new(FALSE, FALSE, sizeof(gint32));
    find_in(image, 0, found);
    return found;
}

gchar *mark_text(GimpParasite *parasite) {
    if (!parasite) return NULL;
#if GIMP_MAJOR_VERSION >= 3
    guint32 size = 0;
    const gchar *data = gimp_parasite_get_data(parasite, &size);
#else
    gsize size = (gsize)gimp_parasite_data_size(parasite);
    const gchar *data = gimp_parasite_data(parasite);
#endif
    gchar *text = data && size ? g_strndup(data, size) : NULL;
    gimp_parasite_free(parasite);
    return text;
}

typedef struct {
    int process, image;
    gulong window;
    guint tattoo; /* of the layer that it was put on; files of before have none */
} Mark;

/* What the mark says; the file that the image came from may say anything. */
static gboolean read_mark(gint32 layer, Mark *mark) {
    *mark = (Mark){.tattoo = 0};
    gchar *text = mark_text(gimp_item_get_parasite(layer, NAME));
    gboolean good = text && sscanf(text, "%d %d %lu %u", &mark->process, &mark->image, &mark->window, &mark->tattoo) >= 3;
    g_free(text);
    return good;
}

gboolean mark_is_copied(gint32 layer) {
    Mark mark;
    return read_mark(layer, &mark) && mark.tattoo && mark.tattoo != (guint)gimp_item_get_tattoo(layer);
}

gboolean mark_is_own(gint32 layer) { return mark_is_on(layer) && !mark_is_copied(layer); }

void mark_give_up(gint32 image) {
    GArray *found = mark_find(image);
    for (guint i = 0; i < found->len; i++) {
        Mark mark;
        gint32 layer = g_array_index(found, gint32, i);
        if (!read_mark(layer, &mark) || mark.process != (int)getpid()) continue;
        gimp_image_undo_freeze(image); /* no step of the artist's, and what could be redone stays */
        mark_remove(layer);
        gimp_image_undo_thaw(image);
    }
    g_array_unref(found);
}

/* The program of a process; NULL if it is gone or another's. */
static gchar *program_of(int process) {
    gchar *path = g_strdup_printf("/proc/%d/exe", process), *program = g_file_read_link(path, NULL);
    g_free(path);
    return program;
}

/* Whether it is this program that runs there. */
static gboolean runs(int process) {
    gchar *other = process > 0 ? program_of(process) : NULL, *own = program_of((int)getpid());
    gboolean alive = other && own && !strcmp(other, own);
    g_free(other);
    g_free(own);
    return alive;
}

gboolean mark_is_alive(gint32 layer, gint32 image, gulong *window) {
    Mark mark;
    if (!read_mark(layer, &mark) || mark.image != image || mark.process == (int)getpid()) return FALSE;
    *window = mark.window;
    return runs(mark.process);
}

/* `artists`: the image that the mark is put on only to be copied with it, 0 for one of ours. */
static void put_working(gint32 image, gint32 artists) {
    gchar *value = g_strdup_printf("%d %d", (int)getpid(), artists);
    GimpParasite *parasite = gimp_parasite_new(WORKING, 0, (guint32)strlen(value) + 1, value);
    gimp_image_attach_parasite(image, parasite);
    gimp_parasite_free(parasite);
    g_free(value);
}

void mark_working(gint32 image) { put_working(image, 0); }

gint32 mark_duplicate(gint32 image) {
    put_working(image, image);
    gint32 copy = gimp_image_duplicate(image);
    gimp_image_detach_parasite(image, WORKING);
    return copy;
}

void mark_sweep(void) {
    gint count;
    gint32 *images = all_images(&count);
    for (gint i = 0; i < count; i++) {
        int process = 0, artists = 0;
        gchar *text = mark_text(gimp_image_get_parasite(images[i], WORKING));
        if (text && sscanf(text, "%d %d", &process, &artists) >= 1 && !runs(process)) {
            if (artists == (int)images[i])
                gimp_image_detach_parasite(images[i], WORKING);
            else
                gimp_image_delete(images[i]);
        }
        g_free(text);
    }
    g_free(images);
}
