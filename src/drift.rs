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

#[derive(Default)]
pub(crate) struct Drift {
    /// Columns and rows of cells that were made in windows since.
    patched: BTreeSet<(i64, i64)>,
    /// How long the whole took.
    took: Option<Duration>,
}

impl Drift {
    /// The whole was made; in how long, unless it was known.
    pub fn end(&mut self, took: Option<Duration>) {
        self.patched.clear();
        self.took = took.or(self.took);
    }

    /// These columns and rows of cells were made in a window.
    pub fn patch(&mut self, [columns, rows]: &[Range<i64>; 2]) {
        self.patched.extend(rows.clone().flat_map(|row| columns.clone().map(move |column| (column, row))));
    }

    /// Whether the whole is to be made before another of its windows.
    pub fn is_far(&self, whole: &Window) -> bool {
        self.took.is_some_and(|took| took <= QUICK) && self.patched.len() as f64 > FAR * whole.cells() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Level;

    const WHOLE: Window = Window { level: Level(0), x: 0, y: 0, width: 16, height: 12 };

    #[test]
    fn what_is_patched_twice_counts_once_and_the_whole_ends_it() {
        let mut drift = Drift::default();
        drift.end(Some(Duration::from_millis(300)));
        for _ in 0..9 {
            drift.patch(&[0..8, 0..8]);
            assert!(!drift.is_far(&WHOLE));
        }
        drift.patch(&[8..9, 0..1]);
        assert!(drift.is_far(&WHOLE));
        drift.end(None);
        assert!(!drift.is_far(&WHOLE));
        drift.patch(&[0..16, 0..12]);
        assert!(drift.is_far(&WHOLE), "it takes as long as before");
    }

    #[test]
    fn nobody_waits_for_a_whole_that_takes_long() {
        for took in [None, Some(Duration::from_millis(751))] {
            let mut drift = Drift::default();
            drift.end(took);
            drift.patch(&[0..16, 0..12]);
            assert!(!drift.is_far(&WHOLE), "{took:?}");
        }
    }
}
