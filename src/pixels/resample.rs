//! Scaling by separable filters whose taps belong to the canvas: the value of a pixel depends on its place alone, to
//! the last bit, not on the rectangle that it is computed with. That is what lets parts be computed anew.

use std::collections::VecDeque;
use std::ops::Range;

use crate::error::Result;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// The mean.
    Box,
    /// As sharp as Lanczos' without ringing: for making smaller.
    Hamming,
    /// Catmull and Rom's cubic: goes through the samples. For making larger.
    CatmullRom,
}

impl Filter {
    fn support(self) -> f64 {
        match self {
            Filter::Box => 0.5,
            Filter::Hamming => 1.0,
            Filter::CatmullRom => 2.0,
        }
    }

    fn at(self, x: f64) -> f64 {
        let x = x.abs();
        match self {
            Filter::Box => f64::from(u8::from(x < 0.5)),
            Filter::Hamming if x >= 1.0 => 0.0,
            Filter::Hamming if x == 0.0 => 1.0,
            Filter::Hamming => {
                let x = x * std::f64::consts::PI;
                x.sin() / x * (0.54 + 0.46 * x.cos())
            }
            Filter::CatmullRom if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
            Filter::CatmullRom if x < 2.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
            Filter::CatmullRom => 0.0,
        }
    }
}

/// Which samples of one axis make the samples `out` of another, and with what weights.
pub struct Taps {
    /// First source sample and first weight of each.
    places: Vec<(i64, usize)>,
    weights: Vec<f32>,
    source: Range<i64>,
}

impl Taps {
    /// `scale` is samples made per source sample; both axes begin at the canvas's edge. What lies outside `limits`
    /// repeats the nearest sample inside.
    pub fn new(filter: Filter, out: Range<i64>, scale: f64, limits: Range<i64>) -> Taps {
        let last = limits.end.max(limits.start + 1) - 1;
        let inside = |at: i64| at.clamp(limits.start, last);
        let mut taps = Taps { places: Vec::new(), weights: Vec::new(), source: last..limits.start };
        let stretch = (1.0 / scale).max(1.0);
        for at in out {
            let first = taps.weights.len();
            if scale == 1.0 {
                taps.places.push((inside(at), first));
                taps.weights.push(1.0);
            } else {
                let centre = (at as f64 + 0.5) / scale;
                let reach = filter.support() * stretch;
                let from = (centre - reach).floor() as i64;
                let to = (centre + reach).ceil() as i64;
                taps.places.push((inside(from), first));
                taps.weights.resize(first + (inside(to - 1) - inside(from) + 1) as usize, 0.0);
                let weight = |i: i64| match filter {
                    // By how much of the sample lies under the box, so that none is lost between two.
                    Filter::Box => {
                        let half = 0.5 * stretch;
                        ((i as f64 + 1.0).min(centre + half) - (i as f64).max(centre - half)).max(0.0)
                    }
                    _ => filter.at((i as f64 + 0.5 - centre) / stretch),
                };
                let sum: f64 = (from..to).map(weight).sum();
                for i in from..to {
                    taps.weights[first + (inside(i) - inside(from)) as usize] += (weight(i) / sum) as f32;
                }
            }
            let (start, end) = (taps.places[taps.places.len() - 1].0, (taps.weights.len() - first) as i64);
            taps.source.start = taps.source.start.min(start);
            taps.source.end = taps.source.end.max(start + end);
        }
        taps
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// All source samples that are looked at.
    pub fn source(&self) -> Range<i64> {
        self.source.clone()
    }

    /// The first source sample of `out`, and the weights from it on.
    fn of(&self, out: usize) -> (i64, &[f32]) {
        let (start, first) = self.places[out];
        let end = self.places.get(out + 1).map_or(self.weights.len(), |next| next.1);
        (start, &self.weights[first..end])
    }

    /// One row of samples from one row of source samples, which begins at [`Taps::source`].
    fn apply(&self, source: &[f32], out: &mut [f32]) {
        for (i, value) in out.iter_mut().enumerate() {
            let (start, weights) = self.of(i);
            let samples = &source[(start - self.source.start) as usize..][..weights.len()];
            *value = samples.iter().zip(weights).map(|(v, w)| v * w).sum();
        }
    }
}

/// Makes the rows `rows` of a picture of `planes` planes. `load` fills a source row, plane after plane, with the
/// columns of `across.source()`; `store` takes a finished row, plane after plane.
pub fn resample(
    across: &Taps,
    down: &Taps,
    planes: usize,
    rows: Range<usize>,
    mut load: impl FnMut(i64, &mut [f32]) -> Result<()>,
    mut store: impl FnMut(usize, &[f32]),
) -> Result<()> {
    let source_width = (across.source.end - across.source.start) as usize;
    let width = across.len();
    let mut source = vec![0.0; planes * source_width];
    // Source rows, scaled across, that the next row may need.
    let mut ready: VecDeque<Vec<f32>> = VecDeque::new();
    let mut spare: Vec<Vec<f32>> = Vec::new();
    let mut first = i64::MIN;
    let mut out = vec![0.0; planes * width];
    for row in rows {
        let (start, weights) = down.of(row);
        while first < start && !ready.is_empty() {
            spare.extend(ready.pop_front());
            first += 1;
        }
        first = first.max(start);
        while (ready.len() as i64) < start - first + weights.len() as i64 {
            load(first + ready.len() as i64, &mut source)?;
            let mut scaled = spare.pop().unwrap_or_else(|| vec![0.0; planes * width]);
            for (plane, out) in source.chunks_exact(source_width).zip(scaled.chunks_exact_mut(width)) {
                across.apply(plane, out);
            }
            ready.push_back(scaled);
        }
        match weights {
            [_] => out.copy_from_slice(&ready[0]),
            _ => {
                out.fill(0.0);
                for (scaled, weight) in ready.iter().zip(weights) {
                    out.iter_mut().zip(scaled).for_each(|(out, v)| *out += v * weight);
                }
            }
        }
        store(row, &out);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_does_not_depend_on_the_range_it_is_made_with() {
        for filter in [Filter::Box, Filter::Hamming, Filter::CatmullRom] {
            for scale in [0.125, 0.5f64.sqrt(), 1.0, 3.0] {
                let whole = Taps::new(filter, 0..60, scale, 0..100);
                let part = Taps::new(filter, 20..41, scale, 0..100);
                for i in 0..21 {
                    assert_eq!(part.of(i), whole.of(20 + i), "{filter:?} {scale}");
                }
            }
        }
    }

    #[test]
    fn weights_sum_to_one_and_edges_repeat() {
        for filter in [Filter::Box, Filter::Hamming, Filter::CatmullRom] {
            for scale in [0.1, 0.5, 0.7, 1.0, 2.0, 5.5] {
                let taps = Taps::new(filter, -7..30, scale, 0..9);
                for i in 0..taps.len() {
                    let (start, weights) = taps.of(i);
                    assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-5);
                    assert!(start >= 0 && start + weights.len() as i64 <= 9);
                }
                assert!(taps.source().start >= 0 && taps.source().end <= 9);
            }
        }
    }
}
