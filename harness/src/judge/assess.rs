//! The join: what all scenarios together say of each requirement, and what the policy makes of it.

use super::flows::{self, Involvement};
use super::message::{bits, cite, sentence};
use super::{Finding, JudgedScenario, LISTED, Ledger, Limit, Measured, Outcome, Policy, ScenarioStatus, Witness};
use crate::binding::Binding;
use crate::catalogue::{Catalogue, Judged, Requirement, Trigger};
use crate::evidence::openc2::schema::shown_by;
use crate::iut::{Pics, Role, Serialization};
use crate::manifest::Manifest;
use std::collections::BTreeMap;
use touchstone_reports::model;

/// The rule that a process which ends unasked breaks; findings after that point at it.
const SURVIVES: &str = "harness/survives";

/// A run, judged.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// Everything the reports say.
    pub report: model::Report,
    /// Raw outcome of every requirement that binds the role, by id: for comparing runs whatever their policy.
    pub outcomes: BTreeMap<&'static str, Outcome>,
}

/// One requirement across all scenarios.
struct Joined {
    outcome: Outcome,
    met: u64,
    broken: u64,
    findings: Vec<model::Finding>,
    witnesses: Vec<model::Witness>,
    measured: Option<model::Measured>,
}

/// Joins the scenarios of a run under a policy. `program`: version of the judging program.
pub fn assess(
    manifest: &Manifest,
    binding: &Binding,
    role: Role,
    policy: Policy,
    scenarios: &[JudgedScenario],
    program: &str,
) -> Assessment {
    let mut waivers: Vec<model::Waiver> = manifest
        .waivers
        .iter()
        .map(|w| model::Waiver {
            requirement: w.requirement.clone(),
            reason: w.reason.clone(),
            owner: w.owner.clone(),
            expires: w.expires.clone(),
            version: w.version.clone(),
            used: false,
        })
        .collect();
    let mut outcomes = BTreeMap::new();
    let mut requirements = Vec::new();
    for (catalogue, requirement) in binding.requirements() {
        let involved = flows::involvement(&manifest.pics, binding, requirement, scenarios);
        let joined = join(manifest, catalogue, requirement, &involved, scenarios);
        let (row, outcome) =
            row(manifest, binding, catalogue, requirement, role, policy, scenarios, &involved, joined, &mut waivers);
        if requirement.binds(role) && requirement.belongs_to(binding.id) {
            outcomes.insert(requirement.id, outcome);
        }
        requirements.push(row);
    }
    let report = super::report::report(manifest, binding, policy, scenarios, requirements, waivers, program);
    Assessment { report, outcomes }
}

fn join(
    manifest: &Manifest,
    catalogue: &Catalogue,
    requirement: &Requirement,
    involved: &Involvement,
    scenarios: &[JudgedScenario],
) -> Joined {
    let mut joined = Joined {
        outcome: Outcome::None,
        met: 0,
        broken: 0,
        findings: Vec::new(),
        witnesses: Vec::new(),
        measured: None,
    };
    for scenario in scenarios {
        let Some(selected) = manifest.scenarios.get(scenario.index) else { continue };
        let promised = selected.exercises.iter().any(|e| e == requirement.id);
        let empty = Ledger::default();
        let ledger = scenario.ledgers.get(requirement.id).unwrap_or(&empty);
        let mut outcome = ledger.outcome(promised);
        for finding in ledger.findings(promised) {
            joined.push(model::Finding {
                at: witness(&selected.id, &finding.witness),
                outcome: finding_name(finding.outcome).to_owned(),
                expected: some(&finding.expected),
                actual: some(&finding.actual),
                message: sentence(catalogue, requirement, finding),
                because: cascade(requirement, scenario, finding),
            });
        }
        for (at, said) in ledger.notes() {
            let note = plain(&selected.id, Outcome::None, format!("{said}."), None);
            joined.push(model::Finding { at: witness(&selected.id, at), outcome: "note".to_owned(), ..note });
        }
        let because = scenario.death.map(|_| SURVIVES.to_owned()).filter(|id| *id != requirement.id);
        // An option that the IUT does not claim is promised only as an occasion, and so is what it declares to keep away
        // from: see `state`.
        let bound = !unclaimed(manifest, requirement) && !matches!(involved, Involvement::HasNone(_));
        let owed = promised && requirement.judged.testable() && bound;
        let lacking = match (&scenario.status, &scenario.gap) {
            _ if !owed => None,
            (_, Some(gap)) if outcome <= Outcome::Met => Some(format!("Not all of the scenario can be judged: {gap}")),
            (ScenarioStatus::Aborted(reason), None) if outcome == Outcome::None => {
                Some(format!("The scenario ended before this could be decided: {reason}"))
            }
            // What it was to show, it did not show.
            (ScenarioStatus::Aborted(reason), None) if outcome <= Outcome::Met => scenario
                .unfired
                .as_ref()
                .map(|_| format!("The scenario ended before it had provoked everything: {reason}")),
            _ if outcome <= Outcome::Met => scenario.unfired.clone(),
            _ => None,
        };
        if let Some(lacking) = lacking {
            outcome = outcome.join(Outcome::Undecided);
            joined.push(plain(&selected.id, Outcome::Undecided, lacking, because));
        }
        joined.outcome = joined.outcome.join(outcome);
        joined.met += ledger.met();
        joined.broken += ledger.broken();
        let room = LISTED.saturating_sub(joined.witnesses.len());
        if let Some(measured) = ledger.measured() {
            joined.measure(&selected.id, measured);
        }
        joined.witnesses.extend(ledger.witnesses().iter().take(room.min(3)).map(|w| witness(&selected.id, w)));
    }
    // What decides the outcome is told first; else the scenarios keep their order.
    let decides = outcome_name(joined.outcome);
    joined.findings.sort_by_key(|finding| finding.outcome != decides);
    joined
}

impl Joined {
    /// Findings are listed up to a bound per outcome; the counts have them all.
    fn push(&mut self, finding: model::Finding) {
        let same = self.findings.iter().filter(|f| f.outcome == finding.outcome).count();
        if same < LISTED {
            self.findings.push(finding);
        }
    }

    /// The times of one scenario, beside those of the others.
    fn measure(&mut self, scenario: &str, measured: &Measured) {
        let one = |(nanos, at): &(u64, Witness)| model::Measure { ms: nanos / 1_000_000, at: witness(scenario, at) };
        let (shortest, longest) = (one(&measured.shortest), one(&measured.longest));
        let ms = |nanos: u64| nanos / 1_000_000;
        let Limit { limit, tolerance, lag } = measured.limit;
        let Some(joined) = &mut self.measured else {
            let (limit_ms, tolerance_ms, lag_ms) = (ms(limit), ms(tolerance), ms(lag));
            let count = measured.count;
            self.measured = Some(model::Measured { count, shortest, longest, limit_ms, tolerance_ms, lag_ms });
            return;
        };
        joined.count += measured.count;
        joined.lag_ms = joined.lag_ms.max(ms(lag));
        if shortest.ms < joined.shortest.ms {
            joined.shortest = shortest;
            (joined.limit_ms, joined.tolerance_ms) = (ms(limit), ms(tolerance));
        }
        if longest.ms > joined.longest.ms {
            joined.longest = longest;
        }
    }
}

/// What followed from the end of the process points at it.
fn cascade(requirement: &Requirement, scenario: &JudgedScenario, finding: &Finding) -> Option<String> {
    let (_, frame) = scenario.death?;
    // What such a recording leaves undecided was left open by the end of the process, wherever it began.
    let after = finding.outcome == Outcome::Undecided || finding.witness.frame.is_some_and(|f| f > frame);
    (requirement.id != SURVIVES && after).then(|| SURVIVES.to_owned())
}

fn plain(scenario: &str, outcome: Outcome, message: String, because: Option<String>) -> model::Finding {
    model::Finding {
        at: model::Witness {
            scenario: scenario.to_owned(),
            connection: None,
            packet: None,
            frame: None,
            bytes: None,
            bits: None,
        },
        outcome: outcome_name(outcome).to_owned(),
        expected: None,
        actual: None,
        message,
        because,
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::None => "none",
        Outcome::Met => "met",
        Outcome::Undecided => "undecided",
        Outcome::Broken => "broken",
        Outcome::Error => "error",
    }
}

/// The outcome of a finding: one that decides nothing is a note.
fn finding_name(outcome: Outcome) -> &'static str {
    if outcome == Outcome::None { "note" } else { outcome_name(outcome) }
}

fn witness(scenario: &str, witness: &Witness) -> model::Witness {
    model::Witness {
        scenario: scenario.to_owned(),
        connection: witness.connection.map(|c| c.0),
        packet: witness.packet,
        frame: witness.frame,
        bytes: witness.bytes.map(|span| [span.start, span.end]),
        bits: (witness.bits != 0).then(|| bits(witness.bits)),
    }
}

/// State and verdict of one requirement.
#[expect(clippy::too_many_arguments, reason = "one call, and each argument is one thing the decision rests on")]
fn row(
    manifest: &Manifest,
    binding: &Binding,
    catalogue: &Catalogue,
    requirement: &Requirement,
    role: Role,
    policy: Policy,
    scenarios: &[JudgedScenario],
    involved: &Involvement,
    mut joined: Joined,
    waivers: &mut [model::Waiver],
) -> (model::Requirement, Outcome) {
    let raw = joined.outcome;
    let (mut state, mut reason) = state(manifest, requirement, role, involved, &joined, scenarios);
    if state == model::State::Applicable && raw == Outcome::None {
        joined.push(plain("", Outcome::Undecided, no_instance(manifest, requirement, scenarios), None));
    }
    if let Some(used) = undeclared(requirement)
        && joined.met + joined.broken > 0
        && state == model::State::Applicable
        && unclaimed(manifest, requirement)
    {
        let mut note = model::Finding { outcome: "note".to_owned(), ..plain("", Outcome::None, used, None) };
        if let Some(seen) = joined.witnesses.first() {
            note.at = seen.clone();
        }
        joined.findings.push(note);
    }
    if let Involvement::HasAfterAll(index, at, said) = involved
        && let Some(scenario) = manifest.scenarios.get(*index)
        && state == model::State::Applicable
    {
        let note = plain(&scenario.id, Outcome::None, format!("{said}."), None);
        joined.push(model::Finding { at: witness(&scenario.id, at), outcome: "note".to_owned(), ..note });
    }
    let mut verdict = model::Verdict::None;
    if state == model::State::Applicable {
        verdict = policy.verdict(binding, requirement, raw);
        if verdict == model::Verdict::Fail
            && let Some(waiver) = waivers.iter_mut().find(|w| w.requirement == requirement.id)
        {
            waiver.used = true;
            state = model::State::Waived;
            reason = Some(format!("{} (owner {}, until {})", waiver.reason, waiver.owner, waiver.expires));
        }
    }
    let gating =
        matches!(state, model::State::Applicable | model::State::Waived) && policy.fails_in(binding, requirement);
    let row = model::Requirement {
        id: requirement.id.to_owned(),
        rows: requirement.rows.iter().map(|r| (*r).to_owned()).collect(),
        catalogue: catalogue.id.to_owned(),
        cite: cite(catalogue, requirement),
        clause: requirement.clause.to_owned(),
        level: requirement.level.as_str().to_owned(),
        interop: requirement.interop,
        contradiction: requirement.contradiction.map(str::to_owned),
        statement: requirement.statement(),
        state,
        reason,
        outcome: outcome_name(raw).to_owned(),
        verdict,
        gating,
        met: joined.met,
        broken: joined.broken,
        findings: joined.findings,
        witnesses: joined.witnesses,
        measured: joined.measured,
    };
    (row, raw)
}

fn no_instance(manifest: &Manifest, requirement: &Requirement, scenarios: &[JudgedScenario]) -> String {
    let early =
        scenarios.iter().find_map(|scenario| match (&scenario.status, manifest.scenarios.get(scenario.index)) {
            (ScenarioStatus::Aborted(reason), Some(m)) if m.exercises.iter().any(|e| e == requirement.id) => {
                Some(format!("Scenario {}, which gives an occasion to decide it, ended early: {reason}", m.id))
            }
            _ => None,
        });
    if let Some(early) = early {
        return early;
    }
    if let Some(left) = manifest.left_out.iter().find(|l| l.exercises.iter().any(|e| e == requirement.id)) {
        return format!("Scenario {} would give an occasion to decide it, but was left out: {}", left.id, left.reason);
    }
    match requirement.trigger {
        Trigger::IutOption(option) if unclaimed(manifest, requirement) => {
            format!("No scenario that could show the option {option:?} came to its end")
        }
        Trigger::IutOption(option) => {
            format!("The IUT file declares {option:?}, but nothing in this run showed it")
        }
        Trigger::Command(_) => "A declared command would show it, but nothing in this run did".to_owned(),
        Trigger::Always | Trigger::Tester => "Nothing in this run gave an occasion to decide it".to_owned(),
    }
}

/// Whether it depends on an option that the PICS does not claim, or on a command that it does not declare.
fn unclaimed(manifest: &Manifest, requirement: &Requirement) -> bool {
    match requirement.trigger {
        Trigger::IutOption(option) => !claims(&manifest.pics, option),
        Trigger::Command(row) => !manifest.pics.commands.iter().any(|command| shown_by(command).contains(row)),
        Trigger::Always | Trigger::Tester => false,
    }
}

/// What is noted when something was used that the IUT file does not declare.
fn undeclared(requirement: &Requirement) -> Option<String> {
    match requirement.trigger {
        Trigger::IutOption(option) => {
            Some(format!("The option {option:?} was used although the IUT file does not declare it"))
        }
        Trigger::Command(_) => Some("It was shown by a command that the IUT file does not declare".to_owned()),
        Trigger::Always | Trigger::Tester => None,
    }
}

/// Whether the PICS claims an option: elected by name, or declared by the field it stands for.
fn claims(pics: &Pics, option: &str) -> bool {
    match option {
        "qos0" => pics.qos == Some(0) || pics.elects(option),
        "qos2" => pics.qos == Some(2) || pics.elects(option),
        "cbor" => pics.speaks(Serialization::Cbor),
        "json" => pics.speaks(Serialization::Json),
        "xml" => pics.speaks(Serialization::Xml),
        "tls" => pics.tls,
        // One that has no identifier to begin with needs it to register.
        "credential_id" => pics.onem2m.credential_id.is_some() && pics.onem2m.ae_id.is_none(),
        "command" => !pics.commands.is_empty(),
        _ => pics.elects(option),
    }
}

fn state(
    manifest: &Manifest,
    requirement: &Requirement,
    role: Role,
    involved: &Involvement,
    joined: &Joined,
    scenarios: &[JudgedScenario],
) -> (model::State, Option<String>) {
    use model::State;
    if !requirement.belongs_to(&manifest.binding) {
        return (State::NotApplicable, Some(format!("part of {} only", requirement.bindings.join(" and "))));
    }
    if !requirement.binds(role) {
        let roles: Vec<&str> = requirement.roles.iter().map(|r| r.as_str()).collect();
        return (State::NotApplicable, Some(format!("binds the {} only", roles.join(" and the "))));
    }
    if let Some((condition, test)) = requirement.when
        && !test(&manifest.pics)
    {
        return (State::NotApplicable, Some(format!("applies only when {condition}")));
    }
    // What was seen is judged, whatever is declared.
    if let Involvement::HasNone(reason) = involved
        && joined.met + joined.broken == 0
    {
        return (State::NotApplicable, Some(reason.clone()));
    }
    match requirement.judged {
        Judged::NotYet(reason) => return (State::NotYetTested, Some(reason.to_owned())),
        Judged::Untestable(reason) => return (State::Untestable, Some(reason.to_owned())),
        Judged::Packet(_) | Judged::Exchange(_) | Judged::Machine(_) => {}
    }
    if !manifest.selection.requirements.is_empty()
        && !manifest.selection.requirements.iter().any(|id| id == requirement.id)
    {
        return (State::NotSelected, Some("left out by --requirement".to_owned()));
    }
    if joined.outcome == Outcome::None {
        let exercised = |s: &&JudgedScenario| {
            manifest.scenarios.get(s.index).is_some_and(|m| m.exercises.iter().any(|e| e == requirement.id))
        };
        if !manifest.selection.scenarios.is_empty() && !scenarios.iter().any(|s| exercised(&s)) {
            return (State::NotSelected, Some("no selected scenario exercises it".to_owned()));
        }
        if let Trigger::Command(_) = requirement.trigger
            && unclaimed(manifest, requirement)
        {
            return (State::OptionNotTaken, Some("no declared command shows it, and nothing else did".to_owned()));
        }
        // Where no scenario is made for it, each one that came to its end gave occasion enough.
        let made_for = scenarios.iter().any(|s| exercised(&s))
            || manifest.left_out.iter().any(|l| l.exercises.iter().any(|e| e == requirement.id));
        let mut offers = scenarios.iter().filter(|s| s.status == ScenarioStatus::Completed);
        if let Trigger::IutOption(option) = requirement.trigger
            && unclaimed(manifest, requirement)
            && let Some(offer) = offers.find(|s| !made_for || exercised(s))
            && let Some(offer) = manifest.scenarios.get(offer.index)
        {
            let offer = if made_for {
                format!("when scenario {} gave occasion", offer.id)
            } else {
                "in any scenario of this run".to_owned()
            };
            return (State::OptionNotTaken, Some(format!("{option:?} is not declared, and was not used {offer}")));
        }
    }
    (State::Applicable, None)
}
