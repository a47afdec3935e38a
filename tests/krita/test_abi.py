# SPDX-License-Identifier: GPL-3.0-or-later
"""abi.py says what include/scumble.h says."""

import ctypes
import re

import pytest
from conftest import ROOT
from scumble import abi

HEADER = re.sub(
    r"/\*.*?\*/|^static inline .*?^}|^# .*?$|SCUMBLE_API\s|SCUMBLE_MUST_USE\s",
    "",
    (ROOT / "include/scumble.h").read_text(),
    flags=re.S | re.M,
)
SCALARS = {
    "uint8_t": ctypes.c_uint8,
    "uint32_t": ctypes.c_uint32,
    "int32_t": ctypes.c_int32,
    "ptrdiff_t": ctypes.c_ssize_t,
    "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
    "const char *": ctypes.c_char_p,
    "const void *": ctypes.c_void_p,
    "const uint8_t *": ctypes.c_void_p,
    "struct ScumbleRect": abi.Rect,
}


def header_structs():
    for name, body in re.findall(r"typedef struct Scumble(\w+) \{(.*?)\} Scumble\1;", HEADER, re.S):
        fields = []
        for line in filter(None, (part.strip() for part in body.split(";"))):
            kind, field, count = re.fullmatch(r"(.*?[ *])(\w+)(?:\[(\d+)\])?", line).groups()
            kind = SCALARS[re.sub(r"\s+", " ", kind).strip()]
            fields.append((field, kind * int(count) if count else kind))
        yield name, fields


def test_every_struct_has_the_headers_fields():
    found = dict(header_structs())
    assert len(found) == 13
    for name, fields in found.items():
        assert getattr(abi, name)._fields_ == fields, name


def test_every_constant_has_the_headers_value():
    found = dict(re.findall(r"#define SCUMBLE_(\w+) \(?(-?\d+)\)?", HEADER))
    for name in ("VERSION_MAJOR", "VERSION_MINOR", "VERSION_PATCH"):
        found.pop(name)
    assert len(found) > 35
    assert {name: getattr(abi, name, None) for name in found} == {n: int(v) for n, v in found.items()}


def prototypes():
    """(name, result, types of the arguments) of each function."""
    prototype = re.compile(r"^(\S[\w \*]*?)(scumble_\w+)\(([^;{]*?)\);", re.M | re.S)
    for result, name, arguments in prototype.findall(HEADER):
        listed = [" ".join(one.split()) for one in arguments.split(",") if one.strip() != "void"]
        yield name, result.strip(), [re.fullmatch(r"(.*?[ *])\w+", one).group(1).strip() for one in listed]


def fits(kind: str, ours) -> bool:
    """Whether a ctypes type may stand for a C one: a handle or a caller's bytes as an address."""
    if kind in SCALARS:
        return ours is SCALARS[kind]
    to = kind.removesuffix("*").strip().removeprefix("const ").removeprefix("struct ")
    if to.endswith("*"):  # what a call hands out
        return ours is ctypes.POINTER(ctypes.c_void_p)
    if to in SCALARS and (not kind.startswith("const") or ours is not ctypes.c_void_p):
        return ours is ctypes.POINTER(SCALARS[to])
    known = getattr(abi, to.removeprefix("Scumble"), None)
    if isinstance(known, type) and issubclass(known, ctypes.Structure):
        return ours is ctypes.POINTER(known)
    return ours is ctypes.c_void_p


def test_every_function_has_a_prototype():
    found, results = list(prototypes()), {**SCALARS, "void": None}
    assert {name for name, _, _ in found} == set(abi.FUNCTIONS) and len(found) > 40
    for name, result, kinds in found:
        restype, argtypes = abi.FUNCTIONS[name]
        assert restype == results[result] and len(argtypes) == len(kinds), name
        wrong = [(kind, ours) for kind, ours in zip(kinds, argtypes, strict=True) if not fits(kind, ours)]
        assert not wrong, (name, wrong)


@pytest.mark.parametrize("name", [name for name in abi.FUNCTIONS if name.endswith("_init")])
def test_sizes_are_the_librarys(real, name):
    struct = abi.FUNCTIONS[name][1][0]._type_()
    size = ctypes.sizeof(struct)
    assert getattr(real.call, name)(ctypes.byref(struct), size) == abi.OK
    assert struct.struct_size == size
    assert getattr(real.call, name)(ctypes.byref(struct), 4) == abi.ERROR_STRUCT_SIZE
