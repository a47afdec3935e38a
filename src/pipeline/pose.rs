//! People in a picture, of what a network of trt_pose's form says: for each joint a map of how likely one is there, for each bone
//! two of which way it points there (part affinity fields: Cao, Simon, Wei and Sheikh 2017). They are drawn as the
//! ControlNets for poses were trained to see them: OpenPose's 18 joints, in the colours and the order of ControlNet 1.1's
//! annotator.

use ndarray::{ArrayView2, ArrayView3};

use crate::render::Picture;

pub const JOINTS: usize = 18;
/// Channels of the bones' maps: down and across of each.
pub const BONE_MAPS: usize = 2 * BONES.len();

/// The network's joints (nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles, the left one first, neck) in
/// OpenPose's order (nose, neck, right arm, left arm, right leg, left leg, right eye, left eye, right ear, left ear).
const OPENPOSE: [usize; JOINTS] = [0, 15, 14, 17, 16, 5, 2, 6, 3, 7, 4, 11, 8, 12, 9, 13, 10, 1];
/// The network's bones, by its joints.
const BONES: [[usize; 2]; 21] = [
    [15, 13],
    [13, 11],
    [16, 14],
    [14, 12],
    [11, 12],
    [5, 7],
    [6, 8],
    [7, 9],
    [8, 10],
    [1, 2],
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 4],
    [3, 5],
    [4, 6],
    [17, 0],
    [17, 5],
    [17, 6],
    [17, 11],
    [17, 12],
];
/// What is drawn, by OpenPose's joints, in this order; the last ones lie above.
const LIMBS: [[usize; 2]; 17] = [
    [1, 2],
    [1, 5],
    [2, 3],
    [3, 4],
    [5, 6],
    [6, 7],
    [1, 8],
    [8, 9],
    [9, 10],
    [1, 11],
    [11, 12],
    [12, 13],
    [1, 0],
    [0, 14],
    [14, 16],
    [0, 15],
    [15, 17],
];
/// Of limbs and of joints, in bytes.
const COLOURS: [[u8; 3]; JOINTS] = [
    [255, 0, 0],
    [255, 85, 0],
    [255, 170, 0],
    [255, 255, 0],
    [170, 255, 0],
    [85, 255, 0],
    [0, 255, 0],
    [0, 255, 85],
    [0, 255, 170],
    [0, 255, 255],
    [0, 170, 255],
    [0, 85, 255],
    [0, 0, 255],
    [85, 0, 255],
    [170, 0, 255],
    [255, 0, 255],
    [255, 0, 170],
    [255, 0, 85],
];
/// How light limbs are beside joints.
const LIMB: f32 = 0.6;
/// Half a limb's width and a joint's radius, of a picture whose shorter side is 512 pixels.
const RADIUS: f64 = 4.0 / 512.0;

/// Least likelihood of a joint and of a bone.
const LEAST: f32 = 0.1;
/// Cells around a peak that are no other one.
const APART: usize = 2;
/// Points of a bone that are looked at.
const ALONG: usize = 10;
/// Of one joint; a crowd has fewer, noise more.
const MOST_PEAKS: usize = 40;
/// Fewer are nobody.
const LEAST_JOINTS: usize = 3;

/// Joints of somebody in OpenPose's order: across and down the picture, 0..1.
#[derive(Debug, Clone, PartialEq)]
pub struct Body(pub [Option<[f32; 2]>; JOINTS]);

/// A joint that may be one: (across, down) in cells of its map.
type Peak = [f32; 2];

/// The people that the maps (`JOINTS` and `BONE_MAPS` of them, of any equal sides) show.
pub fn bodies(joints: &ArrayView3<'_, f32>, bones: &ArrayView3<'_, f32>) -> Vec<Body> {
    let found: Vec<Vec<Peak>> = joints.outer_iter().map(|map| peaks(&map)).collect();
    // For each bone, which peak of its second joint belongs to each of its first.
    let pairs: Vec<Vec<(usize, usize)>> = BONES
        .iter()
        .enumerate()
        .map(|(bone, &[from, to])| {
            let (down, across) = (
                bones.index_axis(ndarray::Axis(0), 2 * bone),
                bones.index_axis(ndarray::Axis(0), 2 * bone + 1),
            );
            matched(&found[from], &found[to], |a, b| along(&across, &down, a, b))
        })
        .collect();
    let (_, height, width) = joints.dim();
    let mut seen: Vec<Vec<bool>> = found.iter().map(|peaks| vec![false; peaks.len()]).collect();
    let mut made = Vec::new();
    for joint in 0..found.len() {
        for peak in 0..found[joint].len() {
            let mut body = Body([None; JOINTS]);
            let mut waiting = vec![(joint, peak)];
            while let Some((joint, peak)) = waiting.pop() {
                if std::mem::replace(&mut seen[joint][peak], true) {
                    continue;
                }
                let [x, y] = found[joint][peak];
                body.0[OPENPOSE[joint]] = Some([(x + 0.5) / width as f32, (y + 0.5) / height as f32]);
                for (&[from, to], pairs) in BONES.iter().zip(&pairs) {
                    let ends = pairs.iter().filter_map(|&(a, b)| match joint {
                        one if one == from && a == peak => Some((to, b)),
                        one if one == to && b == peak => Some((from, a)),
                        _ => None,
                    });
                    waiting.extend(ends);
                }
            }
            if body.0.iter().flatten().count() >= LEAST_JOINTS {
                made.push(body);
            }
        }
    }
    made
}

/// The places of a map that are more than all around them, the likeliest first, between its cells by what lies around.
fn peaks(map: &ArrayView2<'_, f32>) -> Vec<Peak> {
    let (height, width) = map.dim();
    let around = |at: usize, most: usize| at.saturating_sub(APART)..(at + APART + 1).min(most);
    let mut found = Vec::new();
    for ((y, x), &value) in map.indexed_iter().filter(|(_, value)| **value > LEAST) {
        let cells = || around(y, height).flat_map(|v| around(x, width).map(move |u| (v, u)));
        // Of equal ones the first.
        if cells().any(|at| map[at] > value || (map[at] == value && at < (y, x))) {
            continue;
        }
        let (mut across, mut down, mut sum) = (0.0, 0.0, 0.0);
        for (v, u) in cells() {
            let weight = map[[v, u]].max(0.0);
            across += weight * u as f32;
            down += weight * v as f32;
            sum += weight;
        }
        found.push((value, [across / sum, down / sum]));
    }
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    found.into_iter().take(MOST_PEAKS).map(|(_, peak)| peak).collect()
}

/// How well the maps of a bone point from `a` to `b` on the way, −1..1 for unit vectors.
fn along(across: &ArrayView2<'_, f32>, down: &ArrayView2<'_, f32>, a: Peak, b: Peak) -> f32 {
    let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    let length = dx.hypot(dy);
    if length < 1e-3 {
        return 0.0;
    }
    let (height, width) = across.dim();
    let sum: f32 = (0..ALONG)
        .map(|at| {
            let part = at as f32 / (ALONG - 1) as f32;
            let cell = |from: f32, by: f32, most: usize| {
                ((from + part * by).round().max(0.0) as usize).min(most - 1)
            };
            let place = [cell(a[1], dy, height), cell(a[0], dx, width)];
            (across[place] * dx + down[place] * dy) / length
        })
        .sum();
    sum / ALONG as f32
}

/// Pairs of the two, the best first, each in one pair at most.
fn matched(from: &[Peak], to: &[Peak], score: impl Fn(Peak, Peak) -> f32) -> Vec<(usize, usize)> {
    let all = (0..from.len()).flat_map(|a| (0..to.len()).map(move |b| (a, b)));
    let mut scored: Vec<(f32, usize, usize)> =
        all.map(|(a, b)| (score(from[a], to[b]), a, b)).filter(|(score, ..)| *score > LEAST).collect();
    scored.sort_by(|(one, ..), (other, ..)| other.total_cmp(one));
    let (mut first, mut second) = (vec![false; from.len()], vec![false; to.len()]);
    scored.retain(|&(_, a, b)| {
        let free = !first[a] && !second[b];
        if free {
            (first[a], second[b]) = (true, true);
        }
        free
    });
    scored.into_iter().map(|(_, a, b)| (a, b)).collect()
}

/// Draws them on black, 0..1. An axis is the first pixel, how many, and how many the whole picture has: parts of one whole
/// agree to the last bit.
pub fn drawn(bodies: &[Body], across: (i64, usize, f64), down: (i64, usize, f64)) -> Picture {
    let mut picture = Picture::zeros((3, down.1, across.1));
    let radius = (RADIUS * across.2.min(down.2)).max(1.0);
    let place = |[x, y]: [f32; 2]| [f64::from(x) * across.2, f64::from(y) * down.2];
    let mut lay = |shape: &dyn Fn(f64, f64) -> f64, reach: [[f64; 2]; 2], colour: [f32; 3]| {
        let [left, top] = reach[0].map(f64::floor).map(|at| at as i64 - 1);
        let [right, bottom] = reach[1].map(f64::ceil).map(|at| at as i64 + 1);
        let (columns, rows) = ((across.0, across.1 as i64), (down.0, down.1 as i64));
        for y in top.max(rows.0)..bottom.min(rows.0 + rows.1) {
            for x in left.max(columns.0)..right.min(columns.0 + columns.1) {
                let cover = shape(x as f64 + 0.5, y as f64 + 0.5).clamp(0.0, 1.0) as f32;
                let at = [(y - rows.0) as usize, (x - columns.0) as usize];
                for (channel, &colour) in colour.iter().enumerate() {
                    let value = &mut picture[[channel, at[0], at[1]]];
                    *value = *value * (1.0 - cover) + cover * colour;
                }
            }
        }
    };
    let light = |colour: [u8; 3], by: f32| colour.map(|byte| f32::from(byte) / 255.0 * by);
    for body in bodies {
        for (&[a, b], colour) in LIMBS.iter().zip(COLOURS) {
            let (Some(a), Some(b)) = (body.0[a].map(place), body.0[b].map(place)) else { continue };
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            let half = (dx.hypot(dy) / 2.0).max(1e-6);
            let (middle, [ux, uy]) =
                ([(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0], [dx / 2.0 / half, dy / 2.0 / half]);
            let reach = half.max(radius);
            // An ellipse; its edge is as soft as a pixel.
            let shape = |x: f64, y: f64| {
                let (x, y) = (x - middle[0], y - middle[1]);
                let (u, v) = ((x * ux + y * uy) / half, (y * ux - x * uy) / radius);
                let slope = 2.0 * (u / half).hypot(v / radius);
                0.5 - (u * u + v * v - 1.0) / slope.max(1e-9)
            };
            lay(&shape, [middle.map(|at| at - reach), middle.map(|at| at + reach)], light(colour, LIMB));
        }
        for (joint, colour) in body.0.iter().zip(COLOURS) {
            let Some([x, y]) = joint.map(place) else { continue };
            let shape = |u: f64, v: f64| radius + 0.5 - (u - x).hypot(v - y);
            lay(&shape, [[x - radius, y - radius], [x + radius, y + radius]], light(colour, 1.0));
        }
    }
    picture
}

#[cfg(test)]
mod tests;
