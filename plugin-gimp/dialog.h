/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#pragma once

#include "settings.h"

/* Shows the dialog until the artist closes it, or the image is closed. `live`: begins with a live layer.
 * Returns the layer that was made and kept, -1 if none. */
gint32 dialog_run(gint32 image, gint32 layer, gboolean live, Settings *settings);
