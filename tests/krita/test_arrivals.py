# SPDX-License-Identifier: GPL-3.0-or-later
"""What has been got comes into use: in which document, and not during a stroke."""

import krita
import pytest
from conftest import eventually, run
from scumble import abi, models, shop
from scumble.qt import sip
from shop_steps import download, events, finish, open_shop


@pytest.mark.parametrize("what", ["model", "runtime"])
def test_what_has_arrived_waits_for_the_end_of_a_stroke(live, document, panel, folder, what):
    """Live starts anew with it, and that would take the stroke from under the brush."""
    live.start(document)
    assert run(live, document)
    engine = live.of(document).engine
    document.painting = True
    if what == "model":
        finish(download(panel))
    else:
        panel.runtime.click()
        shop._open[abi.WANT_RUNTIME].agree.click()
        shop._open[abi.WANT_RUNTIME].get.click()
        finish(shop._open[abi.WANT_RUNTIME])
    eventually(events, lambda: False, 0.3)
    assert live.of(document).engine is engine and live.settings(document).model == ""
    document.painting = False
    assert eventually(events, lambda: live.of(document).engine is not engine, 2)
    assert run(live, document) and (what == "runtime" or live.settings(document).model)


def test_another_document_that_is_painted_on_is_not_disturbed_either(live, document, panel, folder):
    """Engines are made anew for all of them when ONNX Runtime is another one."""
    other = krita.Document(40, 30)
    live.start(other)
    panel.runtime.click()
    other.painting = True
    window = shop._open[abi.WANT_RUNTIME]
    window.agree.click()
    window.get.click()
    finish(window)
    eventually(events, lambda: False, 0.2)
    engine = live.of(other).engine
    other.painting = False
    assert eventually(events, lambda: live.of(other).engine is not engine, 2)


@pytest.mark.parametrize("closed", [False, True])
def test_a_model_is_for_the_document_that_its_window_was_opened_for(live, document, panel, folder, closed):
    other = krita.Document(40, 30)
    window = download(panel)
    krita.Krita.instance().document = other
    open_shop(panel)  # to see how far it is
    document.closed = closed
    finish(window)
    chosen, left = (other, document) if closed else (document, other)
    assert models.folder(live.settings(chosen).model) == folder
    assert closed or live.settings(left).model == ""


@pytest.mark.parametrize("how", ["done", "cancelled"])
def test_when_a_download_has_ended_the_window_is_for_whom_it_was_opened_last(
    live, document, panel, folder, monkeypatch, how
):
    other = krita.Document(40, 30)
    window = download(panel)
    krita.Krita.instance().document = other
    open_shop(panel)  # to see how far it is
    if how == "cancelled":
        window.cancel.click()
    finish(window)
    before = live.settings(document)
    monkeypatch.setenv("SCUMBLE_STUB_HERE", "small")
    window.fill()
    window.get.click()
    assert models.folder(live.settings(other).model) == folder
    assert live.settings(document) == before


def test_what_waits_for_the_end_of_a_stroke_is_not_said_to_be_in_use(live, document, panel, folder):
    live.start(document)
    assert run(live, document)
    document.painting = True
    window = download(panel)
    finish(window)
    assert "is here, and used when the stroke ends" in window.state.text()
    document.painting = False
    assert eventually(events, lambda: live.settings(document).model, 2)
    assert "is here and chosen" in window.state.text()


def test_what_has_arrived_is_used_though_its_docker_was_closed(live, document, panel, folder):
    """Krita closes a docker with its window; another window may show the document."""
    live.start(document)
    assert run(live, document)
    document.painting = True
    finish(download(panel))
    sip.delete(panel)
    document.painting = False
    assert eventually(events, lambda: live.settings(document).model, 2)
    assert models.folder(live.settings(document).model) == folder and run(live, document)


@pytest.mark.parametrize("how", ["opened anew", "not at all"])
def test_a_download_goes_on_when_the_main_window_of_its_window_is_closed(live, document, panel, folder, how):
    """Krita deletes all that belongs to a main window."""
    window = open_shop(panel)
    window.agree.click()
    window.get.click()
    fetching = window.fetching
    sip.delete(window)
    if how != "not at all":
        again = open_shop(panel)
        assert again.fetching is fetching and again.download is fetching.download is not None
        assert not again.list.isEnabled() and again.cancel.isEnabled(), "and is shown"
    assert eventually(events, lambda: fetching.download is None), "nobody looks but its own timer"
    assert models.folder(live.settings(document).model) == folder
    if how != "not at all":
        assert "is here and chosen" in again.state.text() and again.list.isEnabled()


def test_what_went_wrong_is_told_though_its_window_is_gone(live, document, panel):
    window = open_shop(panel)
    window.other.setText("gated/model")
    window.other.textEdited.emit("")
    window.get.click()
    sip.delete(window)
    told = lambda: shop._open[abi.WANT_MODEL]  # noqa: E731
    assert eventually(events, lambda: not sip.isdeleted(told()))
    assert told().isVisible() and "agreed to its terms" in told().state.text()


def test_the_licence_is_still_asked_for_in_a_window_that_is_opened_anew(live, document, panel, folder):
    window = open_shop(panel)
    window.other.setText("painter/model")
    window.other.textEdited.emit("")
    window.get.click()
    sip.delete(window)
    again = open_shop(panel)
    assert eventually(events, lambda: again.agree.isEnabled())
    assert "painter/model" in again.about.toPlainText() and not again.get.isEnabled()
    again.agree.click()
    again.get.click()
    assert eventually(events, lambda: again.download is None)
    assert models.folder(live.settings(document).model) == folder
