//! CBOR (RFC 8949): total, with byte ranges, and with as much of the tree as can be read when something is
//! wrong. Every well-formed encoding is taken, preferred or not; lengths are believed only as far as bytes follow.

use super::json::{DEFECTS, DEPTH, Parsed, VALUES};
use super::{Node, Value};
use crate::evidence::show::quoted;
use std::collections::BTreeSet;
use touchstone_fixtures::wire::{Defect, Span};

/// Row that names CBOR as serialization 2; what is not CBOR breaks it.
const CBOR: &str = "W4-055";
/// The tag that says "this is CBOR" and nothing else (RFC 8949 3.4.6).
const SELF_DESCRIBED: u64 = 55_799;

/// Reads `bytes`, which start `base` bytes into the payload.
pub fn parse(bytes: &[u8], base: u32) -> Parsed {
    let mut parser = Parser { bytes, base, at: 0, values: 0, out: Parsed::default() };
    match parser.value(0) {
        Ok(node) => {
            parser.out.root = Some(node);
            if parser.at < bytes.len() {
                let rest = bytes.len() - parser.at;
                let actual = format!("{rest} more {}", if rest == 1 { "byte" } else { "bytes" });
                parser.defect(parser.at, bytes.len(), "nothing after the CBOR data item", actual);
            }
        }
        Err((partial, Stop)) => {
            parser.out.root = partial;
            parser.out.broken_off = true;
        }
    }
    parser.out
}

/// Reading cannot go on; why was entered in the defects or in `unread`.
struct Stop;

/// What was read; on error, what was read of it.
type Partial<T> = Result<T, (Option<T>, Stop)>;

/// A head: major type, and its argument (`None`: indefinite length, or the break code).
struct Head {
    major: u8,
    info: u8,
    argument: Option<u64>,
}

struct Parser<'a> {
    bytes: &'a [u8],
    base: u32,
    at: usize,
    values: usize,
    out: Parsed,
}

impl Parser<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        let offset = |n: usize| self.base.saturating_add(u32::try_from(n).unwrap_or(u32::MAX));
        Span::new(offset(start), offset(end))
    }

    fn node(&self, start: usize, value: Value) -> Node {
        Node { span: self.span(start, self.at), value }
    }

    fn defect(&mut self, start: usize, end: usize, expected: impl Into<String>, actual: impl Into<String>) {
        if self.out.defects.len() < DEFECTS {
            let span = self.span(start, end);
            self.out.defects.push(Defect {
                clause: CBOR,
                span,
                bits: 0,
                expected: expected.into(),
                actual: actual.into(),
            });
        }
    }

    fn stop(&mut self, start: usize, expected: &str, actual: impl Into<String>) -> Stop {
        let end = self.at.max(start).min(self.bytes.len());
        self.defect(start, end, expected, actual);
        Stop
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn head(&mut self) -> Result<Head, Stop> {
        let start = self.at;
        let Some(first) = self.peek() else {
            return Err(self.stop(start, "a CBOR data item", "the end of the payload"));
        };
        self.at += 1;
        let (major, info) = (first >> 5, first & 0x1F);
        let argument = match info {
            0..=23 => Some(u64::from(info)),
            24..=27 => {
                let length = 1_usize << (info - 24);
                let Some(bytes) = self.bytes.get(self.at..self.at + length) else {
                    return Err(self.stop(start, "a complete CBOR head", "the end of the payload"));
                };
                self.at += length;
                Some(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
            }
            31 if matches!(major, 2..=5 | 7) => None,
            _ => return Err(self.stop(start, "well-formed CBOR", format!("initial byte {first:02X}"))),
        };
        Ok(Head { major, info, argument })
    }

    /// Reads one data item. On error, gives what was read of it.
    fn value(&mut self, depth: usize) -> Partial<Node> {
        let start = self.at;
        self.values += 1;
        if depth >= DEPTH || self.values > VALUES {
            let why = if depth >= DEPTH {
                format!("nested deeper than {DEPTH} levels")
            } else {
                format!("more than {VALUES} values")
            };
            self.out.unread = Some((self.span(start, self.bytes.len()), why));
            return Err((None, Stop));
        }
        let head = self.head().map_err(|stop| (None, stop))?;
        let value = match (head.major, head.argument) {
            (0, Some(n)) => Value::Int(i128::from(n)),
            (1, Some(n)) => Value::Int(-1 - i128::from(n)),
            (2, length) => Value::Bytes(self.byte_string(start, length).map_err(|stop| (None, stop))?),
            (3, length) => Value::Text(self.text_string(start, length).map_err(|stop| (None, stop))?),
            (4, length) => return self.array(start, length, depth),
            (5, length) => return self.map(start, length, depth),
            (6, Some(tag)) => return self.tagged(start, tag, depth),
            (_, argument) => self.simple(start, head.info, argument).map_err(|stop| (None, stop))?,
        };
        Ok(self.node(start, value))
    }

    fn simple(&mut self, start: usize, info: u8, argument: Option<u64>) -> Result<Value, Stop> {
        let Some(n) = argument else {
            return Err(self.stop(start, "a CBOR data item", "a break code outside an indefinite-length item"));
        };
        Ok(match (info, n) {
            (20, _) => Value::Bool(false),
            (21, _) => Value::Bool(true),
            (22, _) => Value::Null,
            (23, _) => Value::Other("undefined".to_owned()),
            (24, 0..=31) => {
                return Err(self.stop(start, "well-formed CBOR", format!("simple value {n} in two bytes")));
            }
            (25, _) => Value::Float(half(n)),
            (26, _) => Value::Float(f64::from(f32::from_bits(u32::try_from(n).unwrap_or(0)))),
            (27, _) => Value::Float(f64::from_bits(n)),
            _ => Value::Other(format!("simple value {n}")),
        })
    }

    fn take(&mut self, start: usize, length: u64) -> Result<&[u8], Stop> {
        let end = usize::try_from(length).ok().and_then(|n| self.at.checked_add(n));
        match end.filter(|end| *end <= self.bytes.len()) {
            Some(end) => {
                let from = self.at;
                self.at = end;
                Ok(&self.bytes[from..end])
            }
            None => {
                let left = self.bytes.len() - self.at;
                self.at = self.bytes.len();
                Err(self.stop(start, &format!("a string of {length} bytes"), format!("{left} bytes left")))
            }
        }
    }

    fn byte_string(&mut self, start: usize, length: Option<u64>) -> Result<Vec<u8>, Stop> {
        if let Some(length) = length {
            return Ok(self.take(start, length)?.to_vec());
        }
        let mut whole = Vec::new();
        while let Some((at, length)) = self.chunk(2)? {
            whole.extend_from_slice(self.take(at, length)?);
        }
        Ok(whole)
    }

    fn text_string(&mut self, start: usize, length: Option<u64>) -> Result<String, Stop> {
        if let Some(length) = length {
            return self.text(start, length);
        }
        let mut whole = String::new();
        while let Some((at, length)) = self.chunk(3)? {
            whole.push_str(&self.text(at, length)?);
        }
        Ok(whole)
    }

    /// The head of the next chunk of an indefinite-length string: where it starts, and its length.
    fn chunk(&mut self, major: u8) -> Result<Option<(usize, u64)>, Stop> {
        let at = self.at;
        if self.peek() == Some(0xFF) {
            self.at += 1;
            return Ok(None);
        }
        let head = self.head()?;
        match head.argument.filter(|_| head.major == major) {
            Some(length) => Ok(Some((at, length))),
            None => Err(self.stop(at, "a definite-length chunk of the same string type", "another data item")),
        }
    }

    fn text(&mut self, start: usize, length: u64) -> Result<String, Stop> {
        let taken = self.take(start, length)?;
        let sound = std::str::from_utf8(taken).is_ok();
        let text = String::from_utf8_lossy(taken).into_owned();
        if !sound {
            self.defect(start, self.at, "UTF-8 in a text string", quoted(&text));
        }
        Ok(text)
    }

    /// Whether another element follows; takes the break code.
    fn goes_on(&mut self, left: &mut Option<u64>) -> bool {
        match left {
            Some(0) => false,
            Some(n) => {
                *n -= 1;
                true
            }
            None if self.peek() == Some(0xFF) => {
                self.at += 1;
                false
            }
            None => true,
        }
    }

    fn array(&mut self, start: usize, mut left: Option<u64>, depth: usize) -> Partial<Node> {
        let mut items = Vec::new();
        while self.goes_on(&mut left) {
            match self.value(depth + 1) {
                Ok(item) => items.push(item),
                Err((partial, stop)) => {
                    items.extend(partial);
                    return Err((Some(self.node(start, Value::Array(items))), stop));
                }
            }
        }
        Ok(self.node(start, Value::Array(items)))
    }

    fn map(&mut self, start: usize, mut left: Option<u64>, depth: usize) -> Partial<Node> {
        let mut members = Vec::new();
        let mut names = BTreeSet::new();
        while self.goes_on(&mut left) {
            let member = self.value(depth + 1).map_err(|(_, stop)| (None, stop)).and_then(|key| {
                self.unique(&key, &mut names);
                match self.value(depth + 1) {
                    Ok(value) => Ok((key, value)),
                    Err((partial, stop)) => Err((partial.map(|value| (key, value)), stop)),
                }
            });
            match member {
                Ok(member) => members.push(member),
                Err((partial, stop)) => {
                    members.extend(partial);
                    return Err((Some(self.node(start, Value::Map(members))), stop));
                }
            }
        }
        Ok(self.node(start, Value::Map(members)))
    }

    /// Keys of one map differ (RFC 8949 5.6). Texts and integers are compared; no OpenC2 map has other keys.
    fn unique(&mut self, key: &Node, names: &mut BTreeSet<(Option<String>, i128)>) {
        let name = match &key.value {
            Value::Text(text) => (Some(text.clone()), 0),
            Value::Int(n) => (None, *n),
            _ => return,
        };
        let shown = match &name {
            (Some(text), _) => quoted(text),
            (None, n) => n.to_string(),
        };
        if !names.insert(name) && self.out.defects.len() < DEFECTS {
            self.out.defects.push(Defect {
                clause: CBOR,
                span: key.span,
                bits: 0,
                expected: "each key once in a map".to_owned(),
                actual: format!("{shown} again"),
            });
        }
    }

    fn tagged(&mut self, start: usize, tag: u64, depth: usize) -> Partial<Node> {
        let inner = self.value(depth + 1)?;
        if tag == SELF_DESCRIBED {
            return Ok(inner);
        }
        Ok(self.node(start, Value::Other(format!("tag {tag}"))))
    }
}

/// A half-precision float (RFC 8949, appendix D describes the format).
fn half(bits: u64) -> f64 {
    let exponent = i32::try_from(bits >> 10 & 0x1F).unwrap_or(0);
    let fraction = f64::from(u32::try_from(bits & 0x3FF).unwrap_or(0));
    let magnitude = match exponent {
        0 => fraction * f64::powi(2.0, -24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * f64::powi(2.0, exponent - 25),
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}
