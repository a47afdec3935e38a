/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What differs by name between GIMP 2.10 (GTK 2) and GIMP 3 (GTK 3). The shared files speak 2.10's language:
 * images and layers are numbers. A macro that has the name of a function of GIMP 3 calls that function with the
 * objects of the numbers. NULL has the number -1; calls on an object that is gone fail.
 */
#pragma once

#include <libgimp/gimp.h>
#include <libgimp/gimpui.h>

#if GIMP_MAJOR_VERSION >= 3

#define IMAGE_(id) gimp_image_get_by_id(id)
#define ITEM_(id) gimp_item_get_by_id(id)
#define LAYER_(id) gimp_layer_get_by_id(id)
#define DRAWABLE_(id) gimp_drawable_get_by_id(id)

#define gimp_image_is_valid(id) gimp_image_id_is_valid(id)
#define gimp_image_width(id) gimp_image_get_width(IMAGE_(id))
#define gimp_image_height(id) gimp_image_get_height(IMAGE_(id))
#define gimp_image_base_type(id) gimp_image_get_base_type(IMAGE_(id))
#define gimp_image_get_precision(id) gimp_image_get_precision(IMAGE_(id))
#define gimp_image_duplicate(id) gimp_image_get_id(gimp_image_duplicate(IMAGE_(id)))
#define gimp_image_delete(id) gimp_image_delete(IMAGE_(id))
#define gimp_image_resize(id, w, h, x, y) gimp_image_resize(IMAGE_(id), w, h, x, y)
#define gimp_image_scale(id, w, h) gimp_image_scale(IMAGE_(id), w, h)
#define gimp_image_policy_rotate(id, interactive) gimp_image_policy_rotate(IMAGE_(id), interactive)
#define gimp_image_undo_disable(id) gimp_image_undo_disable(IMAGE_(id))
#define gimp_image_get_color_profile(id) gimp_image_get_color_profile(IMAGE_(id))
#define gimp_image_get_name(id) gimp_image_get_name(IMAGE_(id))
#define gimp_image_undo_freeze(id) gimp_image_undo_freeze(IMAGE_(id))
#define gimp_image_undo_thaw(id) gimp_image_undo_thaw(IMAGE_(id))
#define gimp_image_undo_group_start(id) gimp_image_undo_group_start(IMAGE_(id))
#define gimp_image_undo_group_end(id) gimp_image_undo_group_end(IMAGE_(id))
#define gimp_image_get_floating_sel(id) gimp_item_get_id(GIMP_ITEM_(gimp_image_get_floating_sel(IMAGE_(id))))
#define gimp_image_get_selection(id) gimp_item_get_id(GIMP_ITEM_(gimp_image_get_selection(IMAGE_(id))))
#define gimp_image_get_item_position(id, item) gimp_image_get_item_position(IMAGE_(id), ITEM_(item))
#define gimp_image_insert_layer(id, layer, parent, at) \
    gimp_image_insert_layer(IMAGE_(id), LAYER_(layer), (parent) > 0 ? LAYER_(parent) : NULL, at)
#define gimp_image_remove_layer(id, layer) gimp_image_remove_layer(IMAGE_(id), LAYER_(layer))
#define gimp_image_attach_parasite(id, parasite) gimp_image_attach_parasite(IMAGE_(id), parasite)
#define gimp_image_detach_parasite(id, name) gimp_image_detach_parasite(IMAGE_(id), name)
#define gimp_image_set_color_profile(id, profile) gimp_image_set_color_profile(IMAGE_(id), profile)
#define gimp_image_get_layer_by_name(id, name) \
    gimp_item_get_id(GIMP_ITEM_(gimp_image_get_layer_by_name(IMAGE_(id), name)))
#define gimp_image_new_with_precision(w, h, type, precision) \
    gimp_image_get_id(gimp_image_new_with_precision(w, h, type, precision))
#define gimp_image_get_parasite(id, name) gimp_image_get_parasite(IMAGE_(id), name)
#define gimp_selection_is_empty(id) gimp_selection_is_empty(IMAGE_(id))
#define gimp_selection_bounds(id, some, x1, y1, x2, y2) gimp_selection_bounds(IMAGE_(id), some, x1, y1, x2, y2)

#define GIMP_ITEM_(object) ((GimpItem *)(object))
#define gimp_item_is_valid(id) gimp_item_id_is_valid(id)
#define gimp_item_is_layer(id) gimp_item_id_is_layer(id)
#define gimp_item_is_layer_mask(id) gimp_item_id_is_layer_mask(id)
#define gimp_item_is_group(id) gimp_item_is_group(ITEM_(id))
#define gimp_item_get_image(id) gimp_image_get_id(gimp_item_get_image(ITEM_(id)))
#define gimp_item_get_parent(id) gimp_item_get_id(gimp_item_get_parent(ITEM_(id)))
#define gimp_item_get_tattoo(id) gimp_item_get_tattoo(ITEM_(id))
#define gimp_item_get_name(id) gimp_item_get_name(ITEM_(id))
#define gimp_item_set_name(id, name) gimp_item_set_name(ITEM_(id), name)
#define gimp_item_get_visible(id) gimp_item_get_visible(ITEM_(id))
#define gimp_item_set_visible(id, visible) gimp_item_set_visible(ITEM_(id), visible)
#define gimp_item_set_lock_content(id, lock) gimp_item_set_lock_content(ITEM_(id), lock)
#define gimp_item_get_lock_content(id) gimp_item_get_lock_content(ITEM_(id))
#define gimp_item_attach_parasite(id, parasite) gimp_item_attach_parasite(ITEM_(id), parasite)
#define gimp_item_detach_parasite(id, name) gimp_item_detach_parasite(ITEM_(id), name)
#define gimp_item_get_parasite(id, name) gimp_item_get_parasite(ITEM_(id), name)
#define gimp_item_delete(id) gimp_item_delete(ITEM_(id))

#define gimp_layer_new(image, name, w, h, type, opacity, mode) \
    gimp_item_get_id(GIMP_ITEM_(gimp_layer_new(IMAGE_(image), name, w, h, type, opacity, mode)))
#define gimp_layer_copy(id) gimp_item_get_id(GIMP_ITEM_(gimp_layer_copy(LAYER_(id))))
#define gimp_layer_new_from_visible(image, to, name) \
    gimp_item_get_id(GIMP_ITEM_(gimp_layer_new_from_visible(IMAGE_(image), IMAGE_(to), name)))
#define gimp_layer_set_offsets(id, x, y) gimp_layer_set_offsets(LAYER_(id), x, y)
#define gimp_layer_get_opacity(id) gimp_layer_get_opacity(LAYER_(id))
#define gimp_layer_set_opacity(id, opacity) gimp_layer_set_opacity(LAYER_(id), opacity)
#define gimp_layer_set_mode(id, mode) gimp_layer_set_mode(LAYER_(id), mode)
#define gimp_layer_get_mode(id) gimp_layer_get_mode(LAYER_(id))
#define gimp_layer_get_mask(id) gimp_item_get_id(GIMP_ITEM_(gimp_layer_get_mask(LAYER_(id))))
#define gimp_layer_get_apply_mask(id) gimp_layer_get_apply_mask(LAYER_(id))
#define gimp_layer_remove_mask(id, how) gimp_layer_remove_mask(LAYER_(id), how)
#define gimp_layer_new_from_drawable(id, to) \
    gimp_item_get_id(GIMP_ITEM_(gimp_layer_new_from_drawable(DRAWABLE_(id), IMAGE_(to))))
#define gimp_layer_from_mask(id) \
    gimp_item_get_id(GIMP_ITEM_(gimp_layer_from_mask((GimpLayerMask *)ITEM_(id))))

#define gimp_drawable_width(id) gimp_drawable_get_width(DRAWABLE_(id))
#define gimp_drawable_height(id) gimp_drawable_get_height(DRAWABLE_(id))
#define gimp_drawable_offsets(id, x, y) gimp_drawable_get_offsets(DRAWABLE_(id), x, y)
#define gimp_drawable_get_buffer(id) gimp_drawable_get_buffer(DRAWABLE_(id))
#define gimp_drawable_update(id, x, y, w, h) gimp_drawable_update(DRAWABLE_(id), x, y, w, h)
#define gimp_drawable_merge_filters(id) gimp_drawable_merge_filters(DRAWABLE_(id))

#else

/* 2.10 has no filters that stay on a layer, and its loaders themselves turn pictures the right way up. */
#define gimp_drawable_merge_filters(id) (void)(id)
#define gimp_image_policy_rotate(id, interactive) (void)(id)

#endif

/* The layers of a group from the top down, or those of the image if group is not above 0. Free with g_free(). */
static inline gint32 *layers_of(gint32 image, gint32 group, gint *count) {
#if GIMP_MAJOR_VERSION >= 3
    GimpItem **found = group > 0 ? gimp_item_get_children(ITEM_(group)) : (GimpItem **)gimp_image_get_layers(IMAGE_(image));
    *count = 0;
    while (found && found[*count]) ++*count;
    gint32 *ids = g_new(gint32, *count + 1);
    for (gint i = 0; i < *count; i++) ids[i] = gimp_item_get_id(found[i]);
    g_free(found);
    return ids;
#else
    *count = 0;
    return group > 0 ? gimp_item_get_children(group, count) : gimp_image_get_layers(image, count);
#endif
}

static inline gboolean is_among(const GArray *ids, gint32 id) {
    for (guint i = 0; i < ids->len; i++)
        if (g_array_index(ids, gint32, i) == id) return TRUE;
    return FALSE;
}

/* The layer and the groups around it; none for -1. Unref it. */
static inline GArray *layer_and_groups(gint32 layer) {
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    for (; layer > 0; layer = gimp_item_get_parent(layer)) g_array_append_val(ids, layer);
    return ids;
}

/* A group without layers that is in no image yet; -1 if it failed. */
static inline gint32 group_layer_new(gint32 image, const gchar *name) {
#if GIMP_MAJOR_VERSION >= 3
    return gimp_item_get_id(GIMP_ITEM_(gimp_group_layer_new(IMAGE_(image), name)));
#else
    gint32 group = gimp_layer_group_new(image);
    if (group > 0) gimp_item_set_name(group, name);
    return group;
#endif
}

/* All images that GIMP has, shown or not. Free with g_free(). */
static inline gint32 *all_images(gint *count) {
#if GIMP_MAJOR_VERSION >= 3
    GimpImage **found = gimp_get_images();
    *count = 0;
    while (found && found[*count]) ++*count;
    gint32 *ids = g_new(gint32, *count + 1);
    for (gint i = 0; i < *count; i++) ids[i] = gimp_image_get_id(found[i]);
    g_free(found);
    return ids;
#else
    *count = 0;
    return gimp_image_list(count);
#endif
}

/* Opens a file (its path in UTF-8) as an image that nobody sees; -1 if GIMP cannot. */
static inline gint32 load_image(const gchar *utf8) {
    gchar *path = g_filename_from_utf8(utf8, -1, NULL, NULL, NULL);
    gint32 image = -1;
#if GIMP_MAJOR_VERSION >= 3
    GFile *file = path ? g_file_new_for_path(path) : NULL;
    if (file) image = gimp_image_get_id(gimp_file_load(GIMP_RUN_NONINTERACTIVE, file));
    g_clear_object(&file);
#else
    if (path) image = gimp_file_load(GIMP_RUN_NONINTERACTIVE, path, path);
#endif
    g_free(path);
    return image;
}

/* The layer that the artist works on, -1 if none; the first one where GIMP 3 has several selected. */
static inline gint32 active_layer(gint32 image) {
#if GIMP_MAJOR_VERSION >= 3
    GimpLayer **chosen = gimp_image_get_selected_layers(IMAGE_(image));
    gint32 id = chosen && chosen[0] ? gimp_item_get_id(GIMP_ITEM_(chosen[0])) : -1;
    g_free(chosen);
    return id;
#else
    return gimp_image_get_active_layer(image);
#endif
}

static inline void set_active_layer(gint32 image, gint32 layer) {
#if GIMP_MAJOR_VERSION >= 3
    const GimpLayer *chosen[] = {LAYER_(layer), NULL};
    if (chosen[0]) gimp_image_set_selected_layers(IMAGE_(image), chosen);
#else
    gimp_image_set_active_layer(image, layer);
#endif
}

/* What the artist had chosen in an image: layers, or a channel (Quick Mask is one). */
typedef struct {
#if GIMP_MAJOR_VERSION >= 3
    GimpLayer **layers;
    GimpChannel **channels;
#else
    gint32 layer, channel;
#endif
} Chosen;

static inline Chosen chosen_now(gint32 image) {
#if GIMP_MAJOR_VERSION >= 3
    return (Chosen){gimp_image_get_selected_layers(IMAGE_(image)), gimp_image_get_selected_channels(IMAGE_(image))};
#else
    return (Chosen){gimp_image_get_active_layer(image), gimp_image_get_active_channel(image)};
#endif
}

/* Whether that was a channel: then no layer is what the brush paints on. */
static inline gboolean chosen_channel(const Chosen *chosen) {
#if GIMP_MAJOR_VERSION >= 3
    return chosen->channels && chosen->channels[0];
#else
    return chosen->channel > 0;
#endif
}

static inline void chosen_free(Chosen chosen) {
#if GIMP_MAJOR_VERSION >= 3
    g_free(chosen.layers);
    g_free(chosen.channels);
#else
    (void)chosen;
#endif
}

/* Chooses it again, and frees it. */
static inline void chosen_again(gint32 image, Chosen chosen) {
#if GIMP_MAJOR_VERSION >= 3
    if (chosen.channels && chosen.channels[0])
        gimp_image_set_selected_channels(IMAGE_(image), (const GimpChannel **)chosen.channels);
    else if (chosen.layers && chosen.layers[0])
        gimp_image_set_selected_layers(IMAGE_(image), (const GimpLayer **)chosen.layers);
#else
    if (chosen.channel > 0) gimp_image_set_active_channel(image, chosen.channel);
    else if (chosen.layer > 0) gimp_image_set_active_layer(image, chosen.layer);
#endif
    chosen_free(chosen);
}

/* A small picture of a drawable, in one call that cannot meet a half-closed image; NULL if it is gone. */
static inline GBytes *drawable_thumbnail(gint32 drawable, gint *width, gint *height) {
    gint bytes;
#if GIMP_MAJOR_VERSION >= 3
    return gimp_drawable_get_thumbnail_data(DRAWABLE_(drawable), *width, *height, width, height, &bytes);
#else
    guchar *data = gimp_drawable_get_thumbnail_data(drawable, width, height, &bytes);
    return data ? g_bytes_new_take(data, (gsize)*width * (gsize)*height * (gsize)bytes) : NULL;
#endif
}

static inline GBytes *image_thumbnail(gint32 image, gint *width, gint *height) {
    gint bytes;
#if GIMP_MAJOR_VERSION >= 3
    return gimp_image_get_thumbnail_data(IMAGE_(image), width, height, &bytes);
#else
    guchar *data = gimp_image_get_thumbnail_data(image, width, height, &bytes);
    return data ? g_bytes_new_take(data, (gsize)*width * (gsize)*height * (gsize)bytes) : NULL;
#endif
}

/* Calls on what the artist has closed meanwhile return nothing, instead of opening an error window. */
static inline void keep_errors_to_ourselves(void) {
#if GIMP_MAJOR_VERSION >= 3
    gimp_plug_in_set_pdb_error_handler(gimp_get_plug_in(), GIMP_PDB_ERROR_HANDLER_PLUGIN);
#else
    gimp_plugin_set_pdb_error_handler(GIMP_PDB_ERROR_HANDLER_PLUGIN);
#endif
}

/* Why the last call failed, as GIMP says. */
static inline const gchar *pdb_error(void) {
#if GIMP_MAJOR_VERSION >= 3
    return gimp_pdb_get_last_status(gimp_get_pdb()) == GIMP_PDB_SUCCESS ? NULL : gimp_pdb_get_last_error(gimp_get_pdb());
#else
    return gimp_get_pdb_status() == GIMP_PDB_SUCCESS ? NULL : gimp_get_pdb_error();
#endif
}

static inline void start_ui(void) {
#if GIMP_MAJOR_VERSION >= 3
    gimp_ui_init("scumble");
#else
    gimp_ui_init("scumble", FALSE);
#endif
}

static inline GtkWidget *box_new(GtkOrientation orientation, gint spacing) {
#if GTK_MAJOR_VERSION >= 3
    return gtk_box_new(orientation, spacing);
#else
    return orientation == GTK_ORIENTATION_VERTICAL ? gtk_vbox_new(FALSE, spacing) : gtk_hbox_new(FALSE, spacing);
#endif
}

static inline GtkWidget *slider_new(GtkAdjustment *adjustment) {
#if GTK_MAJOR_VERSION >= 3
    return gtk_scale_new(GTK_ORIENTATION_HORIZONTAL, adjustment);
#else
    return gtk_hscale_new(adjustment);
#endif
}

static inline void align_left(GtkWidget *label) {
#if GTK_MAJOR_VERSION >= 3
    gtk_label_set_xalign(GTK_LABEL(label), 0.0f);
#else
    gtk_misc_set_alignment(GTK_MISC(label), 0.0f, 0.5f);
#endif
}

/* Puts what cannot scroll by itself into a window that scrolls. */
static inline void scroll_add(GtkWidget *scroll, GtkWidget *child) {
#if GTK_MAJOR_VERSION >= 3
    gtk_container_add(GTK_CONTAINER(scroll), child);
#else
    gtk_scrolled_window_add_with_viewport(GTK_SCROLLED_WINDOW(scroll), child);
#endif
}

/* Opens a menu at a button, which takes it along when it goes. */
static inline void menu_popup(GtkWidget *menu, GtkWidget *button) {
    gtk_menu_attach_to_widget(GTK_MENU(menu), button, NULL);
#if GTK_MAJOR_VERSION >= 3
    gtk_menu_popup_at_widget(GTK_MENU(menu), button, GDK_GRAVITY_SOUTH_WEST, GDK_GRAVITY_NORTH_WEST, NULL);
#else
    gtk_menu_popup(GTK_MENU(menu), NULL, NULL, NULL, NULL, 0, gtk_get_current_event_time());
#endif
}

/* A list to choose from that asks for the place of so many letters, and cuts what is longer. */
static inline void narrow_box(GtkWidget *box, gint letters) {
    GList *cells = gtk_cell_layout_get_cells(GTK_CELL_LAYOUT(box));
    g_object_set(cells->data, "ellipsize", PANGO_ELLIPSIZE_END, "width-chars", letters, NULL);
#if GTK_MAJOR_VERSION >= 3
    g_object_set(cells->data, "max-width-chars", letters, NULL);
#endif
    g_list_free(cells);
}
