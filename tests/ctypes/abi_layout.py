"""Tells as JSON how ctypes lays out the structs of the ABI, and the constants beside them.

    abi_layout.py HEADER            a mirror made from the header
    abi_layout.py HEADER MODULE.py  a host's own mirror, e.g. the Krita plug-in's

A mirror has one ctypes.Structure for each struct, called like it, with or without "Scumble" before; constants
are whole numbers of the module, called like the header's, with or without "SCUMBLE_" before.
"""

import ctypes
import importlib.util
import json
import re
import sys
import types
from pathlib import Path

PLAIN = {
    "double": ctypes.c_double,
    "float": ctypes.c_float,
    "int32_t": ctypes.c_int32,
    "ptrdiff_t": ctypes.c_ssize_t,
    "size_t": ctypes.c_size_t,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "uint8_t": ctypes.c_uint8,
}


def mirror_of_header(code):
    """Structures and constants, read from the header's declarations."""
    structures = {}
    for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\}", code, re.S):
        fields = []
        for declaration in filter(None, (line.strip() for line in body.split(";"))):
            kind, stars, field, count = re.fullmatch(
                r"(?:const )?(?:struct )?(\w+)\s+(\*?)(\w+)(?:\[(\d+)\])?", declaration
            ).groups()
            if stars:
                ctype = ctypes.c_char_p if kind == "char" else ctypes.c_void_p
            else:
                ctype = PLAIN.get(kind) or structures[kind]
            fields.append((field, ctype * int(count) if count else ctype))
        structures[name] = type(name, (ctypes.Structure,), {"_fields_": fields})
    constants = {
        name: int(value.strip("()"))
        for name, value in re.findall(r"^#define (SCUMBLE_\w+) (\(?-?\d+\)?)$", code, re.M)
    }
    return structures, constants


def mirror_in_module(path):
    """Structures and constants that a host's module defines, under the header's names."""
    # In a package, as it is one of the host's: what it imports lies beside it.
    package = types.ModuleType("mirror")
    package.__path__ = [str(Path(path).parent)]
    spec = importlib.util.spec_from_file_location("mirror.module", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.update({"mirror": package, "mirror.module": module})
    spec.loader.exec_module(module)
    structures, constants = {}, {}
    for name, value in vars(module).items():
        if isinstance(value, type) and issubclass(value, ctypes.Structure) and value is not ctypes.Structure:
            structures["Scumble" + name.removeprefix("Scumble")] = value
        elif isinstance(value, int) and not isinstance(value, bool) and name.isupper():
            constants["SCUMBLE_" + name.removeprefix("SCUMBLE_")] = value
    return structures, constants


def main():
    """Prints one JSON object: structs (name: [size, [[field, offset, size], ...]]) and constants."""
    code = re.sub(r"/\*.*?\*/", "", Path(sys.argv[1]).read_text(encoding="utf-8"), flags=re.S)
    mirror = mirror_in_module(sys.argv[2]) if len(sys.argv) > 2 else mirror_of_header(code)
    structures, constants = mirror
    layouts = {
        name: [
            ctypes.sizeof(structure),
            [
                [field[0], getattr(structure, field[0]).offset, getattr(structure, field[0]).size]
                for field in structure._fields_
            ],
        ]
        for name, structure in structures.items()
    }
    json.dump({"structs": layouts, "constants": constants}, sys.stdout)


main()
