# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker's list of what steers the picture: ControlNets, regions and references with their layers, and
LoRAs."""

from __future__ import annotations

import os
from dataclasses import replace

from . import models, pictures
from .qt import QtCore, QtWidgets, tr
from .region_words import RegionWords
from .regions import with_words
from .steering import FROM_FILES, MOST_TEXT, Condition, title
from .widgets import Amount, StepPart, narrow_box

SUFFIXES = {".onnx": "control", ".safetensors": "lora"}
SUFFIXES.update({f".{suffix}": "picture" for suffix in pictures.SUFFIXES})
# What a model says that it takes.
LIKE = {"regions": "region", **{source: "reference" for source in pictures.SOURCES}}
PICTURED = ("control", "reference")  # whose picture may come from elsewhere than a layer that is there
ELSEWHERE = "+"  # before one of pictures.SOURCES, or "embed", in a row's list of layers
MOST_SHOWN = 2.0  # of the slider; what a document has beyond it stays


class SteerList(QtWidgets.QWidget):
    """Tells of what the artist has changed by `edited`, and by `wanted` that they want one more: its kind,
    and its file's path or id."""

    edited = QtCore.pyqtSignal()
    wanted = QtCore.pyqtSignal(str, str)
    sourced = QtCore.pyqtSignal(int, str)  # a row's number, and where its picture is to come from
    folder_wanted = QtCore.pyqtSignal()  # of LoRAs: another one

    def __init__(self):
        super().__init__()
        self.rows: list[Row] = []
        self._reasons: dict[str, str] = {}
        self._column = QtWidgets.QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.add = QtWidgets.QToolButton()
        self.add.setText(tr("Add…"))
        self.add.setToolTip(
            tr("A ControlNet, which follows what is painted on a layer of its own, a LoRA, a reference "
               "picture; their files may be dropped here, too")
        )  # fmt: skip
        self.add.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QtWidgets.QMenu(self.add)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self.list_known)
        self.add.setMenu(self.menu)
        self._column.addWidget(self.add)
        self.setAcceptDrops(True)

    def value(self) -> tuple[Condition, ...]:
        return tuple(row.condition for row in self.rows)

    def load(self, conditions: tuple, layers: list[tuple[str, str]], reasons: dict[str, str],
             silent: dict[int, str] | None = None, groups: list[tuple[str, str]] = (),
             regions: dict[int, list] | None = None, linked: set[int] = frozenset()) -> None:  # fmt: skip
        """Shows a document's, without telling. `layers` are those that can steer (id, name), `groups` those
        that can hold regions; `reasons` why the model takes no such thing; `silent`, by number, why one
        steers nothing though it could; `regions`, by number, those of a group (region_words.py); `linked` the
        numbers of those whose layer shows a file."""
        self._reasons = reasons
        if [row.key for row in self.rows] != [_key(one) for one in conditions]:
            for row in self.rows:
                self._column.removeWidget(row)
                row.deleteLater()
            self.rows = [Row(self, one) for one in conditions]
            for index, row in enumerate(self.rows):
                self._column.insertWidget(index, row)
        for row, one in zip(self.rows, conditions):
            row.inside.load((regions or {}).get(one.number, []))
            places = groups if one.kind == "regions" else layers
            why = reasons.get(_like(one), "")
            row.load(one, places, why, (silent or {}).get(one.number, ""), one.number in linked)
            row.tell_apart(why or reasons.get("aspects", ""))

    def remove(self, row: Row) -> None:
        self.rows.remove(row)
        self._column.removeWidget(row)
        row.deleteLater()
        self.edited.emit()

    def list_known(self) -> None:
        self.menu.clear()
        for kind, text in (("control", tr("ControlNet from a file…")), ("lora", tr("LoRA from a file…"))):
            self._entry(text, kind, "")
        tip = tr("For models that read a control picture themselves (FLUX.1 Depth and Canny), without a net")
        self._entry(tr("Control: the model's own"), "own_control", "", tip)
        self._entry(tr("Region with words of its own"), "region", "")
        tip = tr("Each layer is a region by its name: of the group that is chosen in the stack, or a new one")
        self._entry(tr("Regions: the layers of a group"), "regions", "", tip)
        self._entry(tr("Reference: what is on a layer"), "reference", "")
        self._entry(tr("Reference from a picture…"), "picture", "", tr("It is kept in the document"))
        tip = tr("The document keeps where the file lies, and follows it when it changes")
        self._entry(tr("Reference linked to a picture's file…"), "linked", "", tip)
        self._entry(tr("Reference from the clipboard"), "clipboard", "", tr("It is kept in the document"))
        self._list_folder()
        tip = tr("A network that makes control pictures (depth, pose…) of what a ControlNet follows")
        self._entry(tr("Get an annotator…"), "annotator", "", tip)
        self.menu.addSeparator()
        for file, path in models.networks():
            kind = _kind(path)
            if kind in FROM_FILES:
                self._entry(title(Condition(0, kind, file)), kind, file, path)

    def _list_folder(self) -> None:
        """The LoRAs of the folder that prompts take them from."""
        loras = models.loras()
        if loras:
            entries = self.menu.addMenu(tr("LoRA from your folder"))
            entries.setEnabled(not self._reasons.get("lora", ""))
            for name, path in loras:
                self._entry(name, "lora", path, f"<lora:{name}:0.8>", entries)
        choose = self.menu.addAction(tr("Folder of LoRAs…"))
        what = tr("Where the LoRAs lie that a prompt names, <lora:name:0.8>")
        choose.setToolTip(models.lora_folder() or what)
        choose.triggered.connect(lambda *_: self.folder_wanted.emit())

    def _entry(self, text: str, kind: str, file: str, tip: str = "", menu=None) -> None:
        action = (menu or self.menu).addAction(text.replace("&", "&&"))
        why = self._reasons.get(LIKE.get(kind, kind), "")
        action.setEnabled(not why)
        action.setToolTip(why or tip)
        action.triggered.connect(lambda *_: self.wanted.emit(kind, file))

    def dragEnterEvent(self, event):
        if any(_kind(url.toLocalFile()) for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event):
        for url in event.mimeData().urls():
            path = url.toLocalFile()
            if _kind(path):
                self.wanted.emit(_kind(path), path)
        event.acceptProposedAction()


class Row(QtWidgets.QWidget):
    """One condition."""

    def __init__(self, steer_list: SteerList, condition: Condition):
        super().__init__()
        self._list, self.condition, self._loading = steer_list, condition, False
        self.on = QtWidgets.QCheckBox(title(condition))
        self.on.setMinimumWidth(40)
        self.on.toggled.connect(lambda on: self._edit(on=on))
        remove = QtWidgets.QToolButton()
        remove.setText("✕")
        remove.setToolTip(tr("Takes it out of the list"))
        remove.clicked.connect(lambda: self._list.remove(self))
        first = QtWidgets.QHBoxLayout()
        first.addWidget(self.on, 1)
        first.addWidget(remove)
        self.scale = Amount(0, MOST_SHOWN, 2, tr("How much it steers: 0 is not at all, 1 as it was made"))
        self.scale.edited.connect(lambda: self._edit(scale=_number(self.scale.value())))
        self.part = StepPart(
            tr("In which part of the steps it steers: early ones lay out the picture, late ones make detail")
        )
        self.part.edited.connect(lambda: self._edit_part(*self.part.value()))
        self.more = QtWidgets.QToolButton()
        self.more.setText("⋯")
        self.more.setCheckable(True)
        self.more.setToolTip(tr("The part of the steps in which it steers"))
        self.more.toggled.connect(self.part.setVisible)
        self.part.hide()
        last = QtWidgets.QHBoxLayout()
        last.addWidget(self.scale, 1)
        last.addWidget(self.more)
        self.layer = narrow_box(
            tr("The layer that it follows. Hidden, or above Scumble's group, it is not part of the paint")
        )
        self._listed: dict[str, str] = {}  # what it has
        self.layer.activated.connect(lambda index: self._choose(self.layer.itemData(index)))
        self.layer.setVisible(condition.follows_layer)
        self.prepare = narrow_box(
            tr("What is made of the layer before the ControlNet sees it: white lines on black, or what it "
               "was trained with")
        )  # fmt: skip
        for index, (how, (name, tip)) in enumerate(_preparations().items()):
            self.prepare.addItem(name, how)
            self.prepare.setItemData(index, tip, QtCore.Qt.ItemDataRole.ToolTipRole)
        self.prepare.activated.connect(lambda index: self._edit(prepare=self.prepare.itemData(index)))
        self.prepare.setVisible(condition.kind == "control")
        self.aspect = narrow_box("")
        for aspect, name in _aspects().items():
            self.aspect.addItem(name, aspect)
        self.aspect.activated.connect(lambda index: self._edit(aspect=self.aspect.itemData(index)))
        self.aspect.setVisible(condition.kind == "reference")
        self.silent = QtWidgets.QLabel()
        self.silent.setWordWrap(True)
        self.silent.hide()
        self.prompt = QtWidgets.QLineEdit()
        self.prompt.setMaxLength(MOST_TEXT)
        self.prompt.setPlaceholderText(tr("What is to be seen there"))
        self.prompt.setToolTip(tr("The words of this region: where its layer is painted, in whatever colour"))
        self.prompt.textEdited.connect(lambda text: self._edit(prompt=text))
        self.prompt.setVisible(condition.kind == "region")
        self.inside = RegionWords()
        self.inside.edited.connect(
            lambda layer, text: self._edit(words=with_words(self.condition, layer, text))
        )
        self.inside.setVisible(condition.kind == "regions")
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addLayout(first)
        for widget in (self.prompt, self.layer, self.inside, self.prepare, self.aspect, self.silent):
            column.addWidget(widget)
        column.addLayout(last)
        column.addWidget(self.part)
        self.more.setChecked((condition.start, condition.end) != (0.0, 1.0))

    @property
    def key(self) -> tuple:
        return _key(self.condition)

    def load(
        self, condition: Condition, layers: list[tuple[str, str]], why: str, silent: str, linked: bool
    ) -> None:
        self._loading = True
        try:
            self.condition = condition
            self.on.setChecked(condition.on)
            self.on.setToolTip(f"<p>{why}</p>" if why else "")
            for widget in (self.scale, self.part, self.layer, self.inside, self.prepare, self.prompt):
                widget.setEnabled(not why)
            self.scale.load(condition.scale if condition.scale != 1.0 else None, 1.0)
            self.part.load((condition.start, condition.end))
            self.layer.setVisible(condition.follows_layer)
            if condition.follows_layer:
                self._list_layers(layers, linked)
            self.prepare.setCurrentIndex(self.prepare.findData(condition.prepare))
            self.silent.setText(silent)
            self.silent.setVisible(bool(silent) and condition.on)
            if self.prompt.text() != condition.prompt:
                self.prompt.setText(condition.prompt)
        finally:
            self._loading = False

    def tell_apart(self, why: str) -> None:
        """Whether the model tells what a reference gives apart; `why` it does not."""
        self.aspect.setCurrentIndex(self.aspect.findData(self.condition.aspect))
        self.aspect.setEnabled(not why)
        what = tr("What of the picture is taken over: how it is painted, where things are, or all of it")
        self.aspect.setToolTip(f"<p>{why or what}</p>")

    def _list_layers(self, layers: list[tuple[str, str]], linked: bool) -> None:
        chosen = self.condition.layer
        entries = dict(layers)
        entries.setdefault(chosen, tr("choose a layer"))
        if linked:
            entries[chosen] = tr("{layer} (linked)").format(layer=entries[chosen])
        if self.condition.kind in PICTURED:
            entries.update({ELSEWHERE + source: text for source, text in _elsewhere(linked).items()})
        if list(self._listed.items()) != list(entries.items()):
            self._listed = entries
            self.layer.clear()
            for identity, name in entries.items():
                self.layer.addItem(name, identity)
        self.layer.setCurrentIndex(list(entries).index(chosen))

    def _choose(self, entry: str) -> None:
        """A layer, or where else the picture is to come from."""
        if not entry.startswith(ELSEWHERE):
            return self._edit(layer=entry)
        self.layer.setCurrentIndex(list(self._listed).index(self.condition.layer))
        self._list.sourced.emit(self.condition.number, entry[len(ELSEWHERE) :])

    def _edit_part(self, start: float, end: float) -> None:
        self._edit(start=start, end=end)

    def _edit(self, **values) -> None:
        if not self._loading:
            self.condition = replace(self.condition, **values)
            self._list.edited.emit()


def _elsewhere(linked: bool) -> dict[str, str]:
    """What else than a layer that is there a row's picture may come from."""
    found = {
        "picture": tr("A picture, kept in the document…"),
        "linked": tr("A picture's file, linked…"),
        "clipboard": tr("The picture on the clipboard"),
    }
    return {**({"embed": tr("Keep the linked picture in the document")} if linked else {}), **found}


def _like(condition: Condition) -> str:
    """What a model says that it takes, of a row."""
    own = condition.kind == "control" and not condition.file
    return "own_control" if own else LIKE.get(condition.kind, condition.kind)


def _preparations() -> dict[str, tuple[str, str]]:
    """What steering.PREPARATIONS are called, and what they do."""
    return {
        "as_is": (tr("as it is"), tr("The layer as it is; what is transparent is black")),
        "drawn": (tr("drawn lines"), tr("Lines that are drawn on it, of any colour, on paper or on nothing")),
        "lines": (
            tr("lines of a picture"),
            tr("The lines that somebody would draw of what is painted on it"),
        ),
        "canny": (tr("edges (Canny)"), tr("The edges of what is painted on it, by Canny's detector")),
        "blur": (tr("blurred"), tr("What is painted on it, soft, for ControlNets that make detail (tile)")),
        "depth": (
            tr("depth"),
            tr("How far away things on it are, as a network sees it (Add… has “Get an annotator…”)"),
        ),
        "soft_edges": (
            tr("soft edges"),
            tr("Strong and weak edges, as a network sees them (Add… has “Get an annotator…”)"),
        ),
        "pose": (
            tr("pose"),
            tr("How people stand in it, as a network sees them (Add… has “Get an annotator…”)"),
        ),
        "inpaint": (
            tr("the paint around the selection"),
            tr(
                "No layer: the paint around what is selected, for ControlNets for inpainting"
            ),
        ),
    }


def _aspects() -> dict[str, str]:
    """What steering.ASPECTS are called."""
    return {"all": tr("all of it"), "style": tr("its style"), "layout": tr("its layout")}


def _key(condition: Condition) -> tuple:
    return condition.number, condition.kind, condition.file


def _kind(path: str) -> str:
    """Of a file by its name, of a ControlNet's folder by what is in it; "" for anything else."""
    try:
        names = os.listdir(path) if os.path.isdir(path) else [path]
    except OSError:
        names = []
    kinds = {SUFFIXES.get(os.path.splitext(name)[1].lower()) for name in names}
    wanted = SUFFIXES.values() if names == [path] else ("control",)
    return next((kind for kind in wanted if kind in kinds), "")


def _number(value: float | None) -> float:
    return 1.0 if value is None else value
