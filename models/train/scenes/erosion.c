// Mountains by stream-power erosion: rain runs downhill, gathers in streams, and streams cut valleys.
//
// dh/dt = uplift - K * sqrt(drained area) * slope, solved implicitly from the mouths upwards (Braun and Willett 2013),
// with pits filled now and then (Barnes 2014) and a little diffusion. A0, added to the area, makes planar upper slopes.
#include "tiles.h"

float *tile_bank;
int tile_count;

enum { N = TILE, CELLS = N * N, STEPS = 70 };

typedef struct {
    float h;
    int cell;
} Front;

typedef struct {
    unsigned seed;
    float *h, *uplift, *area, *distance;
    int *receiver, *first, *donors, *order;
    int ordered;
} Erosion;

static float fractal_noise(float x, float y, unsigned seed, int octaves) {
    float sum = 0, w = .5f;
    for (int i = 0; i < octaves; i++) {
        sum += w * gnoise(x, y, seed + i * 77);
        float t = x * 1.6f - y * 1.2f;
        y = x * 1.2f + y * 1.6f;
        x = t;
        w *= .5f;
    }
    return sum;
}

// Where the land rises: warped ridged noise, nothing at the border.
static void plan_uplift(Erosion *e, Rng *r) {
    float frequency = rng_range(r, 1.3f, 2.8f), warp = rng_range(r, .2f, .6f), aspect = rng_range(r, .5f, 1.6f);
    float angle = rng_range(r, 0, 3.14f), ridged = rng_range(r, .3f, 1.f);
    unsigned seed = e->seed;
    for (int y = 0; y < N; y++) {
        for (int x = 0; x < N; x++) {
            float u = x / (float)N, v = y / (float)N, border = minf(minf(u, 1 - u), minf(v, 1 - v));
            float a = u - .5f, b = v - .5f;
            float p = (a * cosf(angle) + b * sinf(angle)) * aspect, q = (b * cosf(angle) - a * sinf(angle)) / aspect;
            float wx = fractal_noise(p * 2 + 3, q * 2, seed + 1, 3), wy = fractal_noise(p * 2, q * 2 + 9, seed + 2, 3);
            p += wx * warp;
            q += wy * warp;
            float lumps = fractal_noise(p * frequency, q * frequency, seed + 3, 4);
            float ridges = 1 - fabsf(fractal_noise(p * frequency * .9f + 7, q * frequency * .9f, seed + 9, 3)) * 2.2f;
            float up = mix(saturate(.45f + lumps * 1.3f), saturate(ridges), ridged * .7f);
            up = up * up;
            float edge = smoothstep(0.f, .16f, border + .04f * wx);
            int i = y * N + x;
            e->uplift[i] = maxf(0, edge * (.04f + up));
            e->h[i] = border * N < 1 ? 0 : edge * (.02f + .2f * up) + .01f * hash01(x, y, seed);
        }
    }
}

static void push(Front *heap, int *count, float h, int cell) {
    int k = (*count)++;
    while (k > 0) {
        int parent = (k - 1) / 2;
        if (heap[parent].h <= h) {
            break;
        }
        heap[k] = heap[parent];
        k = parent;
    }
    heap[k].h = h;
    heap[k].cell = cell;
}

static Front pop(Front *heap, int *count) {
    Front lowest = heap[0], last = heap[--*count];
    int k = 0;
    for (;;) {
        int child = 2 * k + 1;
        if (child >= *count) {
            break;
        }
        if (child + 1 < *count && heap[child + 1].h < heap[child].h) {
            child++;
        }
        if (heap[child].h >= last.h) {
            break;
        }
        heap[k] = heap[child];
        k = child;
    }
    heap[k] = last;
    return lowest;
}

// Raises pits until everything drains to the border, with a tiny slope so that flat fillings drain too.
static void fill_pits(Erosion *e) {
    uint8_t *seen = must_alloc(CELLS);
    Front *heap = must_alloc((CELLS + 8) * sizeof *heap);
    int count = 0;
    memset(seen, 0, CELLS);
    for (int i = 0; i < N; i++) {
        int border[4] = {i, (N - 1) * N + i, i * N, i * N + N - 1};
        for (int k = 0; k < 4; k++) {
            if (!seen[border[k]]) {
                seen[border[k]] = 1;
                push(heap, &count, e->h[border[k]], border[k]);
            }
        }
    }
    while (count) {
        Front f = pop(heap, &count);
        int x = f.cell % N, y = f.cell / N;
        for (int Y = y - 1; Y <= y + 1; Y++) {
            for (int X = x - 1; X <= x + 1; X++) {
                int j = Y * N + X;
                if (X < 0 || Y < 0 || X >= N || Y >= N || seen[j]) {
                    continue;
                }
                seen[j] = 1;
                e->h[j] = maxf(e->h[j], f.h + 1e-5f + 1e-5f * hash01(X, Y, e->seed + 4));
                push(heap, &count, e->h[j], j);
            }
        }
    }
    free(seen);
    free(heap);
}

// Each cell drains to its steepest neighbour; a cell without one drains to itself.
static void find_receivers(Erosion *e) {
    for (int i = 0; i < CELLS; i++) {
        int x = i % N, y = i / N;
        e->receiver[i] = i;
        e->distance[i] = 1;
        if (x == 0 || y == 0 || x == N - 1 || y == N - 1) {
            continue;
        }
        float steepest = 0;
        for (int dy = -1; dy <= 1; dy++) {
            for (int dx = -1; dx <= 1; dx++) {
                int j = i + dy * N + dx;
                float distance = dx && dy ? 1.41421f : 1.f, slope = (e->h[i] - e->h[j]) / distance;
                if (slope > steepest) {
                    steepest = slope;
                    e->receiver[i] = j;
                    e->distance[i] = distance;
                }
            }
        }
    }
}

// Orders the cells so that each comes after its receiver, and sums the drained areas.
static void order_and_drain(Erosion *e) {
    memset(e->first, 0, (CELLS + 1) * sizeof *e->first);
    for (int i = 0; i < CELLS; i++) {
        if (e->receiver[i] != i) {
            e->first[e->receiver[i] + 1]++;
        }
    }
    for (int i = 0; i < CELLS; i++) {
        e->first[i + 1] += e->first[i];
    }
    int *next = must_alloc(CELLS * sizeof *next), ordered = 0;
    memcpy(next, e->first, CELLS * sizeof *next);
    for (int i = 0; i < CELLS; i++) {
        if (e->receiver[i] != i) {
            e->donors[next[e->receiver[i]]++] = i;
        } else {
            e->order[ordered++] = i;
        }
    }
    free(next);
    for (int k = 0; k < ordered; k++) {
        int i = e->order[k];
        for (int c = e->first[i]; c < e->first[i + 1]; c++) {
            e->order[ordered++] = e->donors[c];
        }
    }
    e->ordered = ordered;
    for (int i = 0; i < CELLS; i++) {
        e->area[i] = 1;
    }
    for (int k = ordered - 1; k >= 0; k--) {
        int i = e->order[k];
        if (e->receiver[i] != i) {
            e->area[e->receiver[i]] += e->area[i];
        }
    }
}

static void cut_valleys(Erosion *e, float K, float A0, float dt) {
    for (int k = 0; k < e->ordered; k++) {
        int i = e->order[k], to = e->receiver[i];
        if (to != i) {
            float f = K * dt * sqrtf(e->area[i] + A0) / e->distance[i];
            e->h[i] = (e->h[i] + dt * e->uplift[i] * .1f + f * e->h[to]) / (1 + f);
        }
    }
}

static void diffuse(float *h, float rate) {
    for (int y = 1; y < N - 1; y++) {
        for (int x = 1; x < N - 1; x++) {
            int i = y * N + x;
            h[i] += rate * ((h[i - 1] + h[i + 1] + h[i - N] + h[i + N]) * .25f - h[i]);
        }
    }
}

// A tile of N * N heights, 0..1. Odd seeds give craggy mountains, even ones softer.
void make_tile(float *height, unsigned seed) {
    Rng r = {seed * 7919ull + 5};
    int craggy = seed & 1;
    Erosion e = {.seed = seed, .h = height};
    e.uplift = must_alloc(CELLS * sizeof(float));
    e.area = must_alloc(CELLS * sizeof(float));
    e.distance = must_alloc(CELLS * sizeof(float));
    e.receiver = must_alloc(CELLS * sizeof(int));
    e.first = must_alloc((CELLS + 1) * sizeof(int));
    e.donors = must_alloc(CELLS * sizeof(int));
    e.order = must_alloc(CELLS * sizeof(int));
    plan_uplift(&e, &r);
    float K = rng_range(&r, .015f, .03f), A0 = craggy ? rng_range(&r, 10, 30) : rng_range(&r, 28, 55);
    for (int step = 0; step < STEPS; step++) {
        if (step % 2 == 0) {
            fill_pits(&e);
        }
        find_receivers(&e);
        order_and_drain(&e);
        cut_valleys(&e, K, A0, step < 50 ? 2.f : 1.f);
        diffuse(height, craggy ? .045f : .1f);
    }
    float top = 0;
    for (int i = 0; i < CELLS; i++) {
        top = maxf(top, height[i]);
    }
    for (int i = 0; i < CELLS; i++) {
        height[i] /= top;
    }
    free(e.uplift);
    free(e.area);
    free(e.distance);
    free(e.receiver);
    free(e.first);
    free(e.donors);
    free(e.order);
}
