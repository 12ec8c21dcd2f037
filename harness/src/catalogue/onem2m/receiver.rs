//! What a CSE makes of requests that it must refuse (TS-0004 7.3.2.1).
//!
//! One request may deserve several refusals. Judged are those that deserve one alone: they are for the CSEBase, which exists,
//! and come from the originator that may do everything, or from nobody.

use super::support::response;
use crate::catalogue::{Examples, Judged, Trigger};
use crate::evidence::onem2m::{Operation, Primitive};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Exchange, Setting};
use crate::iut::Role;
use crate::judge::{Deviation, Ruling, Witness};
use crate::requirement;
use serde_json::{Value, json};

/// Release versions that there are.
const RELEASES: [&str; 6] = ["1", "2", "2a", "3", "4", "5"];
/// The largest Result Content that there is, with room for what later releases add.
const RESULT_CONTENT: i128 = 20;

/// A request with `over` put over a RETRIEVE of the CSEBase, and its answer.
fn answered(s: &mut Sketch, over: Value, rsc: u32) {
    s.ready_cse();
    s.ask("r1", over);
    s.reply("r1", rsc, json!({"pc": {"m2m:dbg": "no"}}));
}

fn created(over: Value) -> Value {
    let mut request = json!({"op": 1, "ty": 3, "pc": {"m2m:cnt": {}}});
    if let (Some(members), Value::Object(over)) = (request.as_object_mut(), over) {
        members.extend(over);
    }
    request
}

fn retrieved(s: &mut Sketch) {
    answered(s, json!({}), 2000);
}

fn unanswered(s: &mut Sketch) {
    s.ready_cse();
    s.ask("r1", json!({"fr": null, "rvi": "99", "rcn": 99}));
}

/// Whether a request that could be read whole asks for the CSEBase, as the originator with all rights or as nobody.
pub(in crate::catalogue) fn for_base(request: &Primitive, setting: &Setting) -> bool {
    let declared = &setting.pics.onem2m;
    let base = request.text("to").is_some_and(|to| {
        declared.cse_name.as_deref() == Some(to)
            || declared
                .cse_id
                .as_deref()
                .zip(declared.cse_name.as_deref())
                .is_some_and(|(id, name)| to == format!("{id}/{name}"))
    });
    let from = request.get("fr").is_none()
        || (declared.originator.is_some() && request.text("fr") == declared.originator.as_deref());
    base && from && request.whole_text()
}

/// Judges the answers to requests that depart from the tables in one row and in nothing else.
fn departs(exchange: &Exchange, setting: &Setting, row: &str, why: &str) -> Option<Ruling> {
    let request = exchange.request.primitive().filter(|request| for_base(request, setting))?;
    let alone = !request.defects.is_empty() && request.defects.iter().all(|defect| defect.clause == row);
    if !alone { None } else { refused(exchange, why, 4000) }
}

/// Judges the answers to requests that keep the tables and deserve a refusal all the same.
fn deserves(
    exchange: &Exchange,
    setting: &Setting,
    which: fn(&Primitive) -> bool,
    why: &str,
    rsc: i128,
) -> Option<Ruling> {
    let request = exchange.request.primitive().filter(|request| for_base(request, setting))?;
    (request.defects.is_empty() && which(request)).then(|| refused(exchange, why, rsc))?
}

fn refused(exchange: &Exchange, why: &str, rsc: i128) -> Option<Ruling> {
    let said = format!("{why} not refused as it should be");
    refusal_of(exchange, |found| Some(if found == rsc { Ok(()) } else { Err((said.as_str(), format!("rsc {rsc}"))) }))
}

/// Judges the statuses of the answers to a request: `Err` says what is wrong and what is expected, nothing that the status
/// shows nothing.
pub(in crate::catalogue) fn refusal_of<'a>(
    exchange: &Exchange,
    judge: impl Fn(i128) -> Option<Result<(), (&'a str, String)>>,
) -> Option<Ruling> {
    let mut met = None;
    for seen in exchange.distinct() {
        let Some(found) = response(&seen.packet).and_then(Primitive::rsc) else { continue };
        match judge(found) {
            Some(Err((said, expected))) => {
                return Some(Ruling::Broken(Deviation {
                    witness: Some(Witness::packet(&seen.packet)),
                    said: said.to_owned(),
                    expected,
                    actual: format!("rsc {found}"),
                }));
            }
            Some(Ok(())) => met = Some(Ruling::Met),
            None => {}
        }
    }
    met
}

requirement! {
    /// A request without `fr` that creates no AE is refused with 4000.
    ///
    /// # Judged
    /// On every answer to such a request for the CSEBase with which nothing else is wrong.
    FROM {
        id: "onem2m/refuses-no-fr",
        rows: &["M-050"],
        clause: "7.3.2.1",
        roles: &[Role::Cse],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|e, s| departs(e, s, "M-005", "Request without `fr`")),
        examples: Examples {
            conforming: &[|s| answered(s, json!({"fr": null}), 4000)],
            violating: &[|s| answered(s, json!({"fr": null}), 4103), |s| answered(s, json!({"fr": null}), 2000)],
            silent: &[retrieved, unanswered, |s| answered(s, json!({"fr": null, "to": "nowhere"}), 4004)],
        },
    }
}

requirement! {
    /// A CREATE without `ty` is refused with 4000.
    ///
    /// # Judged
    /// On every answer to such a request for the CSEBase with which nothing else is wrong.
    RESOURCE_TYPE {
        id: "onem2m/refuses-no-ty",
        rows: &["M-052"],
        clause: "7.3.2.1",
        roles: &[Role::Cse],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|e, s| departs(e, s, "M-006", "CREATE without `ty`")),
        examples: Examples {
            conforming: &[|s| answered(s, created(json!({"ty": null})), 4000)],
            violating: &[|s| answered(s, created(json!({"ty": null})), 2001)],
            silent: &[retrieved, unanswered, |s| answered(s, created(json!({"ty": null, "fr": "Cother"})), 4106)],
        },
    }
}

requirement! {
    /// A CREATE with filter criteria is refused with 4000.
    ///
    /// # Judged
    /// On every answer to such a request for the CSEBase with which nothing else is wrong.
    FILTER {
        id: "onem2m/refuses-fc",
        rows: &["M-053"],
        clause: "7.3.2.1",
        roles: &[Role::Cse],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|e, s| departs(e, s, "M-010", "CREATE with `fc`")),
        examples: Examples {
            conforming: &[|s| answered(s, created(json!({"fc": {"lim": 1}})), 4000)],
            violating: &[|s| answered(s, created(json!({"fc": {"lim": 1}})), 2001)],
            silent: &[retrieved, unanswered, |s| answered(s, created(json!({"fc": {"lim": 1}, "ty": null})), 4000)],
        },
    }
}

requirement! {
    /// A Result Content that does not exist is refused with 4000.
    ///
    /// # Interpretation
    /// The values go up to 12; what lies a little above may come with later releases.
    ///
    /// # Judged
    /// On every answer to a request for the CSEBase with `rcn` above 20 and with which nothing else is wrong.
    RESULT_CONTENT_UNKNOWN {
        id: "onem2m/refuses-rcn",
        rows: &["M-054"],
        clause: "7.3.2.1",
        roles: &[Role::Cse],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|e, s| deserves(e, s, strange_rcn, "Result Content that does not exist", 4000)),
        examples: Examples {
            conforming: &[|s| answered(s, json!({"rcn": 99}), 4000)],
            violating: &[|s| answered(s, json!({"rcn": 99}), 2000)],
            silent: &[retrieved, unanswered, |s| answered(s, json!({"rcn": 13}), 2000)],
        },
    }
}

fn strange_rcn(request: &Primitive) -> bool {
    request.operation() == Some(Operation::Retrieve) && request.whole("rcn").is_some_and(|rcn| rcn > RESULT_CONTENT)
}

requirement! {
    /// A release version that the CSE does not support is refused with 4001.
    ///
    /// # Judged
    /// On every answer to a request for the CSEBase whose `rvi` is no release version at all and with which nothing else is
    /// wrong.
    RELEASE {
        id: "onem2m/refuses-rvi",
        rows: &["M-055"],
        clause: "7.3.2.1",
        roles: &[Role::Cse],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(|e, s| deserves(e, s, strange_rvi, "Release version that does not exist", 4001)),
        examples: Examples {
            conforming: &[|s| answered(s, json!({"rvi": "99"}), 4001)],
            violating: &[|s| answered(s, json!({"rvi": "99"}), 2000), |s| answered(s, json!({"rvi": "99"}), 4000)],
            silent: &[retrieved, unanswered],
        },
    }
}

fn strange_rvi(request: &Primitive) -> bool {
    request.text("rvi").is_some_and(|rvi| !RELEASES.contains(&rvi))
}
