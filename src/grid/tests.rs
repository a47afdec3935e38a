use super::*;

const SD: Geometry = Geometry { native: 512, multiple: 64, cell: 8, fixed: None };

fn grid(width: i32, height: i32) -> Grid {
    Grid::new(Rect::new(0, 0, width, height), SD, 0)
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: i32) -> i32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit as u64) as i32
    }

    fn rect(&mut self, canvas: Rect) -> Rect {
        let (x, y) = (self.below(canvas.width), self.below(canvas.height));
        Rect::new(x, y, 1 + self.below(canvas.width - x), 1 + self.below(canvas.height - y))
    }
}

#[test]
fn a_canvas_pixel_keeps_its_cell_and_its_noise_for_every_window() {
    let mut dice = Dice(1);
    for _ in 0..200 {
        let grid = grid(1 + dice.below(5000), 1 + dice.below(5000));
        let level = Level(grid.overview().0 - dice.below(4));
        let pixel = dice.rect(grid.canvas());
        let [columns, rows] = grid.touched(level, Rect::new(pixel.x, pixel.y, 1, 1));
        let mut seen = Vec::new();
        for _ in 0..4 {
            let area = dice.rect(grid.canvas());
            let window = grid.window(level, area, dice.below(9) as usize);
            let (column, row) = (columns.start - window.x, rows.start - window.y);
            if column < 0 || row < 0 || column >= window.width as i64 || row >= window.height as i64 {
                continue;
            }
            let noise = crate::noise::normal(
                7,
                0,
                level.0,
                (window.x, window.y),
                1,
                row as usize + 1,
                column as usize + 1,
            );
            seen.push(noise[(0, row as usize, column as usize)]);
        }
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{level:?} {pixel:?}");
    }
}

#[test]
fn no_window_of_the_overview_is_larger_than_the_models_area_and_one_multiple() {
    let mut dice = Dice(2);
    for fixed in [None, Some((512, 512)), Some((768, 512))] {
        let geometry = Geometry { fixed, ..SD };
        for _ in 0..2000 {
            let canvas = Rect::new(0, 0, 1 + dice.below(16384), 1 + dice.below(16384));
            let grid = Grid::new(canvas, geometry, 0);
            let area = dice.rect(canvas);
            let window = grid.window(grid.overview(), area, 8);
            let (w, h) = (window.width * 8, window.height * 8);
            match fixed {
                Some((fw, fh)) => assert_eq!((w as u32, h as u32), (fw, fh)),
                None => {
                    assert!(w * h <= 576 * 576 && w % 64 == 0 && h % 64 == 0, "{canvas:?} {area:?} {w} {h}");
                }
            }
            // What is asked for is shown, and nothing but canvas where the canvas is large enough.
            assert!(grid.shown(&window).is_some_and(|shown| shown.contains(area)), "{canvas:?} {area:?}");
            assert!(window.x >= 0 && window.y >= 0);
            if fixed.is_none() {
                assert!(grid.whole().contains(&window), "{canvas:?} {area:?} {window:?}");
            }
        }
    }
}

#[test]
fn a_nudged_or_grown_selection_leaves_level_and_cells_as_they_are() {
    let mut dice = Dice(3);
    for _ in 0..500 {
        let grid = grid(1 + dice.below(5000), 1 + dice.below(5000));
        let area = dice.rect(grid.canvas());
        let grown = area.inflate_within(dice.below(40), grid.canvas()).unwrap();
        let (one, other) = (grid.window(grid.overview(), area, 8), grid.window(grid.overview(), grown, 8));
        assert_eq!(one.level, other.level);
        assert_eq!(grid.touched(one.level, area), grid.touched(other.level, area));
    }
}

#[test]
fn every_window_begins_on_a_multiple_and_looks_around_what_it_shows() {
    let mut dice = Dice(5);
    for _ in 0..2000 {
        let canvas = Rect::new(0, 0, 1 + dice.below(3000), 1 + dice.below(3000));
        let grid = Grid::new(canvas, SD, 0);
        let (area, context) = (dice.rect(canvas), dice.below(9) as usize);
        let window = grid.window(grid.overview(), area, context);
        assert!(window.x % 8 == 0 && window.y % 8 == 0, "{canvas:?} {area:?} {window:?}");
        let [columns, rows] = grid.touched(window.level, area);
        let (across, down) = grid.extent(window.level);
        let least = context as i64 * 3 / 4;
        for (range, extent, from, length) in
            [(columns, across, window.x, window.width), (rows, down, window.y, window.height)]
        {
            assert!(from <= (range.start - least).max(0), "{canvas:?} {area:?} {window:?}");
            assert!(
                from + length as i64 >= (range.end + least).min(extent as i64),
                "{canvas:?} {area:?} {window:?}"
            );
            // No larger than that needs: as large as what is asked for, or a multiple more.
            assert!(length <= (range.end - range.start) as usize + 2 * context + 15);
        }
    }
}

#[test]
fn levels_follow_the_canvas() {
    let level = |w, h| grid(w, h).overview().0;
    assert_eq!((level(512, 512), level(600, 500), level(380, 380), level(576, 576)), (0, 0, 0, 0));
    assert_eq!((level(700, 700), level(1024, 1024), level(2048, 2048), level(4096, 4096)), (1, 2, 4, 6));
    assert_eq!((level(256, 256), level(128, 128), level(1, 1)), (-2, -4, -6));
    assert_eq!(level(16384, 1), 6);
    let whole = grid(600, 500).whole();
    assert_eq!((whole.width, whole.height, whole.x, whole.y), (80, 64, 0, 0));
    let finer = Grid::new(Rect::new(0, 0, 2048, 2048), SD, 1024);
    assert_eq!(finer.overview().0, 2);
    let fixed = Grid::new(Rect::new(0, 0, 1000, 300), Geometry { fixed: Some((512, 512)), ..SD }, 0);
    assert_eq!((fixed.overview().0, fixed.whole().width, fixed.whole().height), (2, 64, 64));
}

#[test]
fn tiles_cover_the_canvas_with_shares_that_sum_to_one() {
    let mut dice = Dice(4);
    for fixed in [None, Some((512, 512))] {
        for _ in 0..60 {
            let canvas = Rect::new(0, 0, 1 + dice.below(5000), 1 + dice.below(5000));
            let grid = Grid::new(canvas, Geometry { fixed, ..SD }, 0);
            for level in grid.refinements(0) {
                let tiles = grid.tiles(level);
                assert!(grid.takes(tiles.columns.length, tiles.rows.length), "{canvas:?}");
                let (across, _) = grid.extent(level);
                for _ in 0..50 {
                    let pixel = i64::from(dice.below(across as i32 * 8));
                    let shares: Vec<f32> =
                        (0..tiles.columns.starts.len()).map(|i| tiles.columns.share(i, pixel)).collect();
                    assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{canvas:?} {pixel} {shares:?}");
                    let touching = tiles.columns.touching(&(pixel..pixel + 1));
                    assert!((0..shares.len()).all(|i| shares[i] == 0.0 || touching.contains(&i)));
                }
            }
        }
    }
    let levels = |side| grid(side, side).refinements(0).iter().map(|l| l.0).collect::<Vec<_>>();
    assert_eq!(
        (levels(512), levels(700), levels(2048), levels(4096)),
        (vec![], vec![0], vec![2, 0], vec![4, 2, 0])
    );
    assert_eq!(grid(2048, 2048).refinements(2), [Level(2)]);
}

#[test]
fn neighbouring_windows_share_out_the_canvas_pixels() {
    for level in [Level(-2), Level(0), Level(1), Level(3), Level(6)] {
        let grid = grid(1000, 777);
        let mut next = 0;
        for x in (0..grid.extent(level).0 as i64).step_by(5) {
            let window = Window { level, x, y: 0, width: 5, height: 1 };
            let shown = grid.shown(&window).unwrap();
            assert_eq!(shown.x, next, "{level:?}");
            next = shown.right() as i32;
        }
        assert_eq!(next, 1000);
    }
}

#[test]
fn where_a_window_lies_is_told_in_shares_of_the_canvas() {
    let (grid, canvas) = (grid(1024, 512), Rect::new(0, 0, 1024, 512));
    assert_eq!(
        Window { level: Level(0), x: 0, y: 0, width: 128, height: 64 }.crop(canvas, 8),
        [0.0, 0.0, 1.0, 1.0]
    );
    let window = Window { level: Level(0), x: 32, y: 16, width: 64, height: 16 };
    assert_eq!(window.crop(canvas, 8), [0.25, 0.25, 0.75, 0.5]);
    // The same place on a coarser level, and on beyond the canvas.
    let coarse = Window { level: Level(2), x: 16, y: 8, width: 32, height: 32 };
    assert_eq!(coarse.crop(canvas, 8), [0.25, 0.25, 0.75, 1.25]);
    let [_, _, right, bottom] = grid.whole().crop(canvas, 8);
    assert!((1.0..1.2).contains(&right) && (1.0..1.2).contains(&bottom), "{right} {bottom}");
}
