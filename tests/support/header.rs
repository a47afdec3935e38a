//! include/scumble.h taken apart: what a test needs to know is read from it, not written down a second time.

use std::path::PathBuf;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub struct Header {
    /// The text with its comments.
    pub text: String,
    /// Name and C expression of each numeric macro.
    pub constants: Vec<(String, String)>,
    /// Name and field names of each struct that is not opaque.
    pub structs: Vec<(String, Vec<String>)>,
    pub functions: Vec<String>,
}

impl Header {
    pub fn read() -> Header {
        let text = std::fs::read_to_string(root().join("include/scumble.h")).expect("the header");
        let code = without_comments(&text);
        // Behind the declarations: the inline function, which no library has.
        let (code, _) = code.split_once("static inline").expect("an inline function");
        let constants: Vec<_> = code
            .lines()
            .filter_map(|line| line.strip_prefix("#define SCUMBLE_")?.split_once(' '))
            .map(|(name, value)| (format!("SCUMBLE_{name}"), value.trim().to_owned()))
            .collect();
        let structs: Vec<_> = code
            .split("typedef struct ")
            .skip(1)
            .filter_map(|rest| {
                let (name, body) = rest.split_once('{').filter(|(name, _)| !name.contains(';'))?;
                let (fields, _) = body.split_once('}')?;
                Some((name.trim().to_owned(), fields.split(';').filter_map(field).collect()))
            })
            .collect();
        let functions: Vec<_> = code
            .match_indices("scumble_")
            .filter_map(|(at, _)| code[at..].split_once('('))
            .map(|(name, _)| name.to_owned())
            .filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
            .collect();
        assert!(
            constants.len() > 30 && structs.len() > 7 && functions.len() > 20,
            "the header was not read right"
        );
        Header { text, constants, structs, functions }
    }
}

/// The name in `type *name` or `type name[4]`.
fn field(declaration: &str) -> Option<String> {
    let declared = declaration.split('[').next()?.trim();
    let name = declared.rsplit([' ', '*', '\n']).next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

fn without_comments(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        code.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    code + rest
}
