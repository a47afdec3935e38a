/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Notices changes below the live layer. GIMP tells plug-ins nothing of them, so small pictures of the layers are
 * compared: the layer being painted on in each look, the others in turn. Each is one call of a millisecond or so.
 */
#pragma once

#include "below.h"

typedef struct Watch Watch;

typedef enum {
    WATCH_NOTHING,
    WATCH_PART,  /* pixels changed on a rectangle of the image */
    WATCH_WHOLE, /* layers, their settings, the selection or the canvas changed */
} WatchChange;

Watch *watch_new(void);
void watch_free(Watch *watch);

/* What has changed below `live` since the last look. The first look finds everything changed. */
WatchChange watch_look(Watch *watch, gint32 image, gint32 live, GeglRectangle *rect);

/* After WATCH_PART: the layers whose pixels changed and where, until the next look. NULL if it was not paint alone. */
const GArray *watch_parts(const Watch *watch);

/* Instead of watch_look(): TRUE if the layer alone or the selection may be another than at the last time. */
gboolean watch_layer(Watch *watch, gint32 image, gint32 layer);
