//! A small catalogue, a run that goes by it, and recordings of implementations that keep it and break it.

use super::*;
use crate::binding::Binding;
use crate::binding::OPENC2_MQTT_WD04;
use crate::catalogue::{Catalogue, Judged, Level, Requirement, Trigger};
use crate::evidence::openc2::schema::types;
use crate::evidence::sketch::Sketch;
use crate::evidence::{Delivery, Exchange, Observation, PacketSeen, Setting, Silence, observe};
use crate::iut::{Pics, Role};
use crate::judge::waiver::Waiver;
use crate::manifest::{self, CatalogueVersion, Hashed, Manifest, Selected, Selection};
use serde_json::json;
use touchstone_fixtures::recording::{ProcessChange, Recording};
use touchstone_fixtures::wire::mqtt311::build;
use touchstone_reports::model::{self};

pub(in crate::judge) fn retain(packet: &PacketSeen, _: &Setting) -> Option<Ruling> {
    let publish = packet.packet.publish().filter(|_| packet.from_iut())?;
    Some(if publish.retain {
        Ruling::broken_bits(packet, 0, 1, "response published with RETAIN=1", "RETAIN 0", "RETAIN 1")
    } else {
        Ruling::Met
    })
}

pub(in crate::judge) fn answers(exchange: &Exchange, _: &Setting) -> Option<Ruling> {
    if exchange.delivery != Delivery::Delivered {
        return Some(Ruling::CutShort("the request may not have arrived".into()));
    }
    Some(match &exchange.silence {
        Silence::Answered => Ruling::Met,
        Silence::Open => Ruling::CutShort("the recording ends before an answer was due".into()),
        Silence::Proven { .. } => Ruling::Broken(Deviation {
            witness: None,
            said: "a request was never answered".into(),
            expected: "a response".into(),
            actual: "none".into(),
        }),
    })
}

#[derive(Default)]
struct Survives(bool);

impl Check for Survives {
    fn observe(&mut self, observation: &Observation, _: &Setting, ledger: &mut Ledger) {
        match observation {
            Observation::Process { change: ProcessChange::Exit { expected: false, .. }, frame, .. } => {
                self.0 = true;
                let (said, expected) = ("the process ended unasked".into(), "that it goes on".into());
                let deviation = Deviation { witness: None, said, expected, actual: "exit".into() };
                ledger.enter(Witness::frame(*frame), Ruling::Broken(deviation));
            }
            Observation::End { .. } if !self.0 => ledger.enter(Witness::frame(1), Ruling::Met),
            _ => {}
        }
    }
}

pub(in crate::judge) static RETAIN: Requirement = Requirement {
    id: "fake/retain",
    rows: &["F-1"],
    clause: "3.1.3",
    doc: " A response is not retained.\n",
    judged: Judged::Packet(retain),
    ..Requirement::TEMPLATE
};
pub(in crate::judge) static ANSWERS: Requirement = Requirement {
    id: "fake/answers",
    clause: "2.2",
    level: Level::Should,
    interop: true,
    trigger: Trigger::Tester,
    doc: " A request is answered.\n",
    judged: Judged::Exchange(answers),
    ..Requirement::TEMPLATE
};
pub(in crate::judge) static WILL: Requirement = Requirement {
    id: "fake/will",
    clause: "3.1.2",
    trigger: Trigger::IutOption("will"),
    doc: " A will is sound.\n",
    judged: Judged::Packet(|packet, _| packet.packet.connect().filter(|c| c.will_flag()).map(|_| Ruling::Met)),
    ..Requirement::TEMPLATE
};
pub(in crate::judge) static CBOR: Requirement = Requirement {
    id: "fake/cbor",
    clause: "3.2",
    when: Some(("CBOR is declared", |pics| pics.speaks(crate::iut::Serialization::Cbor))),
    doc: " CBOR is understood.\n",
    judged: Judged::Packet(|_, _| Some(Ruling::Met)),
    ..Requirement::TEMPLATE
};
pub(in crate::judge) static RANGE: Requirement = Requirement {
    id: "fake/range",
    clause: "3.1.10",
    contradiction: Some("3.1.10 allows what 3.1.11 forbids"),
    doc: " Keep alive is below 300.\n",
    judged: Judged::Packet(retain),
    ..Requirement::TEMPLATE
};
pub(in crate::judge) static PORT: Requirement = Requirement {
    id: "fake/port",
    clause: "3.4",
    trigger: Trigger::Command(types::PORT),
    doc: " A port is sound.\n",
    judged: Judged::Packet(|packet, _| {
        let message = packet.message().filter(|_| packet.from_iut())?;
        message.content_shown.contains(types::PORT).then_some(Ruling::Met)
    }),
    ..Requirement::TEMPLATE
};
pub(in crate::judge) static LATER: Requirement = Requirement {
    id: "fake/later",
    clause: "9",
    doc: " Later.\n",
    judged: Judged::NotYet("needs faults"),
    ..Requirement::TEMPLATE
};
pub(in crate::judge) static NEVER: Requirement = Requirement {
    id: "fake/never",
    clause: "9",
    doc: " Never.\n",
    judged: Judged::Untestable("inside"),
    ..Requirement::TEMPLATE
};
pub(in crate::judge) static PRODUCER: Requirement = Requirement {
    id: "fake/producer",
    clause: "9",
    roles: &[Role::Producer],
    doc: " Producers only.\n",
    judged: Judged::Packet(retain),
    ..Requirement::TEMPLATE
};
pub(in crate::judge) static SURVIVES: Requirement = Requirement {
    id: "harness/survives",
    clause: "1",
    level: Level::Guidance,
    interop: true,
    doc: " It goes on.\n",
    judged: Judged::Machine(|| Box::<Survives>::default()),
    ..Requirement::TEMPLATE
};
pub(in crate::judge) static CATALOGUE: Catalogue = Catalogue {
    id: "fake",
    title: "A small text",
    cite: "FAKE",
    edition: "first",
    version: 1,
    requirements: &[&RETAIN, &ANSWERS, &WILL, &CBOR, &RANGE, &PORT, &LATER, &NEVER, &PRODUCER, &SURVIVES],
    rows: "",
};
pub(in crate::judge) static BINDING: Binding =
    Binding { id: "fake", title: "A fake", catalogues: &[&CATALOGUE], scenarios: &["fake"], ..OPENC2_MQTT_WD04 };

pub(in crate::judge) fn manifest(exercises: &[&str]) -> Manifest {
    Manifest {
        format: manifest::FORMAT.into(),
        tool: "test".into(),
        binding: "fake".into(),
        role: "consumer".into(),
        iut: manifest::Iut { name: "Sample".into(), vendor: None, version: Some("1.0".into()) },
        iut_file: Hashed { path: "iut.toml".into(), sha256: "00".into() },
        pics: Pics::default(),
        catalogues: vec![CatalogueVersion { id: "fake".into(), version: 1, sha256: None }],
        policy: Policy::Certify,
        waivers: Vec::new(),
        selection: Selection::default(),
        seed: 7,
        scale: 1.0,
        scenarios: vec![selected("sketch", exercises)],
        left_out: Vec::new(),
        completed: true,
    }
}

pub(in crate::judge) fn selected(id: &str, exercises: &[&str]) -> Selected {
    Selected {
        id: id.into(),
        title: "Title".into(),
        purpose: "Purpose.".into(),
        exercises: exercises.iter().map(|e| (*e).to_owned()).collect(),
        sha256: "11".into(),
        evidence: format!("evidence/{id}"),
        failure: None,
    }
}

pub(in crate::judge) fn waive(id: &str) -> Waiver {
    let (reason, owner, expires) = ("known".into(), "qa".into(), "2030-01-01".into());
    Waiver { requirement: id.into(), reason, owner, expires, version: None }
}

pub(in crate::judge) fn conforming(s: &mut Sketch) {
    s.ready();
    s.query("a", json!([]));
    s.respond("a", json!({"status": 200}));
    s.stop();
}

pub(in crate::judge) fn retaining(s: &mut Sketch) {
    s.ready();
    s.query("a", json!([]));
    let mut packet = build::publish("oc2/rsp", 1, 9, Sketch::response_payload("a", json!({"status": 200})));
    packet[0] |= 1;
    s.iut(packet);
    s.stop();
}

pub(in crate::judge) fn judged(recording: &Recording) -> JudgedScenario {
    let evidence = observe(recording).expect("a sketch has a context");
    JudgedScenario::of(0, &evidence, &BINDING, "22".into())
}

pub(in crate::judge) fn verdict(manifest: &Manifest, scenarios: &[JudgedScenario]) -> model::Report {
    assess(manifest, &BINDING, Role::Consumer, manifest.policy, scenarios, "test").report
}

pub(in crate::judge) fn run(manifest: &Manifest, example: fn(&mut Sketch)) -> model::Report {
    verdict(manifest, &[judged(&Sketch::of(example))])
}

pub(in crate::judge) fn find<'a>(report: &'a model::Report, id: &str) -> &'a model::Requirement {
    report.requirements.iter().find(|r| r.id == id).expect("it is in the catalogue")
}
