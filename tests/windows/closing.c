/* Opens the library as a plug-in does, lists the devices, which loads ONNX Runtime and starts no thread of the library's own, and
 * frees the library: it stays, as ONNX Runtime logs through it. Argument: the library. */
#include <scumble.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#define MUST(promise) \
    do { \
        if (!(promise)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #promise); \
            exit(1); \
        } \
    } while (0)

#define CALL(name) \
    __typeof__(scumble_##name) *name; \
    *(FARPROC *)&name = GetProcAddress(library, "scumble_" #name); \
    MUST(name)

int main(int argc, char **argv) {
    MUST(argc == 2);
    HMODULE library = LoadLibraryA(argv[1]);
    MUST(library);
    CALL(list_create);
    CALL(list_release);
    ScumbleList *list = NULL;
    MUST(list_create(SCUMBLE_LIST_DEVICES, &list) == SCUMBLE_OK);
    list_release(list);
    MUST(FreeLibrary(library));
    MUST(GetModuleHandleA("scumble.dll") == library);
    puts("the library that was freed stays");
    return 0;
}
