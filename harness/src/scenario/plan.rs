//! Which scenarios an implementation is run through: what it declares decides.

use super::model::{Need, Scenario};
use super::verbs::CommandKind;
use crate::binding::Binding;
use crate::catalogue::Trigger;
use crate::diagnostic::toml::Fields;
use crate::evidence::openc2::schema::shown_by;
use crate::iut::{Command, IutFile, Pics};
use std::collections::BTreeSet;
use std::fmt;
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
    /// Requirements it promises to decide: the scenario's own, without those that its declared command cannot show.
    pub exercises: Vec<String>,
}

impl Planned {
    /// The time that its steps ask for by themselves, in nanoseconds.
    pub(crate) fn waits(&self, pics: &Pics) -> u64 {
        self.scenario.steps.iter().fold(0, |sum, step| sum.saturating_add(step.verb.time(pics).unwrap_or(0)))
    }

    /// What kind of command it asks a Producer for first.
    pub(super) fn asks(&self) -> Option<CommandKind> {
        self.scenario.steps.iter().find_map(|step| step.verb.asks())
    }
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

/// Which of the declared commands a step means: the first that has all of this.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selector {
    /// One of these actions; any, when there are none.
    pub actions: Vec<String>,
    /// One of these targets; any, when there are none.
    pub targets: Vec<String>,
    /// An argument; `nsid.name` for one of a profile.
    pub arg: Option<String>,
}

impl Selector {
    /// Reads `action`, `target` and `arg` of a table.
    pub fn read(fields: &Fields<'_>) -> Option<Selector> {
        let names = |key: &'static str| -> Vec<String> {
            fields.strings(key).map(|l| l.value.into_iter().map(|name| name.value).collect()).unwrap_or_default()
        };
        let selector = Selector {
            actions: names("action"),
            targets: names("target"),
            arg: fields.string("arg").map(|arg| arg.value),
        };
        fields.finish();
        Some(selector)
    }

    /// Whether it means that command.
    pub fn fits(&self, command: &Command) -> bool {
        let one_of = |names: &[String], name: &str| names.is_empty() || names.iter().any(|n| n == name);
        let has = |arg: &str| {
            let path = arg.split('.');
            command.args.as_ref().is_some_and(|args| path.into_iter().try_fold(args, |at, name| at.get(name)).is_some())
        };
        one_of(&self.actions, &command.action)
            && one_of(&self.targets, target_name(command))
            && self.arg.as_deref().is_none_or(has)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let either = |names: &[String], any: &str| match names {
            [] => any.to_owned(),
            names => names.join(" or "),
        };
        write!(f, "{} {}", either(&self.actions, "any action"), either(&self.targets, "with any target"))?;
        self.arg.as_ref().map_or(Ok(()), |arg| write!(f, " with `{arg}`"))
    }
}

/// Chooses among `scenarios` (in the order of their ids) by what the IUT file declares.
pub fn plan(scenarios: &[Arc<Scenario>], iut: &IutFile) -> Plan {
    let mut plan = Plan::default();
    for scenario in scenarios.iter().filter(|s| s.roles.contains(&iut.role)) {
        if let Some(need) = needs(scenario).into_iter().find(|need| !need.met(iut)) {
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
                    exercises: shown(scenario, iut.binding, command),
                });
            }
        } else {
            plan.selected.push(Planned {
                id: scenario.id.clone(),
                title: scenario.title.clone(),
                scenario: Arc::clone(scenario),
                command: None,
                exercises: scenario.exercises.clone(),
            });
        }
    }
    plan
}

/// What a scenario decides when it is run with that declared command.
fn shown(scenario: &Scenario, binding: &Binding, command: &Command) -> Vec<String> {
    let shown = shown_by(command);
    let hidden: BTreeSet<&str> = binding
        .requirements()
        .filter(|(_, requirement)| matches!(requirement.trigger, Trigger::Command(row) if !shown.contains(row)))
        .map(|(_, requirement)| requirement.id)
        .collect();
    scenario.exercises.iter().filter(|id| !hidden.contains(id.as_str())).cloned().collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::binding::OPENC2_MQTT_WD04;
    use crate::diagnostic::Source;
    use crate::scenario::parse;
    use std::path::Path;

    fn iut(rest: &str) -> IutFile {
        let text = format!("[iut]\nname = \"x\"\nbinding = \"openc2-mqtt-wd04\"\nrole = \"consumer\"\n{rest}");
        crate::iut::parse(Path::new("/iut.toml"), Source::new("iut.toml", text)).unwrap_or_else(|p| panic!("{p}"))
    }

    fn scenario(rest: &str) -> Arc<Scenario> {
        let text =
            format!("id = \"acme/x\"\ntitle = \"T\"\npurpose = \"p\"\nrole = \"consumer\"\nexercises = []\n{rest}");
        let parsed = parse(Source::new("x.toml", text), &OPENC2_MQTT_WD04, false);
        Arc::new(parsed.unwrap_or_else(|p| panic!("{p}")))
    }

    fn reason(steps: &str, declared: &str) -> Option<String> {
        let text = format!("[[step]]\nverb = \"start\"\n[[step]]\n{steps}");
        plan(&[scenario(&text)], &iut(declared)).left_out.into_iter().next().map(|l| l.reason)
    }

    #[test]
    fn what_a_step_cannot_do_without_is_required_by_itself() {
        let launch = "[launch]\ncommand = [\"sh\"]\n";
        for (step, declared, expected) in [
            ("verb = \"stop\"", "", Some("attached")),
            ("verb = \"stop\"", launch, None),
            ("verb = \"request\"\nto = \"device\"", "", Some("`device_id` is not declared")),
            ("verb = \"request\"\nto = \"device\"", "[pics]\ndevice_id = \"z\"", None),
            ("verb = \"request\"\nto = \"profile\"", "", Some("`actuator_profiles` is not declared")),
            ("verb = \"request\"\nto = \"profile:a\"", "", None),
            ("verb = \"request\"\nserialization = \"cbor\"", "", Some("`cbor` is not declared")),
            ("verb = \"request\"\nrecipients = [\"{self}\"]", "", Some("`identity` is not declared")),
            ("verb = \"request\"\ndeclared = 1", "", Some("no command other than `query features`")),
            ("verb = \"deliver\"\nto = \"device\"", "", Some("`device_id` is not declared")),
        ] {
            let found = reason(step, declared);
            match expected {
                None => assert_eq!(found, None, "{step}"),
                Some(part) => assert!(found.as_ref().is_some_and(|r| r.contains(part)), "{step}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_step_may_say_which_declared_command_it_means() {
        let declared = "[pics]\nactuator_profiles = [\"slpf\"]\n\
             [[pics.command]]\naction = \"allow\"\ntarget = { ipv4_net = \"192.0.2.1\" }\n\
             [[pics.command]]\naction = \"deny\"\ntarget = { ipv6_net = \"2001:db8::\" }\nargs = { slpf = { persistent = true } }";
        for (selector, expected) in [
            (r#"{ action = ["allow", "deny"] }"#, None),
            (r#"{ action = ["deny"], target = ["ipv6_net"] }"#, None),
            (r#"{ arg = "slpf.persistent" }"#, None),
            (
                r#"{ action = ["allow"], arg = "slpf.persistent" }"#,
                Some("allow with any target with `slpf.persistent`"),
            ),
            (r#"{ target = ["file"] }"#, Some("no command is declared that is any action file")),
        ] {
            let found = reason(&format!("verb = \"request\"\ndeclared = {selector}"), declared);
            match expected {
                None => assert_eq!(found, None, "{selector}"),
                Some(part) => assert!(found.as_ref().is_some_and(|r| r.contains(part)), "{selector}: {found:?}"),
            }
        }
    }

    #[test]
    fn profiles_may_be_required() {
        let text = "requires = [\"profile:slpf\"]\n[[step]]\nverb = \"start\"\n";
        let other = plan(&[scenario(text)], &iut("[pics]\nactuator_profiles = [\"alpha\"]"));
        assert_eq!(other.left_out[0].reason, "the profile `slpf` is not declared");
        let slpf = plan(&[scenario(text)], &iut("[pics]\nactuator_profiles = [\"alpha\", \"slpf\"]"));
        assert_eq!(slpf.selected.len(), 1);
    }

    #[test]
    fn a_declared_command_promises_what_it_shows_only() {
        let text = "id = \"acme/x\"\ntitle = \"T\"\npurpose = \"p\"\nrole = \"producer\"\nfor_each = \"command\"\n\
             exercises = [\"openc2/one-action\", \"openc2/type-port\", \"openc2/type-device\"]\n\
             [[step]]\nverb = \"start\"\n[[step]]\nverb = \"stimulate\"\ndeclared = \"each\"\n";
        let scenario = parse(Source::new("x.toml", text), &OPENC2_MQTT_WD04, false).unwrap_or_else(|p| panic!("{p}"));
        let file = "[iut]\nname = \"x\"\nbinding = \"openc2-mqtt-wd04\"\nrole = \"producer\"\n[stimulus]\nvia = \"none\"\n\
             [[pics.command]]\naction = \"deny\"\ntarget = { ipv4_connection = { dst_port = 443 } }\n\
             [[pics.command]]\naction = \"scan\"\ntarget = { device = { device_id = \"7\" } }\n";
        let iut =
            crate::iut::parse(Path::new("/iut.toml"), Source::new("iut.toml", file)).unwrap_or_else(|p| panic!("{p}"));
        let promised: Vec<Vec<String>> =
            plan(&[Arc::new(scenario)], &iut).selected.into_iter().map(|p| p.exercises).collect();
        assert_eq!(promised, [["openc2/one-action", "openc2/type-port"], ["openc2/one-action", "openc2/type-device"]]);
    }

    #[test]
    fn options_may_be_required_absent() {
        let text = "requires = [\"not:wildcard\"]\n[[step]]\nverb = \"start\"\n";
        assert_eq!(plan(&[scenario(text)], &iut("")).selected.len(), 1);
        let elected = plan(&[scenario(text)], &iut("[pics]\noptions = [\"wildcard\"]"));
        assert_eq!(elected.left_out[0].reason, "the option `wildcard` is declared");
    }

    #[test]
    fn one_scenario_becomes_one_for_each_command_but_query_features() {
        let text =
            "for_each = \"command\"\n[[step]]\nverb = \"start\"\n[[step]]\nverb = \"request\"\ndeclared = \"each\"\n";
        let iut = iut("[[pics.command]]\naction = \"scan\"\ntarget = { device = {} }\n\
             [[pics.command]]\naction = \"query\"\ntarget = { features = [] }\n\
             [[pics.command]]\naction = \"query\"\ntarget = { properties = [\"a\"] }\n");
        let plan = plan(&[scenario(text)], &iut);
        let found: Vec<(&str, &str)> = plan.selected.iter().map(|p| (p.id.as_str(), p.title.as_str())).collect();
        assert_eq!(found, [("acme/x-1", "T: scan device"), ("acme/x-2", "T: query properties")]);
    }
}
