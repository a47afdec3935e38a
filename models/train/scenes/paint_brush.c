// Shapes, lines and strokes to pixels.
#include "paint.h"

static void put(uint8_t *p, const float *c, float alpha) {
    for (int i = 0; i < 3; i++) {
        p[i] = (uint8_t)clampf(mix(p[i], c[i], alpha) + .5f, 0, 255);
    }
}

// A line of a hard round brush from (x0,y0) to (x1,y1).
static void brush(Painter *P, float x0, float y0, float x1, float y1, float radius, const float *c) {
    int n = P->size;
    float dx = x1 - x0, dy = y1 - y0, len2 = dx * dx + dy * dy + 1e-6f;
    int left = maxf(0, floorf(minf(x0, x1) - radius - 1)), right = minf(n - 1, ceilf(maxf(x0, x1) + radius + 1));
    int top = maxf(0, floorf(minf(y0, y1) - radius - 1)), bottom = minf(n - 1, ceilf(maxf(y0, y1) + radius + 1));
    for (int y = top; y <= bottom; y++) {
        for (int x = left; x <= right; x++) {
            float px = x + .5f - x0, py = y + .5f - y0, t = saturate((px * dx + py * dy) / len2);
            float ex = px - t * dx, ey = py - t * dy, a = saturate(radius + .5f - sqrtf(ex * ex + ey * ey));
            if (a > 0) {
                put(P->out + (y * n + x) * 3, c, a);
            }
        }
    }
}

void fill_flat(Painter *P) {
    int n = P->size;
    for (int i = 0; i < n * n; i++) {
        for (int c = 0; c < 3; c++) {
            P->out[i * 3 + c] = (uint8_t)(P->colour[P->label[i]][c] + .5f);
        }
    }
}

void draw_outlines(Painter *P) {
    int n = P->size;
    Rng *r = P->rng;
    static const unsigned inks[] = {0x1a1a1a, 0x2a2018, 0x1c2440, 0x3a2a20, 0x404040};
    float ink[3], width = rng_range(r, .5f, 1.5f) * n / 256,
                  wander = rng_unit(r) < .5f ? 0 : rng_range(r, .5f, 2.5f) * n / 256;
    set_rgb(ink, inks[rng_below(r, 5)]);
    unsigned sd = P->noise + 40;
    for (int y = 1; y < n - 1; y++) {
        for (int x = 1; x < n - 1; x++) {
            const uint8_t *l = P->label + y * n + x;
            int k = *l / 2;
            if (k == l[1] / 2 && k == l[n] / 2) {
                continue;
            }
            float ox = wander * gnoise(x / 21.f, y / 21.f, sd), oy = wander * gnoise(x / 21.f, y / 21.f, sd + 1);
            brush(P, x + 1 + ox, y + 1 + oy, x + 1 + ox, y + 1 + oy, width, ink);
        }
    }
    P->flags |= F_OUTLINE;
}

void bare_paper(Painter *P) {
    int n = P->size;
    Rng *r = P->rng;
    float angle = rng_range(r, 0, 6.283f), cx = cosf(angle), sy = sinf(angle), edge = rng_range(r, -.15f, .3f),
          ragged = rng_range(r, .05f, .25f);
    int whole_classes = rng_unit(r) < .4f, patches = rng_unit(r) < .4f;
    uint8_t bare[CLASSES] = {0};
    for (int k = 0; k < CLASSES; k++) {
        bare[k] = !painted_thing(k) && rng_unit(r) < .35f;
    }
    unsigned sd = P->noise + 60;
    for (int y = 0; y < n; y++) {
        for (int x = 0; x < n; x++) {
            float u = (x + .5f) / n - .5f, v = (y + .5f) / n - .5f;
            float strokes = ragged * (gnoise(u * 3, v * 14, sd) + .6f * gnoise(u * 9, v * 40, sd + 1));
            float d = patches ? gnoise(u * 3, v * 3, sd + 2) * .5f - edge + strokes : u * cx + v * sy - edge + strokes;
            int thing = painted_thing(P->label[y * n + x] / 2);
            if (whole_classes ? bare[P->label[y * n + x] / 2] : d > 0 && !thing) {
                put(P->out + (y * n + x) * 3, P->paper, 1);
            }
        }
    }
    P->flags |= F_PAPER;
}

// The direction of a stroke: along the horizon for flat things, up for trees, down the slope for rock.
static float stroke_angle(Rng *r, int cls) {
    switch (cls) {
    case K_SKY:
    case K_CLOUD:
    case K_WATER:
    case K_FOAM:
    case K_SAND:
    case K_GRASS:
        return rng_normal(r) * .2f;
    case K_TREE:
        return 1.57f + rng_normal(r) * .4f;
    default:
        return rng_normal(r) * .9f + .6f;
    }
}

// A stroke that ends where another shape begins.
static void paint_stroke(Painter *P, float radius, float step) {
    int n = P->size;
    Rng *r = P->rng;
    float x = rng_unit(r) * n, y = rng_unit(r) * n, c[3];
    int label = P->label[(int)y * n + (int)x], cls = label / 2;
    float a = stroke_angle(r, cls);
    for (int i = 0; i < 3; i++) {
        c[i] = clampf(P->colour[label][i] + rng_normal(r) * 5, 0, 255);
    }
    for (int i = 0; i < (cls == K_TREE ? 3 : 8); i++) {
        float X = x + cosf(a) * step, Y = y + sinf(a) * step;
        if (X < 0 || Y < 0 || X >= n || Y >= n || P->label[(int)Y * n + (int)X] != label) {
            break;
        }
        brush(P, x, y, X, Y, radius, c);
        x = X;
        y = Y;
        a += rng_normal(r) * .15f;
    }
}

// Paints the shapes by strokes: big ones first, then smaller ones; things come last and keep their shape.
void paint_strokes(Painter *P) {
    static const float passes[][3] = {{7, 12, 420}, {4, 6, 700}, {2, 3, 700}}; // radius from, to; strokes
    int n = P->size;
    Rng *r = P->rng;
    float loose = rng_range(r, .6f, 1.5f);
    for (int i = 0; i < n * n; i++) {
        put(P->out + i * 3, P->paper, 1);
    }
    for (int pass = 0; pass < 3; pass++) {
        float radius = rng_range(r, passes[pass][0], passes[pass][1]) * n / 256.f;
        for (int k = 0; k < (int)passes[pass][2]; k++) {
            paint_stroke(P, radius, radius * .9f * loose);
        }
    }
    for (int i = 0; i < n * n; i++) {
        if (painted_thing(P->label[i] / 2)) {
            put(P->out + i * 3, P->colour[P->label[i]], 1);
        }
    }
    P->flags |= F_STROKED | F_PAPER;
}

void streaks(Painter *P, float strength) {
    int n = P->size;
    unsigned sd = P->noise + 80;
    static float s[SIDE_MAX];
    for (int y = 0; y < n; y++) {
        SIMD
        for (int x = 0; x < n; x++) {
            s[x] = strength * (gnoise(x / 38.f, y / 2.6f + x * .015f, sd) + .6f * gnoise(x / 9.f, y / 1.7f, sd + 1));
        }
        for (int i = 0; i < n * 3; i++) {
            uint8_t *p = P->out + y * n * 3 + i;
            *p = (uint8_t)clampf(*p + s[i / 3] + .5f, 0, 255);
        }
    }
}

void soften(Painter *P) {
    int n = P->size, stride = n * 3;
    static uint8_t copy[SIDE_MAX * SIDE_MAX * 3];
    memcpy(copy, P->out, (size_t)n * stride);
    for (int y = 1; y < n - 1; y++) {
        for (int i = 3; i < stride - 3; i++) {
            const uint8_t *p = copy + y * stride + i;
            P->out[y * stride + i] = (4 * p[0] + 2 * (p[3] + p[-3] + p[stride] + p[-stride]) + p[stride + 3] +
                                      p[stride - 3] + p[3 - stride] + p[-stride - 3] + 8) >>
                                     4;
        }
    }
}

// Something that is not in the picture, in the colours of what is painted: another bush, a cloud, a stone.
void add_thing(Painter *P) {
    int n = P->size;
    Rng *r = P->rng;
    static const int kinds[] = {K_TREE, K_CLOUD, K_ROCK, K_GRASS};
    int k = kinds[rng_below(r, 4)];
    float x = rng_range(r, .1f, .9f) * n, y = (k == K_CLOUD ? rng_range(r, .05f, .3f) : rng_range(r, .5f, .9f)) * n;
    for (int i = 0; i < 5; i++) {
        float X = x + rng_normal(r) * .03f * n, Y = y + rng_normal(r) * .012f * n;
        brush(P, X, Y, X + rng_normal(r) * .03f * n, Y, rng_range(r, .012f, .03f) * n, P->colour[k * 2]);
    }
    P->flags |= F_ADDED;
}

// A dot or stroke of a strong colour that means nothing in the scene.
void add_free_stroke(Painter *P) {
    int n = P->size;
    Rng *r = P->rng;
    static const unsigned inks[] = {0xe02020, 0x2040e0, 0x20b040, 0xf0e020, 0xe020c0,
                                    0x101010, 0xffffff, 0xf08010, 0x20d0e0};
    float c[3], x = rng_range(r, .1f, .9f) * n, y = rng_range(r, .1f, .9f) * n, a = rng_range(r, 0, 6.283f),
                radius = rng_range(r, 2.5f, 9) * n / 256;
    int steps = rng_unit(r) < .5f ? 1 : 3 + rng_below(r, 10);
    set_rgb(c, inks[rng_below(r, 9)]);
    for (int i = 0; i < steps; i++) {
        float X = x + (steps > 1 ? cosf(a) * radius : 0), Y = y + (steps > 1 ? sinf(a) * radius : 0);
        brush(P, x, y, X, Y, radius, c);
        x = X;
        y = Y;
        a += rng_normal(r) * .3f;
    }
    P->flags |= F_FREE;
}
