//! What artists write into prompts besides words: attention weights, as AUTOMATIC1111's web UI reads them.
//!
//! `(word)` counts 1.1 times, `((word))` 1.21 times, `[word]` 1 / 1.1 times, `(word:1.3)` 1.3 times; `\(` and its kin are
//! the characters themselves. A bracket that is not closed counts to the end.

/// A bracket without a number.
const STEP: f32 = 1.1;
/// Beyond this a model makes noise; a slip of the keyboard must not give infinities.
const MOST: f32 = 10.0;
/// Beyond this inner brackets count no more, whatever is around them: infinity times 0 is no number.
const MOST_INSIDE: f32 = 1e6;

/// Words that are meant equally strongly.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub text: String,
    pub weight: f32,
}

/// Takes a prompt apart. Put together, the parts' texts are the prompt without brackets, weights and backslashes.
pub fn parts(prompt: &str) -> Vec<Part> {
    let mut letters: Vec<(char, f32)> = Vec::new();
    // How many letters there were when each open bracket came.
    let (mut round, mut square) = (Vec::new(), Vec::new());
    let times = |letters: &mut Vec<(char, f32)>, begin: usize, factor: f32| {
        letters.iter_mut().skip(begin).for_each(|(_, weight)| {
            *weight = (*weight * factor).clamp(-MOST_INSIDE, MOST_INSIDE);
        });
    };
    let mut rest = prompt.chars();
    while let Some(letter) = rest.next() {
        match letter {
            '\\' if rest.as_str().starts_with(['(', ')', '[', ']', '\\']) => {
                letters.extend(rest.next().map(|letter| (letter, 1.0)));
            }
            '(' => round.push(letters.len()),
            '[' => square.push(letters.len()),
            ')' if !round.is_empty() => times(&mut letters, round.pop().unwrap_or(0), STEP),
            ']' if !square.is_empty() => times(&mut letters, square.pop().unwrap_or(0), 1.0 / STEP),
            ':' if !round.is_empty() && number(rest.as_str()).is_some() => {
                if let Some((weight, after)) = number(rest.as_str()) {
                    times(&mut letters, round.pop().unwrap_or(0), weight);
                    rest = after.chars();
                }
            }
            letter => letters.push((letter, 1.0)),
        }
    }
    round.into_iter().for_each(|begin| times(&mut letters, begin, STEP));
    square.into_iter().for_each(|begin| times(&mut letters, begin, 1.0 / STEP));
    let mut parts: Vec<Part> = Vec::new();
    for (letter, weight) in letters {
        let weight = weight.clamp(0.0, MOST);
        match parts.last_mut().filter(|part| part.weight == weight) {
            Some(part) => part.text.push(letter),
            None => parts.push(Part { text: letter.into(), weight }),
        }
    }
    parts
}

/// The prompt's words without anything else.
pub fn plain(parts: &[Part]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect()
}

/// `1.3)` and what follows it.
fn number(text: &str) -> Option<(f32, &str)> {
    const LONGEST: usize = 12;
    let end = text.bytes().take(LONGEST).position(|byte| byte == b')')?;
    let weight: f32 = text.get(..end)?.trim().parse().ok().filter(|weight: &f32| weight.is_finite())?;
    Some((weight, text.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(prompt: &str) -> Vec<(String, f32)> {
        parts(prompt).into_iter().map(|part| (part.text, (part.weight * 1000.0).round() / 1000.0)).collect()
    }

    #[test]
    fn weights_are_read_as_people_write_them() {
        for (prompt, expected) in [
            ("a house", vec![("a house", 1.0)]),
            ("a (red:1.3) house", vec![("a ", 1.0), ("red", 1.3), (" house", 1.0)]),
            (
                "(red) ((blue)) [grey]",
                vec![("red", 1.1), (" ", 1.0), ("blue", 1.21), (" ", 1.0), ("grey", 0.909)],
            ),
            ("(a [b] c:2)", vec![("a ", 2.0), ("b", 1.818), (" c", 2.0)]),
            ("((a:2) b)", vec![("a", 2.2), (" b", 1.1)]),
            (r"smile \(open\) \\ \x", vec![(r"smile (open) \ \x", 1.0)]),
            ("a) b] c:1.5", vec![("a) b] c:1.5", 1.0)]),
            ("(ratio 16:9)", vec![("ratio 16", 9.0)]),
            ("(time: noon)", vec![("time: noon", 1.1)]),
            ("(open (twice", vec![("open ", 1.1), ("twice", 1.21)]),
            ("(much:99999999)(less:-3)(none:nan)", vec![("much", 10.0), ("less", 0.0), ("none:nan", 1.1)]),
            ("(:1.2)", vec![]),
            ("(水:1.2)彩", vec![("水", 1.2), ("彩", 1.0)]),
        ] {
            let expected: Vec<(String, f32)> =
                expected.into_iter().map(|(text, w)| (text.to_owned(), w)).collect();
            assert_eq!(read(prompt), expected, "{prompt}");
        }
        assert_eq!(plain(&parts("a (red:1.3) [house]")), "a red house");
    }

    #[test]
    fn brackets_without_end_are_no_trouble() {
        let huge = "(((a:1e38):1e38):0)".to_owned();
        for prompt in
            [huge, "(".repeat(16 << 10), "(a:".repeat(5000), "[(a)".repeat(4000), ":".repeat(16 << 10)]
        {
            assert!(parts(&prompt).iter().all(|part| part.weight.is_finite()));
        }
    }
}
