//! Edges by Canny, "A Computational Approach to Edge Detection", 1986, in whole numbers as OpenCV's `Canny(picture, 100, 200)` has
//! them, which is what ControlNets for such edges were trained with: Sobel's gradients, their absolute sum, the channel whose is
//! largest. One thing is bounded that OpenCV leaves open, so that windows agree where they meet: a weak edge counts within
//! [`REACH`] pixels of a strong one along the edge, and no further.

use super::Inner;
use super::planes::each_row;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::pixels::{Picture, filled};

/// Weaker edges than the one are none, stronger ones than the other are some; between, those that touch some.
const LOW: i32 = 100;
const HIGH: i32 = 200;
/// Pixels along an edge.
const REACH: usize = 60;
/// … and a gradient and its neighbours.
pub(super) const MARGIN: usize = REACH + 3;
/// tan 22.5°, of 2^15.
const TANGENT: i64 = 13573;

const NONE: u8 = 0;
const WEAK: u8 = 1;
const STRONG: u8 = 2;

/// What of `picture` lies within the margin; as [`super::window`].
pub(super) fn picture(picture: &Picture, inner: Inner, cancel: &Cancel) -> Result<Picture> {
    let mut found = thinned(&gradients(picture, inner, cancel)?, inner, cancel)?;
    follow(&mut found, inner, cancel)?;
    inner.grey(&found, |kind| f32::from(u8::from(kind == STRONG)))
}

/// By pixel: the gradient across and down, of the channel where it is largest. The picture's edge is repeated.
fn gradients(picture: &Picture, inner: Inner, cancel: &Cancel) -> Result<Vec<[i16; 2]>> {
    let (wide, high) = (inner.wide(), inner.high());
    let mut most = filled(wide * high, [0i16; 2])?;
    for plane in picture.outer_iter() {
        let Some(values) = plane.as_slice() else { continue };
        let values: Vec<i16> = values.iter().map(|value| (value * 255.0).round() as i16).collect();
        each_row(&mut most, wide, cancel, |y, out| {
            let row = |y: usize| &values[y * wide..][..wide];
            let rows = [row(y.saturating_sub(1)), row(y), row((y + 1).min(high - 1))];
            for (x, most) in out.iter_mut().enumerate() {
                let (left, right) = (x.saturating_sub(1), (x + 1).min(wide - 1));
                let across = |row: &[i16]| row[right] - row[left];
                let line = |row: &[i16]| row[left] + 2 * row[x] + row[right];
                let found =
                    [across(rows[0]) + 2 * across(rows[1]) + across(rows[2]), line(rows[2]) - line(rows[0])];
                if size(found) > size(*most) {
                    *most = found;
                }
            }
        })?;
    }
    Ok(most)
}

fn size([across, down]: [i16; 2]) -> i32 {
    i32::from(across).abs() + i32::from(down).abs()
}

/// By pixel: whether it is an edge, one pixel thin, and how strong a one. None at the margin's own edge.
fn thinned(gradients: &[[i16; 2]], inner: Inner, cancel: &Cancel) -> Result<Vec<u8>> {
    let (wide, high) = (inner.wide(), inner.high());
    let mut found = filled(wide * high, NONE)?;
    each_row(&mut found, wide, cancel, |y, out| {
        if y == 0 || y + 1 == high {
            return;
        }
        for (x, out) in out.iter_mut().enumerate().take(wide.saturating_sub(1)).skip(1) {
            let at = y * wide + x;
            let own = size(gradients[at]);
            if own <= LOW {
                continue;
            }
            let [across, down] = gradients[at].map(i64::from);
            let (steep, flat) = (down.abs() << 15, across.abs() * TANGENT);
            let more = |one: usize, other: usize| own > size(gradients[one]) && own >= size(gradients[other]);
            let is_most = if steep < flat {
                more(at - 1, at + 1)
            } else if steep > flat + (across.abs() << 16) {
                more(at - wide, at + wide)
            } else {
                let (above, below) = match (across < 0) != (down < 0) {
                    true => (at - wide + 1, at + wide - 1),
                    false => (at - wide - 1, at + wide + 1),
                };
                own > size(gradients[above]) && own > size(gradients[below])
            };
            if is_most {
                *out = if own > HIGH { STRONG } else { WEAK };
            }
        }
    })?;
    Ok(found)
}

/// Makes weak edges strong that hang on strong ones.
fn follow(found: &mut [u8], inner: Inner, cancel: &Cancel) -> Result<()> {
    let wide = inner.wide();
    let mut front: Vec<usize> = (0..found.len()).filter(|at| found[*at] == STRONG).collect();
    for _ in 0..REACH {
        cancel.check()?;
        let mut next = Vec::new();
        for at in front {
            // Edges keep off the border, so all eight are there.
            for beside in [
                at - wide - 1,
                at - wide,
                at - wide + 1,
                at - 1,
                at + 1,
                at + wide - 1,
                at + wide,
                at + wide + 1,
            ] {
                if found[beside] == WEAK {
                    found[beside] = STRONG;
                    next.push(beside);
                }
            }
        }
        if next.is_empty() {
            break;
        }
        front = next;
    }
    Ok(())
}
