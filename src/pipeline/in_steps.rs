//! What is another thing in some steps of a job than in others, because conditions act in a part of them.

use crate::error::Result;
use crate::render::Condition;
use crate::steps::StepRange;

/// One thing for each step, each made once.
#[derive(Debug, Clone)]
pub struct InSteps<T> {
    first: T,
    more: Vec<T>,
    /// Which of them it is, by step.
    which: Vec<usize>,
}

impl<T> InSteps<T> {
    /// Of parts of the steps, by which of them a step lies in.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn new(
        parts: &[StepRange],
        steps: usize,
        mut make: impl FnMut(&[bool]) -> Result<T>,
    ) -> Result<InSteps<T>> {
        let acting = |i| parts.iter().map(|part| part.holds((i, steps))).collect::<Vec<bool>>();
        let mut sets = vec![acting(0)];
        let (first, mut more) = (make(&sets[0])?, Vec::new());
        let mut which = Vec::with_capacity(steps);
        for acting in (0..steps).map(acting) {
            let known = sets.iter().position(|set| *set == acting);
            which.push(known.unwrap_or(sets.len()));
            if known.is_none() {
                more.push(make(&acting)?);
                sets.push(acting);
            }
        }
        Ok(InSteps { first, more, which })
    }

    /// That of a step.
    pub fn at(&self, step: usize) -> &T {
        let which = self.which.get(step).and_then(|which| which.checked_sub(1));
        which.and_then(|which| self.more.get(which)).unwrap_or(&self.first)
    }

    /// Each once.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.first).chain(&self.more)
    }

    pub fn map<U>(self, mut change: impl FnMut(T) -> U) -> InSteps<U> {
        let first = change(self.first);
        InSteps { first, more: self.more.into_iter().map(change).collect(), which: self.which }
    }
}

/// Those of the conditions that act in any of so many steps: the others are as good as off.
///
/// # Errors
/// As [`StepRange::check`].
pub fn acting<'a>(conditions: &[Condition<'a>], steps: usize) -> Result<Vec<Condition<'a>>> {
    let mut acting = Vec::with_capacity(conditions.len());
    for condition in conditions {
        let Some((whose, part)) = condition.part() else {
            acting.push(*condition);
            continue;
        };
        part.check(whose)?;
        if part.holds_any_of(steps) {
            acting.push(*condition);
        }
    }
    Ok(acting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_in_the_same_steps_is_made_once() {
        let parts = [StepRange::ALL, StepRange { start: 0.0, end: 0.5 }, StepRange { start: 0.25, end: 0.5 }];
        let mut made = 0;
        let acts = InSteps::new(&parts, 4, |set| {
            made += 1;
            Ok(set.to_vec())
        });
        let acts = acts.unwrap();
        assert_eq!(made, 3);
        let at = |step: usize| acts.at(step).as_slice();
        assert_eq!([at(0), at(1)], [&[true, true, false], &[true, true, true]]);
        assert_eq!([at(2), at(3)], [&[true, false, false]; 2]);
        assert_eq!(acts.all().count(), 3);
        let same = InSteps::new(&[], 9, |set| Ok(set.len())).unwrap();
        assert_eq!(same.map(|count| count + 1).all().collect::<Vec<_>>(), [&1]);
    }
}
