//! Noise that belongs to the canvas: the value under a latent cell depends on the seed, the draw, the
//! level and the cell's place on its level's grid alone, so that a moved or grown rectangle keeps the noise under each pixel.

use ndarray::{Array2, Array3, ArrayView2, Axis};

/// Which channels of a model's noise begin without what is broad in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fine {
    /// The first so many.
    pub channels: usize,
    /// Broad is the mean over a square of so many cells on each side of one, taken twice.
    pub radius: usize,
}

impl Fine {
    /// As [`normal`], less in these channels what of it is broad.
    #[allow(clippy::too_many_arguments)]
    pub fn normal(
        self,
        seed: u64,
        draw: u32,
        level: i32,
        origin: (i64, i64),
        channels: usize,
        height: usize,
        width: usize,
    ) -> Array3<f32> {
        let mut out = normal(seed, draw, level, origin, channels, height, width);
        let edge = 2 * self.radius;
        let origin = (origin.0.wrapping_sub(edge as i64), origin.1.wrapping_sub(edge as i64));
        let (height, width) = (height + 2 * edge, width + 2 * edge);
        let around = normal(seed, draw, level, origin, self.channels.min(channels), height, width);
        for (mut fine, all) in out.outer_iter_mut().zip(around.outer_iter()) {
            fine -= &means(means(all, self.radius).view(), self.radius);
        }
        out
    }
}

/// The means of all squares of `radius` cells on each side of one that lie in a plane: smaller by so much all around.
fn means(plane: ArrayView2<f32>, radius: usize) -> Array2<f32> {
    let side = 2 * radius + 1;
    let sums = |plane: ArrayView2<f32>, axis: Axis| {
        let (length, mut dim) = (plane.len_of(axis) - 2 * radius, plane.raw_dim());
        dim[axis.index()] = length;
        let mut sums = Array2::zeros(dim);
        (0..side).for_each(|at| sums += &plane.slice_axis(axis, (at..at + length).into()));
        sums
    };
    let across = sums(plane, Axis(1));
    sums(across.view(), Axis(0)) / (side * side) as f32
}

/// Standard normal noise, `[channels, height, width]`, for the cells right and down of `origin` = (column, row) of
/// the grid of `level`. `draw` counts the draws of one job: 0 is the img2img noise, then one per stochastic step.
///
/// Source: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011), then Box–Muller.
pub fn normal(
    seed: u64,
    draw: u32,
    level: i32,
    origin: (i64, i64),
    channels: usize,
    height: usize,
    width: usize,
) -> Array3<f32> {
    let key = [seed as u32, (seed >> 32) as u32];
    // Levels and draws are few: both have room in one word.
    let draw = draw ^ ((level as u32) << 16);
    let mut out = Array3::zeros((channels, height, width));
    // Four channels share one Philox block: it yields two independent normals twice.
    for (group, mut planes) in out.axis_chunks_iter_mut(Axis(0), 4).enumerate() {
        for y in 0..height {
            for x in 0..width {
                let column = origin.0.wrapping_add(x as i64) as u32;
                let row = origin.1.wrapping_add(y as i64) as u32;
                let block = philox([column, row, group as u32, draw], key);
                for (pair, mut planes) in planes.axis_chunks_iter_mut(Axis(0), 2).enumerate() {
                    let (sine, cosine) = box_muller(block[2 * pair], block[2 * pair + 1]);
                    for (value, plane) in [cosine, sine].into_iter().zip(planes.outer_iter_mut()) {
                        let mut plane = plane;
                        plane[(y, x)] = value;
                    }
                }
            }
        }
    }
    out
}

fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for round in 0..10 {
        if round > 0 {
            key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
        }
        let a = u64::from(counter[0]) * 0xD251_1F53;
        let b = u64::from(counter[2]) * 0xCD9E_8D57;
        counter = [
            (b >> 32) as u32 ^ counter[1] ^ key[0],
            b as u32,
            (a >> 32) as u32 ^ counter[3] ^ key[1],
            a as u32,
        ];
    }
    counter
}

/// Two independent standard normals from two uniform words, (sine part, cosine part).
fn box_muller(a: u32, b: u32) -> (f32, f32) {
    // (0, 1]: the logarithm is finite.
    let uniform = (f64::from(a) + 1.0) / 4_294_967_296.0;
    let radius = (-2.0 * uniform.ln()).sqrt();
    let (sine, cosine) = (f64::from(b) / 4_294_967_296.0 * std::f64::consts::TAU).sin_cos();
    ((radius * sine) as f32, (radius * cosine) as f32)
}

#[cfg(test)]
mod tests {
    use ndarray::s;

    use super::*;

    #[test]
    fn philox_matches_the_authors_known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([!0; 4], [!0; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn a_shifted_rectangle_keeps_the_noise_under_each_cell() {
        let whole = normal(7, 0, 0, (-3, 5), 4, 12, 16);
        let part = normal(7, 0, 0, (2, 9), 4, 6, 8);
        assert_eq!(part, whole.slice(s![.., 4..10, 5..13]));
    }

    #[test]
    fn fine_noise_has_nothing_broad_in_its_channels_and_keeps_its_place_and_the_others() {
        let fine = Fine { channels: 3, radius: 2 };
        let (all, plain) = (fine.normal(7, 0, 0, (0, 0), 6, 64, 64), normal(7, 0, 0, (0, 0), 6, 64, 64));
        assert_eq!(all.slice(s![3.., .., ..]), plain.slice(s![3.., .., ..]));
        // As wherever a block begins: what lies beyond it is known.
        let part = fine.normal(7, 0, 0, (17, -9), 6, 16, 16);
        let whole = fine.normal(7, 0, 0, (0, -20), 6, 48, 48);
        let apart = &part - &whole.slice(s![.., 11..27, 17..33]);
        assert!(apart.iter().all(|apart| apart.abs() < 1e-6));
        let broad = |noise: &Array3<f32>, channel| {
            means(noise.index_axis(Axis(0), channel), 6).mapv(|mean| mean * mean).mean().unwrap()
        };
        for channel in 0..3 {
            let (left, was) = (broad(&all, channel), broad(&plain, channel));
            assert!(left < 0.2 * was, "{left} of {was} in channel {channel}");
        }
    }

    #[test]
    fn it_is_standard_normal_and_differs_by_seed_draw_and_channel() {
        let n = normal(1, 0, 0, (0, 0), 8, 64, 64);
        let mean = n.mean().unwrap();
        let variance = n.mapv(|v| (v - mean) * (v - mean)).mean().unwrap();
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
        assert_ne!(n, normal(2, 0, 0, (0, 0), 8, 64, 64));
        assert_ne!(n, normal(1, 1, 0, (0, 0), 8, 64, 64));
        let levels: Vec<_> = (-6..29).map(|level| normal(1, 1, level, (0, 0), 1, 4, 4)).collect();
        assert!((1..levels.len()).all(|i| levels[..i].iter().all(|other| *other != levels[i])));
        for a in 0..8 {
            for b in 0..a {
                let dot = (&n.index_axis(Axis(0), a) * &n.index_axis(Axis(0), b)).mean().unwrap();
                assert!(dot.abs() < 0.08, "channels {a} and {b} correlate: {dot}");
            }
        }
    }
}
