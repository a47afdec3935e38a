/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The list of what models can run on, which is shown where there is more than the processor to choose. What is chosen is kept at
 * once, for all images. */
#pragma once

#include "compat.h"

typedef struct DeviceRow DeviceRow;

/* `changed` is called with `data` when the artist has chosen another one. */
DeviceRow *device_row_new(void (*changed)(gpointer data), gpointer data);
void device_row_free(DeviceRow *row);

/* The list, to be put into a line of its own, and that line, which is hidden with it. */
GtkWidget *device_row_list(const DeviceRow *row);
void device_row_in(DeviceRow *row, GtkWidget *line);

/* Looks anew for what is here: the processor, and what the builds of ONNX Runtime were made for. No driver is asked, because one
 * that fails would take this process along; the engine says what is wrong with a device. */
void device_row_look(DeviceRow *row);

/* Shows this one, "": the best there is; one that is not here stays in the list. `changed` is not called. */
void device_row_show(DeviceRow *row, const gchar *device);

const gchar *device_row_chosen(const DeviceRow *row);

/* What models are to run on where a build of ONNX Runtime has just been got: of itself the library never takes OpenVINO. */
const gchar *device_of_new_runtime(void);
