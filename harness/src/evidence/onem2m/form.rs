//! Finding the primitive in a payload, and holding it against the parameter tables (TS-0004 7.2.1).

use super::topic::Topic;
use super::tree::{name_of, parameters_of};
use super::{Operation, Primitive, time};
use crate::evidence::payload::Kind;
use crate::evidence::show::{quoted, shortened};
use crate::evidence::{Node, Value, json, xml};
use crate::iut::Serialization;
use touchstone_fixtures::wire::{Defect, Span};

/// What is said of strings and numbers that JSON allows and RFC 7493 does not: nothing, oneM2M asks for JSON alone.
const BEYOND: &str = "";
/// Rows of the serializations.
const JSON: &str = "M-030";
const SHORT_NAMES: &str = "M-031";
const TYPES: &str = "M-032";
const WRAPPER: &str = "M-033";
const ONE_MEMBER: &str = "M-034";
const PREFIX: &str = "M-035";
const XML: &str = "M-036";
const ROOT: &str = "M-037";
const TIMES: &str = "M-038";

/// What a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Whole,
    /// A point in time.
    Timestamp,
    /// A point in time, or milliseconds from now.
    Moment,
    /// Whatever it is, nothing is said of it here.
    Any,
}

/// The parameters by their short names (Table 8.2.2-1).
const PARAMETERS: [(&str, Form); 37] = [
    ("op", Form::Whole),
    ("to", Form::Text),
    ("fr", Form::Text),
    ("rqi", Form::Text),
    ("ty", Form::Whole),
    ("pc", Form::Any),
    ("rids", Form::Any),
    ("ot", Form::Timestamp),
    ("rqet", Form::Moment),
    ("rset", Form::Moment),
    ("oet", Form::Moment),
    ("rt", Form::Any),
    ("rp", Form::Any),
    ("rcn", Form::Whole),
    ("ec", Form::Any),
    ("da", Form::Any),
    ("gid", Form::Text),
    ("fc", Form::Any),
    ("drt", Form::Whole),
    ("rsc", Form::Whole),
    ("tkns", Form::Any),
    ("tids", Form::Any),
    ("ltids", Form::Any),
    ("tqi", Form::Any),
    ("grtm", Form::Any),
    ("ati", Form::Any),
    ("tqf", Form::Any),
    ("cnst", Form::Any),
    ("cnot", Form::Any),
    ("asi", Form::Any),
    ("asri", Form::Any),
    ("aus", Form::Any),
    ("auri", Form::Any),
    ("sqi", Form::Any),
    ("rvi", Form::Text),
    ("vsi", Form::Any),
    // Of TS-0010 6.5.3, and of no table.
    ("xM2M-Accept", Form::Any),
];

/// Long names of parameters, which are not for these interfaces.
const LONG: [(&str, &str); 12] = [
    ("operation", "op"),
    ("from", "fr"),
    ("requestIdentifier", "rqi"),
    ("resourceType", "ty"),
    ("primitiveContent", "pc"),
    ("content", "pc"),
    ("originatingTimestamp", "ot"),
    ("requestExpirationTimestamp", "rqet"),
    ("resultExpirationTimestamp", "rset"),
    ("responseStatusCode", "rsc"),
    ("releaseVersionIndicator", "rvi"),
    ("resultContent", "rcn"),
];

/// Members that JSON does not wrap around a primitive, though XML does.
const WRAPPERS: [(&str, Kind); 2] = [("m2m:rqp", Kind::Request), ("m2m:rsp", Kind::Response)];

/// Reads a payload that came on this topic.
pub(super) fn read(topic: Option<Topic>, payload: &[u8]) -> Primitive {
    let mut primitive = Primitive {
        topic,
        payload_len: u32::try_from(payload.len()).unwrap_or(u32::MAX),
        serialization: None,
        kind: None,
        root: None,
        defects: Vec::new(),
        broken_off: false,
        uncommon: false,
        unread: None,
    };
    match payload.trim_ascii_start().first() {
        Some(b'{') => read_json(&mut primitive, payload),
        // A byte order mark, which XML may have.
        Some(0xEF) if payload.trim_ascii_start().get(3) == Some(&b'{') => read_json(&mut primitive, payload),
        Some(b'<' | 0xEF | 0xFE | 0xFF) => read_xml(&mut primitive, payload),
        // Neither object nor element: what the topic says it is tells whose defect that is.
        _ => match primitive.topic.as_ref().and_then(|topic| topic.format.as_deref()) {
            Some("cbor") => {
                let span = Span::new(0, primitive.payload_len);
                primitive.unread = Some((span, "CBOR is not read".to_owned()));
            }
            Some("xml") => read_xml(&mut primitive, payload),
            _ => read_json(&mut primitive, payload),
        },
    }
    if primitive.kind.is_none() && primitive.root.is_some() {
        primitive.kind = match (primitive.get("op").is_some(), primitive.get("rsc").is_some()) {
            (true, false) => Some(Kind::Request),
            (false, true) => Some(Kind::Response),
            (true, true) => None,
            (false, false) => {
                let topic = primitive.topic.as_ref().filter(|_| primitive.whole_text());
                let asks = topic.map(|topic| topic.leaf.asks());
                asks.map(|asks| if asks { Kind::Request } else { Kind::Response })
            }
        };
    }
    if primitive.whole_text() {
        let mut found = Vec::new();
        check(&primitive, &mut found);
        primitive.defects.extend(found);
    }
    primitive
}

fn read_json(primitive: &mut Primitive, payload: &[u8]) {
    let parsed = json::parse(payload, 0, json::Rows { text: JSON, interchange: BEYOND, numbers: BEYOND });
    primitive.serialization = Some(Serialization::Json);
    primitive.defects = parsed.defects;
    primitive.uncommon = primitive.defects.iter().any(|defect| defect.clause == BEYOND);
    primitive.defects.retain(|defect| defect.clause != BEYOND);
    primitive.broken_off = parsed.broken_off;
    primitive.unread = parsed.unread;
    let Some(root) = parsed.root else { return };
    let wrapped = match root.as_map() {
        Some([(name, inner)]) => WRAPPERS
            .iter()
            .find(|(wrapper, _)| name.as_text() == Some(wrapper))
            .map(|(wrapper, kind)| (name.span, *wrapper, *kind, inner.clone())),
        _ => None,
    };
    match wrapped {
        Some((span, wrapper, kind, inner)) => {
            primitive.defects.push(defect(WRAPPER, span, "the parameters themselves", quoted(wrapper)));
            primitive.kind = Some(kind);
            primitive.root = Some(inner);
        }
        None => primitive.root = Some(root),
    }
    if let Some(root) = &primitive.root
        && root.as_map().is_none()
        && !primitive.broken_off
    {
        primitive.defects.push(defect(JSON, root.span, "an object", root.describe()));
        primitive.root = None;
    }
}

fn read_xml(primitive: &mut Primitive, payload: &[u8]) {
    // White space in front of everything is fine unless a declaration follows it, which the reader then says.
    let parsed = xml::parse(payload, 0, XML);
    primitive.serialization = Some(Serialization::Xml);
    primitive.defects = parsed.defects;
    primitive.broken_off = parsed.broken_off;
    primitive.unread = parsed.unread;
    let Some(root) = parsed.root else { return };
    let name = name_of(&root);
    primitive.kind = WRAPPERS.iter().find(|(wrapper, _)| *wrapper == name).map(|(_, kind)| *kind);
    if primitive.kind.is_none() {
        let actual = match &root.name.namespace {
            Some(namespace) => format!("{} of {}", shortened(&name), quoted(namespace)),
            None => shortened(&name),
        };
        primitive.defects.push(defect(ROOT, root.span, "m2m:rqp or m2m:rsp of oneM2M's namespace", actual));
    }
    let parameters = parameters_of(&root);
    repeated(&parameters, &mut primitive.defects);
    primitive.root = Some(parameters);
}

/// Each parameter stands once.
fn repeated(parameters: &Node, defects: &mut Vec<Defect>) {
    let mut seen = std::collections::BTreeSet::new();
    for (key, value) in parameters.as_map().unwrap_or_default() {
        let name = key.as_text().unwrap_or_default();
        if !seen.insert(name) {
            defects.push(defect(ROOT, value.span, "each parameter once", format!("{} again", shortened(name))));
        }
    }
}

fn defect(clause: &'static str, span: Span, expected: impl Into<String>, actual: impl Into<String>) -> Defect {
    Defect { clause, span, bits: 0, expected: expected.into(), actual: actual.into() }
}

fn check(primitive: &Primitive, found: &mut Vec<Defect>) {
    let Some(root) = &primitive.root else { return };
    names(primitive, root, found);
    for (name, form) in PARAMETERS {
        if let Some(node) = root.get(name) {
            value(primitive, name, form, node, found);
        }
    }
    content(primitive, found);
    if primitive.kind.is_none()
        && let (Some(node), Some(_)) = (primitive.get("op"), primitive.get("rsc"))
    {
        found.push(defect("M-024", node.span, "op in requests, or rsc in responses", "both"));
    }
    match primitive.kind {
        Some(Kind::Request) => request(primitive, root.span, found),
        Some(Kind::Response) => response(primitive, root.span, found),
        _ => {}
    }
}

/// Short names, in their own spelling (8.2.1).
fn names(primitive: &Primitive, root: &Node, found: &mut Vec<Defect>) {
    for (key, _) in root.as_map().unwrap_or_default() {
        let Some(name) = key.as_text() else { continue };
        if PARAMETERS.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let spelled = PARAMETERS.iter().map(|(known, _)| (*known, *known)).chain(LONG);
        if let Some((_, short)) = spelled.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            found.push(defect(SHORT_NAMES, key.span, format!("the short name {short}"), quoted(name)));
        } else if name == "ri" && primitive.get("rqi").is_none() {
            // What 6.4.5 of TS-0010 prints for the Request Identifier.
            found.push(defect(SHORT_NAMES, key.span, "the short name rqi", quoted(name)));
        }
    }
}

/// The type of one parameter.
fn value(primitive: &Primitive, name: &str, form: Form, node: &Node, found: &mut Vec<Defect>) {
    let expected = match form {
        Form::Whole if primitive.whole_of(node).is_none() => format!("{name}, a whole number"),
        Form::Text | Form::Timestamp if node.as_text().is_none() => format!("{name}, a text"),
        Form::Timestamp if !node.as_text().is_some_and(|text| time::is_timestamp(text.trim())) => {
            found.push(defect(TIMES, node.span, format!("{name}, YYYYMMDDThhmmss"), node.describe()));
            return;
        }
        Form::Moment => {
            let moment = match &node.value {
                Value::Text(text) => time::is_timestamp(text.trim()) || time::is_period(text.trim()),
                Value::Int(_) => true,
                _ => false,
            };
            if !moment {
                let expected = format!("{name}, YYYYMMDDThhmmss or milliseconds");
                found.push(defect(TIMES, node.span, expected, node.describe()));
            }
            return;
        }
        _ => return,
    };
    found.push(defect(TYPES, node.span, expected, node.describe()));
}

/// `pc` is one member, whose name has the prefix of oneM2M or of another definer (8.4.2).
fn content(primitive: &Primitive, found: &mut Vec<Defect>) {
    let Some(node) = primitive.get("pc") else { return };
    match node.as_map() {
        Some([(key, _)]) => {
            let name = key.as_text().unwrap_or_default();
            if !name.contains(':') {
                found.push(defect(PREFIX, key.span, "a name with a prefix, as m2m: is one", quoted(name)));
            }
        }
        // XML has one for an element without children.
        Some(members) => {
            let actual = if members.is_empty() { "none".to_owned() } else { format!("{} members", members.len()) };
            found.push(defect(ONE_MEMBER, node.span, "one member in pc", actual));
        }
        None => found.push(defect(ONE_MEMBER, node.span, "one member in pc", node.describe())),
    }
}

/// What must be there, and what must not.
struct Presence<'a> {
    primitive: &'a Primitive,
    whole: Span,
    found: &'a mut Vec<Defect>,
}

impl Presence<'_> {
    fn needs(&mut self, row: &'static str, name: &str) {
        if self.primitive.get(name).is_none() {
            self.found.push(defect(row, self.whole, name, "nothing of that name"));
        }
    }

    fn lacks(&mut self, row: &'static str, name: &str, why: &str) {
        if let Some(node) = self.primitive.get(name) {
            self.found.push(defect(row, node.span, format!("no {name} in a {why}"), node.describe()));
        }
    }
}

/// Table 7.2.1.1-1.
fn request(primitive: &Primitive, whole: Span, found: &mut Vec<Defect>) {
    let mut present = Presence { primitive, whole, found };
    present.needs("M-001", "op");
    present.needs("M-002", "to");
    present.needs("M-003", "rqi");
    present.needs("M-004", "rvi");
    if let Some(node) = primitive.get("op")
        && let Some(number) = primitive.whole_of(node)
        && Operation::of(number).is_none()
    {
        present.found.push(defect("M-001", node.span, "op from 1 to 5", number.to_string()));
    }
    let Some(operation) = primitive.operation() else { return };
    if !primitive.registers_ae() {
        present.needs("M-005", "fr");
    }
    let name = operation.as_str();
    match operation {
        Operation::Create => present.needs("M-006", "ty"),
        _ => present.lacks("M-007", "ty", name),
    }
    match operation {
        Operation::Create | Operation::Update | Operation::Notify => present.needs("M-008", "pc"),
        Operation::Delete => present.lacks("M-009", "pc", name),
        Operation::Retrieve => {}
    }
    if matches!(operation, Operation::Create | Operation::Notify) {
        present.lacks("M-010", "fc", name);
    }
    if operation == Operation::Notify {
        present.lacks("M-011", "rcn", name);
    }
}

/// Table 7.2.1.2-1, as far as a response alone shows it.
fn response(primitive: &Primitive, whole: Span, found: &mut Vec<Defect>) {
    let mut present = Presence { primitive, whole, found };
    present.needs("M-020", "rsc");
    present.needs("M-021", "rqi");
    present.needs("M-022", "rvi");
    present.lacks("M-024", "op", "response");
    if let Some(node) = primitive.get("rsc")
        && let Some(number) = primitive.whole_of(node)
        && !(1000..7000).contains(&number)
    {
        present.found.push(defect("M-020", node.span, "a response status code from 1000 to 6999", number.to_string()));
    }
}
