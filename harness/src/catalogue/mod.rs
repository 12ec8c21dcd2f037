//! Requirements: one declaration each, one module per catalogue.
//!
//! A requirement is a `static` made by [`requirement!`](crate::requirement): its doc comment is the statement,
//! the interpretation and how it is judged; `list`, `explain`, the reports and the meta-tests derive
//! from it.

mod fingerprint;
pub mod harness;
#[cfg(test)]
mod meta;
pub mod mqtt311;
pub mod onem2m;
pub mod openc2;
pub mod slpf;
mod subscribed;
pub mod tls;
pub mod ts0010;
pub mod wd01;
pub mod wd04;

mod flow;

pub use flow::Flow;

use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, PacketSeen, Setting};
use crate::iut::{Pics, Role};
use crate::judge::{Check, Ruling};

/// How strongly the text binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// MUST, SHALL, REQUIRED, "means", and server-worded statements visible in a client.
    Must,
    /// SHOULD, RECOMMENDED.
    Should,
    /// MAY, OPTIONAL.
    May,
    /// Lower-case wording, statements, security notes, and our own rules.
    Guidance,
}

impl Level {
    /// Lower-case name, as in report.json.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Must => "must",
            Level::Should => "should",
            Level::May => "may",
            Level::Guidance => "guidance",
        }
    }
}

/// Who brings about the situation in which a requirement binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// Every implementation of the role gets there by itself.
    Always,
    /// The tester provokes it.
    Tester,
    /// The implementation elects to (the PICS option that says so).
    IutOption(&'static str),
    /// A command that the vendor declares has an instance of that row of the grammar: a value of a type, a member. An
    /// implementation whose declared commands have none owes nothing, and is judged all the same when it shows one.
    Command(&'static str),
}

/// How a requirement is judged.
#[derive(Clone, Copy)]
pub enum Judged {
    /// One packet at a time, of the IUT's connections, both directions. `None`: the packet says nothing about it.
    Packet(fn(&PacketSeen, &Setting) -> Option<Ruling>),
    /// One concluded exchange at a time. `None`: the exchange says nothing about it.
    Exchange(fn(&Exchange, &Setting) -> Option<Ruling>),
    /// A state machine of its own.
    Machine(fn() -> Box<dyn Check>),
    /// Not built yet; shown as `not-yet-tested`, never gating.
    NotYet(&'static str),
    /// Cannot be decided by any observer outside the implementation.
    Untestable(&'static str),
}

impl Judged {
    /// Whether there is a check.
    pub const fn testable(&self) -> bool {
        matches!(self, Judged::Packet(_) | Judged::Exchange(_) | Judged::Machine(_))
    }
}

/// A tiny recording, told to a [`Sketch`].
pub type Example = fn(&mut Sketch);

/// Example recordings that the meta-tests judge: each check is seen to pass, to fail and to stay silent.
#[derive(Clone, Copy, Default)]
pub struct Examples {
    /// Must end as met.
    pub conforming: &'static [Example],
    /// Must end as broken.
    pub violating: &'static [Example],
    /// Must decide nothing.
    pub silent: &'static [Example],
}

/// A PICS condition: in words, and its test.
pub type Condition = (&'static str, fn(&Pics) -> bool);

/// One requirement.
pub struct Requirement {
    /// Permanent id, `wd04/publish-retain`; never positional, never reused.
    pub id: &'static str,
    /// Rows of the fact sheets and MQTT statement ids it covers.
    pub rows: &'static [&'static str],
    /// Clause of the catalogue's text.
    pub clause: &'static str,
    /// What the text says.
    pub level: Level,
    /// Whether peers cannot interoperate without it.
    pub interop: bool,
    /// Set where the specification contradicts itself: what contradicts what. Warns under every policy but `strict`.
    pub contradiction: Option<&'static str>,
    /// Whom it binds: these roles, or, where there are none, every role of the bindings that have its catalogue.
    pub roles: &'static [Role],
    /// The bindings it is part of; where there are none, all that have its catalogue. Texts of one family differ in places.
    pub bindings: &'static [&'static str],
    /// PICS condition in words, and its test; `None`: applies always.
    pub when: Option<Condition>,
    /// The deliveries above QoS 0 that it is about: an implementation that declares to have no part in any of them owes
    /// nothing. Where there are none, its QoS is nothing to it.
    pub flows: &'static [Flow],
    /// Who brings it about.
    pub trigger: Trigger,
    /// Requirements that break with it by nature.
    pub implies: &'static [&'static str],
    /// Statement, then `# Interpretation` and `# Judged` sections.
    pub doc: &'static str,
    /// The check.
    pub judged: Judged,
    /// What the meta-tests run.
    pub examples: Examples,
}

impl Requirement {
    /// What a declaration leaves out.
    pub const TEMPLATE: Requirement = Requirement {
        id: "",
        rows: &[],
        clause: "",
        level: Level::Must,
        interop: false,
        contradiction: None,
        roles: &[],
        bindings: &[],
        when: None,
        flows: &[],
        trigger: Trigger::Always,
        implies: &[],
        doc: "",
        judged: Judged::NotYet(""),
        examples: Examples { conforming: &[], violating: &[], silent: &[] },
    };

    /// The statement: the doc comment's first paragraph, on one line.
    pub fn statement(&self) -> String {
        self.doc
            .lines()
            .map(str::trim)
            .skip_while(|line| line.is_empty())
            .take_while(|line| !line.is_empty() && !line.starts_with('#'))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Whether it is part of a binding that has its catalogue.
    pub fn belongs_to(&self, binding: &str) -> bool {
        self.bindings.is_empty() || self.bindings.contains(&binding)
    }

    /// Whether it binds `role`.
    pub fn binds(&self, role: Role) -> bool {
        self.roles.is_empty() || self.roles.contains(&role)
    }
}

/// Declares a requirement: doc comment, name, then the fields that differ from [`Requirement::TEMPLATE`].
#[macro_export]
macro_rules! requirement {
    ($(#[doc = $doc:literal])+ $name:ident { $($field:ident : $value:expr),* $(,)? }) => {
        $(#[doc = $doc])+
        pub static $name: $crate::catalogue::Requirement = $crate::catalogue::Requirement {
            doc: concat!($($doc, "\n"),+),
            $($field: $value,)*
            ..$crate::catalogue::Requirement::TEMPLATE
        };
    };
}

/// A set of requirements from one text.
pub struct Catalogue {
    /// First part of every id in it, `wd04`.
    pub id: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// How findings cite it, `WD04`, `MQTT 3.1.1`.
    pub cite: &'static str,
    /// Edition: date and stage of the text.
    pub edition: &'static str,
    /// Version of the catalogue itself; grows when a verdict could change.
    pub version: u32,
    /// Its requirements, by id.
    pub requirements: &'static [&'static Requirement],
    /// The committed index of rows that bind a role: one per line, `ROW roles`.
    pub rows: &'static str,
}
