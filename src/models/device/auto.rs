//! What the device option `auto` chooses, and the sentence that says so.

use super::{Card, Device, Kind, probe};
use crate::error::Error;
use crate::models::runtime::Runtime;

/// What a model asks of a device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// Some of its numbers are 16-bit floats.
    pub half: bool,
    /// Bytes of its files.
    pub bytes: u64,
}

/// Devices to try, best first and without the CPU, and what is known about them; and why others are not tried.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub devices: Vec<(Device, Card)>,
    /// Devices that are there and do not take the model: parts of a sentence.
    pub unfit: Vec<String>,
}

/// What to try on this machine.
pub(crate) fn plan(needs: Needs, runtime: &Runtime) -> Plan {
    plan_of(needs, |device| probe::probe(device, runtime))
}

fn plan_of(needs: Needs, probe: impl Fn(Device) -> Result<Card, String>) -> Plan {
    let mut plan = Plan::default();
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Cpu) {
        let device = Device::first(kind);
        match probe(device) {
            Err(why) => log::info!("auto passes over {device}: {why}"),
            // The CPU provider starts in a tenth of the time.
            Ok(card) if card.is_processor => {}
            Ok(card) => match unfit(needs, &card) {
                Some(why) => plan.unfit.push(format!("{} {why}", called(device, &card))),
                None => plan.devices.push((device, card)),
            },
        }
    }
    plan
}

/// Why this card does not take the model.
fn unfit(needs: Needs, card: &Card) -> Option<String> {
    if card.is_software && !counts_as_card() {
        return Some("is a program that acts as a graphics card, slower than the processor".into());
    }
    if needs.half && card.half == Some(false) {
        return Some("has no 16-bit floats, which this model needs".into());
    }
    // Beside the weights lie the numbers between the layers.
    let needed = needs.bytes.saturating_add(needs.bytes / 4);
    match card.memory {
        Some(memory) if memory < needed => {
            Some(format!("has {} of memory, and this model takes about {}", size(memory), size(needed)))
        }
        _ => None,
    }
}

/// Tests have no other card than a program.
fn counts_as_card() -> bool {
    cfg!(debug_assertions) && std::env::var_os("SCUMBLE_TEST_SOFTWARE_CARD").is_some()
}

/// The sentence about a device that was chosen.
pub(crate) fn chosen(device: Device, card: &Card, unfit: &[String]) -> String {
    let unfit = match unfit {
        [] => String::new(),
        all => format!("; {}", all.join("; ")),
    };
    format!("Runs on {}, the fastest device here that takes the model{unfit}.", called(device, card))
}

/// The sentence about the CPU, when nothing else was left.
pub(crate) fn fell_back(unfit: &[String]) -> String {
    match unfit {
        [] => "Runs on the processor: no graphics card can be used here (`scumble devices` says why).".into(),
        all => format!("Runs on the processor: {}.", all.join("; ")),
    }
}

/// What is to be said of a device that was tried in vain: a part of a sentence.
pub(crate) fn failed(device: Device, card: &Card, error: &Error) -> String {
    format!("{} failed ({})", called(device, card), error.message.trim_end_matches('.'))
}

/// The sentence about networks that another provider of the same processor computes; nothing where there are none.
pub(crate) fn in_part(device: Device, networks: &[&str]) -> String {
    match networks {
        [] => String::new(),
        networks => format!(
            "Runs on {device} but for the {}, which it cannot run: ONNX Runtime itself computes that part, on the same \
             processor.",
            networks.join(" and the ")
        ),
    }
}

/// The sentence about the CPU, after the device has failed while it rendered.
pub(crate) fn gave_up(device: &str, error: &Error) -> String {
    format!("Runs on the processor since {device} has failed: {}", error.message)
}

/// `the graphics card Radeon RX 7600 (webgpu)`.
pub(crate) fn called(device: Device, card: &Card) -> String {
    match &card.name {
        Some(name) => format!("{name} ({device})"),
        None => device.to_string(),
    }
}

/// In the unit that graphics cards are sold by.
pub fn size(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / f64::from(1 << 30))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(memory: u64, half: bool) -> Card {
        Card { name: Some("Card".into()), memory: Some(memory << 30), half: Some(half), ..Card::default() }
    }

    fn with(kind: Kind, card: Card) -> impl Fn(Device) -> Result<Card, String> {
        move |device| if device.kind == kind { Ok(card.clone()) } else { Err("not there".into()) }
    }

    #[test]
    fn auto_takes_a_card_that_is_there_and_takes_the_model() {
        let needs = Needs { half: true, bytes: 3 << 30 };
        let plan = plan_of(needs, with(Kind::WebGpu, card(8, true)));
        assert_eq!(plan.devices, [(Device::first(Kind::WebGpu), card(8, true))]);
        assert!(plan.unfit.is_empty());
        let both = |device: Device| match device.kind {
            Kind::Cuda | Kind::WebGpu => Ok(Card::default()),
            _ => Err(String::new()),
        };
        let kinds: Vec<_> = plan_of(needs, both).devices.iter().map(|(device, _)| device.kind).collect();
        assert_eq!(kinds, [Kind::Cuda, Kind::WebGpu], "the quicker first");
    }

    #[test]
    fn auto_says_why_it_does_not_take_a_card() {
        let software = Card { is_software: true, ..card(64, true) };
        for (card, says) in [
            (card(8, false), "16-bit floats"),
            (card(3, true), "has 3.0 GB of memory, and this model takes about 3.8 GB"),
            (software, "slower than the processor"),
        ] {
            let plan = plan_of(Needs { half: true, bytes: 3 << 30 }, with(Kind::WebGpu, card));
            assert!(plan.devices.is_empty());
            let sentence = fell_back(&plan.unfit);
            assert!(sentence.contains(says) && sentence.contains("Card (webgpu)"), "{sentence}");
        }
        let processor = Card { is_processor: true, ..Card::default() };
        assert_eq!(plan_of(Needs::default(), with(Kind::OpenVino, processor)), Plan::default());
        assert!(fell_back(&[]).contains("no graphics card"));
    }

    #[test]
    fn networks_that_a_device_cannot_run_are_named() {
        let device = Device::first(Kind::OpenVino);
        assert_eq!(in_part(device, &[]), "");
        let told = in_part(device, &["text encoder", "U-Net"]);
        assert!(told.starts_with("Runs on openvino but for the text encoder and the U-Net, which"), "{told}");
    }
}
