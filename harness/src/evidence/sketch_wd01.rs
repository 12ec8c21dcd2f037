//! What Consumers and Producers of WD01 say and are told, in a few words: further methods of [`Sketch`].
//!
//! The Consumer is `zulu`, a `firewall`, and declares two pairs and two actions beside the usual profiles. Messages are
//! records without a header.

use super::sketch::Sketch;
use crate::iut::MessageFormat;
use serde_json::{Value, json};

/// Filters a conforming Consumer subscribes to.
pub const WD01_FILTERS: [&str; 8] = [
    "oc2/cmd/device_id/zulu",
    "oc2/cmd/device_type/firewall",
    "oc2/cmd/ap/alpha",
    "oc2/cmd/ap/iota",
    "oc2/cmd/action_target/query_features",
    "oc2/cmd/action_target/deny_ipv4_net",
    "oc2/cmd/action/query",
    "oc2/cmd/action/deny",
];

impl Sketch {
    /// The IUT is a Consumer of WD01 from here on. Before the first event.
    pub fn wd01(&mut self) {
        self.binding = "openc2-mqtt-wd01";
        self.pics.device_type = Some("firewall".into());
        self.pics.action_targets = vec!["query_features".into(), "deny_ipv4_net".into()];
        self.pics.actions = vec!["query".into(), "deny".into()];
        self.pics.message_format = Some(MessageFormat::Record);
    }

    /// The IUT is a Producer of WD01 from here on. Before the first event.
    pub fn wd01_producer(&mut self) {
        self.binding = "openc2-mqtt-wd01";
        self.producer();
        self.pics.message_format = Some(MessageFormat::Record);
    }

    /// A Consumer, connected, and subscribed to [`WD01_FILTERS`] at QoS 1.
    pub fn ready_wd01(&mut self) {
        self.wd01();
        self.connect();
        self.subscribe(&WD01_FILTERS.map(|f| (f, 1)));
    }

    /// A Producer, connected, and subscribed to `oc2/rsp` at QoS 1.
    pub fn ready_wd01_producer(&mut self) {
        self.wd01_producer();
        self.connect();
        self.subscribe(&[("oc2/rsp", 1)]);
    }

    /// The payload of a JSON request without a header.
    pub fn bare_request(action: &str, target: &str) -> Vec<u8> {
        let mut members = serde_json::Map::new();
        members.insert(target.to_owned(), if target == "features" { json!([]) } else { json!("192.0.2.0/24") });
        let command = json!({"action": action, "target": members});
        Sketch::request_payload("r1", command).split_off(2)
    }

    /// The payload of a JSON response without a header.
    pub fn bare_response(response: Value) -> Vec<u8> {
        Sketch::response_payload("r1", response).split_off(2)
    }
}
