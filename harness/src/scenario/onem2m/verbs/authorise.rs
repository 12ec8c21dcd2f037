//! `authorise`: the server lets clients do what TS-0010 7.4 says of them.

use crate::diagnostic::toml::Fields;
use crate::iut::{IutFile, Role};
use crate::scenario::stage::{Ended, Stage};
use crate::scenario::verbs::{Act, Running};
use std::sync::Arc;
use touchstone_fixtures::edge::authorise::{self, Refusal};
use touchstone_fixtures::ts0010::{Known, Ts0010};

/// Whom the server takes the IUT for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// What it declares to be; whoever says to be somebody else has the rights of an unregistered one.
    Declared,
    /// Somebody who may do no more than ask to be registered.
    Unregistered,
    /// Somebody who may not even connect.
    Nobody,
    /// Anybody: nothing is asked.
    Anybody,
}

/// Puts a policy in force, or lifts it.
#[derive(Clone, Debug)]
pub struct Authorise {
    taken: Taken,
    refusal: Refusal,
    times: Option<u32>,
}

impl Authorise {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Authorise> {
        if !fields.has("as") {
            fields.missing("as", "\"declared\"");
        }
        let taken = fields.choice(
            "as",
            &[
                ("declared", Taken::Declared),
                ("unregistered", Taken::Unregistered),
                ("nobody", Taken::Nobody),
                ("anybody", Taken::Anybody),
            ],
        );
        let refusal = fields.choice("publish", &[("ignore", Refusal::Ignore), ("close", Refusal::Close)]);
        let times = fields.integer("times", 1, 1_000_000).and_then(|n| u32::try_from(n.value).ok());
        Some(Authorise { taken: taken?.value, refusal: refusal.map_or(Refusal::Ignore, |r| r.value), times })
    }

    fn policy(&self, iut: &IutFile) -> Option<Ts0010> {
        let (known, strangers) = match self.taken {
            Taken::Declared => (declared(iut), true),
            Taken::Unregistered => (Vec::new(), true),
            Taken::Nobody => (Vec::new(), false),
            Taken::Anybody => return None,
        };
        Some(Ts0010 { known, strangers, refusal: self.refusal })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let policy = self.policy(stage.iut).map(|policy| Arc::new(policy) as Arc<dyn authorise::Authorise>);
        // What is declared is meant to be enough: then nothing has to be refused for the scenario to show something.
        let provokes = self.taken != Taken::Declared;
        if let Some(fault) = stage.edge.faults().authorise(policy, self.times, provokes) {
            stage.take_back_later(fault);
        }
        Ended::Done(String::new())
    }
}

/// What the IUT declares to be.
fn declared(iut: &IutFile) -> Vec<Known> {
    let pics = &iut.pics.onem2m;
    let own = match iut.role {
        Role::Ae => pics.ae_id.clone().map(|id| Known::Ae { id, registrar: pics.cse_id.clone() }),
        _ => pics.cse_id.clone().map(Known::Cse),
    };
    own.into_iter().chain(pics.credential_id.clone().map(Known::Credential)).collect()
}

impl Act for Authorise {
    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
