//! JSON (RFC 8259) held against I-JSON (RFC 7493): total, with byte ranges, and with as much of the tree as
//! can be read when something is wrong.
//!
//! Differences from common parsers, all deliberate: names may repeat (a defect, every member is kept); lone
//! surrogates and bytes that are not UTF-8 stand as U+FFFD (a defect); `-0` is the integer 0; integers beyond
//! 128 bits are floats; numbers beyond double precision are read as the nearest double (a defect of its own).

use super::{Node, Value};
use std::collections::BTreeSet;
use touchstone_fixtures::wire::{Defect, Span};

/// Row of everything RFC 7493 forbids.
pub(crate) const IJSON: &str = "L-084";
/// Row of what RFC 7493 2.2 merely advises against.
pub(crate) const NUMBERS: &str = "L-084-numbers";

/// Deepest nesting that is read.
pub(crate) const DEPTH: usize = 128;
/// Most values that are read from one message.
pub(crate) const VALUES: usize = 16_384;
/// Most defects that are listed for one message.
pub(crate) const DEFECTS: usize = 64;

/// How a text is written, where JSON leaves a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Escapes stand in strings.
    pub escapes: bool,
    /// White space stands between tokens.
    pub white_space: bool,
    /// Characters beyond ASCII stand in strings, unescaped.
    pub non_ascii: bool,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The value, or as much of it as could be read.
    pub root: Option<Node>,
    /// What is wrong, in order.
    pub defects: Vec<Defect>,
    /// Whether the text stopped being readable before its end.
    pub broken_off: bool,
    /// Set when one of our own limits ended the reading: where, and which. Nothing is said of the rest.
    pub unread: Option<(Span, String)>,
    /// How it is written (JSON only).
    pub style: Style,
}

/// Reads `bytes`, which start `base` bytes into the payload.
pub fn parse(bytes: &[u8], base: u32) -> Parsed {
    let mut parser = Parser { bytes, base, at: 0, values: 0, out: Parsed::default() };
    parser.document();
    parser.out
}

/// Reading cannot go on; why was entered in the defects or in `unread`.
struct Stop;

/// What was read; on error, what was read of it.
type Partial<T> = Result<T, (Option<T>, Stop)>;

struct Parser<'a> {
    bytes: &'a [u8],
    base: u32,
    at: usize,
    values: usize,
    out: Parsed,
}

impl Parser<'_> {
    fn document(&mut self) {
        if self.bytes.starts_with(b"\xEF\xBB\xBF") {
            self.defect(IJSON, 0, 3, "no byte order mark", "a byte order mark");
            self.at = 3;
        }
        self.space();
        let whole = self.value(0);
        match whole {
            Ok(node) => {
                self.out.root = Some(node);
                self.space();
                if self.at < self.bytes.len() {
                    let rest = self.bytes.len() - self.at;
                    self.defect(
                        IJSON,
                        self.at,
                        self.bytes.len(),
                        "nothing after the JSON text",
                        format!("{rest} more {}", if rest == 1 { "byte" } else { "bytes" }),
                    );
                }
            }
            Err((partial, Stop)) => {
                self.out.root = partial;
                self.out.broken_off = true;
            }
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let offset = |n: usize| self.base.saturating_add(u32::try_from(n).unwrap_or(u32::MAX));
        Span::new(offset(start), offset(end))
    }

    fn defect(
        &mut self,
        clause: &'static str,
        start: usize,
        end: usize,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) {
        if self.out.defects.len() < DEFECTS {
            let span = self.span(start, end);
            self.out.defects.push(Defect { clause, span, bits: 0, expected: expected.into(), actual: actual.into() });
        }
    }

    /// A syntax error at the present byte that ends the reading.
    fn stop(&mut self, expected: &str) -> Stop {
        let (end, actual) = match self.bytes.get(self.at) {
            Some(byte) => (self.at + 1, describe(*byte)),
            None => (self.at, "the end of the payload".to_owned()),
        };
        self.defect(IJSON, self.at, end, expected, actual);
        Stop
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.out.style.white_space = true;
            self.at += 1;
        }
    }

    /// Reads one value. On error, gives what was read of it.
    fn value(&mut self, depth: usize) -> Partial<Node> {
        self.values += 1;
        if depth >= DEPTH || self.values > VALUES {
            let why = if depth >= DEPTH {
                format!("nested deeper than {DEPTH} levels")
            } else {
                format!("more than {VALUES} values")
            };
            self.out.unread = Some((self.span(self.at, self.bytes.len()), why));
            return Err((None, Stop));
        }
        let start = self.at;
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => match self.string() {
                (text, Ok(())) => Ok(self.node(start, Value::Text(text))),
                (text, Err(stop)) => Err((Some(self.node(start, Value::Text(text))), stop)),
            },
            Some(b'-' | b'0'..=b'9') => self.number().map_err(|stop| (None, stop)),
            _ => {
                for (word, value) in [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)]
                {
                    if self.bytes[start..].starts_with(word.as_bytes()) {
                        self.at += word.len();
                        return Ok(self.node(start, value));
                    }
                }
                let stop = self.stop("a JSON value");
                Err((None, stop))
            }
        }
    }

    fn node(&self, start: usize, value: Value) -> Node {
        Node { span: self.span(start, self.at), value }
    }

    fn array(&mut self, depth: usize) -> Partial<Node> {
        let start = self.at;
        self.at += 1;
        let mut items = Vec::new();
        let mut more = self.opened(b']');
        while more {
            let read = match self.value(depth + 1) {
                Ok(item) => {
                    items.push(item);
                    self.goes_on(b']')
                }
                Err((partial, stop)) => {
                    items.extend(partial);
                    Err(stop)
                }
            };
            match read {
                Ok(goes_on) => more = goes_on,
                Err(stop) => return Err((Some(self.node(start, Value::Array(items))), stop)),
            }
        }
        Ok(self.node(start, Value::Array(items)))
    }

    fn object(&mut self, depth: usize) -> Partial<Node> {
        let start = self.at;
        self.at += 1;
        let mut members = Vec::new();
        let mut names = BTreeSet::new();
        let mut more = self.opened(b'}');
        while more {
            let read = match self.member(depth, &mut names) {
                Ok(member) => {
                    members.push(member);
                    self.goes_on(b'}')
                }
                Err((partial, stop)) => {
                    members.extend(partial);
                    Err(stop)
                }
            };
            match read {
                Ok(goes_on) => more = goes_on,
                Err(stop) => return Err((Some(self.node(start, Value::Map(members))), stop)),
            }
        }
        Ok(self.node(start, Value::Map(members)))
    }

    fn member(&mut self, depth: usize, names: &mut BTreeSet<String>) -> Partial<(Node, Node)> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err((None, self.stop("a member name in double quotes")));
        }
        let (name, read) = self.string();
        read.map_err(|stop| (None, stop))?;
        let key = self.node(start, Value::Text(name.clone()));
        if names.contains(&name) {
            self.defect(
                IJSON,
                start,
                self.at,
                "each member name once in an object",
                format!("{} again", quoted(&name)),
            );
        } else {
            names.insert(name);
        }
        self.space();
        if self.peek() != Some(b':') {
            return Err((None, self.stop("a colon after the member name")));
        }
        self.at += 1;
        self.space();
        match self.value(depth + 1) {
            Ok(value) => Ok((key, value)),
            Err((partial, stop)) => Err((partial.map(|value| (key, value)), stop)),
        }
    }

    /// After an opening bracket: whether an element follows. A closing bracket is taken.
    fn opened(&mut self, bracket: u8) -> bool {
        self.space();
        let empty = self.peek() == Some(bracket);
        if empty {
            self.at += 1;
        }
        !empty
    }

    /// After an element: whether another one follows. The comma or the closing bracket is taken; a comma
    /// right before a closing bracket is a defect that reading survives.
    fn goes_on(&mut self, bracket: u8) -> Result<bool, Stop> {
        self.space();
        match self.peek() {
            Some(b',') => {
                let comma = self.at;
                self.at += 1;
                self.space();
                let closed = self.peek() == Some(bracket);
                if closed {
                    self.defect(IJSON, comma, comma + 1, "no comma before a closing bracket", "','");
                    self.at += 1;
                }
                Ok(!closed)
            }
            Some(byte) if byte == bracket => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.stop(if bracket == b']' { "',' or ']'" } else { "',' or '}'" })),
        }
    }

    /// Reads a string; the text is what could be read of it.
    fn string(&mut self) -> (String, Result<(), Stop>) {
        let mut text = String::new();
        self.at += 1;
        loop {
            let start = self.at;
            match self.peek() {
                None => {
                    let stop = self.stop("a closing quote");
                    return (text, Err(stop));
                }
                Some(b'"') => {
                    self.at += 1;
                    return (text, Ok(()));
                }
                Some(b'\\') => {
                    self.out.style.escapes = true;
                    if let Err(stop) = self.escape(&mut text) {
                        return (text, Err(stop));
                    }
                }
                Some(control @ 0..=0x1F) => {
                    self.at += 1;
                    text.push(char::from(control));
                    self.defect(IJSON, start, self.at, "control characters escaped", describe(control));
                }
                Some(ascii @ 0x20..=0x7F) => {
                    self.at += 1;
                    text.push(char::from(ascii));
                }
                Some(_) => self.beyond_ascii(&mut text),
            }
        }
    }

    fn beyond_ascii(&mut self, text: &mut String) {
        let start = self.at;
        self.out.style.non_ascii = true;
        let window = &self.bytes[start..self.bytes.len().min(start + 4)];
        let (good, length) = match std::str::from_utf8(window) {
            Ok(sound) => (sound.chars().next(), 0),
            Err(error) => {
                // `window` may cut the next character short; only a fault at its very start concerns this one.
                let sound = std::str::from_utf8(&window[..error.valid_up_to()]).unwrap_or("");
                (sound.chars().next(), unsound(window, error.error_len()))
            }
        };
        match good {
            Some(character) => {
                self.at += character.len_utf8();
                text.push(character);
                self.check_character(start, character);
            }
            None => {
                self.at += length.max(1);
                text.push(char::REPLACEMENT_CHARACTER);
                let bytes: Vec<_> = self.bytes[start..self.at].iter().map(|b| format!("{b:02X}")).collect();
                self.defect(IJSON, start, self.at, "UTF-8", format!("bytes {}", bytes.join(" ")));
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), Stop> {
        let start = self.at;
        self.at += 1;
        let plain = match self.peek() {
            Some(same @ (b'"' | b'\\' | b'/')) => char::from(same),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(start, text),
            Some(other) if other.is_ascii_graphic() => {
                self.at += 1;
                text.push(char::from(other));
                self.defect(IJSON, start, self.at, "one of JSON's escapes", format!("'\\{}'", char::from(other)));
                return Ok(());
            }
            _ => return Err(self.stop("one of JSON's escapes")),
        };
        self.at += 1;
        text.push(plain);
        Ok(())
    }

    fn unicode_escape(&mut self, start: usize, text: &mut String) -> Result<(), Stop> {
        let first = self.hex_unit()?;
        let code = match first {
            0xD800..=0xDBFF => {
                let after = self.at;
                if self.bytes[after..].starts_with(b"\\u") {
                    self.at += 1;
                    let second = self.hex_unit()?;
                    if (0xDC00..=0xDFFF).contains(&second) {
                        0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00)
                    } else {
                        // The second escape stands for itself.
                        self.at = after;
                        first
                    }
                } else {
                    first
                }
            }
            other => other,
        };
        match char::from_u32(code) {
            Some(character) => {
                text.push(character);
                self.check_character(start, character);
            }
            None => {
                text.push(char::REPLACEMENT_CHARACTER);
                self.defect(IJSON, start, self.at, "no lone surrogate", format!("\\u{code:04X}"));
            }
        }
        Ok(())
    }

    /// Reads `uXXXX`, standing on the `u`.
    fn hex_unit(&mut self) -> Result<u32, Stop> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            match self.peek().and_then(|byte| char::from(byte).to_digit(16)) {
                Some(digit) => unit = unit * 16 + digit,
                None => return Err(self.stop("four hexadecimal digits after \\u")),
            }
            self.at += 1;
        }
        Ok(unit)
    }

    fn check_character(&mut self, start: usize, character: char) {
        let code = u32::from(character);
        // Unicode noncharacters: FDD0 to FDEF, and the last two code points of each plane.
        if (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE {
            self.defect(IJSON, start, self.at, "no Unicode noncharacter", format!("U+{code:04X}"));
        }
    }

    fn number(&mut self) -> Result<Node, Stop> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let digits = self.at;
        self.digits()?;
        if self.at - digits > 1 && self.bytes[digits] == b'0' {
            self.defect(IJSON, start, self.at, "a number without leading zeros", self.token(start));
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            whole = false;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            whole = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        let text = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or("0");
        // Rust's parser takes every text that is left here and rounds correctly.
        let float: f64 = text.parse().unwrap_or(0.0);
        let value = match text.parse::<i128>() {
            Ok(integer) if whole => Value::Int(integer),
            _ => Value::Float(float),
        };
        if !fits_double(text, float, &value) {
            self.defect(NUMBERS, start, self.at, "a number that IEEE 754 double precision holds", self.token(start));
        }
        Ok(self.node(start, value))
    }

    fn digits(&mut self) -> Result<(), Stop> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.stop("a digit"));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    /// The token from `start` to here, cut to a readable length.
    fn token(&self, start: usize) -> String {
        shortened(&String::from_utf8_lossy(&self.bytes[start..self.at]))
    }
}

/// Whether a double has the magnitude and the precision that a number is written with: integers must be
/// exact, others have at most 17 significant digits.
fn fits_double(text: &str, float: f64, value: &Value) -> bool {
    if !float.is_finite() {
        return false;
    }
    if let Value::Int(integer) = value {
        return float as i128 == *integer;
    }
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0').trim_end_matches('0').len();
    significant <= 17 && (float != 0.0 || significant == 0)
}

/// How many bytes at the start of `window` make one fault: an encoded surrogate counts as one.
fn unsound(window: &[u8], error: Option<usize>) -> usize {
    match window {
        [0xED, 0xA0..=0xBF, 0x80..=0xBF, ..] => 3,
        _ => error.unwrap_or(window.len()),
    }
}

fn describe(byte: u8) -> String {
    match byte {
        b'\'' => "\"'\"".to_owned(),
        0x20..=0x7E => format!("'{}'", char::from(byte)),
        _ => format!("byte {byte:02X}"),
    }
}

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
