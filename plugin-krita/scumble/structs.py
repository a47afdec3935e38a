# SPDX-License-Identifier: GPL-3.0-or-later
"""The structs of include/scumble.h in ctypes; abi.py has constants and prototypes."""

from __future__ import annotations

import ctypes
from ctypes import (
    c_char_p,
    c_double,
    c_float,
    c_int32,
    c_size_t,
    c_ssize_t,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)


class Rect(ctypes.Structure):
    _fields_ = [("x", c_int32), ("y", c_int32), ("width", c_int32), ("height", c_int32)]


class EngineOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("intra_threads", c_uint32),
        ("model_dir", c_char_p),
        ("device", c_char_p),
        ("runtime", c_char_p),
        ("scheduler", c_char_p),
        ("process", c_uint32),
        ("idle_ms", c_uint32),
        ("hang_ms", c_uint32),
        ("loras", c_uint32),
        ("worker", c_char_p),
    ]


class EngineInfo(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("state", c_uint32),
        ("progress", c_float),
        ("error", c_int32),
        ("message", c_char_p),
        ("model_name", c_char_p),
        ("model_description", c_char_p),
        ("device", c_char_p),
        ("native_side", c_uint32),
        ("default_steps", c_uint32),
        ("default_strength", c_float),
        ("default_guidance", c_float),
        ("runtime", c_char_p),
        ("device_note", c_char_p),
        ("default_paint_guidance", c_float),
        ("reserved", c_uint32),
    ]


class FrameInfo(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("seq", c_uint64),
        ("revision", c_uint64),
        ("rect", Rect),
        ("covers", Rect),
        ("canvas_width", c_int32),
        ("canvas_height", c_int32),
        ("format", c_int32),
        ("tier", c_uint32),
        ("rect_count", c_uint32),
        ("step", c_uint32),
        ("steps", c_uint32),
        ("reserved", c_uint32),
        ("since_push_us", c_uint64),
        ("since_start_us", c_uint64),
        ("text_us", c_uint64),
        ("encode_us", c_uint64),
        ("denoise_us", c_uint64),
        ("decode_us", c_uint64),
        ("pixels_us", c_uint64),
        ("runtime_us", c_uint64),
    ]


class Params(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("steps", c_uint32),
        ("prompt", c_char_p),
        ("negative", c_char_p),
        ("strength", c_float),
        ("guidance", c_float),
        ("seed", c_uint64),
        ("preview", c_uint32),
        ("alpha", c_uint32),
        ("paper", c_uint8 * 4),
        ("mask_softness", c_uint32),
        ("resolution", c_uint32),
        ("reserved", c_uint32),
        ("sampler", c_char_p),
        ("finest", c_uint32),
        ("settle_delay_ms", c_uint32),
        ("refine_strength", c_float),
        ("settled_steps", c_uint32),
        ("lora_folder", c_char_p),
        ("paint_guidance", c_float),
        ("overview", c_uint32),
    ]


class Image(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("format", c_int32),
        ("canvas_width", c_int32),
        ("canvas_height", c_int32),
        ("rect", Rect),
        ("stride", c_ssize_t),
        ("byte_length", c_size_t),
        ("pixels", c_void_p),
        ("space", c_uint32),
        ("reserved", c_uint32),
        ("profile_length", c_size_t),
        ("profile", c_void_p),
    ]


class Mask(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("outside", c_uint32),
        ("canvas_width", c_int32),
        ("canvas_height", c_int32),
        ("rect", Rect),
        ("stride", c_ssize_t),
        ("byte_length", c_size_t),
        ("coverage", c_void_p),
    ]


class Condition(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_uint32),
        ("file", c_char_p),
        ("scale", c_float),
        ("start", c_float),
        ("end", c_float),
        ("prepare", c_uint32),
        ("text_scale", c_float),
        ("rank", c_uint32),
        ("prompt", c_char_p),
        ("negative", c_char_p),
        ("aspect", c_uint32),
        ("reserved", c_uint32),
    ]


class Overview(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("width", c_uint32),
        ("height", c_uint32),
        ("reserved", c_uint32),
        ("left", c_double),
        ("top", c_double),
        ("covers_width", c_double),
        ("covers_height", c_double),
    ]


class Stats(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("busy", c_uint32),
        ("jobs_started", c_uint64),
        ("jobs_replaced", c_uint64),
        ("frames", c_uint64),
    ]


class Entry(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("usable", c_uint32),
        ("name", c_char_p),
        ("title", c_char_p),
        ("note", c_char_p),
        ("least", c_double),
        ("most", c_double),
        ("initial", c_double),
        ("memory", c_uint64),
        ("bytes", c_uint64),
        ("arrived", c_uint64),
        ("offer", c_uint32),
        ("reserved", c_uint32),
        ("good_at", c_char_p),
        ("licence", c_char_p),
        ("licence_url", c_char_p),
        ("folder", c_char_p),
    ]


class DownloadOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_uint32),
        ("name", c_char_p),
        ("precision", c_char_p),
        ("revision", c_char_p),
        ("anyway", c_uint32),
        ("agreed", c_uint32),
    ]


class DownloadInfo(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("state", c_uint32),
        ("error", c_int32),
        ("files_done", c_uint32),
        ("files", c_uint32),
        ("reserved", c_uint32),
        ("bytes_done", c_uint64),
        ("bytes", c_uint64),
        ("message", c_char_p),
        ("title", c_char_p),
        ("file", c_char_p),
        ("licence", c_char_p),
        ("licence_url", c_char_p),
        ("remarks", c_char_p),
        ("folder", c_char_p),
    ]
