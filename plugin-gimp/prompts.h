/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The prompts that pictures were made by, on this computer (scumble-prompts.json in the profile); newest first. */
#pragma once

#include <glib.h>

#define PROMPTS_MOST 50
#define PROMPT_LETTERS_MOST 1000 /* longer ones are not kept */

/* Ends with NULL; none where the file is missing or damaged. Free with g_strfreev(). */
gchar **prompts_known(void);

/* The newest from now on, without blanks around it; an empty one is none. */
void prompts_remember(const gchar *prompt);
