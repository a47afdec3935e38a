/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Two samplers; two models and three builds of ONNX Runtime that can be got. SCUMBLE_STUB_HERE=NAME: that one
 * is here, in SCUMBLE_STUB_FOLDER; SCUMBLE_STUB_CARD=1: there is a graphics card. */
#include "stub.h"

#include <stdlib.h>
#include <string.h>

static const char *const samplers[] = {"euler", "ddim"};
static const struct { uint32_t kind; const char *name, *title, *note, *good_at; uint64_t bytes; } offered[] = {
    {SCUMBLE_LIST_CATALOGUE, "small", "Small", "Runs well on a processor.", "Quick pictures.", 900000000},
    {SCUMBLE_LIST_CATALOGUE, "large", "Large & slow", "Takes 64 GB of memory, more than there is here.", "Detail.", 13900000000},
    {SCUMBLE_LIST_RUNTIMES, "cpu", "ONNX Runtime for processors", "Runs on this machine's processor.", "Runs everywhere.", 28000000},
    {SCUMBLE_LIST_RUNTIMES, "webgpu", "ONNX Runtime with WebGPU", "Your graphics card could make pictures many times faster with it.",
     "Graphics cards.", 25000000},
    {SCUMBLE_LIST_RUNTIMES, "openvino", "ONNX Runtime with OpenVINO", "Runs on this machine's processor.", "Processors.", 84000000},
    {SCUMBLE_LIST_ANNOTATORS, "far", "Far away", "Runs well on a processor.", "How far away things are.", 99000000}};

int32_t scumble_list_create(uint32_t kind, ScumbleList **list) {
    static ScumbleList lists[SCUMBLE_LIST_ANNOTATORS + 1];
    if (kind > SCUMBLE_LIST_ANNOTATORS) return no(SCUMBLE_ERROR_SETTING, "there is no such list");
    lists[kind].kind = kind;
    *list = &lists[kind];
    return SCUMBLE_OK;
}
int32_t scumble_list_entry(const ScumbleList *list, uint32_t index, ScumbleEntry *entry) {
    if (!list) return SCUMBLE_END;
    if (list->kind == SCUMBLE_LIST_SAMPLERS && index < sizeof samplers / sizeof *samplers) {
        entry->usable = 1;
        entry->name = entry->title = samplers[index];
        entry->note = "";
        return SCUMBLE_OK;
    }
    if (list->kind == LIST_CONDITIONS && index < list->count) {
        entry->usable = !list->entries[index].silent;
        entry->name = list->entries[index].name;
        entry->note = entry->usable ? "" : list->entries[index].silent;
        return SCUMBLE_OK;
    }
    if (list->kind == LIST_TAKEN && index == 5) {
        entry->usable = !getenv("SCUMBLE_STUB_WHOLE");
        entry->name = "aspects";
        entry->note = entry->usable ? "" : "This model takes all of a reference over.";
        return SCUMBLE_OK;
    }
    if (list->kind == LIST_TAKEN && index < 5) {
        bool own = getenv("SCUMBLE_STUB_OWN_CONTROL");
        entry->usable = index == 4 ? own : index == 2 || !getenv("SCUMBLE_STUB_UNSTEERED");
        entry->name = (const char *const[]){"control", "lora", "region", "reference", "own_control"}[index];
        entry->note = index == 4 ? (own ? "This model reads its control itself." : "This model has no control of its own.")
                      : entry->usable ? "" : "This model takes none.";
        return SCUMBLE_OK;
    }
    for (size_t i = 0; i < sizeof offered / sizeof *offered; i++) {
        if (offered[i].kind != list->kind || index--) continue;
        bool here = !strcmp(variable("SCUMBLE_STUB_HERE"), offered[i].name);
        bool card = strcmp(offered[i].name, "webgpu") || *variable("SCUMBLE_STUB_CARD");
        entry->name = offered[i].name;
        entry->title = offered[i].title;
        entry->note = card ? offered[i].note : "Wants a graphics card, and none was found here.";
        entry->usable = card && strcmp(offered[i].name, "large");
        entry->good_at = offered[i].good_at;
        entry->bytes = offered[i].bytes;
        entry->offer = here ? SCUMBLE_OFFER_INSTALLED : SCUMBLE_OFFER_ABSENT;
        entry->arrived = here ? offered[i].bytes : 0;
        entry->licence = "Mine: Free for <every> use.\nYours: Pictures are yours.";
        entry->licence_url = "https://example.org/mine\nhttps://example.org/yours";
        entry->folder = here ? variable("SCUMBLE_STUB_FOLDER") : "";
        return SCUMBLE_OK;
    }
    return SCUMBLE_END;
}

int32_t scumble_engine_samplers(const ScumbleEngine *engine, ScumbleList **list) {
    (void)engine;
    return scumble_list_create(SCUMBLE_LIST_SAMPLERS, list);
}
void scumble_list_release(ScumbleList *list) { (void)list; }
int32_t scumble_engine_conditions(const ScumbleEngine *engine, ScumbleList **list) {
    (void)engine;
    static ScumbleList conditions = {.kind = LIST_TAKEN};
    *list = &conditions;
    return SCUMBLE_OK;
}
