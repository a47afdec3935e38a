/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * GIMP ends a plug-in with an error window if it writes to a layer in the very moment in which the layer goes, and
 * nothing in its interface can lock one. So writing waits while the artist may be about to close the image, to undo or
 * to delete the layer; and GIMP 3 is made to keep the image for as long as it takes.
 */
#pragma once

#include <glib.h>

/* Until when to wait for a key, when a mouse button was pressed at the earliest, when one was down last and when none was, in
 * g_get_monotonic_time(), and whether one was at the last look; begins as zeros. */
typedef struct {
    gint64 key, press, button, up;
    gboolean pressed;
} Hold;

/* TRUE if writing had better wait: Control or Alt is down (Ctrl+Z, Ctrl+W), or a mouse button is, outside plug-ins' windows,
 * and nothing has been painted with it (`painted` is when paint was seen to change); or one was so in the last moments.
 * Known on X11 only. */
gboolean hold_hands(Hold *hold, gint64 painted);

/* TRUE while a mouse button is down anywhere. Known on X11 only. */
gboolean hold_pressed(void);

/* TRUE while a dialog of GIMP's own is in front, "Save the changes?" maybe, and GIMP is 2.10. Known on X11 only. */
gboolean hold_dialog(void);

/* Does the work, which GIMP may not take the image away from: one that is closed meanwhile goes afterwards. Nothing is
 * done if it is gone already. GIMP 2.10 cannot be asked for that, and the work is done all the same. */
void hold_image(gint32 image, void (*work)(gpointer data), gpointer data);
