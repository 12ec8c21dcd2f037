//! The command topics of OpenC2 bindings.

use crate::iut::{ACTIONS, Pics};

/// Where the commands of a binding go.
pub struct Topics {
    /// The topic that every Consumer is due to be subscribed to; a binding need not have one.
    pub everybody: Option<&'static str>,
    /// The other topics: one for each name that a Consumer goes by. In the order in which they stand in for a missing
    /// topic of everybody.
    pub groups: &'static [Group],
}

/// Topics that differ in their last level only.
pub struct Group {
    /// How scenarios and stimuli call it: `device`, as in `device:ID`.
    pub name: &'static str,
    /// What stands before the last level, slash included.
    pub prefix: &'static str,
    /// The key of `[pics]` that declares the names.
    pub key: &'static str,
    /// The names that are declared.
    pub declared: fn(&Pics) -> Vec<&str>,
    /// Whether a command of that action and target goes with that name. Most names are those of Consumers, and any
    /// command does.
    pub holds: fn(name: &str, action: &str, target: &str) -> bool,
    /// What a Producer is asked to address where it declares no name: one of the Consumer that the harness plays.
    pub stand_in: &'static str,
}

impl Group {
    /// The first name declared that `query features` goes with.
    pub fn first<'p>(&self, pics: &'p Pics) -> Option<&'p str> {
        (self.declared)(pics).into_iter().find(|name| (self.holds)(name, "query", "features"))
    }

    /// The topic of a name.
    pub fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

/// By profile.
const PROFILE: Group = Group {
    name: "profile",
    prefix: "oc2/cmd/ap/",
    key: "actuator_profiles",
    declared: |pics| pics.actuator_profiles.iter().map(String::as_str).collect(),
    holds: |_, _, _| true,
    stand_in: "x-touchstone",
};

/// WD01 2.2: the table, which names devices by their id, where the list below it repeats the type.
pub static WD01: Topics = Topics {
    everybody: None,
    groups: &[
        Group {
            name: "device",
            prefix: "oc2/cmd/device_id/",
            key: "device_id",
            declared: |pics| pics.device_id.as_deref().into_iter().collect(),
            holds: |_, _, _| true,
            stand_in: "touchstone",
        },
        Group {
            name: "device_type",
            prefix: "oc2/cmd/device_type/",
            key: "device_type",
            declared: |pics| pics.device_type.as_deref().into_iter().collect(),
            holds: |_, _, _| true,
            stand_in: "x-touchstone",
        },
        PROFILE,
        Group {
            name: "action_target",
            prefix: "oc2/cmd/action_target/",
            key: "action_targets",
            declared: |pics| pics.action_targets.iter().map(String::as_str).collect(),
            holds: |name, action, target| pair(name) == Some((action, target)),
            stand_in: "query_features",
        },
        Group {
            name: "action",
            prefix: "oc2/cmd/action/",
            key: "actions",
            declared: |pics| pics.actions.iter().map(String::as_str).collect(),
            holds: |name, action, _| name == action,
            stand_in: "query",
        },
    ],
};

/// Action and target of a level that names a pair. How they are joined is left open: any one character will do that no
/// name holds, and that no level must not hold.
pub fn pair(level: &str) -> Option<(&str, &str)> {
    ACTIONS.into_iter().find_map(|action| {
        let rest = level.strip_prefix(action)?;
        let separator = rest.chars().next().filter(|c| !c.is_alphanumeric() && !"/+#".contains(*c))?;
        let target = &rest[separator.len_utf8()..];
        (!target.is_empty()).then(|| (&level[..action.len()], target))
    })
}

/// WD04 2.2.
pub static WD04: Topics = Topics {
    everybody: Some("oc2/cmd/all"),
    groups: &[
        Group {
            name: "device",
            prefix: "oc2/cmd/device/",
            key: "device_id",
            declared: |pics| pics.device_id.as_deref().into_iter().collect(),
            holds: |_, _, _| true,
            stand_in: "touchstone",
        },
        PROFILE,
    ],
};

impl Topics {
    /// Topics that a Consumer is due to be subscribed to, by what it declares.
    pub fn due(&self, pics: &Pics) -> Vec<String> {
        let everybody = self.everybody.map(str::to_owned);
        let named = self
            .groups
            .iter()
            .flat_map(|group| (group.declared)(pics).into_iter().map(|name| group.topic(name)).collect::<Vec<_>>());
        everybody.into_iter().chain(named).collect()
    }

    /// A topic under which `query features` reaches a Consumer: that of everybody, or the first that follows from what
    /// it declares.
    pub fn usual(&self, pics: &Pics) -> Option<String> {
        let named = || self.groups.iter().find_map(|group| Some(group.topic(group.first(pics)?)));
        self.everybody.map(str::to_owned).or_else(named)
    }

    /// Whether a command of that action and target, on that topic, is for a Consumer with these declarations.
    pub fn addresses(&self, topic: &str, pics: &Pics, action: Option<&str>, target: Option<&str>) -> bool {
        self.everybody == Some(topic)
            || self.split(topic).is_some_and(|(group, name)| {
                (group.declared)(pics).contains(&name)
                    && (group.holds)(name, action.unwrap_or_default(), target.unwrap_or_default())
            })
    }

    /// The topics of that name.
    pub fn group(&self, name: &str) -> Option<&'static Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// The group that a topic belongs to, and its last level there.
    pub fn split<'t>(&self, topic: &'t str) -> Option<(&'static Group, &'t str)> {
        self.groups.iter().find_map(|group| {
            let name = topic.strip_prefix(group.prefix).filter(|name| !name.is_empty() && !name.contains('/'))?;
            Some((group, name))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pics() -> Pics {
        Pics {
            device_id: Some("zulu".into()),
            actuator_profiles: vec!["alpha".into(), "iota".into()],
            ..Pics::default()
        }
    }

    #[test]
    fn declarations_become_topics() {
        let due = ["oc2/cmd/all", "oc2/cmd/device/zulu", "oc2/cmd/ap/alpha", "oc2/cmd/ap/iota"];
        assert_eq!(WD04.due(&pics()), due);
        assert_eq!(WD04.usual(&Pics::default()).as_deref(), Some("oc2/cmd/all"));
    }

    #[test]
    fn a_topic_addresses_who_declares_its_name() {
        let ours = |topic| WD04.addresses(topic, &pics(), Some("query"), Some("features"));
        assert!(ours("oc2/cmd/all") && ours("oc2/cmd/ap/iota") && ours("oc2/cmd/device/zulu"));
        assert!(!ours("oc2/cmd/ap/omega") && !ours("oc2/cmd/device/yankee") && !ours("oc2/rsp"));
    }

    #[test]
    fn without_a_topic_of_everybody_the_first_that_takes_a_query_is_used() {
        assert_eq!(WD01.usual(&pics()).as_deref(), Some("oc2/cmd/device_id/zulu"));
        let typed = Pics { device_type: Some("firewall".into()), ..Pics::default() };
        assert_eq!(WD01.usual(&typed).as_deref(), Some("oc2/cmd/device_type/firewall"));
        let deny = Pics { actions: vec!["deny".into()], action_targets: vec!["deny_uri".into()], ..Pics::default() };
        assert_eq!(WD01.usual(&deny), None);
        assert_eq!(WD01.due(&deny), ["oc2/cmd/action_target/deny_uri", "oc2/cmd/action/deny"]);
        let asked = Pics { actions: vec!["deny".into(), "query".into()], ..deny };
        assert_eq!(WD01.usual(&asked).as_deref(), Some("oc2/cmd/action/query"));
    }

    #[test]
    fn commands_belong_on_the_topics_of_their_action() {
        let pics = Pics { actions: vec!["deny".into()], action_targets: vec!["deny:uri".into()], ..pics() };
        let ours = |topic, action, target| WD01.addresses(topic, &pics, Some(action), Some(target));
        assert!(ours("oc2/cmd/action/deny", "deny", "file") && !ours("oc2/cmd/action/deny", "query", "features"));
        assert!(ours("oc2/cmd/action_target/deny:uri", "deny", "uri"));
        assert!(!ours("oc2/cmd/action_target/deny:uri", "deny", "file"));
        assert!(!ours("oc2/cmd/action_target/deny_uri", "deny", "uri"), "spelled as declared");
    }

    #[test]
    fn pairs_are_spelled_in_several_ways() {
        for level in ["deny_ipv4_net", "deny:ipv4_net", "deny-ipv4_net", "deny.ipv4_net", "deny ipv4_net"] {
            assert_eq!(pair(level), Some(("deny", "ipv4_net")), "{level}");
        }
        assert_eq!(pair("delete_slpf:rule_number"), Some(("delete", "slpf:rule_number")));
        for level in ["", "deny", "deny_", "denyfile", "ipv4_net", "fly_kite", "deny/uri"] {
            assert_eq!(pair(level), None, "{level}");
        }
    }

    #[test]
    fn topics_are_taken_apart() {
        let split = |topic| WD04.split(topic).map(|(group, name)| (group.name, name));
        assert_eq!(split("oc2/cmd/ap/alpha"), Some(("profile", "alpha")));
        assert_eq!(split("oc2/cmd/device/zulu"), Some(("device", "zulu")));
        assert_eq!(split("oc2/cmd/device/"), None);
        assert_eq!(split("oc2/cmd/device/a/b"), None);
        assert_eq!(split("oc2/cmd/all"), None);
    }
}
