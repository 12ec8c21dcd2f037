//! Whole packets: lawful ones on topics that resemble those of the implementation, and ones that no server may send.

use super::Input;
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use touchstone_fixtures::wire::mqtt311::build;

/// Packet identifiers of injected PUBLISHes: the edge counts up from 1 and is not expected here.
const IDENTIFIERS: u16 = 60_000;

/// A sound message on a topic that nobody subscribed to: a server may assign subscriptions itself (MQTT 4.5), so
/// that it has to be acknowledged, and there is nothing in it to be afraid of.
pub fn look_alike(
    random: &mut ChaCha8Rng,
    topic: &str,
    number: u32,
    payload: impl FnOnce(&mut ChaCha8Rng) -> Vec<u8>,
) -> Input {
    let first = topic.split('/').find(|level| !level.is_empty()).unwrap_or("a");
    let last = topic.rsplit('/').next().unwrap_or_default();
    let topics = [
        format!("{topic}/"),
        format!("/{topic}"),
        topic.replacen('/', "//", 1),
        topic.to_uppercase(),
        format!("{topic} "),
        format!("{topic}\u{200b}"),
        format!("{topic}/{last}"),
        topic.replace('o', "\u{043e}"),
        format!("$SYS/{topic}"),
        format!("{topic}%2f"),
        topic.strip_suffix(last).unwrap_or_default().to_owned(),
        format!("{topic}/..{}", "/..".repeat(random.gen_range(0..100))),
        format!("{topic}{}", "/x".repeat(random.gen_range(1..2_000))),
        "a".repeat(random.gen_range(1..60_000)),
        first.to_owned(),
        "/".to_owned(),
        " ".to_owned(),
    ];
    let topic = topics.choose(random).map_or(first, String::as_str);
    let payload = payload(random);
    let id = IDENTIFIERS + u16::try_from(number % 5_000).unwrap_or_default();
    let qos = random.gen_range(0..=1);
    Input::Packet { bytes: build::publish(topic, qos, if qos == 0 { 0 } else { id }, payload), lawful: true }
}

/// A whole packet that is wrong in itself; its Remaining Length fits, so that the next packet can be read.
pub fn illegal(random: &mut ChaCha8Rng) -> Input {
    // Types 0 and 15 are reserved, the others are those that only a client sends (table 2.1).
    let foreign = [0u8, 1, 8, 10, 12, 14, 15];
    let body: Vec<u8> = (0..random.gen_range(0..40)).map(|_| random.r#gen()).collect();
    let bytes = match random.gen_range(0..6) {
        0 => framed(foreign.choose(random).copied().unwrap_or_default() << 4, &body),
        // Flags that table 2.2 reserves.
        1 => framed(0x40 | random.gen_range(1..16), &[0, 1]),
        2 => framed(0xD0 | random.gen_range(1..16), &[]),
        // Acknowledgements of another length.
        3 => framed(0x40, body.get(..random.gen_range(0..2).min(body.len())).unwrap_or_default()),
        // A topic longer than the packet.
        4 => framed(0x30, &[&[0xFF, 0xFF], &body[..]].concat()),
        // QoS 3.
        _ => framed(0x36, &[&[0, 1, b'a', 0, 1], &body[..]].concat()),
    };
    Input::Packet { bytes, lawful: false }
}

fn framed(first: u8, body: &[u8]) -> Vec<u8> {
    // Bodies here are shorter than 128 bytes: one byte of Remaining Length.
    let length = u8::try_from(body.len()).unwrap_or(0).min(127);
    [&[first, length], body].concat()
}
