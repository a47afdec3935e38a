/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/*
 * TRUE while the artist may be about to close the image or to undo: the Control key is down, or another dialog of
 * GIMP's is in front ("Save the changes?"). GIMP ends a plug-in with an error window if it writes to a layer in the
 * very moment in which it goes, and nothing in its interface can lock the layer. Known on X11 only; elsewhere FALSE.
 */
gboolean hold_writing(void);
