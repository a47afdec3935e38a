//! Where things are looked for that are not in the program: ONNX Runtime and the default model.
//!
//! One order for both, nearest to what somebody wants first: what the host names; an environment variable; the user's
//! own folder; beside this library; the system. Only absolute paths are looked at, but for what the host names: the
//! current folder is somebody's pictures, and a library must not be loaded from there.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A path that stands for the same from wherever the host is by then: a process that renders may be started anew, and a
/// shared one was started somewhere else. Empty stays empty.
pub(crate) fn anchored(path: String) -> String {
    let whole = std::path::absolute(&path).ok().and_then(|whole| whole.into_os_string().into_string().ok());
    whole.unwrap_or(path)
}

/// What the order is made from; [`Around::here`] asks the system, tests say it.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// The variable of the thing that is looked for.
    pub variable: Option<PathBuf>,
    /// The user's data folder, e.g. `~/.local/share`.
    pub data: Option<PathBuf>,
    /// The folder of this library, or of the program that it is linked into.
    pub beside: Option<PathBuf>,
    /// Data folders of the system, e.g. `/usr/local/share` and `/usr/share`.
    pub system_data: Vec<PathBuf>,
    /// Folders of shared libraries of the system.
    pub system_libraries: Vec<PathBuf>,
}

impl Around {
    /// What this process has; `variable` is the name of the environment variable to look at.
    pub fn here(variable: &str, beside: Option<&Path>) -> Self {
        let get = |name: &str| std::env::var_os(name);
        Around {
            variable: absolute(get(variable)),
            data: data_folder(&get),
            beside: beside.map(Path::to_path_buf),
            system_data: system_data(&get),
            system_libraries: system_libraries(),
        }
    }

    /// Files and folders where ONNX Runtime's library may be, in order. `explicit` is the only one, if given.
    pub fn runtime(&self, explicit: Option<&Path>) -> Vec<PathBuf> {
        if let Some(path) = explicit {
            return vec![std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())];
        }
        let user = self.data.as_ref().map(|data| data.join("scumble").join("runtime"));
        // An installed command lies in bin; its libraries do not.
        let beside = self.beside.iter().flat_map(|folder| {
            let program = folder.ends_with("bin").then(|| up(folder, "lib"));
            std::iter::once(folder.clone()).chain(program.flatten())
        });
        let near = self.variable.iter().cloned().chain(user).chain(beside);
        in_order(near.chain(self.system_libraries.iter().cloned()))
    }

    /// Files that may be the program `name`, in order. `explicit` is the only one, if given.
    pub fn worker(&self, explicit: Option<&Path>, name: &str) -> Vec<PathBuf> {
        if let Some(path) = explicit {
            return vec![std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())];
        }
        // Beside the library, also where the library is linked into a command that lies in bin; cargo's test programs lie
        // a folder deeper than its others.
        let beside = self.beside.iter().flat_map(|folder| {
            let program = folder.ends_with("bin").then(|| up(folder, "lib"));
            let tests = folder.ends_with("deps").then(|| folder.parent().map(Path::to_path_buf));
            std::iter::once(folder.clone()).chain(program.flatten()).chain(tests.flatten())
        });
        in_order(self.variable.iter().cloned().chain(beside.map(|folder| folder.join(name))))
    }

    /// Folders where the default model may be, in order.
    pub fn default_model(&self) -> Vec<PathBuf> {
        let model = |folder: &Path| folder.join("models").join("default");
        let installed = |folder: &Path| model(&folder.join("scumble"));
        let user = self.data.as_deref().map(installed);
        // lib/…, lib64/…, lib/x86_64-linux-gnu/…: the share folder of the same installation.
        let beside = self.beside.iter().flat_map(|folder| {
            let shares = folder.ancestors().skip(1).take(2).map(|up| installed(&up.join("share")));
            let source = folder.ancestors().skip(1).take(4).filter(|up| up.join("Cargo.toml").is_file());
            std::iter::once(model(folder)).chain(shares).chain(source.map(model))
        });
        let near = self.variable.iter().cloned().chain(user).chain(beside);
        in_order(near.chain(self.system_data.iter().map(|data| installed(data))))
    }
}

impl Around {
    /// Folders that may be models: what lies beside each place of the default one, and what the variable names.
    pub fn models(&self) -> Vec<PathBuf> {
        // A folder with more in it is not one of models.
        const MOST: usize = 1000;
        let mut found = Vec::new();
        for place in self.default_model() {
            let models = place.parent().filter(|_| place.ends_with("models/default"));
            let Some(entries) = models.and_then(|models| std::fs::read_dir(models).ok()) else {
                found.push(place);
                continue;
            };
            let mut folders: Vec<_> = entries.take(MOST).flatten().map(|entry| entry.path()).collect();
            folders.sort();
            found.append(&mut folders);
        }
        in_order(found.into_iter().filter(|place| place.is_dir()))
    }
}

/// The user's folder for ONNX Runtime, which `make runtime` fills.
pub fn user_runtime() -> Option<PathBuf> {
    data_folder(&|name| std::env::var_os(name)).map(|data| data.join("scumble").join("runtime"))
}

/// The user's folder of models, which [`Around::models`] looks into and `scumble models pull` fills.
pub fn user_models() -> Option<PathBuf> {
    data_folder(&|name| std::env::var_os(name)).map(|data| data.join("scumble").join("models"))
}

/// The user's folder of textual inversions, beside that of models.
pub fn user_embeddings() -> Option<PathBuf> {
    user_models().and_then(|models| Some(models.parent()?.join("embeddings")))
}

/// The user's folder of LoRAs, beside it too.
pub fn user_loras() -> Option<PathBuf> {
    user_models().and_then(|models| Some(models.parent()?.join("loras")))
}

/// The user's folder of annotators, which make control pictures; beside it too.
pub fn user_annotators() -> Option<PathBuf> {
    user_models().and_then(|models| Some(models.parent()?.join("annotators")))
}

/// The user's folder for what can be made again, e.g. `~/.cache/scumble`.
pub fn user_cache() -> Option<PathBuf> {
    cache_folder(&|name| std::env::var_os(name))
}

/// Why the user's folders may be unknown, and what to do.
pub const NO_USER_FOLDER: &str = if cfg!(windows) {
    "LOCALAPPDATA is not set; set it"
} else {
    "neither HOME nor XDG_DATA_HOME is set; set one of them"
};

/// The XDG rule, which is a good one for every variable: a relative path is passed over. A slash at the end is left out, so that
/// a folder has one name.
fn absolute(value: Option<OsString>) -> Option<PathBuf> {
    value.map(|value| Path::new(&value).components().collect::<PathBuf>()).filter(|path| path.is_absolute())
}

fn data_folder(get: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if cfg!(windows) {
        absolute(get("LOCALAPPDATA"))
    } else if cfg!(target_os = "macos") {
        absolute(get("HOME")).map(|home| home.join("Library/Application Support"))
    } else {
        absolute(get("XDG_DATA_HOME")).or_else(|| absolute(get("HOME")).map(|home| home.join(".local/share")))
    }
}

fn cache_folder(get: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let home = || absolute(get("HOME"));
    if cfg!(windows) {
        absolute(get("LOCALAPPDATA")).map(|local| local.join("scumble").join("cache"))
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Caches/scumble"))
    } else {
        let cache = absolute(get("XDG_CACHE_HOME")).or_else(|| home().map(|home| home.join(".cache")));
        cache.map(|cache| cache.join("scumble"))
    }
}

fn system_data(get: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    if cfg!(windows) {
        return absolute(get("ProgramData")).into_iter().collect();
    }
    let listed = get("XDG_DATA_DIRS").filter(|list| !list.is_empty());
    let listed = listed.unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    std::env::split_paths(&listed).filter(|path| path.is_absolute()).collect()
}

fn system_libraries() -> Vec<PathBuf> {
    if !cfg!(target_os = "linux") {
        return if cfg!(unix) {
            vec!["/usr/local/lib".into(), "/opt/homebrew/lib".into()]
        } else {
            Vec::new()
        };
    }
    let triplet = format!("{}-linux-gnu", std::env::consts::ARCH);
    ["/usr/local/lib", "/usr/lib"]
        .into_iter()
        .flat_map(|root| [Path::new(root).join(&triplet), format!("{root}64").into(), root.into()])
        .collect()
}

/// `folder/../name`, without looking at the disk.
fn up(folder: &Path, name: &str) -> Option<PathBuf> {
    folder.parent().map(|parent| parent.join(name))
}

/// Absolute ones alone, each once.
fn in_order(places: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut order: Vec<PathBuf> = Vec::new();
    for place in places.filter(|place| place.is_absolute()) {
        if !order.contains(&place) {
            order.push(place);
        }
    }
    order
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn around(beside: &str) -> Around {
        Around {
            variable: Some("/variable".into()),
            data: Some("/home/a/.local/share".into()),
            beside: Some(beside.into()),
            system_data: vec!["/usr/local/share".into(), "/usr/share".into()],
            system_libraries: vec!["/usr/lib".into()],
        }
    }

    fn shown(places: Vec<PathBuf>) -> Vec<String> {
        places.into_iter().map(|place| place.display().to_string()).collect()
    }

    #[test]
    fn a_path_is_anchored_where_the_host_is_and_none_stays_none() {
        assert_eq!(anchored(String::new()), "");
        let whole = anchored("nets/lines.onnx".into());
        assert!(Path::new(&whole).is_absolute() && Path::new(&whole).ends_with("nets/lines.onnx"), "{whole}");
        assert_eq!(anchored(whole.clone()), whole);
    }

    #[test]
    fn the_runtime_is_looked_for_in_one_order() {
        let user = "/home/a/.local/share/scumble/runtime";
        for (beside, order) in [
            ("/opt/krita/lib", vec!["/variable", user, "/opt/krita/lib", "/usr/lib"]),
            ("/usr/local/bin", vec!["/variable", user, "/usr/local/bin", "/usr/local/lib", "/usr/lib"]),
            ("/usr/lib", vec!["/variable", user, "/usr/lib"]),
            ("relative", vec!["/variable", user, "/usr/lib"]),
            ("", vec!["/variable", user, "/usr/lib"]),
        ] {
            assert_eq!(shown(around(beside).runtime(None)), order, "{beside}");
            assert_eq!(shown(around(beside).runtime(Some(Path::new("/told")))), ["/told"]);
        }
        assert!(Around::default().runtime(None).is_empty());
        assert!(Around::default().runtime(Some(Path::new("told"))).iter().all(|place| place.is_absolute()));
    }

    #[test]
    fn the_program_that_renders_is_looked_for_in_one_order() {
        for (beside, order) in [
            ("/opt/lib", vec!["/variable", "/opt/lib/worker"]),
            ("/opt/bin", vec!["/variable", "/opt/bin/worker", "/opt/lib/worker"]),
            ("/t/debug/deps", vec!["/variable", "/t/debug/deps/worker", "/t/debug/worker"]),
        ] {
            assert_eq!(shown(around(beside).worker(None, "worker")), order);
            assert_eq!(shown(around(beside).worker(Some(Path::new("/told")), "worker")), ["/told"]);
        }
    }

    #[test]
    fn the_default_model_is_looked_for_in_one_order() {
        let user = "/home/a/.local/share/scumble/models/default";
        let system = ["/usr/local/share/scumble/models/default", "/usr/share/scumble/models/default"]
            .map(str::to_owned);
        for (beside, order) in [
            (
                "/opt/k/lib",
                vec![
                    "/opt/k/lib/models/default",
                    "/opt/k/share/scumble/models/default",
                    "/opt/share/scumble/models/default",
                ],
            ),
            (
                "/opt/lib/x86_64-linux-gnu",
                vec![
                    "/opt/lib/x86_64-linux-gnu/models/default",
                    "/opt/lib/share/scumble/models/default",
                    "/opt/share/scumble/models/default",
                ],
            ),
            ("relative", vec![]),
        ] {
            let order = ["/variable", user].into_iter().chain(order).map(str::to_owned).chain(system.clone());
            assert_eq!(shown(around(beside).default_model()), order.collect::<Vec<_>>(), "{beside}");
        }
        // In a source tree, the tree's own; nowhere else are folders above looked at.
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let built = around(&root.join("target/debug/deps").display().to_string());
        assert!(built.default_model().contains(&root.join("models/default")));
        assert!(!around("/a/b/c").default_model().contains(&"/a/models/default".into()));
    }

    #[test]
    fn relative_variables_are_passed_over() {
        let said = |name: &str| {
            let value = match name {
                "HOME" => "/home/a",
                "XDG_DATA_DIRS" => "share:/usr/share::../share:/opt/with space",
                _ => "relative",
            };
            Some(OsString::from(value))
        };
        assert_eq!(data_folder(&said), Some("/home/a/.local/share".into()));
        assert_eq!(system_data(&said), [PathBuf::from("/usr/share"), "/opt/with space".into()]);
        assert_eq!(absolute(Some("libonnxruntime.so".into())), None);
        assert_eq!(data_folder(&|_| None), None);
    }

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn what_can_be_made_again_lies_in_the_users_cache() {
        let get = |cache: Option<&'static str>| {
            cache_folder(&move |name| match name {
                "XDG_CACHE_HOME" => cache.map(Into::into),
                "HOME" => Some("/home/ada".into()),
                _ => None,
            })
        };
        assert_eq!(get(None), Some("/home/ada/.cache/scumble".into()));
        assert_eq!(get(Some("/fast")), Some("/fast/scumble".into()));
        assert_eq!(get(Some("here")), Some("/home/ada/.cache/scumble".into()));
        assert_eq!(cache_folder(&|_| None), None);
    }
}

#[cfg(all(test, windows))]
mod tests_on_windows {
    use super::*;

    #[test]
    fn the_users_folder_is_that_of_local_data_and_what_lies_beside_is_found() {
        let get =
            |name: &str| (name == "LOCALAPPDATA").then(|| OsString::from(r"C:\Users\ada\AppData\Local"));
        assert_eq!(data_folder(&get), Some(r"C:\Users\ada\AppData\Local".into()));
        assert_eq!(cache_folder(&get), Some(r"C:\Users\ada\AppData\Local\scumble\cache".into()));
        let around =
            Around { data: data_folder(&get), beside: Some(r"C:\plugin\lib".into()), ..Around::default() };
        let first = |places: Vec<PathBuf>, at: usize| places[at].display().to_string();
        assert_eq!(first(around.runtime(None), 0), r"C:\Users\ada\AppData\Local\scumble\runtime");
        assert_eq!(first(around.runtime(None), 1), r"C:\plugin\lib");
        assert_eq!(first(around.default_model(), 1), r"C:\plugin\lib\models\default");
        assert_eq!(first(around.worker(None, "scumble-worker.exe"), 0), r"C:\plugin\lib\scumble-worker.exe");
        assert!(Around::default().models().is_empty());
    }
}
