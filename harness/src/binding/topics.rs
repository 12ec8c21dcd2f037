//! The command topics of OpenC2 bindings.

use crate::iut::Pics;

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
        let named = || {
            self.groups.iter().find_map(|group| {
                let name = (group.declared)(pics).into_iter().find(|name| (group.holds)(name, "query", "features"))?;
                Some(group.topic(name))
            })
        };
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
    fn topics_are_taken_apart() {
        let split = |topic| WD04.split(topic).map(|(group, name)| (group.name, name));
        assert_eq!(split("oc2/cmd/ap/alpha"), Some(("profile", "alpha")));
        assert_eq!(split("oc2/cmd/device/zulu"), Some(("device", "zulu")));
        assert_eq!(split("oc2/cmd/device/"), None);
        assert_eq!(split("oc2/cmd/device/a/b"), None);
        assert_eq!(split("oc2/cmd/all"), None);
    }
}
