/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "preview.h"

/* Scales pixels that lie at `rect` of a canvas to a pixbuf of all of it; what is not there is transparent. */
static void scale_to(GdkPixbuf *pixbuf, gdouble scale, const PixelFormat *format, const GeglRectangle *rect,
                     const guchar *pixels, gsize stride) {
    /* The buffer is only read. */
    GeglBuffer *buffer = gegl_buffer_linear_new_from_data((gpointer)pixels, babl_format(format->babl), rect, (gint)stride,
                                                          NULL, NULL);
    GeglRectangle all = {0, 0, gdk_pixbuf_get_width(pixbuf), gdk_pixbuf_get_height(pixbuf)};
    gegl_buffer_get(buffer, &all, scale, babl_format("R'G'B'A u8"), gdk_pixbuf_get_pixels(pixbuf),
                    gdk_pixbuf_get_rowstride(pixbuf), GEGL_ABYSS_NONE);
    g_object_unref(buffer);
}

static gdouble scale_of(gint width, gint height) {
    return MIN(1.0, MIN((gdouble)PREVIEW_WIDTH / width, (gdouble)PREVIEW_HEIGHT / height));
}

static GdkPixbuf *transparent(gint width, gint height) {
    GdkPixbuf *pixbuf = gdk_pixbuf_new(GDK_COLORSPACE_RGB, TRUE, 8, width, height);
    gdk_pixbuf_fill(pixbuf, 0);
    return pixbuf;
}

GdkPixbuf *preview_of_paint(const Paint *paint) {
    gdouble scale = scale_of(paint->width, paint->height);
    gint width = MAX(1, (gint)(paint->width * scale)), height = MAX(1, (gint)(paint->height * scale));
    GdkPixbuf *pixbuf = transparent(width, height);
    scale_to(pixbuf, scale, paint->format, &paint->rect, paint->pixels, (gsize)paint->rect.width * (gsize)paint->format->bytes);
    return pixbuf;
}

GdkPixbuf *preview_of_picture(const Renderer *r, const GdkPixbuf *paint) {
    gint width = gdk_pixbuf_get_width(paint), height = gdk_pixbuf_get_height(paint);
    GdkPixbuf *both = gdk_pixbuf_copy(paint);
    if (r && r->frame) {
        const ScumbleFrameInfo *i = &r->info;
        GdkPixbuf *picture = transparent(width, height);
        const GeglRectangle all = {i->covers.x, i->covers.y, i->covers.width, i->covers.height};
        gsize stride = (gsize)all.width * (gsize)r->format->bytes;
        guchar *pixels = g_try_malloc(stride * (gsize)all.height);
        if (pixels && renderer_copy(r, &all, pixels, stride))
            scale_to(picture, scale_of(r->width, r->height), r->format, &all, pixels, stride);
        g_free(pixels);
        gdk_pixbuf_composite(picture, both, 0, 0, width, height, 0, 0, 1, 1, GDK_INTERP_NEAREST, 255);
        g_object_unref(picture);
    }
    GdkPixbuf *shown = gdk_pixbuf_composite_color_simple(both, width, height, GDK_INTERP_NEAREST, 255, 8, 0x999999, 0x666666);
    g_object_unref(both);
    return shown;
}
