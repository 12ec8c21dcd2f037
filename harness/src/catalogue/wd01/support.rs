//! What the examples of this catalogue share.

use crate::evidence::sketch::Sketch;
use serde_json::json;
use touchstone_fixtures::wire::mqtt311::build;

pub(super) fn ready(s: &mut Sketch) {
    s.ready_wd01();
}

pub(super) fn ready_producer(s: &mut Sketch) {
    s.ready_wd01_producer();
}

/// A Consumer that publishes something of its own.
pub(super) fn no_message(s: &mut Sketch) {
    s.ready_wd01();
    s.iut(build::publish("weather", 0, 0, "rain"));
}

/// A Producer that does.
pub(super) fn nothing_commanded(s: &mut Sketch) {
    s.ready_wd01_producer();
    s.iut(build::publish("weather", 0, 0, "rain"));
}

pub(super) fn query() -> Vec<u8> {
    Sketch::bare_request("query", "features")
}

pub(super) fn response() -> Vec<u8> {
    Sketch::bare_response(json!({"status": 200}))
}

/// A Consumer that was asked something.
pub(super) fn asked(s: &mut Sketch) {
    s.ready_wd01();
    s.deliver("oc2/cmd/device_id/zulu", query());
}

/// One that answers.
pub(super) fn answered(s: &mut Sketch) {
    asked(s);
    s.send_raw("oc2/rsp", response());
}

/// A Producer that asks for features on that topic.
pub(super) fn commanded_on(s: &mut Sketch, topic: &str) {
    s.ready_wd01_producer();
    s.send_raw(topic, query());
}
