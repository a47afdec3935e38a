//! The renderer of landscapes that the default model is trained on (models/train/scenes): built without a warning,
//! the same bytes for the same seed, captions that name only what is there.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Small and quick: what is tested does not depend on the size.
const SIDE: usize = 64;
const PIXELS: usize = SIDE * SIDE;
const RECORD: usize = PIXELS * 7 + 16;
const COUNT: usize = 128;
const CLASSES: u8 = 19;
const CAPTIONS: usize = 7;

const SUN: u8 = 2;
const BUILDING: u8 = 11;
const THINGS: [u8; 5] = [SUN, 10, BUILDING, 16, 17];

const FLAT: u8 = 1;
const BEGINNER: u8 = 2;
const VARIANTS: u8 = 7;
const F_ALIGNED: u8 = 1;
const F_PALETTE: u8 = 2;
const F_FREE: u8 = 128;

/// A word of a caption, and the classes of which at least one must be in the mask.
const NOUNS: &[(&[&str], &[u8])] = &[
    (
        &["castle", "fortress", "village", "hamlet", "house", "houses", "cottage", "farmhouse", "cabin"],
        &[BUILDING],
    ),
    (&["windmill", "church", "chapel", "lighthouse"], &[BUILDING]),
    (&["boat", "sailboat"], &[16]),
    (&["bridge", "footbridge"], &[17]),
    (&["iceberg", "icebergs", "ice"], &[18]),
    (&["moon"], &[SUN]),
    (&["path", "trail", "footpath", "road"], &[10]),
    (&["flowers", "blossoms", "poppy", "tulip", "lavender"], &[13]),
    (&["snow-capped", "snow-topped", "white-capped", "snow-covered", "snowfield"], &[4, 6]),
    (&["lake", "river", "stream", "sea", "ocean", "water", "waves"], &[8, 9]),
    (&["waterfall", "surf"], &[9]),
    (&["forest", "woods", "woodland", "trees", "palms"], &[6]),
    (&["mountains", "peaks"], &[3, 4, 5, 6, 14, 15]),
    (&["dunes", "desert", "beach"], &[7]),
    (&["canyon", "mesas", "sandstone"], &[12]),
    (&["volcano"], &[3, 4, 5, 6, 14, 15]),
];

struct Record {
    picture: Vec<u8>,
    painting: Vec<u8>,
    mask: Vec<u8>,
    seed: u32,
    variant: u8,
    flags: u8,
    captions: Vec<String>,
}

impl Record {
    fn has(&self, classes: &[u8]) -> bool {
        self.mask.iter().any(|class| classes.contains(class))
    }
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scenes").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.parent().expect("a parent")).expect("the scratch folder is made");
    folder
}

/// The program, without much optimization: it is built faster than it would save.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let out = scratch("build");
        let built = Command::new("make")
            .args(["-j4", "-C", concat!(env!("CARGO_MANIFEST_DIR"), "/models/train/scenes")])
            .arg(format!("OUT={}", out.display()))
            .args(["OPTIMIZE=-O1", "ARCH=-march=native", "LDFLAGS=", "EXTRA=-Werror"])
            .env_remove("MAKEFLAGS")
            .output()
            .expect("make starts");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        out.join("scenes")
    })
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program())
        .args(["-T", "1"])
        .args(arguments)
        .arg(folder)
        .output()
        .expect("the renderer starts")
}

fn render(name: &str, arguments: &[&str]) -> PathBuf {
    let folder = scratch(name);
    let size = SIDE.to_string();
    let output = run(&folder, &[&["-r", &size], arguments].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("it is read"))
        })
        .collect();
    files.sort();
    files
}

/// The records of one run that all tests share, as models/train/scenes/README.md describes them.
fn records() -> &'static [Record] {
    static RECORDS: OnceLock<Vec<Record>> = OnceLock::new();
    RECORDS.get_or_init(|| {
        let folder = render("shared", &["-n", &COUNT.to_string(), "-s", "1"]);
        let mut records = Vec::new();
        for pair in files(&folder).chunks(2) {
            let [(bin_name, bin), (tsv_name, tsv)] = pair else { panic!("a file without its partner") };
            assert_eq!(bin_name.replace(".bin", ".tsv"), *tsv_name);
            assert_eq!(bin.len() % RECORD, 0, "{bin_name}");
            let lines = std::str::from_utf8(tsv).expect("UTF-8").lines();
            for (bytes, line) in bin.chunks(RECORD).zip(lines) {
                let (images, tail) = bytes.split_at(PIXELS * 7);
                let mut fields = line.split('\t');
                let seed = u32::from_le_bytes(tail[..4].try_into().expect("four bytes"));
                assert_eq!(fields.next(), Some(seed.to_string().as_str()), "captions of another record");
                records.push(Record {
                    picture: images[..PIXELS * 3].to_vec(),
                    painting: images[PIXELS * 3..PIXELS * 6].to_vec(),
                    mask: images[PIXELS * 6..].to_vec(),
                    seed,
                    variant: tail[4],
                    flags: tail[5],
                    captions: fields.map(String::from).collect(),
                });
            }
        }
        records
    })
}

#[test]
fn the_same_seed_gives_the_same_bytes_however_many_processes_work() {
    let one = files(&render("one", &["-n", "40", "-s", "7", "-j", "1"]));
    let three = files(&render("three", &["-n", "40", "-s", "7", "-j", "3"]));
    let names: Vec<_> = one.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["shard-0000.bin", "shard-0000.tsv", "shard-0001.bin", "shard-0001.tsv"]);
    assert!(one == three, "another number of processes gives other bytes");
    let other = files(&render("other", &["-n", "1", "-s", "8"]));
    assert!(one[0].1[..RECORD] != other[0].1[..RECORD]);
    assert!(one[0].1[RECORD..2 * RECORD] == other[0].1[..], "a scene depends on those before it");
}

#[test]
fn records_are_what_the_readme_says() {
    let records = records();
    assert_eq!(records.iter().map(|r| r.seed as usize).collect::<Vec<_>>(), (1..=COUNT).collect::<Vec<_>>());
    for r in records {
        assert!(r.mask.iter().all(|&class| class < CLASSES), "{}", r.seed);
        assert!(r.picture != r.painting);
        assert!(r.picture.iter().collect::<HashSet<_>>().len() > 20, "{}: an empty picture", r.seed);
        assert_eq!(r.captions.len(), CAPTIONS, "{}", r.seed);
        for caption in &r.captions {
            assert!(
                caption.is_ascii() && caption.len() > 2 && !caption.contains(['%', '|', '(']),
                "{}: {caption}",
                r.seed
            );
            assert!(!caption.contains("  ") && caption.trim() == caption, "{}: {caption}", r.seed);
        }
    }
    let pictures: HashSet<_> = records.iter().map(|r| &r.picture).collect();
    assert_eq!(pictures.len(), COUNT, "the same picture for two seeds");
}

#[test]
fn captions_name_only_what_the_mask_has() {
    let mut checked = HashSet::new();
    for r in records() {
        for caption in &r.captions {
            let words: HashSet<&str> = caption.split([' ', ',']).collect();
            for (nouns, classes) in NOUNS {
                for noun in nouns.iter().filter(|noun| words.contains(**noun)) {
                    assert!(r.has(classes), "{}: no {noun} is seen, but: {caption}", r.seed);
                    checked.insert(*noun);
                }
            }
        }
    }
    assert!(checked.len() > 35, "only {} nouns were met: {checked:?}", checked.len());
}

#[test]
fn every_painter_works_and_says_so() {
    let records = records();
    for variant in 0..VARIANTS {
        assert!(records.iter().any(|r| r.variant == variant), "variant {variant} was never chosen");
    }
    assert!(records.iter().all(|r| r.variant < VARIANTS));
    assert!(records.iter().filter(|r| r.variant == FLAT).all(|r| r.flags & F_ALIGNED != 0));
    assert!(records.iter().filter(|r| r.variant == BEGINNER).all(|r| r.flags & F_PALETTE != 0));
    let flat = records.iter().filter(|r| r.variant == FLAT).count();
    assert!((COUNT / 4..COUNT / 2).contains(&flat), "{flat} of {COUNT} are flat");
}

/// Small painted things survive: where a thing is seen, the flat painting has a colour of its own.
#[test]
fn flat_paintings_keep_small_things_in_one_colour() {
    let mut kept = 0;
    for r in records().iter().filter(|r| r.variant == FLAT && r.flags & F_FREE == 0) {
        for class in THINGS {
            let pixels: Vec<&[u8]> = r
                .painting
                .chunks(3)
                .zip(&r.mask)
                .filter(|&(_, &k)| k == class)
                .map(|(colour, _)| colour)
                .collect();
            if pixels.len() < 12 {
                continue;
            }
            let close = |a: &[u8], b: &[u8]| a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) < 28);
            let largest =
                pixels.iter().map(|a| pixels.iter().filter(|b| close(a, b)).count()).max().unwrap_or(0);
            assert!(
                largest * 2 > pixels.len(),
                "{}: class {class}: {largest} of {} pixels",
                r.seed,
                pixels.len()
            );
            kept += 1;
        }
    }
    assert!(kept >= 8, "only {kept} things were met");
}

#[test]
fn bad_input_is_told() {
    let folder = scratch("bad");
    for (arguments, status, said) in [
        (&["-r", "100"][..], 2, "a multiple of 64"),
        (&["-n", "many"], 2, "'many' is not a number"),
        (&["-r", "4096"], 2, "'4096' is not a number from 64 to 512"),
    ] {
        let output = run(&folder, arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {told}");
        assert!(told.contains(said), "{arguments:?}: {told}");
    }
    let output = run(&folder.join("missing/deeper"), &["-n", "1", "-r", "64"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot make the folder"));
    // A folder that cannot be written to: its name is taken by a file.
    fs::create_dir_all(folder.join("shard-0000.bin.tmp")).expect("the folder is made");
    let output = run(&folder, &["-n", "1", "-r", "64"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("cannot open") && told.contains("a process failed"), "{told}");
}
