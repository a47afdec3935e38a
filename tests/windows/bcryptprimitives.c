/* The one function of bcryptprimitives.dll that Rust's standard library asks for: Wine before 9 has no such library. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length); /* RtlGenRandom */

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
    const ULONG most = 1UL << 30;
    while (length > 0) {
        ULONG part = length < most ? (ULONG)length : most;
        if (!SystemFunction036(data, part)) return FALSE;
        data += part;
        length -= part;
    }
    return TRUE;
}
