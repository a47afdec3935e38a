/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Files of networks that the engine could not use, as pictures have shown: each is left out for as long as it is the same. */
#pragma once

#include <glib.h>

typedef struct Unfit Unfit;

Unfit *unfit_new(void);
void unfit_free(Unfit *unfit);

/* All may be tried again. */
void unfit_forget(Unfit *unfit);

/* Why that file or folder is left out; NULL where it is not, or is another one by now. Valid until the next call. */
const gchar *unfit_why(Unfit *unfit, const gchar *path);

/* Which of `paths` the sentence of a picture that failed is about; it is left out from now on. NULL: none of them. */
const gchar *unfit_find(Unfit *unfit, const GPtrArray *paths, const gchar *why);

/* Another text where the file, or one in the folder, is another one; "" where nothing is there. Free it. */
gchar *unfit_look(const gchar *path);
