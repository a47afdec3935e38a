//! Words that a model does not read: those of a prompt that is longer than its text encoder takes.

use std::sync::Arc;

/// Letters of what was not read that a sentence has room for.
const SHOWN: usize = 48;

/// The beginning of what was not read of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread(Arc<str>);

/// In whose words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    Prompt,
    Negative,
    Region,
}

impl Unread {
    /// What `prompt` has from byte `at` on; `None` where that is nothing but space.
    pub fn from(prompt: &str, at: usize) -> Option<Unread> {
        let rest = prompt.get(prompt.floor_char_boundary(at)..)?.trim();
        let mut words = rest.split_whitespace();
        let mut shown = words.next()?.to_owned();
        let mut whole = true;
        for word in words {
            whole = shown.chars().count() + word.chars().count() < SHOWN;
            if !whole {
                break;
            }
            shown.push(' ');
            shown.push_str(word);
        }
        // One that is longer by itself, as sentences without spaces are.
        if let Some((end, _)) = shown.char_indices().nth(SHOWN) {
            shown.truncate(end);
            whole = false;
        }
        Some(Unread(if whole { shown } else { shown + " \u{2026}" }.into()))
    }

    /// For the person who has written it.
    pub fn sentence(&self, whose: Whose) -> String {
        let whose = match whose {
            Whose::Prompt => "The prompt",
            Whose::Negative => "The negative prompt",
            Whose::Region => "A region's prompt",
        };
        format!(
            "{whose} is longer than this model reads: from \"{}\" on it has no effect; shorten it.",
            self.0
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_says_where_reading_ended() {
        let told = |prompt: &str, at| Unread::from(prompt, at).map(|unread| unread.0.to_string());
        assert_eq!(told("a house by the lake", 7).as_deref(), Some("by the lake"));
        assert_eq!(told("a house  \n ", 7), None);
        assert_eq!((told("a house", 7), told("", 0), told("a", 90)), (None, None, None));
        // Within a letter it begins with that letter.
        assert_eq!(told("水彩", 4).as_deref(), Some("彩"));
        let long = "ships ".repeat(20);
        assert_eq!(told(&long, 3).as_deref(), Some("ps ships ships ships ships ships ships ships \u{2026}"));
        assert_eq!(told(&"水".repeat(90), 0), Some("水".repeat(SHOWN) + " \u{2026}"));
        let told = Unread::from("a red barn", 2).unwrap().sentence(Whose::Negative);
        assert_eq!(
            told,
            "The negative prompt is longer than this model reads: from \"red barn\" on it has no effect; shorten it."
        );
    }
}
