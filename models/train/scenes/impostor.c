// Impostors: a picture of normals, openness and materials with smaller levels for the distance.
#include "things.h"

static float *nearest; // z of what each pixel of the impostor in work shows

void impostor_new(Impostor *m, int w, int h) {
    size_t n = (size_t)w * h;
    m->levels = 1;
    m->level[0] = (Level){w, h, must_alloc(n * CHANNELS * sizeof(float))};
    memset(m->level[0].p, 0, n * CHANNELS * sizeof(float));
    m->aspect = (float)w / h;
    nearest = must_grow(nearest, n * sizeof *nearest);
    for (size_t i = 0; i < n; i++) {
        nearest[i] = -1e9f;
    }
}

// A pixel of the next level: means weighted by coverage, the material of the best covered.
static void average(const Level *a, int x, int y, float *out) {
    float best = -1;
    memset(out, 0, CHANNELS * sizeof *out);
    for (int k = 0; k < 4; k++) {
        const float *p = a->p + ((2 * y + (k >> 1)) * a->w + 2 * x + (k & 1)) * CHANNELS;
        out[C_ALPHA] += p[C_ALPHA];
        for (int c = C_NX; c < C_MATERIAL; c++) {
            out[c] += p[c] * p[C_ALPHA];
        }
        if (p[C_ALPHA] > best) {
            best = p[C_ALPHA];
            out[C_MATERIAL] = p[C_MATERIAL];
        }
    }
    for (int c = C_NX; c < C_MATERIAL && out[C_ALPHA] > 0; c++) {
        out[c] /= out[C_ALPHA];
    }
    out[C_ALPHA] *= .25f;
}

void impostor_finish(Impostor *m) {
    while (m->levels < MAX_LEVELS - 1) {
        const Level *a = &m->level[m->levels - 1];
        if (a->w < 6 || a->h < 6) {
            break;
        }
        Level b = {a->w / 2, a->h / 2, must_alloc((size_t)(a->w / 2) * (a->h / 2) * CHANNELS * sizeof(float))};
        for (int y = 0; y < b.h; y++) {
            for (int x = 0; x < b.w; x++) {
                average(a, x, y, b.p + (y * b.w + x) * CHANNELS);
            }
        }
        m->level[m->levels++] = b;
    }
}

void splat(Impostor *m, float x, float y, float z, float radius, float nx, float ny, float nz, float open, float tint,
           int material) {
    int w = m->level[0].w, h = m->level[0].h;
    float px = (x / m->aspect + .5f) * w, py = (1 - y) * h, R = maxf(.55f, radius * h);
    float k = 1 / sqrtf(nx * nx + ny * ny + nz * nz + 1e-6f);
    int left = maxf(0, floorf(px - R)), right = minf(w - 1, ceilf(px + R));
    int top = maxf(0, floorf(py - R)), bottom = minf(h - 1, ceilf(py + R));
    for (int Y = top; Y <= bottom; Y++) {
        for (int X = left; X <= right; X++) {
            float dx = X + .5f - px, dy = Y + .5f - py;
            if (dx * dx + dy * dy > R * R || z < nearest[Y * w + X]) {
                continue;
            }
            nearest[Y * w + X] = z;
            float pixel[CHANNELS] = {1, nx * k, ny * k, nz * k, open, tint, material};
            memcpy(m->level[0].p + (Y * w + X) * CHANNELS, pixel, sizeof pixel);
        }
    }
}
