//! What a client subscribes to in order to be reached (6.4.3, 6.4.5, 6.5.4).

use crate::catalogue::subscribed::{Subscriptions, Wanted, matches};
use crate::catalogue::{Examples, Judged};
use crate::evidence::Setting;
use crate::evidence::onem2m::topic::level;
use crate::evidence::sketch::Sketch;
use crate::iut::{Role, Serialization};
use crate::requirement;

/// The topics of requests to the IUT, whoever sends them.
fn requests_to(setting: &Setting) -> Vec<Wanted> {
    let usual = "/oneM2M/req/<originator>/<AE-ID>/json";
    let shape = |filter: &str| filter.strip_prefix("/oneM2M/req/").is_some_and(somebody);
    wanted(setting, |own, other, format| format!("/oneM2M/req/{other}/{own}/{format}"), usual, shape)
}

/// The topics of responses to the IUT, whoever sends them.
fn responses_to(setting: &Setting) -> Vec<Wanted> {
    let usual = "/oneM2M/resp/<AE-ID>/<receiver>/json";
    let shape = |filter: &str| filter.strip_prefix("/oneM2M/resp/").is_some_and(somebody);
    wanted(setting, |own, other, format| format!("/oneM2M/resp/{own}/{other}/{format}"), usual, shape)
}

/// Whether a filter lets something in JSON through, whoever it names as Originator and Receiver.
fn somebody(filter: &str) -> bool {
    let mut levels: Vec<&str> = filter.split('/').collect();
    levels.iter_mut().take(2).filter(|level| !matches!(**level, "" | "#")).for_each(|level| *level = "+");
    matches(&levels.join("/"), "<one>/<other>/json")
}

/// With the identifier of the IUT as a level of topics. That of an AE whose stem begins with C may stand there with that of its
/// registrar in front (6.4.2) or alone (7.4); one that declares none is given it.
fn wanted(
    setting: &Setting,
    topic: fn(&str, &str, &str) -> String,
    name: &str,
    shape: fn(&str) -> bool,
) -> Vec<Wanted> {
    // Where it declares both, either will do to show what it listens to.
    let json = setting.pics.speaks(Serialization::Json);
    let format = if json { "json" } else { "xml" };
    let declared = &setting.pics.onem2m;
    let forms = match (setting.role, declared.cse_id.as_deref(), declared.ae_id.as_deref()) {
        (Role::Cse, Some(cse), _) => vec![level(cse)],
        (Role::Ae, _, Some(stem)) if stem.starts_with('S') => vec![stem.to_owned()],
        (Role::Ae, Some(cse), Some(stem)) => vec![level(&format!("{cse}/{stem}")), stem.to_owned()],
        (Role::Ae, ..) if json => return vec![Wanted::shaped(name, shape)],
        _ => return Vec::new(),
    };
    // An AE talks to its registrar alone, and may say so (7.4).
    let registrar = declared.cse_id.as_deref().filter(|_| setting.role == Role::Ae).map(level);
    let other = registrar.as_deref().unwrap_or("<other>");
    vec![Wanted::any(forms.iter().map(|own| topic(own, other, format)).collect())]
}

/// A CSE that subscribes to these filters, and lives on.
fn subscribed(s: &mut Sketch, filters: &[&str]) {
    s.cse();
    s.connect();
    let filters: Vec<(&str, u8)> = filters.iter().map(|filter| (*filter, 1)).collect();
    s.subscribe(&filters);
    s.wait(2_500);
}

fn ready(s: &mut Sketch) {
    s.ready_cse();
}

/// A CSE that declares XML alone, and subscribes to no more than that.
fn in_xml(s: &mut Sketch) {
    s.cse();
    s.pics.serializations = vec![Serialization::Xml];
    s.connect();
    s.subscribe(&[("/oneM2M/req/+/in-cse/xml", 1), ("/oneM2M/resp/in-cse/+/xml", 1)]);
    s.wait(2_500);
}

fn connected_only(s: &mut Sketch) {
    s.cse();
    s.connect();
}

/// An AE with that identifier, or with none that it declares, that subscribes to these filters, and lives on.
fn ae_subscribed(s: &mut Sketch, stem: Option<&str>, filters: &[&str]) {
    s.ae();
    s.pics.onem2m.cse_id = Some("/in-cse".to_owned());
    s.pics.onem2m.ae_id = stem.map(str::to_owned);
    s.connect();
    let filters: Vec<(&str, u8)> = filters.iter().map(|filter| (*filter, 1)).collect();
    s.subscribe(&filters);
    s.wait(2_500);
}

/// It is not known what it is called, and it has not registered yet.
fn ae_to_be_named(s: &mut Sketch) {
    ae_subscribed(s, None, &["/oneM2M/reg_resp/cred/#"]);
}

requirement! {
    /// A receiver subscribes to the requests that are sent to it, `/oneM2M/req/+/<receiver>/#`.
    ///
    /// # Interpretation
    /// 6.4.3 and 6.4.5 print the filter without a level for the serialization, 6.5.4 with `#`: any filter will do that covers
    /// the topics of requests in JSON, or in XML where that alone is declared. What counts is the session: where the server
    /// still has one, earlier subscriptions are part of it. The identifier of an AE whose stem begins with C has two forms
    /// (6.4.2 and 7.4 differ): either will do. An AE that declares none is given it when it registers: a subscription to the
    /// requests of anybody is enough there.
    ///
    /// # Judged
    /// Over all connections of the IUT that were accepted. Met by a SUBSCRIBE that covers the topics, or
    /// by session present 1 after one. Broken when a connection ends, or the recording does, without it, provided that nothing
    /// was subscribed to for the time granted to answer, and nothing of the client waits for its acknowledgement.
    REQUESTS {
        id: "ts0010/subscribe-requests",
        rows: &["T-030", "T-040", "T-041", "T-057"],
        clause: "6.5.4",
        interop: true,
        judged: Judged::Machine(|| Subscriptions::any_of(requests_to)),
        examples: Examples {
            conforming: &[
                ready,
                in_xml,
                |s| subscribed(s, &["/oneM2M/req/+/in-cse/json", "/oneM2M/resp/in-cse/+/+"]),
                |s| ae_subscribed(s, Some("Cae1"), &["/oneM2M/req/+/in-cse:Cae1/#", "/oneM2M/resp/in-cse:Cae1/#"]),
                |s| ae_subscribed(s, Some("Cae1"), &["/oneM2M/req/in-cse/Cae1/+", "/oneM2M/resp/Cae1/in-cse/#"]),
                |s| ae_subscribed(s, None, &["/oneM2M/req/+/Cae7/json"]),
            ],
            violating: &[
                |s| subscribed(s, &["/oneM2M/req/+/in-cse", "/oneM2M/resp/in-cse/#"]),
                |s| subscribed(s, &["oneM2M/req/+/in-cse/#", "/oneM2M/resp/in-cse/#"]),
                |s| ae_subscribed(s, Some("Cae1"), &["/oneM2M/req/+/Cae2/#"]),
            ],
            silent: &[connected_only, ae_to_be_named],
        },
    }
}

requirement! {
    /// An originator subscribes to the responses that are sent to it, `/oneM2M/resp/<originator>/#`.
    ///
    /// # Judged
    /// As `ts0010/subscribe-requests`. A CSE is an originator, too: of notifications.
    RESPONSES {
        id: "ts0010/subscribe-responses",
        rows: &["T-035", "T-041", "T-057"],
        clause: "6.5.4",
        interop: true,
        judged: Judged::Machine(|| Subscriptions::any_of(responses_to)),
        examples: Examples {
            conforming: &[
                ready,
                in_xml,
                |s| subscribed(s, &["/oneM2M/req/+/in-cse/json", "/oneM2M/resp/in-cse/+/+"]),
                |s| ae_subscribed(s, Some("Cae1"), &["/oneM2M/resp/in-cse:Cae1/#", "/oneM2M/req/#"]),
                |s| ae_subscribed(s, Some("Sae1"), &["/oneM2M/resp/Sae1/+/json", "/oneM2M/req/+/Sae1/json"]),
                |s| ae_subscribed(s, None, &["/oneM2M/resp/Cae7/in-cse/#"]),
            ],
            violating: &[
                |s| subscribed(s, &["/oneM2M/req/+/in-cse/#"]),
                |s| subscribed(s, &["/oneM2M/req/+/in-cse/#", "/oneM2M/resp/in-cse/+"]),
                |s| ae_subscribed(s, Some("Cae1"), &["/oneM2M/req/+/Cae1/#"]),
            ],
            silent: &[connected_only, ae_to_be_named],
        },
    }
}
