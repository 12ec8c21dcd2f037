//! What becomes of a request that reaches its Receiver (6.4.3, 7.2).

use crate::catalogue::onem2m::{for_base, refusal_of};
use crate::catalogue::{Condition, Examples, Judged, Level, Trigger};
use crate::evidence::onem2m::topic::is_ae_stem;
use crate::evidence::onem2m::{Primitive, time};
use crate::evidence::sketch::Sketch;
use crate::evidence::{Delivery, Exchange, Setting, Silence};
use crate::iut::{Role, Serialization};
use crate::judge::{Deviation, Ruling, Witness};
use crate::requirement;
use serde_json::{Value, json};

/// By how much a request must have expired before that counts: clocks may differ, and be set to the time of some zone.
const SKEW: i64 = 86_400;

fn retrieved(s: &mut Sketch) {
    s.ready_cse();
    s.ask("r1", json!({}));
    s.reply("r1", 2000, json!({"pc": {"m2m:cb": {}}}));
}

fn notified(s: &mut Sketch) {
    s.ready_ae();
    s.notify("n1", json!({}));
    s.notified("n1", 2000, json!({}));
}

fn ready(s: &mut Sketch) {
    s.ready_cse();
}

fn asked(s: &mut Sketch) {
    s.ready_cse();
    s.ask("r1", json!({}));
}

/// A later request that is answered, when the time for the first has passed.
fn later(s: &mut Sketch) {
    s.wait(2_500);
    s.ask("later", json!({}));
    s.reply("later", 2000, json!({"pc": {"m2m:cb": {}}}));
}

/// What XML asks of its readers is too much for any of them to be blamed for not answering.
const IN_JSON: Condition = ("it declares JSON", |pics| pics.speaks(Serialization::Json));

requirement! {
    /// A receiver carries a request out, or says why not: it answers.
    ///
    /// # Interpretation
    /// What the answer has to be, other requirements say. Owed is one to every sound blocking request in JSON, where JSON is
    /// declared, without any time by which it expires: by a CSE whatever is asked of what it hosts, except for subscriptions,
    /// which their receivers may have to agree to; by an AE that is notified.
    ///
    /// # Judged
    /// On every such request that was delivered. Broken when the time to answer has passed without an answer and the receiver
    /// has acknowledged or answered a later request, so that it was there.
    ANSWERS {
        id: "ts0010/answers",
        rows: &["T-031"],
        clause: "6.4.3",
        interop: true,
        when: Some(IN_JSON),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(answers),
        examples: Examples {
            conforming: &[retrieved, notified],
            violating: &[|s| {
                asked(s);
                later(s);
            }],
            silent: &[ready, asked, |s| {
                // It expires, it wants no answer at once, it is for somebody else.
                s.ready_cse();
                s.ask("r1", json!({"rqet": "20991231T000000"}));
                s.ask("r2", json!({"rt": {"rtv": 1}}));
                s.deliver("/oneM2M/req/CAdmin/other/json", r#"{"op":2,"to":"x","fr":"CAdmin","rqi":"r3","rvi":"3"}"#);
                s.ask("r4", json!({"to": "/elsewhere/x"}));
                s.ask("r5", json!({"op": 1, "ty": 23, "pc": {"m2m:sub": {"nu": ["Cae1"]}}}));
                s.wait(2_500);
                s.ask("later", json!({"op": 9}));
            }],
        },
    }
}

fn answers(exchange: &Exchange, setting: &Setting) -> Option<Ruling> {
    let owed = exchange.request.payload.as_ref().is_some_and(|payload| payload.facts().obliges(setting));
    if !owed || exchange.delivery != Delivery::Delivered || exchange.died {
        return None;
    }
    match &exchange.silence {
        Silence::Answered => Some(Ruling::Met),
        Silence::Open => None,
        Silence::Proven { sentinel, .. } => Some(Ruling::Broken(Deviation {
            witness: Some(Witness::packet(&exchange.request)),
            said: format!("Request `{}` not answered", exchange.words()),
            expected: "a response".to_owned(),
            actual: format!(
                "none, though a later request was taken (packet {} of connection {})",
                sentinel.ordinal, sentinel.conn
            ),
        })),
    }
}

/// A request with `over` put over a RETRIEVE of the CSEBase, and its answer, in 2026.
fn answered(s: &mut Sketch, over: Value, rsc: u32) {
    s.ready_cse();
    s.wait(56 * 365 * 86_400_000);
    s.ask("r1", over);
    s.reply("r1", rsc, json!({"pc": {"m2m:dbg": "no"}}));
}

fn expired(s: &mut Sketch, rsc: u32) {
    answered(s, json!({"rqet": "20000101T000000"}), rsc);
}

/// Whether a request had expired long before it was sent, and nothing else is wrong with it.
fn has_expired(exchange: &Exchange, setting: &Setting) -> bool {
    let Some(request) = exchange.request.primitive().filter(|p| for_base(p, setting) && p.defects.is_empty()) else {
        return false;
    };
    let nanos = setting.anchor_unix_nanos.saturating_add(exchange.request.at.0);
    let now = i64::try_from(nanos / 1_000_000_000).unwrap_or(i64::MAX);
    let expires = request.text("rqet").and_then(|text| time::unix_seconds(text.trim()));
    expires.is_some_and(|expires| expires.saturating_add(SKEW) < now)
}

requirement! {
    /// A receiver looks at the time by which a request expires, since it may have waited at the server: one that has expired
    /// is not carried out.
    ///
    /// # Judged
    /// On every answer of a CSE to a request for its CSEBase that expired more than a day before it was sent and with which
    /// nothing else is wrong: broken by a status of success (1000 to 2999), met by 4008, and by 5001 of one that does not know
    /// the parameter. Other errors may come first, and show nothing.
    EXPIRED {
        id: "ts0010/expired-request",
        rows: &["T-032"],
        clause: "6.4.3",
        roles: &[Role::Cse],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(expired_request),
        examples: Examples {
            conforming: &[|s| expired(s, 4008), |s| expired(s, 5001)],
            violating: &[|s| expired(s, 2000)],
            silent: &[retrieved, |s| expired(s, 4103), |s| {
                // Who knows which day it is there.
                answered(s, json!({"rqet": "20251217T120000"}), 2000);
            }, |s| answered(s, json!({"rqet": "20991231T000000"}), 2000), |s| answered(s, json!({"rqet": "0"}), 2000)],
        },
    }
}

fn expired_request(exchange: &Exchange, setting: &Setting) -> Option<Ruling> {
    if !has_expired(exchange, setting) {
        return None;
    }
    refusal_of(exchange, |rsc| match rsc {
        4008 | 5001 => Some(Ok(())),
        1000..3000 => Some(Err(("Request carried out although it had expired", "rsc 4008".to_owned()))),
        _ => None,
    })
}

requirement! {
    /// A request that has expired is refused with 4008.
    ///
    /// # Judged
    /// On the answers that `ts0010/expired-request` takes for refusals.
    EXPIRED_STATUS {
        id: "ts0010/expired-status",
        rows: &["T-032"],
        clause: "6.4.3",
        level: Level::Guidance,
        roles: &[Role::Cse],
        contradiction: Some("6.4.3 has the time checked, and TS-0004 7.3.2.1 lets one that does not know the parameter say 5001"),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(expired_status),
        examples: Examples {
            conforming: &[|s| expired(s, 4008)],
            violating: &[|s| expired(s, 5001)],
            silent: &[retrieved, |s| expired(s, 4103), |s| expired(s, 2000)],
        },
    }
}

fn expired_status(exchange: &Exchange, setting: &Setting) -> Option<Ruling> {
    if !has_expired(exchange, setting) {
        return None;
    }
    refusal_of(exchange, |rsc| match rsc {
        4008 => Some(Ok(())),
        5001 => Some(Err(("Expired request refused as something unknown", "rsc 4008".to_owned()))),
        _ => None,
    })
}

/// A registration, and its answer.
fn registered(s: &mut Sketch, rsc: u32, content: Value) {
    s.ready_cse();
    let request = json!({"op": 1, "to": "/in-cse", "ty": 2, "rqi": "r1", "rvi": "3",
        "pc": {"m2m:ae": {"api": "N.app", "rr": true, "srv": ["3"]}}});
    s.deliver("/oneM2M/reg_req/cred:1/in-cse/json", request.to_string());
    let answer = json!({"rsc": rsc, "rqi": "r1", "rvi": "3", "pc": content});
    s.send_raw("/oneM2M/reg_resp/cred:1/in-cse/json", answer.to_string());
}

requirement! {
    /// A CSE gives an AE that registers its AE-ID.
    ///
    /// # Judged
    /// On every answer 2001 to a CREATE of an AE that holds the AE: that it has `aei`, a stem (S or C and unreserved
    /// characters) or what ends with one. An answer without content shows nothing, nor does one to a request for other than the
    /// attributes.
    ASSIGNS {
        id: "ts0010/assigns-identifier",
        rows: &["T-068"],
        clause: "7.2",
        level: Level::Guidance,
        interop: true,
        roles: &[Role::Cse],
        trigger: Trigger::Tester,
        judged: Judged::Exchange(assigns),
        examples: Examples {
            conforming: &[
                |s| registered(s, 2001, json!({"m2m:ae": {"aei": "C1a", "ri": "C1a"}})),
                |s| registered(s, 2001, json!({"m2m:ae": {"aei": "/in-cse/C1a"}})),
            ],
            violating: &[
                |s| registered(s, 2001, json!({"m2m:ae": {"ri": "C1a"}})),
                |s| registered(s, 2001, json!({"m2m:ae": {"aei": "ae 1"}})),
                |s| registered(s, 2001, json!({"m2m:ae": {"aei": ""}})),
            ],
            silent: &[ready, retrieved, |s| registered(s, 4000, json!({"m2m:dbg": "no"})), |s| {
                registered(s, 2001, json!({"m2m:uri": "cse-in/x"}));
            }],
        },
    }
}

fn assigns(exchange: &Exchange, _: &Setting) -> Option<Ruling> {
    // Who asks for a part of it may be shown no more.
    let whole = |p: &&Primitive| p.get("rcn").is_none() || p.whole("rcn") == Some(1);
    exchange.request.primitive().filter(|p| p.whole_text() && p.registers_ae()).filter(whole)?;
    let mut met = None;
    for seen in exchange.distinct() {
        let response = seen.packet.primitive().filter(|p| p.whole_text() && p.rsc() == Some(2001));
        let Some((_, ae)) = response.and_then(Primitive::content).filter(|(name, _)| *name == "m2m:ae") else {
            continue;
        };
        let given = ae.get("aei");
        let sound = given.and_then(|aei| aei.as_text()).and_then(|aei| aei.rsplit('/').next()).is_some_and(is_ae_stem);
        if !sound {
            return Some(Ruling::Broken(Deviation {
                witness: Some(Witness::packet(&seen.packet)),
                said: "AE registered without an identifier that it can use".to_owned(),
                expected: "aei, an AE-ID".to_owned(),
                actual: given.map_or_else(|| "nothing of that name".to_owned(), |aei| aei.describe()),
            }));
        }
        met = Some(Ruling::Met);
    }
    met
}
