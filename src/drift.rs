//! How far the picture that is seen while the hand moves has gone from what would settle. Each window is held to what
//! surrounded it when it was made; one after the other, without a rest, they become a patchwork. Where the whole is made
//! quickly, it is made again once much of it is patches.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use crate::grid::Window;

/// The part of the whole that is patches when it is made anew.
const FAR: f64 = 1.0 / 3.0;
/// How long the whole may take for that: nothing newer is shown meanwhile but its own steps.
const QUICK: Duration = Duration::from_millis(750);

/// How long the whole took last, in so many steps.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    pub took: Duration,
    pub steps: u32,
}

impl Pace {
    fn of(self, steps: u32) -> Duration {
        self.took.mul_f64(f64::from(steps) / f64::from(self.steps.max(1)))
    }
}

#[derive(Default)]
pub(crate) struct Drift {
    /// Columns and rows of cells that were made in windows since the whole was.
    patched: BTreeSet<(i64, i64)>,
}

impl Drift {
    /// The whole was made.
    pub fn end(&mut self) {
        self.patched.clear();
    }

    /// These columns and rows of cells were made in a window.
    pub fn patch(&mut self, [columns, rows]: &[Range<i64>; 2]) {
        self.patched.extend(rows.clone().flat_map(|row| columns.clone().map(move |column| (column, row))));
    }

    /// Whether the whole is to be made, in so many steps, before another of its windows.
    pub fn is_far(&self, whole: &Window, pace: Option<Pace>, steps: u32) -> bool {
        let quick = pace.is_some_and(|pace| pace.of(steps) <= QUICK);
        quick && self.patched.len() as f64 > FAR * whole.cells() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Level;

    const WHOLE: Window = Window { level: Level(0), x: 0, y: 0, width: 16, height: 12 };

    fn pace(ms: u64) -> Option<Pace> {
        Some(Pace { took: Duration::from_millis(ms), steps: 2 })
    }

    #[test]
    fn what_is_patched_twice_counts_once_and_the_whole_ends_it() {
        let mut drift = Drift::default();
        for _ in 0..9 {
            drift.patch(&[0..8, 0..8]);
            assert!(!drift.is_far(&WHOLE, pace(300), 2));
        }
        drift.patch(&[8..9, 0..1]);
        assert!(drift.is_far(&WHOLE, pace(300), 2));
        drift.end();
        assert!(!drift.is_far(&WHOLE, pace(300), 2));
    }

    #[test]
    fn nobody_waits_for_a_whole_that_takes_long() {
        let mut drift = Drift::default();
        drift.patch(&[0..16, 0..12]);
        assert!(!drift.is_far(&WHOLE, None, 2) && !drift.is_far(&WHOLE, pace(751), 2));
        // In more steps it takes longer, in fewer than when it settled less.
        assert!(!drift.is_far(&WHOLE, pace(300), 30) && drift.is_far(&WHOLE, pace(1400), 1));
    }
}
