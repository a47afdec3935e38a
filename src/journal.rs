//! The library's log, for hosts that ask for it: the newest lines, numbered.

use std::collections::VecDeque;
use std::sync::Once;

use log::{LevelFilter, Log, Metadata, Record};
use parking_lot::Mutex;

/// How many lines are kept, and how long each may be: a quarter of a megabyte in all.
const LINES: usize = 256;
const BYTES: usize = 1000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// From 1; a gap tells that lines were lost.
    pub number: u64,
    pub level: log::Level,
    pub text: String,
}

/// The newest lines.
struct Ring {
    lines: VecDeque<Line>,
    last: u64,
}

impl Ring {
    const fn new() -> Self {
        Ring { lines: VecDeque::new(), last: 0 }
    }

    fn add(&mut self, level: log::Level, text: &str) {
        let mut end = text.len().min(BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = text[..end].replace(['\n', '\r', '\0'], " ");
        self.last += 1;
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(Line { number: self.last, level, text });
    }

    fn after(&self, number: u64) -> Option<Line> {
        self.lines.iter().find(|line| line.number > number).cloned()
    }
}

static RING: Mutex<Ring> = Mutex::new(Ring::new());

struct Journal;

impl Log for Journal {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // Outside the lock: what is formatted may log.
        let text = record.args().to_string();
        RING.lock().add(record.level(), &text);
    }

    fn flush(&self) {}
}

/// Begins to keep lines, warnings and errors at first. A program that has a logger of its own keeps it.
pub fn begin() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        if log::set_logger(&Journal).is_ok() {
            log::set_max_level(LevelFilter::Warn);
        }
    });
}

/// The oldest line that is kept of those above `number`.
pub fn after(number: u64) -> Option<Line> {
    RING.lock().after(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_are_kept_and_a_gap_is_seen() {
        let mut ring = Ring::new();
        assert_eq!(ring.after(0), None);
        for n in 1..=LINES + 10 {
            ring.add(log::Level::Warn, &format!("line {n}"));
        }
        let first = ring.after(0).unwrap();
        assert_eq!((first.number, &first.text[..]), (11, "line 11"));
        assert_eq!(ring.after(first.number).unwrap().number, 12);
        assert_eq!(ring.after(LINES as u64 + 10), None);
        assert_eq!(ring.lines.len(), LINES);
    }

    #[test]
    fn a_line_is_one_line_and_not_endless() {
        let mut ring = Ring::new();
        ring.add(log::Level::Error, &format!("a\nb\0{}", "ö".repeat(BYTES)));
        let text = ring.after(0).unwrap().text;
        assert!(text.starts_with("a b öö") && text.len() <= BYTES, "{text}");
    }
}
