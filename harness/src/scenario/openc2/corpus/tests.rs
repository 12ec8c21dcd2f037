use super::*;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use touchstone_fixtures::wire::mqtt311::{Frame, Framer, Sender, decode};

fn base(side: Side) -> Base {
    let topic = if side == Side::Consumer { "oc2/cmd/all" } else { "oc2/rsp" };
    Base {
        side,
        serializations: vec![Serialization::Json, Serialization::Cbor],
        topic: topic.to_owned(),
        headed: true,
        largest: 64 * 1024,
    }
}

fn inputs(kind: Kind, side: Side, seed: u64, count: usize) -> Vec<Input> {
    let mut corpus = Corpus::new(kind, base(side), seed, "acme/corpus", 3);
    (0..count).map(|_| corpus.make()).collect()
}

#[test]
fn the_same_seed_gives_the_same_inputs_and_another_one_others() {
    for (_, kind) in Kind::NAMED {
        assert_eq!(inputs(kind, Side::Consumer, 7, 30), inputs(kind, Side::Consumer, 7, 30), "{kind:?}");
        assert_ne!(inputs(kind, Side::Consumer, 7, 30), inputs(kind, Side::Consumer, 8, 30), "{kind:?}");
    }
}

/// What is committed under a seed stays what it is: the digest of the first inputs of each kind.
#[test]
fn inputs_of_a_seed_do_not_change() {
    let digests: Vec<String> = Kind::NAMED
        .iter()
        .map(|(name, kind)| {
            let mut hash = Sha256::new();
            for input in inputs(*kind, Side::Consumer, 0, 50) {
                match input {
                    Input::Payload { payload, .. } => hash.update(payload),
                    Input::Packet { bytes, .. } => hash.update(bytes),
                }
            }
            let digest: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            format!("{name} {digest}")
        })
        .collect();
    insta::assert_snapshot!(digests.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the seed: within bounds, harmless, and packets whole.
    #[test]
    fn inputs_can_be_delivered_and_do_no_harm(seed in any::<u64>(), producer in any::<bool>()) {
        let side = if producer { Side::Producer } else { Side::Consumer };
        let topic = base(side).topic;
        for (_, kind) in Kind::NAMED {
            for input in inputs(kind, side, seed, 8) {
                match input {
                    Input::Payload { payload, .. } => {
                        prop_assert!(payload.len() <= 64 * 1024);
                        prop_assert!(harmless(&topic, &payload));
                    }
                    Input::Packet { bytes, lawful } => {
                        let mut framer = Framer::new(1024 * 1024);
                        framer.push(&bytes);
                        let Some(Frame::Packet(raw)) = framer.next_frame() else { panic!("{bytes:02x?} is no whole packet") };
                        prop_assert!(framer.rest().is_empty());
                        let defects = decode(raw, Sender::Server).defects;
                        prop_assert_eq!(defects.is_empty(), lawful, "{:02x?}: {:?}", bytes, defects);
                    }
                }
            }
        }
    }
}

#[test]
fn a_command_that_does_something_is_never_sent() {
    let command = br#"{"content":{"request":{"action":"delete","target":{"file":{"name":"x"}}}},"request_id":"r"}"#;
    assert!(!harmless("oc2/cmd/all", &[&[0x90, 1][..], command].concat()));
    let query = br#"{"content":{"request":{"action":"query","target":{"file":{"name":"x"}}}},"request_id":"r"}"#;
    assert!(harmless("oc2/cmd/all", &[&[0x90, 1][..], query].concat()));
}
