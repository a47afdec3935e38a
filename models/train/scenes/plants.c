// Plants as thousands of small splats: needles, leaves, blades.
#include "things.h"

void make_pine(Impostor *m, Rng *r, int detail) {
    impostor_new(m, 96 * detail, 192 * detail);
    float wd = rng_range(r, .17f, .26f);
    float lean = rng_range(r, -.02f, .02f);
    float bot = rng_range(r, .06f, .2f);
    float pw = rng_range(r, .95f, 1.3f);
    for (int i = 0; i < 60; i++) {
        float y = i / 60.f;
        splat(m, lean * y, y * .9f, 0, .012f * (1 - y) + .003f, 0.2f, .1f, 1, .6f, 0, M_TRUNK);
    }
    int L = 34;
    for (int j = 0; j < L; j++) {
        float t = (j + rng_unit(r) * .6f) / L;
        float y = mix(bot, .99f, powf(t, .9f));
        float R = wd * powf(1 - (y - bot) / (1.001f - bot), pw) * rng_range(r, .75f, 1.1f);
        int nb = 9 + (int)(R * 30);
        for (int b = 0; b < nb; b++) {
            float a = 6.283f * (b + rng_unit(r)) / nb;
            float len = R * rng_range(r, .65f, 1.08f);
            int np = (4 + (int)(len * 70)) * detail;
            for (int p = 0; p < np; p++) {
                float s = (p + .5f) / np;
                float X = cosf(a) * len * s, Z = sinf(a) * len * s;
                float Y = y - .32f * len * s * s - .1f * len * s + rng_range(r, -.006f, .006f);
                splat(m, lean * y + X + rng_range(r, -.006f, .006f), Y, Z,
                      rng_range(r, .004f, .009f) / (detail > 1 ? 1.5f : 1), cosf(a) * .8f + rng_normal(r) * .25f,
                      .75f + rng_normal(r) * .2f, sinf(a) * .8f + rng_normal(r) * .25f,
                      mix(.3f, 1.f, s * s) * mix(.72f, 1.f, y), rng_range(r, -1, 1) * .5f + s * .5f, M_LEAF);
            }
        }
    }
    impostor_finish(m);
}

enum { MAX_CROWNS = 24 };

// Shapes of broadleaved trees: size of the picture, how many round crowns, where they are, how thick they are.
typedef struct {
    int w, h, crowns;
    float base, middle, width, height, thick; // foot of the branches; of the crown, in units of height
    int leaves;
    float trunk;
} Habit;

static Habit tree_habit(int kind, int tall) {
    if (tall) {
        return (Habit){112, 176, 16, .2f, .58f, .44f, .38f, 1.5f, 4200, 1};
    }
    switch (kind) {
    case P_BIRCH:
        return (Habit){144, 160, 13, .3f, .58f, .352f, .38f, 1.1f, 3000, .6f};
    case P_POPLAR:
        return (Habit){64, 192, 12, .1f, .53f, .4f, .46f, 1.45f, 4200, 1};
    case P_BUSH:
        return (Habit){160, 96, 11, 0, .42f, .42f, .5f, 1.1f, 2600, 0};
    case P_DEAD:
        return (Habit){144, 160, 11, .3f, .62f, .44f, .36f, 1.1f, 0, 1};
    default:
        return (Habit){144, 160, 11, .3f, .62f, .44f, .36f, 1.22f, 4200, 1};
    }
}

static void bare_twigs(Impostor *m, Rng *r) {
    for (int b = 0; b < 60; b++) {
        float x = rng_range(r, -.02f, .02f), y = rng_range(r, .25f, .6f), a = rng_range(r, .2f, 2.94f);
        float dx = cosf(a), dy = sinf(a);
        for (int i = 0; i < 60; i++) {
            splat(m, x, y, 0, .006f * (1 - i / 60.f), .3f, .2f, 1, .7f, 0, M_TRUNK);
            dx += rng_normal(r) * .12f;
            dy += rng_normal(r) * .12f + .02f;
            x += dx * .006f;
            y += dy * .006f;
        }
    }
}

// kind: P_BROADLEAF, P_BIRCH, P_POPLAR, P_BUSH, P_DEAD or P_TALL.
void make_broadleaf(Impostor *m, Rng *r, int kind, int detail) {
    Habit t = tree_habit(kind, kind == P_TALL);
    float cx[MAX_CROWNS], cy[MAX_CROWNS], cz[MAX_CROWNS], radius[MAX_CROWNS];
    impostor_new(m, t.w * detail, t.h * detail);
    float rx = m->aspect * t.width, ry = t.height, middle = t.middle;
    int round_ = kind == P_BROADLEAF || kind == P_BUSH;
    for (int b = 0; b < t.crowns; b++) {
        float a = rng_range(r, 0, 6.283f), q = sqrtf(rng_unit(r));
        float layer = clampf(-1 + 2 * (b + .5f) / t.crowns + rng_range(r, -.15f, .15f), -1, 1);
        float up = round_ ? rng_range(r, -1, 1) : layer, spread = sqrtf(maxf(0, 1 - up * up * .85f));
        cx[b] = cosf(a) * q * rx * .7f * spread;
        cz[b] = sinf(a) * q * rx * .7f * spread;
        cy[b] = middle + up * ry * .68f;
        radius[b] = rng_range(r, .3f, .48f) * minf(rx, ry) * t.thick;
    }
    for (int i = 0; i < 80 && t.trunk > 0; i++) {
        float y = i / 80.f * .6f, stripe = kind == P_BIRCH && rng_unit(r) < .2f ? -1 : 0;
        splat(m, 0.012f * sinf(y * 9), y, 0, .022f * (1.25f - y) * t.trunk, .3f, 0, 1, .7f, stripe, M_TRUNK);
    }
    for (int b = 0; b < t.crowns && t.trunk > 0; b++) {
        for (int i = 0; i < 40; i++) {
            float k = i / 40.f, y = mix(t.base + .05f, cy[b], k);
            splat(m, cx[b] * k, y, cz[b] * k, .011f * (1.1f - k), .3f, .2f, 1, .6f, 0, M_TRUNK);
        }
    }
    if (kind == P_DEAD) {
        bare_twigs(m, r);
    }
    float leaf = (kind == P_BUSH ? 1.2f : 1) / (detail > 1 ? 1.6f : 1);
    for (int i = 0; i < t.leaves * detail * detail; i++) {
        int b = rng_below(r, t.crowns);
        float ny = rng_range(r, -1, 1), a = rng_range(r, 0, 6.283f), q = sqrtf(1 - ny * ny);
        float nx = cosf(a) * q, nz = sinf(a) * q, k = radius[b] * rng_range(r, .72f, 1.1f);
        float x = cx[b] + nx * k, y = cy[b] + ny * k * .85f, z = cz[b] + nz * k;
        float gx = x / rx, gy = (y - middle) / ry, gz = z / rx; // from the whole crown's middle
        float out = minf(1.2f, sqrtf(gx * gx + gy * gy + gz * gz));
        float open = clampf(.36f + .52f * out * out, .25f, 1) * mix(.72f, 1.f, saturate(.5f + .6f * ny)) *
                     mix(.68f, 1.08f, saturate((y - middle + ry) / (2 * ry)));
        splat(m, x, y, z, rng_range(r, .007f, .014f) * leaf, nx * .7f + gx * .5f + rng_normal(r) * .2f,
              ny * .7f + gy * .5f + .2f + rng_normal(r) * .2f, nz * .7f + gz * .5f + rng_normal(r) * .2f, open,
              rng_range(r, -1, 1), M_LEAF);
    }
    impostor_finish(m);
}

void make_palm(Impostor *m, Rng *r) {
    impostor_new(m, 176, 192);
    float lean = rng_range(r, -.28f, .28f);
    float tx = 0, ty = 0;
    for (int i = 0; i < 140; i++) {
        float t = i / 140.f;
        float x = lean * t * t - lean * .5f, y = t * .66f;
        splat(m, x, y, 0, mix(.022f, .012f, t), .5f, .1f, .8f, (i % 7 < 2) ? .6f : .9f, 0, M_TRUNK);
        tx = x;
        ty = y;
    }
    int nf = 17;
    for (int f = 0; f < nf; f++) {
        float a = 6.283f * (f + rng_unit(r) * .6f) / nf;
        float up = rng_range(r, .15f, .95f);
        float L = rng_range(r, .3f, .4f);
        float cx = cosf(a), cz = sinf(a);
        for (int i = 0; i < 70; i++) {
            float t = i / 70.f;
            float X = tx + cx * L * t * (1 - .15f * t), Z = cz * L * t,
                  Y = ty + L * (up * t - (.55f + up * .6f) * t * t);
            float ll = .085f * sinf(3.1f * minf(1, t * .9f + .12f)) + .01f;
            for (int sd = -1; sd <= 1; sd += 2) {
                float lx = -cz * sd * .55f + cx * .35f, lz = cx * sd * .55f + cz * .35f;
                for (int q = 0; q < 7; q++) {
                    float s = q / 6.f * ll;
                    splat(m, X + lx * s, Y - s * (.55f + .35f * rng_unit(r)), Z + lz * s, .0045f,
                          cx * .4f + rng_normal(r) * .15f, .8f, cz * .5f + .2f, mix(.55f, 1, t),
                          rng_range(r, -.6f, .6f) + .3f * (1 - q / 6.f), M_LEAF);
                }
            }
            splat(m, X, Y, Z + .01f, .005f, 0, .9f, .4f, .9f, .8f, M_LEAF);
        }
    }
    for (int i = 0; i < 5; i++) {
        splat(m, tx + rng_range(r, -.025f, .025f), ty - .015f, .02f, .014f, .3f, .5f, .8f, .6f, 0, M_TRUNK);
    }
    impostor_finish(m);
}

void make_grass(Impostor *m, Rng *r, int flowers) {
    impostor_new(m, 128, 64);
    for (int b = 0; b < 110; b++) {
        float x = rng_normal(r) * .5f;
        float L = rng_range(r, .35f, .98f) * (1 - .22f * fabsf(x));
        float bend = rng_normal(r) * .3f;
        float z = rng_range(r, -1, 1);
        int n = 46;
        float X = x, Y = 0;
        for (int i = 0; i < n; i++) {
            float t = i / (float)n;
            X = x + bend * t * t * .9f;
            Y = L * t * (1 - .2f * t * fabsf(bend));
            splat(m, X, Y, z, .009f * (1 - t) + .003f, bend, .8f, .5f, mix(.35f, 1, t),
                  rng_range(r, -.15f, .15f) + z * .5f + t * .3f, M_LEAF);
        }
        if (flowers && rng_unit(r) < .4f) {
            for (int k = 0; k < 6; k++) {
                splat(m, X + rng_normal(r) * .02f, Y + rng_normal(r) * .03f, z + .1f, .02f, 0, .8f, .6f, 1,
                      rng_range(r, -1, 1), M_FLOWER);
            }
        }
    }
    impostor_finish(m);
}
