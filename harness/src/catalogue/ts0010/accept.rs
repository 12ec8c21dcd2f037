//! Which serialization a response has (6.5.3).

use super::support::{LATER, sent};
use crate::catalogue::{Condition, Examples, Judged, Level, Trigger};
use crate::evidence::onem2m::Primitive;
use crate::evidence::sketch::Sketch;
use crate::evidence::sketch_onem2m::{AE_FILTERS, CSE_FILTERS};
use crate::evidence::{Exchange, Node, PacketSeen, Setting, Value};
use crate::iut::{Pics, Role, Serialization};
use crate::judge::{Deviation, Ruling, Witness};
use crate::requirement;
use serde_json::json;

/// The option that an implementation elects that knows the parameter.
const OPTION: &str = "xm2m-accept";
const ELECTED: Condition = ("it declares the option `xm2m-accept`", |pics| pics.elects(OPTION));
const CONTRADICTION: &str =
    "6.5.3 gives requests a parameter that no table of TS-0004 has, and that later texts take back";

/// The parameter.
const PARAMETER: &str = "xM2M-Accept";
/// Its values.
const TYPES: [(&str, Serialization); 2] =
    [("application/json", Serialization::Json), ("application/xml", Serialization::Xml)];

const JSON: &str = r#"{"rsc":2000,"rqi":"r1","rvi":"3","pc":{"m2m:cb":{}}}"#;
const XML: &str = "<m2m:rsp xmlns:m2m=\"http://www.onem2m.org/xml/protocols\"><rsc>2000</rsc><rqi>r1</rqi>\
                   <pc><m2m:cb/></pc><rvi>3</rvi></m2m:rsp>";

const XML_TO_CSE: &str = "<m2m:rsp xmlns:m2m=\"http://www.onem2m.org/xml/protocols\"><rsc>2000</rsc><rqi>r1</rqi>\
                          <rvi>3</rvi></m2m:rsp>";

/// The media types that a request accepts; nothing where it does not say, or in a way that cannot be read.
fn accepted(request: &Primitive) -> Option<Vec<String>> {
    let listed = |text: &str| -> Vec<String> {
        let items = text.split([',', ' ']).filter(|item| !item.is_empty());
        items.map(|item| item.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()).collect()
    };
    let node: &Node = request.get(PARAMETER)?;
    let types: Vec<String> = match &node.value {
        Value::Text(text) => listed(text),
        Value::Array(items) => {
            items.iter().map(Node::as_text).collect::<Option<Vec<_>>>()?.into_iter().flat_map(listed).collect()
        }
        _ => return None,
    };
    (!types.is_empty()).then_some(types)
}

fn declared(pics: &Pics, media: &str) -> bool {
    TYPES.iter().any(|(name, serialization)| *name == media && pics.speaks(*serialization))
}

requirement! {
    /// An originator that says what it accepts in `xM2M-Accept` names `application/xml` or `application/json`.
    ///
    /// # Judged
    /// On every request of the IUT with that parameter, by the media types in it, separated by commas or the items of a list.
    NAMES {
        id: "ts0010/accept-types",
        rows: &["T-049"],
        clause: "6.5.3",
        level: Level::Guidance,
        contradiction: Some(CONTRADICTION),
        trigger: Trigger::IutOption("xm2m-accept-sent"),
        judged: Judged::Packet(names),
        examples: Examples {
            conforming: &[
                |s| asks(s, json!("application/json")),
                |s| asks(s, json!(["application/xml", "application/json"])),
            ],
            violating: &[|s| asks(s, json!("json")), |s| asks(s, json!("application/json, text/plain"))],
            silent: &[|s| {
                s.ready_ae();
                s.request("r1", json!({}));
            }],
        },
    }
}

fn asks(s: &mut Sketch, accepts: serde_json::Value) {
    s.ready_ae();
    s.request("r1", json!({PARAMETER: accepts}));
}

fn names(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let (publish, request) = sent(packet).filter(|(_, p)| p.whole_text())?;
    let accepts = accepted(request)?;
    match accepts.iter().find(|name| TYPES.iter().all(|(known, _)| known != name)) {
        None => Some(Ruling::Met),
        Some(other) => {
            let start = publish.payload.span.start;
            let span = request.get(PARAMETER)?.span.shifted(start);
            let said = "Request that accepts what no primitive is written in";
            let expected = "application/xml or application/json";
            Some(Ruling::broken_at(packet, span, said, expected, crate::evidence::quoted(other)))
        }
    }
}

/// A request that accepts something, of a CSE that declares both serializations and knows the parameter.
fn accepting(s: &mut Sketch, accepts: &str) {
    s.cse();
    s.pics.options.push(OPTION.into());
    s.connect();
    s.subscribe(&CSE_FILTERS.map(|f| (f, 1)));
    s.ask("r1", json!({PARAMETER: accepts}));
}

fn in_xml(s: &mut Sketch) {
    s.send_raw("/oneM2M/resp/CAdmin/in-cse/xml", XML);
}

fn in_json(s: &mut Sketch) {
    s.send_raw("/oneM2M/resp/CAdmin/in-cse/json", JSON);
}

requirement! {
    /// A receiver that supports the serialization that `xM2M-Accept` names answers in it.
    ///
    /// # Interpretation
    /// Later texts have taken the parameter back, and tell receivers to answer as they are asked: only who declares to know it
    /// is held to it.
    ///
    /// # Judged
    /// On every answer to a request that names one media type, which the IUT declares.
    HONOURED {
        id: "ts0010/accept-honoured",
        rows: &["T-050"],
        clause: "6.5.3",
        roles: &[Role::Cse],
        contradiction: Some(CONTRADICTION),
        when: Some(ELECTED),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(honoured),
        examples: Examples {
            conforming: &[|s| {
                accepting(s, "application/xml");
                in_xml(s);
            }],
            violating: &[|s| {
                accepting(s, "application/xml");
                in_json(s);
            }],
            silent: &[|s| accepting(s, "application/xml"), |s| {
                accepting(s, "application/xml, application/json");
                in_json(s);
            }, |s| {
                s.ready_cse();
                s.ask("r1", json!({PARAMETER: "application/xml"}));
                in_json(s);
            }],
        },
    }
}

fn honoured(exchange: &Exchange, setting: &Setting) -> Option<Ruling> {
    let request = exchange.request.primitive().filter(|p| p.whole_text() && setting.pics.elects(OPTION))?;
    let accepts = accepted(request)?;
    let [only] = accepts.as_slice() else { return None };
    let (name, wanted) = TYPES.iter().find(|(name, s)| name == only && setting.pics.speaks(*s))?;
    let mut met = None;
    for seen in exchange.distinct() {
        let Some((_, response)) = sent(&seen.packet).filter(|(_, p)| p.whole_text()) else { continue };
        if response.serialization != Some(*wanted) {
            return Some(Ruling::Broken(Deviation {
                witness: Some(Witness::packet(&seen.packet)),
                said: "Response in another serialization than its request accepts".to_owned(),
                expected: (*name).to_owned(),
                actual: response.serialization.map_or_else(String::new, |s| format!("{s:?}").to_uppercase()),
            }));
        }
        met = Some(Ruling::Met);
    }
    met
}

requirement! {
    /// A receiver that does not support what `xM2M-Accept` names refuses with Not Acceptable, 5207, unless another error comes
    /// first.
    ///
    /// # Judged
    /// On every answer to a request that names media types of which the IUT declares none: met by 5207, broken by a status of
    /// success. Other errors show nothing.
    REFUSED {
        id: "ts0010/accept-refused",
        rows: &["T-051"],
        clause: "6.5.3",
        roles: &[Role::Cse],
        contradiction: Some(CONTRADICTION),
        when: Some(ELECTED),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(refused),
        examples: Examples {
            conforming: &[|s| {
                accepting(s, "text/plain");
                s.reply("r1", 5207, json!({}));
            }],
            violating: &[|s| {
                accepting(s, "text/plain");
                in_json(s);
            }],
            silent: &[|s| accepting(s, "text/plain"), |s| {
                accepting(s, "text/plain");
                s.reply("r1", 4000, json!({}));
            }, |s| {
                accepting(s, "text/plain, application/json");
                in_json(s);
            }],
        },
    }
}

/// A notification that accepts something, to an AE that declares both serializations and knows the parameter.
fn notifying(s: &mut Sketch, accepts: &str) {
    s.ae();
    s.pics.options.push(OPTION.into());
    s.connect();
    s.subscribe(&AE_FILTERS.map(|f| (f, 1)));
    s.notify("r1", json!({PARAMETER: accepts}));
}

fn told_in_xml(s: &mut Sketch) {
    s.send_raw("/oneM2M/resp/in-cse/Cae1/xml", XML_TO_CSE);
}

fn told_in_json(s: &mut Sketch) {
    s.notified("r1", 2000, json!({}));
}

requirement! {
    /// An AE answers a notification in the serialization that its `xM2M-Accept` names, if it supports it.
    ///
    /// # Interpretation
    /// V2.4.1 says this of receivers, which an AE is where it is notified; the text before it of Hosting CSEs alone. As to the
    /// parameter see `ts0010/accept-honoured`.
    ///
    /// # Judged
    /// On every answer to a notification that names one media type, which the IUT declares.
    HONOURED_BY_AE {
        id: "ts0010/accept-honoured-by-ae",
        rows: &["T-050"],
        clause: "6.5.3",
        roles: &[Role::Ae],
        bindings: LATER,
        contradiction: Some(CONTRADICTION),
        when: Some(ELECTED),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(honoured),
        examples: Examples {
            conforming: &[|s| {
                notifying(s, "application/xml");
                told_in_xml(s);
            }],
            violating: &[|s| {
                notifying(s, "application/xml");
                told_in_json(s);
            }],
            silent: &[|s| notifying(s, "application/xml"), |s| {
                notifying(s, "application/xml, application/json");
                told_in_json(s);
            }, |s| {
                s.ready_ae();
                s.notify("r1", json!({PARAMETER: "application/xml"}));
                told_in_json(s);
            }],
        },
    }
}

requirement! {
    /// An AE refuses a notification whose `xM2M-Accept` names nothing that it supports with Not Acceptable, 5207, unless another
    /// error comes first.
    ///
    /// # Interpretation
    /// As of `ts0010/accept-honoured-by-ae`.
    ///
    /// # Judged
    /// On every answer to a notification that names media types of which the IUT declares none: met by 5207, broken by a status of
    /// success. Other errors show nothing.
    REFUSED_BY_AE {
        id: "ts0010/accept-refused-by-ae",
        rows: &["T-051"],
        clause: "6.5.3",
        roles: &[Role::Ae],
        bindings: LATER,
        contradiction: Some(CONTRADICTION),
        when: Some(ELECTED),
        trigger: Trigger::Tester,
        judged: Judged::Exchange(refused),
        examples: Examples {
            conforming: &[|s| {
                notifying(s, "text/plain");
                s.notified("r1", 5207, json!({}));
            }],
            violating: &[|s| {
                notifying(s, "text/plain");
                told_in_json(s);
            }],
            silent: &[|s| notifying(s, "text/plain"), |s| {
                notifying(s, "text/plain");
                s.notified("r1", 4000, json!({}));
            }, |s| {
                notifying(s, "text/plain, application/json");
                told_in_json(s);
            }],
        },
    }
}

fn refused(exchange: &Exchange, setting: &Setting) -> Option<Ruling> {
    let request = exchange.request.primitive().filter(|p| p.whole_text() && setting.pics.elects(OPTION))?;
    if accepted(request)?.iter().any(|media| declared(&setting.pics, media)) {
        return None;
    }
    crate::catalogue::onem2m::refusal_of(exchange, |rsc| match rsc {
        5207 => Some(Ok(())),
        1000..3000 => {
            Some(Err(("Request carried out that accepts no serialization of the receiver", "rsc 5207".to_owned())))
        }
        _ => None,
    })
}
