/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hold.h"

#include "compat.h"

static gboolean control_is_down(GdkWindow *root) {
    GdkModifierType state = 0;
#if GTK_MAJOR_VERSION >= 3
    GdkSeat *seat = gdk_display_get_default_seat(gdk_display_get_default());
    GdkDevice *pointer = seat ? gdk_seat_get_pointer(seat) : NULL;
    if (pointer) gdk_window_get_device_position(root, pointer, NULL, NULL, &state);
#else
    gdk_window_get_pointer(root, NULL, NULL, &state);
#endif
    return (state & GDK_CONTROL_MASK) != 0;
}

gboolean hold_writing(void) {
    GdkScreen *screen = gdk_screen_get_default();
    if (!screen) return FALSE;
    if (control_is_down(gdk_screen_get_root_window(screen))) return TRUE;
    gboolean hold = FALSE;
    G_GNUC_BEGIN_IGNORE_DEPRECATIONS
    gdk_error_trap_push(); /* it may close while we ask */
    GdkWindow *front = gdk_screen_get_active_window(screen);
    if (front) {
        gboolean others = gdk_window_get_window_type(front) == GDK_WINDOW_FOREIGN;
        hold = others && gdk_window_get_type_hint(front) == GDK_WINDOW_TYPE_HINT_DIALOG;
        g_object_unref(front);
    }
    if (gdk_error_trap_pop()) hold = TRUE;
    G_GNUC_END_IGNORE_DEPRECATIONS
    return hold;
}
