// From the view to the picture: two by two pixels become one; bloom, exposure, tone curve, grain.
#include "generate.h"

enum { GLOW = 64 }; // the bloom's grid

static float brightness(const float *c) {
    return .3f * c[0] + .6f * c[1] + .1f * c[2];
}

static void halve(const View *v, int size, float *out) {
    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
            for (int c = 0; c < 3; c++) {
                float sum = 0;
                for (int k = 0; k < 4; k++) {
                    sum += minf(v->rgb[3 * ((2 * y + (k >> 1)) * v->W + 2 * x + (k & 1)) + c], 3.f);
                }
                out[(y * size + x) * 3 + c] = sum * .25f;
            }
        }
    }
}

// A running mean of five along one axis of the grid.
static void blur_axis(const float *in, float *out, int step, int across) {
    for (int line = 0; line < GLOW; line++) {
        for (int i = 0; i < GLOW; i++) {
            for (int c = 0; c < 3; c++) {
                float sum = 0;
                for (int k = -2; k <= 2; k++) {
                    sum += in[line * across + (int)clampf(i + k, 0, GLOW - 1) * step + c];
                }
                out[line * across + i * step + c] = sum * .2f;
            }
        }
    }
}

// Light of bright places spreads.
static void add_bloom(float *im, int size) {
    static float low[GLOW * GLOW * 3], other[GLOW * GLOW * 3];
    int cell = size / GLOW, row = GLOW * 3;
    memset(low, 0, sizeof low);
    for (int y = 0; y < size; y++) {
        for (int i = 0; i < size * 3; i++) {
            low[y / cell * row + i / 3 / cell * 3 + i % 3] += maxf(0, im[y * size * 3 + i] - .72f) / (cell * cell);
        }
    }
    for (int pass = 0; pass < 3; pass++) {
        blur_axis(low, other, 3, row);
        blur_axis(other, low, row, 3);
    }
    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
            float fx = clampf((x + .5f) / cell - .5f, 0, GLOW - 1.01f),
                  fy = clampf((y + .5f) / cell - .5f, 0, GLOW - 1.01f);
            int X = fx, Y = fy;
            float u = fx - X, v = fy - Y;
            for (int c = 0; c < 3; c++) {
                const float *p = low + Y * row + X * 3 + c;
                im[(y * size + x) * 3 + c] += .55f * mix(mix(p[0], p[3], u), mix(p[row], p[row + 3], u), v);
            }
        }
    }
}

static void blend(float *im, int size, int x, int y, float light, float alpha) {
    if (x >= 0 && y >= 0 && x < size && y < size) {
        float *p = im + (y * size + x) * 3;
        for (int c = 0; c < 3; c++) {
            p[c] = mix(p[c], light, alpha);
        }
    }
}

static void add_snowfall(const Scene *s, float *im, int size) {
    Rng r = {s->seed * 31ull + 5};
    float light = (s->ambient.g + .3f) * .8f, unit = size / 256.f;
    for (int k = 0; k < size * size / 170; k++) {
        float x = rng_unit(&r) * size, y = rng_unit(&r) * size, big = rng_unit(&r);
        big *= big * big;
        float radius = (.45f + 1.5f * big) * unit, alpha = .75f - .25f * big;
        for (int j = (int)(y - radius - 1); j <= y + radius + 1; j++) {
            for (int i = (int)(x - radius - 1); i <= x + radius + 1; i++) {
                float d = sqrtf((i + .5f - x) * (i + .5f - x) + (j + .5f - y) * (j + .5f - y));
                blend(im, size, i, j, light, alpha * smoothstep(radius + .5f, radius - .6f, d));
            }
        }
    }
}

static void add_rain(const Scene *s, float *im, int size) {
    Rng r = {s->seed * 31ull + 5};
    float light = (s->ambient.g + .3f) * .8f, unit = size / 256.f;
    for (int k = 0; k < size * size / 260; k++) {
        float x = rng_unit(&r) * size, y = rng_unit(&r) * size, near = rng_unit(&r);
        int length = (int)((6 + 16 * rng_unit(&r)) * unit);
        for (int t = 0; t < length; t++) {
            blend(im, size, (int)(x - t * .18f), (int)(y + t), light, .10f + .16f * near * near * near);
        }
    }
}

// Gentle: half way to the wanted mean brightness, and bright places must not burn out.
static float exposure(const Scene *s, const float *im, int size) {
    int n = size * size, histogram[64] = {0}, dark = s->light == NIGHT || s->light == DUSK, b = 63, above = 0;
    double logs = 0;
    for (int i = 0; i < n; i++) {
        float l = brightness(im + 3 * i);
        logs += logf(.03f + l);
        histogram[(int)clampf(l * 20, 0, 63)]++;
    }
    float mean = exp(logs / n) - .03;
    float wanted = s->light == NIGHT ? .085f : s->light == DUSK ? .17f : s->light == STORM ? .16f : .23f;
    float e = clampf(sqrtf(wanted / maxf(mean, 1e-4f)), .7f, dark ? 2.3f : 1.7f);
    while (b > 0 && (above += histogram[b]) < n * .12f) {
        b--;
    }
    return maxf(.38f, minf(e, .86f * 20 / (b + 1)));
}

static float shoulder(float x) {
    float knee = .62f;
    x = maxf(x, 0);
    return x < knee ? x : knee + (1 - knee) * tanhf((x - knee) / (1.15f * (1 - knee)));
}

void finish_picture(const Scene *s, const View *v, int size, uint8_t *picture) {
    static const float saturations[LIGHTS] = {[DAY] = 1.02f,    [GOLDEN] = 1.1f, [SUNSET] = .98f,
                                              [SUNRISE] = 1.1f, [DUSK] = .82f,   [NIGHT] = .86f,
                                              [STORM] = 1.1f,   [MIST] = 1.1f,   [OVERCAST] = 1.1f};
    float *im = must_alloc((size_t)size * size * 3 * sizeof *im), saturation = saturations[s->light];
    halve(v, size, im);
    add_bloom(im, size);
    if (s->falling == 1) {
        add_snowfall(s, im, size);
    } else if (s->falling == 2) {
        add_rain(s, im, size);
    }
    float e = exposure(s, im, size);
    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
            float vx = x * 2.f / size - 1, vy = y * 2.f / size - 1, vignette = 1 - .07f * (vx * vx + vy * vy), c[3];
            float grain = (hash01(x, y, s->seed + 91) - .5f) * .014f;
            for (int k = 0; k < 3; k++) {
                c[k] = shoulder(im[(y * size + x) * 3 + k] * e * vignette);
            }
            float grey = brightness(c);
            for (int k = 0; k < 3; k++) {
                float t = powf(maxf(0, grey + (c[k] - grey) * saturation), 1 / 2.2f);
                t = mix(t, t * t * (3 - 2 * t), .256f) + grain;
                picture[(y * size + x) * 3 + k] = (uint8_t)clampf(t * 255 + .5f, 0, 255);
            }
        }
    }
    free(im);
}

void finish_mask(const View *v, int size, uint8_t *mask, float *share) {
    memset(share, 0, CLASSES * sizeof *share);
    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
            int votes[CLASSES] = {0}, best = 0;
            for (int k = 0; k < 4; k++) {
                int cls = v->cls[(2 * y + (k >> 1)) * v->W + 2 * x + (k & 1)];
                votes[cls < CLASSES ? cls : K_SKY]++;
            }
            for (int k = 1; k < CLASSES; k++) {
                best = votes[k] > votes[best] ? k : best;
            }
            mask[y * size + x] = best;
            share[best] += 1.f / (size * size);
        }
    }
}

// Not all of one thing, not without what the place is about, not without contrast.
int looks_well(const Scene *s, const Record *rec) {
    const float *F = rec->share;
    float sky = F[K_SKY] + F[K_CLOUD] + F[K_SUN], water = F[K_WATER] + F[K_FOAM];
    float least_sky = s->looks_down ? .015f : s->place == DUNES ? .14f : .1f;
    if (sky < least_sky || sky > .84f) {
        return 0;
    }
    for (int k = K_SUN; k < CLASSES; k++) {
        if (F[k] > .86f) {
            return 0;
        }
    }
    int missing = (s->place == SEA && water < .14f) || (s->place == BEACH && (F[K_SAND] < .05f || water < .03f)) ||
                  (s->place == CANYON && F[K_REDROCK] < .05f) || (s->place == WATERFALL && F[K_FOAM] < .0022f) ||
                  (s->place == VOLCANO && F[K_ROCK] + F[K_DARK] + F[K_FAR] + F[K_SNOW] + F[K_GRASS] < .06f);
    int n = rec->size * rec->size;
    double mean = 0, square = 0;
    for (int i = 0; i < n; i++) {
        const uint8_t *p = rec->picture + 3 * i;
        double l = p[0] * .3 + p[1] * .6 + p[2] * .1;
        mean += l / n;
        square += l * l / n;
    }
    return !missing && mean >= 16 && sqrt(maxf(0, square - mean * mean)) >= (s->light == MIST ? 14 : 15);
}
