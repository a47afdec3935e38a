/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "view.h"

#include "preview.h"

void view_say(View *v, const gchar *sentence) {
    gtk_label_set_text(GTK_LABEL(v->message), sentence ? sentence : "");
    gtk_widget_set_visible(v->message, sentence != NULL);
}

void view_progress(View *v, const gchar *text, gdouble done) {
    gtk_progress_bar_set_text(GTK_PROGRESS_BAR(v->bar), text ? text : "");
    gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(v->bar), CLAMP(done, 0.0, 1.0));
}

void view_allow(View *v, gint response, gboolean allowed) {
    gtk_dialog_set_response_sensitive(GTK_DIALOG(v->window), response, allowed);
}

void view_show_buttons(View *v, gboolean live) {
    static const gint filter[] = {GTK_RESPONSE_CANCEL, GTK_RESPONSE_OK}, lives[] = {RESPONSE_APPLY, RESPONSE_CLOSE};
    for (guint i = 0; i < G_N_ELEMENTS(filter); i++) {
        gtk_widget_set_visible(gtk_dialog_get_widget_for_response(GTK_DIALOG(v->window), filter[i]), !live);
        gtk_widget_set_visible(gtk_dialog_get_widget_for_response(GTK_DIALOG(v->window), lives[i]), live);
    }
    gtk_dialog_set_default_response(GTK_DIALOG(v->window), live ? RESPONSE_APPLY : GTK_RESPONSE_OK);
    gtk_widget_set_sensitive(v->keep, live);
}

void view_help(View *v) {
    GtkWidget *box = gtk_message_dialog_new(
        GTK_WINDOW(v->window), GTK_DIALOG_DESTROY_WITH_PARENT, GTK_MESSAGE_INFO, GTK_BUTTONS_CLOSE, "%s",
        "OK puts the picture that you see on a new layer above the one you paint on. Where something is selected only "
        "that is rendered.\n\n"
        "Live makes one layer above yours and keeps rendering it from everything below while you paint. Your layers "
        "are read, never written, and undo stays yours. Apply copies the picture to an ordinary layer; live goes on.\n\n"
        "Strength: 0 keeps the paint, 1 takes no notice of it. Negative works while guidance is above 1.\n\n"
        "A model is a folder with unet/model.onnx, vae_encoder, vae_decoder, text_encoder, tokenizer and scheduler, as "
        "model hubs offer them for Stable Diffusion 1.x, 2.x and SD-Turbo.");
    g_signal_connect(box, "response", G_CALLBACK(gtk_widget_destroy), NULL);
    gtk_window_set_title(GTK_WINDOW(box), "Scumble Help");
    gtk_widget_show(box);
}

static GtkWidget *add_check(GtkBox *box, const gchar *label, const gchar *tip, gboolean on) {
    GtkWidget *check = gtk_check_button_new_with_mnemonic(label);
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(check), on);
    gtk_widget_set_tooltip_text(check, tip);
    gtk_box_pack_start(box, check, FALSE, FALSE, 0);
    return check;
}

void view_build(View *v, gboolean keep) {
    v->window = gimp_dialog_new("Scumble", "scumble", NULL, 0, NULL, NULL, "_Help", GTK_RESPONSE_HELP, "_Reset", RESPONSE_RESET,
                                "_Cancel", GTK_RESPONSE_CANCEL, "_OK", GTK_RESPONSE_OK, "_Close", RESPONSE_CLOSE, "_Apply",
                                RESPONSE_APPLY, NULL);
    GtkWidget *all = box_new(GTK_ORIENTATION_VERTICAL, 8), *frame = gtk_frame_new(NULL);
    GtkBox *box = GTK_BOX(all);
    gtk_container_set_border_width(GTK_CONTAINER(all), 12);
    gtk_box_pack_start(GTK_BOX(gtk_dialog_get_content_area(GTK_DIALOG(v->window))), all, TRUE, TRUE, 0);
    v->picture = gtk_image_new();
    gtk_widget_set_size_request(v->picture, PREVIEW_WIDTH, PREVIEW_HEIGHT);
    gtk_container_add(GTK_CONTAINER(frame), v->picture);
    gtk_box_pack_start(box, frame, TRUE, TRUE, 0);
    v->bar = gtk_progress_bar_new();
#if GTK_MAJOR_VERSION >= 3
    gtk_progress_bar_set_show_text(GTK_PROGRESS_BAR(v->bar), TRUE);
#endif
    gtk_box_pack_start(box, v->bar, FALSE, FALSE, 0);
    v->message = gtk_label_new(NULL);
    gtk_label_set_line_wrap(GTK_LABEL(v->message), TRUE);
    gtk_label_set_max_width_chars(GTK_LABEL(v->message), 56);
    gtk_label_set_selectable(GTK_LABEL(v->message), TRUE);
    align_left(v->message);
    gtk_box_pack_start(box, v->message, FALSE, FALSE, 0);
    GtkWidget *form = box_new(GTK_ORIENTATION_VERTICAL, 0);
    v->form = GTK_BOX(form);
    gtk_box_pack_start(box, form, FALSE, FALSE, 0);
    v->live = add_check(box, "_Live: render everything below a new layer while I paint",
                        "One layer above the active one follows your brush", FALSE);
    v->keep = add_check(box, "_Keep the live layer when live ends", "Otherwise it is removed", keep);
    gtk_widget_show_all(all);
    view_say(v, NULL);
}
