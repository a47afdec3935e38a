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

/* Makes an image that is ours no larger than what is looked at. */
static void fit(gint32 image) {
    gint width = gimp_image_width(image), height = gimp_image_height(image), most = MAX(width, height);
    if (most <= ASIDE_MOST_SIDE) return;
    gimp_context_push();
    gimp_context_set_interpolation(GIMP_INTERPOLATION_CUBIC);
    gimp_image_scale(image, MAX(1, (width * ASIDE_MOST_SIDE + most / 2) / most), MAX(1, (height * ASIDE_MOST_SIDE + most / 2) / most));
    gimp_context_pop();
}

gint32 aside_open(gint32 image, const gchar *path, GError **error) {
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
    fit(opened);
    layer = gimp_layer_new_from_visible(opened, image, name); /* in the image's own colours and depth */
    if (layer <= 0) fail(error, "GIMP could not take the picture \xe2\x80\x9c%s\xe2\x80\x9d into this image.", name);
    gimp_image_delete(opened);
    g_free(name);
    return layer;
}

gint32 aside_file(gint32 image, const gchar *path, GError **error) {
    gint32 layer = aside_open(image, path, error);
    return layer > 0 && aside_lay(image, layer, error) ? layer : -1;
}
