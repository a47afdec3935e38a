// Buildings, bridges and boats: many spots are tried, and the best that is seen is taken.
#include "place_things.h"

enum { SPOTS = 500 };

typedef struct {
    float x, z, h, score;
} Spot;

static int is_visible(const View *v, float x, float y, float z) {
    float column = v->W * .5f + v->focal * x / z, row = v->horizon - v->focal * (y - v->eye) / z;
    if (column < 8 || column > v->W - 9 || row < 4 || row > v->H - 2) {
        return 0;
    }
    float depth = v->depth[(int)row * v->W + (int)column];
    return depth > z * .93f && depth < z * 1.1f;
}

static int wanted_building(const Scene *s) {
    return s->castle                ? P_CASTLE
           : s->village || s->house ? P_HOUSE
           : s->windmill            ? P_WINDMILL
           : s->church              ? P_CHURCH
           : s->lighthouse          ? P_LIGHTHOUSE
                                    : -1;
}

static float usual_height(int kind) {
    return kind == P_CASTLE ? 40 : kind == P_LIGHTHOUSE ? 23 : kind == P_HOUSE ? 8 : 16;
}

// Level or high ground, and for small buildings a pleasant size. size: wanted share of the picture's height.
static float judge_spot(const Scene *s, Rng *r, int kind, float x, float z, float h, float slope) {
    float score = -slope * 3 + rng_unit(r) * .3f;
    if (!s->large) {
        float size = s->focal * (kind == P_CASTLE ? 34 : kind == P_LIGHTHOUSE ? 22 : 9) / z / s->H;
        score -= 9 * fabsf(size - (kind == P_CASTLE ? .2f : kind == P_LIGHTHOUSE ? .16f : s->village ? .05f : .1f));
    }
    if (kind == P_CASTLE || kind == P_LIGHTHOUSE) {
        float around[4] = {ground_at(s, x + 50, z), ground_at(s, x - 50, z), ground_at(s, x, z + 60),
                           ground_at(s, x, maxf(1, z - 50))};
        for (int i = 0; i < 4; i++) {
            score += clampf((h - around[i]) / 40, -.5f, .5f) * .7f;
        }
    }
    return score;
}

static int find_spot(const Scene *s, const View *v, Rng *r, int kind, Spot *best) {
    float size = kind == P_CASTLE ? rng_range(r, .26f, .75f) : rng_range(r, .2f, .6f);
    int hilltop = kind == P_CASTLE || kind == P_LIGHTHOUSE;
    best->score = -1e9;
    for (int t = 0; t < SPOTS; t++) {
        float z = s->large               ? s->focal * usual_height(kind) / (size * rng_range(r, .8f, 1.25f) * s->H)
                  : s->village           ? (t < 200 ? rng_range(r, 62, 160) : rng_range(r, 90, 650))
                  : kind == P_CASTLE     ? rng_range(r, 180, 1100)
                  : kind == P_LIGHTHOUSE ? rng_range(r, 60, 900)
                                         : rng_range(r, 45, 260);
        float x = z * rng_range(r, -.36f, .36f) * s->W / s->focal, h = ground_at(s, x, z), slope = slope_at(s, x, z);
        float top = s->horizon - s->focal * (h + usual_height(kind) - s->eye) / z;
        if (under_water(s, h, 1.5f) || h > s->tree_line + 250 || top < 8 || (!hilltop && slope > .3f) ||
            !is_visible(v, x, h + .6f, z)) {
            continue;
        }
        float score = judge_spot(s, r, kind, x, z, h, slope);
        if (score > best->score) {
            *best = (Spot){x, z, h, score};
        }
    }
    return best->score > -1e8f;
}

// Whether the ground falls off around, so that "on a hill" is true.
static int stands_on_hill(const Scene *s, const Spot *b) {
    float around = maxf(ground_at(s, b->x + 60, b->z), s->water_level) +
                   maxf(ground_at(s, b->x - 60, b->z), s->water_level) +
                   maxf(ground_at(s, b->x, b->z + 70), s->water_level) +
                   maxf(ground_at(s, b->x, maxf(2, b->z - 70)), s->water_level);
    return b->h - around / 4 > 6.f && (!s->has_water || b->h - s->water_level > 12);
}

static void keep_sprites(Scene *s, int (*stays)(const Sprite *, const void *), const void *arg) {
    int kept = 0;
    for (int i = 0; i < s->sprites; i++) {
        if (stays(s->sprite + i, arg)) {
            s->sprite[kept++] = s->sprite[i];
        }
    }
    s->sprites = kept;
}

static int outside_village(const Sprite *p, const void *arg) {
    const Spot *b = arg;
    return !(p->kind < P_GRASS && p->h > 9 && fabsf(p->x - b->x) < 90 && fabsf(p->z - b->z) < 110);
}

typedef struct {
    Spot at;
    float h;
    int kind, large;
} Building;

// Not beside or right before a building; nor, before a large one, anywhere on the line of sight.
static int leaves_building_free(const Sprite *p, const void *arg) {
    const Building *b = arg;
    float w = b->h * 1.1f, before = w * (b->large && b->kind == P_CASTLE ? 1.f : 2.5f);
    if (p->kind >= P_GRASS) {
        return 1;
    }
    int beside = fabsf(p->x - b->at.x) < w && p->z < b->at.z + w && p->z > b->at.z - before;
    int in_sight = b->large && p->h > 3 && p->z < b->at.z + w * .5f &&
                   fabsf(p->x / p->z - b->at.x / b->at.z) < .62f * b->h / b->at.z;
    return !beside && !in_sight;
}

static Colour roof_colour(Rng *r) {
    static const unsigned roofs[] = {0x8e3b2a, 0x6e4a3a, 0x4a5058, 0xa35a38};
    return hex(roofs[rng_below(r, 4)]);
}

static int build_village(Scene *s, Rng *r, const Spot *b, Colour wall, Colour roof) {
    int n = 9 + rng_below(r, 16), built = 0;
    keep_sprites(s, outside_village, b);
    for (int i = 0; i < n * 3 && built < n; i++) {
        float x = b->x + rng_normal(r) * 46, z = b->z + rng_normal(r) * 62, h = z < 60 ? 0 : ground_at(s, x, z);
        if (z < 60 || under_water(s, h, 1.2f) || slope_at(s, x, z) > .4f) {
            continue;
        }
        int kind = built ? P_HOUSE : P_CHURCH;
        float tall = built ? rng_range(r, 7.5f, 10.5f) : rng_range(r, 19, 25);
        Colour w = colour_jitter(wall, r, .12f),
               top = colour_jitter(rng_unit(r) < .75f ? roof : roof_colour(r), r, .15f);
        add_sprite(s, plant(r, kind, x, h - .8f, z, tall, w, top));
        built++;
        if (rng_unit(r) < .6f && !s->winter) { // a garden tree
            x += rng_range(r, -14, 14);
            z += rng_range(r, -10, 10);
            h = ground_at(s, x, z);
            Colour c = colour_mix(s->leaf1, s->leaf2, rng_unit(r));
            if (!under_water(s, h, 1)) {
                add_sprite(s, plant(r, P_BROADLEAF, x, h - .3f, z, rng_range(r, 6, 10), colour_scale(c, .6f),
                                    colour_scale(c, 1.15f)));
            }
        }
    }
    return built;
}

static void build_one(Scene *s, Rng *r, const Spot *b, int kind, Colour wall, Colour roof) {
    float h = kind == P_CASTLE       ? rng_range(r, 34, 48)
              : kind == P_LIGHTHOUSE ? rng_range(r, 20, 26)
              : kind == P_CHURCH     ? rng_range(r, 16, 20)
              : kind == P_WINDMILL   ? rng_range(r, 13, 17)
                                     : rng_range(r, 7, 9);
    Building building = {*b, h, kind, s->large};
    keep_sprites(s, leaves_building_free, &building);
    if (kind == P_CASTLE) {
        roof = rng_unit(r) < .5f ? hex(0x4a5468) : hex(0x7a3a2a);
    }
    add_sprite(s, plant(r, kind, b->x, b->h - (kind == P_CASTLE ? 4 : .7f), b->z, h, wall, roof));
}

void place_buildings(Scene *s, const View *v, Rng *r) {
    int kind = wanted_building(s), built = 0;
    Spot b = {0};
    if (kind < 0) {
        return;
    }
    Colour wall = rng_unit(r) < .7f ? hex(0xe6dcc6) : hex(0xb59f86), roof = roof_colour(r);
    s->large = !s->village && rng_unit(r) < (kind == P_CASTLE || kind == P_HOUSE ? .72f : .55f);
    if (find_spot(s, v, r, kind, &b)) {
        s->on_hill = stands_on_hill(s, &b);
        if (s->village) {
            built = build_village(s, r, &b, wall, roof);
        } else {
            build_one(s, r, &b, kind, wall, roof);
            built = 1;
        }
    }
    if (!built) {
        s->castle = s->village = s->house = s->windmill = s->church = s->lighthouse = 0;
    }
}

static int leaves_bridge_free(const Sprite *p, const void *arg) {
    const Building *b = arg;
    int low = p->kind == P_GRASS || p->kind == P_FLOWER;
    return low || p->z > b->at.z + 3 || fabsf(p->x / p->z - b->at.x / b->at.z) > .55f * b->h / b->at.z;
}

// Across the river, where it runs through the view.
void place_bridge(Scene *s, const View *v, Rng *r) {
    int wanted = s->bridge && s->river;
    s->bridge = 0;
    for (int t = 0; t < 60 && wanted && !s->bridge; t++) {
        float z = rng_range(r, maxf(28, s->camera * 1.3f), maxf(110, s->camera * 4)), x = river_centre(s, z);
        float span = 2.f * (s->river_width * (1 + z * .0006f) * 1.7f + 5);
        int variant = rng_below(r, thing_count[P_BRIDGE]);
        float tall = span / things[P_BRIDGE][variant].aspect;
        if (tall > 14 || ground_at(s, x, z) > s->water_level - .3f || !is_visible(v, x, s->water_level + .3f, z) ||
            fabsf(x / z) * s->focal > s->W * .4f) {
            continue;
        }
        Building building = {{x, z, 0, 0}, span, P_BRIDGE, 1};
        keep_sprites(s, leaves_bridge_free, &building);
        Sprite p = plant(r, P_BRIDGE, x, s->water_level - .6f, z, tall, hex(0xffffff), hex(0xffffff));
        p.var = variant;
        add_sprite(s, p);
        s->bridge = variant < 4 ? 1 : 2;
    }
}

void place_boat(Scene *s, const View *v, Rng *r) {
    int wanted = s->boat;
    s->boat = 0;
    for (int t = 0; t < 200 && wanted && !s->boat; t++) {
        float z = t < 100 ? rng_range(r, 28, 120) : rng_range(r, 70, 420),
              x = z * rng_range(r, -.38f, .38f) * s->W / s->focal;
        if (ground_at(s, x, z) < s->water_level - 1.2f && is_visible(v, x, s->water_level + .2f, z)) {
            add_sprite(
                s, plant(r, P_BOAT, x, s->water_level - .45f, z, rng_range(r, 8, 14), hex(0xffffff), hex(0xffffff)));
            s->boat = 1;
        }
    }
}
