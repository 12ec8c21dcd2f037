//! The fixture as a vendor's tests use it, on clients that are programs: mosquitto's, where they are installed.

mod common;

use common::tools;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use touchstone_fixtures::broker::{Broker, Match, PacketType, blocking};

/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(20);

fn client(program: &Path, broker: &blocking::Broker, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(["-h", "127.0.0.1", "-p", &broker.addr().port().to_string()]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn what_a_program_publishes_is_asked_for_by_name() {
    let Some(program) = tools::program("mosquitto_pub") else { return };
    let broker = blocking::Broker::start().expect("a broker");
    let lamp = ["-i", "lamp", "-u", "me", "-P", "secret", "--will-topic", "lamp/gone", "--will-payload", "x"];
    let message = ["-q", "1", "-t", "lamp/state", "-m", "{\"on\":true}"];
    let ended = client(&program, &broker, &[&lamp[..], &message].concat()).output().expect("it starts");
    assert!(ended.status.success(), "{ended:?}");
    broker.wait_for(SOON, |said| said.packets().of_type(PacketType::Disconnect)).expect("it said so");
    let said = broker.stop();
    let connect = said.connects().one();
    assert_eq!((connect.client_id(), connect.user_name()), (Some("lamp"), Some("me")));
    assert_eq!(connect.will(), Some(("lamp/gone", &b"x"[..])));
    let publish = said.publishes().from_client().topic("lamp/state").qos(1).retain(false).one();
    assert_eq!(publish.json().expect("JSON")["on"], true);
    let id = publish.packet_id().expect("QoS 1 has one");
    let acknowledged = said.packets().to_client().of_type(PacketType::Puback).id(id).after(&publish).one();
    said.packets().of_type(PacketType::Disconnect).after(&acknowledged).one();
    said.packets().defective().none();
}

#[test]
fn a_program_that_is_refused_ends_with_an_error() {
    let Some(program) = tools::program("mosquitto_pub") else { return };
    let broker = blocking::Broker::start().expect("a broker");
    let refused = broker.refuse_connect(5, 1);
    let ended = client(&program, &broker, &["-t", "a", "-m", "x"]).output().expect("it starts");
    assert!(!ended.status.success(), "{ended:?}");
    let said = broker.stop();
    assert_eq!(refused.fired(&said), 1, "{said}");
    assert_eq!(said.packets().of_type(PacketType::Connack).one().return_codes(), [5]);
    said.publishes().none();
}

#[test]
fn a_message_that_comes_twice_is_acknowledged_twice() {
    let Some(program) = tools::program("mosquitto_sub") else { return };
    let broker = blocking::Broker::start().expect("a broker");
    let mut subscriber = client(&program, &broker, &["-i", "sub", "-q", "1", "-t", "lamp/#", "-C", "2", "-W", "20"]);
    let subscriber = subscriber.spawn().expect("it starts");
    let granted = broker.wait_for(SOON, |said| said.packets().of_type(PacketType::Suback)).expect("a SUBACK");
    assert_eq!(granted.one().return_codes(), [1]);
    let peer = broker.block_on(broker.peer("tester")).expect("connected");
    broker.block_on(peer.publish("lamp/state", b"on", 1, false)).expect("published");
    let first = broker.wait_for(SOON, |said| said.publishes().to_client()).expect("a message").one();
    assert!(broker.block_on(broker.inject(&first.packet.raw)), "{}", broker.said());
    let ended = subscriber.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&ended.stdout), "on\non\n");
    broker.wait_for(SOON, |said| said.packets().of_type(PacketType::Disconnect)).expect("it said so");
    let said = broker.stop();
    said.packets().from_client().of_type(PacketType::Puback).id(first.packet_id().expect("one")).exactly(2);
}

#[test]
fn a_program_comes_back_after_its_acknowledgement_was_lost() {
    let Some(program) = tools::program("mosquitto_sub") else { return };
    let broker = blocking::Broker::start().expect("a broker");
    let arguments = ["-i", "sub", "-c", "-q", "1", "-t", "lamp/#", "-C", "2", "-W", "20"];
    let subscriber = client(&program, &broker, &arguments).spawn().expect("it starts");
    broker.wait_for(SOON, |said| said.packets().of_type(PacketType::Suback)).expect("a SUBACK");
    let lost = broker.withhold(Match::from_client(PacketType::Puback), 1);
    let peer = broker.block_on(broker.peer("tester")).expect("connected");
    broker.block_on(peer.publish("lamp/state", b"on", 1, false)).expect("published");
    broker.wait_for_fault(SOON, &lost).expect("a PUBACK to lose");
    assert!(broker.block_on(broker.cut()), "{}", broker.said());
    let ended = subscriber.wait_with_output().expect("it ends");
    let said = broker.stop();
    assert!(ended.status.success(), "{said}");
    said.connects().exactly(2);
    // The broker sends again what it takes for unacknowledged.
    let sent = said.publishes().to_client().topic("lamp/state").exactly(2);
    assert_eq!(sent.iter().map(|sent| sent.dup()).collect::<Vec<_>>(), [Some(false), Some(true)]);
}

#[test]
fn a_program_speaks_tls_with_a_broker_whose_authority_it_trusts() {
    let Some(program) = tools::program("mosquitto_pub") else { return };
    let folder = common::scratch();
    let trusted = |broker: &blocking::Broker, name: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, broker.authority().expect("TLS was asked for")).expect("written");
        path.display().to_string()
    };
    let start = || blocking::Broker::start_with(Broker::setup().tls().credentials("me", b"secret")).expect("a broker");
    let (broker, other) = (start(), start());
    let (own, foreign) = (trusted(&broker, "ca.pem"), trusted(&other, "other.pem"));
    let message = ["-i", "lamp", "-u", "me", "-P", "secret", "-q", "1", "-t", "lamp/state", "-m", "on"];
    let publish = |authority: &str| {
        let arguments = [&message[..], &["--cafile", authority]].concat();
        client(&program, &broker, &arguments).output().expect("it starts").status.success()
    };
    assert!(!publish(&foreign) && publish(&own), "{}", broker.said());
    let said = broker.stop();
    assert_eq!(said.connections().len(), 2, "{said}");
    assert_eq!(said.connects().one().user_name(), Some("me"));
    said.publishes().from_client().topic("lamp/state").one();
}
