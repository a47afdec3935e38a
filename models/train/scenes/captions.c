// Captions: what is measured in the class mask, said in several ways.
//
// Every noun has a condition on the measured share of its class, so that a caption names nothing that is not seen. The
// kind of light, rain, rainbow and northern lights are known from the plan of the scene.
#include "words.h"
#include <stdarg.h>

static void append(char *out, const char *format, ...) {
    size_t n = strlen(out);
    va_list args;
    va_start(args, format);
    vsnprintf(out + n, CAPTION_BYTES - n, format, args);
    va_end(args);
}

static const char *view_word(const Words *w) {
    return w->s->looks_down ? one_of(w->r, " seen from above| from above| from a high viewpoint| from the air") : "";
}

// "subject with this, that and those when"
static void sentence(Words *w, char *out, int most) {
    char sub[PHRASE];
    name_subject(w, sub, 0);
    name_extras(w);
    int keep = w->extras < most ? w->extras : most;
    append(out, "%s", sub);
    const char *first = strstr(sub, " with ") ? " and " : keep == 1 ? one_of(w->r, " with | with | and ") : " with ";
    for (int i = 0; i < keep; i++) {
        append(out, "%s%s", i == 0 ? first : i == keep - 1 ? " and " : ", ", w->extra[i]);
    }
    append(out, "%s", rng_unit(w->r) < .5f ? view_word(w) : "");
    append(out, " %s", name_time(w));
    if (is_wintry(w) && !strstr(out, "snow") && !strstr(out, "winter")) {
        append(out, " in winter");
    }
}

static void comma_form(Words *w, char *out) {
    char sub[PHRASE];
    name_subject(w, sub, rng_unit(w->r) < .5f);
    name_extras(w);
    int keep = w->extras < 5 ? w->extras : 5;
    append(out, "%s", sub);
    for (int i = 0; i < keep; i++) {
        append(out, ", %s", w->extra[i]);
    }
    append(out, ", %s", rng_unit(w->r) < .5f ? light_word(w) : name_time(w));
}

// A few words: an object if there is one, else the subject.
static void short_form(Words *w, char *out, int with_light) {
    char sub[PHRASE];
    name_subject(w, sub, 1);
    name_extras(w);
    if (w->things && rng_unit(w->r) < .6f) {
        append(out, "%s", w->extra[0]);
        if (rng_unit(w->r) < .4f) {
            append(out, "%s%s", one_of(w->r, " and | and |, "), sub);
        }
    } else {
        append(out, "%s", sub);
    }
    if (with_light) {
        if (rng_unit(w->r) < .3f) {
            append(out, ", %s", light_word(w));
        } else {
            append(out, " %s", name_time(w));
        }
    }
}

// Bare tags without articles.
static void tags(Words *w, char *out) {
    char sub[PHRASE];
    name_subject(w, sub, 1);
    name_extras(w);
    const char *parts[4] = {sub, w->extras ? w->extra[0] : 0, w->extras > 1 && rng_unit(w->r) < .6f ? w->extra[1] : 0,
                            0};
    int light_first = rng_unit(w->r) < .3f, used = 0;
    if (light_first) {
        append(out, "%s", light_word(w));
        used = 1;
    }
    for (int i = 0; parts[i]; i++) {
        const char *p = parts[i];
        p += !strncmp(p, "a ", 2) ? 2 : !strncmp(p, "an ", 3) ? 3 : !strncmp(p, "the ", 4) ? 4 : 0;
        append(out, "%s%s", used++ ? ", " : "", p);
    }
    if (!light_first) {
        append(out, ", %s", light_word(w));
    }
}

// Long, long, medium, comma form, short, short with light, tags.
void write_captions(const Scene *s, Rng *r, Record *rec, int sun, int moon) {
    static Words words;
    Words *w = &words;
    words = (Words){.s = s, .r = r, .share = rec->share, .sun = sun, .moon = moon};
    memset(rec->caption, 0, sizeof rec->caption);
    sentence(w, rec->caption[0], 5);
    sentence(w, rec->caption[1], 3);
    sentence(w, rec->caption[2], 1);
    comma_form(w, rec->caption[3]);
    short_form(w, rec->caption[4], 0);
    short_form(w, rec->caption[5], 1);
    tags(w, rec->caption[6]);
}
