// The heightfield by columns: rows of ground from near to far, each covering the pixels that rise above all before it.
#include "render.h"

// Depth where the ray of a pixel row meets the ground between two samples of a column.
INLINE float meet(const View *v, int row, float z0, float h0, float dz, float dh, float *t) {
    float slope = (v->horizon - (row + .5f)) / v->focal, denominator = dh - slope * dz;
    *t = clampf(fabsf(denominator) > 1e-9f ? (v->eye + slope * z0 - h0) / denominator : 0, 0, 1);
    return z0 + *t * dz;
}

// A crest between samples is a little higher than both: a parabola through three elevations removes saw teeth.
static void refine_crest(View *v, int column, int *top, float z, float before, float crest, float after) {
    if (!(after < crest && crest >= before && before > -1e8f)) {
        return;
    }
    float rise = crest - before, fall = crest - after, curve = before - 2 * crest + after;
    float peak =
        crest + (curve < -1e-12f ? -(before - after) * (before - after) / (8 * curve) : 0) + .25f * minf(rise, fall);
    peak = minf(peak, crest + 1.5f * maxf(rise, fall));
    int row = maxf(0, ceilf(v->horizon - v->focal * peak - .5f));
    if (row < *top && row > *top - 14) {
        for (int r = *top - 1; r >= row; r--) {
            v->depth[r * v->W + column] = z;
        }
        *top = row;
    }
}

static void draw_segment(View *v, int column, int *top, float z0, float h0, float z, float h) {
    float upper = v->horizon - v->focal * (h - v->eye) / z, t;
    if (upper >= *top) {
        return;
    }
    int row = maxf(0, ceilf(upper - .5f));
    for (int r = *top - 1; r >= row; r--) {
        v->depth[r * v->W + column] = meet(v, r, z0, h0, z - z0, h - h0, &t);
    }
    if (row < *top) {
        *top = row;
    }
}

// The mirror image is seen from below the water: the nearest ground above the water wins, row by row.
static void draw_mirrored_segment(View *v, float level, int column, float z0, float h0, float z, float h) {
    float lower = v->horizon - v->focal * (h0 - v->eye) / z0, upper = v->horizon - v->focal * (h - v->eye) / z;
    if ((h0 <= level && h <= level) || upper >= lower) {
        return;
    }
    int from = minf(v->H - 1, floorf(lower)), to = maxf(0, ceilf(upper - .5f));
    for (int r = from; r >= to; r--) {
        float *depth = v->depth + r * v->W + column, t;
        if (*depth <= 0) {
            float d = meet(v, r, z0, h0, z - z0, h - h0, &t);
            if (h0 + t * (h - h0) > level) {
                *depth = d;
            }
        }
    }
}

static void row_heights(const Scene *s, const View *v, float z, float *h) {
    static float x[BATCH], zs[BATCH], wave[BATCH];
    for (int i = 0; i < v->W; i++) {
        x[i] = z * (i + .5f - v->W * .5f) / v->focal;
        zs[i] = z;
    }
    ground_heights(s, v->W, x, zs, h, 0);
    if (s->has_water && !v->mirrored) {
        wave_heights(s, v->W, x, zs, wave);
        for (int i = 0; i < v->W; i++) {
            h[i] = maxf(h[i], s->water_level + wave[i]);
        }
    }
}

void raster_ground(const Scene *s, View *v) {
    static float rows[2][BATCH], before[BATCH], last[BATCH]; // elevations of the two samples before
    static int top[BATCH];
    int W = v->W, steps = s->H >= 700 ? 1200 : 860;
    float below = (v->H - v->horizon) / v->focal, far = 30000;
    float near = v->mirrored ? 3 : maxf(.4f, .12f * s->camera / maxf(.05f, below));
    float ratio = powf(far / near, 1.f / steps), z0 = near;
    memset(v->depth, 0, (size_t)W * v->H * sizeof *v->depth);
    for (int i = 0; i < W; i++) {
        before[i] = last[i] = -1e9;
        top[i] = v->H;
    }
    for (int k = 0; k < steps; k++) {
        float z = k ? z0 * ratio : near, *old = rows[(k + 1) & 1], *h = rows[k & 1];
        row_heights(s, v, z, h);
        for (int i = 0; k && i < W; i++) {
            if (v->mirrored) {
                draw_mirrored_segment(v, s->water_level, i, z0, old[i], z, h[i]);
                continue;
            }
            float elevation = (h[i] - v->eye) / z;
            refine_crest(v, i, top + i, z0, before[i], last[i], elevation);
            before[i] = last[i];
            last[i] = elevation;
            draw_segment(v, i, top + i, z0, old[i], z, h[i]);
        }
        z0 = z;
    }
}
