//! What the environment says about the hub: the same variables as its own tools, so that a mirror, a cache or a login is
//! honoured once set.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::fault::{Fault, Kind, Result};
use crate::space;

const ENDPOINT: &str = "https://huggingface.co";

/// How long is waited, and how often tried.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub connect: Duration,
    /// With no byte for so long a link is given up and made anew.
    pub silence: Duration,
    /// A link that brings less than `least` bytes in `window` is as good as none.
    pub window: Duration,
    pub least: u64,
    /// Tries in a row that bring nothing, before it is said that it does not work.
    pub tries: u32,
    /// Pause before the second try; twice as long before each further one.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            connect: Duration::from_secs(15),
            silence: Duration::from_secs(30),
            window: Duration::from_secs(60),
            least: 60 << 10,
            tries: 6,
            pause: Duration::from_secs(1),
        }
    }
}

#[derive(Clone)]
pub struct Settings {
    /// Without a slash at the end.
    pub endpoint: String,
    pub token: Option<String>,
    /// Where ONNX Runtime's packages lie instead of where their list says, by the same paths.
    pub wheels: Option<String>,
    /// The download cache of the hub's own tools: what lies there need not be loaded again.
    pub cache: Option<PathBuf>,
    pub patience: Patience,
    /// Bytes free where a folder lies.
    pub free: fn(&Path) -> io::Result<u64>,
}

/// The token is nobody's to read in a log.
impl fmt::Debug for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Settings")
            .field("endpoint", &self.endpoint)
            .field("token", &self.token.is_some())
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// `HF_ENDPOINT`, `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_HOME`, `HF_HUB_CACHE`, `HF_HUB_DISABLE_IMPLICIT_TOKEN`,
    /// `SCUMBLE_WHEELS`.
    ///
    /// # Errors
    /// [`Kind::Usage`] for an address or token that cannot be one.
    pub fn from_environment() -> Result<Self> {
        Self::from_variables(&|name| std::env::var_os(name))
    }

    /// The same, from variables that a test says.
    ///
    /// # Errors
    /// As [`Settings::from_environment`].
    pub fn from_variables(get: &dyn Fn(&str) -> Option<OsString>) -> Result<Self> {
        let text = |name: &str| {
            let value = get(name).and_then(|value| value.into_string().ok());
            value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let path = |name: &str| get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = path("HOME").or_else(|| path("USERPROFILE"));
        let caches = path("XDG_CACHE_HOME").or_else(|| home.map(|home| home.join(".cache")));
        let own = path("HF_HOME").or_else(|| caches.map(|caches| caches.join("huggingface")));

        let address = |name: &str| {
            let Some(told) = text(name) else { return Ok(None) };
            let address = told.trim_end_matches('/').to_owned();
            if !is_address(&address) {
                return Err(Fault::new(
                    Kind::Usage,
                    format!("{name} is \"{address}\", which is no address; it should look like {ENDPOINT}."),
                ));
            }
            Ok(Some(address))
        };
        let endpoint = address("HF_ENDPOINT")?.unwrap_or_else(|| ENDPOINT.to_owned());
        let quiet = text("HF_HUB_DISABLE_IMPLICIT_TOKEN")
            .is_some_and(|value| ["1", "ON", "YES", "TRUE"].contains(&value.to_ascii_uppercase().as_str()));
        let file = path("HF_TOKEN_PATH").or_else(|| Some(own.as_ref()?.join("token"))).filter(|_| !quiet);
        let token = match text("HF_TOKEN").or_else(|| text("HUGGING_FACE_HUB_TOKEN")) {
            Some(token) => Some((token, "HF_TOKEN".to_owned())),
            None => file.and_then(|file| Some((read_token(&file)?, file.display().to_string()))),
        };
        if let Some((_, place)) = token.as_ref().filter(|(token, _)| !is_token(token)) {
            return Err(Fault::new(
                Kind::Usage,
                format!(
                    "What {place} holds is no access token; make one at {endpoint}/settings/tokens, or unset it."
                ),
            ));
        }
        Ok(Settings {
            endpoint,
            wheels: address("SCUMBLE_WHEELS")?,
            token: token.map(|(token, _)| token),
            cache: path("HF_HUB_CACHE").or_else(|| own.map(|own| own.join("hub"))),
            patience: Patience::default(),
            free: space::free,
        })
    }

    /// Where a package lies that its list says to be at `url`.
    pub(crate) fn wheel(&self, url: &str) -> String {
        let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
        match (&self.wheels, path) {
            (Some(mirror), Some(path)) => format!("{mirror}/{path}"),
            _ => url.to_owned(),
        }
    }

    /// The page of a repository.
    pub fn page(&self, repository: &str) -> String {
        format!("{}/{repository}", self.endpoint)
    }
}

/// A token file is a line; more of it is no token.
fn read_token(file: &Path) -> Option<String> {
    const LONGEST: u64 = 4096;
    use io::Read;
    let mut text = String::new();
    std::fs::File::open(file).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    Some(text.trim().to_owned()).filter(|token| !token.is_empty())
}

fn is_token(token: &str) -> bool {
    token.len() <= 512 && token.bytes().all(|b| b.is_ascii_graphic())
}

fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with('/')
            && rest.chars().all(|c| c.is_ascii_alphanumeric() || "-._:/[]~".contains(c))
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Settings> {
        let own: Vec<(String, String)> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Settings::from_variables(&move |name| {
            own.iter().find(|(own, _)| own == name).map(|(_, value)| OsString::from(value))
        })
    }

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("scumble-settings-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn the_hub_is_asked_where_its_own_tools_ask() {
        let plain = with(&[("HOME", "/home/a")]).unwrap();
        assert_eq!(plain.endpoint, ENDPOINT);
        assert_eq!(plain.cache, Some("/home/a/.cache/huggingface/hub".into()));
        assert_eq!(plain.token, None);
        let told =
            with(&[("HOME", "/home/a"), ("HF_ENDPOINT", "http://mirror.lan:8080/hf/"), ("HF_HOME", "/hf")]);
        let told = told.unwrap();
        assert_eq!(told.endpoint, "http://mirror.lan:8080/hf");
        assert_eq!(told.cache, Some("/hf/hub".into()));
        assert_eq!(with(&[("HF_HUB_CACHE", "/c"), ("HF_HOME", "/hf")]).unwrap().cache, Some("/c".into()));
        for wrong in ["mirror.lan", "ftp://x", "https://", "https://a b", "https://a/\n"] {
            let fault = with(&[("HF_ENDPOINT", wrong)]).map(|s| s.endpoint);
            // A closing line break is trimmed like a space.
            if wrong != "https://a/\n" {
                let fault = fault.unwrap_err();
                assert!(fault.message.starts_with("HF_ENDPOINT is"), "{wrong:?}: {fault}");
            }
        }
    }

    #[test]
    fn packages_come_from_a_mirror_that_is_named() {
        let listed = "https://packages.example/packages/1d/onnxruntime.whl";
        assert_eq!(with(&[]).unwrap().wheel(listed), listed);
        let mirrored = with(&[("SCUMBLE_WHEELS", "http://mirror.lan:80/py/")]).unwrap();
        assert_eq!(mirrored.wheel(listed), "http://mirror.lan:80/py/packages/1d/onnxruntime.whl");
        assert!(with(&[("SCUMBLE_WHEELS", "mirror")]).unwrap_err().message.starts_with("SCUMBLE_WHEELS is"));
    }

    #[test]
    fn the_token_is_taken_from_the_variable_or_the_file_and_never_shown() {
        let home = folder("token");
        std::fs::write(home.join("token"), "hf_file\n").unwrap();
        let home = home.to_str().unwrap();
        let token = |more: &[(&str, &str)]| {
            let all: Vec<_> = [("HF_HOME", home)].into_iter().chain(more.iter().copied()).collect();
            with(&all).map(|settings| settings.token)
        };
        assert_eq!(token(&[]).unwrap().as_deref(), Some("hf_file"));
        assert_eq!(token(&[("HF_TOKEN", " hf_variable ")]).unwrap().as_deref(), Some("hf_variable"));
        assert_eq!(token(&[("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")]).unwrap(), None);
        assert_eq!(token(&[("HF_TOKEN_PATH", "/not/there")]).unwrap(), None);
        let fault = token(&[("HF_TOKEN", "two words\r\nEvil: header")]).unwrap_err();
        assert!(fault.message.starts_with("What HF_TOKEN holds is no access token"), "{fault}");
        let shown = format!("{:?}", with(&[("HF_TOKEN", "hf_secret")]).unwrap());
        assert!(!shown.contains("hf_secret"), "{shown}");
        std::fs::remove_dir_all(home).unwrap();
    }
}
