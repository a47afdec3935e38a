/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What scripts say of what steers, in the words of `scumble render`; layers of the image stand for its pictures. */
#pragma once

#include "condition.h"
#include "settings.h"

/* The conditions that the settings name; each on a line of its own:
 *
 *     control    [FOLDER]=LAYER[:SCALE[:START[:END]]]        without FOLDER the model's own
 *     lora       FILE[:SCALE[:TEXT_SCALE]]
 *     region     LAYER=WORDS[:WEIGHT]
 *     reference  LAYER[:SCALE]
 *
 * NULL and a sentence where they say something else. */
GPtrArray *grammar_read(const Settings *settings, gint32 image, GError **error);
