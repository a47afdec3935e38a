/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "aside.h"

#include "engine.h"
#include "mark.h"

static void fail(GError **error, const gchar *format, const gchar *name) {
    const gchar *why = pdb_error();
    gchar *sentence = g_strdup_printf(format, name);
    g_set_error(error, SCUMBLE_DOMAIN, 0, "%s%s%s", sentence, why && *why ? " GIMP says: " : "", why ? why : "");
    g_free(sentence);
}

gboolean aside_lay(gint32 image, gint32 layer, GError **error) {
    Chosen chosen = chosen_now(image);
    gimp_item_set_visible(layer, FALSE);
    gboolean good = gimp_image_insert_layer(image, layer, 0, 0);
    if (!good) {
        gchar *name = gimp_item_get_name(layer);
        fail(error, "GIMP could not add the layer \xe2\x80\x9c%s\xe2\x80\x9d: memory ran out, or something floats (Layer > Anchor Layer).", name ? name : "");
        gimp_item_delete(layer);
        g_free(name);
    }
    chosen_again(image, chosen);
    gimp_displays_flush();
    return good;
}

/* Makes an image that is ours as large as its picture is to be in that one. */
static void fit(gint32 opened, gint32 image, AsideSize size) {
    gdouble width = gimp_image_width(opened), height = gimp_image_height(opened), by = MIN(1.0, ASIDE_MOST_SIDE / MAX(width, height));
    if (size == ASIDE_ON_CANVAS) by = MIN(gimp_image_width(image) / width, gimp_image_height(image) / height);
    if (by == 1.0) return;
    gimp_context_push();
    gimp_context_set_interpolation(GIMP_INTERPOLATION_CUBIC);
    gimp_image_scale(opened, MAX(1, (gint)(width * by + 0.5)), MAX(1, (gint)(height * by + 0.5)));
    gimp_context_pop();
}

gint32 aside_open(gint32 image, const gchar *path, AsideSize size, GError **error) {
    gchar *name = g_path_get_basename(path);
    gint32 opened = load_image(path), layer = -1;
    if (opened <= 0) {
        fail(error, "\xe2\x80\x9c%s\xe2\x80\x9d is no picture that GIMP can open. Choose another file.", name);
        g_free(name);
        return -1;
    }
    mark_working(opened);
    gimp_image_undo_disable(opened);
    gimp_image_policy_rotate(opened, FALSE); /* a camera's picture, the right way up */
    fit(opened, image, size);
    layer = gimp_layer_new_from_visible(opened, image, name); /* in the image's own colours and depth */
    if (layer <= 0) fail(error, "GIMP could not take the picture \xe2\x80\x9c%s\xe2\x80\x9d into this image.", name);
    gimp_image_delete(opened);
    g_free(name);
    return layer;
}

gint32 aside_file(gint32 image, const gchar *path, AsideSize size, GError **error) {
    gint32 layer = aside_open(image, path, size, error);
    return layer > 0 && aside_lay(image, layer, error) ? layer : -1;
}
