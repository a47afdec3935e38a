//! Every device that this library knows, usable or not.

use super::{Card, Device, Kind, probe};
use crate::models::runtime::Runtime;

/// One device, for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What the device option calls it.
    pub name: String,
    /// What an artist calls it: the card's name, where it is known.
    pub title: String,
    /// Bytes of its own memory, where that is known.
    pub memory: Option<u64>,
    /// Why it cannot be used, as a sentence; None if it can.
    pub why_not: Option<String>,
    /// What else is to be said of one that can.
    pub note: String,
}

/// Every kind of device, usable or not, and each further one of a kind. Tries each out: some tenths of a second.
pub fn list(runtime: &Runtime) -> Vec<Listed> {
    // There may be more; nobody has them.
    const MOST: u16 = 16;
    let mut all = Vec::new();
    for kind in Kind::ALL {
        for index in 0..MOST {
            let device = Device { kind, index };
            match probe::probe(device, runtime) {
                Ok(card) => all.push(usable(device, card)),
                Err(_) if index > 0 => break,
                Err(why) => all.push(Listed {
                    name: device.to_string(),
                    title: kind.title().into(),
                    memory: None,
                    why_not: Some(format!("Not usable: {why}.")),
                    note: String::new(),
                }),
            }
            if !kind.is_numbered() || all.last().is_some_and(|listed| listed.why_not.is_some()) {
                break;
            }
        }
    }
    all
}

fn usable(device: Device, card: Card) -> Listed {
    let notes = [
        (card.is_software, "A program that acts as a graphics card: far slower than the processor itself."),
        (
            card.half == Some(false),
            "It has no 16-bit floats: models in half precision (fp16) do not run on it.",
        ),
    ];
    let notes: Vec<_> = notes.into_iter().filter_map(|(holds, note)| holds.then_some(note)).collect();
    Listed {
        name: device.to_string(),
        title: card.name.unwrap_or_else(|| device.kind.title().into()),
        memory: card.memory,
        why_not: None,
        note: notes.join(" "),
    }
}
