/* A host that gets a model through the library alone. Arguments: what to do, and a name where one is needed. The hub is
 * where HF_ENDPOINT says, the user's folder where XDG_DATA_HOME does; both are the test's. */
#include "host.h"

#include <signal.h>
#include <sys/resource.h>

static ScumbleDownloadInfo look(const ScumbleDownload *download) {
    ScumbleDownloadInfo info;
    MUST(scumble_download_info_init(&info, sizeof info) == SCUMBLE_OK);
    MUST(scumble_download_poll(download, &info) == SCUMBLE_OK);
    MUST(info.message && info.title && info.file && info.licence && info.licence_url && info.remarks && info.folder);
    return info;
}

static ScumbleDownload *start(uint32_t kind, const char *name, bool agreed) {
    ScumbleDownloadOptions options;
    ScumbleDownload *download = NULL;
    MUST(scumble_download_options_init(&options, sizeof options) == SCUMBLE_OK);
    MUST(options.kind == SCUMBLE_WANT_MODEL && options.agreed == 0);
    options.kind = kind;
    options.name = name;
    options.agreed = agreed;
    MUST(scumble_download_start(&options, &download) == SCUMBLE_OK && download);
    return download;
}

static bool has_ended(const ScumbleDownloadInfo *info) { return info->state >= SCUMBLE_DOWNLOAD_DONE; }

/* Bytes never go back while one download runs. */
static ScumbleDownloadInfo until(const ScumbleDownload *download, uint32_t state, uint64_t bytes) {
    uint64_t before = 0;
    for (;;) {
        const ScumbleDownloadInfo info = look(download);
        MUST(info.bytes_done >= before || info.state != SCUMBLE_DOWNLOAD_LOADING);
        before = info.bytes_done;
        if (has_ended(&info) || (info.state == state && info.bytes_done >= bytes)) return info;
        nap();
    }
}

static void say(const ScumbleDownloadInfo *info) {
    printf("%u\t%d\t%llu\t%llu\t%s\t%s\n", (unsigned)info->state, (int)info->error, (unsigned long long)info->bytes_done,
           (unsigned long long)info->bytes, info->folder, info->message);
}

/* Shows the terms, agrees, and gets it. */
static int get_one(uint32_t kind, const char *name) {
    ScumbleDownload *download = start(kind, name, false);
    ScumbleDownloadInfo info = until(download, SCUMBLE_DOWNLOAD_TERMS, 0);
    if (!has_ended(&info)) {
        MUST(*info.title && info.bytes > 0 && info.error == 0 && strstr(info.licence, ": ") && *info.licence_url);
        MUST(strncmp(info.licence_url, "http", 4) == 0);
        MUST(scumble_download_agree(download) == SCUMBLE_OK);
        info = until(download, SCUMBLE_DOWNLOAD_DONE, 0);
    }
    say(&info);
    MUST((info.state == SCUMBLE_DOWNLOAD_DONE) == (info.error == 0) && (*info.message != 0) == (info.error != 0));
    MUST((*info.folder != 0) == (info.state == SCUMBLE_DOWNLOAD_DONE));
    /* What has ended stays as it is. */
    MUST(scumble_download_cancel(download) == SCUMBLE_OK && look(download).state == info.state);
    scumble_download_release(download);
    return 0;
}

static int get(const char *name) { return get_one(SCUMBLE_WANT_MODEL, name); }
static int annotator(const char *name) { return get_one(SCUMBLE_WANT_ANNOTATOR, name); }

static int runtime(const char *name) {
    ScumbleDownload *download = start(SCUMBLE_WANT_RUNTIME, name, true);
    const ScumbleDownloadInfo info = until(download, SCUMBLE_DOWNLOAD_DONE, 0);
    say(&info);
    scumble_download_release(download);
    return 0;
}

/* Cancelled while bytes arrive, and while nobody has agreed; the hub stalls, so nothing else ends it. */
static int cancel(const char *name) {
    ScumbleDownload *waits = start(SCUMBLE_WANT_MODEL, name, false);
    MUST(until(waits, SCUMBLE_DOWNLOAD_TERMS, 0).state == SCUMBLE_DOWNLOAD_TERMS);
    MUST(scumble_download_cancel(waits) == SCUMBLE_OK);
    MUST(until(waits, SCUMBLE_DOWNLOAD_CANCELLED, 0).state == SCUMBLE_DOWNLOAD_CANCELLED);
    MUST(look(waits).error == 0);
    scumble_download_release(waits);

    ScumbleDownload *download = start(SCUMBLE_WANT_MODEL, name, true);
    MUST(!has_ended(&(ScumbleDownloadInfo){.state = until(download, SCUMBLE_DOWNLOAD_LOADING, 1000).state}));
    MUST(scumble_download_cancel(download) == SCUMBLE_OK);
    const ScumbleDownloadInfo info = until(download, SCUMBLE_DOWNLOAD_CANCELLED, 0);
    say(&info);
    MUST(info.state == SCUMBLE_DOWNLOAD_CANCELLED && *info.folder == 0);
    scumble_download_release(download);
    return 0;
}

/* Released in the middle, at every stage; the program goes on, and may exit while a thread still ends. */
static int release(const char *name) {
    scumble_download_release(NULL);
    scumble_download_release(start(SCUMBLE_WANT_MODEL, name, true));
    ScumbleDownload *download = start(SCUMBLE_WANT_MODEL, name, false);
    until(download, SCUMBLE_DOWNLOAD_TERMS, 0);
    scumble_download_release(download);
    download = start(SCUMBLE_WANT_MODEL, name, true);
    MUST(until(download, SCUMBLE_DOWNLOAD_LOADING, 1000).state == SCUMBLE_DOWNLOAD_LOADING);
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    scumble_download_release(download);
    clock_gettime(CLOCK_MONOTONIC, &to);
    /* The hub would stall for 20 seconds and more. */
    MUST(to.tv_sec - from.tv_sec < 5);
    return 0;
}

/* Two of the same and one of another, side by side. */
static int two(const char *name) {
    ScumbleDownload *all[] = {start(SCUMBLE_WANT_MODEL, name, true), start(SCUMBLE_WANT_MODEL, name, true),
                              start(SCUMBLE_WANT_MODEL, "nobody/nothing", true)};
    for (int i = 0; i < 3; i++) {
        const ScumbleDownloadInfo info = until(all[i], SCUMBLE_DOWNLOAD_DONE, 0);
        say(&info);
        scumble_download_release(all[i]);
    }
    return 0;
}

/* A disk that takes no more than 100 kB, as far as a process can play that. */
static int full(const char *name) {
    const struct rlimit least = {100000, 100000};
    signal(SIGXFSZ, SIG_IGN);
    MUST(setrlimit(RLIMIT_FSIZE, &least) == 0);
    return get(name);
}

static int list(void) {
    ScumbleList *list = NULL;
    ScumbleEntry entry;
    MUST(scumble_entry_init(&entry, sizeof entry) == SCUMBLE_OK);
    for (uint32_t kind = SCUMBLE_LIST_CATALOGUE; kind <= SCUMBLE_LIST_ANNOTATORS; kind++) {
        MUST(scumble_list_create(kind, &list) == SCUMBLE_OK && list);
        for (uint32_t i = 0; scumble_list_entry(list, i, &entry) == SCUMBLE_OK; i++) {
            printf("%u\t%s\t%s\t%u\t%u\t%llu\t%llu\t%llu\t%s\t%s\n", kind, entry.name, entry.title, entry.usable, entry.offer,
                   (unsigned long long)entry.bytes, (unsigned long long)entry.arrived, (unsigned long long)entry.memory,
                   entry.folder, entry.note);
            MUST(*entry.name && *entry.title && entry.bytes > 0 && *entry.licence && !strncmp(entry.licence_url, "http", 4));
            MUST((entry.offer == SCUMBLE_OFFER_INSTALLED) == (*entry.folder != 0));
            MUST(entry.usable || *entry.note);
        }
        scumble_list_release(list);
    }
    return 0;
}

static int wrong(void) {
    ScumbleDownloadOptions options;
    ScumbleDownloadInfo info;
    ScumbleDownload *download = NULL;
    MUST(scumble_download_options_init(&options, sizeof options) == SCUMBLE_OK);
    MUST(scumble_download_info_init(&info, sizeof info) == SCUMBLE_OK);
    row("no options to init", SCUMBLE_ERROR_NULL, scumble_download_options_init(NULL, sizeof options));
    row("no info to init", SCUMBLE_ERROR_NULL, scumble_download_info_init(NULL, sizeof info));
    row("a short info", SCUMBLE_ERROR_STRUCT_SIZE, scumble_download_info_init(&info, 8));
    row("no options", SCUMBLE_ERROR_NULL, scumble_download_start(NULL, &download));
    row("no name", SCUMBLE_ERROR_NULL, scumble_download_start(&options, &download));
    options.name = "painter/tiny-model";
    row("nowhere to put it", SCUMBLE_ERROR_NULL, scumble_download_start(&options, NULL));
    options.kind = 7;
    row("an unknown kind", SCUMBLE_ERROR_SETTING, scumble_download_start(&options, &download));
    options.kind = SCUMBLE_WANT_MODEL;
    options.name = "\xff";
    row("a name that is no text", SCUMBLE_ERROR_TEXT, scumble_download_start(&options, &download));
    options.name = "sdxs";
    options.precision = "\xff";
    row("a precision that is no text", SCUMBLE_ERROR_TEXT, scumble_download_start(&options, &download));
    options.struct_size = 4;
    row("short options", SCUMBLE_ERROR_STRUCT_SIZE, scumble_download_start(&options, &download));
    MUST(download == NULL);
    row("poll nothing", SCUMBLE_ERROR_NULL, scumble_download_poll(NULL, &info));
    row("agree to nothing", SCUMBLE_ERROR_NULL, scumble_download_agree(NULL));
    row("cancel nothing", SCUMBLE_ERROR_NULL, scumble_download_cancel(NULL));
    download = start(SCUMBLE_WANT_MODEL, "no name at all", true);
    row("poll into nothing", SCUMBLE_ERROR_NULL, scumble_download_poll(download, NULL));
    info = until(download, SCUMBLE_DOWNLOAD_DONE, 0);
    printf("a name that is none\t%d\t%s\n", (int)info.error, info.message);
    scumble_download_release(download);
    return failed_rows;
}

int main(int argc, char **argv) {
    MUST(argc >= 2);
    const char *what = argv[1], *name = argc > 2 ? argv[2] : "";
    static const struct { const char *what; int (*run)(const char *); } named[] = {
        {"get", get}, {"annotator", annotator}, {"runtime", runtime}, {"cancel", cancel}, {"release", release}, {"two", two}, {"full", full}};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(named[i].what, what) == 0) return named[i].run(name);
    return strcmp(what, "list") == 0 ? list() : wrong();
}
