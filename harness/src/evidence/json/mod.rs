//! JSON (RFC 8259), held against I-JSON (RFC 7493) as well: total, with byte ranges, and with as much of the tree as
//! can be read when something is wrong.
//!
//! Differences from common parsers, all deliberate: names may repeat (a defect, every member is kept); lone
//! surrogates and bytes that are not UTF-8 stand as U+FFFD (a defect); `-0` is the integer 0; integers beyond
//! 128 bits are floats; numbers beyond double precision are read as the nearest double (a defect of its own).

mod number;
mod text;

use super::{Node, Value};
use crate::evidence::show::quoted;
use std::collections::BTreeSet;
use touchstone_fixtures::wire::{Defect, Span};

/// The rows of a language that say what its JSON is.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// JSON itself, in UTF-8, without names that repeat.
    pub text: &'static str,
    /// What only RFC 7493 forbids in strings: halves of surrogate pairs, noncharacters.
    pub interchange: &'static str,
    /// What RFC 7493 2.2 merely advises against: numbers beyond double precision.
    pub numbers: &'static str,
}

/// What is expected of a string that holds half a surrogate pair.
pub(crate) const LONE_SURROGATE: &str = "no lone surrogate";
/// What is expected of a string that holds a noncharacter.
pub(crate) const NONCHARACTER: &str = "no Unicode noncharacter";

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
pub fn parse(bytes: &[u8], base: u32, rows: Rows) -> Parsed {
    let mut parser = Parser { bytes, base, rows, at: 0, values: 0, out: Parsed::default() };
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
    rows: Rows,
    at: usize,
    values: usize,
    out: Parsed,
}

impl Parser<'_> {
    fn document(&mut self) {
        if self.bytes.starts_with(b"\xEF\xBB\xBF") {
            self.defect(self.rows.text, 0, 3, "no byte order mark", "a byte order mark");
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
                        self.rows.text,
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
        self.defect(self.rows.text, self.at, end, expected, actual);
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
                self.rows.text,
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
                    self.defect(self.rows.text, comma, comma + 1, "no comma before a closing bracket", "','");
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
}

fn describe(byte: u8) -> String {
    match byte {
        b'\'' => "\"'\"".to_owned(),
        0x20..=0x7E => format!("'{}'", char::from(byte)),
        _ => format!("byte {byte:02X}"),
    }
}
