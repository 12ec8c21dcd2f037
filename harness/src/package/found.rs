//! Where secrets stand in what is recorded and printed.

use crate::judge::secrets::names_password;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use std::ops::Range;
use touchstone_fixtures::wire::mqtt311::{Frame, Framer, Sender, decode};
use touchstone_fixtures::wire::websocket;

/// Largest packet that is taken apart, in bytes of Remaining Length: the largest there can be.
const LARGEST: u32 = 268_435_455;
/// First byte of a CONNECT, whatever its reserved bits.
const CONNECT: u8 = 1;
/// Header fields of an upgrade that carry credentials; the first two as one word behind their scheme.
pub(super) const HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "x-api-key"];
/// First words of the lines of a key log that hold secrets of TLS.
const KEY_LOG: [&str; 9] = [
    "CLIENT_RANDOM ",
    "CLIENT_EARLY_TRAFFIC_SECRET ",
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET ",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET ",
    "CLIENT_TRAFFIC_SECRET_0 ",
    "SERVER_TRAFFIC_SECRET_0 ",
    "EARLY_EXPORTER_SECRET ",
    "EXPORTER_SECRET ",
    "RSA ",
];

/// Where passwords stand in a client's packets.
pub(super) fn fields(stream: &[u8]) -> Vec<Range<usize>> {
    let mut framer = Framer::new(LARGEST);
    framer.push(stream);
    let mut found = Vec::new();
    let mut at = 0;
    let mut look = |at: usize, packet: &[u8]| {
        if packet.first().is_some_and(|first| first >> 4 == CONNECT) {
            let decoded = decode(Bytes::copy_from_slice(packet), Sender::Client);
            found.extend(decoded.secrets().map(|span| at + span.start as usize..at + span.end as usize));
        }
    };
    while let Some(frame) = framer.next_frame() {
        match frame {
            Frame::Packet(packet) => {
                look(at, &packet);
                at += packet.len();
            }
            Frame::Malformed(rest) | Frame::TooLarge { head: rest, .. } => look(at, &rest),
        }
    }
    look(at, framer.rest());
    found
}

/// Whether a client speaks MQTT where it should have begun another layer: the first byte of a CONNECT begins none of these.
pub(super) fn bare(stream: &[u8]) -> bool {
    stream.first() == Some(&(CONNECT << 4))
}

/// What the upgrade to WebSocket tells of who asks for it: the word behind the scheme and, where it is made of name and
/// password, the password.
pub(super) fn credentials(stream: &[u8]) -> Vec<Vec<u8>> {
    let Some(websocket::Item { what: websocket::What::Head(head), .. }) =
        websocket::Reader::default().push(stream).into_iter().next()
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for field in head.fields.iter().filter(|f| HEADERS[..2].iter().any(|h| f.name.eq_ignore_ascii_case(h))) {
        let Some((_, word)) = field.value.trim().split_once(' ') else { continue };
        if let Some(at) =
            STANDARD.decode(word.trim()).ok().as_deref().and_then(|pair| pair.splitn(2, |b| *b == b':').nth(1))
        {
            found.push(at.to_vec());
        }
        found.push(word.trim().as_bytes().to_vec());
    }
    found
}

/// Makes what a key log says unreadable; answers how many secrets.
pub(super) fn key_log(bytes: &mut [u8]) -> u64 {
    let mut count = 0;
    for line in bytes.split_mut(|byte| *byte == b'\n') {
        let label = KEY_LOG.iter().filter_map(|label| {
            let at = line.windows(label.len()).position(|window| window == label.as_bytes())?;
            Some(at + label.len())
        });
        let Some(at) = label.max() else { continue };
        // Which connection it is for, and the secret.
        let rest = &mut line[at..];
        let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let first = digits(rest);
        let begin = first + 1;
        if first < 16 || rest.get(first) != Some(&b' ') {
            continue;
        }
        let second = digits(&rest[begin..]);
        if second >= 64 {
            rest[begin..begin + second].fill(b'*');
            count += 1;
        }
    }
    count
}

/// The words of a command line that follow an option that names a password.
pub(super) fn passwords_of(command: &[String]) -> impl Iterator<Item = &str> {
    let pairs = command.iter().zip(command.iter().skip(1));
    let apart = pairs.filter(|(option, _)| names_password(option)).map(|(_, word)| word.as_str());
    let joined = command.iter().filter_map(|word| word.split_once('=')).filter(|(option, _)| names_password(option));
    apart.chain(joined.map(|(_, value)| value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_key_log_lose_their_secrets() {
        let (random, secret) = ("0f".repeat(32), "a5".repeat(48));
        let kept = format!("plain words\nCLIENT_RANDOM {random}\nSUPER_SECRET 00 11\n");
        let log =
            format!("{kept}[tls] CLIENT_RANDOM {random} {secret}\nEXPORTER_SECRET {random} {}\n", "b6".repeat(32));
        let mut bytes = log.clone().into_bytes();
        assert_eq!(key_log(&mut bytes), 2);
        let expected = format!(
            "{kept}[tls] CLIENT_RANDOM {random} {}\nEXPORTER_SECRET {random} {}\n",
            "*".repeat(96),
            "*".repeat(64)
        );
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
    }
}
