/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "regions.h"

#include <scumble.h>

#include "canvas.h"
#include "compat.h"
#include "mark.h"
#include "sources.h"

#define TINT 40.0 /* percent of opacity: how much a new group covers the picture above which it lies */

/* What was seen of a layer at the last look. */
typedef struct {
    Condition *condition; /* a region's, by this layer */
    gchar *name;
    gdouble shown;    /* 0 where it is hidden, else its opacity, to 1 */
    gboolean is_live; /* Scumble's own, and so no region */
    gboolean there;   /* at this look, */
    gint32 group;     /* ... in this one, */
    gint place;       /* ... so many from its top */
} Known;

struct Regions {
    GPtrArray *known; /* Known */
    guint turn;
    gboolean all;
    guint32 reserved; /* numbers of the last look: new layers get others */
    GHashTable *places; /* of groups, and of layers that are regions by themselves, in the stack */
};

static void known_free(gpointer data) {
    Known *k = data;
    condition_free(k->condition);
    g_free(k->name);
    g_free(k);
}

Regions *regions_new(void) {
    Regions *r = g_new0(Regions, 1);
    r->known = g_ptr_array_new_with_free_func(known_free);
    r->places = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    return r;
}

void regions_free(Regions *r) {
    if (!r) return;
    g_ptr_array_unref(r->known);
    g_hash_table_unref(r->places);
    g_free(r);
}

gint32 *regions_layers(gint32 image, gint32 group, gint *count) {
    gint all, kept = 0;
    gint32 *layers = layers_of(image, group, &all);
    for (gint i = 0; i < all; i++)
        if (!mark_is_own(layers[i])) layers[kept++] = layers[i];
    *count = kept;
    return layers;
}

void regions_begin(Regions *r, gboolean all) {
    r->turn++;
    r->all = all;
    r->reserved = 0;
    for (guint i = 0; i < r->known->len; i++) {
        Known *k = g_ptr_array_index(r->known, i);
        k->there = FALSE;
        if (k->condition->number < CONDITIONS_MOST) r->reserved |= 1u << k->condition->number;
    }
}

void regions_end(Regions *r) {
    for (guint i = r->known->len; i-- > 0;)
        if (!((Known *)g_ptr_array_index(r->known, i))->there) g_ptr_array_remove_index(r->known, i);
}

/* Each call takes GIMP's time, so layers are not asked for all of that at each look. */
static void look_at(Known *k, gint32 layer) {
    gchar *name = gimp_item_get_name(layer);
    if (name) {
        g_free(k->name);
        k->name = name;
    }
    k->shown = gimp_item_get_visible(layer) ? gimp_layer_get_opacity(layer) / 100.0 : 0.0;
    k->is_live = mark_is_own(layer);
}

static Known *known_of(Regions *r, gint32 layer, gboolean look) {
    Known *k = NULL;
    for (guint i = 0; i < r->known->len && !k; i++) {
        Known *one = g_ptr_array_index(r->known, i);
        if (one->condition->layer == layer) k = one;
    }
    if (!k) {
        k = g_new0(Known, 1);
        k->condition = condition_new(SCUMBLE_CONDITION_REGION);
        k->condition->layer = layer;
        k->condition->number = CONDITIONS_MOST; /* none yet */
        k->name = g_strdup("");
        g_ptr_array_add(r->known, k);
        look = TRUE;
    }
    if (look) look_at(k, layer);
    k->there = TRUE;
    return k;
}

/* The greatest number of the engine's that is not among these; CONDITIONS_MOST: all are. */
static guint32 greatest(guint32 taken) {
    for (guint32 at = CONDITIONS_MOST; at > 0; at--)
        if (!(taken & (1u << (at - 1)))) return at - 1;
    return CONDITIONS_MOST;
}

/* Under which one it steers: the same for as long as it does. The list's own are the lowest ones. */
static gboolean number(const Regions *r, Condition *c, guint32 *taken) {
    if (c->number >= CONDITIONS_MOST || (*taken & (1u << c->number))) {
        c->number = greatest(*taken | r->reserved);
        if (c->number == CONDITIONS_MOST) c->number = greatest(*taken);
        if (c->number == CONDITIONS_MOST) return FALSE;
    }
    *taken |= 1u << c->number;
    return TRUE;
}

static void no_group(const Condition *group, GError **error) {
    if (source_is_there(group))
        g_set_error(error, SCUMBLE_DOMAIN, 0,
                    "\xe2\x80\x9c%s\xe2\x80\x9d is no group, so it holds no regions: choose a group of layers for them under Steer by.", group->name);
    else
        g_set_error(error, SCUMBLE_DOMAIN, 0, "\xe2\x80\x9cRegions\xe2\x80\x9d has no layer to read%s%s%s: choose a group for it under Steer by.",
                    *group->name ? " (its group \xe2\x80\x9c" : "", group->name, *group->name ? "\xe2\x80\x9d is gone)" : "");
}

gboolean regions_add(Regions *r, gint32 image, const Condition *group, const GArray *painted, GPtrArray *found, guint32 *taken,
                     GError **error) {
    gint count = 0, before = (gint)found->len;
    gint32 *layers = source_is_there(group) ? layers_of(image, group->layer, &count) : NULL;
    if (!count && (!layers || !gimp_item_is_group(group->layer))) {
        g_free(layers);
        no_group(group, error);
        return FALSE;
    }
    gboolean fits = TRUE;
    for (gint i = 0; i < count && fits; i++) {
        Known *k = known_of(r, layers[i], r->all || r->turn % (guint)count == (guint)i || is_among(painted, layers[i]));
        Condition *c = k->condition;
        if (k->is_live) continue;
        k->group = group->layer;
        k->place = i;
        const gchar *words = condition_words(group, layers[i]);
        condition_text(&c->name, k->name);
        condition_text(&c->prompt, *words ? words : k->name);
        c->scale = group->scale * k->shown;
        fits = number(r, c, taken);
        g_ptr_array_add(found, c);
    }
    g_free(layers);
    if (fits) return TRUE;
    g_ptr_array_set_size(found, before);
    g_set_error(error, SCUMBLE_DOMAIN, 0,
                "More than %d things would steer this image with the layers of \xe2\x80\x9c%s\xe2\x80\x9d: merge some of them, or take something "
                "out under Steer by.", CONDITIONS_MOST, group->name);
    return FALSE;
}

/* One step from the outermost layers inwards; the greater text is that of the upper layer. */
static gchar *step_of(gint place) { return g_strdup_printf("%08x/", G_MAXINT32 - place); }

/* Where a layer lies in the stack, as such steps; "" where it is gone. Free it. */
static gchar *place_of(gint32 image, gint32 layer) {
    GString *place = g_string_new("");
    for (gint32 at = gimp_item_is_valid(layer) ? layer : -1; at > 0; at = gimp_item_get_parent(at)) {
        gchar *step = step_of(gimp_image_get_item_position(image, at));
        g_string_prepend(place, step);
        g_free(step);
    }
    return g_string_free(place, FALSE);
}

/* A region, and where it lies. */
typedef struct {
    Condition *condition;
    gint32 unit; /* its layer, or the group that it was found in */
    gchar *place;
} Stacked;

static void stacked_clear(gpointer item) { g_free(((Stacked *)item)->place); }

static gint by_place(gconstpointer a, gconstpointer b) { return g_strcmp0(((const Stacked *)a)->place, ((const Stacked *)b)->place); }

static const Known *known_by(const Regions *r, const Condition *c) {
    for (guint i = 0; i < r->known->len; i++) {
        const Known *k = g_ptr_array_index(r->known, i);
        if (k->condition == c) return k;
    }
    return NULL;
}

/* Looks for those that are not known, and one of the others in turn; each if all are looked at. */
static void look_at_places(Regions *r, gint32 image, const GArray *stacked) {
    guint seen = 0, last = 0;
    for (guint i = 0; i < stacked->len; i++) {
        gint32 unit = g_array_index(stacked, Stacked, i).unit;
        gboolean again = i > 0 && g_array_index(stacked, Stacked, last).unit == unit;
        last = i;
        if (again) continue;
        gpointer key = GINT_TO_POINTER(unit);
        if (r->all || r->turn % stacked->len == seen++ || !g_hash_table_contains(r->places, key))
            g_hash_table_insert(r->places, key, place_of(image, unit));
    }
}

void regions_rank(Regions *r, gint32 image, const GPtrArray *wanted) {
    GArray *stacked = g_array_new(FALSE, FALSE, sizeof(Stacked));
    gboolean alike = TRUE;
    guint32 rank = 0;
    g_array_set_clear_func(stacked, stacked_clear);
    for (guint i = 0; i < wanted->len; i++) {
        Condition *c = conditions_at(wanted, i);
        if (c->kind != SCUMBLE_CONDITION_REGION) continue;
        const Known *k = known_by(r, c);
        Stacked one = {c, k ? k->group : c->layer, k ? step_of(k->place) : g_strdup("")};
        alike = alike && (!stacked->len || g_array_index(stacked, Stacked, 0).unit == one.unit);
        g_array_append_val(stacked, one);
    }
    if (!alike) look_at_places(r, image, stacked);
    for (guint i = 0; !alike && i < stacked->len; i++) {
        Stacked *one = &g_array_index(stacked, Stacked, i);
        gchar *inside = one->place;
        one->place = g_strconcat(g_hash_table_lookup(r->places, GINT_TO_POINTER(one->unit)), inside, NULL);
        g_free(inside);
    }
    g_array_sort(stacked, by_place);
    for (guint i = 0; i < stacked->len; i++) {
        const Stacked *one = &g_array_index(stacked, Stacked, i);
        if (!i || by_place(one - 1, one)) rank++;
        one->condition->rank = rank;
    }
    g_array_unref(stacked);
}

/* A new group above all others, with one empty layer in it. */
static gint32 make_group(gint32 image) {
    GeglRectangle all = {0, 0, gimp_image_width(image), gimp_image_height(image)};
    gint32 group = group_layer_new(image, "Regions"), layer = canvas_new_layer(image, "Region 1", &all);
    gboolean good = group > 0 && layer > 0;
    if (group > 0) gimp_layer_set_opacity(group, TINT);
    good = good && gimp_image_insert_layer(image, group, 0, 0);
    if (!good && group > 0) gimp_item_delete(group);
    if (good && gimp_image_insert_layer(image, layer, group, 0)) {
        set_active_layer(image, layer);
        return group;
    }
    if (good) gimp_image_remove_layer(image, group);
    if (layer > 0) gimp_item_delete(layer);
    return -1;
}

gint32 regions_group(gint32 image, GError **error) {
    gint32 chosen = active_layer(image);
    if (chosen > 0 && gimp_item_is_group(chosen)) return chosen;
    gimp_image_undo_group_start(image);
    gint32 group = make_group(image);
    const gchar *why = group > 0 ? NULL : pdb_error();
    if (group <= 0)
        g_set_error(error, SCUMBLE_DOMAIN, 0, "GIMP could not add a group for regions: memory ran out, or something floats (Layer > Anchor Layer).%s%s",
                    why && *why ? " GIMP says: " : "", why ? why : "");
    gimp_image_undo_group_end(image);
    gimp_displays_flush();
    return group;
}

static gboolean holds_regions(const GPtrArray *conditions, gint32 group) {
    for (guint i = 0; i < conditions->len; i++)
        if (conditions_at(conditions, i)->group && conditions_at(conditions, i)->layer == group) return TRUE;
    return FALSE;
}

gint32 regions_below(gint32 image, const GPtrArray *conditions, gint32 layer) {
    gint32 group = layer;
    while (group > 0 && !holds_regions(conditions, group)) group = gimp_item_get_parent(group);
    if (group <= 0) return layer;
    gint count, at = gimp_image_get_item_position(image, group) + 1;
    gint32 *layers = layers_of(image, gimp_item_get_parent(group), &count);
    gint32 below = at > 0 && at < count ? layers[at] : -1;
    g_free(layers);
    return below > 0 ? regions_below(image, conditions, below) : -1;
}
