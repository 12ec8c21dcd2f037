//! Scenarios against the reference CSE, from the IUT file to what the checks say.

use crate::binding;
use crate::diagnostic::Source;
use crate::evidence::observe;
use crate::iut::IutFile;
use crate::judge::{Outcome, judge};
use crate::scenario::{Options, Planned, ScenarioResult, Status, evidence_folder, parse, plan, run_all};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use touchstone_fixtures::recording::read;
use touchstone_fixtures::reference::{ConnectionOptions, CseOptions, run_cse_until};

const SCENARIOS: [(&str, &str); 5] = [
    (
        "crud",
        r#"
        [[step]]
        verb = "request"
        op = "create"
        ty = 3
        pc = { "m2m:cnt" = { rn = "{unique}" } }
        name = "create"
        [[step]]
        verb = "await-response"
        name = "create"
        status = 2001
        [[step]]
        verb = "request"
        to = "{cse_name}/{unique}"
        op = "create"
        ty = 4
        pc = { "m2m:cin" = { con = "21 <&>" } }
        name = "content"
        [[step]]
        verb = "await-response"
        name = "content"
        status = 2001
        [[step]]
        verb = "request"
        to = "{cse_name}/{unique}/la"
        name = "latest"
        serialization = "xml"
        [[step]]
        verb = "await-response"
        name = "latest"
        status = 2000
        [[step]]
        verb = "request"
        to = "{cse_name}/{unique}"
        op = "delete"
        name = "delete"
        [[step]]
        verb = "await-response"
        name = "delete"
        status = 2002
        "#,
    ),
    (
        "registration",
        r#"
        [[step]]
        verb = "request"
        from = ""
        registration = true
        op = "create"
        ty = 2
        pc = { "m2m:ae" = { rn = "{unique}", api = "N.touchstone", rr = true, srv = ["3"] } }
        name = "register"
        [[step]]
        verb = "await-response"
        name = "register"
        status = 2001
        "#,
    ),
    (
        "refusals",
        r#"
        [[step]]
        verb = "request"
        to = "{cse_name}/nowhere"
        name = "nowhere"
        [[step]]
        verb = "await-response"
        name = "nowhere"
        status = 4004
        [[step]]
        verb = "request"
        fields = { rqet = "20200101T000000" }
        name = "expired"
        [[step]]
        verb = "await-response"
        name = "expired"
        status = 4008
        [[step]]
        verb = "burst"
        count = 10
        name = "many"
        [[step]]
        verb = "await-response"
        name = "many"
        status = 2000
        "#,
    ),
    (
        "missing",
        r#"
        [[step]]
        verb = "request"
        without = ["fr"]
        name = "from"
        [[step]]
        verb = "await-response"
        name = "from"
        [[step]]
        verb = "request"
        op = "create"
        pc = { "m2m:cnt" = {} }
        name = "type"
        [[step]]
        verb = "await-response"
        name = "type"
        [[step]]
        verb = "request"
        op = "create"
        ty = 3
        pc = { "m2m:cnt" = {} }
        fields = { fc = { lim = 1 } }
        name = "filter"
        [[step]]
        verb = "await-response"
        name = "filter"
        [[step]]
        verb = "request"
        fields = { rcn = 99 }
        name = "result"
        [[step]]
        verb = "await-response"
        name = "result"
        [[step]]
        verb = "request"
        fields = { rvi = "99" }
        name = "release"
        [[step]]
        verb = "await-response"
        name = "release"
        "#,
    ),
    (
        "silence",
        r#"
        [[step]]
        verb = "deliver"
        text = '{"op": 2'
        [[step]]
        verb = "request"
        rqi = ""
        "#,
    ),
];

fn planned(iut: &IutFile, id: &str, steps: &str) -> Planned {
    let text = format!(
        "id = \"acme/{id}\"\ntitle = \"t\"\npurpose = \"p\"\nrole = \"cse\"\nexercises = []\n[[step]]\nverb = \"start\"\n\
         [[step]]\nverb = \"await-ready\"\n{steps}"
    );
    let scenario = parse(Source::new("x.toml", text), iut.binding, false).unwrap_or_else(|p| panic!("{p}"));
    let plan = plan(&[Arc::new(scenario)], iut);
    assert!(plan.left_out.is_empty(), "{:?}", plan.left_out);
    plan.selected[0].clone()
}

/// Runs scenarios against a reference CSE.
async fn run(out: &Path, scenarios: &[(&str, &str)]) -> (Vec<Planned>, Vec<ScenarioResult>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let file = format!(
        "[iut]\nname = \"x\"\nbinding = \"onem2m-ts0010-v2.4.1\"\nrole = \"cse\"\n[network]\nlisten = \"127.0.0.1:{port}\"\n\
         [pics]\ncse_id = \"/in-cse\"\ncse_name = \"cse-in\"\noriginator = \"CAdmin\"\nserializations = [\"json\", \"xml\"]\n"
    );
    let iut =
        crate::iut::parse(Path::new("/iut.toml"), Source::new("iut.toml", file)).unwrap_or_else(|p| panic!("{p}"));
    let iut = Arc::new(iut);
    let connection = ConnectionOptions { server: format!("127.0.0.1:{port}"), ..ConnectionOptions::default() };
    let cse = tokio::spawn(run_cse_until(CseOptions { connection, ..CseOptions::default() }, std::future::pending()));
    let planned: Vec<Planned> = scenarios.iter().map(|(id, steps)| planned(&iut, id, steps)).collect();
    let results = run_all(&planned, &iut, &Arc::new(Options::new(out)), None, |_| {}).await;
    cse.abort();
    (planned, results)
}

/// Steps that a CSE cannot be blamed for, and that say why they come to nothing.
const IN_VAIN: [(&str, &str); 4] = [
    ("told", "verb = \"await-notification\"\nwithin = \"50ms\""),
    ("asked", "verb = \"await-notification\"\nverification = true\nwithin = \"50ms\""),
    ("nobody", "verb = \"request\"\nname = \"a\"\n[[step]]\nverb = \"request\"\nfrom = \"{aei.a}\""),
    ("optional", "verb = \"await-notification\"\nwithin = \"50ms\"\noptional = true"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_waited_for_in_vain_is_said() {
    let out = tempfile::tempdir().expect("a directory");
    let scenarios = IN_VAIN.map(|(id, step)| (id, format!("[[step]]\n{step}\n")));
    let scenarios: Vec<(&str, &str)> = scenarios.iter().map(|(id, steps)| (*id, steps.as_str())).collect();
    let (_, results) = run(out.path(), &scenarios).await;
    let mut said: Vec<String> = results.iter().map(|r| format!("{}: {:?}, {}", r.id, r.status, r.reason)).collect();
    said.sort();
    insta::assert_snapshot!(said.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_cse_is_asked_and_judged() {
    let out = tempfile::tempdir().expect("a directory");
    let (planned, results) = run(out.path(), &SCENARIOS).await;
    for result in &results {
        assert_eq!(result.status, Status::Completed, "{}: {}", result.id, result.reason);
    }
    let binding = binding::find("onem2m-ts0010-v2.4.1").expect("a draft");
    let mut outcomes: BTreeMap<&str, Outcome> = BTreeMap::new();
    for one in &planned {
        let recording = read(&out.path().join(evidence_folder(&one.id)).join("capture.pcapng")).expect("a recording");
        let evidence = observe(&recording).expect("it can be judged");
        let role = evidence.setting.role;
        for (id, ledger) in judge(&evidence, binding.requirements().map(|(_, r)| r).filter(|r| r.binds(role))) {
            let said: Vec<String> =
                ledger.findings(false).map(|f| format!("{}: {} not {}", f.said, f.expected, f.actual)).collect();
            assert_eq!(said, Vec::<String>::new(), "{id} in {}", one.id);
            let outcome = outcomes.entry(id).or_insert(Outcome::None);
            *outcome = outcome.join(ledger.outcome(false));
        }
    }
    let ours = |id: &str| id.starts_with("onem2m/") || id.starts_with("ts0010/");
    let met = outcomes.iter().filter(|(id, outcome)| **outcome == Outcome::Met && ours(id)).map(|(id, _)| *id);
    let met: Vec<&str> = met.collect();
    let expected = [
        "onem2m/json",
        "onem2m/json-no-wrapper",
        "onem2m/pc-one-member",
        "onem2m/pc-prefix",
        "onem2m/refuses-fc",
        "onem2m/refuses-no-fr",
        "onem2m/refuses-no-ty",
        "onem2m/refuses-rcn",
        "onem2m/refuses-rvi",
        "onem2m/response-no-op",
        "onem2m/response-rqi",
        "onem2m/response-rsc",
        "onem2m/response-rvi",
        "onem2m/retrieve-pc",
        "onem2m/short-names",
        "onem2m/success-rsc",
        "onem2m/types",
        "onem2m/xml",
        "onem2m/xml-root",
        "ts0010/answers",
        "ts0010/clean-session",
        "ts0010/client-id-prefix",
        "ts0010/client-id-unique",
        "ts0010/connect-standard",
        "ts0010/no-will",
        "ts0010/payload",
        "ts0010/publish-qos",
        "ts0010/publish-retain",
        "ts0010/publish-size",
        "ts0010/response-parameters",
        "ts0010/subscribe-requests",
        "ts0010/subscribe-responses",
        "ts0010/topic-form",
        "ts0010/topic-format",
        "ts0010/topic-response",
        "ts0010/topic-suffix",
    ];
    let missing: Vec<&str> = expected.into_iter().filter(|id| !met.contains(id)).collect();
    assert!(missing.is_empty(), "not met: {missing:?}");
}
