# SPDX-License-Identifier: GPL-3.0-or-later
"""The window in which a model, an annotator or ONNX Runtime is chosen, and seen on its way (fetching.py)."""

from __future__ import annotations

import html
from pathlib import Path

from . import abi, host
from .fetching import Fetching
from .getting import Download, Offer, Progress, offers, size
from .library import Library, ScumbleError
from .log import guarded
from .qt import QtCore, QtWidgets, sip, tr
from .widgets import Wrapped

# What is wanted → its download, and the window: one of each, and Python must not forget them.
_fetching: dict[int, Fetching] = {}
_open: dict[int, Shop] = {}


def show(library: Library, want: int, got, parent=None) -> Shop:
    """Shows the window, which may be open already. `got` is called with the folder of what has arrived, and
    with what is to be called when it is used."""
    window = _window(library, want, parent)
    window.fetching.serve(got)
    window.fill()
    window.show()
    window.raise_()
    window.activateWindow()
    return window


def _window(library: Library, want: int, parent) -> Shop:
    if want not in _fetching:
        _fetching[want] = Fetching(want)
        _fetching[want].ended.connect(guarded(lambda progress: _ended(library, want, progress)))
    window = _open.get(want)
    if window is None or sip.isdeleted(window):
        window = _open[want] = Shop(library, _fetching[want], parent)
    return window


def _ended(library: Library, want: int, progress: Progress) -> None:
    """In a new window, if it went wrong and the one that it was begun in is gone: nobody else tells."""
    window = _open.get(want)
    gone = window is None or sip.isdeleted(window)
    if not gone or progress.state == abi.DOWNLOAD_FAILED:
        (_window(library, want, host.main_window()) if gone else window).tell_end(progress)


def close_all() -> None:
    """Before Krita goes: what is being downloaded goes on the next time."""
    for fetching in _fetching.values():
        fetching.leave()
    for window in _open.values():
        if not sip.isdeleted(window):
            window.hide()
    _fetching.clear()
    _open.clear()


class Shop(QtWidgets.QDialog):
    """Left what there is, right what is to be known of it; below, how far it is."""

    def __init__(self, library: Library, fetching: Fetching, parent=None):
        super().__init__(parent)
        self.library, self.fetching, self.want = library, fetching, fetching.want
        self.offers: list[Offer] = []
        self._arrived = self._chosen_now = ""  # what is said until what has arrived is used, and then
        is_model = self.want == abi.WANT_MODEL
        is_annotator = self.want == abi.WANT_ANNOTATOR
        other = tr("Get an Annotator") if is_annotator else tr("Set Up ONNX Runtime")
        self.setWindowTitle(tr("Get a Model") if is_model else other)
        self.setMinimumSize(560, 340)
        self.resize(720, 460)
        self._build(is_model)
        fetching.looked.connect(self._looked)
        fetching.used.connect(self._used)

    @property
    def download(self) -> Download | None:
        return self.fetching.download

    # --- making the widgets ---

    def _build(self, is_model: bool):
        self.list = QtWidgets.QListWidget()
        self.list.setMinimumWidth(220)
        self.list.setWordWrap(True)
        self.list.setSpacing(2)
        self.list.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(guarded(lambda _: self._chosen()))
        self.other = QtWidgets.QLineEdit()
        self.other.setPlaceholderText(tr("Any other: OWNER/NAME"))
        self.other.setToolTip(tr("A repository with a model in ONNX form; its licence is shown first"))
        self.other.setVisible(is_model)
        self.other.textEdited.connect(guarded(lambda _: self._chosen()))
        left = QtWidgets.QVBoxLayout()
        left.addWidget(self.list, 1)
        left.addWidget(self.other)
        self.about = QtWidgets.QTextBrowser()
        self.about.setOpenExternalLinks(True)
        self.agree = QtWidgets.QCheckBox(tr("I have read the licence and agree to it"))
        self.agree.toggled.connect(guarded(lambda _: self._enable()))
        right = QtWidgets.QVBoxLayout()
        right.addWidget(self.about, 1)
        right.addWidget(self.agree)
        both = QtWidgets.QHBoxLayout()
        both.addLayout(left, 3)
        both.addLayout(right, 4)
        self.bar = QtWidgets.QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setVisible(False)
        self.state = Wrapped()
        self.state.setVisible(False)
        self.get = QtWidgets.QPushButton(tr("Get"))
        self.get.setDefault(True)
        self.get.clicked.connect(guarded(lambda *_: self._get()))
        self.cancel = QtWidgets.QPushButton(tr("Cancel"))
        self.cancel.setToolTip(tr("What has arrived is kept, and goes on from there the next time"))
        self.cancel.clicked.connect(guarded(lambda *_: self.fetching.cancel()))
        close = QtWidgets.QPushButton(tr("Close"))
        close.setToolTip(tr("What is being downloaded goes on"))
        close.clicked.connect(self.hide)
        buttons = QtWidgets.QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.get, self.cancel, close):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        column = QtWidgets.QVBoxLayout(self)
        column.addLayout(both, 1)
        column.addWidget(self.bar)
        column.addWidget(self.state)
        column.addLayout(buttons)

    # --- what there is ---

    def fill(self):
        """Looks at what there is anew; what is chosen stays."""
        row = self.list.currentRow()
        try:
            self.offers = offers(self.library, self.want)
        except ScumbleError as error:
            self.offers = []
            self._say(str(error), error=True)
        blocked = self.list.blockSignals(True)
        self.list.clear()
        for offer in self.offers:
            mark = {abi.OFFER_INSTALLED: "✓ ", abi.OFFER_PARTIAL: "◐ "}.get(offer.state, "")
            item = QtWidgets.QListWidgetItem(f"{mark}{offer.title}\n{_short(offer)}")
            item.setToolTip(f"<p>{html.escape(offer.note)}</p>")
            if not offer.fits:
                item.setForeground(self.palette().placeholderText())
            self.list.addItem(item)
        self.list.setCurrentRow(min(max(row, 0), len(self.offers) - 1))
        self.list.blockSignals(blocked)
        self._chosen()

    def choose(self, name: str):
        """Brings one of the list to the front."""
        names = [offer.name for offer in self.offers]
        if name in names:
            self.list.setCurrentRow(names.index(name))

    def _offer(self) -> Offer | None:
        row = self.list.currentRow()
        typed = self.other.text().strip()
        return None if typed or not 0 <= row < len(self.offers) else self.offers[row]

    def _name(self) -> str:
        offer = self._offer()
        return offer.name if offer is not None else self.other.text().strip()

    def _chosen(self):
        """Another one was clicked, or typed: nobody has agreed to its licence."""
        if self.sender() is self.list:
            self.other.clear()
        if self.download is None:
            self.agree.setChecked(False)
        self._about(None if self.download is None else self.download.look())
        self._enable()

    def _about(self, progress: Progress | None = None):
        offer = self._offer()
        if progress is not None and progress.title:
            self.about.setHtml(_of_progress(progress))
        elif offer is not None:
            self.about.setHtml(_of_offer(offer))
        elif self.other.text():
            self.about.setHtml(_paragraph(
                tr("Press Look, and it is told what it is, how large, and under which licence. Nothing is "
                   "downloaded before you agree.")
            ))  # fmt: skip
        else:
            self.about.clear()

    def _enable(self):
        offer, running = self._offer(), self.download is not None
        waits = running and self.download.look().state == abi.DOWNLOAD_TERMS
        here = offer is not None and offer.here
        self.list.setEnabled(not running)
        self.other.setEnabled(not running)
        self.agree.setEnabled(waits or (offer is not None and not running and not here))
        self.cancel.setEnabled(running)
        if waits:
            able = self.agree.isChecked()
        elif offer is not None:
            able = here or self.agree.isChecked()
        else:
            able = bool(self.other.text().strip())
        self.get.setEnabled(able and (waits or not running))
        begun = offer is not None and offer.state == abi.OFFER_PARTIAL
        text = tr("Get") if waits or offer is not None else tr("Look")
        if here and not running:
            text = tr("Use It")
        elif begun and not running:
            text = tr("Go On")
        self.get.setText(text)

    # --- getting it ---

    def _get(self):
        offer = self._offer()
        if self.download is not None:
            self.fetching.agree()
        elif offer is not None and offer.here:
            self._tell_arrived(offer.folder)
            self.fetching.hand_over(offer.folder)
            return
        else:
            try:
                agreed = offer is not None and self.agree.isChecked()
                self.fetching.begin(self.library, self._name(), agreed)
            except ScumbleError as error:
                self._say(str(error), error=True)
                return
            self._say(tr("Asking what there is…"))
        self._enable()

    @guarded
    def _looked(self, progress: Progress):
        """What a look at the download has found."""
        terms = progress.state == abi.DOWNLOAD_TERMS
        if terms and not self.agree.isChecked():
            self._about(progress)
            self._say(tr("Read the licence and agree to it, and it is downloaded."))
            self._enable()
        self.bar.setVisible(not terms)
        if progress.part is not None and not terms:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(progress.part * 1000))
        else:
            self.bar.setRange(0, 0)
        if not terms:
            self._say(self._line(progress))
            self.get.setEnabled(False)

    def _line(self, progress: Progress) -> str:
        if progress.message:
            return progress.message
        if progress.state == abi.DOWNLOAD_WAITING:
            return tr("Another program is getting it; this goes on when that is done.")
        if progress.state == abi.DOWNLOAD_ASKING:
            return tr("Asking what there is…")
        speed = size(self.fetching.speed)
        return tr("{done} of {all}, {speed} a second · {file}").format(
            done=size(progress.done), all=size(progress.bytes), speed=speed, file=progress.file
        )

    def tell_end(self, progress: Progress):
        self.bar.setVisible(False)
        self.agree.setChecked(False)
        if progress.arrived:
            self.other.clear()
            self.fill()
            self._tell_arrived(progress.folder, progress.title, progress.message)
        else:
            self.fill()
            self._say(progress.message, error=progress.state == abi.DOWNLOAD_FAILED)
            if not self.isVisible():
                self.show()  # it went on behind the artist's back, and nobody else tells

    def _tell_arrived(self, folder: str, title: str = "", kept: str = ""):
        """`kept` tells what became of the artist's own files in that folder."""
        what = title or self._title_of(folder)
        chosen = tr("{name} is here and chosen.").format(name=what)
        waits = tr("{name} is here, and used when the stroke ends.").format(name=what)
        if self.want == abi.WANT_ANNOTATOR:
            chosen = waits = tr("{name} is here, and used from the next stroke on.").format(name=what)
        sentences = (" ".join(filter(None, (sentence, kept))) for sentence in (waits, chosen))
        self._arrived, self._chosen_now = sentences
        self._say(self._arrived)

    @guarded
    def _used(self):
        if self.state.text() == self._arrived:  # it may tell of something else by now
            self._say(self._chosen_now)

    def _title_of(self, folder: str) -> str:
        titles = [offer.title for offer in self.offers if offer.folder == folder]
        return titles[0] if titles else Path(folder).name

    def _say(self, sentence: str, error: bool = False):
        self.state.say(sentence, error)


def _short(offer: Offer) -> str:
    if offer.here:
        return tr("{size} · is here").format(size=size(offer.bytes))
    if offer.state == abi.OFFER_PARTIAL:
        return tr("{part} of {size} are here").format(part=size(offer.arrived), size=size(offer.bytes))
    words = "{size}" if offer.fits else tr("{size} · will not run well here")
    return words.format(size=size(offer.bytes))


def _paragraph(words: str) -> str:
    return f"<p>{html.escape(words)}</p>" if words else ""


def _of_offer(offer: Offer) -> str:
    note = _paragraph(offer.note) if offer.fits else f"<p><b>{html.escape(offer.note)}</b></p>"
    return (
        f"<h3>{html.escape(offer.title)}</h3>" + _paragraph(offer.good_at) + note
        + _paragraph(tr("Download: {size}").format(size=size(offer.bytes))) + _terms(offer.licences)
    )  # fmt: skip


def _of_progress(progress: Progress) -> str:
    known = tr("Download: {size}").format(size=size(progress.bytes)) if progress.bytes else ""
    return (
        f"<h3>{html.escape(progress.title)}</h3>" + _paragraph(known)
        + "".join(_paragraph(line) for line in progress.remarks.splitlines()) + _terms(progress.licences)
    )  # fmt: skip


def _terms(licences: tuple) -> str:
    """Each in plain words, with a link to its text."""
    whole = html.escape(tr("the whole text"))
    return "".join(
        f'<p><b>{html.escape(tr("Licence"))}</b> {html.escape(plain)} '
        f'<a href="{html.escape(url, quote=True)}">{whole}</a></p>'
        for plain, url in licences
    )
