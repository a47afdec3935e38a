//! A hub to download from: it tells of its repositories, redirects to another host for large files, and plays the faults
//! that it is told to.

#![allow(dead_code)]

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use scumble_hub::settings::{Patience, Settings};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What the server does with the next request for a file, instead of sending it.
#[derive(Clone)]
pub enum Play {
    /// Sends so many bytes and closes.
    Cut(usize),
    /// Sends so many bytes and then nothing, with the line open.
    Stall(usize),
    /// One byte now and then.
    Drip,
    /// An answer, with more headers, each line ended.
    Say(u16, &'static str),
    /// The whole file, whatever part was asked for.
    NoRanges,
    /// These bytes instead.
    Other(Vec<u8>),
    /// The part that was asked for, of these bytes and with this ETag.
    Changed(Vec<u8>, &'static str),
    /// Without telling how long it is.
    NoLength(Vec<u8>),
    /// Another commit than the one asked for.
    Commit(&'static str),
    /// Redirects.
    To(String),
    Garbage,
    /// As it should be.
    Well,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// "hub" or "cdn".
    pub host: &'static str,
    pub target: String,
    pub range: Option<String>,
    pub token: Option<String>,
}

#[derive(Default)]
struct State {
    /// Repository → path → bytes.
    files: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    commits: HashMap<String, String>,
    gated: bool,
    /// Said instead of the list of files.
    tree: Option<Value>,
    pages: bool,
    plays: HashMap<String, VecDeque<Play>>,
    requests: Vec<Request>,
}

#[derive(Clone)]
pub struct Hub {
    state: Arc<Mutex<State>>,
    pub address: String,
    cdn: String,
}

pub const NAME: &str = "painter/tiny-model";
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
pub const UNET: &str = "unet/model.onnx";

impl Hub {
    /// With one repository, a model of some hundred kilobytes.
    pub fn new() -> Hub {
        let (hub, cdn) =
            (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
        let made = Hub {
            state: Arc::default(),
            address: format!("http://127.0.0.1:{}", hub.local_addr().unwrap().port()),
            cdn: format!("http://localhost:{}", cdn.local_addr().unwrap().port()),
        };
        for (listener, host) in [(hub, "hub"), (cdn, "cdn")] {
            let server = made.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let server = server.clone();
                    std::thread::spawn(move || server.answer(host, stream));
                }
            });
        }
        for (path, size) in [
            (UNET, 300_000),
            ("unet/model.onnx_data", 500_000),
            ("text_encoder/model.onnx", 120_000),
            ("vae_encoder/model.onnx", 70_000),
            ("vae_decoder/model.onnx", 90_000),
            ("tokenizer/vocab.json", 3_000),
            ("tokenizer/merges.txt", 2_000),
            ("scheduler/scheduler_config.json", 200),
            ("model_index.json", 100),
            ("README.md", 500),
        ] {
            made.put(NAME, path, bytes(path, size));
        }
        made
    }

    pub fn put(&self, repository: &str, path: &str, bytes: Vec<u8>) {
        let mut state = self.state.lock().unwrap();
        state.files.entry(repository.to_owned()).or_default().insert(path.to_owned(), bytes);
        state.commits.entry(repository.to_owned()).or_insert_with(|| COMMIT.to_owned());
    }

    pub fn remove(&self, repository: &str, path: &str) {
        self.state.lock().unwrap().files.get_mut(repository).unwrap().remove(path);
    }

    pub fn file(&self, repository: &str, path: &str) -> Vec<u8> {
        self.state.lock().unwrap().files[repository][path].clone()
    }

    pub fn commit(&self, repository: &str, commit: &str) {
        self.state.lock().unwrap().commits.insert(repository.to_owned(), commit.to_owned());
    }

    pub fn gate(&self) {
        self.state.lock().unwrap().gated = true;
    }

    pub fn tell(&self, tree: Value) {
        self.state.lock().unwrap().tree = Some(tree);
    }

    pub fn in_pages(&self) {
        self.state.lock().unwrap().pages = true;
    }

    /// Where a file lies without a hub.
    pub fn direct(&self, repository: &str, path: &str) -> String {
        format!("{}/{repository}/{path}", self.cdn)
    }

    /// What comes of the next requests for `path` (of a file, or "api").
    pub fn play(&self, path: &str, plays: impl IntoIterator<Item = Play>) {
        self.state.lock().unwrap().plays.entry(path.to_owned()).or_default().extend(plays);
    }

    pub fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    /// Those for one file, where it is really sent from.
    pub fn loads(&self, path: &str) -> Vec<Request> {
        let ends = format!("/{path}");
        self.requests().into_iter().filter(|r| r.host == "cdn" && r.target.ends_with(&ends)).collect()
    }

    fn answer(&self, host: &'static str, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let target = line.split(' ').nth(1).unwrap_or("").to_owned();
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            }
        }
        self.state.lock().unwrap().requests.push(Request {
            host,
            target: target.clone(),
            range: headers.get("range").cloned(),
            token: headers.get("authorization").cloned(),
        });
        let _ = match host {
            "hub" => self.hub(stream, &target),
            _ => self.cdn(stream, &target, &headers),
        };
    }

    fn next(&self, path: &str) -> Play {
        let mut state = self.state.lock().unwrap();
        state.plays.get_mut(path).and_then(VecDeque::pop_front).unwrap_or(Play::Well)
    }

    fn hub(&self, mut to: TcpStream, target: &str) -> std::io::Result<()> {
        if let Some(rest) = target.strip_prefix("/api/models/") {
            return match self.next("api") {
                Play::Say(status, more) => say(&mut to, status, more, b""),
                Play::Garbage => to.write_all(b"what?\r\n\r\n"),
                Play::Other(text) => say(&mut to, 200, "", &text),
                _ => self.api(to, rest),
            };
        }
        let Some((repository, rest)) = target[1..].split_once("/resolve/") else {
            return say(&mut to, 404, "", b"");
        };
        let (revision, path) = rest.split_once('/').unwrap_or((rest, ""));
        let known =
            self.state.lock().unwrap().files.get(repository).is_some_and(|files| files.contains_key(path));
        let play = self.next(&format!("hub:{path}"));
        match play {
            Play::Say(status, more) => say(&mut to, status, more, b""),
            Play::To(address) => say(&mut to, 302, &format!("Location: {address}\r\n"), b""),
            _ if !known => say(&mut to, 404, "X-Error-Code: EntryNotFound\r\n", b""),
            play => {
                let commit = match play {
                    Play::Commit(other) => other,
                    _ => revision,
                };
                let more =
                    format!("X-Repo-Commit: {commit}\r\nLocation: {}/{repository}/{path}\r\n", self.cdn);
                say(&mut to, 302, &more, b"")
            }
        }
    }

    fn api(&self, mut to: TcpStream, rest: &str) -> std::io::Result<()> {
        let state = self.state.lock().unwrap();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let found = path.split_once("/revision/").map(|found| (found, true));
        let found = found.or_else(|| path.split_once("/tree/").map(|found| (found, false)));
        let Some(((repository, revision), is_info)) = found else { return say(&mut to, 404, "", b"") };
        let (Some(files), Some(commit)) = (state.files.get(repository), state.commits.get(repository)) else {
            return say(&mut to, 401, "X-Error-Code: RepoNotFound\r\n", b"");
        };
        if revision != "main" && revision != commit {
            return say(&mut to, 404, "X-Error-Code: RevisionNotFound\r\n", b"");
        }
        if is_info {
            let gated = if state.gated { json!("auto") } else { json!(false) };
            let info = json!({ "sha": commit, "gated": gated, "cardData": { "license": "mit" } });
            return say(&mut to, 200, "", info.to_string().as_bytes());
        }
        let entries = files.iter().map(|(path, bytes)| {
            let large = path.ends_with(".onnx") || path.ends_with("_data");
            let lfs = large.then(|| json!({ "oid": sha256(bytes), "size": bytes.len() }));
            json!({ "type": "file", "path": path, "oid": "0".repeat(40), "size": bytes.len(), "lfs": lfs })
        });
        let mut entries: Vec<Value> = entries.collect();
        entries.push(json!({ "type": "directory", "path": "unet", "oid": "0".repeat(40), "size": 0 }));
        let mut more = String::new();
        if state.pages {
            let second = entries.split_off(entries.len() / 2);
            if query.contains("cursor=") {
                entries = second;
            } else {
                // A mirror passes on the address of the real one.
                more = format!(
                    "Link: <https://real.example/api/models/{repository}/tree/{revision}?recursive=true&cursor=2>; \
                     rel=\"next\"\r\n"
                );
            }
        }
        let tree = state.tree.clone().unwrap_or(Value::Array(entries));
        say(&mut to, 200, &more, tree.to_string().as_bytes())
    }

    fn cdn(&self, mut to: TcpStream, target: &str, headers: &HashMap<String, String>) -> std::io::Result<()> {
        let parts: Vec<&str> = target.splitn(4, '/').collect();
        let (repository, path) = (format!("{}/{}", parts[1], parts[2]), parts[3]);
        let bytes = self.file(&repository, path);
        let start = headers
            .get("range")
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        let own = format!("\"{}\"", sha256(&bytes));
        match self.next(path) {
            Play::Say(status, more) => say(&mut to, status, more, b""),
            Play::To(address) => say(&mut to, 302, &format!("Location: {address}\r\n"), b""),
            Play::Garbage => to.write_all(b"what?\r\n\r\n"),
            Play::NoLength(bytes) => {
                to.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
                to.write_all(&bytes)
            }
            Play::Other(bytes) => send(&mut to, &bytes, None, &own, usize::MAX),
            Play::NoRanges => send(&mut to, &bytes, None, &own, usize::MAX),
            Play::Changed(bytes, etag) => send(&mut to, &bytes, start, etag, usize::MAX),
            Play::Cut(after) => send(&mut to, &bytes, start, &own, after),
            Play::Stall(after) => {
                send(&mut to, &bytes, start, &own, after)?;
                // Until the other side goes.
                let _ = to.read(&mut [0; 16]);
                Ok(())
            }
            Play::Drip => {
                send(&mut to, &bytes, start, &own, 0)?;
                for byte in bytes {
                    to.write_all(&[byte])?;
                    std::thread::sleep(Duration::from_millis(40));
                }
                Ok(())
            }
            Play::Well | Play::Commit(_) => {
                // As HTTP has it: another version than the one that is asked for is sent whole.
                let same = headers.get("if-range").is_none_or(|etag| *etag == own);
                send(&mut to, &bytes, start.filter(|_| same), &own, usize::MAX)
            }
        }
    }
}

fn say(to: &mut TcpStream, status: u16, more: &str, body: &[u8]) -> std::io::Result<()> {
    write!(to, "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n{more}\r\n", body.len())?;
    to.write_all(body)
}

fn send(
    to: &mut TcpStream,
    bytes: &[u8],
    start: Option<usize>,
    etag: &str,
    after: usize,
) -> std::io::Result<()> {
    let from = start.unwrap_or(0);
    if from > 0 && from >= bytes.len() {
        return say(to, 416, &format!("Content-Range: bytes */{}\r\n", bytes.len()), b"");
    }
    let rest = &bytes[from..];
    let status = if start.is_some() { 206 } else { 200 };
    write!(
        to,
        "HTTP/1.1 {status} X\r\nConnection: close\r\nETag: {etag}\r\nContent-Length: {}\r\n",
        rest.len()
    )?;
    if start.is_some() {
        write!(to, "Content-Range: bytes {from}-{}/{}\r\n", bytes.len() - 1, bytes.len())?;
    }
    to.write_all(b"\r\n")?;
    to.write_all(&rest[..rest.len().min(after)])
}

/// Bytes that belong to a name and to no other.
pub fn bytes(name: &str, size: usize) -> Vec<u8> {
    let mut state = u64::from_le_bytes(Sha256::digest(name.as_bytes())[..8].try_into().unwrap());
    (0..size)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 56) as u8
        })
        .collect()
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Settings for this hub: patient with a busy machine, impatient with what is asked again.
pub fn settings(hub: &Hub) -> Settings {
    let get = |name: &str| (name == "HF_ENDPOINT").then(|| hub.address.clone().into());
    let patience = Patience {
        connect: Duration::from_secs(20),
        silence: Duration::from_secs(20),
        window: Duration::from_secs(20),
        least: 1000,
        tries: 3,
        pause: Duration::from_millis(5),
    };
    Settings { patience, ..Settings::from_variables(&get).unwrap() }
}

/// A fresh folder for one test.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hub-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
