//! A scenario's timeline, ready for reports: annotated, bounded, passwords masked.

use super::Witness;
use super::secrets::Secrets;
use crate::evidence::{Evidence, PacketSeen, TimelineItem};
use std::collections::BTreeSet;
use touchstone_fixtures::recording::{
    ConnectionId, Direction, Event, FaultState, ProcessChange, StepPhase, Tester, TlsChange, WindowState,
};
use touchstone_fixtures::wire::mqtt311::{Body, ControlPacket};
use touchstone_fixtures::wire::tls::{alert_name, suite_name, version_name};
use touchstone_reports::model::{TraceField, TracePacket, TraceRow, TraceWhat};

/// Most rows shown of one scenario; the capture has them all.
const ROWS: usize = 400;
/// Most bytes shown of one packet.
const BYTES: usize = 512;
/// Most characters shown of a payload.
const TEXT: usize = 4096;

/// Most rows beyond these that are shown because a finding points at them.
const POINTED: usize = 200;

/// The rows of a scenario, and how many were left out.
pub fn trace(evidence: &Evidence) -> (Vec<TraceRow>, u64) {
    trace_with(evidence, std::iter::empty())
}

/// The rows of a scenario, those that `shown` points at included, and how many were left out.
pub(super) fn trace_with<'a>(
    evidence: &Evidence,
    shown: impl IntoIterator<Item = &'a Witness>,
) -> (Vec<TraceRow>, u64) {
    let shown: BTreeSet<(ConnectionId, u32)> =
        shown.into_iter().filter_map(|w| Some((w.connection?, w.packet?))).collect();
    let secrets = Secrets::of(evidence);
    let mut rows = Vec::new();
    let mut pointed = 0;
    let mut omitted = 0;
    for item in &evidence.timeline {
        let first = rows.len() - pointed < ROWS;
        let wanted = pointed < POINTED
            && matches!(item, TimelineItem::Packet(p) if p.direction.of_iut() && shown.contains(&(p.conn, p.ordinal)));
        if !first && !wanted {
            omitted += u64::from(visible(item));
            continue;
        }
        let Some(row) = row(item, &secrets) else { continue };
        pointed += usize::from(!first);
        rows.push(row);
    }
    (rows, omitted)
}

/// Whether an item has a row.
fn visible(item: &TimelineItem) -> bool {
    match item {
        TimelineItem::Packet(_) => true,
        TimelineItem::Event(entry) => note(&entry.event).is_some(),
    }
}

fn row(item: &TimelineItem, secrets: &Secrets) -> Option<TraceRow> {
    match item {
        TimelineItem::Packet(packet) => {
            Some(TraceRow { at: packet.at.0, frame: packet.frame, what: TraceWhat::Packet(packet_row(packet)) })
        }
        TimelineItem::Event(entry) => {
            let (kind, text) = note(&entry.event)?;
            let text = match &entry.event {
                Event::Process { change: ProcessChange::Spawn { command, fresh }, .. } => {
                    spawned(&secrets.command_line(command), *fresh)
                }
                _ => secrets.masked(text),
            };
            Some(TraceRow { at: entry.at.0, frame: entry.frame, what: TraceWhat::Note { kind: kind.to_owned(), text } })
        }
    }
}

fn packet_row(seen: &PacketSeen) -> TracePacket {
    let packet = &seen.packet;
    let mut bytes: Vec<u8> = packet.raw.iter().take(BYTES).copied().collect();
    for secret in packet.secrets() {
        for byte in bytes.iter_mut().take(secret.end as usize).skip(secret.start as usize) {
            *byte = b'*';
        }
    }
    TracePacket {
        connection: seen.conn.0,
        packet: seen.ordinal,
        direction: match seen.direction {
            Direction::FromIut => "from-iut",
            Direction::ToIut => "to-iut",
            Direction::FromPeer => "from-peer",
            Direction::ToPeer => "to-peer",
        }
        .to_owned(),
        name: packet.packet_type.name().to_owned(),
        summary: summary(seen),
        bytes,
        length: u32::try_from(packet.raw.len()).unwrap_or(u32::MAX),
        fields: packet
            .fields
            .iter()
            .take(64)
            .map(|field| TraceField {
                name: field.name.to_owned(),
                bytes: [field.span.start, field.span.end],
                bits: field.bits,
                value: field.value.clone(),
            })
            .collect(),
        text: payload_text(packet),
        exchange: seen.correlation().map(str::to_owned),
    }
}

fn summary(seen: &PacketSeen) -> String {
    let packet = &seen.packet;
    let mut parts: Vec<String> = Vec::new();
    match &packet.body {
        Body::Connect(connect) => {
            parts.push(format!("client id {:?}", connect.client_id.as_ref().map(|c| c.display()).unwrap_or_default()));
            parts.push(format!("clean session {}", u8::from(connect.clean_session())));
            parts.extend(connect.keep_alive.as_ref().map(|k| format!("keep alive {} s", k.value)));
        }
        Body::Connack(connack) => {
            parts.push(format!("session present {}", u8::from(connack.session_present())));
            parts.extend(connack.return_code.as_ref().map(|c| format!("return code {}", c.value)));
        }
        Body::Publish(publish) => {
            parts.extend(publish.topic.as_ref().map(|t| t.display()));
            parts.push(format!("QoS {}", publish.qos));
            if publish.dup {
                parts.push("DUP".to_owned());
            }
            if publish.retain {
                parts.push("RETAIN".to_owned());
            }
            parts.extend(publish.packet_id.as_ref().map(|id| format!("id {}", id.value)));
            parts.push(format!("{} bytes", publish.payload.value.len()));
            parts.extend(seen.payload.iter().flat_map(|payload| payload.facts().words()));
        }
        Body::Ack(id) => parts.extend(id.as_ref().map(|id| format!("id {}", id.value))),
        Body::Subscribe(subscribe) => {
            parts.extend(subscribe.packet_id.as_ref().map(|id| format!("id {}", id.value)));
            parts.extend(subscribe.subscriptions.iter().take(8).map(|s| s.filter.display()));
        }
        Body::Suback(suback) => {
            parts.extend(suback.packet_id.as_ref().map(|id| format!("id {}", id.value)));
            let codes: Vec<String> = suback.return_codes.iter().take(8).map(|c| format!("{:02x}", c.value)).collect();
            parts.push(codes.join(" "));
        }
        Body::Unsubscribe(unsubscribe) => {
            parts.extend(unsubscribe.packet_id.as_ref().map(|id| format!("id {}", id.value)));
            parts.extend(unsubscribe.filters.iter().take(8).map(|f| f.display()));
        }
        Body::Empty | Body::Opaque => {}
    }
    if packet.truncated {
        parts.push("cut off".to_owned());
    }
    if seen.injected {
        parts.push("injected".to_owned());
    }
    let text = parts.join(", ");
    cut(&text, 300, text.len())
}

fn payload_text(packet: &ControlPacket) -> Option<String> {
    let payload = &packet.publish()?.payload.value;
    let body = match payload.first() {
        Some(first) if first >> 4 == 0b1001 => payload.get(2..).unwrap_or(&[]),
        _ => payload,
    };
    let head = body.get(..body.len().min(TEXT * 4)).unwrap_or(body);
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character that was cut with the rest.
        Err(error) if error.error_len().is_none() && head.len() < body.len() => {
            std::str::from_utf8(head.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    (!text.is_empty()).then(|| cut(text, TEXT, body.len()))
}

/// The first characters of a text of `whole` bytes.
fn cut(text: &str, most: usize, whole: usize) -> String {
    match text.char_indices().nth(most) {
        None if text.len() >= whole => text.to_owned(),
        None => format!("{text}… ({whole} bytes in all)"),
        Some((end, _)) => format!("{}… ({whole} bytes in all)", text.get(..end).unwrap_or_default()),
    }
}

fn note(event: &Event) -> Option<(&'static str, String)> {
    Some(match event {
        Event::ConnOpen { conn, party, .. } => {
            ("connection", format!("connection {conn} opened ({})", party_name(*party)))
        }
        Event::Close { conn, by, how, reason, .. } => {
            let (by, how) = (format!("{by:?}").to_lowercase(), format!("{how:?}").to_lowercase());
            ("connection", format!("connection {conn} ended by {by} ({how}): {reason}"))
        }
        Event::Tls { conn, change } => ("tls", format!("connection {conn}: {}", secured(change))),
        Event::Process { change, .. } => ("process", process(change)),
        Event::Step { number, verb, phase, note, .. } => {
            let phase = match phase {
                StepPhase::Begin => "begins",
                StepPhase::Done => return None,
                StepPhase::TimedOut => "timed out",
                StepPhase::Failed => "failed",
                StepPhase::Skipped => "skipped",
            };
            let note = if note.is_empty() { String::new() } else { format!(": {note}") };
            ("step", format!("step {number}, {verb}, {phase}{note}"))
        }
        Event::Window { name, state } => {
            let state = match state {
                WindowState::Opened => "opened",
                WindowState::ClosedFull => "closed after its full time",
                WindowState::CutShort => "cut short",
            };
            ("window", format!("window {name} {state}"))
        }
        Event::Fault { name, state, note, .. } => {
            let state = match state {
                FaultState::Armed => "armed",
                FaultState::Fired => "fired",
                FaultState::Disarmed => "taken back",
            };
            let note = if note.is_empty() { String::new() } else { format!(": {note}") };
            ("fault", format!("fault {name} {state}{note}"))
        }
        Event::Tester(tester) => match tester {
            Tester::Lag { nanos } => ("tester", format!("tester lag {} ms", nanos / 1_000_000)),
            Tester::Canary { ok: true } => return None,
            Tester::Canary { ok: false } => ("tester", "the routing canary did not come through".to_owned()),
            Tester::Limit { what } => ("tester", format!("limit reached: {what}")),
            Tester::InternalError { message } => ("tester", format!("internal error: {message}")),
        },
        Event::Operator { prompt, answer } => {
            ("operator", format!("{prompt}: {}", answer.as_deref().unwrap_or("no answer in time")))
        }
        Event::Stimulus { .. }
        | Event::Session { .. }
        | Event::Context(_)
        | Event::Bytes { .. }
        | Event::TlsBytes { .. }
        | Event::WsBytes { .. }
        | Event::Written { .. }
        | Event::End { .. } => return None,
    })
}

fn secured(change: &TlsChange) -> String {
    match change {
        TlsChange::Answered { version, suite, certificate } => {
            let certificate = certificate.map(|kind| format!(", certificate: {}", kind.as_str())).unwrap_or_default();
            format!("server hello, {}, {}{certificate}", version_name(*version), suite_name(*suite))
        }
        TlsChange::Established { version, suite, resumed, client, .. } => {
            let resumed = if *resumed { ", an earlier session taken up" } else { "" };
            let client = client.as_ref().map(|c| format!(", client certificate {:?}", c.subject)).unwrap_or_default();
            format!("TLS handshake over, {}, {}{resumed}{client}", version_name(*version), suite_name(*suite))
        }
        TlsChange::WentOn { message } => {
            format!("the implementation went on with the TLS handshake (message {message})")
        }
        TlsChange::Alert { code } => format!("the implementation sent the TLS alert {}", alert_name(*code)),
        TlsChange::Failed { reason, .. } => format!("the TLS handshake failed: {reason}"),
    }
}

fn party_name(party: touchstone_fixtures::recording::Party) -> &'static str {
    match party {
        touchstone_fixtures::recording::Party::Iut => "implementation under test",
        touchstone_fixtures::recording::Party::Peer => "peer",
    }
}

fn spawned(command: &str, fresh: bool) -> String {
    format!("started: {command} ({} state)", if fresh { "fresh" } else { "kept" })
}

fn process(change: &ProcessChange) -> String {
    match change {
        ProcessChange::Spawn { command, fresh } => spawned(&Secrets::default().command_line(command), *fresh),
        ProcessChange::StopRequested { with } => format!("asked to stop: {with}"),
        ProcessChange::Exit { code, signal, expected } => {
            let how = match (code, signal) {
                (Some(code), _) => format!("exit code {code}"),
                (None, Some(signal)) => format!("signal {signal}"),
                (None, None) => "unknown".to_owned(),
            };
            format!("ended: {how}{}", if *expected { "" } else { ", unasked" })
        }
        ProcessChange::Orphans { count } => format!("{count} processes it left behind were ended"),
    }
}
