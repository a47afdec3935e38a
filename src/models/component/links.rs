//! Weights beside a network that are links out of its folder, as the hub's own tools keep what they got. Some versions of ONNX
//! Runtime follow them, others take them for an attack (1.24.1, and each where a network is read from memory). So it is told
//! where the files really are.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::{Component, Path, PathBuf};

use crate::models::onnx_file;
use crate::models::wire::{Walk, Walker, edited, put_bytes};

/// A network that says of its weights where they really are.
pub(super) struct Followed {
    pub model: Vec<u8>,
    /// What its words for that begin from.
    pub folder: PathBuf,
}

impl Followed {
    /// Of a file; `None` where no link leads out of its folder, and where it is not for us to say what is wrong with it.
    pub fn of_file(path: &Path, folder: &Path) -> Option<Followed> {
        let scan = onnx_file::check(path).ok()?;
        let places = Places::new(folder, scan.external.into_keys())?;
        places.told(&std::fs::read(path).ok()?)
    }

    /// Of what was made of a file in `folder`.
    pub fn of(model: &[u8], folder: &Path) -> Option<Followed> {
        let names = RefCell::new(BTreeSet::new());
        relocated(model, &|name| {
            names.borrow_mut().insert(name.to_owned());
            None
        })
        .ok()?;
        Places::new(folder, names.into_inner().into_iter())?.told(model)
    }
}

/// Where the files are that a network names.
struct Places {
    folder: PathBuf,
    /// From that folder on.
    by_name: BTreeMap<String, String>,
}

impl Places {
    /// `None` where all of them are in the folder of the network.
    fn new(folder: &Path, names: impl Iterator<Item = String>) -> Option<Places> {
        let inside = folder.canonicalize().ok()?;
        let real = names.map(|name| {
            // A name itself leads nowhere else: whoever made the model is not the one who made the links.
            let is_plain = Path::new(&name).components().all(|part| matches!(part, Component::Normal(_)));
            let file = folder.join(&name).canonicalize().ok().filter(|_| is_plain)?;
            Some((name, file))
        });
        let real = real.collect::<Option<BTreeMap<String, PathBuf>>>()?;
        if real.values().all(|file| file.starts_with(&inside)) {
            return None;
        }
        let mut above = real.values().next()?.parent()?.to_path_buf();
        while !real.values().all(|file| file.starts_with(&above)) {
            above = above.parent()?.to_path_buf();
        }
        let by_name = real.into_iter().map(|(name, file)| {
            let place = file.strip_prefix(&above).ok()?.to_str()?.to_owned();
            Some((name, place))
        });
        Some(Places { by_name: by_name.collect::<Option<_>>()?, folder: above })
    }

    fn told(self, model: &[u8]) -> Option<Followed> {
        let model = relocated(model, &|name| self.by_name.get(name).cloned()).ok()??;
        Some(Followed { model, folder: self.folder })
    }
}

/// A model with other places for the files of its weights. ModelProto: 7 = graph; GraphProto: 5 = initializer; TensorProto:
/// 13 = external_data (key and value).
fn relocated(model: &[u8], place: &dyn Fn(&str) -> Option<String>) -> Walk<Option<Vec<u8>>> {
    const KEY: &str = "location";
    let entry = |entry: &[u8]| -> Walk<Option<Vec<u8>>> {
        let (key, value) = Walker::new(Cursor::new(entry)).entry(entry.len() as u64)?;
        let place = if key == KEY { place(&value) } else { None };
        Ok(place.map(|place| {
            let mut entry = Vec::new();
            put_bytes(&mut entry, 1, KEY.as_bytes());
            put_bytes(&mut entry, 2, place.as_bytes());
            entry
        }))
    };
    edited(model, 7, &|graph| edited(graph, 5, &|tensor| edited(tensor, 13, &entry)))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::models::weights::Weights;

    fn locations(model: &[u8]) -> BTreeSet<String> {
        let names = RefCell::new(BTreeSet::new());
        let unchanged = relocated(model, &|name| {
            names.borrow_mut().insert(name.to_owned());
            None
        });
        assert!(unchanged.is_ok_and(|model| model.is_none()));
        names.into_inner()
    }

    #[test]
    fn links_are_followed_and_nothing_else() {
        let root = std::env::temp_dir().join(format!("scumble-links-{}", std::process::id()));
        let (snapshot, blobs) = (root.join("snapshots/0123/unet"), root.join("blobs"));
        fs::create_dir_all(&snapshot).unwrap();
        fs::create_dir_all(&blobs).unwrap();
        let tiny = concat!(env!("CARGO_MANIFEST_DIR"), "/models/tiny/sd15/unet/model.onnx");
        fs::copy(tiny, blobs.join("abcd")).unwrap();
        let model = snapshot.join("weights.onnx");
        // Its weights are in a file that is called like it.
        symlink("../../../blobs/abcd", &model).unwrap();
        let changed = Weights::of(&model).unwrap().with_branches(&BTreeSet::new(), false).unwrap();
        assert_eq!(locations(&changed), ["weights.onnx".to_owned()].into());

        let followed = Followed::of(&changed, &snapshot).unwrap();
        assert_eq!(locations(&followed.model), ["abcd".to_owned()].into());
        assert_eq!(followed.folder, blobs.canonicalize().unwrap());
        fs::write(snapshot.join("model.onnx"), &changed).unwrap();
        let of_file = Followed::of_file(&snapshot.join("model.onnx"), &snapshot).unwrap();
        assert!(of_file.model == followed.model && of_file.folder == followed.folder);
        let back = relocated(&followed.model, &|_| Some("weights.onnx".into())).ok().flatten();
        assert!(back.is_some_and(|back| back == changed), "nothing else has changed");

        // A file of its own needs nothing, nor does one whose folder is the link.
        assert!(Followed::of(&changed, &root).is_none(), "there is no such file");
        fs::remove_file(&model).unwrap();
        fs::copy(tiny, &model).unwrap();
        assert!(Followed::of(&changed, &snapshot).is_none());
        symlink(&snapshot, root.join("linked")).unwrap();
        assert!(Followed::of_file(&root.join("linked/model.onnx"), &root.join("linked")).is_none());
        // What leads out by its name is left to ONNX Runtime, which refuses it.
        let out = relocated(&changed, &|_| Some("../../../blobs/abcd".into())).ok().flatten().unwrap();
        assert!(Followed::of(&out, &snapshot).is_none());
        for length in 0..changed.len().min(4000) {
            let _ = Followed::of(&changed[..length], &snapshot);
        }
        fs::remove_dir_all(root).unwrap();
    }
}
