//! Types of LS 3.4, as values of targets and arguments: structures here, texts and numbers in the modules below.
//!
//! A value is held against its type only where the type says enough. A value that the referenced documents leave
//! open, or that stands in a binary form of CBOR, shows nothing: neither kept nor broken.

mod addresses;
mod binary;
mod email;
mod hosts;
mod numbers;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod uri;

use super::Defects;
use super::names::{FEATURES as FEATURE_NAMES, known};
use crate::evidence::openc2::{Node, Value};
use crate::evidence::show::quoted;
pub(super) use numbers::{date_time, duration};

/// Features are not repeated (LS 3.4.1.5).
pub const FEATURES_UNIQUE: &str = "L-050";
/// Structures that have a member at least.
pub const NOT_EMPTY: &str = "L-053";
/// The text of an IPv4 range (LS 3.4.1.9).
pub const IPV4_NET: &str = "L-054";
/// Times count milliseconds, as far as their size tells.
pub const MILLISECONDS: &str = "L-055";
/// Artifact.
pub const ARTIFACT: &str = "LS-3.4.1.1";
/// Device.
pub const DEVICE: &str = "LS-3.4.1.2";
/// Domain-Name.
pub const DOMAIN_NAME: &str = "LS-3.4.1.3";
/// Email-Addr.
pub const EMAIL_ADDR: &str = "LS-3.4.1.4";
/// Features: the list and the names in it.
pub const FEATURES: &str = "LS-3.4.1.5";
/// File.
pub const FILE: &str = "LS-3.4.1.6";
/// IDN-Domain-Name.
pub const IDN_DOMAIN_NAME: &str = "LS-3.4.1.7";
/// IDN-Email-Addr.
pub const IDN_EMAIL_ADDR: &str = "LS-3.4.1.8";
/// IPv4-Connection.
pub const IPV4_CONNECTION: &str = "LS-3.4.1.10";
/// IPv6-Net.
pub const IPV6_NET: &str = "LS-3.4.1.11";
/// IPv6-Connection.
pub const IPV6_CONNECTION: &str = "LS-3.4.1.12";
/// IRI.
pub const IRI: &str = "LS-3.4.1.13";
/// MAC-Addr.
pub const MAC_ADDR: &str = "LS-3.4.1.14";
/// Process.
pub const PROCESS: &str = "LS-3.4.1.15";
/// Properties.
pub const PROPERTIES: &str = "LS-3.4.1.16";
/// URI.
pub const URI: &str = "LS-3.4.1.17";
/// Date-Time.
pub const DATE_TIME: &str = "LS-3.4.2.2";
/// Duration.
pub const DURATION: &str = "LS-3.4.2.3";
/// Hashes.
pub const HASHES: &str = "LS-3.4.2.5";
/// The alphabet of base16 (LS 3.1.5).
pub const HASH_CASE: &str = "LS-3.4.2.5-case";
/// A digest has the length of its algorithm.
pub const HASH_LENGTH: &str = "LS-3.4.2.5-length";
/// Hostname.
pub const HOSTNAME: &str = "LS-3.4.2.6";
/// IDN-Hostname.
pub const IDN_HOSTNAME: &str = "LS-3.4.2.7";
/// The recommended text of an IPv6 address.
pub const IPV6_TEXT: &str = "LS-3.4.2.9-text";
/// L4-Protocol.
pub const L4_PROTOCOL: &str = "LS-3.4.2.10";
/// The names of L4-Protocol.
pub const L4_PROTOCOL_NAME: &str = "LS-3.4.2.10-name";
/// Payload.
pub const PAYLOAD: &str = "LS-3.4.2.13";
/// Port.
pub const PORT: &str = "LS-3.4.2.14";
/// Response-Type.
pub const RESPONSE_TYPE: &str = "LS-3.4.2.15";
/// Command-ID.
pub const COMMAND_ID: &str = "LS-3.4.2.16";

/// Longest Command-ID (LS 3.4.2.16).
const LONGEST_COMMAND_ID: usize = 36;

/// How a text stands to its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// It is one.
    Yes,
    /// It is none.
    No,
    /// The documents that define the type leave it open, or tables would be needed that grow.
    Open,
}

impl Fit {
    fn of(fits: bool) -> Fit {
        if fits { Fit::Yes } else { Fit::No }
    }
}

/// Enters what a text shows of a type.
fn text(value: &Node, row: &'static str, what: &str, defects: &mut Defects, fits: fn(&str) -> Fit) {
    match value.as_text().map_or(Fit::No, fits) {
        Fit::Yes => defects.see(row),
        Fit::No => defects.add(row, value.span, what, value.describe()),
        Fit::Open => {}
    }
}

/// [`text`] for a type that is Binary: in CBOR it may stand as a byte string, which says nothing of its text.
fn binary_text(value: &Node, row: &'static str, what: &str, defects: &mut Defects, fits: fn(&str) -> Fit) {
    if !matches!(value.value, Value::Bytes(_)) {
        text(value, row, what, defects, fits);
    }
}

/// The value of a target of that type.
pub(super) fn target(name: &str, value: &Node, defects: &mut Defects) {
    match name {
        "features" => features(value, defects),
        "command" => command_id(value, defects),
        // JADN's integers stand in the values of all other types, and nothing names them.
        _ if defects.integers => {}
        "artifact" => structure(value, ARTIFACT, "an Artifact", &ARTIFACT_FIELDS, defects),
        "device" => structure(value, DEVICE, "a Device", &DEVICE_FIELDS, defects),
        "file" => file(value, defects),
        "process" => process(value, defects),
        "ipv4_connection" => {
            structure(value, IPV4_CONNECTION, "an IPv4-Connection", &IPV4_CONNECTION_FIELDS, defects);
        }
        "ipv6_connection" => {
            structure(value, IPV6_CONNECTION, "an IPv6-Connection", &IPV6_CONNECTION_FIELDS, defects);
        }
        "ipv4_net" => addresses::ipv4_net(value, defects),
        "ipv6_net" => addresses::ipv6_net(value, defects),
        "mac_addr" => addresses::mac_addr(value, defects),
        "domain_name" => hosts::domain_name(value, defects),
        "idn_domain_name" => hosts::idn_domain_name(value, defects),
        "email_addr" => email::email_addr(value, defects),
        "idn_email_addr" => email::idn_email_addr(value, defects),
        "uri" => uri::uri(value, defects),
        "iri" => uri::iri(value, defects),
        "properties" => properties(value, defects),
        _ => {}
    }
}

/// What stands in a member of a structure.
#[derive(Clone, Copy)]
enum Kind {
    /// String.
    Text,
    /// A type of its own.
    Type(fn(&Node, &mut Defects)),
}

type Field = (&'static str, Kind);

const ARTIFACT_FIELDS: [Field; 3] =
    [("mime_type", Kind::Text), ("payload", Kind::Type(payload)), ("hashes", Kind::Type(hashes))];
const DEVICE_FIELDS: [Field; 3] = [
    ("hostname", Kind::Type(hosts::hostname)),
    ("idn_hostname", Kind::Type(hosts::idn_hostname)),
    ("device_id", Kind::Text),
];
const FILE_FIELDS: [Field; 3] = [("name", Kind::Text), ("path", Kind::Text), ("hashes", Kind::Type(hashes))];
const PROCESS_FIELDS: [Field; 6] = [
    ("pid", Kind::Type(numbers::pid)),
    ("name", Kind::Text),
    ("cwd", Kind::Text),
    ("executable", Kind::Type(file)),
    ("parent", Kind::Type(process)),
    ("command_line", Kind::Text),
];
const IPV4_CONNECTION_FIELDS: [Field; 5] = [
    ("src_addr", Kind::Type(addresses::ipv4_net)),
    ("src_port", Kind::Type(numbers::port)),
    ("dst_addr", Kind::Type(addresses::ipv4_net)),
    ("dst_port", Kind::Type(numbers::port)),
    ("protocol", Kind::Type(numbers::l4_protocol)),
];
const IPV6_CONNECTION_FIELDS: [Field; 5] = [
    ("src_addr", Kind::Type(addresses::ipv6_net)),
    ("src_port", Kind::Type(numbers::port)),
    ("dst_addr", Kind::Type(addresses::ipv6_net)),
    ("dst_port", Kind::Type(numbers::port)),
    ("protocol", Kind::Type(numbers::l4_protocol)),
];
const HASHES_FIELDS: [Field; 3] =
    [("md5", Kind::Type(binary::md5)), ("sha1", Kind::Type(binary::sha1)), ("sha256", Kind::Type(binary::sha256))];

/// A Map or Record with one of `fields` at least.
fn structure(value: &Node, row: &'static str, what: &str, fields: &[Field], defects: &mut Defects) {
    let Some(members) = value.as_map() else {
        defects.add(row, value.span, format!("{what} as an object"), value.describe());
        return;
    };
    defects.see(row);
    defects.see(NOT_EMPTY);
    if members.is_empty() {
        defects.add(NOT_EMPTY, value.span, format!("{what} with at least one member"), "an empty object");
    }
    for (key, inner) in members {
        match key.as_text().and_then(|name| fields.iter().find(|(known, _)| *known == name)) {
            Some((_, Kind::Type(check))) => check(inner, defects),
            Some((name, Kind::Text)) if inner.as_text().is_none() => {
                defects.add(row, inner.span, format!("{name} as a string"), format!("{name} = {}", inner.describe()));
            }
            Some((_, Kind::Text)) => {}
            None => {
                let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
                let expected = format!("no members but {}", names.join(", "));
                defects.add(row, key.span, expected, format!("member {}", key.describe()));
            }
        }
    }
}

/// File (LS 3.4.1.6).
fn file(value: &Node, defects: &mut Defects) {
    structure(value, FILE, "a File", &FILE_FIELDS, defects);
}

/// Process (LS 3.4.1.15). It may have a parent, which is one, too; how deep that goes, the decoders limit.
fn process(value: &Node, defects: &mut Defects) {
    structure(value, PROCESS, "a Process", &PROCESS_FIELDS, defects);
}

/// Hashes (LS 3.4.2.5).
fn hashes(value: &Node, defects: &mut Defects) {
    structure(value, HASHES, "Hashes", &HASHES_FIELDS, defects);
}

/// Payload (LS 3.4.2.13): bytes, or where they are.
fn payload(value: &Node, defects: &mut Defects) {
    let expected = "a Payload, an object with either bin or url";
    match value.as_map() {
        Some([(key, inner)]) => match key.as_text() {
            Some("bin") => binary::bin(inner, defects),
            Some("url") => {
                defects.see(PAYLOAD);
                uri::uri(inner, defects);
            }
            _ => defects.add(PAYLOAD, key.span, expected, format!("member {}", key.describe())),
        },
        Some(members) if members.len() > 1 => {
            defects.add(PAYLOAD, value.span, expected, format!("{} members", members.len()));
        }
        _ => defects.add(PAYLOAD, value.span, expected, value.describe()),
    }
}

/// Features: names, each once (LS 3.4.1.5).
fn features(value: &Node, defects: &mut Defects) {
    let Some(items) = value.as_array() else {
        defects.add(FEATURES, value.span, "features as an array", value.describe());
        return;
    };
    defects.see(FEATURES);
    defects.see(FEATURES_UNIQUE);
    // Ten at most: there are four, so that more of them repeat one.
    let mut seen = std::collections::BTreeSet::new();
    for item in items {
        match item.as_text() {
            Some(name) if known(&FEATURE_NAMES, name) => {
                if !seen.insert(name) {
                    defects.add(FEATURES_UNIQUE, item.span, "each feature once", format!("{} again", quoted(name)));
                }
            }
            _ => defects.add(FEATURES, item.span, "a feature of LS 3.4.2.4", item.describe()),
        }
    }
}

/// Properties: one or more names, each once (LS 3.4.1.16).
fn properties(value: &Node, defects: &mut Defects) {
    let items = match value.as_array() {
        Some(items) if !items.is_empty() => items,
        _ => {
            defects.add(PROPERTIES, value.span, "properties as an array of one or more strings", value.describe());
            return;
        }
    };
    defects.see(PROPERTIES);
    let mut seen = std::collections::BTreeSet::new();
    for item in items {
        match item.as_text() {
            None => defects.add(PROPERTIES, item.span, "a property as a string", item.describe()),
            Some(name) if !seen.insert(name) => {
                defects.add(PROPERTIES, item.span, "each property once", format!("{} again", quoted(name)));
            }
            Some(_) => {}
        }
    }
}

/// Command-ID: at most 36 characters, no white space (LS 3.4.2.16).
pub(super) fn command_id(value: &Node, defects: &mut Defects) {
    text(value, COMMAND_ID, "a Command-ID, at most 36 characters without white space", defects, |text| {
        // What counts as white space differs between dialects of regular expressions for these.
        let unclear = |c: char| matches!(c, '\u{85}' | '\u{180E}' | '\u{200B}' | '\u{FEFF}');
        if text.chars().count() > LONGEST_COMMAND_ID || text.contains(|c: char| c.is_whitespace() && !unclear(c)) {
            Fit::No
        } else if text.contains(unclear) {
            Fit::Open
        } else {
            Fit::Yes
        }
    });
}
