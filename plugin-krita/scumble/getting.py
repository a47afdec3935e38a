# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be got, and getting it, as Python objects. Knows nothing of Krita or Qt's widgets."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

from . import abi
from .library import Library, Owned, encoded, text
from .qt import tr

LISTS = {
    abi.WANT_MODEL: abi.LIST_CATALOGUE, abi.WANT_RUNTIME: abi.LIST_RUNTIMES,
    abi.WANT_ANNOTATOR: abi.LIST_ANNOTATORS,
}  # fmt: skip
PLAIN = ("cpu", "openvino")  # the builds of ONNX Runtime that are for no graphics card


@dataclass(frozen=True)
class Offer:
    """A model, an annotator or a build of ONNX Runtime that can be got."""

    name: str
    title: str
    note: str  # how it will run here, and why
    fits: bool
    good_at: str
    memory: int
    bytes: int
    arrived: int
    state: int  # one of abi.OFFER_*
    licences: tuple  # of (in plain words, address of its text)
    folder: str

    @property
    def here(self) -> bool:
        return self.state == abi.OFFER_INSTALLED


def offers(library: Library, want: int) -> list[Offer]:
    """All that there is, without asking anybody."""
    out = ctypes.c_void_p()
    library.check(library.call.scumble_list_create(LISTS[want], ctypes.byref(out)))
    return library.entries(out, _offer)


def _offer(e: abi.Entry) -> Offer:
    return Offer(
        text(e.name), text(e.title), text(e.note), bool(e.usable), text(e.good_at), e.memory, e.bytes,
        e.arrived, e.offer, licences(e.licence, e.licence_url), text(e.folder),
    )  # fmt: skip


def licences(plain: bytes | None, urls: bytes | None) -> tuple:
    return tuple(zip(text(plain).splitlines(), text(urls).splitlines()))


def faster(builds: list[Offer]) -> Offer | None:
    """A build of ONNX Runtime for the graphics card that is in this machine, where none is installed."""
    cards = [offer for offer in builds if offer.name not in PLAIN]
    if any(offer.here for offer in cards):
        return None
    # Where the machine does not say what cards it has (note is ""), nothing is promised.
    return next((offer for offer in cards if offer.fits and offer.note), None)


@dataclass(frozen=True)
class Progress:
    """How far a download is."""

    state: int  # one of abi.DOWNLOAD_*
    done: int
    bytes: int  # 0: not known
    message: str
    title: str
    file: str
    licences: tuple
    remarks: str
    folder: str

    @property
    def ended(self) -> bool:
        return self.state in (abi.DOWNLOAD_DONE, abi.DOWNLOAD_FAILED, abi.DOWNLOAD_CANCELLED)

    @property
    def arrived(self) -> bool:
        return self.state == abi.DOWNLOAD_DONE

    @property
    def part(self) -> float | None:
        return min(1.0, self.done / self.bytes) if self.bytes else None


class Download(Owned):
    """Something that is got in the background. Closed, it is cancelled; what has arrived stays."""

    def __init__(self, library: Library, want: int, name: str, agreed: bool):
        options = library.made(abi.DownloadOptions, "scumble_download_options_init")
        options.kind = want
        options.name = encoded(name)
        options.agreed = agreed
        out = ctypes.c_void_p()
        library.check(library.call.scumble_download_start(ctypes.byref(options), ctypes.byref(out)))
        super().__init__(library, out.value, "scumble_download_release")
        self.want = want
        self.name = name

    def look(self) -> Progress:
        i = self.library.made(abi.DownloadInfo, "scumble_download_info_init")
        self.library.check(self.library.call.scumble_download_poll(self.handle, ctypes.byref(i)))
        return Progress(
            i.state, i.bytes_done, i.bytes, text(i.message), text(i.title), text(i.file),
            licences(i.licence, i.licence_url), text(i.remarks), text(i.folder),
        )  # fmt: skip

    def agree(self) -> None:
        self.library.check(self.library.call.scumble_download_agree(self.handle))

    def cancel(self) -> None:
        self.library.check(self.library.call.scumble_download_cancel(self.handle))


def size(count: int) -> str:
    """As shops and file managers count."""
    if count >= 1_000_000_000:
        return tr("{n} GB").format(n=f"{count / 1e9:.1f}")
    return tr("{n} MB").format(n=max(1, round(count / 1e6)))
