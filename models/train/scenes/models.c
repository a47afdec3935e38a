// Buildings, boats, rocks and bridges: signed distances, traced once.
#include "things.h"

// Distance to the nearest surface, and what it is made of.
typedef struct {
    float d;
    int m;
} Hit;

static unsigned model_seed;

static Hit nearer(Hit a, Hit b) {
    return a.d < b.d ? a : b;
}

static float box(float x, float y, float z, float a, float b, float c) {
    float dx = fabsf(x) - a, dy = fabsf(y) - b, dz = fabsf(z) - c;
    float ox = maxf(dx, 0), oy = maxf(dy, 0), oz = maxf(dz, 0);
    return sqrtf(ox * ox + oy * oy + oz * oz) + minf(maxf(dx, maxf(dy, dz)), 0);
}

static float gable(float x, float y, float z, float a, float h,
                   float c) { // gable along z: half width a, height h, half length c
    float k = h / sqrtf(h * h + a * a), q = a / sqrtf(h * h + a * a);
    return maxf(maxf(fabsf(x) * k + (y - h) * q, -y), fabsf(z) - c);
}

static float cylinder(float x, float y, float z, float r, float h) {
    return maxf(sqrtf(x * x + z * z) - r, fabsf(y) - h);
}

static float cone(float x, float y, float z, float r, float h) {
    float q = sqrtf(x * x + z * z);
    float k = h / sqrtf(h * h + r * r), c = r / sqrtf(h * h + r * r);
    return maxf(q * k + (y - h) * c, -y);
}

static Hit house(float x, float y, float z, float a, float b, float c, float h) {
    Hit r = {box(x, y - b, z, a, b, c), M_WALL};
    Hit f = {gable(x, y - 2 * b, z, a * 1.15f, h, c * 1.08f), M_ROOF};
    return nearer(r, f);
}

static float vary(int i) {
    return hash01(i, 17, model_seed);
}

static Hit tower(float x, float y, float z, float r, float half, int pointed) {
    Hit d = {cylinder(x, y - half, z, r, half), M_STONE};
    if (pointed) {
        Hit roof = {cone(x, y - 2 * half, z, r * 1.28f, r * (1.8f + vary(8))), M_ROOF};
        return nearer(d, roof);
    }
    float top = maxf(cylinder(x, y - 2 * half, z, r * 1.15f, r * .3f), r * .8f - sqrtf(x * x + z * z));
    float teeth = (fabsf(sinf(atan2f(z, x) * 4)) - .6f) * r * .5f;
    Hit crown = {y > 2 * half ? maxf(top, teeth) : top, M_STONE};
    return nearer(d, crown);
}

static Hit castle(float x, float y, float z) {
    float long_ = .3f + .14f * vary(1), deep = .22f + .1f * vary(2), wall = .09f + .06f * vary(3);
    int pointed = vary(4) < .65f;
    Hit d = {box(x, y - wall, z, long_, wall, deep), M_STONE};
    float merlons =
        maxf(box(x, y - 2 * wall - .02f, z, long_, .022f, deep), (.5f - fabsf(sinf(x * 45 + z * 45))) * .02f);
    d.d = minf(d.d, merlons);
    for (int i = 0; i < 4; i++) {
        float X = (i & 1) ? long_ : -long_, Z = (i & 2) ? deep : -deep;
        d = nearer(d, tower(x - X, y, z - Z, .05f + .03f * vary(20 + i), wall * 1.3f + .07f * vary(10 + i), pointed));
    }
    float kx = (vary(5) - .5f) * .3f, kh = .18f + .09f * vary(6), kw = .1f + .05f * vary(7);
    Hit keep = {box(x - kx, y - kh, z + .02f, kw, kh, kw * .85f), M_STONE};
    d = nearer(d, keep);
    if (vary(9) < .6f) {
        Hit roof = {gable(z + .02f, y - 2 * kh, x - kx, kw * .95f, .13f, kw * 1.05f), M_ROOF};
        d = nearer(d, roof);
    }
    d = nearer(d, tower(x - kx + (vary(14) < .5f ? -1.5f : 1.5f) * kw, y, z, .055f + .03f * vary(15),
                        .27f + .1f * vary(16), pointed || vary(17) < .5f));
    Hit windows = {maxf(maxf(fabsf(fmodf(y, .14f) - .1f) - .022f, fabsf(fmodf(fabsf(x - kx), .1f) - .05f) - .012f),
                        box(x - kx, y - kh, z + .02f, kw + .005f, kh * .8f, kw * .85f + .005f)),
                   M_WINDOW};
    d = nearer(d, windows);
    Hit gate = {maxf(maxf(fabsf(x + .1f) - .05f, y - wall), fabsf(z) - deep - .006f), M_TRUNK};
    return nearer(d, gate);
}

// A bridge along x, about 3.4 long and 1 high.
static Hit bridge(float x, float y, float z, int wooden) {
    float deck = .66f + .14f * (1 - x * x / 3.f);
    if (wooden) {
        Hit d = {maxf(fabsf(y - deck) - .05f, maxf(fabsf(z) - .2f, fabsf(x) - 1.75f)), M_TRUNK};
        float step = fabsf(fmodf(fabsf(x) + .275f, .55f) - .275f);
        Hit posts = {maxf(maxf(step - .035f, fabsf(fabsf(z) - .17f) - .035f), maxf(y - deck - .22f, fabsf(x) - 1.7f)),
                     M_TRUNK};
        Hit rail = {maxf(fabsf(y - deck - .2f) - .025f, maxf(fabsf(fabsf(z) - .17f) - .02f, fabsf(x) - 1.75f)),
                    M_TRUNK};
        return nearer(d, nearer(posts, rail));
    }
    float spans = vary(30) < .4f ? 1 : vary(30) < .7f ? 2 : 3, period = 3.1f / spans;
    float u = spans == 2 ? fabsf(x) - period * .5f
                         : x - period * clampf(roundf(x / period), -(spans - 1) / 2, (spans - 1) / 2);
    float half = period * .4f, rise = minf(half, .52f);
    float arch = (sqrtf(u * u * (rise * rise) / (half * half) + y * y) - rise) * .7f;
    float body = maxf(y - deck - .1f, maxf(fabsf(z) - .22f, fabsf(x) - 1.75f));
    Hit d = {maxf(body, -arch), M_STONE};
    return d;
}

static Hit dwelling(float x, float y, float z, int long_) {
    float a = (long_ ? .26f : .2f) * (.8f + .4f * vary(1)), b = (long_ ? .12f : .17f) * (.85f + .35f * vary(2));
    float c = (long_ ? .36f : .26f) * (.8f + .35f * vary(3)), tall = (long_ ? .22f : .26f) * (.7f + .6f * vary(4));
    Hit d = house(x, y, z, a, b, c, tall);
    if (vary(5) > .5f) { // a wing
        d = nearer(d, house(z + c * .3f, y, x - a, a * .7f, b * .8f, a * .9f, tall * .7f));
    }
    Hit chimney = {box(x + a * .4f, y - (2 * b + .2f), z - .1f, .03f, .13f, .03f), M_STONE};
    float up = fabsf(y - b * 1.1f) - .05f;
    Hit side = {maxf(maxf(up, fabsf(fabsf(z) - c * .5f) - .05f), fabsf(x) - a - .006f), M_WINDOW};
    Hit front = {maxf(maxf(up, fabsf(fabsf(x) - a * .45f) - .04f), fabsf(z) - c - .006f), M_WINDOW};
    return nearer(nearer(d, chimney), nearer(side, front));
}

static Hit church(float x, float y, float z) {
    Hit d = house(x, y, z + .05f, .15f, .14f, .3f, .2f);
    float out = maxf(fabsf(x), fabsf(z - .3f));
    Hit steeple = {box(x, y - .3f, z - .3f, .085f, .3f, .085f), M_WALL};
    Hit spire = {maxf((out - (.1f * (1 - (y - .6f) / .36f))) * .9f, -(y - .6f)), M_ROOF};
    Hit window = {maxf(maxf(fabsf(y - .5f) - .05f, minf(fabsf(x), fabsf(z - .3f)) - .03f), out - .09f), M_WINDOW};
    return nearer(nearer(d, steeple), nearer(spire, window));
}

static Hit lighthouse(float x, float y, float z) {
    float r = mix(.11f, .07f, saturate(y / .75f));
    Hit d = {cylinder(x, y - .38f, z, r, .38f) * .95f, fmodf(y, .3f) < .15f ? M_WALL : M_ROOF};
    Hit gallery = {cylinder(x, y - .77f, z, .1f, .015f), M_STONE},
        lamp = {cylinder(x, y - .83f, z, .05f, .06f), M_WINDOW};
    Hit cap = {cone(x, y - .88f, z, .075f, .09f), M_ROOF};
    d = nearer(nearer(d, gallery), nearer(lamp, cap));
    return nearer(d, house(x - .26f, y, z, .12f, .07f, .13f, .1f));
}

static Hit sailboat(float x, float y, float z) {
    float t = saturate((x + .4f) / .8f), wide = .1f * sinf(3.1f * minf(1, t * .75f + .12f)), belly = .03f * sinf(x * 8);
    Hit hull = {maxf(maxf(fabsf(z) - wide * saturate(.4f + y * 6), fabsf(x) - .36f - .3f * y), fabsf(y - .06f) - .06f) *
                    .7f,
                M_TRUNK};
    Hit mast = {cylinder(x, y - .52f, z, .008f, .46f), M_TRUNK};
    float main_ = maxf(maxf(.17f - y, .02f - x), (x - .02f) * .86f + (y - .96f) * .36f);
    float jib = maxf(maxf(.17f - y, x + .02f), -x * .8f + (y - .85f) * .4f);
    Hit main_sail = {maxf(main_, fabsf(z - belly) - .006f) * .6f, M_SAIL};
    Hit jib_sail = {maxf(jib, fabsf(z + belly) - .006f) * .6f, M_SAIL};
    return nearer(nearer(hull, mast), nearer(main_sail, jib_sail));
}

static Hit windmill(float x, float y, float z) {
    float r = mix(.16f, .1f, saturate(y / .55f));
    Hit d = {cylinder(x, y - .28f, z, r, .28f) * .9f, M_WALL}, cap = {cone(x, y - .56f, z, .13f, .14f), M_ROOF};
    d = nearer(d, cap);
    for (int i = 0; i < 4; i++) {
        float a = .5f + i * 1.5708f, X = x * cosf(a) + (y - .6f) * sinf(a), Y = -x * sinf(a) + (y - .6f) * cosf(a);
        Hit sail = {box(X - .21f, Y - .02f, z - .17f, .19f, .035f, .006f), M_SAIL};
        d = nearer(d, sail);
    }
    Hit window = {maxf(maxf(fabsf(fabsf(y - .3f) - .1f) - .03f, fabsf(x) - .025f), fabsf(z) - .16f), M_WINDOW};
    return nearer(d, window);
}

// A lump of noise with two flat cuts.
static Hit rock(float x, float y, float z, int tall) {
    unsigned sd = model_seed;
    float s = sd;
    float lumps = .5f * vnoise3(x * 3 + s, y * 3, z * 3, sd) + .3f * vnoise3(x * 7 + s, y * 5, z * 7, sd + 1) +
                  .13f * vnoise3(x * 16, y * 12 + s, z * 16, sd + 2) + .06f * vnoise3(x * 34, y * 30, z * 34, sd + 3);
    float X = x / .5f, Y = y / (tall ? .8f : .42f), Z = z / .45f;
    float d = (sqrtf(X * X + Y * Y + Z * Z) - 1 + lumps * .5f) * .25f;
    d = maxf(d, (fabsf(x * .8f + y * .3f + z * .5f) - .36f) * .6f);
    d = maxf(d, (x * -.4f + y * .9f + z * .2f - (tall ? .6f : .3f)) * .6f);
    return (Hit){d, M_ROCK};
}

static Hit model_distance(int model, float x, float y, float z) {
    switch (model) {
    case MODEL_LONG_HOUSE:
    case MODEL_HOUSE:
        return dwelling(x, y, z, model == MODEL_LONG_HOUSE);
    case MODEL_CHURCH:
        return church(x, y, z);
    case MODEL_CASTLE:
        return castle(x, y, z);
    case MODEL_LIGHTHOUSE:
        return lighthouse(x, y, z);
    case MODEL_BOAT:
        return sailboat(x, y, z);
    case MODEL_WINDMILL:
        return windmill(x, y, z);
    case MODEL_STONE_BRIDGE:
    case MODEL_WOODEN_BRIDGE:
        return bridge(x, y, z, model == MODEL_WOODEN_BRIDGE);
    default:
        return rock(x, y, z, model == MODEL_STACK);
    }
}

// Walks from the front along the view ray; 1 and the place in the model's own space if it hits.
static int trace(int model, float right, float up, float c, float q, float *at, Hit *hit) {
    for (float t = -1.5f, steps = 0; t <= 1.6f && steps < 90; steps++) {
        at[0] = right * c - t * q;
        at[1] = up - .12f * t;
        at[2] = -right * q - t * c;
        *hit = model_distance(model, at[0], at[1], at[2]);
        if (hit->d < .002f) {
            return at[1] >= -.03f;
        }
        t += maxf(.002f, hit->d * .85f);
    }
    return 0;
}

static void shade_hit(int model, const float *at, Hit hit, float c, float q, float *pixel) {
    float x = at[0], y = at[1], z = at[2], e = .004f, closed = 0;
    float gx = model_distance(model, x + e, y, z).d - hit.d, gy = model_distance(model, x, y + e, z).d - hit.d,
          gz = model_distance(model, x, y, z + e).d - hit.d;
    float nx = gx * c - gz * q, nz = gx * q + gz * c, k = 1 / sqrtf(nx * nx + gy * gy + nz * nz + 1e-9f);
    for (int i = 1; i < 4; i++) {
        float far = i * .05f, step = far / e;
        closed += maxf(0, far - model_distance(model, x + gx * step, y + gy * step, z + gz * step).d) / far;
    }
    pixel[C_ALPHA] = 1;
    pixel[C_NX] = nx * k;
    pixel[C_NY] = gy * k;
    pixel[C_NZ] = nz * k;
    pixel[C_OPEN] = clampf(1 - closed * .22f, .25f, 1) * mix(.7f, 1, saturate(y * 6));
    pixel[C_TINT] = gnoise(x * 20 + z * 7, y * 24, 5) * .6f + gnoise(x * 60, y * 60 + z * 50, 6) * .4f;
    pixel[C_MATERIAL] = hit.m;
}

// A model turned by yaw, seen from slightly above. Other seeds give other proportions.
void make_model(Impostor *m, int model, float yaw, int w, int h, unsigned seed) {
    float c = cosf(yaw), q = sinf(yaw);
    impostor_new(m, w, h);
    model_seed = seed;
    for (int Y = 0; Y < h; Y++) {
        for (int X = 0; X < w; X++) {
            float right = ((X + .5f) / w - .5f) * m->aspect * 1.05f, up = (1 - (Y + .5f) / h) * 1.05f - .04f, at[3];
            // rocks sink into an uneven ground
            int buried =
                (model == MODEL_ROCK || model == MODEL_STACK) && up < .16f * right * right + .012f * sinf(right * 40);
            Hit hit;
            if (trace(model, right, up, c, q, at, &hit) && !buried) {
                shade_hit(model, at, hit, c, q, m->level[0].p + (Y * w + X) * CHANNELS);
            }
        }
    }
    impostor_finish(m);
}
