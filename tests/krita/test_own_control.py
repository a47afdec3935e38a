# SPDX-License-Identifier: GPL-3.0-or-later
"""The control that some models' own network reads, without a ControlNet's file."""

from conftest import run
from scumble import settings
from scumble.steer_list import SteerList
from scumble.steering import added
from steered import expected, shows


def test_the_models_own_control(live, document, lines, monkeypatch):  # noqa: F811
    def entries():
        reasons = live.engines.conditions("")
        shown.load((), [], reasons)
        shown.list_known()
        found = {action.text(): action for action in shown.menu.actions()}
        return found["Control: the model's own"], found["ControlNet from a file…"]

    shown = SteerList()
    live.start(document)
    assert run(live, document)
    own, nets = entries()
    assert not own.isEnabled() and "no control of its own" in own.toolTip() and nets.isEnabled()
    monkeypatch.setenv("SCUMBLE_STUB_OWN_CONTROL", "1")
    own, nets = entries()
    assert own.isEnabled() and not nets.isEnabled() and "reads its control itself" in nets.toolTip()
    shown.wanted.connect(lambda kind, file: live.steer(document, kind, file))
    document.setActiveNode(lines)
    told, steer = [], live.of(document).session.steer
    live.of(document).session.steer = lambda *given: told.append(given[1]) or steer(*given)
    own.trigger()
    assert shows(live, document, lambda: expected(document, lines)), live.status(document).text
    (kept,) = live.settings(document).conditions
    assert (kept.kind, kept.file, kept.layer) == ("control", "", lines.uniqueId().toString())
    assert {by.file for by in told} == {""}, "the library is told of no file"
    assert settings.load(document).conditions == (kept,)
    shown.load((kept,), [], live.engines.conditions(""))
    (row,) = shown.rows
    assert row.on.text() == "Control: the model's own" and row.scale.isEnabled()
    assert not row.prepare.isHidden()
    monkeypatch.delenv("SCUMBLE_STUB_OWN_CONTROL")
    shown.load((kept,), [], live.engines.conditions(""))
    assert not row.scale.isEnabled() and "no control of its own" in row.on.toolTip()


def test_the_models_own_control_begins_with_what_the_models_name_says():
    (one,) = added((), "control", "", "{a}", like="flux-canny [1]")
    assert (one.file, one.prepare) == ("", "canny")
    assert added((), "control", "", "{a}")[0].prepare == "as_is"
