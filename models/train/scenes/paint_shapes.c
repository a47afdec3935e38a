// The label map: which class and tone is painted where.
#include "paint.h"

// One majority filter with a square window: every pixel takes the label with most (weighted) votes in it.
void majority(Painter *P, int radius) {
    static uint16_t row[SIDE_MAX * SIDE_MAX], column[SIDE_MAX], best[SIDE_MAX * SIDE_MAX];
    int n = P->size, present[LABELS] = {0};
    for (int i = 0; i < n * n; i++) {
        present[P->label[i]]++;
    }
    memset(best, 0, sizeof best);
    for (int k = 0; k < LABELS; k++) {
        if (!present[k]) {
            continue;
        }
        int weight = painted_thing(k / 2) ? 3 : 2;
        for (int y = 0; y < n; y++) {
            const uint8_t *l = P->label + y * n;
            int sum = 0;
            for (int x = 0; x < radius; x++) {
                sum += l[x] == k;
            }
            for (int x = 0; x < n; x++) {
                sum += x + radius < n && l[x + radius] == k;
                sum -= x - radius - 1 >= 0 && l[x - radius - 1] == k;
                row[y * n + x] = sum;
            }
        }
        memset(column, 0, sizeof column);
        for (int y = -radius; y < n; y++) {
            if (y + radius < n) {
                for (int x = 0; x < n; x++) {
                    column[x] += row[(y + radius) * n + x];
                }
            }
            if (y < 0) {
                continue;
            }
            if (y > radius) {
                for (int x = 0; x < n; x++) {
                    column[x] -= row[(y - radius - 1) * n + x];
                }
            }
            for (int x = 0; x < n; x++) {
                uint16_t votes = column[x] * weight;
                int wins = votes > best[y * n + x];
                best[y * n + x] = wins ? votes : best[y * n + x];
                P->spare[y * n + x] = wins ? k : P->spare[y * n + x];
            }
        }
    }
    memcpy(P->label, P->spare, (size_t)n * n);
}

// Splits big classes into a light and a dark tone by the picture's brightness in the large.
void split_tones(Painter *P) {
    enum { CELL = 8 };

    static float cell[SIDE_MAX / CELL][SIDE_MAX / CELL];
    int n = P->size, m = n / CELL;
    double sum[CLASSES] = {0};
    int count[CLASSES] = {0};
    for (int j = 0; j < m; j++) {
        for (int i = 0; i < m; i++) {
            int s = 0;
            for (int y = 0; y < CELL; y++) {
                for (int x = 0; x < CELL; x++) {
                    const uint8_t *p = P->picture + ((j * CELL + y) * n + i * CELL + x) * 3;
                    s += p[0] * 3 + p[1] * 6 + p[2];
                }
            }
            cell[j][i] = s * (.1f / (CELL * CELL));
        }
    }
    for (int i = 0; i < n * n; i++) {
        int k = P->mask[i];
        sum[k] += cell[i / n / CELL][i % n / CELL];
        count[k]++;
    }
    for (int y = 0; y < n; y++) {
        for (int x = 0; x < n; x++) {
            int k = P->mask[y * n + x];
            if (count[k] < n * n / 16 || painted_thing(k)) {
                continue;
            }
            float fx = clampf((x + .5f) / CELL - .5f, 0, m - 1.01f), fy = clampf((y + .5f) / CELL - .5f, 0, m - 1.01f);
            int i = fx, j = fy;
            float u = fx - i, v = fy - j;
            float l = mix(mix(cell[j][i], cell[j][i + 1], u), mix(cell[j + 1][i], cell[j + 1][i + 1], u), v);
            P->label[y * n + x] = k * 2 + (l < sum[k] / count[k]);
        }
    }
}

// Puts the small things back that a majority filter swallows.
void keep_things(Painter *P) {
    int n = P->size;
    for (int i = 0; i < n * n; i++) {
        if (painted_thing(P->mask[i])) {
            P->label[i] = P->mask[i] * 2;
        }
    }
}

// A class that the painter forgot: its place is filled by what surrounds it.
static void drop_class(Painter *P, int cls) {
    int n = P->size;
    for (int pass = 0; pass < 2; pass++) {
        for (int y = 0; y < n; y++) {
            int last = -1;
            for (int k = 0; k < n; k++) {
                int x = pass ? n - 1 - k : k;
                uint8_t *l = P->label + y * n + x;
                if (*l / 2 != cls) {
                    last = *l;
                } else if (last >= 0) {
                    *l = last;
                }
            }
        }
    }
    P->flags |= F_DROPPED;
}

void drop_things(Painter *P, float share) {
    static const struct {
        int cls;
        float chance;
    } drops[] = {{K_CLOUD, .5f}, {K_FOAM, .5f}, {K_PATH, .3f},     {K_FLOWER, .15f},
                 {K_SUN, .25f},  {K_TREE, .2f}, {K_BUILDING, .12f}};

    int n = P->size, count[CLASSES] = {0};
    for (int i = 0; i < n * n; i++) {
        count[P->label[i] / 2]++;
    }
    for (int i = 0; i < (int)(sizeof drops / sizeof *drops); i++) {
        int has = count[drops[i].cls];
        if (rng_unit(P->rng) < drops[i].chance * share && has && has < n * n / 5) {
            drop_class(P, drops[i].cls);
        }
    }
}

// Moves what is painted: wobbling outlines and, for a wrong perspective, a shifted, bent and skewed view.
void warp_labels(Painter *P, float wobble, float wavelength, float perspective) {
    int n = P->size;
    Rng *r = P->rng;
    float k = perspective * n;
    float shift_x = rng_normal(r) * .05f * k, shift_y = rng_normal(r) * .06f * k,
          skew = rng_normal(r) * .08f * perspective;
    float stretch = rng_normal(r) * .12f * perspective, bend = rng_normal(r) * .08f * k;
    static float wx[SIDE_MAX], wy[SIDE_MAX];
    unsigned sd = P->noise;
    for (int y = 0; y < n; y++) {
        SIMD
        for (int x = 0; x < n; x++) {
            float u = (x + .5f) / n - .5f, v = (y + .5f) / n - .5f;
            wx[x] = x + shift_x + skew * v * n +
                    wobble * (gnoise(x / wavelength, y / wavelength, sd) +
                              .4f * gnoise(x / (wavelength * .35f), y / (wavelength * .35f), sd + 1));
            wy[x] = y + shift_y + skew * u * n * .6f + stretch * v * n + bend * (4 * u * u - .5f) +
                    wobble * (gnoise(x / wavelength, y / wavelength, sd + 2) +
                              .4f * gnoise(x / (wavelength * .35f), y / (wavelength * .35f), sd + 3));
        }
        for (int x = 0; x < n; x++) {
            int X = (int)clampf(wx[x] + .5f, 0, n - 1), Y = (int)clampf(wy[x] + .5f, 0, n - 1);
            P->spare[y * n + x] = P->label[Y * n + X];
        }
    }
    memcpy(P->label, P->spare, (size_t)n * n);
}

float small_share(const Painter *P) {
    static const int things[] = {K_SUN, K_BUILDING, K_PATH, K_BOAT, K_BRIDGE, K_SNOW, K_TREE, K_FLOWER, K_ROCK, K_ICE};
    int n = P->size, count[CLASSES] = {0};
    float share = 0;
    for (int i = 0; i < n * n; i++) {
        count[P->label[i] / 2]++;
    }
    for (int i = 0; i < (int)(sizeof things / sizeof *things); i++) {
        float f = count[things[i]] / (float)(n * n);
        share += f < .06f ? f : 0;
    }
    return share;
}
