//! Which scenarios an implementation is run through: what it declares decides.

use super::model::{Need, Scenario};
use crate::iut::{Command, IutFile, Per, Pics};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A scenario ready to be run: one that is run for each declared command has become several.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Id of this run of it; the scenario's own with `-1`, `-2`, ... where it became several.
    pub id: String,
    /// Title; names the command where there are several.
    pub title: String,
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Position in [`declared`] of the command that `declared = "each"` means.
    pub command: Option<usize>,
}

/// A scenario that is not run.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// What is not declared.
    pub reason: String,
}

/// What is run and what is not.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In the order of their ids.
    pub selected: Vec<Planned>,
    /// In the order of their ids.
    pub left_out: Vec<LeftOut>,
}

/// The commands a vendor declared, without `query features`, which every Consumer is sent anyway.
pub fn declared(pics: &Pics) -> impl Iterator<Item = &Command> {
    pics.commands.iter().filter(|command| {
        command.action != "query" || command.target.as_object().is_none_or(|target| !target.contains_key("features"))
    })
}

/// Chooses among `scenarios` (in the order of their ids) by what the IUT file declares.
pub fn plan(scenarios: &[Arc<Scenario>], iut: &IutFile) -> Plan {
    let launched = iut.launch.is_some();
    let own = iut.launch.as_ref().is_some_and(|launch| launch.per == Per::Scenario);
    let mut plan = Plan::default();
    for scenario in scenarios.iter().filter(|s| s.role == iut.role) {
        if let Some(need) = needs(scenario).into_iter().find(|need| !need.met(&iut.pics, launched, own)) {
            plan.left_out.push(LeftOut { scenario: Arc::clone(scenario), reason: need.unmet() });
            continue;
        }
        if scenario.each_command {
            for (n, command) in declared(&iut.pics).enumerate() {
                plan.selected.push(Planned {
                    id: format!("{}-{}", scenario.id, n + 1),
                    title: format!("{}: {} {}", scenario.title, command.action, target_name(command)),
                    scenario: Arc::clone(scenario),
                    command: Some(n),
                });
            }
        } else {
            plan.selected.push(Planned {
                id: scenario.id.clone(),
                title: scenario.title.clone(),
                scenario: Arc::clone(scenario),
                command: None,
            });
        }
    }
    plan
}

/// What a scenario says it requires, and what its steps cannot do without.
fn needs(scenario: &Scenario) -> BTreeSet<Need> {
    let mut needs: BTreeSet<Need> = scenario.requires.iter().cloned().collect();
    for step in &scenario.steps {
        needs.extend(step.verb.needs().into_iter().map(Need::of));
    }
    needs
}

fn target_name(command: &Command) -> &str {
    command.target.as_object().and_then(|target| target.keys().next()).map_or("", String::as_str)
}
