/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "preview.h"

#include "view_rect.h"

#include <gdk/gdkkeysyms.h>
#include <math.h>
#include <string.h>

#define KEPT 1024      /* pixels a side that are kept of the paint */
#define MOST_ZOOM 16.0 /* pixels of the screen for one of the canvas */
#define CHECK 8
#define NEAR_LINE 6    /* pixels around the dividing line that take hold of it */

struct Preview {
    GtkWidget *area, *buttons, *split;
    /* The paint, sRGB with alpha, and how many of its pixels make one of the canvas. */
    guchar *paint;
    gint paint_width, paint_height;
    gint width, height; /* of the canvas */
    const Renderer *renderer;
    ViewRect view;
    gdouble line; /* where picture and paint meet, 0 to 1 of the area */
    gdouble drag_x, drag_y;
    enum { HANDS_OFF, MOVING, DIVIDING } drag;
};

/* Pixels to look at: of a canvas, in its own format. */
typedef struct {
    const guchar *pixels;
    gsize stride;
    gint width, height, bytes;
    const Babl *babl;
} Source;

/* Where the middle of each pixel of the screen lies on the source, twice as fine where the source is the finer one. */
static void sample_row(const Source *s, gdouble x, gdouble y, gdouble step, gint count, gint fine, guchar *out) {
    for (gint i = 0; i < count * fine; i++) {
        gint u = CLAMP((gint)floor(x + (i + 0.5) * step / fine), 0, s->width - 1);
        gint v = CLAMP((gint)floor(y), 0, s->height - 1);
        memcpy(out + (gsize)i * (gsize)s->bytes, s->pixels + (gsize)v * s->stride + (gsize)u * (gsize)s->bytes, (gsize)s->bytes);
    }
}

/* The part of the source that begins at (x, y), `step` of its pixels for one of `out`, which is sRGB with alpha. */
static void sample(const Source *s, gdouble x, gdouble y, gdouble step, gint width, gint height, guchar *out) {
    gint fine = step > 1.0 ? 2 : 1, count = width * fine;
    guchar *raw = g_malloc((gsize)count * (gsize)s->bytes), *rgba = g_malloc((gsize)count * (gsize)fine * 4);
    const Babl *fish = babl_fish(s->babl, babl_format("R'G'B'A u8"));
    for (gint row = 0; row < height; row++) {
        for (gint k = 0; k < fine; k++) {
            sample_row(s, x, y + (row + (k + 0.5) / fine) * step, step, width, fine, raw);
            babl_process(fish, raw, rgba + (gsize)k * (gsize)count * 4, count);
        }
        for (gint i = 0; i < width; i++) {
            guint sum[3] = {0, 0, 0}, alpha = 0, n = (guint)(fine * fine);
            for (gint k = 0; k < fine; k++) {
                for (gint j = 0; j < fine; j++) {
                    const guchar *p = rgba + ((gsize)k * (gsize)count + (gsize)(i * fine + j)) * 4;
                    for (gint c = 0; c < 3; c++) sum[c] += p[c] * (guint)p[3];
                    alpha += p[3];
                }
            }
            guchar *to = out + ((gsize)row * (gsize)width + (gsize)i) * 4;
            for (gint c = 0; c < 3; c++) to[c] = alpha ? (guchar)((sum[c] + alpha / 2) / alpha) : 0;
            to[3] = (guchar)((alpha + n / 2) / n);
        }
    }
    g_free(raw);
    g_free(rgba);
}

/* `over` on `to`, both with `count` pixels; `to` is opaque, three bytes a pixel. */
static void lay_over(guchar *to, const guchar *over, gint count) {
    for (gint i = 0; i < count; i++, to += 3, over += 4)
        for (gint c = 0; c < 3; c++) to[c] = (guchar)((over[c] * over[3] + to[c] * (255 - over[3]) + 127) / 255);
}

static gboolean has_picture(const Preview *p) {
    const Picture *made = p->renderer ? &p->renderer->picture : NULL;
    return made && made->laid && made->width == p->width && made->height == p->height;
}

/* The pixels from column `from` of the view to its right edge get the picture, all get the paint. */
static GdkPixbuf *render(Preview *p, const GdkRectangle *place, gint from) {
    gdouble step = 1.0 / view_scale(&p->view), x = view_left(&p->view, place->x), y = view_top(&p->view, place->y);
    gint width = place->width, height = place->height;
    GdkPixbuf *shown = gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, width, height);
    guchar *part = g_malloc((gsize)width * (gsize)height * 4);
    gint stride = gdk_pixbuf_get_rowstride(shown);
    guchar *out = gdk_pixbuf_get_pixels(shown);
    for (gint v = 0; v < height; v++)
        for (gint u = 0; u < width; u++) memset(out + v * stride + u * 3, (u / CHECK + v / CHECK) % 2 ? 0x66 : 0x99, 3);
    gdouble kept = (gdouble)p->paint_width / p->width;
    Source paint = {p->paint, (gsize)p->paint_width * 4, p->paint_width, p->paint_height, 4, babl_format("R'G'B'A u8")};
    sample(&paint, x * kept, y * kept, step * kept, width, height, part);
    for (gint v = 0; v < height; v++) lay_over(out + v * stride, part + (gsize)v * (gsize)width * 4, width);
    from = CLAMP(from, 0, width);
    if (has_picture(p) && from < width) {
        const Picture *made = &p->renderer->picture;
        Source picture = {made->pixels, picture_stride(made), made->width, made->height, made->format->bytes, made->babl};
        gint right = width - from;
        sample(&picture, x + from * step, y, step, right, height, part);
        for (gint v = 0; v < height; v++) lay_over(out + v * stride + from * 3, part + (gsize)v * (gsize)right * 4, right);
    }
    g_free(part);
    return shown;
}

static gboolean splits(const Preview *p) { return gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(p->split)) && has_picture(p); }

static void draw(Preview *p, cairo_t *cairo) {
    GtkAllocation all;
    GdkRectangle place;
    gtk_widget_get_allocation(p->area, &all);
    if (!p->paint) return;
    view_fit(&p->view, all.width, all.height, p->width, p->height);
    if (!view_place(&p->view, &place)) return;
    gint line = (gint)(p->line * all.width);
    GdkPixbuf *shown = render(p, &place, splits(p) ? line - place.x : 0);
    gdk_cairo_set_source_pixbuf(cairo, shown, place.x, place.y);
    cairo_rectangle(cairo, place.x, place.y, place.width, place.height);
    cairo_fill(cairo);
    g_object_unref(shown);
    if (!splits(p)) return;
    cairo_set_line_width(cairo, 1.0);
    for (gint side = 0; side < 2; side++) {
        cairo_set_source_rgb(cairo, side, side, side);
        cairo_move_to(cairo, line + 0.5 - side, place.y);
        cairo_line_to(cairo, line + 0.5 - side, place.y + place.height);
        cairo_stroke(cairo);
    }
}

#if GTK_MAJOR_VERSION >= 3
static gboolean drawn(GtkWidget *area, cairo_t *cairo, Preview *p) {
    (void)area;
    draw(p, cairo);
    return TRUE;
}
#else
static gboolean drawn(GtkWidget *area, GdkEventExpose *event, Preview *p) {
    cairo_t *cairo = gdk_cairo_create(gtk_widget_get_window(area));
    gdk_cairo_rectangle(cairo, &event->area);
    cairo_clip(cairo);
    draw(p, cairo);
    cairo_destroy(cairo);
    return TRUE;
}
#endif

static void redraw(Preview *p) { gtk_widget_queue_draw(p->area); }

static gboolean scrolled(GtkWidget *area, GdkEventScroll *event, Preview *p) {
    (void)area;
    if (event->direction != GDK_SCROLL_UP && event->direction != GDK_SCROLL_DOWN) return FALSE;
    view_zoom(&p->view, event->direction == GDK_SCROLL_UP ? 2.0 : 0.5, MOST_ZOOM, event->x, event->y);
    redraw(p);
    return TRUE;
}

static gboolean pressed(GtkWidget *area, GdkEventButton *event, Preview *p) {
    GtkAllocation all;
    gtk_widget_get_allocation(area, &all);
    if (event->button != 1) return FALSE;
    p->drag = splits(p) && fabs(event->x - p->line * all.width) <= NEAR_LINE ? DIVIDING : MOVING;
    p->drag_x = event->x;
    p->drag_y = event->y;
    return TRUE;
}

static gboolean moved(GtkWidget *area, GdkEventMotion *event, Preview *p) {
    GtkAllocation all;
    gtk_widget_get_allocation(area, &all);
    if (p->drag == DIVIDING) p->line = CLAMP(event->x / all.width, 0.0, 1.0);
    else if (p->drag == MOVING) view_move(&p->view, event->x - p->drag_x, event->y - p->drag_y);
    if (p->drag != HANDS_OFF) redraw(p);
    p->drag_x = event->x;
    p->drag_y = event->y;
    return TRUE;
}

static gboolean released(GtkWidget *area, GdkEventButton *event, Preview *p) {
    (void)area, (void)event;
    p->drag = HANDS_OFF;
    return TRUE;
}

static void fit(GtkButton *button, Preview *p) {
    (void)button;
    p->view.zoom = 0.0;
    redraw(p);
}

static void full(GtkButton *button, Preview *p) {
    (void)button;
    GtkAllocation all;
    gtk_widget_get_allocation(p->area, &all);
    view_zoom(&p->view, 1.0 / view_scale(&p->view), MOST_ZOOM, all.width / 2.0, all.height / 2.0);
    redraw(p);
}

static void split_toggled(GtkToggleButton *button, Preview *p) {
    (void)button;
    redraw(p);
}

static void add_button(Preview *p, const gchar *label, const gchar *tip, void (*clicked)(GtkButton *, Preview *)) {
    GtkWidget *button = gtk_button_new_with_mnemonic(label);
    gtk_widget_set_tooltip_text(button, tip);
    gtk_box_pack_start(GTK_BOX(p->buttons), button, FALSE, FALSE, 0);
    g_signal_connect(button, "clicked", G_CALLBACK(clicked), p);
}

Preview *preview_new(void) {
    Preview *p = g_new0(Preview, 1);
    p->line = 0.5;
    p->area = gtk_drawing_area_new();
    gtk_widget_set_size_request(p->area, PREVIEW_WIDTH, PREVIEW_HEIGHT);
    gtk_widget_add_events(p->area, GDK_BUTTON_PRESS_MASK | GDK_BUTTON_RELEASE_MASK | GDK_BUTTON1_MOTION_MASK | GDK_SCROLL_MASK);
#if GTK_MAJOR_VERSION >= 3
    g_signal_connect(p->area, "draw", G_CALLBACK(drawn), p);
#else
    g_signal_connect(p->area, "expose-event", G_CALLBACK(drawn), p);
#endif
    g_signal_connect(p->area, "scroll-event", G_CALLBACK(scrolled), p);
    g_signal_connect(p->area, "button-press-event", G_CALLBACK(pressed), p);
    g_signal_connect(p->area, "motion-notify-event", G_CALLBACK(moved), p);
    g_signal_connect(p->area, "button-release-event", G_CALLBACK(released), p);
    p->buttons = box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    add_button(p, "_Fit", "Shows all of it; the wheel zooms, dragging moves", fit);
    add_button(p, "_1:1", "One pixel of the image for one of the screen", full);
    p->split = gtk_check_button_new_with_mnemonic("_Before and after");
    gtk_widget_set_tooltip_text(p->split, "A line that can be dragged: the paint left of it, the picture right of it");
    gtk_box_pack_start(GTK_BOX(p->buttons), p->split, FALSE, FALSE, 0);
    g_signal_connect(p->split, "toggled", G_CALLBACK(split_toggled), p);
    return p;
}

void preview_free(Preview *p) {
    g_free(p->paint);
    g_free(p);
}

GtkWidget *preview_widget(Preview *p) { return p->area; }
GtkWidget *preview_buttons(Preview *p) { return p->buttons; }

void preview_set_paint(Preview *p, const Paint *paint) {
    g_clear_pointer(&p->paint, g_free);
    if (paint) {
        gdouble step = MAX(1.0, (gdouble)MAX(paint->width, paint->height) / KEPT);
        p->paint_width = MAX(1, (gint)(paint->width / step));
        p->paint_height = MAX(1, (gint)(paint->height / step));
        p->width = paint->width;
        p->height = paint->height;
        p->paint = g_malloc((gsize)p->paint_width * (gsize)p->paint_height * 4);
        Source all = {paint->pixels, (gsize)paint->width * (gsize)paint->format->bytes, paint->width, paint->height,
                      paint->format->bytes, paint->babl};
        sample(&all, 0.0, 0.0, step, p->paint_width, p->paint_height, p->paint);
    }
    redraw(p);
}

void preview_set_picture(Preview *p, const Renderer *renderer) {
    p->renderer = renderer;
    redraw(p);
}
