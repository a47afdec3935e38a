//! Planes cut into bands of rows, each for a thread.

use std::ops::Range;

use crate::budget;

/// The rows of a band, and what of each plane lies in them.
pub type Band<'a, T> = (Range<usize>, Vec<&'a mut [T]>);

/// Cuts planes of `rows` rows into as many bands as are worth it for `work` pixels.
pub fn banded<'a, T>(
    planes: impl IntoIterator<Item = &'a mut [T]>,
    rows: usize,
    work: usize,
) -> Vec<Band<'a, T>> {
    let mut rest: Vec<&mut [T]> = planes.into_iter().collect();
    let mut cut = |band: &Range<usize>| {
        let cut_one = |plane: &mut &'a mut [T]| {
            // What is left of it has the rows from the band's first on.
            let row = plane.len() / (rows - band.start);
            let (now, later) = std::mem::take(plane).split_at_mut(band.len() * row);
            *plane = later;
            now
        };
        rest.iter_mut().map(cut_one).collect()
    };
    budget::bands(rows, work).into_iter().map(|band| (band.clone(), cut(&band))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_of_each_plane_is_in_the_band_that_says_so() {
        for (rows, work) in [(1, 0), (7, 1 << 30), (1000, 1 << 22)] {
            // Rows of three and of five, which hold their number.
            let mut planes = [3, 5].map(|row| (0..rows * row).map(|i| i / row).collect::<Vec<_>>());
            let bands = banded(planes.iter_mut().map(Vec::as_mut_slice), rows, work);
            assert_eq!(bands.iter().map(|(band, _)| band.len()).sum::<usize>(), rows);
            for (band, parts) in bands {
                for (part, row) in parts.into_iter().zip([3, 5]) {
                    assert!(part.iter().copied().eq(band.clone().flat_map(|y| [y; 5].into_iter().take(row))));
                }
            }
        }
    }
}
