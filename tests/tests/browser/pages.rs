//! Reports as files, to be opened.

use super::common::{self, IutFile, call, scratch};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use touchstone_reports::model::{Report, State, Verdict, Witness};
use touchstone_reports::to_html;

/// A page in a directory that is removed at the end.
pub struct Page {
    dir: tempfile::TempDir,
    name: &'static str,
}

impl Page {
    /// A report as the library writes it.
    pub fn of(report: &Report) -> Page {
        Page::holding(&to_html(report))
    }

    /// Any page.
    pub fn holding(html: &str) -> Page {
        let page = Page { dir: scratch(), name: "report.html" };
        fs::write(page.dir.path().join(page.name), html).expect("written");
        page
    }

    /// What a run of the program leaves: a reference Consumer that retains its responses, in two scenarios.
    pub fn of_a_run() -> Page {
        let page = Page { dir: scratch(), name: "out/report.html" };
        let iut = IutFile::reference(Some("publish-retained")).write(page.dir.path());
        let out = page.dir.path().join("out");
        let scenarios = ["query-features-topic-all", "large-message"].map(|name| format!("wd04/consumer/{name}"));
        let mut arguments = vec!["run".as_ref(), "--iut".as_ref(), iut.as_os_str(), "--out".as_ref(), out.as_os_str()];
        arguments.extend(scenarios.iter().flat_map(|scenario| [OsStr::new("--scenario"), OsStr::new(scenario)]));
        let ended = call(arguments);
        assert_eq!(ended.code, 1, "{}\n{}", ended.stdout, ended.stderr);
        page
    }

    /// report.json beside it.
    pub fn report(&self) -> serde_json::Value {
        common::report(self.path().parent().expect("it lies in a folder"))
    }

    pub fn path(&self) -> std::path::PathBuf {
        self.dir.path().join(self.name)
    }

    /// Its address, with a fragment or without.
    pub fn at(&self, fragment: &str) -> String {
        format!("file://{}{fragment}", Path::new(&self.path()).display())
    }
}

/// The word that a report shows for a requirement, and filters by: told here once more, from what the model says.
pub fn word(state: State, verdict: Verdict) -> &'static str {
    match (state, verdict) {
        (State::Applicable, verdict) => verdict.as_str(),
        (state, _) => state.as_str(),
    }
}

/// The row of a packet.
pub fn row(report: &Report, at: &Witness) -> Option<String> {
    let scenario = report.scenarios.iter().position(|scenario| scenario.id == at.scenario)?;
    Some(format!("s{}-c{}-p{}", scenario + 1, at.connection?, at.packet?))
}

/// Opens everything that folds.
pub const OPEN_ALL: &str = "document.querySelectorAll('details').forEach(d => { d.open = true; });";
