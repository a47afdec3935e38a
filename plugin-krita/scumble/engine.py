# SPDX-License-Identifier: GPL-3.0-or-later
"""What the library does as Python objects: Library → Engine → Session → Frame. Knows nothing of Krita or Qt.

Every object is closed by close() or a `with` block; what is forgotten is released when Python drops it.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

from . import abi
from .library import Library, Owned, encoded, text


@dataclass(frozen=True)
class ModelInfo:
    """How far an engine is, and what is known of its model."""

    state: int
    progress: float
    error: int
    message: str
    name: str
    description: str
    device: str
    native_side: int
    steps: int
    strength: float
    guidance: float
    runtime: str
    note: str = ""  # why it runs there, and why not as was asked for
    paint_guidance: float = 0.0  # its own, if it changes the paint as it is told; else 0

    @property
    def ready(self) -> bool:
        return self.state == abi.ENGINE_READY

    @property
    def failed(self) -> bool:
        return self.state == abi.ENGINE_FAILED


class Engine(Owned):
    """A model that is loaded in the background, and its worker; shared by any number of sessions.
    With `loras` the first LoRA takes no longer than another; `process` is one of abi.PROCESS_*."""

    def __init__(
        self, library: Library, model_dir=None, device=None, runtime=None, threads: int = 0, idle_ms: int = 0,
        loras: bool = False, process: int = abi.PROCESS_AUTO,
    ):  # fmt: skip
        options = library.made(abi.EngineOptions, "scumble_engine_options_init")
        options.model_dir = encoded(model_dir)
        options.device = encoded(device)
        options.runtime = encoded(runtime)
        options.intra_threads = threads
        options.idle_ms = idle_ms
        options.loras = loras
        options.process = process
        out = ctypes.c_void_p()
        library.check(library.call.scumble_engine_create(ctypes.byref(options), ctypes.byref(out)))
        super().__init__(library, out.value, "scumble_engine_release")

    def info(self) -> ModelInfo:
        i = self.library.made(abi.EngineInfo, "scumble_engine_info_init")
        self.library.check(self.library.call.scumble_engine_info(self.handle, ctypes.byref(i)))
        return ModelInfo(
            i.state, i.progress, i.error, text(i.message), text(i.model_name), text(i.model_description),
            text(i.device), i.native_side, i.default_steps, i.default_strength, i.default_guidance,
            text(i.runtime), text(i.device_note), i.default_paint_guidance,
        )  # fmt: skip

    def conditions(self) -> dict[str, str]:
        """Why the model cannot be steered by something ("control", "own_control", "lora"), "" where it can;
        empty while it is loading."""
        out = ctypes.c_void_p()
        call = self.library.call.scumble_engine_conditions
        if self.library.check(call(self.handle, ctypes.byref(out))) != abi.OK:
            return {}
        told = lambda entry: (text(entry.name), bool(entry.usable), text(entry.note))  # noqa: E731
        found = list(self.library.entries(out, told))
        reasons = {name: "" if usable else note for name, usable, note in found}
        # A model with a control of its own takes no ControlNet's file.
        alone = next((note for name, usable, note in found if name == "own_control" and usable), "")
        return {**reasons, "control": alone} if alone else reasons

    def samplers(self) -> list[str]:
        """The names of those that the model can be run with; none while it is loading."""
        out = ctypes.c_void_p()
        call = self.library.call.scumble_engine_samplers
        if self.library.check(call(self.handle, ctypes.byref(out))) != abi.OK:
            return []
        return self.library.names(out)


@dataclass(frozen=True)
class Settings:
    """What a session renders. None = the model's own."""

    prompt: str = ""
    negative: str = ""
    strength: float | None = None
    steps: int | None = None
    guidance: float | None = None
    seed: int = 0
    follow_alpha: bool = False
    preview: int = abi.PREVIEW_EACH_STEP
    mask_softness: int | None = None  # None: the library's own
    resolution: int = 0
    sampler: str = ""  # "": the model's own
    paint_guidance: float | None = None
    lora_folder: str = ""  # of the LoRAs that the prompt names; "": the library's own


@dataclass(frozen=True)
class Space:
    """A colour space: an ICC profile's bytes, or one that has a name."""

    number: int = abi.SPACE_SRGB
    profile: bytes | None = None


SRGB = Space()


@dataclass(frozen=True)
class Steered:
    """What a picture is steered by: abi.CONDITION_*, its file or a region's words, how much, in which part of
    the steps, what is made of a control's picture first (abi.PREPARE_*), a region's rank: it covers those
    of smaller ones, and what of a reference is taken over (abi.ASPECT_*)."""

    kind: int
    file: str
    scale: float = 1.0
    start: float = 0.0
    end: float = 1.0
    prompt: str = ""
    prepare: int = abi.PREPARE_AS_IS
    rank: int = 0
    aspect: int = abi.ASPECT_ALL


class Session(Owned):
    """What the library keeps of one live layer."""

    def __init__(self, engine: Engine):
        library = engine.library
        out = ctypes.c_void_p()
        library.check(library.call.scumble_session_create(engine.handle, ctypes.byref(out)))
        super().__init__(library, out.value, "scumble_session_release")
        self.loading = False
        self._seen = 0

    def _revised(self, call, *arguments) -> int:
        """The revision that a change made, or 0 if nothing changed."""
        revision = ctypes.c_uint64()
        status = self.library.check(call(self.handle, *arguments, ctypes.byref(revision)))
        return revision.value if status == abi.OK else 0

    def set(self, settings: Settings) -> int:
        """Replaces the settings; returns the new revision, 0 if they are as they were."""
        p = self.library.made(abi.Params, "scumble_params_init")
        p.prompt = encoded(settings.prompt)
        p.negative = encoded(settings.negative)
        p.strength = -1.0 if settings.strength is None else settings.strength
        p.steps = settings.steps or 0
        p.guidance = -1.0 if settings.guidance is None else settings.guidance
        p.paint_guidance = settings.paint_guidance or 0.0
        p.seed = settings.seed
        p.alpha = abi.ALPHA_FOLLOW_PAINT if settings.follow_alpha else abi.ALPHA_OPAQUE
        p.preview = settings.preview
        if settings.mask_softness is not None:
            p.mask_softness = settings.mask_softness
        p.resolution = settings.resolution
        p.sampler = encoded(settings.sampler or None)
        p.lora_folder = encoded(settings.lora_folder or None)
        return self._revised(self.library.call.scumble_session_set_params, ctypes.byref(p))

    def push(self, pixel_format: int, canvas: tuple, parts: list[tuple], space: Space = SRGB) -> int:
        """Hands over parts of the paint as one change; returns the new revision, 0 if nothing has changed. A
        part is (rectangle, address of its rows, packed, their length)."""
        images = (abi.Image * len(parts))()
        for image, part in zip(images, parts):
            self._fill(image, pixel_format, canvas, part, space)
        return self._revised(self.library.call.scumble_session_push, images, len(parts), None, 0)

    def _fill(self, image, pixel_format: int, canvas: tuple, part: tuple, space: Space) -> None:
        rect, address, length = part
        self.library.check(self.library.call.scumble_image_init(ctypes.byref(image), ctypes.sizeof(image)))
        image.format = pixel_format
        image.canvas_width, image.canvas_height = canvas
        image.rect = abi.Rect(*rect)
        image.stride = length // rect[3] if rect[3] > 0 else 0
        image.byte_length = length
        image.pixels = address
        image.space = space.number
        if space.profile is not None:
            image.profile = ctypes.cast(ctypes.c_char_p(space.profile), ctypes.c_void_p).value
            image.profile_length = len(space.profile)

    def steer(self, number: int, by: Steered | None, picture: tuple | None = None) -> int:
        """Steers by a network, a LoRA or a region, by no more where `by` is None; the new revision, 0 if
        nothing has changed. `picture` is a part of its picture, as `push` takes it: (format, canvas, part,
        space)."""
        if by is None:
            return self._revised(self.library.call.scumble_session_set_condition, number, None, None)
        condition = self.library.made(abi.Condition, "scumble_condition_init")
        condition.kind, condition.file = by.kind, encoded(by.file)
        condition.scale = condition.text_scale = by.scale
        condition.start, condition.end = by.start, by.end
        condition.prompt = encoded(by.prompt or None)
        condition.prepare, condition.rank, condition.aspect = by.prepare, by.rank, by.aspect
        image = None
        if picture is not None:
            image = abi.Image()
            self._fill(image, *picture)
        call = self.library.call.scumble_session_set_condition
        image = None if image is None else ctypes.byref(image)
        return self._revised(call, number, ctypes.byref(condition), image)

    def silent(self) -> dict[int, str]:
        """By number: why something steers nothing though it is on; known once a picture was made with it."""
        out = ctypes.c_void_p()
        self.library.check(self.library.call.scumble_session_conditions(self.handle, ctypes.byref(out)))
        told = lambda entry: (int(text(entry.name)), "" if entry.usable else text(entry.note))  # noqa: E731
        return {number: why for number, why in self.library.entries(out, told) if why}

    def set_mask(self, canvas: tuple, rect: tuple, coverage: bytes, outside: int) -> int:
        """Renders only where `coverage` (one byte a pixel of `rect`) is not 0; returns the revision, or 0."""
        mask = self.library.made(abi.Mask, "scumble_mask_init")
        mask.outside = outside
        mask.canvas_width, mask.canvas_height = canvas
        mask.rect = abi.Rect(*rect)
        mask.stride = rect[2]
        mask.byte_length = len(coverage)
        mask.coverage = ctypes.cast(ctypes.c_char_p(coverage), ctypes.c_void_p).value
        return self._revised(self.library.call.scumble_session_set_mask, ctypes.byref(mask))

    def clear_mask(self) -> int:
        return self._revised(self.library.call.scumble_session_set_mask, None)

    def poll(self) -> Frame | None:
        """What of the picture has not been seen yet; `loading` tells whether none came because the model is
        loading."""
        out = ctypes.c_void_p()
        call = self.library.call.scumble_session_poll
        status = self.library.check(call(self.handle, self._seen, ctypes.byref(out)))
        self.loading = status == abi.LOADING
        if status != abi.OK:
            return None
        frame = Frame(self.library, out.value)
        self._seen = frame.seq
        return frame

    def doing(self) -> str:
        """What the picture that is being made has to wait for, as a sentence; "": nothing holds it up."""
        told = ctypes.create_string_buffer(1024)
        self.library.check(self.library.call.scumble_session_doing(self.handle, told, len(told)))
        return told.value.decode("utf-8", "replace")

    def picture(self) -> Frame | None:
        """All of the picture once more; `poll` goes on as if it had not been told. None where there is none,
        or something else is to be told first."""
        out = ctypes.c_void_p()
        # Without `poll`'s errors: what a poll has failed with is told once, and this is asked at rest.
        status = self.library.call.scumble_session_poll(self.handle, 0, ctypes.byref(out))
        return Frame(self.library, out.value) if status == abi.OK else None

    def see_all(self) -> None:
        """The next `poll` tells all of the picture once more."""
        self._seen = 0

    def wait(self, milliseconds: int) -> bool:
        """For tests: waits until nothing waits or runs; False if the time was up before."""
        call = self.library.call.scumble_session_wait
        return self.library.check(call(self.handle, milliseconds)) == abi.OK

    def stats(self) -> abi.Stats:
        stats = self.library.made(abi.Stats, "scumble_stats_init")
        self.library.check(self.library.call.scumble_session_stats(self.handle, ctypes.byref(stats)))
        return stats


class Frame(Owned):
    """What is new of the picture: some rectangles of it; immutable."""

    def __init__(self, library: Library, handle: int):
        super().__init__(library, handle, "scumble_frame_release")
        info = library.made(abi.FrameInfo, "scumble_frame_info_init")
        library.check(library.call.scumble_frame_info(self.handle, ctypes.byref(info)))
        rects = (abi.Rect * info.rect_count)()
        library.check(library.call.scumble_frame_rects(self.handle, rects, info.rect_count))
        self.info = info
        self.seq = info.seq
        note = ctypes.create_string_buffer(4096)
        library.check(library.call.scumble_frame_note(self.handle, note, len(note)))
        self.note = note.value.decode("utf-8", "replace")  # what it does not show of what was asked for
        self.rects = [(rect.x, rect.y, rect.width, rect.height) for rect in rects]
        self.canvas = info.canvas_width, info.canvas_height
        self.format = info.format
        self.current = bool(info.flags & abi.FRAME_CURRENT)  # the picture is finished, and nothing is newer

    def copy_to(self, rect: tuple, address: int, length: int) -> None:
        """Writes any part of the whole picture to packed rows at `address`."""
        target = abi.Rect(*rect)
        copy = self.library.call.scumble_frame_copy
        stride = length // rect[3]
        self.library.check(copy(self.handle, ctypes.byref(target), address, stride, length))
