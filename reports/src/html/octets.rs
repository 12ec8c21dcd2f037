//! The bytes of one packet: offset, hex and text beside the name and value of each field, flags as bits, and what
//! findings point at outlined.

use super::index::{Found, Index};
use super::parts::{Mark, Vis, VisBlock, because, expected_actual, requirement_link};
use crate::model::{TraceField, TracePacket};
use crate::text::{count, cut, thousands};
use maud::{Markup, PreEscaped, html};
use std::fmt::Write as _;
use std::ops::Range;

/// Bytes per line.
const LINE: usize = 16;
/// Bytes shown of one field, from its start and from the first byte that a finding points at.
const SHOWN: usize = 48;
/// Characters shown of a payload's text, and of one with a finding.
const TEXT: (usize, usize) = (400, 4_000);

/// Sets names of bits off from the name of their byte.
const BIT: &str = "\u{2502} ";

/// What is outlined: bytes, and bits of single bytes.
struct Outline<'a>(&'a [Found<'a>]);

impl Outline<'_> {
    fn byte(&self, at: usize) -> bool {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        self.0.iter().any(|f| f.finding.at.bytes.is_some_and(|[start, end]| (start..end).contains(&at)))
    }

    /// The bits of a byte that findings name; none where they mean the whole byte.
    fn bits(&self, at: u32) -> u8 {
        let of_byte = self.0.iter().filter(|f| f.finding.at.bytes.is_some_and(|[start, _]| start == at));
        let bits = of_byte.filter_map(|f| f.finding.at.bits.as_ref()).flatten();
        bits.filter(|bit| **bit < 8).fold(0, |mask, bit| mask | 1 << bit)
    }

    fn first_in(&self, range: Range<usize>) -> Option<usize> {
        range.into_iter().find(|at| self.byte(*at))
    }
}

pub(super) fn annotated(index: &Index<'_>, packet: &TracePacket, found: &[Found<'_>]) -> Markup {
    let outline = Outline(found);
    html! {
        @for found in found.iter().filter(|found| found.told) {
            div.finding {
                p { (Mark::of_finding(*found)) " " (Vis(&found.finding.message)) " " (requirement_link(index, &found.requirement.id)) }
                (expected_actual(found.finding))
                (because(index, found.finding))
            }
        }
        (untold(found))
        table.octets {
            thead {
                tr {
                    th scope="col" { "Offset" } th scope="col" { "Hex" } th scope="col" { "Text" } th scope="col" { "Field" }
                    th scope="col" { "Value" }
                }
            }
            tbody { (rows(packet, &outline)) }
        }
        @if (packet.bytes.len() as u64) < u64::from(packet.length) {
            p.note {
                "The first " (thousands(packet.bytes.len() as u64)) " of " (count(u64::from(packet.length), "byte", "bytes"))
                " were kept for this table; the capture has them all."
            }
        }
        @if let Some(text) = &packet.text { (payload(text, packet.length, !found.is_empty())) }
    }
}

/// How many findings there was no room for.
pub(super) fn untold(found: &[Found<'_>]) -> Markup {
    let more = found.iter().filter(|found| !found.told).count() as u64;
    html! { @if more > 0 { p.note { (count(more, "more finding is", "more findings are")) " in report.json." } } }
}

fn payload(text: &str, length: u32, found: bool) -> Markup {
    let (shown, more) = cut(text, if found { TEXT.1 } else { TEXT.0 });
    html! {
        pre tabindex="0" aria-label="Payload as text" { (VisBlock(shown)) }
        @if more {
            p.note {
                "Cut after " (count(shown.chars().count() as u64, "character", "characters")) "; the packet has "
                (count(u64::from(length), "byte", "bytes")) ", and the capture has them all."
            }
        }
    }
}

/// One row per field in wire order; bytes without a name have a row too, so that none is missing.
fn rows(packet: &TracePacket, outline: &Outline<'_>) -> Markup {
    let kept = packet.bytes.len();
    let mut next = 0usize;
    let mut out = String::new();
    for field in &packet.fields {
        let [start, end] = field.bytes.map(|at| at as usize);
        if start > next && next < kept {
            out.push_str(&unnamed(packet, next..start.min(kept), outline).0);
        }
        let row = if field.bits == 0 {
            named(packet, field, start..end.max(start), outline)
        } else {
            // The byte itself stands beside the first of its bits, unless it has a row of its own.
            bits(packet, field, start >= next, outline)
        };
        out.push_str(&row.0);
        next = next.max(end);
    }
    if next < kept {
        out.push_str(&unnamed(packet, next..kept, outline).0);
    }
    PreEscaped(out)
}

fn named(packet: &TracePacket, field: &TraceField, range: Range<usize>, outline: &Outline<'_>) -> Markup {
    let (hex, text) = dump(&packet.bytes, range.clone(), outline);
    row(&html! { (range.start) }, &hex, &text, &html! { (Vis(&field.name)) }, &value(&field.value))
}

fn unnamed(packet: &TracePacket, range: Range<usize>, outline: &Outline<'_>) -> Markup {
    let (hex, text) = dump(&packet.bytes, range.clone(), outline);
    let length = html! { (count(range.len() as u64, "byte", "bytes")) };
    row(&html! { (range.start) }, &hex, &text, &html! { i { "no field" } }, &length)
}

/// These rows are most of a report: no attribute is spent on them, their style goes by position.
fn row(offset: &Markup, hex: &Markup, text: &Markup, name: &Markup, value: &Markup) -> Markup {
    html! { tr { td { (offset) } td { (hex) } td { (text) } td { (name) } td { (value) } } }
}

/// A flag: its bits of the byte, the others as dots; behind the byte itself, where it is `first` of it.
fn bits(packet: &TracePacket, field: &TraceField, first: bool, outline: &Outline<'_>) -> Markup {
    let at = field.bytes[0];
    let byte = packet.bytes.get(at as usize);
    let meant = outline.bits(at);
    let mut out = String::from("   ");
    if first && byte.is_some() {
        let (hex, _) = dump(&packet.bytes, at as usize..at as usize + 1, outline);
        out = hex.0;
        out.push(' ');
    }
    let mut inside = false;
    for bit in (0..8).rev() {
        let mask = 1u8 << bit;
        let wanted = field.bits & meant & mask != 0;
        if inside && !wanted {
            out.push_str("</mark>");
        }
        if bit == 3 {
            out.push(' ');
        }
        if wanted && !inside {
            out.push_str("<mark>");
        }
        inside = wanted;
        out.push(match byte {
            Some(byte) if field.bits & mask != 0 => {
                if byte & mask != 0 {
                    '1'
                } else {
                    '0'
                }
            }
            _ => '.',
        });
    }
    if inside {
        out.push_str("</mark>");
    }
    let none = html! {};
    let offset = html! { @if first { (at) } };
    row(&offset, &PreEscaped(out), &none, &html! { (BIT) (Vis(&field.name)) }, &value(&field.value))
}

fn value(value: &str) -> Markup {
    let (shown, more) = cut(value, 200);
    html! { (Vis(shown)) @if more { "\u{2026} " span.quiet { (count(value.chars().count() as u64, "character", "characters")) } } }
}

/// A few bytes, in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// Hex and text of a range, in lines of sixteen; long ranges are cut to their start and to what is outlined.
fn dump(bytes: &[u8], range: Range<usize>, outline: &Outline<'_>) -> (Markup, Markup) {
    let (start, end) = (range.start.min(bytes.len()), range.end.min(bytes.len()));
    let head = start..end.min(start.saturating_add(SHOWN));
    let meant = outline.first_in(head.end..end).map(|first| {
        let from = first - (first - start) % LINE;
        from..end.min(from + SHOWN)
    });
    let (mut hex, mut text) = (String::new(), String::new());
    let mut shown = start;
    for window in std::iter::once(head).chain(meant) {
        if window.start > shown {
            skipped(&mut hex, &mut text, window.start - shown);
        }
        for (line, at) in window.clone().step_by(LINE).enumerate() {
            if line > 0 || window.start > start {
                hex.push('\n');
                text.push('\n');
            }
            let line = at..window.end.min(at + LINE);
            marked(
                &mut hex,
                line.clone(),
                outline,
                |out, at| {
                    write!(out, "{:02x}", bytes[at]).expect("writing to a string cannot fail");
                },
                " ",
            );
            marked(&mut text, line, outline, |out, at| printable(out, bytes[at]), "");
        }
        shown = window.end;
    }
    if range.end > shown {
        skipped(&mut hex, &mut text, range.end - shown);
    }
    (PreEscaped(hex), PreEscaped(text))
}

fn skipped(hex: &mut String, text: &mut String, bytes: usize) {
    let bytes = count(bytes as u64, "more byte", "more bytes");
    let line = if hex.is_empty() { "" } else { "\n" };
    write!(hex, "{line}\u{2026} {bytes}").expect("writing to a string cannot fail");
    text.push_str(line);
}

/// Writes a line of bytes, with runs that findings point at in `mark` elements.
fn marked(
    out: &mut String,
    line: Range<usize>,
    outline: &Outline<'_>,
    write: impl Fn(&mut String, usize),
    between: &str,
) {
    let mut inside = false;
    for at in line.clone() {
        let wanted = outline.byte(at);
        if inside && !wanted {
            out.push_str("</mark>");
        }
        if at > line.start {
            out.push_str(between);
        }
        if wanted && !inside {
            out.push_str("<mark>");
        }
        inside = wanted;
        write(out, at);
    }
    if inside {
        out.push_str("</mark>");
    }
}

/// A byte as text, escaped for markup; what is no printable ASCII is a middle dot.
fn printable(out: &mut String, byte: u8) {
    match byte {
        b'<' => out.push_str("&lt;"),
        b'>' => out.push_str("&gt;"),
        b'&' => out.push_str("&amp;"),
        0x20..=0x7e => out.push(char::from(byte)),
        _ => out.push('\u{b7}'),
    }
}
