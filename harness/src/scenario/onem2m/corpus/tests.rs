use super::*;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use touchstone_fixtures::wire::mqtt311::{Frame, Framer, Sender, decode};

fn base(role: Role) -> Base {
    let mut pics = Pics { serializations: vec![Serialization::Json, Serialization::Xml], ..Pics::default() };
    pics.onem2m.cse_id = Some("/in-cse".to_owned());
    pics.onem2m.cse_name = Some("cse-in".to_owned());
    let granted = ["/oneM2M/req/+/in-cse:C1/#".to_owned()];
    Base::new(role, &pics, granted.iter(), 64 * 1024).expect("everything is declared")
}

fn inputs(kind: Kind, role: Role, seed: u64, count: usize) -> Vec<Input> {
    let mut made = Made::new(kind, base(role), seed, "acme/corpus", 3);
    (0..count).map(|_| made.make()).collect()
}

#[test]
fn the_parties_are_found() {
    let cse = base(Role::Cse);
    assert_eq!(cse.topic(false, Serialization::Json), "/oneM2M/req/Ctouchstone/in-cse/json");
    let ae = base(Role::Ae);
    assert_eq!(
        (ae.to.as_str(), ae.topic(false, Serialization::Xml)),
        ("C1", "/oneM2M/req/in-cse/in-cse:C1/xml".to_owned())
    );
    assert_eq!(ae.topic(true, Serialization::Json), "/oneM2M/resp/in-cse:C1/in-cse/json");
    assert!(Base::new(Role::Ae, &Pics::default(), [].iter(), 1).is_err());
}

#[test]
fn the_same_seed_gives_the_same_inputs_and_another_one_others() {
    for (_, kind) in KINDS {
        assert_eq!(inputs(kind, Role::Cse, 7, 30), inputs(kind, Role::Cse, 7, 30), "{kind:?}");
        assert_ne!(inputs(kind, Role::Cse, 7, 30), inputs(kind, Role::Cse, 8, 30), "{kind:?}");
    }
}

/// What is committed under a seed stays what it is: the digest of the first inputs of each kind.
#[test]
fn inputs_of_a_seed_do_not_change() {
    let mut digests = Vec::new();
    for role in [Role::Cse, Role::Ae] {
        for (name, kind) in KINDS {
            let mut hash = Sha256::new();
            for input in inputs(kind, role, 0, 50) {
                match input {
                    Input::Payload { topic, payload } => {
                        hash.update(topic);
                        hash.update(payload);
                    }
                    Input::Packet { bytes, .. } => hash.update(bytes),
                }
            }
            let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            digests.push(format!("{role} {name} {digest}"));
        }
    }
    insta::assert_snapshot!(digests.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the seed: within bounds, harmless, on topics that may be published to, and packets whole.
    #[test]
    fn inputs_can_be_delivered_and_do_no_harm(seed in any::<u64>(), ae in any::<bool>()) {
        let role = if ae { Role::Ae } else { Role::Cse };
        for (_, kind) in KINDS {
            for input in inputs(kind, role, seed, 8) {
                match input {
                    Input::Payload { topic, payload } => {
                        prop_assert!(payload.len() <= 64 * 1024);
                        prop_assert!(harmless(&topic, &payload));
                        prop_assert!(topic.len() <= 65_000 && !topic.contains(['+', '#', '\0']), "{}", topic);
                    }
                    Input::Packet { bytes, lawful } => {
                        let mut framer = Framer::new(1024 * 1024);
                        framer.push(&bytes);
                        let Some(Frame::Packet(raw)) = framer.next_frame() else { panic!("{bytes:02x?} is no whole packet") };
                        prop_assert!(framer.rest().is_empty());
                        prop_assert_eq!(decode(raw, Sender::Server).defects.is_empty(), lawful);
                    }
                }
            }
        }
    }
}

#[test]
fn a_request_that_does_something_is_never_sent() {
    let topic = "/oneM2M/req/CAdmin/in-cse/json";
    assert!(!harmless(topic, br#"{"op":4,"to":"cse-in/x","fr":"CAdmin","rqi":"r","rvi":"3"}"#));
    assert!(harmless(topic, br#"{"op":2,"to":"cse-in/x","fr":"CAdmin","rqi":"r","rvi":"3"}"#));
}
