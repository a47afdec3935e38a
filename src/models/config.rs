//! The small JSON files of a model folder: read leniently where people's files differ, strictly where a wrong
//! number would make a wrong picture.

use std::path::Path;

use serde_json::Value;

use crate::error::{Error, Result, Status, plain};

/// No configuration file is larger; a larger one is something else under its name.
const MAX_BYTES: u64 = 4 << 20;

/// A JSON object that was read from a file, with the file's name for messages.
#[derive(Debug, Clone)]
pub struct Config {
    value: Value,
    file: String,
}

impl Config {
    /// Reads `path`; None if there is no such file.
    ///
    /// # Errors
    /// [`Status::ModelBroken`] for a file that is not a JSON object.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let broken = |why: String| {
            Error::new(
                Status::ModelBroken,
                format!("{} cannot be read ({why}); download it again.", path.display()),
            )
        };
        let length = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => metadata.len(),
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(broken(plain(error))),
        };
        if length > MAX_BYTES {
            return Err(broken("it is too large for a configuration file".into()));
        }
        let text = std::fs::read_to_string(path).map_err(|e| broken(plain(e)))?;
        let value: Value = parse(&text).map_err(|e| broken(format!("not JSON: {e}")))?;
        if !value.is_object() {
            return Err(broken("not a JSON object".into()));
        }
        Ok(Some(Config { value, file: path.display().to_string() }))
    }

    /// A configuration that does not come from a file (tests, defaults).
    pub fn from_value(value: Value, file: impl Into<String>) -> Self {
        Config { value, file: file.into() }
    }

    /// Where it was read from.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The value under `key`; None if it is absent or null.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.value.get(key).filter(|v| !v.is_null())
    }

    /// Every entry.
    pub fn entries(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.value.as_object().into_iter().flatten()
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::as_str)
    }

    /// A number, or `default` if there is none.
    ///
    /// # Errors
    /// [`Status::ModelBroken`] if there is something else, or a number outside `range`.
    pub fn number(&self, key: &str, default: f64, range: std::ops::RangeInclusive<f64>) -> Result<f64> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value.as_f64().filter(|n| range.contains(n)).ok_or_else(|| {
                self.wrong(key, &format!("a number from {} to {}", range.start(), range.end()))
            }),
        }
    }

    /// A whole number, or `default` if there is none; errors as in [`Config::number`].
    pub fn whole(&self, key: &str, default: u32, range: std::ops::RangeInclusive<u32>) -> Result<u32> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => {
                value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| range.contains(n)).ok_or_else(
                    || self.wrong(key, &format!("a whole number from {} to {}", range.start(), range.end())),
                )
            }
        }
    }

    /// True or false, or `default` if there is neither; errors as in [`Config::number`].
    pub fn flag(&self, key: &str, default: bool) -> Result<bool> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| self.wrong(key, "true or false")),
        }
    }

    /// How many entries the list under `key` has.
    pub fn list_length(&self, key: &str) -> Option<usize> {
        self.get(key).and_then(Value::as_array).map(Vec::len)
    }

    /// The error for a value that is not what it should be.
    pub fn wrong(&self, key: &str, should: &str) -> Error {
        let is = self.value.get(key).map(short).unwrap_or_default();
        Error::new(
            Status::ModelBroken,
            format!("In {}, \"{key}\" is {is} and must be {should}; download the file again.", self.file),
        )
    }
}

/// JSON as Python writes it: the infinities and NaN, which JSON does not have, are taken for null. diffusers writes
/// `"lambda_min_clipped": -Infinity` into the file of every DPM-Solver.
fn parse(text: &str) -> serde_json::Result<Value> {
    let mut plain = String::with_capacity(text.len());
    // What lies between quotes that no backslash takes away is every second part.
    let (mut rest, mut quoted) = (text, false);
    while let Some(at) = rest.find(['"', '\\', 'I', 'N', '-']) {
        let (before, here) = rest.split_at(at);
        plain.push_str(before);
        let word = ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| here.starts_with(word));
        let (taken, instead) = match word.filter(|_| !quoted) {
            Some(word) => (word.len(), "null"),
            None => {
                let escaped = usize::from(here.starts_with('\\'));
                let length = here.char_indices().nth(1 + escaped).map_or(here.len(), |(end, _)| end);
                quoted ^= here.starts_with('"');
                (length, &here[..length])
            }
        };
        plain.push_str(instead);
        rest = &here[taken..];
    }
    plain.push_str(rest);
    serde_json::from_str(&plain)
}

/// A JSON value for a message: not longer than a painter wants to read.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::from_value(serde_json::from_str(text).unwrap(), "test.json")
    }

    #[test]
    fn what_python_writes_beyond_json_is_null() {
        let text = r#"{"a": -Infinity, "b": [NaN, Infinity, -1.5], "c": "-Infinity \\\" NaN \\\\", "Née": "I", "d":NaN}"#;
        let plain =
            r#"{"a": null, "b": [null, null, -1.5], "c": "-Infinity \\\" NaN \\\\", "Née": "I", "d": null}"#;
        assert_eq!(parse(text).unwrap(), serde_json::from_str::<Value>(plain).unwrap());
        for broken in ["", "{\"", "\\", "{\"a\": \"\\", "N", "{\"a\": -Inf}"] {
            assert!(parse(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn numbers_are_checked() {
        let c = config(r#"{"a": 3, "b": "x", "c": 1e99, "d": null, "e": true, "f": -1}"#);
        assert_eq!(c.number("a", 0.0, 0.0..=10.0).unwrap(), 3.0);
        assert_eq!(c.number("d", 7.0, 0.0..=10.0).unwrap(), 7.0);
        assert_eq!(c.whole("missing", 7, 1..=9).unwrap(), 7);
        for key in ["b", "c", "e", "f"] {
            let error = c.whole(key, 1, 1..=9).unwrap_err();
            assert_eq!(error.status, Status::ModelBroken);
            assert!(error.message.contains(key) && error.message.contains("test.json"), "{error}");
        }
        assert!(c.flag("e", false).unwrap());
        assert!(c.flag("a", false).is_err());
    }
}
