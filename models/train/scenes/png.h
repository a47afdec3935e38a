// Pictures to look at.
#pragma once
#include <stdint.h>

// 8 bits a channel, 1 or 3 channels. 0 and errno if it cannot be written.
int write_png(const char *path, const uint8_t *pixels, int w, int h, int channels);
