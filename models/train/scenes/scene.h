// A scene: everything that is decided before a pixel is drawn.
//
// Lengths are metres, x to the right, y up, z away from the camera at x = z = 0. The camera never rolls or pitches; it
// "looks up or down" by moving the horizon's row, so verticals stay vertical and a heightfield is drawn by columns.
// Colours are linear RGB.
#pragma once
#include "noise.h"

enum { BATCH = 1024 }; // points that are computed at a time

enum Place { MOUNTAINS, HILLS, DUNES, CANYON, BEACH, SEA, WATERFALL, PLAIN, VOLCANO, PLACES };

enum Light { DAY, GOLDEN, SUNSET, SUNRISE, DUSK, NIGHT, STORM, MIST, OVERCAST, LIGHTS };

enum Season { SUMMER, AUTUMN, WINTER, SPRING };

// What a pixel shows. The order is part of the record format.
enum Class {
    K_SKY,
    K_CLOUD,
    K_SUN,
    K_ROCK,
    K_SNOW,
    K_GRASS,
    K_TREE,
    K_SAND,
    K_WATER,
    K_FOAM,
    K_PATH,
    K_BUILDING,
    K_REDROCK,
    K_FLOWER,
    K_FAR,
    K_DARK,
    K_BOAT,
    K_BRIDGE,
    K_ICE,
    CLASSES
};

// A thing that stands in the scene, drawn from an impostor.
typedef struct {
    float x, z, y, h; // foot and height
    int kind, var, flip;
    Colour c1, c2;
    float lit; // share of the sunlight that reaches it
} Sprite;

typedef struct Scene {
    unsigned seed;
    int place, light, season, winter;

    // camera
    int W, H;             // pixels, twice the picture's
    float focal, horizon; // pixels
    float horizon_share;  // horizon / H
    float eye, camera;    // height above zero, above the ground

    // terrain
    const float *tile, *far_tile;
    float tile_x, tile_z, tile_cos, tile_sin, tile_scale, tile_height;
    float far_x, far_z, far_relief, far_from, far_to;  // a range of mountains behind everything
    float relief, scale;                               // height and wavelength of the main shapes
    float detail, roughness;                           // of fractal detail, of the near ground
    float top;                                         // highest visible ground (mountains)
    float sharpness;                                   // mountains
    float dune_heading, dune_slip, dune_wander;        // dunes
    float threshold, noise_x, grassy;                  // canyon, sea
    float shore_slope, shore_x, shore_bend, land_side; // beach
    float fall_x, fall_z, fall_width;                  // waterfall
    float cone_x, cone_z, cone_radius;                 // volcano

    // water
    int has_water;
    float water_level, shore_flat;
    float wave_height, wave_length, choppiness; // real waves, if wave_height > 0
    float ripple;                               // slope of small ripples of calm water
    int river;
    float river_end, river_x, river_swing, river_length, river_phase, river_width;
    int path;
    float path_x, path_swing, path_length, path_phase, path_width;

    // light and air
    float sun_dir[3], sun_strength;
    Colour sunlight, ambient, sky_zenith, sky_mid, sky_horizon, sun_glow, cloud_light, cloud_dark, haze_tint;
    float sky_band; // how fast the horizon's colour fades upwards
    float haze, ground_fog, ground_fog_height, ground_fog_base;
    int clouds;
    float cloud_cover, cloud_size, cloud_base;
    float cirrus, cirrus_angle, cirrus_stretch, cirrus_scale;
    float stars, disc; // disc: angular radius of sun or moon
    int moon, sun_shown, aurora, rainbow, lightning;
    int falling; // 1 snow, 2 rain

    // ground
    Colour grass1, grass2, grass3, rock1, rock2, redrock1, redrock2, sand, flower1, flower2, water_deep, water_shallow;
    float snow_line, snow_blend, strata;
    int snow_capped;
    int fields, flowers, flower_kind, flower_rows, tulips;

    // plants
    float forest, forest_scale, tree_line, tree_height;
    int tree_kind, tree_kind2, palms, boulders;
    Colour leaf1, leaf2, leaf3;

    // things that people made; whether they are really there is known after placing
    int castle, village, house, lighthouse, windmill, church, boat;
    int bridge; // 1 stone, 2 wooden
    int large;  // the building is near and big
    int on_hill;

    // composition
    int ice, looks_down, framed;

    Sprite *sprite;
    int sprites, sprite_room;
} Scene;

// What is drawn into: the camera's view, or the mirror image for water.
typedef struct {
    int W, H;
    float focal, horizon, eye;
    int mirrored;
    float *depth; // 0: sky
    float *rgb;
    uint8_t *cls; // 255: nothing yet
} View;

// Ground height for n <= BATCH points. coarse: without detail, for shadows and slopes.
void ground_heights(const Scene *s, int n, const float *x, const float *z, float *h, int coarse);
float ground_at(const Scene *s, float x, float z);
float slope_at(const Scene *s, float x, float z);
// Share of forest, 0..1, given ground height and slope.
void forest_mask(const Scene *s, int n, const float *x, const float *z, const float *h, const float *slope, float *out);
// Height of waves above the water level.
void wave_heights(const Scene *s, int n, const float *x, const float *z, float *out);

// x of the path's middle.
INLINE float path_centre(const Scene *s, float z) {
    return s->path_x * (1 - smoothstep(0, 900, z) * .8f) +
           s->path_swing * sinf(z / s->path_length + s->path_phase) * smoothstep(0, 120, z) +
           .35f * s->path_swing * sinf(z / s->path_length * 2.7f + s->path_phase * 3);
}

INLINE float river_centre(const Scene *s, float z) {
    float a = s->river_swing, k = 1 / s->river_length, p = s->river_phase;
    return s->river_x + a * sinf(z * k + p) + a * .4f * sinf(z * k * 2.3f + p * 2);
}
