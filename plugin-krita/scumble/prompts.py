# SPDX-License-Identifier: GPL-3.0-or-later
"""The prompts that pictures were made by, on this computer; newest first."""

from __future__ import annotations

import json

from krita import Krita

KEY = "prompts"  # in Krita's settings
MOST = 50
MOST_TEXT = 1000  # characters; longer ones are not kept


def known() -> list[str]:
    try:
        found = json.loads(Krita.instance().readSetting("scumble", KEY, "[]"))
    except (ValueError, RecursionError):
        return []
    return [one for one in found if isinstance(one, str)][:MOST] if isinstance(found, list) else []


def remember(prompt: str) -> None:
    prompt, before = prompt.strip(), known()
    if not prompt or len(prompt) > MOST_TEXT or before[:1] == [prompt]:
        return
    kept = [prompt, *(one for one in before if one != prompt)][:MOST]
    Krita.instance().writeSetting("scumble", KEY, json.dumps(kept, ensure_ascii=False))
