//! Values of the types of LS 3.4, as a Producer's Commands hold them.
//!
//! A value is judged as far as its type says enough: what the referenced documents leave open decides nothing, and
//! neither does CBOR with integers for names (JADN), which no published text makes obligatory.

/// A requirement about values of one type: judged by the row of the grammar, in each Command that shows it.
macro_rules! of_type {
    (
        $(#[doc = $doc:literal])+
        $name:ident {
            id: $id:literal,
            rows: $rows:expr,
            clause: $clause:literal,
            row: $row:expr,
            said: $said:literal,
            $(level: $level:expr,)?
            $(contradiction: $contradiction:expr,)?
            conforming: [$($conforming:expr),+ $(,)?],
            violating: [$($violating:expr),+ $(,)?]
            $(, silent: [$($silent:expr),+ $(,)?])? $(,)?
        }
    ) => {
        $crate::requirement! {
            $(#[doc = $doc])+
            #[doc = ""]
            #[doc = " # Judged"]
            #[doc = " In each Command that holds such a value in its target or its arguments, in JSON and in CBOR keyed by text."]
            $name {
                id: $id,
                rows: $rows,
                clause: $clause,
                roles: &[$crate::iut::Role::Producer],
                trigger: $crate::catalogue::Trigger::Command($row),
                judged: $crate::catalogue::Judged::Packet(|packet, _| {
                    $crate::catalogue::openc2::sent::shown(packet, $row, $said)
                }),
                $(level: $level,)?
                $(contradiction: $contradiction,)?
                examples: $crate::catalogue::Examples {
                    conforming: &[$(
                        |s| $crate::catalogue::openc2::sent::sends(s, $conforming),
                        |s| $crate::catalogue::openc2::sent::sends_cbor(s, $conforming),
                    )+],
                    violating: &[$(|s| $crate::catalogue::openc2::sent::sends(s, $violating)),+],
                    silent: &[
                        $crate::catalogue::openc2::sent::queries
                        $($(, |s| $crate::catalogue::openc2::sent::sends(s, $silent))+)?
                    ],
                },
            }
        }
    };
}

pub(super) mod addresses;
pub(super) mod hashes;
pub(super) mod names;
pub(super) mod numbers;
pub(super) mod structures;

use serde_json::{Value, json};

/// A Command about that target.
fn about(target: &str, value: Value) -> Value {
    json!({"action": "deny", "target": {target: value}})
}

/// A Command with these arguments.
fn with(args: Value) -> Value {
    json!({"action": "deny", "target": {"domain_name": "a.example"}, "args": args})
}
