//! Making hostile text harmless and visible, and small wording helpers that all writers share.

use std::borrow::Cow;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthChar;

/// Longest run of combining marks that is left alone; more are used to paint over neighbouring lines.
const MARKS: u32 = 4;

/// Whether newlines and tabs belong to the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One line: newlines and tabs are made visible like any control character.
    Line,
    /// A block of lines: newlines and tabs stay.
    Block,
}

/// A piece of text after scanning for characters that must not reach a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text to be shown as it is.
    Plain(&'a str),
    /// A character to be shown as an escape.
    Hidden(char),
}

/// Splits `text` into plain runs and characters to be escaped.
pub fn pieces(text: &str, shape: Shape) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    let mut marks = 0u32;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = 0;
        for (at, c) in rest.char_indices() {
            let before = marks;
            marks = if is_mark(c) { marks + 1 } else { 0 };
            let hidden = is_hidden(c) || before >= MARKS && marks > 0 || is_command(&rest[at..]);
            let kept = (shape == Shape::Block && matches!(c, '\n' | '\t')) || !hidden;
            if !kept {
                if at > 0 {
                    // The plain run before it goes first; the character is looked at again.
                    marks = before;
                    end = at;
                    break;
                }
                rest = &rest[c.len_utf8()..];
                return Some(Piece::Hidden(c));
            }
            end = at + c.len_utf8();
        }
        let (plain, next) = rest.split_at(end);
        rest = next;
        Some(Piece::Plain(plain))
    })
}

/// `text` on one line, with every control, bidirectional and invisible character written as `\u{..}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    escape(text, Shape::Line)
}

/// As [`visible`], but newlines and tabs stay.
pub fn visible_block(text: &str) -> Cow<'_, str> {
    escape(text, Shape::Block)
}

fn escape(text: &str, shape: Shape) -> Cow<'_, str> {
    let mut split = pieces(text, shape);
    match split.next() {
        None => Cow::Borrowed(""),
        Some(Piece::Plain(all)) if all.len() == text.len() => Cow::Borrowed(text),
        first => {
            let mut out = String::with_capacity(text.len() + 16);
            for piece in first.into_iter().chain(split) {
                match piece {
                    Piece::Plain(plain) => out.push_str(plain),
                    Piece::Hidden(c) => push_escape(&mut out, c),
                }
            }
            Cow::Owned(out)
        }
    }
}

/// Appends `\u{..}` for a character.
pub fn push_escape(out: &mut String, c: char) {
    write!(out, "\\u{{{:x}}}", u32::from(c)).expect("writing to a string cannot fail");
}

/// Whether a character must not be shown raw: controls, line and paragraph separators, format characters
/// (bidirectional controls among them), invisible fillers, tags and noncharacters. XML 1.0 forbids some of them.
pub fn is_hidden(c: char) -> bool {
    let n = u32::from(c);
    c.is_control()
        || matches!(n,
            0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x115f..=0x1160 | 0x17b4..=0x17b5
            | 0x180b..=0x180f | 0x200b..=0x200f | 0x2028..=0x202f | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xfeff | 0xffa0
            | 0xfff0..=0xfffb | 0x110bd | 0x110cd | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
        || (0xfdd0..=0xfdef).contains(&n)
        || n & 0xfffe == 0xfffe
}

/// Whether a text begins with what a CI system that shows it in a log would carry out: Azure and TeamCity anywhere in a line,
/// GitHub at the beginning of one, which is wherever somebody breaks lines.
fn is_command(text: &str) -> bool {
    const ANYWHERE: [&str; 3] = ["##[", "##vso[", "##teamcity["];
    const LINES: [&str; 16] = [
        "add-mask",
        "add-matcher",
        "add-path",
        "debug",
        "echo",
        "endgroup",
        "error",
        "group",
        "notice",
        "remove-matcher",
        "save-state",
        "set-env",
        "set-output",
        "stop-commands",
        "warning",
        "internal-set-repo-path",
    ];
    let begins = |text: &[u8], with: &str| {
        text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
    };
    match text.as_bytes() {
        text @ [b'#', b'#', ..] => ANYWHERE.iter().any(|command| begins(text, command)),
        [b':', b':', rest @ ..] => LINES.iter().any(|command| begins(rest, command)),
        _ => false,
    }
}

fn is_mark(c: char) -> bool {
    matches!(u32::from(c),
        0x300..=0x36f | 0x483..=0x489 | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f)
}

/// At most `limit` characters of `text`, and whether something was cut.
pub fn cut(text: &str, limit: usize) -> (&str, bool) {
    match text.char_indices().nth(limit) {
        Some((at, _)) => (&text[..at], true),
        None => (text, false),
    }
}

/// Columns that a text takes on a terminal: wide characters take two, combining ones none.
pub fn columns(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// The longest beginning of `text` that takes at most `width` columns, marks of its last character included.
fn beginning(text: &str, width: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width {
            return &text[..at];
        }
    }
    text
}

/// `text`, cut in its middle where it takes more than `width` columns: ids differ at their ends.
pub fn fit(text: &str, width: usize) -> Cow<'_, str> {
    const GAP: &str = "...";
    if columns(text) <= width {
        return Cow::Borrowed(text);
    }
    let room = width.saturating_sub(GAP.len());
    if room < 2 * GAP.len() {
        return Cow::Borrowed(beginning(text, width));
    }
    let head = beginning(text, room / 3);
    let mut left = room - columns(head);
    let mut tail = "";
    for (at, c) in text.char_indices().rev() {
        let width = c.width().unwrap_or(0);
        if width > left {
            break;
        }
        left -= width;
        tail = &text[at..];
    }
    Cow::Owned(format!("{head}{GAP}{tail}"))
}

/// Breaks a line at spaces, so that none takes more than `width` columns; a word longer than the line is broken inside.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let mut word = word;
        let mut length = columns(word);
        if used > 0 && used + 1 + length > width {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        while length > width {
            let part = beginning(word, width);
            lines.push(part.to_owned());
            length -= columns(part);
            word = &word[part.len()..];
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
    }
    if used > 0 || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// As [`wrap`], with every line but the first indented by `indent` columns; the first holds the same room for what is
/// before it.
pub fn hanging(text: &str, indent: usize, width: usize) -> String {
    wrap(text, width.saturating_sub(indent)).join(&format!("\n{:indent$}", ""))
}

/// A number with thousands separated by commas.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 packet`, `2 packets`.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

/// Milliseconds as seconds with three decimals: `4.817 s`.
pub fn seconds(ms: u64) -> String {
    format!("{}.{:03} s", thousands(ms / 1000), ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_what_could_deceive() {
        assert_eq!(visible("plain ünïcode 漢字 😀"), "plain ünïcode 漢字 😀");
        assert_eq!(visible("a\u{202e}b\u{1b}[31m\n\u{9b}"), "a\\u{202e}b\\u{1b}[31m\\u{a}\\u{9b}");
        assert_eq!(visible_block("a\n\tb\r"), "a\n\tb\\u{d}");
        assert_eq!(visible("\u{fffe}\u{0}"), "\\u{fffe}\\u{0}");
        assert_eq!(visible(""), "");
        assert!(matches!(visible("abc"), Cow::Borrowed("abc")));
    }

    #[test]
    fn nothing_is_a_command_to_who_shows_a_log() {
        assert_eq!(visible("x ##vso[task.setvariable variable=A]1"), "x \\u{23}#vso[task.setvariable variable=A]1");
        assert_eq!(visible("###[error]a##TeamCity[b"), "#\\u{23}#[error]a\\u{23}#TeamCity[b");
        assert_eq!(visible_block("a\n ::Set-Output name=a::b"), "a\n \\u{3a}:Set-Output name=a::b");
        assert_eq!(visible(":::error::x"), ":\\u{3a}:error::x");
        for plain in ["## heading", "#[x]", "::1", "2001:db8::ffff", "a::b", "##", "::", "##vs\u{f6}["] {
            assert_eq!(visible(plain), plain);
        }
    }

    #[test]
    fn stacks_of_marks_are_cut_short() {
        let tower = format!("e{}", "\u{301}".repeat(6));
        assert_eq!(visible(&tower), format!("e{}\\u{{301}}\\u{{301}}", "\u{301}".repeat(4)));
        assert_eq!(visible("e\u{301}e\u{301}"), "e\u{301}e\u{301}");
    }

    #[test]
    fn numbers() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(1_048_576), "1,048,576");
        assert_eq!(count(1, "packet", "packets"), "1 packet");
        assert_eq!(count(1200, "packet", "packets"), "1,200 packets");
        assert_eq!(seconds(4817), "4.817 s");
        assert_eq!(cut("añb", 2), ("añ", true));
        assert_eq!(cut("añ", 2), ("añ", false));
    }

    #[test]
    fn columns_are_those_of_a_terminal() {
        assert_eq!(columns("abc"), 3);
        assert_eq!(columns("漢字"), 4);
        assert_eq!(columns("e\u{301}"), 1);
        assert_eq!(wrap("漢字漢字漢 字", 8), ["漢字漢字", "漢 字"]);
        assert_eq!(hanging("one two three", 4, 12), "one two\n    three");
    }

    #[test]
    fn what_does_not_fit_is_cut_in_the_middle() {
        assert_eq!(fit("openc2/answering/query", 30), "openc2/answering/query");
        assert_eq!(fit("openc2/answering/query-features-all-cbor", 30), "openc2/an...-features-all-cbor");
        assert_eq!(fit("abcdefgh", 5), "abcde");
        assert_eq!(fit("漢字漢字漢字漢字", 13), "漢...漢字漢字");
    }

    proptest! {
        #[test]
        fn what_is_fitted_fits(text in any::<String>(), width in 0usize..40) {
            prop_assert!(columns(&fit(&text, width)) <= width);
        }

        #[test]
        fn wrapping_loses_no_word(text in "[a-z ]{0,80}", width in 8usize..30) {
            let joined: String = wrap(&text, width).concat();
            prop_assert_eq!(joined.replace(' ', ""), text.replace(' ', ""));
        }

        #[test]
        fn nothing_hidden_survives(text in any::<String>()) {
            prop_assert!(!visible(&text).chars().any(is_hidden));
            prop_assert!(!visible_block(&text).chars().any(|c| is_hidden(c) && c != '\n' && c != '\t'));
        }

        #[test]
        fn pieces_lose_nothing(text in any::<String>()) {
            let mut joined = String::new();
            for piece in pieces(&text, Shape::Line) {
                match piece {
                    Piece::Plain(plain) => joined.push_str(plain),
                    Piece::Hidden(c) => joined.push(c),
                }
            }
            prop_assert_eq!(joined, text);
        }
    }
}
