//! Runs scenarios against the bundled reference Consumer many times in one process, and says whether every
//! outcome was the same and what became of threads and memory. The third argument: so many threads do nothing but keep the
//! processors busy meanwhile. The fourth: an IUT file in place of the reference Consumer's.
//!
//!     cargo build --release && cargo run --release -p touchstone --example repeat -- 1000
//!     cargo run --release -p touchstone --example repeat -- 20 '*keep-alive*' 4
//!     cargo run --release -p touchstone --example repeat -- 5 '*' 2 fixtures/iuts/reference-producer.toml

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use touchstone::run::{Request, Run};

const SCENARIO: &str = "openc2/answering/query-features-empty";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let times: u32 = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(1000);
    let scenario = arguments.next().unwrap_or_else(|| SCENARIO.to_owned());
    let busy: u32 = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(0);
    let iut = arguments.next().map_or_else(consumer, PathBuf::from);
    for _ in 0..busy {
        // They end with the process.
        std::thread::spawn(|| {
            loop {
                std::hint::black_box(0);
            }
        });
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("no runtime: {error}")),
    };
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut lag = 0;
    println!("{:>8} {:>8} {:>12}", "run", "threads", "resident KiB");
    for n in 1..=times {
        match runtime.block_on(once(&iut, &scenario)) {
            Ok((outcomes, largest)) => {
                *seen.entry(outcomes).or_default() += 1;
                lag = lag.max(largest);
            }
            Err(error) => return fail(&error),
        }
        if n == 1 || n == 10 || n % 100 == 0 {
            println!("{n:>8} {:>8} {:>12}", status("Threads:"), status("VmRSS:"));
        }
    }
    println!("{} different sets of outcomes in {times} runs", seen.len());
    println!("largest lag about a measured time: {lag} ms");
    if seen.len() == 1 { ExitCode::SUCCESS } else { fail(&format!("{seen:#?}")) }
}

fn fail(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}

/// The IUT file of the reference Consumer.
fn consumer() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/iuts/reference-consumer.toml")
}

/// Every outcome of one run, as one text, and the largest lag about a time that was measured, in milliseconds.
async fn once(iut: &Path, scenario: &str) -> Result<(String, u64), String> {
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let request = Request {
        scenarios: vec![scenario.to_owned()],
        program: Some(program()?),
        ..Request::new(iut, dir.path().join("out"))
    };
    let run = Run::plan(request).map_err(|e| e.to_string())?;
    let assessment = run.execute("repeat", |_| {}).await.map_err(|e| e.to_string())?;
    let measured = assessment.report.requirements.iter().filter_map(|r| r.measured.as_ref());
    let lag = measured.map(|m| m.lag_ms).max().unwrap_or(0);
    Ok((format!("{:?} {:?}", assessment.report.verdict, assessment.outcomes), lag))
}

/// The program, beside the folder of this example.
fn program() -> Result<PathBuf, String> {
    let here = std::env::current_exe().map_err(|e| e.to_string())?;
    let program = here.parent().and_then(Path::parent).map(|dir| dir.join("touchstone")).unwrap_or_default();
    if program.exists() {
        Ok(program)
    } else {
        Err(format!("{} is missing: run `cargo build` first", program.display()))
    }
}

/// A figure of this process, from the kernel.
fn status(key: &str) -> String {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|text| {
            text.lines().find_map(|line| line.strip_prefix(key).map(|v| v.replace("kB", "").trim().to_owned()))
        })
        .unwrap_or_else(|| "?".to_owned())
}
