//! Writes sample reports into a folder, to look at them.
//!
//! `cargo run -p touchstone-reports --features sample --example sample -- target/sample`

use std::path::PathBuf;
use touchstone_reports::{sample, summarise, to_html, to_json, to_junit};

fn main() -> std::io::Result<()> {
    let out = PathBuf::from(std::env::args_os().nth(1).unwrap_or_else(|| "target/sample".into()));
    let samples = [
        ("passing", sample::passing()),
        ("failing", sample::failing()),
        ("hostile", sample::hostile()),
        ("advisory", sample::advisory()),
        ("crowded", sample::crowded()),
        ("large", sample::large(100, 2)),
        ("burst", sample::large(200, 12)),
    ];
    for (name, report) in samples {
        let folder = out.join(name);
        std::fs::create_dir_all(&folder)?;
        let html = to_html(&report);
        println!("{name}: report.html {} bytes", html.len());
        std::fs::write(folder.join("report.html"), html)?;
        std::fs::write(folder.join("report.json"), to_json(&report))?;
        std::fs::write(folder.join("junit.xml"), to_junit(&report))?;
        std::fs::write(folder.join("summary.txt"), summarise(&report, 80, false))?;
    }
    Ok(())
}
