//! `<lora:name:0.8>` in a prompt, as artists write it: which file is meant, and the prompt without it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::conditions::Lora;
use crate::error::{Error, Result};
use crate::places::{self, anchored};
use crate::steps::StepRange;

const BEGIN: &str = "<lora:";
/// Folders in folders that are looked into.
const DEPTH: usize = 4;
/// Names that a sentence has room for.
const NAMED: usize = 8;

/// The prompt without its LoRAs, and those, in their order. `folder` is where they lie; else `loras` beside the folder of
/// models that were got. What is never closed is words.
///
/// # Errors
/// [`Status::Setting`](crate::error::Status::Setting) for a name that no file has, and numbers that are none.
pub fn taken_out(prompt: &str, folder: Option<&Path>) -> Result<(String, Vec<Lora>)> {
    let (mut rest, mut words, mut loras) = (prompt, String::new(), Vec::new());
    while let Some((before, from)) = rest.split_once(BEGIN) {
        let Some((written, after)) = from.split_once('>') else { break };
        words.push_str(before);
        loras.push(lora(written, folder)?);
        rest = after;
    }
    words.push_str(rest);
    Ok((if loras.is_empty() { words } else { words.trim().to_owned() }, loras))
}

/// What stands between `<lora:` and `>`: the name, how much of it and, where there are two numbers, that of the text encoders
/// first, as AUTOMATIC1111's web UI has it.
fn lora(written: &str, folder: Option<&Path>) -> Result<Lora> {
    let mut fields = written.split(':');
    let name = fields.next().unwrap_or_default().trim();
    let numbers: Option<Vec<f32>> = fields
        .map(|field| field.trim().parse().ok().filter(|number| (-10.0..=10.0).contains(number)))
        .collect();
    let (text, scale) = match numbers.as_deref() {
        Some([]) => (1.0, 1.0),
        Some([both]) => (*both, *both),
        Some([text, scale]) => (*text, *scale),
        _ => {
            return Err(Error::setting(format!(
                "In the prompt, <lora:{written}> has something else than one or two numbers from -10 to 10 after its name; \
                 write it as <lora:{name}:0.8>."
            )));
        }
    };
    let folder = folder.map(Path::to_path_buf).or_else(places::user_loras).ok_or_else(|| {
        Error::setting(format!("The prompt names the LoRA \"{name}\"; choose the folder in which LoRAs lie."))
    })?;
    let file = anchored(find(name, &folder)?.to_string_lossy().into_owned());
    Ok(Lora { file, scale, text, steps: StepRange::ALL })
}

/// The file of a name: exactly so, else in whatever case.
fn find(name: &str, folder: &Path) -> Result<PathBuf> {
    let mut known = Vec::new();
    let _ = each(folder, DEPTH, &mut |path| {
        known.push(path);
        ControlFlow::Continue(())
    });
    known.sort();
    let called = |path: &Path| {
        let named = path.strip_prefix(folder).unwrap_or(path).with_extension("");
        // With the same slash on every system.
        let parts: Vec<_> = named.iter().map(|part| part.to_string_lossy()).collect();
        [parts.join("/"), named.file_name().unwrap_or_default().to_string_lossy().into_owned()]
    };
    let exact = known.iter().find(|path| called(path).iter().any(|own| own == name));
    let alike = || {
        let wanted = name.to_lowercase();
        known.iter().find(|path| called(path).iter().any(|own| own.to_lowercase() == wanted))
    };
    if let Some(found) = exact.or_else(alike) {
        return Ok(found.clone());
    }
    let names: Vec<String> = known.iter().take(NAMED).map(|path| called(path)[1].clone()).collect();
    let there = match known.len() {
        0 => "which has none".to_owned(),
        all => format!("which has {}{}", names.join(", "), if all > NAMED { ", …" } else { "" }),
    };
    Err(Error::setting(format!(
        "The prompt names the LoRA \"{name}\", and there is no {name}.safetensors in {}, {there}; correct the name, or \
         choose another folder of LoRAs.",
        folder.display()
    )))
}

/// Has the user any, in the folder where names are looked for when none is given?
pub fn are_at_hand() -> bool {
    // The first will do.
    places::user_loras()
        .is_some_and(|folder| each(&folder, DEPTH, &mut |_| ControlFlow::Break(())).is_break())
}

/// Tells of each LoRA in a folder and those in it, until that breaks.
fn each(folder: &Path, depth: usize, tell: &mut dyn FnMut(PathBuf) -> ControlFlow<()>) -> ControlFlow<()> {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        // The folder says what its entries are, but for links.
        let is_folder =
            entry.file_type().is_ok_and(|kind| kind.is_dir() || kind.is_symlink() && path.is_dir());
        if is_folder && depth > 0 {
            each(&path, depth - 1, tell)?;
        } else if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("safetensors")) {
            tell(path)?;
        }
    }
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loras_are_taken_out_of_a_prompt() {
        let folder = std::env::temp_dir().join(format!("scumble-{}-loras", std::process::id()));
        std::fs::create_dir_all(folder.join("styles")).unwrap();
        for file in ["ink.safetensors", "Anna v1.2.safetensors", "styles/oil.safetensors", "notes.txt"] {
            std::fs::write(folder.join(file), "").unwrap();
        }
        let read = |prompt: &str| {
            let (words, loras) = taken_out(prompt, Some(&folder)).map_err(|error| error.message)?;
            let said = |lora: &Lora| {
                let file = Path::new(&lora.file).strip_prefix(&folder).unwrap();
                (file.to_str().unwrap().replace('\\', "/"), lora.scale, lora.text)
            };
            Ok::<_, String>((words, loras.iter().map(said).collect::<Vec<_>>()))
        };
        let one = |file: &str, scale, text| vec![(file.to_owned(), scale, text)];
        assert_eq!(read("a lake"), Ok(("a lake".into(), vec![])));
        assert_eq!(read("a lake <lora:ink:0.8>"), Ok(("a lake".into(), one("ink.safetensors", 0.8, 0.8))));
        assert_eq!(read("<lora:INK>a lake"), Ok(("a lake".into(), one("ink.safetensors", 1.0, 1.0))));
        let anna = read("x, <lora:Anna v1.2:0.5:-1>, y");
        assert_eq!(anna, Ok(("x, , y".into(), one("Anna v1.2.safetensors", -1.0, 0.5))));
        for name in ["oil", "styles/oil"] {
            let oil = read(&format!("<lora:{name}:0>"));
            assert_eq!(oil, Ok((String::new(), one("styles/oil.safetensors", 0.0, 0.0))));
        }
        assert_eq!(read("<lora:ink> <lora:oil>").map(|(_, loras)| loras.len()), Ok(2));
        // No LoRA, but words.
        for words in ["a < b", "<lora:ink", "<lore:ink>", "lora:ink:1"] {
            assert_eq!(read(words), Ok((words.into(), vec![])));
        }
        for (wrong, told) in [
            ("<lora:water:1>", "which has Anna v1.2, ink, oil; correct the name"),
            ("<lora:notes>", "no notes.safetensors"),
            ("<lora:../loras/ink>", "no ../loras/ink.safetensors"),
            ("<lora:>", "no .safetensors"),
            ("<lora:ink:much>", "from -10 to 10"),
            ("<lora:ink:nan>", "from -10 to 10"),
            ("<lora:ink:11>", "from -10 to 10"),
            ("<lora:ink:1:1:1>", "from -10 to 10"),
        ] {
            let error = read(wrong).unwrap_err();
            assert!(error.contains(told) && error.ends_with('.'), "{wrong}: {error}");
        }
        let empty = taken_out("<lora:ink>", Some(&folder.join("nowhere"))).map(drop).unwrap_err();
        assert!(empty.message.contains("which has none"));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_asked_is_answered_by_the_first_lora_also_behind_links() {
        let folder = std::env::temp_dir().join(format!("scumble-{}-first-lora", std::process::id()));
        std::fs::create_dir_all(folder.join("a/b")).unwrap();
        let told = |most: usize| {
            let mut told = 0;
            let ended = each(&folder, DEPTH, &mut |_| {
                told += 1;
                if told == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            (told, ended.is_break())
        };
        assert_eq!(told(1), (0, false));
        for file in ["one.safetensors", "a/two.SAFETENSORS", "a/b/three.safetensors", "a/b/notes.txt"] {
            std::fs::write(folder.join(file), "").unwrap();
        }
        assert_eq!((told(1), told(9)), ((1, true), (3, false)));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.join("a"), folder.join("link")).unwrap();
            std::os::unix::fs::symlink(folder.join("a/b/notes.txt"), folder.join("four.safetensors"))
                .unwrap();
            assert_eq!(told(9), (6, false));
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
