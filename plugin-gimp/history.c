/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "history.h"

#include <string.h>

#include "history_kept.h"
#include "known.h"

#define SAMPLES 4 /* in each direction, for a pixel of a small picture */
#define CHECK 8

struct History {
    gint32 image;
    GPtrArray *kept; /* Kept of each, the newest first */
    guint numbers;
    gchar *model, *id; /* of the model that was met last: its files are looked at once */
};

void kept_free(gpointer data) {
    Kept *k = data;
    g_free(k->made_by);
    settings_clear(&k->settings);
    g_free(k->model);
    g_ptr_array_unref(k->conditions);
    g_clear_object(&k->small);
    g_free(k->pixels);
    g_free(k);
}

History *history_new(gint32 image) {
    History *h = g_new0(History, 1);
    h->image = image;
    h->kept = g_ptr_array_new_with_free_func(kept_free);
    history_read(image, h->kept);
    for (guint i = 0; i < h->kept->len; i++) ((Kept *)g_ptr_array_index(h->kept, i))->number = ++h->numbers;
    return h;
}

void history_free(History *h) {
    if (!h) return;
    g_ptr_array_unref(h->kept);
    g_free(h->model);
    g_free(h->id);
    g_free(h);
}

guint history_count(const History *h) { return h->kept->len; }
const Kept *history_at(const History *h, guint index) { return g_ptr_array_index(h->kept, index); }

const Kept *history_find(const History *h, guint number) {
    for (guint i = 0; i < h->kept->len; i++)
        if (history_at(h, i)->number == number) return history_at(h, i);
    return NULL;
}

/* A row of the small picture: each pixel the mean of some of those that it stands for, over checks where it is transparent. */
static void sample_row(const Picture *p, gint v, gint width, gint height, const Babl *fish, guchar *raw, guchar *rgba, guchar *out) {
    gint count = width * SAMPLES, bytes = p->format->bytes;
    guint *sums = g_new0(guint, 4 * (gsize)width);
    for (gint k = 0; k < SAMPLES; k++) {
        gint y = (gint)(((gdouble)v + (k + 0.5) / SAMPLES) * p->height / height);
        for (gint i = 0; i < count; i++) memcpy(raw + i * bytes, picture_at(p, (gint)((i + 0.5) * p->width / count), y), (gsize)bytes);
        babl_process(fish, raw, rgba, count);
        for (gint i = 0; i < count; i++) {
            guint *sum = sums + 4 * (i / SAMPLES);
            const guchar *from = rgba + 4 * i;
            for (gint c = 0; c < 3; c++) sum[c] += (guint)from[c] * from[3];
            sum[3] += from[3];
        }
    }
    for (gint u = 0; u < width; u++) {
        const guint *sum = sums + 4 * u;
        guint full = SAMPLES * SAMPLES * 255, under = (u / CHECK + v / CHECK) % 2 ? 0x66 : 0x99;
        for (gint c = 0; c < 3; c++) out[3 * u + c] = (guchar)((sum[c] + under * (full - sum[3]) + full / 2) / full);
    }
    g_free(sums);
}

static GdkPixbuf *small_of(const Picture *p) {
    gdouble step = MAX(1.0, (gdouble)MAX(p->width, p->height) / HISTORY_SIDE);
    gint width = MAX(1, (gint)(p->width / step + 0.5)), height = MAX(1, (gint)(p->height / step + 0.5));
    gsize count = (gsize)width * SAMPLES;
    GdkPixbuf *small = gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, width, height);
    guchar *raw = g_malloc(count * (gsize)p->format->bytes), *rgba = g_malloc(count * 4);
    const Babl *fish = babl_fish(p->babl, babl_format("R'G'B'A u8"));
    for (gint v = 0; v < height; v++)
        sample_row(p, v, width, height, fish, raw, rgba, gdk_pixbuf_get_pixels(small) + v * gdk_pixbuf_get_rowstride(small));
    g_free(raw);
    g_free(rgba);
    return small;
}

static const gchar *id_of(History *h, const gchar *model) {
    if (!h->id || strcmp(h->model, model)) {
        g_free(h->id);
        settings_text(&h->model, model);
        h->id = *model ? known_identity(model) : g_strdup("");
    }
    return h->id;
}

/* A quarter of all that may be held is the most for one: canvases of 4096 x 4096 in 8 bits. */
static void hold_pixels(Kept *k, const Picture *p) {
    gsize bytes = picture_stride(p) * (gsize)p->height;
    k->pixels = bytes <= HISTORY_BYTES / 4 ? g_try_malloc(bytes) : NULL;
    if (!k->pixels) return;
    memcpy(k->pixels, p->pixels, bytes);
    k->bytes = bytes;
    k->babl = p->babl;
}

static void cut(GPtrArray *kept) {
    gsize total = 0;
    if (kept->len > HISTORY_MOST) g_ptr_array_remove_range(kept, HISTORY_MOST, kept->len - HISTORY_MOST);
    for (guint i = 0; i < kept->len; i++) {
        Kept *k = g_ptr_array_index(kept, i);
        total += k->bytes;
        if (total <= HISTORY_BYTES) continue;
        total -= k->bytes;
        g_clear_pointer(&k->pixels, g_free);
        k->bytes = 0;
    }
}

static gint place_of(const GPtrArray *kept, const gchar *made_by) {
    for (guint i = 0; i < kept->len; i++) {
        const Kept *k = g_ptr_array_index(kept, i);
        if (k->number && !strcmp(k->made_by, made_by)) return (gint)i;
    }
    return -1;
}

/* The image's list counts, which another dialog may have added to since; what of it is ours keeps its pixels and its number. Ours
 * that are not there were cut, or the list is gone: they come last. */
static void take_over(History *h) {
    GPtrArray *found = g_ptr_array_new_with_free_func(kept_free);
    history_read(h->image, found);
    for (guint i = 0; i < found->len; i++) {
        Kept *theirs = g_ptr_array_index(found, i);
        gint at = place_of(h->kept, theirs->made_by);
        if (at < 0) {
            theirs->number = ++h->numbers;
        } else {
            g_ptr_array_index(found, i) = g_ptr_array_index(h->kept, at);
            g_ptr_array_index(h->kept, at) = theirs; /* which has no number */
        }
    }
    g_ptr_array_set_free_func(h->kept, NULL);
    for (guint i = 0; i < h->kept->len; i++) {
        Kept *k = g_ptr_array_index(h->kept, i);
        if (k->number) g_ptr_array_add(found, k);
        else kept_free(k);
    }
    g_ptr_array_unref(h->kept);
    h->kept = found;
}

void history_note(History *h, const Settings *settings, const GPtrArray *conditions, const Picture *picture, gint x, gint y) {
    Kept *k = g_new0(Kept, 1);
    k->number = ++h->numbers;
    settings_init(&k->settings);
    settings_take(&k->settings, settings);
    k->model = g_strdup(id_of(h, settings->model));
    k->conditions = conditions_copy(conditions);
    k->made_by = history_text(k);
    k->small = small_of(picture);
    k->place = (GeglRectangle){x, y, picture->width, picture->height};
    hold_pixels(k, picture);
    take_over(h);
    for (guint i = h->kept->len; i-- > 0;)
        if (!strcmp(history_at(h, i)->made_by, k->made_by)) g_ptr_array_remove_index(h->kept, i);
    g_ptr_array_insert(h->kept, 0, k);
    cut(h->kept);
    history_write(h->image, h->kept);
}
