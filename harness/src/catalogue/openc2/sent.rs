//! What the checks of a Producer's Commands share: finding them, holding them against the grammar, and examples.

use super::support::broken;
use crate::evidence::PacketSeen;
use crate::evidence::openc2::{ContentKind, Message};
use crate::evidence::sketch::Sketch;
use crate::judge::Ruling;
use serde_json::{Value, json};

/// A version 4 UUID.
pub(super) const ID: &str = "3b7c9a52-0d4e-4f6a-9c1b-8e2d5f7a6b10";

/// The message of a Command of the IUT.
pub(super) fn request(packet: &PacketSeen) -> Option<&Message> {
    packet.message().filter(|m| packet.from_iut() && m.kind == Some(ContentKind::Request))
}

/// Judges what one Command shows of a row that not every Command shows. One that was not read to its end shows nothing.
pub(super) fn shown(packet: &PacketSeen, row: &'static str, said: &str) -> Option<Ruling> {
    let message = request(packet).filter(|m| m.whole())?;
    match message.content_defects_of(row).next() {
        Some(defect) => Some(broken(packet, defect, said)),
        None => message.content_shown.contains(row).then_some(Ruling::Met),
    }
}

/// Judges what one Command shows of a row that every Command shows.
pub(super) fn always(packet: &PacketSeen, row: &'static str, said: &str) -> Option<Ruling> {
    if let Some((_, why)) = &request(packet)?.unread {
        return Some(Ruling::Undecided(format!("The Command was not read to its end: {why}")));
    }
    shown(packet, row, said)
}

/// A Producer sends that Command.
pub(super) fn sends(s: &mut Sketch, command: Value) {
    s.ready_producer();
    s.send(ID, command);
}

/// A Producer sends `query features`, as every one does.
pub(super) fn queries(s: &mut Sketch) {
    sends(s, json!({"action": "query", "target": {"features": []}}));
}

/// A Producer sends that Command in CBOR, keyed by text.
pub(super) fn sends_cbor(s: &mut Sketch, command: Value) {
    s.ready_producer();
    let mut payload = vec![0x90, 2];
    let message = json!({"content": {"request": command}, "request_id": ID, "from": "producer-1"});
    // A vector takes every byte.
    let _ = ciborium::into_writer(&message, &mut payload);
    s.send_raw("oc2/cmd/all", payload);
}
