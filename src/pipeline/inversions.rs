//! Textual inversions in prompts: files in `embeddings/` of the model's folder and of the user's, whose names stand for their
//! vectors. Their folders are looked into anew when they have changed, and only those that a prompt names are opened.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use half::f16;
use ort::value::Tensor;

use crate::error::{Error, Result, Status};
use crate::models::component::Also;
use crate::models::inversion::{self, Encoder};
use crate::models::stamp::{Stamp, stamp};
use crate::models::weights::{self, Element, Table};

/// Files that are looked at, and folders in folders.
const MOST_FILES: usize = 4096;
const DEPTH: usize = 3;
/// As ComfyUI has it, before a name.
const PREFIX: &str = "embedding:";
/// Numbers from here on stand for vectors.
const FIRST: i64 = 1 << 40;

/// What changes so soon after a folder was looked into may have left its time as it was: FAT counts in 2 seconds.
const GRAIN: Duration = Duration::from_secs(3);
/// A listing is good for so long: some file systems keep no time of folders.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// Where textual inversions lie.
#[derive(Default)]
pub struct Inversions {
    folders: Vec<PathBuf>,
    encoder: Option<Encoder>,
    listing: Listing,
    /// How often the folders were looked into.
    #[cfg(test)]
    listed: usize,
    /// The words in files, which need not be opened again.
    words: BTreeMap<PathBuf, (Stamp, Option<String>)>,
}

/// One that a prompt names.
#[derive(Debug, Clone, PartialEq)]
struct Named {
    name: String,
    file: PathBuf,
    stamp: Stamp,
}

/// Those that a prompt names, longest names first.
#[derive(Debug, Default, PartialEq)]
pub struct Spoken(Vec<Named>);

/// Their vectors for one text encoder.
#[derive(Debug, Default)]
pub struct Vectors {
    /// By name the numbers that stand for its vectors.
    named: Vec<(String, Vec<i64>)>,
    numbers: Vec<f32>,
}

impl Inversions {
    pub fn new(folders: Vec<PathBuf>, encoder: Encoder) -> Self {
        Inversions { folders, encoder: Some(encoder), ..Inversions::default() }
    }

    /// Those that `prompt` names, as the folders have them now.
    pub fn spoken(&mut self, prompt: &str) -> Spoken {
        if self.encoder.is_none() || prompt.trim().is_empty() {
            return Spoken::default();
        }
        if !self.listing.is_as_it_is() {
            self.listing = Listing::of(&self.folders);
            #[cfg(test)]
            (self.listed += 1);
        }
        let lower = prompt.to_lowercase();
        let mut named: Vec<Named> = Vec::new();
        let files = std::mem::take(&mut self.listing.files);
        for file in &files {
            let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            // Brackets are what diffusers' words have.
            let word = lower.contains('<').then(|| self.word(file)).flatten();
            for name in stem.into_iter().chain(word).filter(|name| !name.trim().is_empty()) {
                let own = name.to_lowercase();
                if !lower.contains(&own) || named.iter().any(|known| known.name.to_lowercase() == own) {
                    continue;
                }
                named.push(Named { name, file: file.clone(), stamp: stamp(file) });
            }
        }
        self.listing.files = files;
        named.sort_by_key(|named| std::cmp::Reverse(named.name.len()));
        // Within longer words they are letters.
        let pieces = pieces(prompt, named.iter().map(|named| named.name.as_str()));
        let heard: Vec<usize> = pieces.into_iter().filter_map(|piece| piece.err()).collect();
        let keep = named.into_iter().enumerate().filter(|(at, _)| heard.contains(at));
        Spoken(keep.map(|(_, named)| named).collect())
    }

    fn word(&mut self, file: &Path) -> Option<String> {
        let now = stamp(file);
        match self.words.get(file) {
            Some((known, word)) if *known == now => word.clone(),
            _ => {
                let word = inversion::word(file);
                self.words.insert(file.to_path_buf(), (now, word.clone()));
                word
            }
        }
    }

    /// The vectors of what is spoken, for a text encoder whose own have `width` numbers.
    ///
    /// # Errors
    /// As [`inversion::read`]; [`Status::ModelUnsupported`] for those of another model.
    pub fn vectors(&self, spoken: &Spoken, width: usize) -> Result<Vectors> {
        let mut vectors = Vectors::default();
        for Named { name, file, .. } in &spoken.0 {
            let read = inversion::read(file)?;
            let own = read
                .vectors(self.encoder.unwrap_or(Encoder::Only), width)
                .map_err(|why| inversion::wrong(file, Status::ModelUnsupported, &why))?;
            let first = FIRST + (vectors.numbers.len() / width) as i64;
            vectors.numbers.extend_from_slice(own);
            vectors.named.push((name.clone(), (first..).take(own.len() / width).collect()));
        }
        Ok(vectors)
    }
}

impl Spoken {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Equal where the files are; empty without any.
    pub fn key(&self) -> String {
        match self.is_empty() {
            true => String::new(),
            false => format!("{:?}", self.0),
        }
    }

    /// Why a text encoder cannot hear them.
    pub fn unheard(&self, why: &str) -> Error {
        let file = self.0.first().map_or(Path::new(""), |named| named.file.as_path());
        inversion::wrong(file, Status::ModelUnsupported, why)
    }
}

impl Vectors {
    /// A text in its order: words, or the numbers that stand for vectors.
    pub fn pieces<'t>(&self, text: &'t str) -> Vec<std::result::Result<&'t str, &[i64]>> {
        let pieces = pieces(text, self.named.iter().map(|(name, _)| name.as_str()));
        pieces
            .into_iter()
            .map(|piece| piece.map_err(|at| self.named.get(at).map_or(&[][..], |(_, ids)| ids)))
            .collect()
    }

    /// Token numbers that a text encoder knows, and what it is fed besides to have vectors in the place of some.
    ///
    /// # Errors
    /// [`Status::Memory`].
    pub fn laid_out(&self, ids: &[i64], table: &Table) -> Result<(Vec<i64>, Also)> {
        let places: Vec<bool> = ids.iter().map(|id| *id >= FIRST).collect();
        let mut numbers = vec![0.0; ids.len() * table.width];
        for (place, id) in ids.iter().enumerate().filter(|(_, id)| **id >= FIRST) {
            let from = (id - FIRST) as usize * table.width;
            if let Some(vector) = self.numbers.get(from..from + table.width) {
                numbers[place * table.width..][..table.width].copy_from_slice(vector);
            }
        }
        let known = ids.iter().map(|id| if *id >= FIRST { 0 } else { *id }).collect();
        Ok((known, in_place(table, places, numbers)?))
    }
}

/// What is fed to a network that takes vectors in the place of words'.
fn in_place(table: &Table, places: Vec<bool>, numbers: Vec<f32>) -> Result<Also> {
    let count = places.len();
    let shape = [1, count, table.width];
    let places = Tensor::from_array(([1, count, 1], places)).map(Tensor::into_dyn);
    let numbers = match table.element {
        Element::F32 => Tensor::from_array((shape, numbers)).map(Tensor::into_dyn),
        Element::F16 => {
            let halves: Vec<f16> = numbers.into_iter().map(f16::from_f32).collect();
            Tensor::from_array((shape, halves)).map(Tensor::into_dyn)
        }
    };
    let no_room = |e: ort::Error| Error::new(Status::Memory, format!("An embedding has no room: {e}."));
    let [which, what] = weights::WORDS.map(str::to_owned);
    Ok(vec![(which, places.map_err(no_room)?), (what, numbers.map_err(no_room)?)])
}

/// A text taken apart at names, of which earlier ones come first: words between them, or which name.
fn pieces<'t, 'n>(
    text: &'t str,
    names: impl Iterator<Item = &'n str>,
) -> Vec<std::result::Result<&'t str, usize>> {
    let names: Vec<Vec<char>> =
        names.map(|name| name.chars().flat_map(char::to_lowercase).collect()).collect();
    if names.is_empty() {
        return vec![Ok(text)];
    }
    let (mut pieces, mut begin, mut at) = (Vec::new(), 0, 0);
    while let Some(letter) = text[at..].chars().next() {
        let found = names.iter().enumerate().find_map(|(which, name)| Some((which, end_of(text, at, name)?)));
        match found {
            Some((which, end)) => {
                let words = &text[begin..at];
                let bare = words.len().checked_sub(PREFIX.len()).filter(|from| {
                    words.is_char_boundary(*from) && words[*from..].eq_ignore_ascii_case(PREFIX)
                });
                pieces.push(Ok(&words[..bare.unwrap_or(words.len())]));
                pieces.push(Err(which));
                (begin, at) = (end, end);
            }
            None => at += letter.len_utf8(),
        }
    }
    pieces.push(Ok(&text[begin..]));
    pieces.retain(|piece| piece.is_err() || piece.is_ok_and(|words| !words.trim().is_empty()));
    pieces
}

/// Where a name ends that begins here, if it stands here as a word.
fn end_of(text: &str, at: usize, name: &[char]) -> Option<usize> {
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
    let before = text[..at].chars().next_back();
    if name.first().copied().is_some_and(is_letter) && before.is_some_and(is_letter) {
        return None;
    }
    let (mut wanted, mut end) = (name.iter(), at);
    while !wanted.as_slice().is_empty() {
        let letter = text[end..].chars().next()?;
        for lower in letter.to_lowercase() {
            if wanted.next() != Some(&lower) {
                return None;
            }
        }
        end += letter.len_utf8();
    }
    let after = text[end..].chars().next();
    let inside = name.last().copied().is_some_and(is_letter) && after.is_some_and(is_letter);
    (!inside).then_some(end)
}

/// What folders had when they were looked into.
#[derive(Default)]
struct Listing {
    /// Folders, those in them too, and when each had changed last; `None` where there was none.
    folders: Vec<(PathBuf, Option<SystemTime>)>,
    files: Vec<PathBuf>,
    at: Option<SystemTime>,
}

impl Listing {
    fn of(folders: &[PathBuf]) -> Listing {
        let mut listing = Listing { at: Some(SystemTime::now()), ..Listing::default() };
        folders.iter().for_each(|folder| collect(folder, DEPTH, &mut listing));
        listing
    }

    fn is_as_it_is(&self) -> bool {
        let Some(at) = self.at else { return false };
        let age = SystemTime::now().duration_since(at);
        let is_settled = |changed: SystemTime| at.duration_since(changed).is_ok_and(|before| before > GRAIN);
        age.is_ok_and(|age| age < GOOD_FOR)
            && self
                .folders
                .iter()
                .all(|(folder, changed)| changed.is_none_or(is_settled) && stamp(folder).0 == *changed)
    }
}

/// Files of a folder and those in it, in one order.
fn collect(folder: &Path, depth: usize, listing: &mut Listing) {
    listing.folders.push((folder.to_path_buf(), stamp(folder).0));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).take(MOST_FILES).collect();
    paths.sort();
    for path in paths {
        let end = path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default();
        if ["safetensors", "pt", "bin"].contains(&end.as_str()) {
            if listing.files.len() < MOST_FILES && path.is_file() {
                listing.files.push(path);
            }
        } else if depth > 0 && path.is_dir() {
            collect(&path, depth - 1, listing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, names: &[&str]) -> String {
        let pieces = pieces(text, names.iter().copied());
        pieces
            .into_iter()
            .map(|piece| piece.map_or_else(|at| format!("{at}|"), |words| format!("{words}|")))
            .collect()
    }

    #[test]
    fn names_stand_for_themselves_where_they_are_words() {
        let names = ["my style v2", "my style", "<anna>", "ink"];
        for (text, expected) in [
            ("a lake", "a lake|"),
            ("a lake, ink", "a lake, |3|"),
            ("INK and Ink, drinking, inky ink_2 ink", "3| and |3|, drinking, inky ink_2 |3|"),
            ("my style v2 my style v3", "0|1| v3|"),
            ("x<anna>y <Anna>", "x|2|y |2|"),
            ("a (embedding:ink", "a (|3|"),
            ("embedding:lake, Embedding:ink", "embedding:lake, |3|"),
            ("ink-blot 水ink水 水 ink水", "3|-blot 水ink水 水 ink水|"),
            ("", ""),
        ] {
            assert_eq!(read(text, &names), expected, "{text}");
        }
        assert_eq!(read("ink", &[]), "ink|");
        // One whose small letters are more than one.
        assert_eq!(read("a İ b", &["i\u{307}"]), "a |0| b|");
        assert_eq!(read("a İ b", &["i"]), "a İ b|");
    }

    #[test]
    fn folders_are_looked_into_when_they_have_changed() {
        let root = std::env::temp_dir().join(format!("scumble-inversions-{}", std::process::id()));
        let (own, inside, none) = (root.join("own"), root.join("own/styles"), root.join("none"));
        std::fs::create_dir_all(&inside).unwrap();
        let write = |folder: &Path, name: &str| {
            std::fs::write(folder.join(format!("{name}.safetensors")), name).unwrap();
        };
        let age = |folder: &Path, seconds: u64| {
            let changed = SystemTime::now() - Duration::from_secs(seconds);
            std::fs::File::open(folder).unwrap().set_modified(changed).unwrap();
        };
        write(&own, "ink");
        write(&inside, "meadow");
        age(&own, 100);
        age(&inside, 100);
        let mut inversions = Inversions::new(vec![own.clone(), none.clone()], Encoder::Only);
        let mut of = |prompt: &str| {
            let Spoken(named) = inversions.spoken(prompt);
            let names = named.iter().map(|named| named.name.clone()).collect::<Vec<_>>().join(" ");
            (names, inversions.listed)
        };
        let names = |names: &str, listed| (names.to_owned(), listed);
        // Eight encodings of a picture.
        for _ in 0..8 {
            assert_eq!(of("ink, meadow, lake"), names("meadow ink", 1));
        }
        write(&inside, "lake");
        age(&inside, 50);
        assert_eq!(of("a lake"), names("lake", 2));
        assert_eq!(of("a lake"), names("lake", 2));
        std::fs::remove_file(own.join("ink.safetensors")).unwrap();
        age(&own, 50);
        assert_eq!(of("ink"), names("", 3));
        write(&root, "away");
        std::fs::create_dir(&none).unwrap();
        write(&none, "sea");
        age(&none, 50);
        assert_eq!(of("sea"), names("sea", 4));
        // What has changed just now may change again without another time.
        age(&none, 0);
        assert_eq!([of("sea"), of("sea")], [names("sea", 5), names("sea", 6)]);
        std::fs::remove_dir_all(root).unwrap();
    }
}
