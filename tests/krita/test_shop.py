# SPDX-License-Identifier: GPL-3.0-or-later
"""Getting a model, and ONNX Runtime, from the docker: on the stub; the library from a hub of our own."""

from pathlib import Path

import pytest
from conftest import ROOT, eventually, run
from hub_server import Hub
from scumble import abi, engines, getting, models, shop
from scumble.library import ScumbleError
from scumble.qt import QtCore, QtWidgets
from shop_steps import events, finish, open_shop


def test_a_model_is_got_with_a_few_clicks_and_chosen(live, document, panel, folder):
    window = open_shop(panel)
    assert window.isVisible() and window.list.count() == 2
    assert panel.model.models.currentData() == "", "the list shows the model that is used"
    assert "example.org/mine" in window.about.toHtml() and "example.org/yours" in window.about.toHtml()
    for licence in ("Mine: Free for <every> use.", "Yours: Pictures are yours."):
        assert licence in window.about.toPlainText()
    assert not window.get.isEnabled(), "nobody has agreed yet"
    window.agree.click()
    window.get.click()
    assert window.download is not None and not window.list.isEnabled()
    finish(window)
    assert models.folder(live.settings(document).model) == folder
    assert "is here and chosen" in window.state.text() and not window.agree.isChecked()
    panel.refresh()
    assert panel.model.models.currentText() == "small"


def test_what_was_kept_of_the_artists_own_files_is_told(panel, folder, monkeypatch):
    monkeypatch.setenv("SCUMBLE_STUB_KEPT", "scumble.json in small was kept.")
    window = open_shop(panel)
    window.agree.click()
    window.get.click()
    finish(window)
    assert window.state.text().endswith("is here and chosen. scumble.json in small was kept.")


def test_what_is_here_is_chosen_and_not_got_again(live, document, panel, folder, monkeypatch):
    monkeypatch.setenv("SCUMBLE_STUB_HERE", "small")
    window = open_shop(panel)
    assert "is here" in window.list.item(0).text() and window.get.text() == "Use It"
    window.get.click()
    assert window.download is None and models.folder(live.settings(document).model) == folder


def test_an_annotator_is_got_from_the_list_of_what_steers_and_is_no_model(live, document, panel, folder):
    before = live.settings(document)
    panel.steering.list_known()
    entry = next(one for one in panel.steering.menu.actions() if one.text() == "Get an annotator…")
    entry.trigger()
    window = shop._open[abi.WANT_ANNOTATOR]
    assert window.isVisible() and window.windowTitle() == "Get an Annotator"
    titles = [window.list.item(row).text().splitlines()[0] for row in range(window.list.count())]
    assert titles == ["Far away"] and window.other.isHidden()
    assert "Far away" not in [offer.title for offer in getting.offers(window.library, abi.WANT_MODEL)]
    window.agree.click()
    window.get.click()
    finish(window)
    assert "used from the next stroke on" in window.state.text()
    assert live.settings(document) == before


def test_what_will_not_run_well_is_told_before_it_is_got(panel):
    window = open_shop(panel)
    window.choose("large")
    row, about = window.list.item(1).text(), window.about.toPlainText()
    assert "will not run well here" in row and "13.9 GB" in row
    assert "more than there is here" in about and "Large & slow" in about
    window.agree.click()
    window.choose("small")
    assert not window.agree.isChecked(), "agreed to another licence"


def test_any_other_model_is_looked_at_first_and_its_licence_shown(live, document, panel, folder):
    window = open_shop(panel)
    window.other.setText("painter/model")
    window.other.textEdited.emit("painter/model")
    assert window.get.text() == "Look" and window.get.isEnabled() and not window.agree.isEnabled()
    window.get.click()
    window.fetching.look()
    assert window.download.look().state == abi.DOWNLOAD_TERMS and not window.get.isEnabled()
    about = window.about.toPlainText()
    assert "painter/model" in about and "Free for <every> use" in about
    window.agree.click()
    assert window.get.isEnabled()
    window.get.click()
    finish(window)
    assert models.folder(live.settings(document).model) == folder


def test_a_download_is_cancelled_and_another_begun(panel):
    window = open_shop(panel)
    window.other.setText("endless/model")
    window.other.textEdited.emit("")
    window.get.click()
    window.fetching.look()
    window.agree.click()
    window.get.click()
    window.fetching.look()
    assert not window.bar.isHidden() and window.bar.value() == 500
    assert "450 MB of 900 MB" in window.state.text()
    window.hide()
    assert window.download is not None, "it goes on while the window is closed"
    window = open_shop(panel)
    window.cancel.click()
    finish(window)
    assert "what has arrived is kept" in window.state.text() and window.bar.isHidden()
    assert window.get.isEnabled() and window.list.isEnabled()


def test_what_went_wrong_is_told_in_the_window(live, document, panel):
    before = live.settings(document)
    window = open_shop(panel)
    window.other.setText("gated/model")
    window.other.textEdited.emit("")
    window.get.click()
    window.hide()
    finish(window)
    assert "agreed to its terms" in window.state.text() and window.isVisible(), "shown again to tell it"
    assert live.settings(document) == before


def test_without_a_model_one_is_offered_and_live_goes_on_with_it(live, document, panel, folder, monkeypatch):
    """Scumble's own is not there, or broken."""
    monkeypatch.setenv("SCUMBLE_STUB_FAIL", "load")
    panel.toggle.click()
    assert live.of(document) is None and not panel.get.isHidden() and panel.own.isHidden()
    monkeypatch.delenv("SCUMBLE_STUB_FAIL")
    panel.get.click()
    window = shop._open[abi.WANT_MODEL]
    window.agree.click()
    window.get.click()
    finish(window)
    panel.refresh()
    assert panel.get.isHidden() and models.folder(live.settings(document).model) == folder
    assert live.of(document) is not None and run(live, document)


def test_a_missing_runtime_is_offered_and_live_goes_on_with_it(live, document, panel, folder, monkeypatch):
    monkeypatch.setenv("SCUMBLE_STUB_FAIL", "runtime")
    panel.toggle.click()
    assert live.of(document) is None and "was not found" in panel.state.text()
    assert not panel.runtime.isHidden() and "28 MB" in panel.runtime.text(), panel.runtime.text()
    panel.runtime.click()
    window = shop._open[abi.WANT_RUNTIME]
    assert window.other.isHidden() and window._offer().name == "cpu"
    window.agree.click()
    window.get.click()
    monkeypatch.delenv("SCUMBLE_STUB_FAIL")
    finish(window)
    assert live.of(document) is not None and run(live, document)
    panel.refresh()
    assert panel.runtime.isHidden() and panel.model.faster.isHidden()


def test_a_graphics_card_that_lies_idle_is_told(live, document, panel, folder, monkeypatch):
    monkeypatch.setenv("SCUMBLE_STUB_CARD", "1")
    panel.toggle.click()
    assert run(live, document)
    panel.refresh()
    assert not panel.model.faster.isHidden() and "25 MB" in panel.model.faster.text()
    assert panel.runtime.isHidden()
    engine = live.of(document).engine
    panel.model.faster.click()
    window = shop._open[abi.WANT_RUNTIME]
    assert window._offer().name == "webgpu"
    window.agree.click()
    window.get.click()
    monkeypatch.setenv("SCUMBLE_STUB_HERE", "webgpu")
    finish(window)
    assert live.of(document).engine is not engine and engine.closed, "made anew, with the new runtime"
    assert run(live, document)
    panel.refresh()
    assert panel.model.faster.isHidden()


def test_the_window_fits_a_small_screen_and_cuts_nothing(panel):
    window = open_shop(panel)
    assert window.width() <= 800 and window.height() <= 600 and window.minimumWidth() <= 640
    for _ in range(5):
        events()
    for widget in (window.list, window.other, window.about, window.agree, window.get, window.cancel):
        place = QtCore.QRect(widget.mapTo(window, QtCore.QPoint()), widget.size())
        assert widget.isVisible() and window.rect().contains(place), (widget, place)
    for button in window.findChildren(QtWidgets.QPushButton):
        assert button.width() >= button.sizeHint().width(), button.text()


def test_when_krita_goes_what_is_downloading_is_let_go(panel):
    window = open_shop(panel)
    window.other.setText("endless/model")
    window.other.textEdited.emit("")
    window.get.click()
    download = window.download
    shop.close_all()
    assert download.closed and not window.isVisible()


def test_sizes_are_said_as_people_say_them():
    assert [getting.size(n) for n in (0, 27_773_237, 13_900_000_000)] == ["1 MB", "28 MB", "13.9 GB"]


@pytest.fixture
def hub(monkeypatch, tmp_path):
    made = Hub()
    for path in (ROOT / "models/tiny/turbo").rglob("*"):
        if path.is_file():
            made.put("painter/turbo", str(path.relative_to(ROOT / "models/tiny/turbo")), path.read_bytes())
    for name in ("XDG_DATA_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("HF_ENDPOINT", made.address)
    for name in ("HF_TOKEN", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    yield made
    made.close()


def test_the_real_library_gets_a_model_from_a_hub_and_paints_with_it(real, hub, live, document, panel):
    """All of it but the network: cut on the way, cancelled, gone on with, loaded."""
    live.engines.library = real
    window = open_shop(panel)
    assert window.list.count() >= 8 and all(offer.licences for offer in window.offers)
    hub.cut["unet/model.onnx"] = 50_000
    window.other.setText("painter/turbo")
    window.other.textEdited.emit("")
    window.get.click()
    look = lambda: (events(), window.fetching.look())  # noqa: E731
    assert eventually(look, lambda: "MIT" in window.about.toPlainText(), 30)
    window.agree.click()
    window.get.click()
    finish(window, 120)
    assert "is here and chosen" in window.state.text(), window.state.text()
    ranges = [headers.get("range") for path, headers in hub.asked if path.endswith("unet/model.onnx")]
    assert "bytes=50000-" in ranges, "it went on where it was cut"
    chosen = models.folder(live.settings(document).model)
    unet = "unet/model.onnx"
    assert (ROOT / "models/tiny/turbo" / unet).read_bytes() == (Path(chosen) / unet).read_bytes()
    panel.toggle.click()
    assert live.of(document) is not None, panel.state.text()
    assert run(live, document, lambda: live.of(document).last_frame is not None, 120)
    window.fill()
    assert [offer.here for offer in window.offers if offer.name == "turbo"] == [True]


def test_the_real_library_tells_what_the_hub_refuses(real, hub, live, panel):
    live.engines.library = real
    window = open_shop(panel)
    hub.gated.add("painter/turbo")
    for name, says in (("painter/turbo", "agreed to its terms"), ("nobody/nothing", "the name is wrong")):
        window.other.setText(name)
        window.other.textEdited.emit("")
        window.get.click()
        finish(window)
        assert says in window.state.text(), window.state.text()


@pytest.mark.parametrize("door", ["model", "runtime", "annotator"])
def test_without_a_library_every_door_of_the_window_says_so(live, document, panel, monkeypatch, door):
    def missing():
        raise ScumbleError("the library is missing")

    monkeypatch.setattr(engines, "Library", missing)
    live.engines.library = None
    doors = {"model": panel.get.click, "runtime": panel.runtime.click}
    doors.get(door, lambda: panel.steering.wanted.emit("annotator", ""))()
    assert panel.state.text() == "the library is missing"
