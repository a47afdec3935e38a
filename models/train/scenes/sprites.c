// Things are drawn from far to near, lit by the scene's sun and sky, behind the air that lies before them.
#include "render.h"
#include "things.h"

void add_sprite(Scene *s, Sprite sprite) {
    if (s->sprites >= s->sprite_room) {
        s->sprite_room = s->sprite_room * 2 + 1024;
        s->sprite = must_grow(s->sprite, s->sprite_room * sizeof *s->sprite);
    }
    s->sprite[s->sprites++] = sprite;
}

static int far_first(const void *a, const void *b) {
    float x = ((const Sprite *)a)->z, y = ((const Sprite *)b)->z;
    return x < y ? 1 : x > y ? -1 : 0;
}

void sort_sprites(Scene *s) {
    if (s->sprites > 1) {
        qsort(s->sprite, s->sprites, sizeof *s->sprite, far_first);
    }
}

static int sprite_class(const Scene *s, int kind) {
    switch (kind) {
    case P_BOAT:
        return K_BOAT;
    case P_BRIDGE:
        return K_BRIDGE;
    case P_HOUSE:
    case P_CHURCH:
    case P_CASTLE:
    case P_LIGHTHOUSE:
    case P_WINDMILL:
        return K_BUILDING;
    case P_ROCK:
    case P_STACK:
        return s->ice ? K_ICE : K_ROCK;
    case P_GRASS:
        return K_GRASS;
    case P_FLOWER:
        return K_FLOWER;
    default:
        return K_TREE;
    }
}

static Colour bark(int kind, float tint) {
    if (tint < -.5f) {
        return rgb(.06f, .05f, .04f);
    }
    switch (kind) {
    case P_BIRCH:
        return rgb(.55f, .52f, .46f);
    case P_PALM:
        return rgb(.26f, .19f, .12f);
    case P_BOAT:
        return rgb(.2f, .09f, .05f);
    default:
        return rgb(.10f, .07f, .045f);
    }
}

// Colour of a material without light; *glows: a lit window.
static Colour material_colour(const Scene *s, const Sprite *q, int material, float tint, float ny, int *glows) {
    Colour snow = rgb(.85f, .88f, .93f), c;
    *glows = 0;
    switch (material) {
    case M_LEAF:
        c = colour_mix(q->c1, q->c2, saturate(.5f + tint * .5f));
        if (s->winter && (q->kind == P_PINE || q->kind == P_NEARPINE)) {
            c = colour_mix(c, snow, smoothstep(.35f, .75f, ny + tint * .25f - .1f) * .9f);
        }
        return c;
    case M_TRUNK:
        return bark(q->kind, tint);
    case M_WALL:
        return colour_scale(q->c1, 1 + .15f * tint);
    case M_ROOF:
        return s->winter && ny > .3f ? snow : colour_scale(q->c2, 1 + .35f * tint);
    case M_WINDOW:
        *glows = s->light == DUSK || s->light == NIGHT || s->light == SUNSET || s->light == STORM;
        return rgb(.03f, .035f, .05f);
    case M_STONE:
        return colour_scale(rgb(.36f, .33f, .29f), 1 + .35f * tint);
    case M_SAIL:
        return rgb(.85f, .82f, .74f);
    case M_ROCK:
        c = colour_mix(q->c1, q->c2, saturate(.5f + tint * .8f));
        return s->winter ? colour_mix(c, snow, smoothstep(.45f, .75f, ny)) : c;
    default:
        return colour_mix(s->flower1, s->flower2, saturate(.5f + tint));
    }
}

// Bilinear sample, weighted by coverage; 0 if nothing is there.
static int sample(const Level *l, float x, float y, float *out) {
    int ix = (int)floorf(x), iy = (int)floorf(y);
    float u = x - ix, v = y - iy, best = -1;
    memset(out, 0, CHANNELS * sizeof *out);
    for (int t = 0; t < 4; t++) {
        int X = ix + (t & 1), Y = iy + (t >> 1);
        if (X < 0 || Y < 0 || X >= l->w || Y >= l->h) {
            continue;
        }
        const float *p = l->p + (Y * l->w + X) * CHANNELS;
        float w = ((t & 1) ? u : 1 - u) * ((t >> 1) ? v : 1 - v) * p[C_ALPHA];
        out[C_ALPHA] += w;
        for (int c = C_NX; c < C_MATERIAL; c++) {
            out[c] += w * p[c];
        }
        if (w > best) {
            best = w;
            out[C_MATERIAL] = p[C_MATERIAL];
        }
    }
    if (out[C_ALPHA] < .03f) {
        return 0;
    }
    for (int c = C_NX; c < C_MATERIAL; c++) {
        out[c] /= out[C_ALPHA];
    }
    return 1;
}

static Colour light_sprite(const Scene *s, const Sprite *q, const float *p) {
    int material = (int)p[C_MATERIAL], leaf = material == M_LEAF, glows;
    float ny = p[C_NY], open = p[C_OPEN];
    Colour c = material_colour(s, q, material, p[C_TINT], ny, &glows);
    if (glows) {
        return rgb(1.5f, .85f, .28f);
    }
    float facing = p[C_NX] * s->sun_dir[0] + ny * s->sun_dir[1] - p[C_NZ] * s->sun_dir[2], wrap = leaf ? .35f : .05f;
    float through = leaf ? .22f * saturate(.4f - facing * .4f) * saturate(s->sun_dir[2]) : 0; // sun behind leaves
    float sun = saturate((facing + wrap) / (1 + wrap)) * mix(.35f, 1, open) + through;
    sun *= q->lit * s->sun_strength;
    float sky = open * (.6f + .4f * ny);
    return rgb(c.r * (s->sunlight.r * sun + s->ambient.r * sky), c.g * (s->sunlight.g * sun + s->ambient.g * sky),
               c.b * (s->sunlight.b * sun + s->ambient.b * sky));
}

// The air before a sprite: what of its light comes through, and what is added.
static void sprite_air(const Scene *s, const Sprite *q, Colour *through, Colour *added) {
    float u = q->x / q->z, y = q->y + q->h * .4f;
    *added = rgb(0, 0, 0);
    *through = rgb(1, 1, 1);
    apply_air(s, 1, &u, &q->x, &y, &q->z, &added->r, &added->g, &added->b);
    apply_air(s, 1, &u, &q->x, &y, &q->z, &through->r, &through->g, &through->b);
    *through = rgb(through->r - added->r, through->g - added->g, through->b - added->b);
}

static void draw_sprite(const Scene *s, View *v, const Sprite *q) {
    const Impostor *m = &things[q->kind][q->var];
    float tall = v->focal * q->h / q->z, wide = tall * m->aspect, pixel[CHANNELS];
    float foot_x = v->W * .5f + v->focal * q->x / q->z, foot_y = v->horizon - v->focal * (q->y - v->eye) / q->z;
    if (tall < 1.2f || foot_x + wide < 0 || foot_x - wide > v->W || foot_y < 0 || foot_y - tall > v->H) {
        return;
    }
    int level = 0, cls = sprite_class(s, q->kind);
    while (level + 1 < m->levels && m->level[level].h > tall * 1.35f) {
        level++;
    }
    const Level *l = &m->level[level];
    Colour through, added;
    sprite_air(s, q, &through, &added);
    float left = foot_x - wide * .5f, top = foot_y - tall, kx = l->w / wide, ky = l->h / tall;
    float front = q->z * .985f - q->h * .3f * (q->kind < P_HOUSE ? 1 : .8f); // hidden only by ground nearer than this
    int x0 = maxf(0, floorf(left)), x1 = minf(v->W, ceilf(left + wide));
    int y0 = maxf(0, floorf(top)), y1 = minf(v->H, ceilf(foot_y + 1));
    for (int y = y0; y < y1; y++) {
        for (int x = x0; x < x1; x++) {
            int p = y * v->W + x;
            float sx = (x + .5f - left) * kx - .5f, sy = (y + .5f - top) * ky - .5f;
            sx = q->flip ? l->w - 1 - sx : sx;
            if ((v->depth[p] > 0 && v->depth[p] < front) || !sample(l, sx, sy, pixel)) {
                continue;
            }
            if (v->mirrored && q->y + (foot_y - y) / tall * q->h < s->water_level) {
                continue;
            }
            pixel[C_NX] = q->flip ? -pixel[C_NX] : pixel[C_NX];
            Colour c = light_sprite(s, q, pixel);
            float *out = v->rgb + 3 * p, a = pixel[C_ALPHA];
            if (v->mirrored && v->cls[p] == 255) {
                sky_at(x, s->horizon - (v->horizon - y), out, 0);
                v->cls[p] = K_SKY;
            }
            out[0] = mix(out[0], c.r * through.r + added.r, a);
            out[1] = mix(out[1], c.g * through.g + added.g, a);
            out[2] = mix(out[2], c.b * through.b + added.b, a);
            if (a > .4f) {
                v->cls[p] = cls;
            }
        }
    }
}

void draw_sprites(const Scene *s, View *v) {
    for (int k = 0; k < s->sprites; k++) {
        const Sprite *q = s->sprite + k;
        if (!v->mirrored || q->y >= s->water_level - .6f) {
            draw_sprite(s, v, q);
        }
    }
}

// An ellipse on the ground, long in the direction (dx, dz).
typedef struct {
    float x, y, z, dx, dz, length, width, strength, ragged;
    unsigned seed;
} Shadow;

static void draw_shadow(const View *v, const Shadow *w, float *dark) {
    float e = maxf(w->length, w->width), z0 = maxf(1.5f, w->z - e), z1 = w->z + e, f = v->focal;
    if (z1 < 2 || w->strength < .05f) {
        return;
    }
    float ya = v->horizon - f * (w->y - e * .35f - v->eye) / z0, yb = v->horizon - f * (w->y + e * .35f - v->eye) / z1;
    int x0 = maxf(0, v->W * .5f + f * minf((w->x - e) / z0, (w->x - e) / z1));
    int x1 = minf(v->W - 1, v->W * .5f + f * maxf((w->x + e) / z0, (w->x + e) / z1));
    int y0 = maxf(0, minf(ya, yb)), y1 = minf(v->H - 1, maxf(ya, yb));
    for (int y = y0; y <= y1; y++) {
        for (int x = x0; x <= x1; x++) {
            int p = y * v->W + x;
            float z = v->depth[p];
            if (z < z0 || z > z1 || v->cls[p] == K_WATER || v->cls[p] == K_FOAM) {
                continue;
            }
            float dx = (x + .5f - v->W * .5f) / f * z - w->x, dz = z - w->z;
            float a = (dx * w->dx + dz * w->dz) / w->length, b = (dx * w->dz - dz * w->dx) / w->width,
                  d = a * a + b * b;
            float height = v->eye + (v->horizon - y) / f * z - w->y;
            if (d > 1 || fabsf(height) > e * .6f + 1) {
                continue;
            }
            float noise = w->ragged * gnoise(dx / (w->width * .5f), dz / (w->width * .5f), w->seed);
            dark[p] = maxf(dark[p], smoothstep(1, .25f, d + noise) * w->strength);
        }
    }
}

// Soft shadows where near things meet the ground: one thrown by the sun, one under the thing.
void draw_ground_shadows(const Scene *s, View *v) {
    static float *dark;
    size_t n = (size_t)v->W * v->H;
    dark = must_grow(dark, n * sizeof *dark);
    memset(dark, 0, n * sizeof *dark);
    float sx = s->sun_dir[0], sy = maxf(.16f, s->sun_dir[1]), sz = s->sun_dir[2],
          flat = sqrtf(sx * sx + sz * sz) + 1e-4f;
    float longer = minf(3.2f, flat / sy), sun = s->sunlight.g * s->sun_strength * s->sun_dir[1];
    float strength = .9f * sun / (sun + s->ambient.g * .9f + 1e-4f);
    for (int k = 0; k < s->sprites; k++) {
        const Sprite *q = s->sprite + k;
        int low = q->kind == P_GRASS || q->kind == P_FLOWER || q->kind == P_BOAT || q->kind == P_BRIDGE;
        if (low || q->z > 420 || v->focal * q->h / q->z < 9) {
            continue;
        }
        float wide = q->h * things[q->kind][q->var].aspect * .36f, length = q->h * longer * .5f + wide * .5f;
        float dx = -sx / flat, dz = -sz / flat, off = length * .85f;
        Shadow thrown = {q->x + dx * off, q->y, q->z + dz * off, dx, dz, length, wide, strength, .35f, k};
        Shadow under = {q->x, q->y, q->z, dx, dz, wide * .75f, wide * .75f, .38f, 0, k};
        draw_shadow(v, &thrown, dark);
        draw_shadow(v, &under, dark);
    }
    for (size_t p = 0; p < n; p++) {
        float m = dark[p] * .85f, *out = v->rgb + 3 * p;
        out[0] *= 1 - m;
        out[1] *= 1 - m * .97f;
        out[2] *= 1 - m * .88f;
    }
}
