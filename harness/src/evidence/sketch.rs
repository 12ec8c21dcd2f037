//! Tiny recordings told in a few words: the examples of requirements.
//!
//! Time stands still unless told to move, so an example says exactly what it needs. Raw bytes are always
//! possible ([`Sketch::iut`], [`Sketch::edge`]); the other methods are shorthand for what a conforming
//! Consumer or Producer and a conforming server do. An example about a Producer begins with [`Sketch::producer`] or
//! [`Sketch::ready_producer`].

use crate::iut::{Pics, Serialization};
use serde_json::{Value, json};
use touchstone_fixtures::recording::{
    CloseHow, Closer, ConnectionId, Context, Direction, Event, FORMAT, FaultState, Party, ProcessChange, Recorder,
    Recording, SessionChange, TlsCertificate, TlsChange, Tolerances, Transport,
};
use touchstone_fixtures::wire::mqtt311::build;
use touchstone_fixtures::wire::tls::TLS13;
use touchstone_fixtures::wire::tls::build::Hello;
use touchstone_fixtures::wire::websocket;

/// Filters a conforming Consumer with device id `zulu` and profiles `alpha` and `iota` subscribes to.
pub const FILTERS: [&str; 4] = ["oc2/cmd/all", "oc2/cmd/ap/alpha", "oc2/cmd/ap/iota", "oc2/cmd/device/zulu"];

/// Builds a recording. The IUT is a Consumer with device id `zulu`, profiles `alpha` and `iota`, identity
/// `zulu`, JSON and CBOR, unless [`Sketch::pics`] is changed before the first event.
#[derive(Debug)]
pub struct Sketch {
    /// Where it all goes.
    pub recorder: Recorder,
    /// The connection that [`Sketch::iut`] and [`Sketch::edge`] speak on; [`Sketch::open`] makes a new one.
    pub conn: ConnectionId,
    /// What the example's IUT declares.
    pub pics: Pics,
    /// What is tested against.
    pub binding: &'static str,
    /// `consumer`, `producer`, `ae`, `cse`.
    pub role: &'static str,
    /// The IUT's client identifier.
    pub client_id: &'static str,
    /// Whether all sessions began within the recording.
    pub births_known: bool,
    /// The user name that the IUT was given.
    pub user_name: Option<String>,
    begun: bool,
    written: u64,
    next_push: u16,
    next_publish: u16,
    faults: u32,
}

impl Default for Sketch {
    fn default() -> Sketch {
        Sketch::new()
    }
}

impl Sketch {
    /// An empty recording.
    pub fn new() -> Sketch {
        Sketch {
            recorder: Recorder::with_manual_clock(),
            conn: ConnectionId(0),
            pics: Pics {
                device_id: Some("zulu".into()),
                actuator_profiles: vec!["alpha".into(), "iota".into()],
                serializations: vec![Serialization::Json, Serialization::Cbor],
                keep_alive: Some(60),
                qos: Some(1),
                identity: Some("zulu".into()),
                ..Pics::default()
            },
            binding: "openc2-mqtt-wd04",
            role: "consumer",
            client_id: "k3vq9x2m",
            births_known: true,
            user_name: None,
            begun: false,
            written: 0,
            next_push: 0,
            next_publish: 0,
            faults: 0,
        }
    }

    /// The recording of one example.
    pub fn of(example: fn(&mut Sketch)) -> Recording {
        let mut sketch = Sketch::new();
        example(&mut sketch);
        sketch.finish()
    }

    fn begin(&mut self) {
        if self.begun {
            return;
        }
        self.begun = true;
        self.recorder.record(Event::Context(Box::new(Context {
            format: FORMAT,
            tool: "sketch".into(),
            anchor_unix_nanos: 0,
            binding: self.binding.into(),
            role: self.role.into(),
            scenario: "sketch".into(),
            scenario_text: String::new(),
            pics: serde_json::to_value(&self.pics).unwrap_or(Value::Null),
            pixit: json!({ "username": self.user_name }),
            seed: 0,
            scale: 1.0,
            tolerances: Tolerances::default(),
            births_known: self.births_known,
            discarded: Vec::new(),
        })));
    }

    /// Any event.
    pub fn event(&mut self, event: Event) {
        self.begin();
        self.recorder.record(event);
    }

    /// Lets time pass, in milliseconds.
    pub fn wait(&mut self, milliseconds: u64) {
        self.begin();
        self.recorder.advance(milliseconds * 1_000_000);
    }

    /// The IUT opens a new connection.
    pub fn open(&mut self) {
        self.conn = ConnectionId(self.conn.0 + 1);
        self.written = 0;
        let conn = self.conn;
        self.event(Event::ConnOpen {
            conn,
            party: Party::Iut,
            transport: if self.pics.tls { Transport::Tls } else { Transport::Tcp },
            remote: "127.0.0.1:40000".into(),
        });
    }

    /// An IUT that declares TLS opens a new connection over it, and sends its ClientHello.
    pub fn open_tls(&mut self, hello: &Hello) {
        self.pics.tls = true;
        self.open();
        self.iut_tls(hello.record());
    }

    /// Bytes of the IUT below MQTT.
    pub fn iut_tls(&mut self, bytes: impl AsRef<[u8]>) {
        self.begin();
        self.recorder.tls_bytes(self.conn, Direction::FromIut, bytes.as_ref());
    }

    /// The TLS layer of the connection gets somewhere.
    pub fn tls(&mut self, change: TlsChange) {
        let conn = self.conn;
        self.event(Event::Tls { conn, change });
    }

    /// The server answers with a certificate, in TLS 1.3.
    pub fn presented(&mut self, certificate: TlsCertificate) {
        self.tls(TlsChange::Answered { version: TLS13, suite: 0x1301, certificate: Some(certificate) });
    }

    /// The handshake ends in that version; `early_data`: with a ticket that allows some.
    pub fn established(&mut self, version: u16, early_data: bool) {
        let suite = if version == TLS13 { 0x1301 } else { 0xc02b };
        self.tls(TlsChange::Established { version, suite, resumed: false, early_data, client: None });
    }

    /// An IUT that declares WebSocket opens a new connection, and asks for an upgrade with these sub-protocols; it is
    /// granted.
    pub fn upgrade(&mut self, offers: &str) {
        if !self.pics.elects("websocket") {
            self.pics.options.push("websocket".into());
        }
        self.open();
        let offer = if offers.is_empty() { String::new() } else { format!("Sec-WebSocket-Protocol: {offers}\r\n") };
        let request = format!("GET /mqtt HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n{offer}\r\n");
        self.recorder.ws_bytes(self.conn, Direction::FromIut, request.as_bytes());
        self.recorder.ws_bytes(self.conn, Direction::ToIut, b"HTTP/1.1 101 Switching Protocols\r\n\r\n");
    }

    /// A frame of the IUT, not masked; in binary ones, what it holds is MQTT.
    pub fn framed(&mut self, opcode: u8, payload: impl AsRef<[u8]>) {
        self.begin();
        let frame = websocket::server_frame(true, opcode, payload.as_ref());
        self.recorder.ws_bytes(self.conn, Direction::FromIut, &frame);
        if opcode == websocket::BINARY {
            self.iut(payload);
        }
    }

    /// A frame to the IUT; in binary ones, what it holds is MQTT.
    pub fn pushed(&mut self, opcode: u8, payload: impl AsRef<[u8]>) {
        self.begin();
        let frame = websocket::server_frame(true, opcode, payload.as_ref());
        if opcode == websocket::BINARY {
            self.edge(payload);
        }
        self.recorder.ws_bytes(self.conn, Direction::ToIut, &frame);
    }

    /// MQTT to the IUT, in binary frames that hold these pieces of it.
    pub fn pushed_as(&mut self, bytes: &[u8], pieces: &[&[u8]]) {
        self.edge(bytes);
        for piece in pieces {
            let frame = websocket::server_frame(true, websocket::BINARY, piece);
            self.recorder.ws_bytes(self.conn, Direction::ToIut, &frame);
        }
    }

    /// The same, of bytes that no conforming server sends.
    pub fn injected_as(&mut self, bytes: &[u8], pieces: &[&[u8]]) {
        self.inject(bytes, false);
        for piece in pieces {
            let frame = websocket::server_frame(true, websocket::BINARY, piece);
            self.recorder.ws_bytes(self.conn, Direction::ToIut, &frame);
        }
    }

    fn close(&mut self, by: Closer, how: CloseHow, reason: &str) {
        let conn = self.conn;
        self.event(Event::Close { conn, by, how, undelivered: 0, reason: reason.into() });
    }

    /// The IUT ends its connection.
    pub fn closed_by_iut(&mut self) {
        self.close(Closer::Client, CloseHow::Fin, "end of stream");
    }

    /// The server ends the connection, by its rules.
    pub fn closed_by_server(&mut self, reason: &str) {
        self.close(Closer::Server, CloseHow::Fin, reason);
    }

    /// The tester cuts the connection.
    pub fn cut(&mut self) {
        self.faults += 1;
        let (id, conn) = (self.faults, self.conn);
        self.event(Event::Fault {
            id,
            name: "cut".into(),
            state: FaultState::Fired,
            conn: Some(conn),
            lawful: true,
            packet: String::new(),
            injected: 0,
            note: String::new(),
        });
        self.close(Closer::Tester, CloseHow::Cut, "cut");
    }

    /// Raw bytes from the IUT.
    pub fn iut(&mut self, bytes: impl AsRef<[u8]>) {
        self.begin();
        self.recorder.bytes(self.conn, Direction::FromIut, bytes.as_ref());
    }

    /// Raw bytes to the IUT, accepted by the kernel.
    pub fn edge(&mut self, bytes: impl AsRef<[u8]>) {
        self.begin();
        let bytes = bytes.as_ref();
        self.recorder.bytes(self.conn, Direction::ToIut, bytes);
        self.written += bytes.len() as u64;
        let (conn, total) = (self.conn, self.written);
        self.event(Event::Written { conn, total });
    }

    /// Raw bytes to the IUT that a fault wrote past the server.
    pub fn inject(&mut self, bytes: impl AsRef<[u8]>, lawful: bool) {
        let bytes = bytes.as_ref();
        self.faults += 1;
        let (id, conn) = (self.faults, self.conn);
        self.event(Event::Fault {
            id,
            name: "inject".into(),
            state: FaultState::Fired,
            conn: Some(conn),
            lawful,
            packet: bytes.iter().map(|b| format!("{b:02x}")).collect(),
            injected: bytes.len() as u64,
            note: String::new(),
        });
        self.edge(bytes);
    }

    /// A connection is opened, the IUT's `packet` is sent, and accepted without an earlier session.
    pub fn connect_with(&mut self, packet: impl AsRef<[u8]>) {
        self.open();
        self.iut(packet);
        let conn = self.conn;
        let client_id = self.client_id.into();
        self.event(Event::Session { conn, client_id, change: SessionChange::Created });
        self.edge(build::connack(false, 0));
    }

    /// A conforming CONNECT (clean session 0, keep alive 60, no will), accepted.
    pub fn connect(&mut self) {
        self.connect_with(build::connect(self.client_id).keep_alive(60).clean_session(false).build());
    }

    /// A conforming CONNECT, accepted with session present 1.
    pub fn reconnect(&mut self) {
        self.open();
        self.iut(build::connect(self.client_id).keep_alive(60).clean_session(false).build());
        let conn = self.conn;
        let client_id = self.client_id.into();
        self.event(Event::Session { conn, client_id, change: SessionChange::Resumed });
        self.edge(build::connack(true, 0));
    }

    /// SUBSCRIBE for `filters`, granted as requested.
    pub fn subscribe(&mut self, filters: &[(&str, u8)]) {
        self.next_publish += 1;
        let id = self.next_publish;
        self.iut(build::subscribe(id, filters.iter().copied()));
        self.edge(build::suback(id, filters.iter().map(|f| f.1).collect::<Vec<u8>>()));
    }

    /// Connected, and subscribed to [`FILTERS`] at QoS 1.
    pub fn ready(&mut self) {
        self.connect();
        self.subscribe(&FILTERS.map(|f| (f, 1)));
    }

    /// The IUT is a Producer from here on: identity `producer-1`, no address of its own, and the same serializations.
    /// Before the first event.
    pub fn producer(&mut self) {
        self.role = "producer";
        self.pics.device_id = None;
        self.pics.actuator_profiles = Vec::new();
        self.pics.identity = Some("producer-1".into());
    }

    /// A Producer, connected, and subscribed to `oc2/rsp` at QoS 1.
    pub fn ready_producer(&mut self) {
        self.producer();
        self.connect();
        self.subscribe(&[("oc2/rsp", 1)]);
    }

    /// PUBLISH to the IUT, without its acknowledgement; answers the packet identifier.
    pub fn push(&mut self, topic: &str, qos: u8, payload: impl AsRef<[u8]>) -> u16 {
        let id = if qos == 0 {
            0
        } else {
            self.next_push += 1;
            self.next_push
        };
        self.edge(build::publish(topic, qos, id, payload));
        id
    }

    /// PUBLISH to the IUT at QoS 1, which it acknowledges.
    pub fn deliver(&mut self, topic: &str, payload: impl AsRef<[u8]>) {
        let id = self.push(topic, 1, payload);
        self.iut(build::puback(id));
    }

    /// The payload of a JSON request: header 90 01, then the record with `content.request`.
    pub fn request_payload(request_id: &str, command: Value) -> Vec<u8> {
        let record = json!({
            "content": {"request": command},
            "request_id": request_id,
            "created": 1_606_000_000_000_u64,
            "from": "producer-1",
        });
        [&[0x90, 0x01], record.to_string().as_bytes()].concat()
    }

    /// The payload of a JSON response: header 91 01, then the record with `content.response`.
    pub fn response_payload(request_id: &str, response: Value) -> Vec<u8> {
        let record = json!({
            "content": {"response": response},
            "request_id": request_id,
            "created": 1_606_000_000_500_u64,
            "from": "zulu",
        });
        [&[0x91, 0x01], record.to_string().as_bytes()].concat()
    }

    /// A JSON command on `oc2/cmd/all`, which the IUT acknowledges.
    pub fn command(&mut self, request_id: &str, command: Value) {
        self.deliver("oc2/cmd/all", Sketch::request_payload(request_id, command));
    }

    /// `query features` with the given list.
    pub fn query(&mut self, request_id: &str, features: Value) {
        self.command(request_id, json!({"action": "query", "target": {"features": features}}));
    }

    /// PUBLISH of the IUT at QoS 1 on `oc2/rsp`, acknowledged.
    pub fn respond_raw(&mut self, payload: impl AsRef<[u8]>) {
        self.send_raw("oc2/rsp", payload);
    }

    /// A conforming JSON response of the IUT, acknowledged.
    pub fn respond(&mut self, request_id: &str, response: Value) {
        self.respond_raw(Sketch::response_payload(request_id, response));
    }

    /// PUBLISH of the IUT at QoS 1, acknowledged.
    pub fn send_raw(&mut self, topic: &str, payload: impl AsRef<[u8]>) {
        self.next_publish += 1;
        let id = self.next_publish;
        self.iut(build::publish(topic, 1, id, payload));
        self.edge(build::puback(id));
    }

    /// A conforming JSON request of the IUT, a Producer, on `oc2/cmd/all`, acknowledged.
    pub fn send(&mut self, request_id: &str, command: Value) {
        self.send_raw("oc2/cmd/all", Sketch::request_payload(request_id, command));
    }

    /// A JSON request of the IUT in the given text, header added, on `oc2/cmd/all`, acknowledged.
    pub fn send_text(&mut self, text: &str) {
        self.send_raw("oc2/cmd/all", [&[0x90, 0x01], text.as_bytes()].concat());
    }

    /// A response of a Consumer to the IUT, a Producer, on `oc2/rsp`, which the IUT acknowledges.
    pub fn answer(&mut self, request_id: &str, response: Value) {
        self.deliver("oc2/rsp", Sketch::response_payload(request_id, response));
    }

    /// A JSON command in the given text, header added, on `oc2/cmd/all`, which the IUT acknowledges.
    pub fn command_text(&mut self, text: &str) {
        self.deliver("oc2/cmd/all", [&[0x90, 0x01], text.as_bytes()].concat());
    }

    /// A JSON response of the IUT in the given text, header added, acknowledged.
    pub fn respond_text(&mut self, text: &str) {
        self.respond_raw([&[0x91, 0x01], text.as_bytes()].concat());
    }

    /// Lets the time to answer pass, then shows the IUT alive and answering: silence before this is proven.
    pub fn sentinel(&mut self) {
        self.wait(2_500);
        self.query("sentinel", json!([]));
        self.respond("sentinel", json!({"status": 200}));
    }

    /// The IUT is told something, and accepts.
    pub fn stimulus(&mut self, line: Value) {
        self.event(Event::Stimulus { id: "told".into(), via: "http".into(), accepted: true, detail: line.to_string() });
    }

    /// The IUT's process is asked to stop.
    pub fn stop_requested(&mut self) {
        self.event(Event::Process {
            instance: 1,
            change: ProcessChange::StopRequested { with: "SIGTERM".into() },
            out_offset: 0,
            err_offset: 0,
        });
    }

    /// The IUT's process ends.
    pub fn exit(&mut self, code: i32, expected: bool) {
        self.event(Event::Process {
            instance: 1,
            change: ProcessChange::Exit { code: Some(code), signal: None, expected },
            out_offset: 0,
            err_offset: 0,
        });
    }

    /// The IUT's process is started (again), its state directory kept.
    pub fn spawn(&mut self) {
        self.event(Event::Process {
            instance: 2,
            change: ProcessChange::Spawn { command: vec!["iut".into()], fresh: false },
            out_offset: 0,
            err_offset: 0,
        });
    }

    /// DISCONNECT, close, exit: what a conforming IUT does when asked to stop.
    pub fn stop(&mut self) {
        self.iut(build::disconnect());
        self.closed_by_iut();
        self.exit(0, true);
    }

    /// Lets the quiet window pass and ends the recording.
    pub fn finish(mut self) -> Recording {
        self.wait(500);
        self.event(Event::End { complete: true, reason: String::new() });
        let entries = self.recorder.log().since(0).iter().map(|entry| (**entry).clone()).collect();
        Recording { entries, truncated: false }
    }
}
