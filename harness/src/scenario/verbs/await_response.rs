//! `await-response`: the IUT answers a named request.

use super::{Act, Running};
use crate::diagnostic::toml::Fields;
use crate::iut::Pics;
use crate::scenario::stage::{Ended, Stage};

/// Waits for responses with the request_id of a named request (of every one of a burst).
#[derive(Clone, Debug)]
pub struct AwaitResponse {
    /// The request.
    pub name: String,
    status: Vec<i128>,
    optional: bool,
    /// Its own deadline, in nanoseconds.
    pub within: Option<u64>,
}

impl AwaitResponse {
    pub(super) fn read(fields: &Fields<'_>) -> Option<AwaitResponse> {
        let within = fields.duration("within").map(|d| d.value);
        let optional = fields.boolean("optional").is_some_and(|o| o.value);
        let status = read_status(fields);
        let name = fields.required("name", "\"a\"")?.value;
        Some(AwaitResponse { name, status: status?, optional, within })
    }

    async fn carry_out(&self, stage: &mut Stage<'_>) -> Ended {
        let ids = stage.ids(&self.name);
        if ids.is_empty() {
            return Ended::Failed(format!("{} has no request_id to be answered with", self.name));
        }
        let within = stage.scaled(self.within.unwrap_or(stage.iut.timing.response));
        // A little longer than the time to answer: silence is measured from the delivery, which came later.
        let deadline = stage.after(within + within / 10 + 20_000_000);
        let found = stage
            .wait(deadline, true, |view| {
                let answered = |id: &String| {
                    view.answers(id).iter().any(|answer| {
                        self.status.is_empty() || answer.status.is_some_and(|status| self.status.contains(&status))
                    })
                };
                ids.iter().all(answered).then_some(())
            })
            .await;
        match found {
            Err(Ended::TimedOut(_)) if self.optional => Ended::Done("not answered".to_owned()),
            found => {
                let open = ids.iter().filter(|id| stage.view.answers(id).is_empty()).count();
                stage.ended(found, || match (open, self.status.is_empty()) {
                    (0, false) => format!("{} was answered, but not with status {:?}", self.name, self.status),
                    _ if ids.len() > 1 => {
                        format!("{open} of {} requests of {} were not answered", ids.len(), self.name)
                    }
                    _ => format!("waited for a response to {}", self.name),
                })
            }
        }
    }
}

impl Act for AwaitResponse {
    fn time(&self, _: &Pics) -> Option<u64> {
        self.within
    }

    fn refers(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn run<'s>(&'s self, stage: &'s mut Stage<'_>) -> Running<'s> {
        Box::pin(self.carry_out(stage))
    }
}

/// `status`: a number, or a list of them; nothing: any.
fn read_status(fields: &Fields<'_>) -> Option<Vec<i128>> {
    let Some(value) = fields.any("status") else { return Some(Vec::new()) };
    let json = fields.json("status")?.value;
    let numbers: Option<Vec<i128>> = match &json {
        serde_json::Value::Array(items) if !items.is_empty() => {
            items.iter().map(|n| n.as_i64().map(i128::from)).collect()
        }
        single => single.as_i64().map(|n| vec![i128::from(n)]),
    };
    if numbers.is_none() {
        fields.mistyped("status", value, "a status code, or a list of them");
    }
    numbers
}
