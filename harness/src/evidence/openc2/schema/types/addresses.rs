//! Addresses of networks and machines.

use super::{Fit, IPV4_NET, IPV6_NET, IPV6_TEXT, MAC_ADDR, binary_text};
use crate::evidence::openc2::schema::Defects;
use crate::evidence::openc2::{Node, Value};
use std::fmt::Write as _;

/// IPv4-Net (LS 3.4.1.9): text such as 1.2.3.0/24. In CBOR it may stand as bytes and prefix, each by itself.
pub(super) fn ipv4_net(value: &Node, defects: &mut Defects) {
    if !in_parts(value) {
        binary_text(value, IPV4_NET, "an IPv4 range as text, a.b.c.d or a.b.c.d/n", defects, ipv4_range);
    }
}

/// IPv6-Net (LS 3.4.1.11).
pub(super) fn ipv6_net(value: &Node, defects: &mut Defects) {
    if in_parts(value) {
        return;
    }
    binary_text(value, IPV6_NET, "an IPv6 range as text, address or address/n", defects, ipv6_range);
    let Some(text) = value.as_text().filter(|text| ipv6_range(text) == Fit::Yes) else { return };
    let address = text.split('/').next().unwrap_or_default();
    // RFC 5952 leaves it to the address whether its end is better written as IPv4.
    let Some(groups) = ipv6(address).filter(|_| !address.contains('.')) else { return };
    let recommended = recommended(groups);
    if recommended == address {
        defects.see(IPV6_TEXT);
    } else {
        defects.add(IPV6_TEXT, value.span, format!("the text of RFC 5952, {recommended}"), value.describe());
    }
}

/// MAC-Addr (LS 3.4.1.14): EUI-48 or EUI-64, colon hexadecimal.
pub(super) fn mac_addr(value: &Node, defects: &mut Defects) {
    binary_text(value, MAC_ADDR, "an EUI-48 or EUI-64 as hexadecimal with colons", defects, |text| {
        let octets: Vec<&str> = text.split(':').collect();
        let hex = |octet: &&str| octet.len() == 2 && octet.bytes().all(|b| b.is_ascii_hexdigit());
        Fit::of(matches!(octets.len(), 6 | 8) && octets.iter().all(hex))
    });
}

/// Whether an address stands as bytes with its prefix, as CBOR may have it.
fn in_parts(value: &Node) -> bool {
    value.as_array().and_then(<[Node]>::first).is_some_and(|address| matches!(address.value, Value::Bytes(_)))
}

/// RFC 4632, section 3.1. Nothing says whether numbers may begin with zeros.
fn ipv4_range(text: &str) -> Fit {
    let (address, prefix) = split_prefix(text);
    join(ipv4(address), prefix.map_or(Fit::Yes, |prefix| number(prefix, 32)))
}

fn ipv4(text: &str) -> Fit {
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() != 4 {
        return Fit::No;
    }
    parts.into_iter().map(|part| number(part, 255)).fold(Fit::Yes, join)
}

/// A decimal number of at most three digits.
fn number(text: &str, most: u16) -> Fit {
    let digits = (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(n) if digits && n <= most => {
            if text.len() > 1 && text.starts_with('0') {
                Fit::Open
            } else {
                Fit::Yes
            }
        }
        _ => Fit::No,
    }
}

fn join(a: Fit, b: Fit) -> Fit {
    match (a, b) {
        (Fit::No, _) | (_, Fit::No) => Fit::No,
        (Fit::Open, _) | (_, Fit::Open) => Fit::Open,
        _ => Fit::Yes,
    }
}

fn split_prefix(text: &str) -> (&str, Option<&str>) {
    match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    }
}

/// RFC 4291, sections 2.2 and 2.3.
fn ipv6_range(text: &str) -> Fit {
    let (address, prefix) = split_prefix(text);
    let quad = address.rsplit(':').next().filter(|last| last.contains('.')).map_or(Fit::Yes, ipv4);
    let address = match quad {
        Fit::Yes => Fit::of(ipv6(address).is_some()),
        // Zeros in front of a number: what stands before it decides.
        Fit::Open => {
            let end = address.rfind(':').map_or(0, |at| at + 1);
            if ipv6(&format!("{}0.0.0.0", &address[..end])).is_some() { Fit::Open } else { Fit::No }
        }
        Fit::No => Fit::No,
    };
    join(address, prefix.map_or(Fit::Yes, |prefix| number(prefix, 128)))
}

/// The eight groups of an IPv6 address in any text of RFC 4291, section 2.2.
pub(super) fn ipv6(text: &str) -> Option<[u16; 8]> {
    let (left, right) = match text.split_once("::") {
        Some((left, right)) => (groups(left, false)?, Some(groups(right, true)?)),
        None => (groups(text, true)?, None),
    };
    let mut all = [0; 8];
    match right {
        None => all = left.try_into().ok()?,
        Some(right) => {
            // `::` stands for one group at least.
            if left.len() + right.len() > 7 {
                return None;
            }
            all[..left.len()].copy_from_slice(&left);
            all[8 - right.len()..].copy_from_slice(&right);
        }
    }
    Some(all)
}

/// Groups between colons; the last one may be an IPv4 address where the text ends with it.
fn groups(text: &str, at_end: bool) -> Option<Vec<u16>> {
    let mut groups = Vec::new();
    if text.is_empty() {
        return Some(groups);
    }
    let parts: Vec<&str> = text.split(':').collect();
    for (n, part) in parts.iter().enumerate() {
        if part.contains('.') {
            let last = at_end && n + 1 == parts.len() && ipv4(part) == Fit::Yes;
            let octets: Vec<u16> = part.split('.').filter_map(|octet| octet.parse().ok()).collect();
            let [a, b, c, d] = octets[..] else { return None };
            if !last {
                return None;
            }
            groups.extend([a << 8 | b, c << 8 | d]);
        } else {
            let hex = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit());
            groups.push(u16::from_str_radix(part, 16).ok().filter(|_| hex)?);
        }
    }
    Some(groups)
}

/// The text of RFC 5952, section 4: lower case, no zeros in front, and `::` for the first longest run of zeros.
pub(super) fn recommended(groups: [u16; 8]) -> String {
    let mut run = (0, 0);
    let mut from = 0;
    for end in 0..=8 {
        if groups.get(end) != Some(&0) {
            if end - from > run.1 - run.0 {
                run = (from, end);
            }
            from = end + 1;
        }
    }
    let written = |groups: &[u16]| {
        let mut text = String::new();
        for (n, group) in groups.iter().enumerate() {
            let colon = if n == 0 { "" } else { ":" };
            let _ = write!(text, "{colon}{group:x}");
        }
        text
    };
    match run {
        (from, end) if end - from > 1 => format!("{}::{}", written(&groups[..from]), written(&groups[end..])),
        _ => written(&groups),
    }
}
