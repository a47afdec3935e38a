// The stages of drawing a scene. One scene at a time per process: the stages keep their buffers between calls.
#pragma once
#include "scene.h"

// Depth of every pixel of the view.
void raster_ground(const Scene *s, View *v);

// sky.c: the sky behind everything, in a buffer that sky_at looks up (pixels of the camera's view; alpha of clouds).
void clear_sky(const Scene *s, int n, const float *u, float v, float *R, float *G, float *B);
void render_sky(const Scene *s);
void sky_at(float x, float y, float *rgb, float *cloud);
// Puts sky, stars, sun and moon where nothing stands; counts the pixels of sun and moon that are seen.
void compose_sky(const Scene *s, View *v, int *sun_pixels, int *moon_pixels);
int draw_lightning(const Scene *s, View *v, Rng *r);

// air.c
// Share of sunlight at points, by steps towards the sun; pixel: size of a pixel there.
void sun_shadow(const Scene *s, int n, const float *x, const float *y, const float *z, const float *pixel, float *out,
                int steps);
// Haze and fog between the eye and the points; u = x / z.
void apply_air(const Scene *s, int n, const float *u, const float *x, const float *y, const float *z, float *R,
               float *G, float *B);

// A batch of ground points that are being shaded.
typedef struct {
    int n;
    int id[BATCH];                                               // pixel
    float x[BATCH], y[BATCH], z[BATCH], u[BATCH], pixel[BATCH];  // place, x / z, size of a pixel in metres
    float step[BATCH], h[BATCH], slope[BATCH], cavity[BATCH];    // cavity: < 1 in hollows
    float nx[BATCH], ny[BATCH], nz[BATCH];                       // normal
    float n1[BATCH], n2[BATCH], n3[BATCH], n4[BATCH], n5[BATCH]; // noise from 310 m down to .23 m
    float lit[BATCH], forest[BATCH], fall[BATCH], wave[BATCH];   // shares of sun, forest, falling water; wave height
    float R[BATCH], G[BATCH], B[BATCH], cls[BATCH];              // result
} Batch;

// shade.c: colours and classes of all ground and water pixels. mirror: the mirror image, for water; or null.
void shade_ground(Scene *s, View *v, const View *mirror);
// materials.c: what the ground is made of.
void choose_materials(const Scene *s, Batch *b);
// water.c
void shade_water(const Scene *s, const View *v, const View *mirror, Batch *b);

// sprites.c
void add_sprite(Scene *s, Sprite sprite);
void sort_sprites(Scene *s);
void draw_sprites(const Scene *s, View *v);
void draw_ground_shadows(const Scene *s, View *v);
