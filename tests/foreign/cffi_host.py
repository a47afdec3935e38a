"""A host in Python whose bindings cffi makes of the header: it renders one picture.

    cffi_host.py DECLARATIONS HEADER LIBRARY MODEL

DECLARATIONS is the header behind the preprocessor (-DSCUMBLE_PLAIN); the constants are taken from HEADER.
"""

import re
import sys
from pathlib import Path

import cffi

SIDE = 64


def main():
    declarations, header, library, model = sys.argv[1:]
    ffi = cffi.FFI()
    text = Path(header).read_text(encoding="utf-8")
    constants = re.findall(r"^#define (SCUMBLE_\w+) \(?(-?\d+)\)?$", text, re.M)
    ffi.cdef("\n".join(f"#define {name} {value}" for name, value in constants))
    ffi.cdef(Path(declarations).read_text(encoding="utf-8"))
    lib = ffi.dlopen(library)

    def check(status):
        if status < 0:
            raise RuntimeError(ffi.string(lib.scumble_last_error()).decode())
        return status

    def made(kind, init):
        struct = ffi.new(kind + " *")
        check(init(struct, ffi.sizeof(kind)))
        return struct

    version = lib.scumble_abi_version()
    assert version >> 16 == lib.SCUMBLE_ABI_MAJOR and version & 0xFFFF >= lib.SCUMBLE_ABI_MINOR, version
    kept = [ffi.new("char[]", text.encode()) for text in (model, "cpu")]
    options = made("ScumbleEngineOptions", lib.scumble_engine_options_init)
    options.model_dir, options.device = kept
    engine, layer, frame = (ffi.new(f"Scumble{kind} **") for kind in ("Engine", "Session", "Frame"))
    check(lib.scumble_engine_create(options, engine))
    check(lib.scumble_session_create(engine[0], layer))
    params = made("ScumbleParams", lib.scumble_params_init)
    params.strength = 0
    check(lib.scumble_session_set_params(layer[0], params, ffi.NULL))
    paint = ffi.from_buffer(bytes(i % 251 for i in range(SIDE * SIDE * 4)))
    image = made("ScumbleImage", lib.scumble_image_init)
    image.format = lib.SCUMBLE_FORMAT_RGBA8
    image.canvas_width = image.canvas_height = image.rect.width = image.rect.height = SIDE
    image.stride, image.byte_length, image.pixels = SIDE * 4, len(paint), paint
    check(lib.scumble_session_push(layer[0], image, 1, ffi.NULL, 0, ffi.NULL))
    assert lib.scumble_session_wait(layer[0], 300_000) == lib.SCUMBLE_OK
    assert check(lib.scumble_session_poll(layer[0], 0, frame)) == lib.SCUMBLE_OK
    shown = ffi.new("unsigned char[]", len(paint))
    rect = ffi.new("ScumbleRect *", (0, 0, SIDE, SIDE))
    check(lib.scumble_frame_copy(frame[0], rect, shown, SIDE * 4, len(paint)))
    assert bytes(ffi.buffer(shown)) == bytes(ffi.buffer(paint)), "at strength 0 the frame is the paint"
    lib.scumble_frame_release(frame[0])
    lib.scumble_session_release(layer[0])
    lib.scumble_engine_release(engine[0])
    print(f"{len(constants)} constants, ABI {version >> 16}.{version & 0xFFFF}, one picture")


main()
