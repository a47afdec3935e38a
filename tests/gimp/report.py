# SPDX-License-Identifier: MIT OR Apache-2.0
"""One line a check, and the count at the end."""

from __future__ import annotations

import traceback


class NotReady(Exception):
    """The desktop or GIMP itself did not come up: nothing of ours has been tried yet."""


class Report:
    """`retries`: how often a scenario with a failed check is run anew before the check counts as failed."""

    def __init__(self, retries: int = 0):
        self.passed, self.failed, self.flaky, self.retries = 0, 0, [], retries

    def check(self, name: str, good, detail="") -> bool:
        said = f" ({detail})" if detail != "" else ""
        print(f"{'ok  ' if good else 'FAIL'} {name}{said}", flush=True)
        if good:
            self.passed += 1
        else:
            self.failed += 1
        return bool(good)

    def run(self, scenario, *arguments) -> bool:
        """Whether all of its checks hold. One that could not even be set up is tried once more at once."""
        failed = self.failed
        try:
            self.once(scenario, *arguments)
        except NotReady as why:
            print(f"-- {scenario.__name__}: {why}; once more", flush=True)
            try:
                self.once(scenario, *arguments)
            except NotReady as again:
                self.check(scenario.__name__, False, again)
        return self.failed == failed

    def once(self, scenario, *arguments) -> None:
        """An exception in a scenario is a failed check; the next ones go on."""
        try:
            scenario(*arguments)
        except NotReady:
            raise
        except Exception as error:  # noqa: BLE001
            traceback.print_exc()
            self.check(scenario.__name__, False, f"{type(error).__name__}: {error}")

    def all(self, scenarios: list, each) -> None:
        """`each(scenarios)` runs them in a session of its own and gives those that failed, which are run anew
        in another one. Both runs are printed, and the names of those that needed it at the end."""
        failed = self.failed
        bad = each(scenarios)
        for _ in range(self.retries):
            if not bad:
                break
            print("-- once more:", *(scenario.__name__ for scenario in bad), flush=True)
            self.flaky += [scenario.__name__ for scenario in bad]
            self.failed = failed
            bad = each(bad)

    def end(self) -> int:
        if self.flaky:
            print("-- run more than once:", *self.flaky, flush=True)
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0
