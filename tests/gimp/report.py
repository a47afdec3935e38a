# SPDX-License-Identifier: MIT OR Apache-2.0
"""One line a check, and the count at the end."""

from __future__ import annotations

import traceback


class Report:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, name: str, good, detail="") -> bool:
        said = f" ({detail})" if detail != "" else ""
        print(f"{'ok  ' if good else 'FAIL'} {name}{said}", flush=True)
        if good:
            self.passed += 1
        else:
            self.failed += 1
        return bool(good)

    def run(self, scenario, *arguments) -> None:
        """A scenario that fails runs once more, and only what fails again counts: on a busy machine windows
        come late, and GIMP tells nobody when it has done what it was asked."""
        for last in (False, True):
            passed, failed = self.passed, self.failed
            self.once(scenario, *arguments)
            if last or self.failed == failed:
                return
            self.passed, self.failed = passed, failed
            print(f"-- {scenario.__name__} failed; once more", flush=True)

    def once(self, scenario, *arguments) -> None:
        """An exception in a scenario is a failed check; the next ones go on."""
        try:
            scenario(*arguments)
        except Exception as error:  # noqa: BLE001
            traceback.print_exc()
            self.check(scenario.__name__, False, f"{type(error).__name__}: {error}")

    def end(self) -> int:
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0
