/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Hands what steers to the engine: what is new of it, and what is new on the layers that it follows. */
#pragma once

#include "condition.h"
#include "engine.h"

typedef struct Steering Steering;

/* By nothing at first. */
Steering *steering_new(gint32 image);
void steering_free(Steering *steering);

/* By these from now on; they are taken over. */
void steering_set(Steering *steering, GPtrArray *conditions);
const GPtrArray *steering_conditions(const Steering *steering);

/* Another renderer begins, which knows of nothing yet. */
void steering_forget(Steering *steering);

/* What the model cannot take and why, by RENDERER_KINDS; it is left out. The texts are copied. */
void steering_block(Steering *steering, gchar *const reasons[RENDERER_KINDS]);

/* Which layers are looked at: the one that is painted on and another one in turn; each; or each is read, because small pictures
 * may not show what is faint. */
typedef enum { LOOK_IN_TURN, LOOK_AT_EACH, LOOK_WHOLE } Look;

/* Tells the renderer what has changed: its canvas is `canvas` of the image. Nothing is done before that was pushed. TRUE if
 * something had changed. */
gboolean steering_follow(Steering *steering, Renderer *renderer, const GeglRectangle *canvas, Look look);

/* What the engine has noticed that is on and steers nothing, by number, and the first of them as a sentence, NULL: none. Free all. */
gchar *steering_silent(const Steering *steering, const Renderer *renderer, gchar *why[CONDITIONS_MOST]);

/* A picture failed by that. TRUE if the sentence names a file that steers: it is left out until it is another file, as steering_problem
 * says, and the picture is still to come. So it is where a picture that was begun before tells of it once more. */
gboolean steering_do_without(Steering *steering, Renderer *renderer, const GError *error);

/* A picture by all that the renderer was told came: none that was begun before is to tell anything. */
void steering_made(Steering *steering);

/* The first sentence about what does not steer, NULL if all does. Valid until the next call. */
const gchar *steering_problem(const Steering *steering);
