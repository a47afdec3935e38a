/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "steer_menu.h"

#include <string.h>

#include "aside.h"
#include "chooser.h"
#include "known.h"
#include "regions.h"

static void add_file(SteerList *l, guint32 kind, const gchar *path) {
    gchar *base = g_path_get_basename(path), *folder = g_path_get_dirname(path);
    /* Its folder says more than this name, which nearly every network has. */
    const gchar *chosen = strcmp(base, "model.onnx") ? path : folder;
    gchar *id = known_remember(KNOWN_NETWORKS, chosen);
    steer_list_add(l, kind, id, chosen, -1);
    g_free(id);
    g_free(base);
    g_free(folder);
}

static void control_chosen(const gchar *path, gpointer data) { add_file(data, SCUMBLE_CONDITION_CONTROL, path); }
static void lora_chosen(const gchar *path, gpointer data) { add_file(data, SCUMBLE_CONDITION_LORA, path); }

/* Begins where what was chosen last lies. */
static void choose_network(SteerList *l, const gchar *title, const gchar *kind, const gchar *pattern, void (*chosen)(const gchar *path, gpointer list)) {
    gchar **known = known_list(KNOWN_NETWORKS), *folder = *known ? g_path_get_dirname(known[1]) : NULL;
    chooser_show(steer_list_button(l), &(ChooserAsk){title, GTK_FILE_CHOOSER_ACTION_OPEN, folder, NULL, kind, pattern}, chosen, l);
    g_strfreev(known);
    g_free(folder);
}

static void choose_control(GtkMenuItem *item, SteerList *l) {
    (void)item;
    choose_network(l, "Choose a ControlNet", "ControlNets", "*.onnx", control_chosen);
}

static void choose_lora(GtkMenuItem *item, SteerList *l) {
    (void)item;
    choose_network(l, "Choose a LoRA", "LoRAs", "*.safetensors", lora_chosen);
}

static void add_own_control(GtkMenuItem *item, SteerList *l) {
    (void)item;
    steer_list_add(l, SCUMBLE_CONDITION_CONTROL, "", NULL, -1);
}

static void add_region(GtkMenuItem *item, SteerList *l) {
    (void)item;
    steer_list_add(l, SCUMBLE_CONDITION_REGION, "", NULL, -1);
}

static void add_regions(GtkMenuItem *item, SteerList *l) {
    GError *error = NULL;
    (void)item;
    if (steer_list_full(l)) return; /* before a group is made for them */
    gint32 group = regions_group(steer_list_image(l), &error);
    if (group > 0) steer_list_add_group(l, group);
    else steer_list_fail(l, error->message);
    g_clear_error(&error);
}

static void add_reference(GtkMenuItem *item, SteerList *l) {
    (void)item;
    steer_list_add(l, SCUMBLE_CONDITION_REFERENCE, "", NULL, -1);
}

static void picture_chosen(const gchar *path, gpointer data) {
    SteerList *l = data;
    GError *error = NULL;
    if (steer_list_full(l)) return; /* before a layer is made for it */
    gint32 layer = aside_file(steer_list_image(l), path, ASIDE_LOOKED_AT, &error);
    if (layer > 0) steer_list_add(l, SCUMBLE_CONDITION_REFERENCE, "", NULL, layer);
    else steer_list_fail(l, error->message);
    g_clear_error(&error);
}

void steer_menu_choose_picture(SteerList *l, void (*chosen)(const gchar *path, gpointer list)) {
    chooser_show(steer_list_button(l), &(ChooserAsk){"Choose a Picture", GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL, NULL, NULL}, chosen, l);
}

static void choose_picture(GtkMenuItem *item, SteerList *l) {
    (void)item;
    steer_menu_choose_picture(l, picture_chosen);
}

static void link_chosen(const gchar *path, gpointer data) { steer_list_add_linked(data, path); }

static void choose_link(GtkMenuItem *item, SteerList *l) {
    (void)item;
    steer_menu_choose_picture(l, link_chosen);
}

static void add_known(GtkMenuItem *item, SteerList *l) {
    const gchar *path = g_object_get_data(G_OBJECT(item), "path");
    steer_list_add(l, (guint32)GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(item), "kind")), g_object_get_data(G_OBJECT(item), "id"), path, -1);
}

static GtkWidget *entry(SteerList *l, GtkWidget *menu, const gchar *text, guint32 kind, const gchar *tip, GCallback clicked) {
    const gchar *why = steer_list_reason(l, kind);
    GtkWidget *item = gtk_menu_item_new_with_label(text);
    gtk_widget_set_sensitive(item, !why);
    gtk_widget_set_tooltip_text(item, why ? why : tip);
    g_object_set_data(G_OBJECT(item), "kind", GUINT_TO_POINTER(kind));
    g_signal_connect(item, "activate", clicked, l);
    gtk_menu_shell_append(GTK_MENU_SHELL(menu), item);
    return item;
}

void steer_menu_show(SteerList *l, GtkWidget *button) {
    GtkWidget *menu = gtk_menu_new();
    entry(l, menu, "ControlNet from a file\xe2\x80\xa6", SCUMBLE_CONDITION_CONTROL, "Follows what is painted on a layer", G_CALLBACK(choose_control));
    entry(l, menu, "LoRA from a file\xe2\x80\xa6", SCUMBLE_CONDITION_LORA, "A style or a subject that it has learnt", G_CALLBACK(choose_lora));
    entry(l, menu, "Region with words of its own", SCUMBLE_CONDITION_REGION, "Where the chosen layer is painted", G_CALLBACK(add_region));
    entry(l, menu, "Regions: the layers of a group", SCUMBLE_CONDITION_REGION,
          "Each layer is a region by its name: of the group that is chosen, or of a new one", G_CALLBACK(add_regions));
    entry(l, menu, "Reference: what is on a layer", SCUMBLE_CONDITION_REFERENCE, "A picture whose style or subject is taken over", G_CALLBACK(add_reference));
    entry(l, menu, "Reference from a picture\xe2\x80\xa6", SCUMBLE_CONDITION_REFERENCE, "Its file becomes a hidden layer of this image", G_CALLBACK(choose_picture));
    entry(l, menu, "Reference linked to a picture\xe2\x80\xa6", SCUMBLE_CONDITION_REFERENCE,
          "Its file is followed when another program writes it, and is not kept in this image", G_CALLBACK(choose_link));
    entry(l, menu, CONDITION_OWN_TITLE, RENDERER_OWN_CONTROL,
          "Some models read a control picture themselves, without a ControlNet (FLUX.1 Depth and Canny)", G_CALLBACK(add_own_control));
    gchar **known = known_list(KNOWN_NETWORKS);
    if (*known) gtk_menu_shell_append(GTK_MENU_SHELL(menu), gtk_separator_menu_item_new());
    for (gchar **at = known; *at; at += 2) {
        guint32 kind = known_is_lora(at[1]) ? SCUMBLE_CONDITION_LORA : SCUMBLE_CONDITION_CONTROL;
        gchar *title = condition_title(&(Condition){.kind = kind, .file = at[0]});
        GtkWidget *item = entry(l, menu, title, kind, at[1], G_CALLBACK(add_known));
        g_object_set_data_full(G_OBJECT(item), "id", g_strdup(at[0]), g_free);
        g_object_set_data_full(G_OBJECT(item), "path", g_strdup(at[1]), g_free);
        g_free(title);
    }
    g_strfreev(known);
    gtk_widget_show_all(menu);
    menu_popup(menu, button);
}

/* A file of any kind that steers, by its name; a folder is a ControlNet's. */
static void take_file(SteerList *l, const gchar *path) {
    gchar *small = g_ascii_strdown(path, -1);
    gboolean control = g_str_has_suffix(small, ".onnx") || g_file_test(path, G_FILE_TEST_IS_DIR);
    guint32 kind = control ? SCUMBLE_CONDITION_CONTROL : known_is_lora(path) ? SCUMBLE_CONDITION_LORA : SCUMBLE_CONDITION_REFERENCE;
    g_free(small);
    const gchar *why = steer_list_reason(l, kind);
    if (why) steer_list_fail(l, why);
    else if (kind == SCUMBLE_CONDITION_REFERENCE) picture_chosen(path, l);
    else add_file(l, kind, path);
}

static void dropped(GtkWidget *window, GdkDragContext *context, gint x, gint y, GtkSelectionData *data, guint info, guint time, SteerList *l) {
    gchar **uris = gtk_selection_data_get_uris(data);
    (void)window, (void)context, (void)x, (void)y, (void)info, (void)time;
    for (gchar **uri = uris; uri && *uri && gtk_widget_get_sensitive(steer_list_button(l)); uri++) {
        gchar *path = g_filename_from_uri(*uri, NULL, NULL);
        if (path) take_file(l, path);
        else steer_list_fail(l, "What was dropped is no file of this computer: save it as one first, and drop that.");
        g_free(path);
    }
    g_strfreev(uris);
}

void steer_menu_take_drops(SteerList *l, GtkWidget *window) {
    gtk_drag_dest_set(window, GTK_DEST_DEFAULT_ALL, NULL, 0, GDK_ACTION_COPY);
    gtk_drag_dest_add_uri_targets(window);
    g_signal_connect(window, "drag-data-received", G_CALLBACK(dropped), l);
}
