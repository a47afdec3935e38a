// Setting things into a planned scene. v: its view, with depths.
#pragma once
#include "render.h"
#include "things.h"

// planting.c
void plant_forest(Scene *s);
void scatter_plants(Scene *s, Rng *r);
// buildings.c: takes away plans (s->castle ...) for which no place is found
void place_buildings(Scene *s, const View *v, Rng *r);
void place_bridge(Scene *s, const View *v, Rng *r);
void place_boat(Scene *s, const View *v, Rng *r);

INLINE Sprite plant(Rng *r, int kind, float x, float y, float z, float h, Colour dark, Colour bright) {
    int variant = rng_below(r, thing_count[kind]);
    return (Sprite){x, z, y, h, kind, variant, rng_unit(r) < .5f, dark, bright, 1};
}

INLINE int under_water(const Scene *s, float h, float margin) {
    return s->has_water && h < s->water_level + margin;
}
