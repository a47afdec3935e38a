/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What makes a text entry the prompt's: Alt+Up and Alt+Down go through the last prompts, and so does its own menu. */
#pragma once

#include "compat.h"

/* Lives as long as the entry. */
void prompt_box_on(GtkWidget *entry);
