//! How fast a long capture is judged: 100,000 packets of a Consumer at work, and a flood that is made to be slow.
//!
//! `cargo bench -p touchstone --bench judge`
#![allow(missing_docs, reason = "criterion's macros make public functions")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;
use std::hint::black_box;
use touchstone::binding;
use touchstone::evidence::observe;
use touchstone::evidence::sketch::Sketch;
use touchstone::judge::{judge, trace};
use touchstone_fixtures::recording::Recording;
use touchstone_fixtures::wire::mqtt311::build;

/// Commands answered one after another: five packets each (request, PUBACK, response, PUBACK, PINGREQ).
fn at_work(packets: u32) -> Recording {
    let mut sketch = Sketch::new();
    sketch.ready();
    for number in 0..packets / 5 {
        let id = format!("r{number}");
        let payload =
            Sketch::request_payload(&id, json!({"action": "query", "target": {"features": ["versions", "profiles"]}}));
        let packet_id = (number % 60_000 + 1) as u16;
        sketch.edge(build::publish("oc2/cmd/all", 1, packet_id, payload));
        sketch.iut(build::puback(packet_id));
        let response =
            Sketch::response_payload(&id, json!({"status": 200, "results": {"versions": ["1.0"], "profiles": []}}));
        sketch.iut(build::publish("oc2/rsp", 1, packet_id, response));
        sketch.edge(build::puback(packet_id));
        sketch.iut(build::pingreq());
        sketch.wait(1);
    }
    sketch.stop();
    sketch.finish()
}

/// Requests that nobody answers, then acknowledgements and responses that all belong to the first.
fn flood(packets: u32) -> Recording {
    let mut sketch = Sketch::new();
    sketch.ready();
    for number in 0..packets / 3 {
        let payload = Sketch::request_payload("same", json!({"action": "query", "target": {"features": []}}));
        sketch.edge(build::publish("oc2/cmd/all", 1, (number % 65_535 + 1) as u16, payload));
    }
    let interim = build::publish("oc2/rsp", 1, 7, Sketch::response_payload("same", json!({"status": 102})));
    for _ in 0..packets / 3 {
        sketch.iut(build::puback(u16::MAX));
        sketch.iut(&interim);
    }
    sketch.finish()
}

/// Deliveries that pile up, and are then acknowledged from the newest to the oldest: each overtakes all before it.
fn backlog(packets: u32) -> Recording {
    let mut sketch = Sketch::new();
    sketch.ready();
    let count = u16::try_from(packets / 2).unwrap_or(u16::MAX);
    for id in 1..=count {
        sketch.edge(build::publish("oc2/cmd/all", 1, id, b"x"));
    }
    for id in (1..=count).rev() {
        sketch.iut(build::puback(id));
    }
    sketch.finish()
}

fn throughput(criterion: &mut Criterion) {
    const PACKETS: u32 = 100_000;
    let mut group = criterion.benchmark_group("judge");
    group.sample_size(10);
    group.throughput(Throughput::Elements(u64::from(PACKETS)));
    for (name, recording) in [("at work", at_work(PACKETS)), ("flood", flood(PACKETS)), ("backlog", backlog(PACKETS))] {
        group.bench_function(format!("observe, {name}"), |b| b.iter(|| black_box(observe(&recording))));
        let evidence = observe(&recording).expect("a sketch has a context");
        group.bench_function(format!("checks, {name}"), |b| {
            b.iter_batched(
                || binding::OPENC2_MQTT_WD04.requirements().map(|(_, r)| r),
                |requirements| black_box(judge(&evidence, requirements)),
                BatchSize::PerIteration,
            );
        });
        group.bench_function(format!("trace, {name}"), |b| b.iter(|| black_box(trace(&evidence))));
    }
    group.finish();
}

criterion_group!(benches, throughput);
criterion_main!(benches);
