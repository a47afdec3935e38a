//! Whether a worker that says nothing is at work or hangs.

use std::time::{Duration, Instant};

/// A worker that has had this share of one core meanwhile (one over it) is at work: one run of a large network says nothing
/// until it ends. A driver that hangs and looks up a thousand times a second takes less.
const SHARE: u32 = 20;

/// Since when a worker has said nothing, and what it has worked since.
pub struct Watch {
    heard: Instant,
    /// When it was looked at, and the processor's time that it had had by then, where the system tells that.
    looked: Option<(Instant, Option<Duration>)>,
}

impl Watch {
    /// It was heard just now.
    pub fn now() -> Watch {
        Watch { heard: Instant::now(), looked: None }
    }

    /// Whether it hangs: it has neither said anything nor worked for `patience`, or has said nothing for `most`. To be asked
    /// while it says nothing, also before so long has passed; `worked` is the processor's time that it has had so far.
    pub fn is_hung(
        &mut self,
        patience: Duration,
        most: Duration,
        worked: impl FnOnce() -> Option<Duration>,
    ) -> bool {
        let Some((then, before)) = self.looked else {
            self.looked = Some((Instant::now(), worked()));
            return false;
        };
        let passed = then.elapsed();
        if passed < patience {
            return false;
        }
        let now = worked();
        let gained = now.zip(before).and_then(|(now, before)| now.checked_sub(before));
        let is_at_work = gained.is_some_and(|gained| gained >= passed / SHARE);
        self.looked = Some((Instant::now(), now));
        !is_at_work || self.heard.elapsed() >= most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Looked at after so many milliseconds without a word, and so many of work.
    fn hangs(silent: u64, worked: Option<u64>) -> bool {
        let then = Instant::now() - Duration::from_millis(silent);
        let mut watch = Watch { heard: then, looked: Some((then, Some(SECOND))) };
        watch.is_hung(SECOND, 5 * SECOND, || Some(SECOND + Duration::from_millis(worked?)))
    }

    #[test]
    fn one_that_works_does_not_hang_and_works_on_for_a_time_alone() {
        for (silent, worked, hung) in [
            (900, Some(0), false),
            (1100, Some(0), true),
            (1100, Some(20), true),
            (1100, Some(100), false),
            (4900, Some(4900), false),
            (5100, Some(5100), true),
            // Where the system does not tell.
            (1100, None, true),
        ] {
            assert_eq!(hangs(silent, worked), hung, "{silent} ms, of which {worked:?} at work");
        }
    }

    #[test]
    fn what_it_had_worked_before_does_not_count() {
        let mut watch = Watch::now();
        let mut look = || watch.is_hung(Duration::ZERO, SECOND, || Some(SECOND));
        assert_eq!([look(), look()], [false, true]);
    }
}
