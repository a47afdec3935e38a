# SPDX-License-Identifier: GPL-3.0-or-later
"""The docker: what the painter sees and sets. It knows Live and the settings, no nodes and no pixels.

Krita's default layout leaves some 260 by 180 pixels: what the painter must know stands at the top, beside
Live, then what is set most; the rest folds away.
"""

from __future__ import annotations

from dataclasses import replace

from krita import DockWidget, Krita

from . import host, models, steer_files
from .compare import Compare
from .extension import live, run
from .getting import size
from .history_strip import HistoryStrip
from .library import ScumbleError
from .log import guarded
from .model_row import GET, ModelRow
from .prompt_box import PromptBox
from .qt import QtCore, QtGui, QtWidgets, tr
from .shopping import Shopping
from .steer_list import SteerList
from .style_menu import StyleMenu
from .widgets import Amount, Fold, Looks, Samplers, TextBox, Wrapped, button, single_shot

LEAST = 120  # pixels of height for buttons, state and what helps; Krita 5.3 would leave 80
REFRESH = 100  # milliseconds between refreshes, at least


class ScumbleDocker(DockWidget):
    def __init__(self):
        super().__init__()
        self.setWindowTitle(tr("Scumble"))
        self.live = live()
        self.shopping = Shopping(self)
        self._loading = False
        self._edits: dict = {}  # what was edited and is not stored yet: name of the setting → widget's value
        self._edited_in = None  # the document that it was edited for
        self._build()
        self._commit = single_shot(self, self._store)
        self._soon = single_shot(self, self.refresh)
        self.live.changed.connect(self._changed)
        self.refresh()

    # --- making the widgets ---

    def _build(self):
        body = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(body)
        column.setContentsMargins(4, 2, 4, 2)
        column.setSpacing(3)
        column.addLayout(self._buttons())
        self.progress = QtWidgets.QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setMaximumHeight(8)
        self.progress.setTextVisible(False)
        self.progress.setVisible(False)
        self.state = Wrapped()
        self.state.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        self.own = self._offer(
            tr("Use Scumble's own model"),
            tr("A small model that comes with Scumble and needs nothing else"),
            self.live.use_own_model,
        )
        self.no_preview = self._offer(
            tr("Switch Instant Preview off"),
            tr("Then the picture follows the brush during the stroke (View > Instant Preview Mode)"),
            self.live.no_instant_preview,
        )
        self.get = self._offer(
            tr("Get a model…"), tr("A list of models, with sizes and licences"), self.shopping.model
        )
        self.runtime = self._offer(
            "", tr("ONNX Runtime runs the models; it is got from its makers"), self.shopping.runtime
        )
        column.addWidget(self.compare.line)
        for widget in (self.progress, self.state, self.own, self.get, self.runtime, self.no_preview):
            column.addWidget(widget)
        self.prompt = PromptBox()
        self._edits_with(self.prompt.textChanged, prompt=self.prompt.toPlainText)
        column.addWidget(self.prompt)
        self.style_menu = StyleMenu(
            lambda: self.live.settings(self.document()), lambda: self.live.thumbnail(self.document())
        )
        self.style_menu.chosen.connect(lambda style: self.do(lambda d: self.live.use_style(d, style)))
        self.style_menu.failed.connect(lambda why: self.do(lambda d: self.live.tell(d, ScumbleError(why))))
        column.addWidget(self.style_menu)
        self.strength = Amount(
            0, 1, 2, tr("Strength: 0 keeps your paint as it is, 1 takes nothing from it but the place")
        )
        self._edits_with(self.strength.edited, strength=self.strength.value)
        column.addWidget(self.strength)
        self.steer = Fold(tr("Steer by"))
        self.steering = SteerList()
        self.steer.column.addWidget(self.steering)
        self._edits_with(self.steering.edited, conditions=self.steering.value)
        self.steering.wanted.connect(guarded(self._add_condition))
        self.steering.sourced.connect(guarded(self._take_from))
        self.steering.folder_wanted.connect(guarded(self._choose_lora_folder))
        self.steer.button.toggled.connect(guarded(lambda *_: self.refresh()))
        column.addWidget(self.steer)
        self.last = Fold(tr("Last pictures"))
        self.strip = HistoryStrip()
        self.strip.chosen.connect(lambda one: self.do(lambda d: self.live.go_back(d, one)))
        self.strip.laid.connect(lambda one: self.do(lambda d: self.live.lay(d, one)))
        self.last.column.addWidget(self.strip)
        self.last.button.toggled.connect(guarded(lambda *_: self.refresh()))
        column.addWidget(self.last)
        self.more = Fold(tr("More"))
        self.more.column.addLayout(self._sliders())
        self.model = ModelRow()
        self.model.chosen.connect(lambda model: self.do(lambda d: self._choose_in(d, model)))
        self.model.shared.connect(lambda on: self.do(lambda _: self.live.share_model(on)))
        self.model.placed.connect(lambda device: self.do(lambda _: self.live.run_on(device)))
        self.model.faster.clicked.connect(lambda: self.do(self.shopping.runtime))
        self.more.column.addWidget(self.model)
        self._boxes(self.more.column)
        column.addWidget(self.more)
        column.addStretch(1)
        scroll = QtWidgets.QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setMinimumHeight(LEAST)
        scroll.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(body)
        self.setWidget(scroll)

    def _buttons(self):
        self.toggle = button(
            tr("Live"), tr("A picture of the layers below, while you paint; off, it is hidden")
        )
        self.toggle.setObjectName("scumble_live")
        self.toggle.setCheckable(True)
        self.toggle.clicked.connect(lambda: self.do(self.live.toggle))
        self.apply = button(
            tr("Apply"), tr("Puts the picture into an ordinary layer below, to paint on; live goes on")
        )
        self.apply.clicked.connect(lambda: self.do(self.live.apply))
        self.keep = button(tr("Keep"), tr("Puts the picture into a hidden layer above, to come back to"))
        self.keep.clicked.connect(lambda: self.do(self.live.keep))
        self.dice = QtWidgets.QToolButton()
        self.dice.setText("⚄")
        self.dice.setToolTip(tr("Another picture of the same paint and prompt"))
        self.dice.clicked.connect(lambda: self.do(self.live.new_seed))
        self.compare = Compare(self)
        self.compare.held.connect(lambda: run(lambda d: self.live.compare(d, True), self.document()))
        self.compare.released.connect(guarded(self.live.compare_no_more))
        self.compare.split.connect(lambda at: run(lambda d: self.live.split(d, at), self.document()))
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(3)
        for widget, stretch in ((self.toggle, 2), (self.apply, 1), (self.keep, 1)):
            row.addWidget(widget, stretch)
        for widget in (self.compare.hold, self.compare.half, self.dice):
            row.addWidget(widget)
        return row

    def _offer(self, text, tip, function):
        """A button that helps where something is wrong; hidden until then."""
        offer = button(text, tip)
        offer.clicked.connect(lambda: self.do(function))
        offer.setVisible(False)
        return offer

    def _sliders(self):
        self.negative = TextBox(1, tr("What it must not show"), tr("Used while guidance is above 1"))
        self.steps = Amount(1, 50, 0, tr("More steps: finer and slower"))
        self.guidance = Amount(
            0, 15, 1, tr("How strictly the prompt is followed; up to 1 is off, and faster")
        )
        self._edits_with(self.negative.textChanged, negative=self.negative.toPlainText)
        self._edits_with(self.steps.edited, steps=lambda: _whole(self.steps.value()))
        self._edits_with(self.guidance.edited, guidance=self.guidance.value)
        self.paint_guidance = Amount(1, 10, 1, tr("How closely this model keeps to the paint"))
        self._edits_with(self.paint_guidance.edited, paint_guidance=self.paint_guidance.value)
        self.paint_guided = QtWidgets.QLabel(tr("Keep to paint"))
        self.sampler = Samplers()
        self._edits_with(self.sampler.activated, sampler=self.sampler.currentData)
        self.seed = QtWidgets.QLineEdit()
        self.seed.setValidator(QtGui.QRegularExpressionValidator(QtCore.QRegularExpression("[0-9]{1,19}")))
        self.seed.setToolTip(tr("The same seed, settings and paint make the same picture"))
        self._edits_with(self.seed.textEdited, seed=lambda: int(self.seed.text() or 0))
        self.lock = QtWidgets.QToolButton()
        self.lock.setIcon(Krita.instance().icon("layer-locked"))
        self.lock.setCheckable(True)
        self.lock.setToolTip(tr("Locked: the seed stays. Unlocked: Apply draws a new one"))
        self._edits_with(self.lock.toggled, seed_locked=self.lock.isChecked)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.seed, 1)
        row.addWidget(self.lock)
        form = QtWidgets.QFormLayout()
        form.addRow(self.negative)
        form.addRow(tr("Steps"), self.steps)
        form.addRow(tr("Guidance"), self.guidance)
        form.addRow(self.paint_guided, self.paint_guidance)
        form.addRow(tr("Sampler"), self.sampler)
        form.addRow(tr("Seed"), row)
        self.looks = Looks()
        self.looks.covers.connect(lambda value: self.do(lambda d: self.live.set_opacity(d, value)))
        self.looks.mixes.connect(lambda mode: self.do(lambda d: self.live.set_blending(d, mode)))
        form.addRow(tr("Opacity"), self.looks)
        return form

    def _boxes(self, column):
        self.outside = QtWidgets.QCheckBox(tr("Paint outside selection"))
        self.outside.setToolTip(
            tr("Where something is selected only that is rendered; ticked, the rest of the rectangle around "
               "it has your paint, else nothing")
        )  # fmt: skip
        self.alpha = QtWidgets.QCheckBox(tr("Keep transparency"))
        self.alpha.setToolTip(tr("Where your paint is transparent, so is the picture"))
        for box, name in ((self.outside, "outside_shows_paint"), (self.alpha, "follow_alpha")):
            self._edits_with(box.toggled, **{name: box.isChecked})
            column.addWidget(box)

    def _edits_with(self, signal, **values):
        """The signal tells that the painter has edited these settings."""
        signal.connect(guarded(lambda *_: self._edited(values)))

    # --- from the painter ---

    def document(self):
        """The document of this docker's window."""
        return host.of_docker(self)

    def do(self, function, document=None):
        """What the painter asks for, in the document that is seen here or another one."""
        self._store()
        run(function, self.document() if document is None else document)
        self.refresh()

    def _edited(self, values):
        if self._loading:
            return
        document = self.document()
        if document != self._edited_in:
            self._store()
        self._edited_in = document
        self._edits.update({name: value() for name, value in values.items()})
        if not self._commit.isActive():
            self._commit.start(self.live.typing_pause(document))

    def _store(self):
        """Keeps what was edited, and no more, in the document that it was edited for."""
        if self.live.loop.busy:
            self._commit.start(REFRESH)
            return
        self._commit.stop()
        edits, document = self._edits, self._edited_in
        self._edits, self._edited_in = {}, None
        if edits and document is not None:
            run(lambda d: self.live.set_settings(d, replace(self.live.settings(d), **edits)), document)

    def _choose_in(self, document, model):
        if model == GET:
            self.shopping.model(document)
        elif model is None:
            folder = QtWidgets.QFileDialog.getExistingDirectory(self, tr("Choose a model's folder"))
            if folder:
                self.live.use_model(document, folder)
        else:
            self.live.set_settings(document, replace(self.live.settings(document), model=model))

    def _add_condition(self, kind, file):
        """By its id, by its path, or by one that is asked for; "annotator" is what one may need."""
        if kind == "annotator":
            return self.do(self.shopping.annotator)
        file = steer_files.ask(self, kind, file)
        if file is not None:
            self.do(lambda document: self.live.steer(document, kind, file))

    def _take_from(self, number, source):
        file = steer_files.ask(self, source)
        if file is not None:
            self.do(lambda document: self.live.take_from(document, number, source, file))

    def _choose_lora_folder(self):
        title = tr("Choose the folder of your LoRAs")
        folder = QtWidgets.QFileDialog.getExistingDirectory(self, title, models.lora_folder())
        if folder:
            self.do(lambda _: self.live.take_loras_from(folder))

    # --- to the painter ---

    def canvasChanged(self, canvas):
        """Krita calls this when another document comes to the front of this window, or none."""
        guarded(self._store)()
        self.live.loop.wake()
        QtCore.QTimer.singleShot(0, self.refresh)

    @guarded
    def _changed(self):
        if not self._soon.isActive() and self.isVisible():
            self._soon.start(REFRESH)

    def showEvent(self, event):
        """Qt's name: what has changed while the docker was closed or behind another."""
        super().showEvent(event)
        self._changed()

    @guarded
    def refresh(self):
        self._soon.stop()
        document = self.document()
        status = self.live.status(document)
        chosen = self.live.settings(document)
        self.widget().setEnabled(document is not None)
        self.compare.load(self.live.splits_at(document))
        self.toggle.setChecked(status.live)
        self.toggle.setText(tr("● Live") if status.live else tr("Live"))
        self.progress.setVisible(status.progress is not None)
        if status.progress is not None:
            self.progress.setValue(round(status.progress * 1000))
        self.state.say(status.text, status.error)
        self.own.setVisible(status.offer_own)
        self.no_preview.setVisible(status.offer_no_preview)
        better = self.shopping.better(status)
        self.get.setVisible(status.offer_model)
        self.runtime.setVisible(status.offer_runtime)
        faster = self.model.faster
        faster.setVisible(better is not None and not status.offer_runtime)
        if status.offer_runtime:
            self.runtime.setText(_sized(tr("Get ONNX Runtime"), better))
        elif better is not None:
            faster.setText(_sized(tr("Use the graphics card"), better))
            faster.setToolTip(better.note)
        model = status.model if status.model is not None and status.model.ready else None
        self.model.tell(model)
        if self.last.inside.isVisible():
            self.strip.load(self.live.history.of(document))
        if self._edits:
            return  # the painter is typing: what is shown is newer than what is stored
        self._loading = True
        try:
            self._load(document, chosen, model)
        finally:
            self._loading = False

    def _load(self, document, chosen, model):
        self.prompt.load(chosen.prompt)
        self.negative.load(chosen.negative)
        self.style_menu.show_style(chosen.style, chosen.words)
        self.strength.load(chosen.strength, model.strength if model else None)
        self.steps.load(chosen.steps, model.steps if model else None)
        self.guidance.load(chosen.guidance, model.guidance if model else None)
        keeps = model is not None and model.paint_guidance > 0
        self.paint_guidance.load(chosen.paint_guidance, model.paint_guidance if keeps else None)
        for widget in (self.paint_guided, self.paint_guidance):
            widget.setVisible(keeps)
        self.sampler.load(chosen.sampler, ["", *self.live.engines.samplers(chosen.model)])
        steered = sum(one.on for one in chosen.conditions)
        self.steer.button.setText(tr("Steer by ({n})").format(n=steered) if steered else tr("Steer by"))
        if self.steer.inside.isVisible() or not chosen.conditions:
            self._load_steering(document, chosen)
        if self.seed.text() != str(chosen.seed):
            self.seed.setText(str(chosen.seed))
        self.lock.setChecked(chosen.seed_locked)
        self.outside.setChecked(chosen.outside_shows_paint)
        self.alpha.setChecked(chosen.follow_alpha)
        self.model.load(chosen.model, self.live.engines.devices())
        self.looks.load(*self.live.looks(document))

    @guarded
    def _load_steering(self, document, chosen):
        """Guarded by itself: it asks layers and engine for much, and what fails there keeps back no more."""
        reasons, seen = self.live.engines.conditions(chosen.model), self.live.listing(document)
        self.steering.load(chosen.conditions, seen.layers, reasons, seen.silent, seen.groups,
                           seen.regions, seen.linked)  # fmt: skip


def _sized(text, offer):
    return text if offer is None else tr("{text} ({size})…").format(text=text, size=size(offer.bytes))


def _whole(value):
    return None if value is None else int(value)
