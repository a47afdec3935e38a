//! What this machine has to run models on, as far as the system tells without loading a driver.

use std::fs;
use std::path::Path;

/// Who made a graphics card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    Nvidia,
    Amd,
    Intel,
}

impl Maker {
    pub fn name(self) -> &'static str {
        match self {
            Maker::Nvidia => "NVIDIA",
            Maker::Amd => "AMD",
            Maker::Intel => "Intel",
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// Bytes, where the system tells it.
    pub memory: Option<u64>,
    /// Its graphics cards, each maker once; None where the system does not tell.
    pub cards: Option<Vec<Maker>>,
    /// Its processor computes with bfloat16.
    pub brain_floats: bool,
}

impl Machine {
    pub fn here() -> Self {
        let cards = cfg!(target_os = "linux").then(|| cards(Path::new("/sys/class/drm")));
        Machine { memory: memory(), cards, brain_floats: brain_floats() }
    }
}

/// The numbers under which the makers' cards are known on the bus; what virtual machines and servers have to show a desktop
/// with is none of them.
fn cards(folder: &Path) -> Vec<Maker> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let maker = match fs::read_to_string(entry.path().join("device/vendor")).unwrap_or_default().trim() {
            "0x10de" => Maker::Nvidia,
            "0x1002" => Maker::Amd,
            "0x8086" => Maker::Intel,
            _ => continue,
        };
        if !found.contains(&maker) {
            found.push(maker);
        }
    }
    // A laptop has two: the stronger one is named.
    found.sort_by_key(|maker| *maker as u8);
    found
}

#[cfg(target_arch = "x86_64")]
fn brain_floats() -> bool {
    std::arch::is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
fn brain_floats() -> bool {
    false
}

fn memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_known_by_their_makers_and_a_virtual_screen_is_none() {
        let folder = std::env::temp_dir().join(format!("scumble-cards-{}", std::process::id()));
        for (card, vendor) in [
            ("card0", "0x8086"),
            ("card1", "0x10de"),
            ("renderD128", "0x10de"),
            ("card2", "0x1af4"),
            ("card3", ""),
        ] {
            fs::create_dir_all(folder.join(card).join("device")).unwrap();
            fs::write(folder.join(card).join("device/vendor"), format!("{vendor}\n")).unwrap();
        }
        fs::create_dir_all(folder.join("card0-HDMI-A-1")).unwrap();
        assert_eq!(cards(&folder), [Maker::Nvidia, Maker::Intel]);
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(cards(&folder), []);
    }
}
