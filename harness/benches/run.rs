//! A whole Consumer run against the reference, and how soon one scenario has its verdict.
//!
//! The first figure is to be read against the waits the protocol itself demands: `report.json` of the same run
//! says how long each scenario took.

use criterion::{Criterion, criterion_group, criterion_main};
use std::path::{Path, PathBuf};
use touchstone::run::{Request, Run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_touchstone");

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/iuts/reference-consumer.toml")
}

fn execute(runtime: &tokio::runtime::Runtime, scenarios: &[&str]) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let request = Request {
        scenarios: scenarios.iter().map(|s| (*s).to_owned()).collect(),
        program: Some(PROGRAM.into()),
        ..Request::new(reference(), dir.path().join("out"))
    };
    let run = Run::plan(request).unwrap_or_else(|error| panic!("{error}"));
    let assessment = runtime.block_on(run.execute("bench", |_| {})).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(assessment.report.counts.fail, 0, "{}", assessment.report.sentence);
}

fn runs(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("run");
    group.sample_size(10);
    group.bench_function("every-consumer-scenario", |b| b.iter(|| execute(&runtime, &[])));
    group.bench_function("one-scenario-from-launch-to-verdict", |b| {
        b.iter(|| execute(&runtime, &["mqtt311/answering/connect-and-subscribe"]));
    });
    group.finish();
}

criterion_group!(benches, runs);
criterion_main!(benches);
