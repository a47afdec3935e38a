// Eroded mountain tiles, made once and shared by all scenes.
#pragma once
#include "noise.h"

enum { TILE = 512 };

extern float *tile_bank; // tile_count * TILE * TILE heights, 0..1
extern int tile_count;

void make_tile(float *height, unsigned seed);

// Tiles repeat mirrored.
INLINE int mirror_index(int i) {
    i &= 2 * TILE - 1;
    return i < TILE ? i : 2 * TILE - 1 - i;
}

// Weights of a kernel between B-spline (soft) and Catmull-Rom (sharp).
INLINE void kernel_weights(float u, float *w) {
    float u2 = u * u, u3 = u2 * u, soft = .1667f * .6f, sharp = .4f * .5f;
    w[0] = (1 - 3 * u + 3 * u2 - u3) * soft + sharp * (-u + 2 * u2 - u3);
    w[1] = (4 - 6 * u2 + 3 * u3) * soft + sharp * (2 - 5 * u2 + 3 * u3);
    w[3] = u3 * soft + sharp * (-u2 + u3);
    w[2] = 1 - w[0] - w[1] - w[3];
}

// Height of a tile at x, y in cells.
INLINE float tile_at(const float *T, float x, float y) {
    float fx = floorf(x), fy = floorf(y), a[4], b[4];
    int ix = (int)fx, iy = (int)fy;
    kernel_weights(x - fx, a);
    kernel_weights(y - fy, b);
    int x0 = mirror_index(ix - 1), x1 = mirror_index(ix), x2 = mirror_index(ix + 1), x3 = mirror_index(ix + 2);
    int y0 = mirror_index(iy - 1) * TILE, y1 = mirror_index(iy) * TILE;
    int y2 = mirror_index(iy + 1) * TILE, y3 = mirror_index(iy + 2) * TILE;
    float r0 = a[0] * T[y0 + x0] + a[1] * T[y0 + x1] + a[2] * T[y0 + x2] + a[3] * T[y0 + x3];
    float r1 = a[0] * T[y1 + x0] + a[1] * T[y1 + x1] + a[2] * T[y1 + x2] + a[3] * T[y1 + x3];
    float r2 = a[0] * T[y2 + x0] + a[1] * T[y2 + x1] + a[2] * T[y2 + x2] + a[3] * T[y2 + x3];
    float r3 = a[0] * T[y3 + x0] + a[1] * T[y3 + x1] + a[2] * T[y3 + x2] + a[3] * T[y3 + x3];
    return b[0] * r0 + b[1] * r1 + b[2] * r2 + b[3] * r3;
}
