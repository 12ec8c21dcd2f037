//! What packets of the IUT, and packets to it, say.

use super::{ANSWERS, Answer, COMMAND_BYTES, COMMANDS, Command, FILTERS, PUBLISHED, Settled, TEXT, View};
use crate::evidence::payload::{Kind, Payload};
use crate::iut::Serialization;
use std::sync::Arc;
use touchstone_fixtures::recording::{ConnectionId, Nanos};
use touchstone_fixtures::wire::mqtt311::{Body, ControlPacket, PacketType};

impl View {
    pub(super) fn sent(&mut self, conn: ConnectionId, packet: &ControlPacket, index: u64, at: Nanos) {
        self.settle(conn, Settled::Said);
        match &packet.body {
            Body::Connect(connect) => {
                self.readiness.keep_alive = connect.keep_alive.as_ref().map(|k| k.value);
                self.readiness.last = at;
                if let Some(connection) = self.connections.get_mut(&conn) {
                    connection.clean = connect.clean_session();
                }
            }
            Body::Subscribe(subscribe) => {
                self.readiness.last = at;
                self.readiness.subscribed_at = Some(at);
                let filters = subscribe.subscriptions.iter().filter_map(|s| s.filter.text.clone()).collect();
                if let (Some(id), Some(connection)) = (packet.packet_id(), self.connections.get_mut(&conn))
                    && connection.pending.len() < FILTERS
                {
                    connection.pending.insert(id, filters);
                }
            }
            Body::Unsubscribe(unsubscribe) => {
                self.readiness.last = at;
                let filters = unsubscribe.filters.iter().filter_map(|f| f.text.clone()).collect();
                if let (Some(id), Some(connection)) = (packet.packet_id(), self.connections.get_mut(&conn))
                    && connection.unsubscribing.len() < FILTERS
                {
                    connection.unsubscribing.insert(id, filters);
                }
            }
            _ if packet.packet_type == PacketType::Disconnect
                && self.connections.get(&conn).is_some_and(|c| c.clean) =>
            {
                self.left = Some(index);
            }
            Body::Publish(publish) => {
                self.published_at = Some(at);
                let topic = publish.topic.as_ref().map(|t| t.display()).unwrap_or_default();
                let message = (self.family.read)(&topic, &publish.payload.value);
                if let Some(message) = message.as_ref().filter(|m| (self.family.speech.demands)(&topic, m)) {
                    self.commanded(topic.clone(), message, &publish.payload.value, publish.dup, index);
                }
                self.answered(message.as_ref(), &publish.payload.value);
                if let Some(id) = packet.packet_id().filter(|_| !publish.dup) {
                    if self.published.len() == PUBLISHED {
                        self.published.pop_front();
                    }
                    self.published.push_back((publish.qos, id));
                }
            }
            Body::Ack(Some(id))
                if matches!(packet.packet_type, PacketType::Puback | PacketType::Pubrec | PacketType::Pubcomp) =>
            {
                if let Some(connection) = self.connections.get_mut(&conn) {
                    connection.unacknowledged.remove(&id.value);
                }
            }
            _ => {}
        }
    }

    pub(super) fn received(&mut self, conn: ConnectionId, packet: &ControlPacket, index: u64, at: Nanos) {
        if packet.publish().is_some() {
            self.delivered = index;
            self.published_at = Some(at);
        }
        match &packet.body {
            // What no server sends changes nothing: a CONNACK with defects, or a second one.
            Body::Connack(connack)
                if packet.defects.is_empty()
                    && self.connections.get_mut(&conn).is_some_and(|c| !std::mem::replace(&mut c.connack, true)) =>
            {
                self.readiness.last = at;
                self.readiness.subscribed_at = Some(at);
                if !connack.session_present() {
                    self.readiness.granted.clear();
                }
                let accepted = connack.return_code.as_ref().is_some_and(|code| code.value == 0);
                self.readiness.accepted = accepted && self.newest == Some(conn);
            }
            Body::Suback(suback) => {
                self.readiness.last = at;
                let id = packet.packet_id();
                let filters = self.connections.get_mut(&conn).and_then(|c| c.pending.remove(&id?));
                for (filter, code) in filters.into_iter().flatten().zip(&suback.return_codes) {
                    if code.value <= 2 && self.readiness.granted.len() < FILTERS {
                        self.readiness.granted.insert(filter);
                    }
                }
            }
            Body::Publish(publish) if publish.qos > 0 => {
                if let (Some(id), Some(connection)) = (packet.packet_id(), self.connections.get_mut(&conn)) {
                    connection.unacknowledged.insert(id);
                }
            }
            Body::Ack(Some(id)) if packet.packet_type == PacketType::Pubrel => {
                if let Some(connection) = self.connections.get_mut(&conn) {
                    connection.unacknowledged.insert(id.value);
                }
            }
            Body::Ack(Some(id)) => {
                let gone = self.connections.get_mut(&conn).and_then(|c| c.unsubscribing.remove(&id.value));
                if packet.packet_type == PacketType::Unsuback {
                    for filter in gone.into_iter().flatten() {
                        self.readiness.granted.remove(&filter);
                    }
                }
            }
            _ => {}
        }
    }

    /// Notes a command. What is sent again is no further one.
    fn commanded(&mut self, topic: String, message: &Payload, payload: &[u8], dup: bool, index: u64) {
        let request_id = message.facts().correlation().map(str::to_owned);
        if topic.len() > TEXT || request_id.as_ref().is_some_and(|id| id.len() > TEXT) {
            return;
        }
        if dup && self.commands.iter().any(|earlier| earlier.request_id == request_id && earlier.topic == topic) {
            return;
        }
        let serialization = message.facts().serialization().unwrap_or(Serialization::Json);
        let payload: Arc<[u8]> =
            payload.get(..payload.len() * usize::from(payload.len() <= TEXT)).unwrap_or(&[]).into();
        self.command_bytes += payload.len();
        self.commands.push_back(Command { index, topic, payload, request_id, serialization });
        while self.commands.len() > COMMANDS || self.command_bytes > COMMAND_BYTES {
            let Some(oldest) = self.commands.pop_front() else { break };
            self.command_bytes -= oldest.payload.len();
        }
    }

    /// Notes a response. One whose message cannot be read still counts where the request_id stands in its
    /// bytes: a wait need not be long because an answer is wrong.
    fn answered(&mut self, message: Option<&Payload>, payload: &[u8]) {
        let readable = message.map(Payload::facts).and_then(|m| Some((m.correlation()?, m.kind(), m.status())));
        if let Some((id, kind, status)) = readable {
            if kind == Some(Kind::Request) {
                return;
            }
            if let Some(answers) = self.asked.get_mut(id)
                && answers.len() < ANSWERS
            {
                let learned = message.map(self.family.speech.learned).unwrap_or_default();
                answers.push(Answer { status, learned });
            }
            return;
        }
        if payload.len() > 64 * 1024 {
            return;
        }
        for (id, answers) in &mut self.asked {
            let id = id.as_bytes();
            if answers.is_empty() && !id.is_empty() && payload.windows(id.len()).any(|window| window == id) {
                answers.push(Answer { status: None, learned: Vec::new() });
            }
        }
    }
}
