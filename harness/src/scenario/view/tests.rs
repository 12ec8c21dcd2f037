use super::*;
use crate::iut::Serialization;
use crate::scenario::openc2::message::{Header, Request, query_features};
use crate::scenario::pattern::Pattern;
use touchstone_fixtures::recording::{CloseHow, Closer, Limits, Transport};
use touchstone_fixtures::wire::mqtt311::{PacketType, build};

const CONN: ConnectionId = ConnectionId(1);

struct Story {
    recorder: Recorder,
    view: View,
}

impl Story {
    fn new() -> Story {
        let recorder = Recorder::in_memory(Limits::default());
        let view = View::new(&recorder, &crate::binding::OPENC2);
        Story { recorder, view }
    }

    fn open(&mut self, conn: u32, party: Party) -> u64 {
        let index = self.recorder.record(Event::ConnOpen {
            conn: ConnectionId(conn),
            party,
            transport: Transport::Tcp,
            remote: String::new(),
        });
        self.view.catch_up();
        index
    }

    fn iut(&mut self, bytes: &[u8]) -> u64 {
        let index = self.recorder.bytes(CONN, Direction::FromIut, bytes);
        self.view.catch_up();
        index
    }

    fn edge(&mut self, bytes: &[u8]) {
        self.recorder.bytes(CONN, Direction::ToIut, bytes);
        self.view.catch_up();
    }

    fn close(&mut self) {
        self.recorder.record(Event::Close {
            conn: CONN,
            by: Closer::Client,
            how: CloseHow::Fin,
            undelivered: 0,
            reason: String::new(),
        });
        self.view.catch_up();
    }
}

fn connected() -> Story {
    let mut story = Story::new();
    story.open(1, Party::Iut);
    story.iut(&build::connect("c").keep_alive(7).build());
    story.edge(&build::connack(false, 0));
    story
}

fn response(request_id: &str) -> Vec<u8> {
    let text = format!("{{\"content\":{{\"response\":{{\"status\":200}}}},\"request_id\":\"{request_id}\"}}");
    [&[0x91, 0x01], text.as_bytes()].concat()
}

#[test]
fn readiness_follows_connack_suback_and_unsuback() {
    let mut story = connected();
    assert!(story.view.readiness().accepted);
    assert_eq!(story.view.readiness().keep_alive, Some(7));
    story.iut(&build::subscribe(1, [("a", 1), ("b", 1), ("c", 1)]));
    assert!(story.view.readiness().granted.is_empty());
    story.edge(&build::suback(1, [1, 0x80, 0]));
    assert_eq!(story.view.readiness().granted.iter().collect::<Vec<_>>(), ["a", "c"]);
    story.iut(&build::unsubscribe(2, ["a"]));
    story.edge(&build::unsuback(2));
    assert_eq!(story.view.readiness().granted.iter().collect::<Vec<_>>(), ["c"]);
}

#[test]
fn a_kept_session_keeps_its_filters_and_a_new_one_has_none() {
    let mut story = connected();
    story.iut(&build::subscribe(1, [("a", 1)]));
    story.edge(&build::suback(1, [1]));
    story.close();
    assert!(!story.view.readiness().accepted && !story.view.connected());
    story.open(2, Party::Iut);
    story.recorder.bytes(ConnectionId(2), Direction::ToIut, &build::connack(true, 0));
    story.view.catch_up();
    assert!(story.view.readiness().accepted && !story.view.readiness().granted.is_empty());
    story.open(3, Party::Iut);
    story.recorder.bytes(ConnectionId(3), Direction::ToIut, &build::connack(false, 0));
    story.view.catch_up();
    assert!(story.view.readiness().granted.is_empty());
}

#[test]
fn a_refusal_is_not_readiness() {
    let mut story = Story::new();
    story.open(1, Party::Iut);
    story.edge(&build::connack(false, 5));
    assert!(!story.view.readiness().accepted);
}

#[test]
fn answers_are_found_by_request_id_and_only_where_asked_for() {
    let mut story = connected();
    story.view.ask("r-1");
    story.iut(&build::publish("oc2/rsp", 1, 9, response("r-2")));
    assert!(story.view.answers("r-1").is_empty() && story.view.answers("r-2").is_empty());
    story.iut(&build::publish("oc2/rsp", 1, 10, response("r-1")));
    assert_eq!(story.view.answers("r-1")[0].status, Some(200));
}

#[test]
fn an_answer_that_cannot_be_read_is_still_an_answer_but_an_echo_is_none() {
    let mut story = connected();
    story.view.ask("0123456789");
    let echo = Request {
        command: query_features(),
        serialization: Serialization::Json,
        request_id: Some("0123456789".to_owned()),
        from: None,
        to: None,
        created: 0,
        header: Header::Fitting,
    };
    story.iut(&build::publish("oc2/rsp", 1, 8, echo.payload()));
    assert!(story.view.answers("0123456789").is_empty());
    story.iut(&build::publish("oc2/rsp", 1, 9, b"\x91\x01 broken \"0123456789\""));
    assert_eq!(story.view.answers("0123456789").len(), 1);
    assert_eq!(story.view.answers("0123456789")[0].status, None);
}

#[test]
fn packets_are_seen_from_a_mark_on_and_forgotten_before_it() {
    let mut story = connected();
    let first = story.iut(&build::pingreq());
    let second = story.iut(&build::pingreq());
    assert_eq!(story.view.packets_since(first).count(), 2);
    assert_eq!(story.view.packets_since(second).count(), 1);
    story.view.forget_before(second);
    assert_eq!(story.view.packets_since(0).count(), 1);
    assert!(!story.view.opened_since(CONN, first) && story.view.opened_since(CONN, 0));
}

#[test]
fn peers_are_not_the_iut() {
    let mut story = Story::new();
    let opened = story.open(1, Party::Peer);
    story.iut(&build::pingreq());
    assert_eq!(story.view.opens_since(opened), 0);
    assert_eq!(story.view.packets_since(0).count(), 0);
}

#[test]
fn an_unasked_exit_is_a_death_until_the_next_start() {
    let mut story = Story::new();
    let exit = |expected| Event::Process {
        instance: 1,
        change: ProcessChange::Exit { code: None, signal: Some(11), expected },
        out_offset: 0,
        err_offset: 0,
    };
    story.recorder.record(exit(true));
    story.view.catch_up();
    assert!(story.view.died().is_none());
    story.recorder.record(exit(false));
    story.view.catch_up();
    assert_eq!(story.view.died().map(|d| d.how.as_str()), Some("by signal 11"));
    story.recorder.record(Event::Process {
        instance: 2,
        change: ProcessChange::Spawn { command: Vec::new(), fresh: true },
        out_offset: 0,
        err_offset: 0,
    });
    story.view.catch_up();
    assert!(story.view.died().is_none());
    assert_eq!(story.view.exits_since(0), 2);
}

#[test]
fn garbage_is_neither_a_packet_nor_the_end() {
    let mut story = Story::new();
    story.open(1, Party::Iut);
    story.iut(&[0xff; 100_000]);
    story.iut(&build::pingreq());
    assert_eq!(story.view.packets_since(0).count(), 0);
}

#[test]
fn patterns_compare_what_they_name() {
    let any = Pattern {
        packet: PacketType::Publish,
        topic: None,
        qos: None,
        dup: None,
        retain: None,
        flags: None,
        packet_id: None,
        filter: None,
    };
    let publish = decode(build::publish("t", 1, 5, b"x").into(), Sender::Client);
    let subscribe = decode(build::subscribe(5, [("f", 1)]).into(), Sender::Client);
    assert!(any.matches(&publish) && !any.matches(&subscribe));
    let exact = Pattern {
        topic: Some("t".to_owned()),
        qos: Some(1),
        dup: Some(false),
        retain: Some(false),
        flags: Some(0x32),
        packet_id: Some(5),
        ..any.clone()
    };
    assert!(exact.matches(&publish));
    assert_eq!(exact.describe(), "PUBLISH topic t QoS 1 DUP 0 RETAIN 0 byte 0 0x32 packet id 5");
    for other in [
        Pattern { topic: Some("u".to_owned()), ..any.clone() },
        Pattern { qos: Some(0), ..any.clone() },
        Pattern { dup: Some(true), ..any.clone() },
        Pattern { retain: Some(true), ..any.clone() },
        Pattern { flags: Some(0x30), ..any.clone() },
        Pattern { packet_id: Some(6), ..any.clone() },
        Pattern { filter: Some("f".to_owned()), ..any.clone() },
    ] {
        assert!(!other.matches(&publish), "{other:?}");
    }
    let filter = Pattern { packet: PacketType::Subscribe, filter: Some("f".to_owned()), ..any };
    assert!(filter.matches(&subscribe));
}

#[test]
fn acknowledgements_are_owed_until_they_come_or_the_connection_ends() {
    let mut story = connected();
    story.edge(&build::publish("oc2/cmd/all", 0, 0, b"x"));
    assert!(!story.view.owes_acknowledgement());
    story.edge(&build::publish("oc2/cmd/all", 1, 7, b"x"));
    assert!(story.view.owes_acknowledgement());
    story.iut(&build::puback(7));
    assert!(!story.view.owes_acknowledgement());
    story.edge(&build::publish("oc2/cmd/all", 2, 8, b"x"));
    story.iut(&build::pubrec(8));
    story.edge(&build::pubrel(8));
    assert!(story.view.owes_acknowledgement());
    story.iut(&build::pubcomp(8));
    assert!(!story.view.owes_acknowledgement());
    story.edge(&build::publish("oc2/cmd/all", 1, 9, b"x"));
    story.close();
    assert!(!story.view.owes_acknowledgement());
}
