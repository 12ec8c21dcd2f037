//! The topics of messages (2.2).

use super::support::{answered, asked, commanded_on, no_message, nothing_commanded, ready, response};
use crate::binding::topics::{WD01, pair};
use crate::catalogue::wd04::publish::topic as response_topic;
use crate::catalogue::wd04::support::{noun, sent};
use crate::catalogue::{Examples, Judged, Level, Trigger};
use crate::evidence::openc2::ContentKind;
use crate::evidence::sketch::Sketch;
use crate::evidence::{PacketSeen, Setting};
use crate::iut::Role;
use crate::judge::Ruling;
use crate::requirement;
use touchstone_fixtures::wire::mqtt311::build;

requirement! {
    /// Messages are published on topics that begin with `oc2/`.
    ///
    /// # Interpretation
    /// The first level keeps OpenC2 apart from whatever else a broker carries.
    ///
    /// # Judged
    /// On every PUBLISH with an OpenC2 message. Elsewhere than below `oc2/`, only what cannot be anything else counts as
    /// one: a whole message around a command or a response.
    PREFIX {
        id: "wd01/topic-prefix",
        rows: &["W1-004"],
        clause: "2.2",
        level: Level::Guidance,
        trigger: Trigger::Tester,
        judged: Judged::Packet(prefix),
        examples: Examples {
            conforming: &[answered, |s| commanded_on(s, "oc2/cmd/ap/slpf")],
            violating: &[
                |s| {
                    asked(s);
                    s.send_raw("openc2/rsp", response());
                },
                |s| commanded_on(s, "commands"),
            ],
            silent: &[no_message, |s| {
                s.ready_wd01();
                s.send_raw("openc2/rsp", br#"{"content":"weather"}"#);
            }],
        },
    }
}

fn prefix(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, message) = sent(packet)?;
    let topic = publish.topic.as_ref()?;
    if topic.bytes.starts_with(b"oc2/") {
        return Some(Ruling::Met);
    }
    let shown = format!("`{}`", topic.display());
    let said = format!("{} published on {shown}", noun(message));
    Some(Ruling::broken_at(packet, topic.span, said, "a topic that begins with `oc2/`", shown))
}

requirement! {
    /// A Consumer publishes its responses on `oc2/rsp`.
    ///
    /// # Interpretation
    /// What a Consumer publishes as a command is another matter (`wd01/role-consumer`), and the table has no topic for
    /// notifications.
    ///
    /// # Judged
    /// On every PUBLISH with an OpenC2 message that is no command.
    RESPONSE_TOPIC {
        id: "wd01/response-topic",
        rows: &["W1-010"],
        clause: "2.2",
        level: Level::Guidance,
        roles: &[Role::Consumer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(response_topic),
        examples: Examples {
            conforming: &[answered],
            violating: &[|s| {
                asked(s);
                s.send_raw("oc2/rsp/zulu", response());
            }],
            silent: &[no_message, ready],
        },
    }
}

requirement! {
    /// A Producer publishes its commands on the command topics of the table: `oc2/cmd/ap/<profile>`,
    /// `oc2/cmd/device_type/<type>`, `oc2/cmd/device_id/<id>`, `oc2/cmd/action_target/<pair>` or `oc2/cmd/action/<action>`.
    ///
    /// # Interpretation
    /// What stands in brackets is one level of the topic, and not empty. `oc2/cmd/all` and `oc2/cmd/device/` came with
    /// later drafts. What a Producer publishes as a response is another matter (`wd01/role-producer`).
    ///
    /// # Judged
    /// On every PUBLISH with a command.
    COMMAND_TOPIC {
        id: "wd01/command-topic",
        rows: &["W1-005", "W1-006", "W1-007", "W1-008", "W1-009"],
        clause: "2.2",
        level: Level::Guidance,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(command_topic),
        examples: Examples {
            conforming: &[
                |s| commanded_on(s, "oc2/cmd/ap/slpf"),
                |s| commanded_on(s, "oc2/cmd/device_type/firewall"),
                |s| commanded_on(s, "oc2/cmd/device_id/zulu"),
                |s| commanded_on(s, "oc2/cmd/action_target/query:features"),
                |s| commanded_on(s, "oc2/cmd/action/query"),
            ],
            violating: &[
                |s| commanded_on(s, "oc2/cmd/all"),
                |s| commanded_on(s, "oc2/cmd/device/zulu"),
                |s| commanded_on(s, "oc2/cmd/device_id/"),
                |s| commanded_on(s, "oc2/cmd/action_target/query/features"),
                |s| commanded_on(s, "oc2/rsp"),
            ],
            silent: &[nothing_commanded, |s| {
                s.ready_wd01_producer();
                s.send_raw("oc2/rsp", response());
            }],
        },
    }
}

fn command_topic(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, message) = sent(packet)?;
    let topic = publish.topic.as_ref().filter(|_| message.kind == Some(ContentKind::Request))?;
    if topic.text.as_deref().is_some_and(|topic| WD01.split(topic).is_some()) {
        return Some(Ruling::Met);
    }
    let shown = format!("`{}`", topic.display());
    let expected = "a topic below `oc2/cmd/ap/`, `device_type/`, `device_id/`, `action_target/` or `action/`";
    Some(Ruling::broken_at(packet, topic.span, format!("Command published on {shown}"), expected, shown))
}

requirement! {
    /// What goes to the topic of an action, or of an action-target pair, is a command of that action, or that pair.
    ///
    /// # Interpretation
    /// These topics reach everybody who implements an action or a pair, and nobody else: another command does not
    /// belong there. Where a level cannot be read as a pair (`wd01/action-target-spelling`) nothing can be compared.
    ///
    /// # Judged
    /// On every PUBLISH of a Producer with a command whose action and target can be read, on such a topic.
    COMMAND_FITS {
        id: "wd01/command-fits-topic",
        rows: &["W1-008", "W1-009"],
        clause: "2.2",
        level: Level::Guidance,
        roles: &[Role::Producer],
        trigger: Trigger::Tester,
        judged: Judged::Packet(command_fits),
        examples: Examples {
            conforming: &[
                |s| commanded_on(s, "oc2/cmd/action_target/query:features"),
                |s| commanded_on(s, "oc2/cmd/action/query"),
            ],
            violating: &[
                |s| commanded_on(s, "oc2/cmd/action/deny"),
                |s| commanded_on(s, "oc2/cmd/action_target/query_ipv4_net"),
                |s| {
                    s.ready_wd01_producer();
                    s.send_raw("oc2/cmd/action_target/query_features", Sketch::bare_request("deny", "ipv4_net"));
                },
            ],
            silent: &[
                nothing_commanded,
                |s| commanded_on(s, "oc2/cmd/device_id/zulu"),
                |s| commanded_on(s, "oc2/cmd/action_target/everything"),
                |s| {
                    s.ready_wd01_producer();
                    s.iut(build::publish("oc2/cmd/action/deny", 1, 9, b"{"));
                },
            ],
        },
    }
}

fn command_fits(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, message) = sent(packet)?;
    let topic = publish.topic.as_ref().filter(|_| message.kind == Some(ContentKind::Request))?;
    let (group, name) = WD01.split(topic.text.as_deref()?)?;
    let (action, (target, _)) = (message.action()?, message.target()?);
    let comparable = match group.name {
        "action" => true,
        "action_target" => pair(name).is_some(),
        _ => false,
    };
    if !comparable {
        return None;
    }
    if (group.holds)(name, action, target) {
        return Some(Ruling::Met);
    }
    let said = format!("Command `{action} {target}` published on `{}`", topic.display());
    let expected = format!("a command that goes with `{name}`");
    Some(Ruling::broken_at(packet, topic.span, said, expected, format!("`{action} {target}`")))
}
