// Deciding what a scene is, before it is drawn.
#pragma once
#include "scene.h"

extern int only_place, only_light; // for trying things out; -1: any

// plan.c: place, light, season, composition and the point of view.
void plan_scene(Scene *s, Rng *r);
// lights.c
void choose_light(Scene *s, Rng *r);
// palette.c
void choose_palette(Scene *s, Rng *r);
// places.c
void set_up_place(Scene *s, Rng *r);
// coasts.c
void set_up_beach(Scene *s, Rng *r);
void set_up_sea(Scene *s, Rng *r);
void set_up_waterfall(Scene *s, Rng *r);
// viewpoint.c
void scout_mountains(Scene *s, Rng *r, float low, float high);
void scout_noise(Scene *s, Rng *r);
float highest_near(const Scene *s);
void keep_sea_clear(Scene *s);

INLINE Colour pick_colour(Rng *r, const unsigned *colours, int n) {
    return hex(colours[rng_below(r, n)]);
}
