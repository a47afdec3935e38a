// A minimal PNG writer: stored, not compressed, so that no library is needed.
#include "png.h"
#include "noise.h"

enum { BLOCK = 65535 }; // the longest stored block of deflate

static uint32_t crc(uint32_t c, const uint8_t *p, size_t n) {
    for (c = ~c; n--; p++) {
        c ^= *p;
        for (int bit = 0; bit < 8; bit++) {
            c = c >> 1 ^ (c & 1 ? 0xEDB88320u : 0);
        }
    }
    return ~c;
}

static void put32(uint8_t *p, uint32_t v) {
    p[0] = v >> 24;
    p[1] = v >> 16;
    p[2] = v >> 8;
    p[3] = v;
}

static void write_chunk(FILE *f, const char *type, const uint8_t *data, uint32_t n) {
    uint8_t head[8], tail[4];
    put32(head, n);
    memcpy(head + 4, type, 4);
    put32(tail, crc(crc(0, head + 4, 4), data, n));
    fwrite(head, 1, 8, f);
    fwrite(data, 1, n, f);
    fwrite(tail, 1, 4, f);
}

// zlib's frame around stored blocks.
static size_t store(const uint8_t *raw, size_t n, uint8_t *out) {
    uint32_t a = 1, b = 0;
    size_t at = 2;
    out[0] = 0x78;
    out[1] = 0x01;
    for (size_t from = 0; from < n; from += BLOCK) {
        size_t length = n - from < BLOCK ? n - from : BLOCK;
        out[at] = from + length == n;
        out[at + 1] = length;
        out[at + 2] = length >> 8;
        out[at + 3] = ~length;
        out[at + 4] = ~length >> 8;
        memcpy(out + at + 5, raw + from, length);
        at += 5 + length;
    }
    for (size_t i = 0; i < n; i++) {
        a = (a + raw[i]) % 65521;
        b = (b + a) % 65521;
    }
    put32(out + at, b << 16 | a);
    return at + 4;
}

int write_png(const char *path, const uint8_t *pixels, int w, int h, int channels) {
    size_t row = (size_t)w * channels, n = (row + 1) * h;
    uint8_t *raw = must_alloc(n), *data = must_alloc(n + n / BLOCK * 5 + 16), header[13] = {0};
    FILE *f = fopen(path, "wb");
    for (int y = 0; y < h; y++) {
        raw[y * (row + 1)] = 0; // no filter
        memcpy(raw + y * (row + 1) + 1, pixels + y * row, row);
    }
    put32(header, w);
    put32(header + 4, h);
    header[8] = 8;
    header[9] = channels == 3 ? 2 : 0;
    int ok = f != 0;
    if (f) {
        fwrite("\x89PNG\r\n\x1a\n", 1, 8, f);
        write_chunk(f, "IHDR", header, sizeof header);
        write_chunk(f, "IDAT", data, store(raw, n, data));
        write_chunk(f, "IEND", header, 0);
        ok = !ferror(f);
        ok = !fclose(f) && ok;
    }
    free(raw);
    free(data);
    return ok;
}
