# SPDX-License-Identifier: GPL-3.0-or-later
"""include/scumble.h in ctypes: constants and prototypes, the structs are in structs.py.

tests/krita/test_abi.py reads the header and fails when they have drifted from it.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_char_p, c_float, c_int32, c_size_t, c_ssize_t, c_uint32, c_uint64, c_void_p

from .structs import (
    Condition,
    DownloadInfo,
    DownloadOptions,
    EngineInfo,
    EngineOptions,
    Entry,
    FrameInfo,
    Image,
    Mask,
    Overview,
    Params,
    Rect,
    Stats,
)

ABI_MAJOR = 1
ABI_MINOR = 16

OK = 0
UNCHANGED = 1
NO_FRAME = 2
LOADING = 3
TIMEOUT = 4
END = 5
ERROR_NULL = -1
ERROR_STRUCT_SIZE = -2
ERROR_TEXT = -3
ERROR_RECT = -4
ERROR_BUFFER = -5
ERROR_FORMAT = -6
ERROR_SETTING = -7
ERROR_INTERNAL = -8
ERROR_RUNTIME = -9
ERROR_DEVICE = -10
ERROR_MODEL_MISSING = -11
ERROR_MODEL_BROKEN = -12
ERROR_MODEL_UNSUPPORTED = -13
ERROR_INFERENCE = -14
ERROR_MEMORY = -15
ERROR_WORKER = -17
ERROR_WORKER_DIED = -18
ERROR_NETWORK = -19
ERROR_ACCESS = -20
ERROR_DISK = -21
ERROR_DOWNLOAD = -22

FORMAT_RGBA8 = 1
FORMAT_BGRA8 = 2
FORMAT_RGBA16 = 3
FORMAT_BGRA16 = 4
FORMAT_RGBAF32 = 5
FORMAT_RGBAF32_LINEAR = 6
FORMAT_RGBA8_LINEAR = 7
FORMAT_BGRA8_LINEAR = 8
FORMAT_RGBA16_LINEAR = 9
FORMAT_BGRA16_LINEAR = 10
FORMAT_RGBAF16 = 11
FORMAT_RGBAF16_LINEAR = 12
FORMAT_RGBA8_PREMULTIPLIED = 13
FORMAT_BGRA8_PREMULTIPLIED = 14
FORMAT_RGBA16_PREMULTIPLIED = 15
FORMAT_RGBAF16_LINEAR_PREMULTIPLIED = 16
FORMAT_RGBAF32_LINEAR_PREMULTIPLIED = 17
FORMAT_RGB8 = 18
FORMAT_BGR8 = 19
FORMAT_RGBX8 = 20
FORMAT_BGRX8 = 21
FORMAT_RGB16 = 22
FORMAT_RGBF32_LINEAR = 23

PROCESS_AUTO = 0
PROCESS_OWN = 1
PROCESS_HOST = 2
PROCESS_SHARED = 3

SPACE_SRGB = 0
SPACE_DISPLAY_P3 = 1
SPACE_ADOBE_RGB = 2
SPACE_REC2020 = 3
SPACE_PROPHOTO = 4

PREVIEW_OFF = 0
PREVIEW_GIVE_WAY = 1
PREVIEW_EACH_STEP = 2
ALPHA_OPAQUE = 0
ALPHA_FOLLOW_PAINT = 1
OUTSIDE_PAINT = 0
OUTSIDE_TRANSPARENT = 1
FRAME_PREVIEW = 1
FRAME_FINAL = 2
FRAME_STALE = 4
FRAME_CURRENT = 8
TIER_LIVE = 0
TIER_SETTLED = 1
ENGINE_LOADING = 0
ENGINE_READY = 1
ENGINE_FAILED = 2
LIST_MODELS = 1
LIST_DEVICES = 2
LIST_SAMPLERS = 3
LIST_SETTINGS = 4
LIST_CATALOGUE = 5
LIST_RUNTIMES = 6
LIST_ANNOTATORS = 7
OFFER_ABSENT = 0
OFFER_PARTIAL = 1
OFFER_INSTALLED = 2
WANT_MODEL = 1
WANT_RUNTIME = 2
WANT_ANNOTATOR = 3
DOWNLOAD_ASKING = 0
DOWNLOAD_TERMS = 1
DOWNLOAD_WAITING = 2
DOWNLOAD_LOADING = 3
DOWNLOAD_DONE = 4
DOWNLOAD_FAILED = 5
DOWNLOAD_CANCELLED = 6
CONDITION_CONTROL = 1
CONDITION_LORA = 2
CONDITION_REGION = 3
CONDITION_REFERENCE = 4
ASPECT_ALL = 0
ASPECT_STYLE = 1
ASPECT_LAYOUT = 2
PREPARE_AS_IS = 0
PREPARE_DRAWN = 1
PREPARE_LINES = 2
PREPARE_CANNY = 3
PREPARE_BLUR = 4
PREPARE_DEPTH = 5
PREPARE_SOFT_EDGES = 6
PREPARE_POSE = 7
PREPARE_INPAINT = 8
LOG_ERROR = 1
LOG_WARNING = 2
LOG_INFO = 3
LOG_DEBUG = 4

# Handles are plain pointers; engine.py never mixes them up.
_HANDLE = c_void_p
_HANDLE_OUT = POINTER(c_void_p)
_REVISION_OUT = POINTER(c_uint64)

# name: (result type, argument types)
FUNCTIONS = {
    "scumble_abi_version": (c_uint32, []),
    "scumble_version": (c_char_p, []),
    "scumble_last_error": (c_char_p, []),
    "scumble_session_last_error": (c_int32, [_HANDLE, c_void_p, c_size_t]),
    "scumble_status_text": (c_char_p, [c_int32]),
    "scumble_default_model": (c_char_p, []),
    "scumble_entry_init": (c_int32, [POINTER(Entry), c_size_t]),
    "scumble_list_create": (c_int32, [c_uint32, _HANDLE_OUT]),
    "scumble_list_entry": (c_int32, [_HANDLE, c_uint32, POINTER(Entry)]),
    "scumble_list_release": (None, [_HANDLE]),
    "scumble_engine_samplers": (c_int32, [_HANDLE, _HANDLE_OUT]),
    "scumble_log_level": (c_int32, [c_uint32]),
    "scumble_log_read": (c_int32, [POINTER(c_uint64), POINTER(c_uint32), c_void_p, c_size_t]),
    "scumble_engine_options_init": (c_int32, [POINTER(EngineOptions), c_size_t]),
    "scumble_engine_info_init": (c_int32, [POINTER(EngineInfo), c_size_t]),
    "scumble_frame_info_init": (c_int32, [POINTER(FrameInfo), c_size_t]),
    "scumble_overview_init": (c_int32, [POINTER(Overview), c_size_t]),
    "scumble_engine_create": (c_int32, [POINTER(EngineOptions), _HANDLE_OUT]),
    "scumble_engine_info": (c_int32, [_HANDLE, POINTER(EngineInfo)]),
    "scumble_engine_release": (None, [_HANDLE]),
    "scumble_frame_info": (c_int32, [_HANDLE, POINTER(FrameInfo)]),
    "scumble_frame_rects": (c_int32, [_HANDLE, POINTER(Rect), c_uint32]),
    "scumble_frame_overview": (
        c_int32, [_HANDLE, POINTER(Overview), c_void_p, c_ssize_t, c_size_t],
    ),
    "scumble_frame_copy": (c_int32, [_HANDLE, POINTER(Rect), c_void_p, c_ssize_t, c_size_t]),
    "scumble_frame_note": (c_int32, [_HANDLE, c_void_p, c_size_t]),
    "scumble_frame_release": (None, [_HANDLE]),
    "scumble_params_init": (c_int32, [POINTER(Params), c_size_t]),
    "scumble_image_init": (c_int32, [POINTER(Image), c_size_t]),
    "scumble_mask_init": (c_int32, [POINTER(Mask), c_size_t]),
    "scumble_stats_init": (c_int32, [POINTER(Stats), c_size_t]),
    "scumble_session_create": (c_int32, [_HANDLE, _HANDLE_OUT]),
    "scumble_session_set_params": (c_int32, [_HANDLE, POINTER(Params), _REVISION_OUT]),
    "scumble_session_push": (
        c_int32,
        [_HANDLE, POINTER(Image), c_uint32, POINTER(Rect), c_uint32, _REVISION_OUT],
    ),
    "scumble_session_set_mask": (c_int32, [_HANDLE, POINTER(Mask), _REVISION_OUT]),
    "scumble_condition_init": (c_int32, [POINTER(Condition), c_size_t]),
    "scumble_engine_conditions": (c_int32, [_HANDLE, _HANDLE_OUT]),
    "scumble_session_conditions": (c_int32, [_HANDLE, _HANDLE_OUT]),
    "scumble_session_set_condition": (
        c_int32,
        [_HANDLE, c_uint32, POINTER(Condition), POINTER(Image), _REVISION_OUT],
    ),
    "scumble_session_set_noise": (
        c_int32,
        [_HANDLE, POINTER(c_float), c_uint32, c_uint32, c_uint32, c_uint32, _REVISION_OUT],
    ),
    "scumble_session_poll": (c_int32, [_HANDLE, c_uint64, _HANDLE_OUT]),
    "scumble_session_wake_fd": (c_int32, [_HANDLE, POINTER(c_int32)]),
    "scumble_session_wake_event": (c_int32, [_HANDLE, _HANDLE_OUT]),
    "scumble_session_wait": (c_int32, [_HANDLE, c_uint32]),
    "scumble_session_cancel": (c_int32, [_HANDLE]),
    "scumble_session_stats": (c_int32, [_HANDLE, POINTER(Stats)]),
    "scumble_session_doing": (c_int32, [_HANDLE, c_void_p, c_size_t]),
    "scumble_session_release": (None, [_HANDLE]),
    "scumble_download_options_init": (c_int32, [POINTER(DownloadOptions), c_size_t]),
    "scumble_download_info_init": (c_int32, [POINTER(DownloadInfo), c_size_t]),
    "scumble_download_start": (c_int32, [POINTER(DownloadOptions), _HANDLE_OUT]),
    "scumble_download_poll": (c_int32, [_HANDLE, POINTER(DownloadInfo)]),
    "scumble_download_agree": (c_int32, [_HANDLE]),
    "scumble_download_cancel": (c_int32, [_HANDLE]),
    "scumble_download_release": (None, [_HANDLE]),
}


def load(path: str) -> ctypes.CDLL:
    """Loads the library and gives every function its prototype. The library is never unloaded.

    Raises OSError if it cannot be loaded, AttributeError if a function is missing (an older library).
    """
    library = ctypes.CDLL(path)
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library
