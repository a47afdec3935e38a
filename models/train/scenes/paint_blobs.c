// The derived variant: a coarse grid of classes and tones with soft, wobbling borders in the picture's own colours.
#include "paint.h"

enum { GRID = 96, TONES = 3, BLOBS = CLASSES * TONES };

typedef struct {
    int n; // cells a side
    float cell;
    int label[GRID * GRID];       // class, later class * TONES + tone
    float colour[GRID * GRID][3]; // mean of the class that won the cell
    float tone[BLOBS][3];
} Blobs;

static void count_cells(const Painter *P, Blobs *b) {
    int size = P->size;
    for (int i = 0; i < b->n * b->n; i++) {
        int x0 = i % b->n * b->cell, x1 = (i % b->n + 1) * b->cell, y0 = i / b->n * b->cell,
            y1 = (i / b->n + 1) * b->cell;
        float votes[CLASSES] = {0}, sum[CLASSES][3] = {{0}};
        for (int y = y0; y < y1 && y < size; y++) {
            for (int x = x0; x < x1 && x < size; x++) {
                int p = y * size + x, k = P->mask[p];
                votes[k]++;
                for (int c = 0; c < 3; c++) {
                    sum[k][c] += P->picture[p * 3 + c];
                }
            }
        }
        int best = 0;
        for (int k = 0; k < CLASSES; k++) {
            for (int c = 0; c < 3; c++) {
                sum[k][c] /= maxf(1, votes[k]);
            }
            votes[k] *= k == K_SUN ? 3 : painted_thing(k) ? 2.2f : 1; // things win more easily
            best = votes[k] > votes[best] ? k : best;
        }
        b->label[i] = best;
        memcpy(b->colour[i], sum[best], sizeof sum[best]);
    }
}

static int nearest_tone(const Blobs *b, int k, int tones, const float *colour) {
    int best = 0;
    float least = 1e18f;
    for (int t = 0; t < tones; t++) {
        float d = 0;
        for (int c = 0; c < 3; c++) {
            float e = colour[c] - b->tone[k * TONES + t][c];
            d += e * e;
        }
        if (d < least) {
            least = d;
            best = t;
        }
    }
    return best;
}

// Splits the cells of a class into tones by k-means, begun between its darkest and its brightest cell.
static void split_class(Blobs *b, int k, int tones, int *split) {
    int n = b->n * b->n;
    const float *dark = 0, *bright = 0;
    for (int i = 0; i < n; i++) {
        if (b->label[i] == k) {
            const float *c = b->colour[i];
            float l = c[0] + 2 * c[1] + c[2];
            dark = !dark || l < dark[0] + 2 * dark[1] + dark[2] ? c : dark;
            bright = !bright || l > bright[0] + 2 * bright[1] + bright[2] ? c : bright;
        }
    }
    for (int t = 0; t < TONES; t++) {
        for (int c = 0; c < 3; c++) {
            b->tone[k * TONES + t][c] = dark ? mix(dark[c], bright[c], (t + .5f) / tones) : 0;
        }
    }
    for (int pass = 0; dark && pass < 6; pass++) {
        float sum[TONES][3] = {{0}}, count[TONES] = {0};
        for (int i = 0; i < n; i++) {
            if (b->label[i] == k) {
                int t = nearest_tone(b, k, tones, b->colour[i]);
                count[t]++;
                split[i] = k * TONES + t;
                for (int c = 0; c < 3; c++) {
                    sum[t][c] += b->colour[i][c];
                }
            }
        }
        for (int t = 0; t < tones; t++) {
            for (int c = 0; c < 3 && count[t]; c++) {
                b->tone[k * TONES + t][c] = sum[t][c] / count[t];
            }
        }
    }
}

static void split_classes(Blobs *b, int tones) {
    static int split[GRID * GRID];
    int n = b->n * b->n, cells[CLASSES] = {0};
    for (int i = 0; i < n; i++) {
        cells[b->label[i]]++;
    }
    for (int k = 0; k < CLASSES; k++) {
        int plain = painted_thing(k) || k == K_FOAM || cells[k] < n * .03f;
        split_class(b, k, k == K_SKY ? (int)maxf(2, tones) : plain ? 1 : tones, split);
    }
    memcpy(b->label, split, n * sizeof *split);
}

static void smooth(Blobs *b) {
    static int out[GRID * GRID];
    for (int i = 0; i < b->n * b->n; i++) {
        int votes[BLOBS] = {0}, me = b->label[i], best = me, cls = me / TONES;
        for (int k = 0; k < 9; k++) {
            int x = clampf(i % b->n + k % 3 - 1, 0, b->n - 1), y = clampf(i / b->n + k / 3 - 1, 0, b->n - 1);
            votes[b->label[y * b->n + x]]++;
        }
        votes[me] += cls == K_BUILDING || cls == K_SUN ? 4 : 1;
        for (int k = 0; k < BLOBS; k++) {
            best = votes[k] > votes[best] ? k : best;
        }
        out[i] = best;
    }
    memcpy(b->label, out, b->n * b->n * sizeof *out);
}

// Colours pulled towards a coarse palette, and jittered.
static void choose_tones(Blobs *b, Rng *r) {
    float step = rng_range(r, 18, 44), saturation = rng_range(r, .95f, 1.4f);
    for (int k = 0; k < BLOBS; k++) {
        float *t = b->tone[k], all = rng_normal(r) * 6, grey = .3f * t[0] + .6f * t[1] + .1f * t[2];
        for (int c = 0; c < 3; c++) {
            float v = grey + (t[c] - grey) * saturation + all + rng_normal(r) * 4;
            t[c] = clampf(floorf(v / step + .5f) * step * .6f + v * .4f, 6, 250);
        }
    }
}

// Labels around a point with B-spline weights: the two heaviest, and by how much the first leads.
static float two_heaviest(const Blobs *b, float fx, float fy, int *first, int *second) {
    int label[9], count = 0, ix = (int)(fx + .5f), iy = (int)(fy + .5f);
    float u = fx - ix, v = fy - iy, weight[9];
    float wu[3] = {.5f * (.5f - u) * (.5f - u), .75f - u * u, .5f * (.5f + u) * (.5f + u)};
    float wv[3] = {.5f * (.5f - v) * (.5f - v), .75f - v * v, .5f * (.5f + v) * (.5f + v)};
    for (int k = 0; k < 9; k++) {
        int x = clampf(ix + k % 3 - 1, 0, b->n - 1), y = clampf(iy + k / 3 - 1, 0, b->n - 1),
            l = b->label[y * b->n + x], j = 0;
        while (j < count && label[j] != l) {
            j++;
        }
        if (j == count) {
            label[count] = l;
            weight[count++] = 0;
        }
        weight[j] += wu[k % 3] * wv[k / 3];
    }
    int a = 0, next = -1;
    for (int j = 1; j < count; j++) {
        a = weight[j] > weight[a] ? j : a;
    }
    for (int j = 0; j < count; j++) {
        next = j != a && (next < 0 || weight[j] > weight[next]) ? j : next;
    }
    *first = label[a];
    *second = next < 0 ? label[a] : label[next];
    return next < 0 ? 1 : weight[a] - weight[next];
}

// Soft borders, in half of the paintings with bare paper between classes.
static void draw_blobs(Painter *P, const Blobs *b) {
    static float wx[SIDE_MAX], wy[SIDE_MAX], paper_noise[SIDE_MAX];
    Rng *r = P->rng;
    int size = P->size;
    float wobble = rng_range(r, .35f, 1.f), k = 1 / rng_range(r, size / 18.f, size / 8.f),
          soft = rng_range(r, .06f, .42f);
    float gap = rng_unit(r) < .55f ? rng_range(r, .04f, .26f) : 0, half = .5f * b->n;
    float dx = rng_normal(r) * .012f * b->n, dy = rng_normal(r) * .012f * b->n, zoom = 1 + rng_normal(r) * .02f;
    unsigned sd = rng_u32(r);
    for (int y = 0; y < size; y++) {
        SIMD
        for (int x = 0; x < size; x++) {
            float u = x * k, v = y * k;
            wx[x] = wobble * (gnoise(u, v, sd) + .35f * gnoise(u / .3f, v / .3f, sd + 1));
            wy[x] = wobble * (gnoise(u, v, sd + 2) + .35f * gnoise(u / .3f, v / .3f, sd + 3));
            paper_noise[x] = .5f + .5f * gnoise(u / .8f, v / .8f, sd + 4);
        }
        for (int x = 0; x < size; x++) {
            float fx = clampf(((x + .5f) / b->cell - half) * zoom + half - .5f + dx + wx[x], 0, b->n - 1.001f);
            float fy = clampf(((y + .5f) / b->cell - half) * zoom + half - .5f + dy + wy[x], 0, b->n - 1.001f);
            int first, second;
            float lead = two_heaviest(b, fx, fy, &first, &second), other = .5f * (1 - saturate(lead / soft)), bare = 0;
            if (gap > 0 && first / TONES != second / TONES) {
                float q = gap * paper_noise[x] * paper_noise[x];
                bare = .92f * smoothstep(q * 2.56f, q * .5f, lead);
            }
            for (int c = 0; c < 3; c++) {
                float v = mix(mix(b->tone[first][c], b->tone[second][c], other), P->paper[c], bare);
                P->out[(y * size + x) * 3 + c] = (uint8_t)clampf(v + .5f, 0, 255);
            }
        }
    }
    P->flags |= gap > 0 ? F_PAPER : 0;
}

void paint_blobs(Painter *P) {
    static Blobs blobs;
    Blobs *b = &blobs;
    Rng *r = P->rng;
    b->n = rng_unit(r) < .6f ? 26 + rng_below(r, 26) : 44 + rng_below(r, 32);
    b->cell = (float)P->size / b->n;
    count_cells(P, b);
    split_classes(b, 1 + rng_below(r, TONES));
    for (int pass = 1 + rng_below(r, 3); pass > 0; pass--) {
        smooth(b);
    }
    choose_tones(b, r);
    draw_blobs(P, b);
    if (rng_unit(r) < .6f) {
        streaks(P, rng_range(r, 2, 9));
    }
}
