# SPDX-License-Identifier: MIT OR Apache-2.0
"""One line a check, and the count at the end."""

from __future__ import annotations

import traceback


class NotReady(Exception):
    """The desktop or GIMP itself did not come up: nothing of ours has been tried yet."""


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
        """One that could not even be set up is tried once more; what fails counts at once, so that rates of
        rare faults are seen."""
        try:
            self.once(scenario, *arguments)
        except NotReady as why:
            print(f"-- {scenario.__name__}: {why}; once more", flush=True)
            try:
                self.once(scenario, *arguments)
            except NotReady as again:
                self.check(scenario.__name__, False, again)

    def once(self, scenario, *arguments) -> None:
        """An exception in a scenario is a failed check; the next ones go on."""
        try:
            scenario(*arguments)
        except NotReady:
            raise
        except Exception as error:  # noqa: BLE001
            traceback.print_exc()
            self.check(scenario.__name__, False, f"{type(error).__name__}: {error}")

    def end(self) -> int:
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0
