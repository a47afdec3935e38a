/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "view.h"

#include <string.h>

#define MESSAGE_HEIGHT 92 /* five lines; more can be scrolled to */

void view_say(View *v, const gchar *sentence) {
    if (!g_strcmp0(v->said, sentence)) return; /* what is selected in it stays selected */
    g_free(v->said);
    v->said = g_strdup(sentence);
    gtk_text_buffer_set_text(gtk_text_view_get_buffer(GTK_TEXT_VIEW(v->message)), sentence, -1);
}

void view_progress(View *v, const gchar *text, gdouble done) {
    gtk_progress_bar_set_text(GTK_PROGRESS_BAR(v->bar), text ? text : "");
    gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(v->bar), CLAMP(done, 0.0, 1.0));
}

void view_allow(View *v, gint response, gboolean allowed) {
    gtk_dialog_set_response_sensitive(GTK_DIALOG(v->window), response, allowed);
}

void view_show_buttons(View *v, gboolean live) {
    static const gint filter[] = {GTK_RESPONSE_CANCEL, GTK_RESPONSE_OK}, lives[] = {RESPONSE_STORE, RESPONSE_APPLY, RESPONSE_CLOSE};
    GtkDialog *dialog = GTK_DIALOG(v->window);
    for (guint i = 0; i < G_N_ELEMENTS(filter); i++)
        gtk_widget_set_visible(gtk_dialog_get_widget_for_response(dialog, filter[i]), !live);
    for (guint i = 0; i < G_N_ELEMENTS(lives); i++)
        gtk_widget_set_visible(gtk_dialog_get_widget_for_response(dialog, lives[i]), live);
    /* Return ends a prompt; while live it must not also make a layer. */
    if (live) gtk_window_set_default(GTK_WINDOW(v->window), NULL);
    else gtk_dialog_set_default_response(dialog, GTK_RESPONSE_OK);
    gtk_widget_set_sensitive(v->keep, live);
    if (!live) gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(v->compare), FALSE);
}

void view_help(View *v) {
    GtkWidget *box = gtk_message_dialog_new(
        GTK_WINDOW(v->window), GTK_DIALOG_DESTROY_WITH_PARENT, GTK_MESSAGE_INFO, GTK_BUTTONS_CLOSE, "%s",
        "OK puts the picture that you see on a new layer above the one you paint on. Where something is selected only "
        "that is rendered.\n\n"
        "Live makes one layer above yours and keeps rendering it from everything below while you paint. Your layers "
        "are read, never written, and undo stays yours. Apply lays a copy of the picture below the live layer: you go on painting "
        "on that. Store keeps a hidden copy above it for later. When live ends its layer is half transparent: what you paint "
        "next must be seen.\n\n"
        "Steer by: a ControlNet or a region follows what is painted on a layer of yours, shown or hidden; a reference is a picture "
        "on one, whose style or subject is taken over; a LoRA is a style or a subject that was learnt. All of it is kept with the image.\n\n"
        "Last pictures: a click brings the words and settings of one back, the right button puts it into a hidden layer. Alt+Up and "
        "Alt+Down in the prompt go through the last ones.\n\n"
        "Strength: 0 keeps the paint, 1 takes no notice of it. Negative works while guidance is above 1.\n\n"
        "A model is a folder of ONNX files: Get\xe2\x80\xa6 beside the list gets one, with its licence. Stable Diffusion 1.x, 2.x and 3, "
        "SDXL, FLUX.1, FLUX.2 klein, Z-Image-Turbo and SANA-Sprint run.");
    g_signal_connect(box, "response", G_CALLBACK(gtk_widget_destroy), NULL);
    gtk_window_set_title(GTK_WINDOW(box), "Scumble Help");
    gtk_widget_show(box);
}

static GtkWidget *add_check(GtkWidget *box, const gchar *label, const gchar *tip, gboolean on) {
    GtkWidget *check = gtk_check_button_new_with_mnemonic(label);
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(check), on);
    gtk_widget_set_tooltip_text(check, tip);
    gtk_box_pack_start(GTK_BOX(box), check, FALSE, FALSE, 0);
    return check;
}

static GtkWidget *message_box(View *v) {
    GtkWidget *scroll = gtk_scrolled_window_new(NULL, NULL), *text = gtk_text_view_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_shadow_type(GTK_SCROLLED_WINDOW(scroll), GTK_SHADOW_IN);
    gtk_widget_set_size_request(scroll, -1, MESSAGE_HEIGHT);
    /* A path has no blanks to break it at. */
    gtk_text_view_set_wrap_mode(GTK_TEXT_VIEW(text), GTK_WRAP_WORD_CHAR);
    gtk_text_view_set_editable(GTK_TEXT_VIEW(text), FALSE);
    gtk_text_view_set_cursor_visible(GTK_TEXT_VIEW(text), FALSE);
    gtk_text_view_set_accepts_tab(GTK_TEXT_VIEW(text), FALSE);
    gtk_container_add(GTK_CONTAINER(scroll), text);
    v->message = text;
    return scroll;
}

/* With the image's number as GIMP's own windows have it: two new images have one name. */
static gchar *title_of(gint32 image) {
    gchar *name = gimp_image_get_name(image), *title = g_strdup_printf("Scumble: %s-%d", name ? name : "", (int)image);
    g_free(name);
    return title;
}

void view_build(View *v, gint32 image, const Settings *settings) {
    gchar *title = title_of(image);
    v->window = gimp_dialog_new(title, "scumble", NULL, 0, NULL, NULL, "_Help", GTK_RESPONSE_HELP, "_Reset", RESPONSE_RESET,
                                "_Cancel", GTK_RESPONSE_CANCEL, "_OK", GTK_RESPONSE_OK, "_Close", RESPONSE_CLOSE, "St_ore",
                                RESPONSE_STORE, "_Apply", RESPONSE_APPLY, NULL);
    g_free(title);
    gtk_widget_set_tooltip_text(gtk_dialog_get_widget_for_response(GTK_DIALOG(v->window), RESPONSE_APPLY),
                                "Lays a copy below the live layer, to paint on from there");
    gtk_widget_set_tooltip_text(gtk_dialog_get_widget_for_response(GTK_DIALOG(v->window), RESPONSE_STORE),
                                "Keeps a hidden copy above the live layer");
    GtkWidget *all = box_new(GTK_ORIENTATION_VERTICAL, 4), *frame = gtk_frame_new(NULL);
    GtkBox *box = GTK_BOX(all);
    gtk_container_set_border_width(GTK_CONTAINER(all), 8);
    gtk_box_pack_start(GTK_BOX(gtk_dialog_get_content_area(GTK_DIALOG(v->window))), all, TRUE, TRUE, 0);
    v->preview = preview_new();
    gtk_container_add(GTK_CONTAINER(frame), preview_widget(v->preview));
    gtk_box_pack_start(box, frame, TRUE, TRUE, 0);
    v->bar = gtk_progress_bar_new();
#if GTK_MAJOR_VERSION >= 3
    gtk_progress_bar_set_show_text(GTK_PROGRESS_BAR(v->bar), TRUE);
#endif
    GtkWidget *row = preview_buttons(v->preview);
    gtk_box_pack_start(GTK_BOX(row), v->bar, TRUE, TRUE, 0);
    gtk_box_pack_start(box, row, FALSE, FALSE, 0);
    gtk_box_pack_start(box, message_box(v), FALSE, FALSE, 0);
    GtkWidget *form = box_new(GTK_ORIENTATION_VERTICAL, 0);
    v->form = GTK_BOX(form);
    gtk_box_pack_start(box, form, FALSE, FALSE, 0);
    GtkWidget *lives = box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    gtk_box_pack_start(box, lives, FALSE, FALSE, 0);
    v->live = add_check(lives, "_Live: render while I paint",
                        "One layer above the active one follows your brush, and shows what is made of everything below it", FALSE);
    v->keep = add_check(lives, "_Keep its layer", "When live ends: half transparent; otherwise it is removed", settings->keep);
    v->compare = gtk_toggle_button_new_with_mnemonic("Pa_int only");
    gtk_widget_set_tooltip_text(v->compare, "While it is pressed the live layer shows nothing: compare the picture with the paint");
    gtk_box_pack_end(GTK_BOX(lives), v->compare, FALSE, FALSE, 0);
    gtk_widget_show_all(all);
}

/* What there is of the screen to put the window on. */
static GdkRectangle screen_of(GtkWidget *window) {
    GdkRectangle all;
#if GTK_MAJOR_VERSION >= 3
    GdkDisplay *display = gtk_widget_get_display(window);
    gdk_monitor_get_workarea(gdk_display_get_monitor_at_window(display, gtk_widget_get_window(window)), &all);
#else
    GdkScreen *screen = gtk_widget_get_screen(window);
    gdk_screen_get_monitor_geometry(screen, gdk_screen_get_monitor_at_window(screen, gtk_widget_get_window(window)), &all);
#endif
    return all;
}

void view_place_window(View *v, const Settings *settings) {
    GtkWindow *window = GTK_WINDOW(v->window);
    GdkRectangle all = screen_of(v->window);
    gint x = settings->x, y = settings->y, width = settings->width, height = settings->height, own_width, own_height;
    gtk_window_get_size(window, &own_width, &own_height);
    if (width <= 0 || height <= 0) {
        width = own_width;
        height = own_height + 80; /* a preview of a size to look at */
        x = all.x + all.width; /* beside the canvas rather than over it */
        y = all.y + 40;
    }
    width = MIN(width, all.width);
    height = MIN(height, all.height - 60); /* the title, and a panel */
    gtk_window_resize(window, width, height);
    gtk_window_move(window, CLAMP(x, all.x, MAX(all.x, all.x + all.width - width - 12)),
                    CLAMP(y, all.y, MAX(all.y, all.y + all.height - height - 30)));
}

void view_remember_window(View *v, Settings *settings) {
    gtk_window_get_position(GTK_WINDOW(v->window), &settings->x, &settings->y);
    gtk_window_get_size(GTK_WINDOW(v->window), &settings->width, &settings->height);
}

void view_free(View *v) {
    preview_set_picture(v->preview, NULL);
    gtk_widget_destroy(v->window);
    preview_free(v->preview);
    g_free(v->said);
}
