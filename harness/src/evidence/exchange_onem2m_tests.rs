//! Pairing where originators number their requests each for himself.

use super::sketch::Sketch;
use super::{Exchange, Observation, Silence, observe};
use serde_json::json;
use std::sync::Arc;

fn exchanges(tell: impl FnOnce(&mut Sketch)) -> Vec<Arc<Exchange>> {
    let mut sketch = Sketch::new();
    sketch.ready_cse();
    tell(&mut sketch);
    let evidence = observe(&sketch.finish()).expect("a sketch has a context");
    let exchange = |o: &Observation| match o {
        Observation::Exchange(e) => Some(Arc::clone(e)),
        _ => None,
    };
    evidence.observations.iter().filter_map(exchange).collect()
}

fn asked(s: &mut Sketch, from: &str) {
    let request = json!({"op": 2, "to": "cse-in", "fr": from, "rqi": "1", "rvi": "3"});
    s.deliver(&format!("/oneM2M/req/{from}/in-cse/json"), request.to_string());
}

fn answered(s: &mut Sketch, from: &str, rsc: u32) {
    let response = json!({"rsc": rsc, "rqi": "1", "rvi": "3", "pc": {"m2m:cb": {}}});
    s.send_raw(&format!("/oneM2M/resp/{from}/in-cse/json"), response.to_string());
}

fn statuses(exchanges: &[Arc<Exchange>]) -> Vec<Vec<i128>> {
    let of = |e: &Arc<Exchange>| e.responses.iter().filter_map(|r| r.packet.primitive()?.rsc()).collect();
    exchanges.iter().map(of).collect()
}

#[test]
fn two_originators_may_use_the_same_identifier_at_once() {
    let seen = exchanges(|s| {
        asked(s, "C1");
        asked(s, "C2");
        answered(s, "C2", 2000);
        answered(s, "C1", 4103);
    });
    assert_eq!(statuses(&seen), [vec![4103], vec![2000]]);
}

#[test]
fn one_that_uses_it_twice_at_once_leaves_nobody_able_to_tell() {
    let seen = exchanges(|s| {
        asked(s, "C1");
        asked(s, "C1");
        answered(s, "C1", 4000);
        answered(s, "C1", 2000);
        // Both were answered: this one is told apart again.
        asked(s, "C1");
        answered(s, "C1", 2000);
    });
    assert_eq!(statuses(&seen), [vec![], vec![], vec![2000]]);
    assert!(seen[..2].iter().all(|e| matches!(e.silence, Silence::Open)));
}

#[test]
fn a_response_on_another_topic_still_belongs_to_the_only_request() {
    let seen = exchanges(|s| {
        asked(s, "C1");
        answered(s, "C9", 2000);
    });
    assert_eq!(statuses(&seen), [vec![2000]]);
}
