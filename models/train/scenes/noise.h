// Scalars, noise, random numbers and colours.
#pragma once
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIMD _Pragma("omp simd")
#define INLINE static inline __attribute__((always_inline))

INLINE float minf(float a, float b) {
    return a < b ? a : b;
}

INLINE float maxf(float a, float b) {
    return a > b ? a : b;
}

INLINE float clampf(float x, float a, float b) {
    return minf(maxf(x, a), b);
}

INLINE float saturate(float x) {
    return clampf(x, 0.f, 1.f);
}

INLINE float mix(float a, float b, float t) {
    return a + (b - a) * t;
}

INLINE float smoothstep(float a, float b, float x) {
    float t = saturate((x - a) / (b - a));
    return t * t * (3 - 2 * t);
}

INLINE unsigned hash2(int x, int y, unsigned s) {
    unsigned h = (unsigned)x * 0x9E3779B1u + (unsigned)y * 0x85EBCA77u + s;
    h ^= h >> 15;
    h *= 0x2C1B3C6Du;
    h ^= h >> 13;
    h *= 0x297A2D39u;
    h ^= h >> 16;
    return h;
}

INLINE float hash01(int x, int y, unsigned s) {
    return (float)(int)(hash2(x, y, s) >> 8) * (1.f / 16777216.f);
}

INLINE float gradient_dot(unsigned h, float x, float y) {
    return ((float)(int)(h & 0xffff) - 32767.5f) * x + ((float)(int)(h >> 16) - 32767.5f) * y;
}

// Gradient noise, about -1..1.
INLINE float gnoise(float x, float y, unsigned s) {
    float fx = floorf(x), fy = floorf(y);
    int ix = (int)fx, iy = (int)fy;
    float u = x - fx, v = y - fy;
    float a = gradient_dot(hash2(ix, iy, s), u, v), b = gradient_dot(hash2(ix + 1, iy, s), u - 1, v),
          c = gradient_dot(hash2(ix, iy + 1, s), u, v - 1), d = gradient_dot(hash2(ix + 1, iy + 1, s), u - 1, v - 1);
    float p = u * u * u * (u * (u * 6 - 15) + 10), q = v * v * v * (v * (v * 6 - 15) + 10);
    return mix(mix(a, b, p), mix(c, d, p), q) * (1.8f / 32768.f);
}

INLINE unsigned hash3(int x, int y, int z, unsigned s) {
    return hash2(x, y, s + (unsigned)z * 0xC2B2AE3Du);
}

INLINE float lattice3(int x, int y, int z, unsigned s) {
    return (float)(int)(hash3(x, y, z, s) >> 8) * (2.f / 16777216.f) - 1.f;
}

// Value noise in three dimensions, -1..1.
INLINE float vnoise3(float x, float y, float z, unsigned s) {
    float fx = floorf(x), fy = floorf(y), fz = floorf(z);
    int i = (int)fx, j = (int)fy, k = (int)fz;
    float u = x - fx, v = y - fy, w = z - fz;
    u = u * u * (3 - 2 * u);
    v = v * v * (3 - 2 * v);
    w = w * w * (3 - 2 * w);
    return mix(mix(mix(lattice3(i, j, k, s), lattice3(i + 1, j, k, s), u),
                   mix(lattice3(i, j + 1, k, s), lattice3(i + 1, j + 1, k, s), u), v),
               mix(mix(lattice3(i, j, k + 1, s), lattice3(i + 1, j, k + 1, s), u),
                   mix(lattice3(i, j + 1, k + 1, s), lattice3(i + 1, j + 1, k + 1, s), u), v),
               w);
}

// SplitMix64: the same numbers everywhere for the same seed.
typedef struct {
    uint64_t s;
} Rng;

static inline uint32_t rng_u32(Rng *r) {
    r->s += 0x9E3779B97F4A7C15ull;
    uint64_t z = r->s;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return (uint32_t)((z ^ (z >> 31)) >> 16);
}

static inline float rng_unit(Rng *r) {
    return (rng_u32(r) >> 8) * (1.f / 16777216.f);
}

static inline float rng_range(Rng *r, float a, float b) {
    return a + (b - a) * rng_unit(r);
}

static inline int rng_below(Rng *r, int n) {
    return (int)(rng_unit(r) * n) % n;
}

// About normal: mean 0, deviation 1, bounded.
static inline float rng_normal(Rng *r) {
    float a = 0;
    for (int i = 0; i < 6; i++) {
        a += rng_unit(r);
    }
    return (a - 3) * 1.414f;
}

typedef struct {
    float r, g, b;
} Colour;

static inline Colour rgb(float r, float g, float b) {
    Colour c = {r, g, b};
    return c;
}

// From sRGB 0xRRGGBB.
static inline Colour hex(unsigned h) {
    float r = (h >> 16 & 255) / 255.f, g = (h >> 8 & 255) / 255.f, b = (h & 255) / 255.f;
    return rgb(powf(r, 2.2f), powf(g, 2.2f), powf(b, 2.2f));
}

static inline Colour colour_mix(Colour a, Colour b, float t) {
    return rgb(mix(a.r, b.r, t), mix(a.g, b.g, t), mix(a.b, b.b, t));
}

static inline Colour colour_scale(Colour a, float k) {
    return rgb(a.r * k, a.g * k, a.b * k);
}

static inline Colour colour_jitter(Colour a, Rng *r, float k) {
    float l = 1 + k * rng_normal(r) * .5f;
    return rgb(maxf(0, a.r * l * (1 + k * .5f * rng_normal(r))), maxf(0, a.g * l * (1 + k * .5f * rng_normal(r))),
               maxf(0, a.b * l * (1 + k * .5f * rng_normal(r))));
}

// Memory or the end of the program: a renderer without memory has nothing better to do.
INLINE void *must_alloc(size_t bytes) {
    void *p = malloc(bytes);
    if (!p) {
        fprintf(stderr, "scenes: out of memory (%zu bytes)\n", bytes);
        exit(1);
    }
    return p;
}

INLINE void *must_grow(void *old, size_t bytes) {
    void *p = realloc(old, bytes);
    if (!p) {
        fprintf(stderr, "scenes: out of memory (%zu bytes)\n", bytes);
        exit(1);
    }
    return p;
}
