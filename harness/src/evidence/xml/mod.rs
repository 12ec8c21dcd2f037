//! XML 1.0 with namespaces, as far as messages use it: total, with byte ranges, and with as much of the tree as can be read
//! when something is wrong.
//!
//! Nothing outside the text is ever looked at, and no entity but the five of XML itself is known: a document type declaration
//! ends the reading without blame. What well-formedness forbids ends it with a defect, as it does for every XML processor; only
//! attributes that repeat and prefixes that nobody declared are survived.

mod text;

use std::collections::BTreeSet;
use touchstone_fixtures::wire::{Defect, Span};

/// Deepest nesting that is read.
pub(crate) const DEPTH: usize = 128;
/// Most elements and attributes that are read from one message.
pub(crate) const NODES: usize = 16_384;
/// Most defects that are listed for one message.
const DEFECTS: usize = 64;
/// Most namespace declarations that are in force at one place.
const DECLARATIONS: usize = 256;
/// The namespace of the prefix `xml`.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// An element or attribute name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// What stands before the colon, if there is one.
    pub prefix: Option<String>,
    /// What stands behind it.
    pub local: String,
    /// The namespace, if there is one.
    pub namespace: Option<String>,
}

/// An attribute; declarations of namespaces are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Name and value together.
    pub span: Span,
    /// Its name.
    pub name: Name,
    /// Its value, references resolved.
    pub value: String,
}

/// An element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// From its start tag to its end tag.
    pub span: Span,
    /// Its name.
    pub name: Name,
    /// Attributes, in order.
    pub attributes: Vec<Attribute>,
    /// Child elements, in order.
    pub children: Vec<Element>,
    /// All character data directly in it, references resolved.
    pub text: String,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The root element, or as much of it as could be read.
    pub root: Option<Element>,
    /// What is wrong, in order.
    pub defects: Vec<Defect>,
    /// Whether the text stopped being readable before its end.
    pub broken_off: bool,
    /// Set when the reading ended where nothing is known to be wrong: where, and why. Nothing is said of the rest.
    pub unread: Option<(Span, String)>,
}

/// Reads `bytes`, which start `base` bytes into the payload; what is wrong is entered under `row`.
pub fn parse(bytes: &[u8], base: u32, row: &'static str) -> Parsed {
    let mut parser = Parser { bytes, text: "", base, row, at: 0, nodes: 0, scope: Vec::new(), out: Parsed::default() };
    if parser.document().is_err() {
        parser.out.broken_off = true;
    }
    parser.out
}

/// Reading cannot go on; why was entered in the defects or in `unread`.
struct Stop;

struct Parser<'a> {
    bytes: &'a [u8],
    /// The sound part of the bytes.
    text: &'a str,
    base: u32,
    row: &'static str,
    at: usize,
    nodes: usize,
    /// Declarations of namespaces in force, innermost last: prefix (empty: none) and name (empty: none).
    scope: Vec<(String, String)>,
    out: Parsed,
}

impl<'a> Parser<'a> {
    fn document(&mut self) -> Result<(), Stop> {
        if self.bytes.starts_with(b"\xFE\xFF") || self.bytes.starts_with(b"\xFF\xFE") {
            return Err(self.unread("UTF-16 is not read"));
        }
        self.text = match std::str::from_utf8(self.bytes) {
            Ok(text) => text,
            Err(error) => {
                // What stands before the fault is read all the same.
                let sound = error.valid_up_to();
                let end = sound + error.error_len().unwrap_or(self.bytes.len() - sound);
                let bytes: Vec<String> = self.bytes[sound..end].iter().map(|b| format!("{b:02x}")).collect();
                self.defect(sound, end, "UTF-8", format!("bytes {}", bytes.join(" ")));
                std::str::from_utf8(&self.bytes[..sound]).unwrap_or_default()
            }
        };
        self.skip("\u{FEFF}");
        if self.looking_at("<?xml") && self.rest().chars().nth(5).is_some_and(text::is_space) {
            self.declaration()?;
        }
        self.between()?;
        if !self.looking_at("<") {
            return Err(self.stop("an element"));
        }
        let (root, read) = self.element(0);
        self.out.root = root;
        read?;
        self.between()?;
        if self.at < self.text.len() {
            return Err(self.stop("nothing behind the root element"));
        }
        // The fault that ended the sound part was entered already.
        if self.text.len() < self.bytes.len() { Err(Stop) } else { Ok(()) }
    }

    /// White space, comments and processing instructions outside the root element.
    fn between(&mut self) -> Result<(), Stop> {
        loop {
            self.space();
            if self.looking_at("<!--") {
                self.comment()?;
            } else if self.looking_at("<?") {
                self.instruction()?;
            } else if self.looking_at("<!DOCTYPE") {
                return Err(self.unread("a document type declaration is not read"));
            } else {
                return Ok(());
            }
        }
    }

    /// The XML declaration: the version is 1.x; other encodings than UTF-8 are not read.
    fn declaration(&mut self) -> Result<(), Stop> {
        let start = self.at;
        let Some(length) = self.rest().find("?>") else { return Err(self.stop("an XML declaration that ends")) };
        let inside = &self.rest()[5..length];
        let mut seen = Vec::new();
        let mut rest = inside.trim_matches(text::is_space);
        while !rest.is_empty() {
            let Some((name, value, behind)) = text::pseudo_attribute(rest) else {
                return Err(self.stop("an XML declaration of version, encoding and standalone"));
            };
            seen.push((name, value));
            rest = behind.trim_start_matches(text::is_space);
        }
        let names: Vec<&str> = seen.iter().map(|(name, _)| *name).collect();
        let ordered = matches!(
            names.as_slice(),
            ["version"] | ["version", "encoding"] | ["version", "standalone"] | ["version", "encoding", "standalone"]
        );
        let sound = |(name, value): &(&str, &str)| match *name {
            "version" => {
                value.strip_prefix("1.").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
            }
            "standalone" => matches!(*value, "yes" | "no"),
            _ => true,
        };
        if !ordered || !seen.iter().all(sound) {
            return Err(self.stop("an XML declaration of version, encoding and standalone"));
        }
        let encoding = seen.iter().find(|(name, _)| *name == "encoding").map_or("UTF-8", |(_, value)| value);
        if !encoding.eq_ignore_ascii_case("utf-8") && !encoding.eq_ignore_ascii_case("us-ascii") {
            return Err(self.unread("other encodings than UTF-8 are not read"));
        }
        self.at = start + length + 2;
        Ok(())
    }

    /// An element, or what could be read of it.
    fn element(&mut self, depth: usize) -> (Option<Element>, Result<(), Stop>) {
        self.nodes += 1;
        if depth >= DEPTH || self.nodes > NODES {
            let why = if depth >= DEPTH {
                format!("nested deeper than {DEPTH} levels")
            } else {
                format!("more than {NODES} elements and attributes")
            };
            return (None, Err(self.unread(why)));
        }
        let start = self.at;
        let scope = self.scope.len();
        self.at += 1;
        let Opened { name, attributes, empty } = match self.opened() {
            Ok(opened) => opened,
            Err(stop) => return (None, Err(stop)),
        };
        let mut element = Element {
            span: self.span(start, self.at),
            name: self.resolved(name, start, true),
            attributes: self.resolve_all(attributes),
            children: Vec::new(),
            text: String::new(),
        };
        let read = if empty { Ok(()) } else { self.content(&mut element, name, depth) };
        element.span = self.span(start, self.at);
        self.scope.truncate(scope);
        (Some(element), read)
    }

    /// Everything up to the end tag, and that.
    fn content(&mut self, element: &mut Element, name: &str, depth: usize) -> Result<(), Stop> {
        loop {
            self.characters(&mut element.text)?;
            if self.looking_at("</") {
                return self.end_tag(name);
            } else if self.looking_at("<!--") {
                self.comment()?;
            } else if self.looking_at("<![CDATA[") {
                self.cdata(&mut element.text)?;
            } else if self.looking_at("<?") {
                self.instruction()?;
            } else if self.looking_at("<") {
                let (child, read) = self.element(depth + 1);
                element.children.extend(child);
                read?;
            } else {
                return Err(self.stop(&format!("the end tag of {name}")));
            }
        }
    }

    fn end_tag(&mut self, name: &str) -> Result<(), Stop> {
        let start = self.at;
        self.at += 2;
        let found = self.name()?;
        if found != name {
            self.defect(start, self.at, &format!("the end tag of {name}"), format!("that of {found}"));
            return Err(Stop);
        }
        self.space();
        if !self.skip(">") {
            return Err(self.stop("'>'"));
        }
        Ok(())
    }

    /// A start tag, behind its `<`: declarations of namespaces are taken into the scope.
    fn opened(&mut self) -> Result<Opened<'a>, Stop> {
        let name = self.name()?;
        let mut attributes: Vec<Raw<'a>> = Vec::new();
        let mut names = BTreeSet::new();
        loop {
            let spaced = self.space();
            if self.skip("/>") {
                return Ok(Opened { name, attributes, empty: true });
            }
            if self.skip(">") {
                return Ok(Opened { name, attributes, empty: false });
            }
            if !spaced {
                return Err(self.stop("white space, '/>' or '>'"));
            }
            self.nodes += 1;
            if self.nodes > NODES {
                return Err(self.unread(format!("more than {NODES} elements and attributes")));
            }
            let at = self.at;
            let attribute = self.name()?;
            self.space();
            if !self.skip("=") {
                return Err(self.stop("'='"));
            }
            self.space();
            let value = self.quoted()?;
            if !names.insert(attribute) {
                self.defect(at, self.at, "each attribute once in a tag", format!("{attribute} again"));
                continue;
            }
            match attribute.split_once(':').map_or((attribute, ""), |parts| parts) {
                ("xmlns", prefix) if self.scope.len() < DECLARATIONS => self.scope.push((prefix.to_owned(), value)),
                ("xmlns", _) => return Err(self.unread(format!("more than {DECLARATIONS} namespaces"))),
                _ => attributes.push(Raw { start: at, end: self.at, name: attribute, value }),
            }
        }
    }

    fn resolve_all(&mut self, attributes: Vec<Raw<'a>>) -> Vec<Attribute> {
        attributes
            .into_iter()
            .map(|raw| Attribute {
                span: self.span(raw.start, raw.end),
                name: self.resolved(raw.name, raw.start, false),
                value: raw.value,
            })
            .collect()
    }

    /// A name with its namespace; that of a tag without a prefix is the default one.
    fn resolved(&mut self, name: &str, at: usize, tag: bool) -> Name {
        let (prefix, local) = match name.split_once(':') {
            Some((prefix, local)) => (Some(prefix), local),
            None => (None, name),
        };
        let declared = |wanted: &str| self.scope.iter().rev().find(|(p, _)| p == wanted).map(|(_, name)| name.clone());
        let namespace = match prefix {
            Some("xml") => Some(XML.to_owned()),
            Some(prefix) => {
                let namespace = declared(prefix).filter(|name| !name.is_empty());
                if namespace.is_none() {
                    self.defect(at, at + name.len(), "a prefix that is declared", prefix.to_owned());
                }
                namespace
            }
            None if tag => declared("").filter(|name| !name.is_empty()),
            None => None,
        };
        Name { prefix: prefix.map(str::to_owned), local: local.to_owned(), namespace }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let offset = |n: usize| self.base.saturating_add(u32::try_from(n).unwrap_or(u32::MAX));
        Span::new(offset(start), offset(end))
    }

    fn defect(&mut self, start: usize, end: usize, expected: &str, actual: impl Into<String>) {
        if self.out.defects.len() < DEFECTS {
            let (clause, span) = (self.row, self.span(start, end.min(self.bytes.len())));
            let expected = expected.to_owned();
            self.out.defects.push(Defect { clause, span, bits: 0, expected, actual: actual.into() });
        }
    }

    /// What stands here ends the reading.
    fn stop(&mut self, expected: &str) -> Stop {
        // Where the sound part ends before the text, that was entered already.
        if self.at >= self.text.len() && self.text.len() < self.bytes.len() {
            return Stop;
        }
        let (end, actual) = match self.rest().chars().next() {
            Some(character) => (self.at + character.len_utf8(), text::described(character)),
            None => (self.at, "the end of the payload".to_owned()),
        };
        self.defect(self.at, end, expected, actual);
        Stop
    }

    /// The reading ends here, without anything known to be wrong.
    fn unread(&mut self, why: impl Into<String>) -> Stop {
        self.out.unread = Some((self.span(self.at, self.bytes.len()), why.into()));
        Stop
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn looking_at(&self, text: &str) -> bool {
        self.rest().starts_with(text)
    }

    fn skip(&mut self, text: &str) -> bool {
        let there = self.looking_at(text);
        if there {
            self.at += text.len();
        }
        there
    }
}

/// A start tag.
struct Opened<'a> {
    name: &'a str,
    attributes: Vec<Raw<'a>>,
    empty: bool,
}

/// An attribute whose namespace is not known yet.
struct Raw<'a> {
    start: usize,
    end: usize,
    name: &'a str,
    value: String,
}

#[cfg(test)]
mod tests;
