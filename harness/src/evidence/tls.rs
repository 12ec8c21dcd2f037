//! The TLS layer of a connection of the IUT: its ClientHello, decoded from the bytes, and what became of the rest.

use bytes::Bytes;
use touchstone_fixtures::recording::{ConnectionId, Nanos, TlsChange};
use touchstone_fixtures::wire::tls::{ClientHello, Handshakes, Records, client_hello, handshake};

/// Bytes of a client that are kept until it is known what they are.
const HEAD: usize = 4096;

/// One thing seen of the TLS layer of a connection of the IUT.
#[derive(Clone, Debug)]
pub struct TlsSeen {
    /// The connection.
    pub conn: ConnectionId,
    /// When.
    pub at: Nanos,
    /// Wireshark's frame number.
    pub frame: u32,
    /// What.
    pub what: TlsWhat,
}

/// What is seen of the TLS layer.
#[derive(Clone, Debug)]
pub enum TlsWhat {
    /// The IUT sent a ClientHello.
    Hello(Box<ClientHello>),
    /// What the IUT sent first is no TLS.
    Foreign {
        /// It is an MQTT CONNECT.
        mqtt: bool,
    },
    /// It got somewhere.
    Change(TlsChange),
}

/// Reads what a client sends before anything is encrypted.
#[derive(Debug, Default)]
pub(super) struct TlsStream {
    head: Vec<u8>,
    records: Records,
    handshakes: Handshakes,
    /// A record has come.
    begun: bool,
    /// It is known not to be TLS.
    foreign: bool,
}

impl TlsStream {
    /// Takes in bytes, answers what they show.
    pub fn push(&mut self, data: &[u8]) -> Vec<TlsWhat> {
        if self.foreign {
            return Vec::new();
        }
        let mut found = Vec::new();
        self.records.push(data);
        if !self.begun {
            let room = HEAD - self.head.len();
            self.head.extend(data.iter().take(room));
            if self.records.is_foreign() {
                self.foreign = true;
                found.push(foreign(&self.head));
                return found;
            }
        }
        while let Some(record) = self.records.next_record() {
            self.begun = true;
            self.head = Vec::new();
            self.handshakes.push(&record);
            while let Some(message) = self.handshakes.next_message() {
                if message.message == handshake::CLIENT_HELLO {
                    found.push(TlsWhat::Hello(Box::new(client_hello(message.bytes))));
                }
            }
        }
        found
    }
}

/// What bytes are that are no record: the ClientHello of SSL 2.0 (two bytes of length, type 1, version), plain MQTT,
/// or anything.
fn foreign(head: &[u8]) -> TlsWhat {
    if head.first().is_some_and(|byte| byte & 0x80 != 0) && head.get(2) == Some(&1) {
        return TlsWhat::Hello(Box::new(client_hello(Bytes::copy_from_slice(head))));
    }
    let connect = head.first() == Some(&0x10);
    let named = head.get(..head.len().min(16)).unwrap_or(head).windows(4).any(|w| w == b"MQTT" || w == b"MQIs");
    TlsWhat::Foreign { mqtt: connect && named }
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchstone_fixtures::wire::mqtt311::build as mqtt;
    use touchstone_fixtures::wire::tls::TLS12;
    use touchstone_fixtures::wire::tls::build::Hello;

    #[test]
    fn a_hello_is_found_however_it_is_cut() {
        let record = Hello::of(&[TLS12]).record();
        let mut stream = TlsStream::default();
        let found: Vec<TlsWhat> = record.chunks(7).flat_map(|chunk| stream.push(chunk)).collect();
        assert!(matches!(&found[..], [TlsWhat::Hello(hello)] if hello.whole()));
    }

    #[test]
    fn what_is_no_tls_is_told_once() {
        for (bytes, mqtt) in [(mqtt::connect("c").build(), true), (b"GET / HTTP/1.1\r\n".to_vec(), false)] {
            let mut stream = TlsStream::default();
            assert!(matches!(&stream.push(&bytes)[..], [TlsWhat::Foreign { mqtt: told }] if *told == mqtt));
            assert!(stream.push(&bytes).is_empty());
        }
        let found = TlsStream::default().push(&[0x80, 0x2e, 1, 0, 2, 0, 3, 0, 0, 0, 16, 0, 0, 5]);
        assert!(matches!(&found[..], [TlsWhat::Hello(hello)] if hello.suites.len() == 1));
    }
}
