/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The window in which a model, an annotator or ONNX Runtime is chosen and got. */
#pragma once

#include "compat.h"
#include "engine.h"

/* What has arrived: one of SCUMBLE_WANT_*, and its folder. */
typedef void (*GetDone)(guint32 want, const gchar *folder, gpointer data);

/* Shows the window over `parent`, with which it goes; `runtime`: a build of ONNX Runtime is chosen first. */
void get_show(GtkWindow *parent, gboolean runtime, GetDone done, gpointer data);
