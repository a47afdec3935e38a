// The order of the work.
#include "generate.h"
#include "place_things.h"
#include "plan.h"

Record new_record(int size) {
    size_t n = (size_t)size * size;
    Record rec = {.size = size};
    rec.picture = must_alloc(n * 3);
    rec.painting = must_alloc(n * 3);
    rec.mask = must_alloc(n);
    return rec;
}

static void start_view(View *v, int W, int H) {
    size_t n = (size_t)W * H;
    v->W = W;
    v->H = H;
    v->depth = must_grow(v->depth, n * sizeof *v->depth);
    v->rgb = must_grow(v->rgb, n * 3 * sizeof *v->rgb);
    v->cls = must_grow(v->cls, n);
    memset(v->cls, 255, n);
}

// Lifts sun or moon above the skyline, if there is room.
static void lift_disc(Scene *s, const View *v, Rng *r) {
    float *sun = s->sun_dir;
    if (s->moon) {
        sun[1] = .06f * sun[2];
    }
    if ((s->moon || s->sun_shown) && sun[2] > 0) {
        int middle = (int)(v->W * .5f + s->focal * sun[0] / sun[2]), skyline = v->H;
        for (int x = maxf(0, middle - 24); x <= middle + 24 && x < v->W; x++) {
            int y = 0;
            while (y < skyline && v->depth[y * v->W + x] <= 0) {
                y++;
            }
            skyline = y;
        }
        float y = s->horizon - s->focal * sun[1] / sun[2], radius = s->disc * s->focal * 1.4f;
        if (y > skyline - radius && skyline > v->H * .12f) {
            float higher = maxf(radius + 6, skyline * rng_range(r, .35f, .75f));
            if (higher < skyline - radius) {
                sun[1] = (s->horizon - higher) / s->focal * sun[2];
            }
        }
    }
    float k = 1 / sqrtf(sun[0] * sun[0] + sun[1] * sun[1] + sun[2] * sun[2]);
    for (int i = 0; i < 3; i++) {
        sun[i] *= k;
    }
}

// What water mirrors: the scene from below the water's level, only as many rows as can be looked up.
static const View *draw_mirror_image(Scene *s, const View *v) {
    static View mirror;
    int rows = (int)clampf((int)(v->H - s->horizon) + 70, 80, v->H);
    start_view(&mirror, v->W, rows);
    mirror.focal = s->focal;
    mirror.horizon = rows - 1;
    mirror.eye = 2 * s->water_level - s->eye;
    mirror.mirrored = 1;
    raster_ground(s, &mirror);
    shade_ground(s, &mirror, 0);
    draw_sprites(s, &mirror);
    return &mirror;
}

static int try_seed(Record *rec, unsigned seed) {
    static View view;
    View *v = &view;
    Rng r = {seed * 0xD1B54A32D192ED03ull + 0x1234567ull};
    Scene scene = {.W = rec->size * 2, .H = rec->size * 2}, *s = &scene;
    int sun, moon, seen = 20 * rec->size / 256 * rec->size / 256;
    for (int i = 0; i < 4; i++) {
        rng_u32(&r); // nearby seeds start alike
    }
    s->seed = rng_u32(&r);
    plan_scene(s, &r);
    start_view(v, s->W, s->H);
    v->focal = s->focal;
    v->horizon = s->horizon;
    v->eye = s->eye;
    raster_ground(s, v);
    lift_disc(s, v, &r);
    render_sky(s);
    plant_forest(s);
    scatter_plants(s, &r);
    place_bridge(s, v, &r);
    place_buildings(s, v, &r);
    place_boat(s, v, &r);
    sort_sprites(s);
    shade_ground(s, v, s->has_water ? draw_mirror_image(s, v) : 0);
    draw_ground_shadows(s, v);
    compose_sky(s, v, &sun, &moon);
    if (s->lightning) {
        s->lightning = draw_lightning(s, v, &r);
    }
    draw_sprites(s, v);
    finish_picture(s, v, rec->size, rec->picture);
    finish_mask(v, rec->size, rec->mask, rec->share);
    rec->place = s->ice ? PLACE_ICEBERGS : s->place;
    rec->light = s->light;
    rec->season = s->season;
    write_captions(s, &r, rec, sun > seen, moon > seen);
    paint_scene(s, &r, rec);
    free(s->sprite);
    return looks_well(s, rec);
}

void generate(Record *rec, unsigned seed) {
    for (unsigned t = 0; t < SCENE_TRIES; t++) {
        if (try_seed(rec, seed + t * 10000019u)) {
            break;
        }
    }
}
