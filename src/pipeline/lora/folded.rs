//! What one network is fed of LoRAs, and of those that act in other steps.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::check::find;
use super::{Asked, Files, Sum, Target, halves, is_usual};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::models::component::{Also, Component};
use crate::models::lora::Part;
use crate::models::weights::{self, Found, Weights};
use crate::render::Sink;

/// LoRAs that act in the same steps.
pub type Set = Vec<Asked>;

/// What one network was asked to have, and has.
#[derive(Default)]
pub(super) struct Folded {
    /// All that is asked for now, whatever the step.
    asked: Set,
    /// What sets of them come to: those that change the network.
    known: Vec<(Set, Set)>,
    /// Those that it has now.
    has: Set,
    /// What it is fed for others of the sets.
    others: Vec<(Set, Also)>,
    /// Modules that have a branch.
    branches: BTreeSet<String>,
}

impl Folded {
    /// Of a network that has room.
    pub fn with(branches: BTreeSet<String>) -> Folded {
        Folded { branches, ..Folded::default() }
    }

    /// Lets go of what is fed for LoRAs that are not asked for any more.
    pub fn keep(&mut self, asked: &[Asked]) {
        let is_asked = |set: &Set| set.iter().all(|own| asked.contains(own));
        self.known.retain(|(set, _)| is_asked(set));
        self.others.retain(|(set, _)| is_asked(set));
        self.asked = asked.to_vec();
    }

    /// What a set comes to, where that is ready to be fed.
    fn ready(&self, set: &[Asked]) -> Option<Set> {
        let known = self.known.iter().find(|(own, _)| own == set).map(|(_, has)| has);
        let has = known.cloned().or_else(|| set.is_empty().then(Vec::new))?;
        (has == self.has || self.others.iter().any(|(own, _)| *own == has)).then_some(has)
    }

    pub fn is_ready(&self, set: &[Asked]) -> bool {
        self.ready(set).is_some()
    }

    /// Makes the network ready for all sets of a target. Where that fails it is as it was.
    ///
    /// # Errors
    /// As [`halves`] and [`Component::read_again`].
    pub fn make_ready(
        &mut self,
        target: &mut Target<'_>,
        weights: &Weights,
        files: &Files,
        cancel: &Cancel,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let (start, part) = (Instant::now(), target.part);
        let sets: Vec<_> = target.sets.all().map(|set| (set, summed(set, part, weights, files))).collect();
        let branches = match sets.iter().all(|(_, (sums, _))| sums.keys().all(|m| self.branches.contains(*m)))
        {
            true => None,
            false => {
                let usual = weights.changeable().map(|(module, _)| module).filter(|m| is_usual(part, m));
                let all = sets.iter().flat_map(|(_, (sums, _))| sums.keys().copied()).chain(usual);
                Some(
                    all.map(str::to_owned).chain(self.branches.iter().cloned()).collect::<BTreeSet<String>>(),
                )
            }
        };
        let modules = branches.as_ref().unwrap_or(&self.branches);
        let (mut known, mut made) = (Vec::new(), Vec::<(Set, Also)>::new());
        for (set, (sums, has)) in &sets {
            known.push(((*set).clone(), has.clone()));
            let is_there = *has == self.has || self.others.iter().any(|(own, _)| own == has);
            if (is_there && branches.is_none()) || made.iter().any(|(own, _)| own == has) {
                continue;
            }
            let mut values = Vec::with_capacity(2 * modules.len());
            for module in modules {
                cancel.check()?;
                let Some((module, Found::Weight(weight))) = weights.get(module) else { continue };
                let deltas = sums.get(module).map_or(&[][..], |(_, deltas)| deltas);
                values.extend(weights::inputs(module).into_iter().zip(halves(weight, deltas)?));
            }
            made.push((has.clone(), values));
        }
        let ready = start.elapsed();
        if let Some(branches) = branches {
            sink.doing(&format!(
                "The model's {} is read again, with room for LoRAs; that is needed once.",
                target.network.title()
            ));
            let model = weights.with_branches(&branches, part != Part::Unet)?;
            target.network.read_again(weights, &model, cancel)?;
            self.branches = branches;
            (self.known, self.others) = (Vec::new(), Vec::new());
            // One of them is what it had, and all of them are new.
            self.feed(target.network.component(), made.swap_remove(0));
        }
        log::info!(
            "LoRAs in the {}: {} sets of them, made ready in {:.2} s, read in {:.2} s",
            target.network.component().name(),
            sets.len(),
            ready.as_secs_f64(),
            (start.elapsed() - ready).as_secs_f64()
        );
        self.known.retain(|(set, _)| known.iter().all(|(own, _)| own != set));
        self.known.append(&mut known);
        self.others.append(&mut made);
        Ok(())
    }

    /// Has the network what is asked of it in a step? Whether that changes it.
    pub fn turn_to(&mut self, component: &mut Component, set: &[Asked]) -> bool {
        let Some(has) = self.ready(set).filter(|has| *has != self.has) else { return false };
        let Some(at) = self.others.iter().position(|(own, _)| *own == has) else { return false };
        let next = self.others.swap_remove(at);
        self.feed(component, next);
        true
    }

    /// What it was fed is kept for other steps, if it is still asked for.
    fn feed(&mut self, component: &mut Component, (has, values): (Set, Also)) {
        let count = values.len();
        let before = component.feed_also(values);
        let before = (std::mem::replace(&mut self.has, has), before);
        if before.1.len() == count && before.0.iter().all(|own| self.asked.contains(own)) {
            self.others.push(before);
        }
    }
}

/// All that a set adds to each weight, by module, and those of the LoRAs that add something.
fn summed<'a>(
    set: &[Asked],
    part: Part,
    weights: &'a Weights,
    files: &'a Files,
) -> (BTreeMap<&'a str, Sum<'a>>, Set) {
    let (mut sums, mut has) = (BTreeMap::<&str, Sum<'_>>::new(), Vec::new());
    for asked in set {
        let Some(lora) = files.get(&asked.file) else { continue };
        let before = has.len();
        for ((own, module), delta) in &lora.0 {
            let Some((module, Found::Weight(weight))) =
                (*own == part).then(|| find(weights, part, module)).flatten()
            else {
                continue;
            };
            let deltas = &mut sums.entry(module).or_insert_with(|| (weight, Vec::new())).1;
            match deltas.iter_mut().find(|(_, known)| std::ptr::eq(*known, delta)) {
                Some((scale, _)) => *scale += asked.scale,
                None => deltas.push((asked.scale, delta)),
            }
            has.truncate(before);
            has.push(asked.clone());
        }
    }
    (sums, has)
}
