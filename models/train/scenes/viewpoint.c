// Where to stand: many places are tried on a coarse grid, and the one with the best skyline is taken.
#include "plan.h"
#include "tiles.h"

enum { SCOUT_X = 24, SCOUT_Z = 40, SCOUT_TRIES = 26, NOISE_X = 11, NOISE_Z = 40, NOISE_TRIES = 28 };

typedef struct {
    float h[SCOUT_Z][SCOUT_X], z[SCOUT_Z];
} Grid;

static void look_around(const Scene *s, Grid *g) {
    float x[SCOUT_X], zs[SCOUT_X], z = 25;
    for (int k = 0; k < SCOUT_Z; k++, z *= 1.17f) {
        g->z[k] = z;
        for (int i = 0; i < SCOUT_X; i++) {
            x[i] = z * ((i + .5f) / SCOUT_X - .5f) * s->W / s->focal;
            zs[i] = z;
        }
        ground_heights(s, SCOUT_X, x, zs, g->h[k], 1);
    }
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

// The level below which a share of the middle distance lies.
static float lake_level(const Grid *g, float share) {
    float v[SCOUT_X * SCOUT_Z];
    int n = 0;
    for (int k = 10; k < 32; k++) {
        for (int i = 4; i < SCOUT_X - 4; i++) {
            v[n++] = g->h[k][i];
        }
    }
    qsort(v, n, sizeof *v, ascending);
    return v[(int)(n * share)];
}

// How good the view from here is; sets s->top.
static float judge_mountains(Scene *s, const Grid *g, float ground, float wanted) {
    float sky[SCOUT_X], mean = 0, variance = 0, highest = -1, near = 0;
    int water = 0, counted = 0;
    s->top = -1e9;
    for (int i = 0; i < SCOUT_X; i++) {
        float m = -1;
        for (int k = 0; k < SCOUT_Z; k++) {
            float e = (g->h[k][i] - s->eye) / g->z[k];
            if (e > m) {
                m = e;
                s->top = maxf(s->top, g->h[k][i]);
            }
            if (g->z[k] < 600) {
                near = maxf(near, e);
            }
            if (g->z[k] > 80 && g->z[k] < 3000) {
                counted++;
                water += g->h[k][i] < s->water_level && m <= e + .02f;
            }
        }
        sky[i] = m;
        mean += m / SCOUT_X;
        highest = maxf(highest, m);
    }
    for (int i = 0; i < SCOUT_X; i++) {
        variance += (sky[i] - mean) * (sky[i] - mean) / SCOUT_X;
    }
    float score = -fabsf(highest - wanted) * 6 + minf(sqrtf(variance), .08f) * 9 - maxf(0, near - .10f) * 18;
    if (s->has_water) {
        float above = ground - s->water_level;
        score += minf(water / (float)counted, .4f) * 3.5f - (above < -12 ? 1.2f : 0) - maxf(0, (above - 40) / 120.f);
    }
    return score;
}

// Chooses a tile, a place and a heading, the lake's level and the eye's height. low, high: wanted skyline (tangent).
void scout_mountains(Scene *s, Rng *r, float low, float high) {
    static Grid grid;
    Scene best = *s;
    float best_score = -1e9;
    for (int t = 0; t < SCOUT_TRIES; t++) {
        Scene q = *s; // without what depends on the place
        q.tile = tile_bank + (size_t)rng_below(r, tile_count) * TILE * TILE;
        q.tile_x = rng_range(r, 0, TILE * 2);
        q.tile_z = rng_range(r, 0, TILE * 2);
        float heading = rng_range(r, 0, 6.283f);
        q.tile_cos = cosf(heading);
        q.tile_sin = sinf(heading);
        q.river = q.has_water = 0;
        q.detail = q.roughness = 0;
        look_around(&q, &grid);
        float ground = ground_at(&q, 0, 2);
        q.water_level = s->has_water ? lake_level(&grid, rng_range(r, .28f, .55f)) : -1e5f;
        q.eye = maxf(ground, q.water_level) + s->camera;
        q.has_water = s->has_water;
        float score = judge_mountains(&q, &grid, ground, rng_range(r, low, high));
        if (score > best_score) {
            best_score = score;
            best = q;
            best.detail = s->detail;
            best.roughness = s->roughness;
            best.river = s->river;
        }
    }
    *s = best;
}

// Layered crests that hide each other, nothing near in the way, a skyline of the wanted height.
static float judge_noise(const Scene *s) {
    float x[NOISE_X], zs[NOISE_X], h[NOISE_X], skyline[NOISE_X], hidden[NOISE_X], z = 10;
    float near = -9, far = -9, ups = 0, layers = 0, eye = ground_at(s, 0, 3);
    eye = (s->has_water ? maxf(eye, s->water_level) : eye) + s->camera;
    for (int i = 0; i < NOISE_X; i++) {
        skyline[i] = -9;
        hidden[i] = 0;
    }
    for (int k = 0; k < NOISE_Z; k++, z *= 1.155f) {
        for (int i = 0; i < NOISE_X; i++) {
            x[i] = z * (i - 5) / 5.f * s->W * .48f / s->focal;
            zs[i] = z;
        }
        ground_heights(s, NOISE_X, x, zs, h, 1);
        for (int i = 0; i < NOISE_X; i++) {
            float e = (h[i] - eye) / z;
            if (z < (s->place == DUNES ? s->scale * 1.1f : 150)) {
                near = maxf(near, e);
            } else if (z > 250) {
                far = maxf(far, e);
            }
            if (e > skyline[i]) {
                layers += hidden[i] > .012f ? minf(hidden[i], .1f) : 0;
                skyline[i] = e;
                hidden[i] = 0;
            } else {
                hidden[i] = maxf(hidden[i], skyline[i] - e);
            }
        }
    }
    for (int i = 1; i < NOISE_X; i++) {
        ups += fabsf(skyline[i] - skyline[i - 1]);
    }
    int canyon = s->place == CANYON, dunes = s->place == DUNES;
    float wanted = canyon ? .22f : dunes ? .09f : .06f;
    return -maxf(0, near - (canyon ? .05f : .03f)) * 9 - fabsf(far - wanted) * 3 +
           minf(ups, .6f) * (dunes ? 2.f : 1.2f) +
           (dunes    ? 1.6f
            : canyon ? 0
                     : .5f) *
               minf(layers, 1.6f);
}

// For terrains of noise, another seed is another place.
void scout_noise(Scene *s, Rng *r) {
    unsigned first = s->seed, best_seed = first;
    float best = -1e9;
    if (s->place == DUNES) {
        s->camera = maxf(s->camera, s->relief * rng_range(r, .15f, .5f));
    }
    for (int t = 0; t < NOISE_TRIES; t++) {
        s->seed = first + t * 7777;
        float score = judge_noise(s);
        if (score > best) {
            best = score;
            best_seed = s->seed;
        }
    }
    s->seed = best_seed;
}

// The highest ground around the camera's feet.
float highest_near(const Scene *s) {
    float highest = -1e9;
    for (int i = 0; i < 9; i++) {
        highest = maxf(highest, ground_at(s, (i % 3 - 1) * 2.f, 2 + 3.f * (i / 3)));
    }
    return s->has_water ? maxf(highest, s->water_level + s->wave_height * .6f) : highest;
}

// Moves rocks and islands along until none blocks the view.
void keep_sea_clear(Scene *s) {
    float wide = s->ice ? 9.f : 14.f, deep = s->ice ? 22.f : 40.f;
    for (int t = 0; t < 30; t++) {
        float highest = -1e9;
        for (int i = 0; i < 15; i++) {
            highest = maxf(highest, ground_at(s, (i % 5 - 2) * (i / 5 + 1) * wide, 6 + (i / 5) * deep));
        }
        if (highest < s->water_level - .5f) {
            break;
        }
        s->noise_x += 3.71f;
    }
}
