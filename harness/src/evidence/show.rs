//! Text of an IUT, made fit for a sentence.

/// A text for people: in quotes, control characters escaped, cut to a readable length.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", shortened(text))
}

/// A text for people, control characters escaped, cut to a readable length.
pub(crate) fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = text.chars().take(SHOWN).flat_map(printable).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push_str("...");
    }
    shown
}

fn printable(character: char) -> impl Iterator<Item = char> {
    let escaped = if character.is_control() { Some(character.escape_default()) } else { None };
    let plain = if escaped.is_none() { Some(character) } else { None };
    escaped.into_iter().flatten().chain(plain)
}
