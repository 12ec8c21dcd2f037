//! The report of a run: verdict, counts, the verdict as a sentence, and the facts of the certificate sheet.

use super::{JudgedScenario, Policy, ScenarioStatus};
use crate::binding::Binding;
use crate::iut::Pics;
use crate::manifest::Manifest;
use touchstone_reports::model;

/// Puts the report together. Precedence: error > fail > incomplete > partial > pass; in place of pass, a binding whose text
/// requires nothing has advice, and a run that could not decide anything is incomplete there.
pub(super) fn report(
    manifest: &Manifest,
    binding: &Binding,
    policy: Policy,
    scenarios: &[JudgedScenario],
    requirements: Vec<model::Requirement>,
    waivers: Vec<model::Waiver>,
    program: &str,
) -> model::Report {
    let mut counts = count(&requirements);
    counts.scenarios = u32::try_from(manifest.scenarios.len()).unwrap_or(u32::MAX);
    counts.scenarios_completed =
        u32::try_from(scenarios.iter().filter(|s| s.status == ScenarioStatus::Completed).count()).unwrap_or(u32::MAX);
    let undecided = requirements.iter().filter(|r| r.gating && r.verdict == model::Verdict::Undecided).count();
    let unused: Vec<&str> = waivers.iter().filter(|w| !w.used).map(|w| w.requirement.as_str()).collect();
    let scenario_errors = scenarios.iter().filter(|s| matches!(s.status, ScenarioStatus::Error(_))).count();
    let partial = manifest.selection.partial();
    let nothing_ran = scenarios.iter().all(|s| s.sha256.is_none());
    // Whatever its scenario promised: a break may stand in what is not there.
    let lost = scenarios.iter().filter(|s| s.gap.is_some()).count();
    let lost = lost + manifest.scenarios.len().saturating_sub(scenarios.len());
    let nothing_seen = binding.advice.is_some() && counts.pass + counts.warn + counts.fail == 0 && !partial;
    let verdict = if counts.error > 0 || scenario_errors > 0 {
        model::RunVerdict::Error
    } else if counts.fail > 0 {
        model::RunVerdict::Fail
    } else if undecided > 0 || !unused.is_empty() || nothing_ran || nothing_seen || lost > 0 || !manifest.completed {
        model::RunVerdict::Incomplete
    } else if partial {
        model::RunVerdict::Partial
    } else if binding.advice.is_some() {
        model::RunVerdict::Advice
    } else {
        model::RunVerdict::Pass
    };
    let mut sentence = verdict_sentence(
        verdict,
        binding.advice,
        policy,
        &requirements,
        &counts,
        undecided,
        &unused,
        manifest.completed,
        scenario_errors,
        if nothing_ran { Missing::All } else { Missing::Some(lost) },
    );
    if let Some(never) = super::stimulated::never_sent(scenarios) {
        sentence.push(' ');
        sentence.push_str(&never);
    }
    model::Report {
        format: model::FORMAT.to_owned(),
        iut: model::Iut {
            name: manifest.iut.name.clone(),
            vendor: manifest.iut.vendor.clone(),
            version: manifest.iut.version.clone(),
        },
        binding: manifest.binding.clone(),
        role: manifest.role.clone(),
        policy: policy.as_str().to_owned(),
        verdict,
        sentence,
        partial,
        advice: binding.advice.map(str::to_owned),
        counts,
        run: facts(manifest, binding, scenarios, program),
        requirements,
        scenarios: scenarios.iter().filter_map(|s| scenario(manifest, s)).collect(),
        waivers,
    }
}

fn count(requirements: &[model::Requirement]) -> model::Counts {
    use model::{State, Verdict};
    let mut counts = model::Counts::default();
    for requirement in requirements {
        counts.requirements += 1;
        counts.gating += u32::from(requirement.gating);
        match requirement.state {
            State::Applicable => counts.applicable += 1,
            State::NotApplicable => counts.not_applicable += 1,
            State::NotSelected => counts.not_selected += 1,
            State::NotYetTested => counts.not_yet_tested += 1,
            State::Untestable => counts.untestable += 1,
            State::Waived => counts.waived += 1,
            State::OptionNotTaken => counts.option_not_taken += 1,
        }
        if requirement.state == State::Applicable {
            match requirement.verdict {
                Verdict::Pass => counts.pass += 1,
                Verdict::Warn => counts.warn += 1,
                Verdict::Fail => counts.fail += 1,
                Verdict::Undecided => counts.undecided += 1,
                Verdict::Error => counts.error += 1,
                Verdict::None => {}
            }
        }
    }
    counts
}

/// How many recordings are missing or break off.
enum Missing {
    All,
    Some(usize),
}

#[expect(clippy::too_many_arguments, reason = "one call, and each argument is one fact of the sentence")]
fn verdict_sentence(
    verdict: model::RunVerdict,
    advice: Option<&str>,
    policy: Policy,
    requirements: &[model::Requirement],
    counts: &model::Counts,
    undecided: usize,
    unused: &[&str],
    completed: bool,
    scenario_errors: usize,
    missing: Missing,
) -> String {
    use model::RunVerdict;
    let mut parts = Vec::new();
    let failed = |level: &str| {
        requirements
            .iter()
            .filter(|r| r.verdict == model::Verdict::Fail && r.state == model::State::Applicable && r.level == level)
            .count()
    };
    for (level, name) in [("must", "MUST"), ("should", "SHOULD"), ("may", "MAY"), ("guidance", "guidance")] {
        let n = failed(level);
        if n > 0 {
            parts.push(format!("{n} {name} broken"));
        }
    }
    if counts.waived > 0 {
        parts.push(format!("{} waived", counts.waived));
    }
    if undecided > 0 {
        parts.push(format!("{undecided} not decided"));
    }
    if counts.error > 0 || scenario_errors > 0 {
        let errors = counts.error as usize + scenario_errors;
        parts.push(format!("{errors} {} of the test system", if errors == 1 { "error" } else { "errors" }));
    }
    if !unused.is_empty() {
        parts.push(format!("unused waiver of {}", unused.join(", ")));
    }
    match missing {
        Missing::All => parts.push("nothing ran".to_owned()),
        Missing::Some(0) => {}
        Missing::Some(1) => parts.push("evidence of 1 scenario is missing".to_owned()),
        Missing::Some(n) => parts.push(format!("evidence of {n} scenarios is missing")),
    }
    if !completed {
        parts.push("the run did not come to its end".to_owned());
    }
    let met = requirements.iter().filter(|r| r.gating && r.verdict == model::Verdict::Pass).count();
    let gate = match advice {
        None => format!("{met} of {} gating requirements met", counts.gating),
        Some(_) => format!("{} of {} points followed", counts.pass, counts.applicable),
    };
    if parts.is_empty() || advice.is_some() || matches!(verdict, RunVerdict::Pass | RunVerdict::Partial) {
        parts.push(gate);
    }
    if counts.warn > 0 {
        parts.push(format!("{} {}", counts.warn, if counts.warn == 1 { "warning" } else { "warnings" }));
    }
    let open = counts.undecided as usize - undecided;
    if advice.is_some() && open > 0 {
        parts.push(format!("{open} not decided"));
    }
    let head = match (verdict, advice.is_some()) {
        (RunVerdict::Pass, _) => "Conforms",
        (RunVerdict::Advice, _) => "Advice only",
        (RunVerdict::Partial, false) => "Nothing wrong in a partial run, which proves no conformance",
        (RunVerdict::Partial, true) => "Advice of a partial run only",
        (RunVerdict::Incomplete, false) => "Incomplete: conformance is neither shown nor refuted",
        (RunVerdict::Incomplete, true) => "Incomplete advice",
        (RunVerdict::Fail, false) => "Does not conform",
        (RunVerdict::Fail, true) => "Does not follow all of the guidance",
        (RunVerdict::Error, _) => "No verdict: the test system failed",
    };
    let mut sentence = format!("{head}: {} (policy {}).", parts.join(", "), policy.as_str());
    if let Some(why) = advice {
        sentence.push_str(&format!(" {why}: this states no conformance."));
    }
    sentence
}

fn facts(manifest: &Manifest, binding: &Binding, scenarios: &[JudgedScenario], program: &str) -> model::Run {
    let began = scenarios.iter().filter_map(|s| s.began).min();
    let ended = scenarios.iter().filter_map(|s| s.began.map(|b| b.saturating_add(s.duration))).max();
    let mut hashes = vec![(manifest.iut_file.path.clone(), manifest.iut_file.sha256.clone())];
    for scenario in scenarios {
        if let (Some(selected), Some(hash)) = (manifest.scenarios.get(scenario.index), &scenario.sha256) {
            hashes.push((format!("{}/capture.pcapng", selected.evidence), hash.clone()));
        }
    }
    model::Run {
        tool: program.to_owned(),
        started: began.map(timestamp).unwrap_or_default(),
        duration_ms: match (began, ended) {
            (Some(began), Some(ended)) => ended.saturating_sub(began) / 1_000_000,
            _ => 0,
        },
        binding_title: binding.title.to_owned(),
        catalogues: binding
            .catalogues
            .iter()
            .map(|c| model::CatalogueRef {
                id: c.id.to_owned(),
                title: c.title.to_owned(),
                cite: c.cite.to_owned(),
                edition: c.edition.to_owned(),
                version: c.version,
                sha256: Some(c.sha256()),
            })
            .collect(),
        pics: pics_lines(&manifest.pics),
        hashes,
        seed: manifest.seed,
        tolerances: tolerances(manifest, scenarios),
    }
}

/// The tolerances in force, and how late the test system itself was.
fn tolerances(manifest: &Manifest, scenarios: &[JudgedScenario]) -> Vec<(String, String)> {
    let Some(t) = scenarios.iter().find_map(|s| s.tolerances) else { return Vec::new() };
    let ms = |nanos: u64| format!("{} ms", nanos / 1_000_000);
    let share = format!("{}.{} % of the interval", t.keep_alive_per_mille / 10, t.keep_alive_per_mille % 10);
    let keep_alive = match manifest.pics.keep_alive {
        Some(seconds) if seconds > 0 => {
            let declared = ms(u64::from(seconds) * t.keep_alive_per_mille * 1_000_000);
            format!("{share} ({declared} of {seconds} s), and the lag of the test system")
        }
        _ => format!("{share}, and the lag of the test system"),
    };
    let lag = scenarios.iter().map(|s| s.lag).max().unwrap_or(0);
    let lag = if lag == 0 { "below 20 ms".to_owned() } else { ms(lag) };
    vec![
        ("quiet window".to_owned(), ms(t.quiet)),
        ("time to answer".to_owned(), ms(t.response)),
        ("keep alive".to_owned(), keep_alive),
        ("close after DISCONNECT".to_owned(), ms(t.disconnect)),
        ("largest lag of the test system".to_owned(), lag),
    ]
}

fn pics_lines(pics: &Pics) -> Vec<(String, String)> {
    match serde_json::to_value(pics) {
        Ok(serde_json::Value::Object(members)) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| match value {
                serde_json::Value::String(text) => (key, text),
                other => (key, other.to_string()),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn timestamp(unix_nanos: u64) -> String {
    use time::format_description::well_known::Rfc3339;
    // Milliseconds are enough, and what every JUnit reader understands.
    let millis = i128::from(unix_nanos / 1_000_000) * 1_000_000;
    time::OffsetDateTime::from_unix_timestamp_nanos(millis)
        .ok()
        .and_then(|t| t.format(&Rfc3339).ok())
        .unwrap_or_default()
}

fn scenario(manifest: &Manifest, judged: &JudgedScenario) -> Option<model::Scenario> {
    let selected = manifest.scenarios.get(judged.index)?;
    let (status, reason) = match &judged.status {
        ScenarioStatus::Completed => ("completed", None),
        ScenarioStatus::Aborted(reason) => ("aborted", Some(reason.clone())),
        ScenarioStatus::Error(reason) => ("error", Some(reason.clone())),
    };
    Some(model::Scenario {
        id: selected.id.clone(),
        status: status.to_owned(),
        reason,
        duration_ms: judged.duration / 1_000_000,
        title: selected.title.clone(),
        purpose: selected.purpose.clone(),
        exercises: selected.exercises.clone(),
        evidence: selected.evidence.clone(),
        rerun: rerun(manifest, &selected.id),
        printed: judged.launched,
        trace: judged.trace.clone(),
        trace_omitted: judged.trace_omitted,
    })
}

/// The command that runs one scenario again, as it was run.
fn rerun(manifest: &Manifest, scenario: &str) -> String {
    let mut command =
        format!("touchstone run --iut {} --out DIR --scenario {scenario}", quoted(&manifest.iut_file.path));
    if let Some(role) = &manifest.selection.role {
        command.push_str(&format!(" --role {}", quoted(role)));
    }
    if let Some(folder) = &manifest.selection.folder {
        command.push_str(&format!(" --scenarios {}", quoted(folder)));
    }
    if manifest.seed != 0 {
        command.push_str(&format!(" --seed {}", manifest.seed));
    }
    if manifest.scale != 1.0 {
        command.push_str(&format!(" --timeout-scale {}", manifest.scale));
    }
    command
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_where_a_shell_would_split_them() {
        assert_eq!(quoted("fixtures/iuts/a-b.toml"), "fixtures/iuts/a-b.toml");
        assert_eq!(quoted("my iut.toml"), "'my iut.toml'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
    }
}
