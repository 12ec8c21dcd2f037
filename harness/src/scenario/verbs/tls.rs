//! `tls`: how the edge answers a ClientHello. `await-tls`: what the IUT makes of it.

use super::{Act, Running};
use crate::diagnostic::instead;
use crate::diagnostic::toml::Fields;
use crate::iut::Pics;
use crate::scenario::model::Key;
use crate::scenario::stage::{Ended, Stage};
use crate::scenario::view::Settled;
use touchstone_fixtures::edge::tls::{Respond, Serve};
use touchstone_fixtures::recording::TlsCertificate;
use touchstone_fixtures::wire::tls::{TLS12, TLS13};

/// Answers the connections of the IUT from now on.
#[derive(Clone, Debug)]
pub struct Tls {
    serve: Serve,
}

impl Tls {
    pub(super) fn read(fields: &Fields<'_>) -> Option<Tls> {
        const VERSIONS: [(&str, u16); 2] = [("1.2", TLS12), ("1.3", TLS13)];
        let mut serve = Serve::default();
        if let Some(listed) = fields.strings("versions") {
            let known = VERSIONS.map(|(name, _)| name);
            serve.versions.clear();
            for version in &listed.value {
                match VERSIONS.iter().find(|(name, _)| *name == version.value) {
                    Some((_, number)) => serve.versions.push(*number),
                    None => fields.document.wrong(
                        version.span.clone(),
                        format!("TLS {} cannot be served", version.value),
                        "",
                        instead(&version.value, &known).or_else(|| Some("versions are 1.2 and 1.3".to_owned())),
                    ),
                }
            }
            if listed.value.is_empty() {
                fields.document.wrong(listed.span, "`versions` is empty", "", Some("leave it out for both".to_owned()));
            }
        }
        if let Some(certificate) = fields.choice("certificate", &TlsCertificate::ALL) {
            serve.certificate = certificate.value;
        }
        let responses = [Respond::Tls11, Respond::ListedSuite].map(|respond| (respond.as_str(), respond));
        serve.respond = fields.choice("respond", &responses).map(|r| r.value);
        serve.early_data = fields.boolean("early_data").is_some_and(|e| e.value);
        for key in ["versions", "certificate", "early_data"] {
            if serve.respond.is_some() && fields.has(key) {
                let help = Some("no handshake is finished after such an answer".to_owned());
                fields.document.wrong(fields.key_span(key), format!("`{key}` does not go with `respond`"), "", help);
            }
        }
        Some(Tls { serve })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        match stage.edge.tls().serve(self.serve.clone()) {
            Ok(()) => Ended::Done(String::new()),
            Err(error) => Ended::Failed(error.to_string()),
        }
    }
}

impl Act for Tls {
    fn needs(&self) -> Vec<Key> {
        match self.serve.certificate {
            TlsCertificate::Good | TlsCertificate::Untrusted => vec![Key::Tls],
            TlsCertificate::Expired | TlsCertificate::WrongName => vec![Key::Tls, Key::TestCertificates],
        }
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}

/// Waits until the IUT has refused a server, or has not, on a connection that it opened after the previous step began.
#[derive(Clone, Debug)]
pub struct AwaitTls {
    within: Option<u64>,
}

impl AwaitTls {
    pub(super) fn read(fields: &Fields<'_>) -> AwaitTls {
        AwaitTls { within: fields.duration("within").map(|d| d.value) }
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let deadline = stage.deadline(self.within.unwrap_or(stage.iut.timing.startup));
        let mark = stage.mark;
        let found = stage.wait(deadline, true, |view| view.settled_since(mark)).await;
        if let Ok(Settled::Closed) = found {
            // Whoever closes without a word may have crashed: its process is given the time to end.
            let (until, opens) = (stage.after(stage.quiet), stage.view.opens_since(mark));
            let _ = stage.wait(until, true, |view| (view.opens_since(mark) > opens).then_some(())).await;
        }
        stage.ended(found.map(|_| ()), || {
            "waited for the implementation to refuse the server, or to go on with it".to_owned()
        })
    }
}

impl Act for AwaitTls {
    fn needs(&self) -> Vec<Key> {
        vec![Key::Tls]
    }

    fn time(&self, _: &Pics) -> Option<u64> {
        self.within
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}
