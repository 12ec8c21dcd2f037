//! A run: from an IUT file to a judged directory.
//!
//! Everything the user can get wrong is checked by [`Run::plan`], before anything is started or overwritten.

mod waivers;

use crate::binding::Binding;
use crate::diagnostic::{Problem, Problems, nearest};
use crate::iut::stimulus::operator::Operator;
use crate::iut::{IutFile, Role};
use crate::judge::waiver::Waiver;
use crate::judge::{self, Assessment, JudgedScenario, Outcome, Policy, ScenarioStatus};
use crate::manifest::{self, Manifest, Selection};
use crate::run_dir::{self, Prepared, RunDirError};
use crate::scenario::{self, Options, Plan, Planned, Progress, Status};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// What the user asks for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The IUT file.
    pub iut: PathBuf,
    /// Where the results go.
    pub out: PathBuf,
    /// Only scenarios whose id matches one of these patterns (`*` stands for any text).
    pub scenarios: Vec<String>,
    /// Only these requirements, and the scenarios that exercise them.
    pub requirements: Vec<String>,
    /// Policy.
    pub policy: Policy,
    /// Scenarios at the same time, at most.
    pub jobs: Option<usize>,
    /// Where to listen, in place of what the IUT file says.
    pub listen: Option<SocketAddr>,
    /// Factor on every deadline.
    pub scale: f64,
    /// Seed of everything random.
    pub seed: u64,
    /// File of waivers.
    pub waivers: Option<PathBuf>,
    /// Folder of further scenarios.
    pub extra: Option<PathBuf>,
    /// What `{self}` stands for; the running program if `None`.
    pub program: Option<PathBuf>,
    /// The role to test, where the IUT file names several.
    pub role: Option<Role>,
    /// Who is asked to make a Producer send, where the IUT file says so; nobody if `None`.
    pub operator: Option<Arc<dyn Operator>>,
}

impl Request {
    /// A whole run by the default policy.
    pub fn new(iut: impl Into<PathBuf>, out: impl Into<PathBuf>) -> Request {
        Request {
            iut: iut.into(),
            out: out.into(),
            scenarios: Vec::new(),
            requirements: Vec::new(),
            policy: Policy::default(),
            jobs: None,
            listen: None,
            scale: 1.0,
            seed: 0,
            waivers: None,
            extra: None,
            program: None,
            role: None,
            operator: None,
        }
    }
}

/// Why a run did not begin, or has no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Something in the input is wrong; nothing was run.
    #[error("{0}")]
    Input(#[from] Problems),
    /// The output directory cannot be used; nothing was run.
    #[error(transparent)]
    Output(RunDirError),
    /// The test system failed while running.
    #[error(transparent)]
    Failed(RunDirError),
}

/// A run that is ready to begin: everything was checked, nothing was touched.
#[derive(Debug)]
pub struct Run {
    request: Request,
    iut: Arc<IutFile>,
    plan: Plan,
    manifest: Manifest,
    options: Options,
    prepared: Prepared,
}

/// What happens during a run.
#[derive(Debug)]
pub enum Event<'a> {
    /// A scenario began.
    Started(&'a Planned),
    /// The IUT is attached: it should connect to this address.
    Waiting(SocketAddr),
    /// A scenario is over and judged: its id, how it went, and how many requirements it broke.
    Judged {
        /// The scenario.
        planned: &'a Planned,
        /// How it went.
        status: &'a ScenarioStatus,
        /// Requirements broken in it.
        broken: usize,
        /// Requirements whose outcome it changed, and the outcome as it stands now.
        changed: &'a [(&'static str, Outcome)],
        /// Requirements decided so far, and those there is a check for.
        decided: (usize, usize),
    },
}

impl Run {
    /// Checks everything a run needs.
    ///
    /// # Errors
    /// For anything wrong in the input, with its place and what to do.
    pub fn plan(request: Request) -> Result<Run, RunError> {
        let iut = crate::iut::load(&request.iut)?.playing(request.role)?;
        let scenarios = scenario::load(iut.binding, iut.role, request.extra.as_deref())?;
        let mut plan = scenario::plan(&scenarios, &iut);
        select(&mut plan, &request, iut.binding)?;
        let waivers = match &request.waivers {
            Some(path) => waivers::load(path, &iut)?,
            None => Vec::new(),
        };
        let prepared = run_dir::prepare(&request.out).map_err(RunError::Output)?;
        let mut options = Options::new(&request.out);
        options.scale = request.scale;
        options.seed = request.seed;
        options.listen = request.listen;
        options.operator.clone_from(&request.operator);
        if let Some(program) = &request.program {
            options.program.clone_from(program);
        }
        scenario::precheck(&iut, &options)?;
        let manifest = manifest_of(&request, &iut, &plan, waivers);
        Ok(Run { request, iut: Arc::new(iut), plan, manifest, options, prepared })
    }

    /// How many scenarios will be run.
    pub fn scenarios(&self) -> usize {
        self.plan.selected.len()
    }

    /// The implementation under test.
    pub fn iut(&self) -> &IutFile {
        &self.iut
    }

    /// Scenarios that are left out, with the reason.
    pub fn left_out(&self) -> impl Iterator<Item = (&str, &str)> {
        self.manifest.left_out.iter().map(|l| (l.id.as_str(), l.reason.as_str()))
    }

    /// Runs every scenario, judges each from its capture as it ends, joins them and writes the reports.
    /// Needs a tokio runtime. `tool`: version of this program.
    ///
    /// # Errors
    /// When the output directory cannot be written.
    pub async fn execute(self, tool: &str, mut progress: impl FnMut(Event<'_>)) -> Result<Assessment, RunError> {
        let Run { request, iut, plan, mut manifest, options, prepared } = self;
        manifest.tool = tool.to_owned();
        let dir = prepared.replace().map_err(RunError::Output)?;
        run_dir::write_manifest(&dir, &manifest).map_err(RunError::Output)?;
        let numbers: BTreeMap<String, usize> =
            plan.selected.iter().enumerate().map(|(number, planned)| (planned.id.clone(), number)).collect();
        let mut judged: BTreeMap<usize, JudgedScenario> = BTreeMap::new();
        let mut standing = Standing::of(iut.binding, iut.role);
        scenario::run_all(&plan.selected, &iut, &Arc::new(options), request.jobs, |event| match event {
            Progress::Started(planned) => progress(Event::Started(planned)),
            Progress::Waiting(address) => progress(Event::Waiting(address)),
            Progress::Finished(result) => {
                let Some((number, planned)) = numbers.get(&result.id).and_then(|n| Some((*n, plan.selected.get(*n)?)))
                else {
                    return;
                };
                if let (Status::Error, Some(selected)) = (&result.status, manifest.scenarios.get_mut(number)) {
                    selected.failure = Some(result.reason.clone());
                }
                let one = run_dir::judge_scenario(&dir, &manifest, iut.binding, number);
                let broken = one.ledgers.values().filter(|ledger| ledger.broken() > 0).count();
                let changed = standing.take(&one, &planned.scenario.exercises);
                let decided = standing.decided();
                progress(Event::Judged { planned, status: &one.status, broken, changed: &changed, decided });
                judged.insert(number, one);
            }
        })
        .await;
        manifest.completed = true;
        run_dir::write_manifest(&dir, &manifest).map_err(RunError::Failed)?;
        let scenarios: Vec<JudgedScenario> = judged.into_values().collect();
        let assessment = judge::assess(&manifest, iut.binding, iut.role, manifest.policy, &scenarios, tool);
        run_dir::write_reports(&dir, &assessment.report).map_err(RunError::Failed)?;
        Ok(assessment)
    }
}

/// What the scenarios judged so far say of each requirement.
struct Standing(BTreeMap<&'static str, Outcome>);

impl Standing {
    /// Of every requirement that binds `role` and has a check.
    fn of(binding: &Binding, role: Role) -> Standing {
        let bound = binding.requirements().map(|(_, r)| r).filter(|r| r.binds(role) && r.judged.testable());
        Standing(bound.map(|r| (r.id, Outcome::None)).collect())
    }

    /// Joins another scenario's outcomes; answers what has changed.
    fn take(&mut self, judged: &JudgedScenario, promised: &[String]) -> Vec<(&'static str, Outcome)> {
        let mut changed = Vec::new();
        for (id, ledger) in &judged.ledgers {
            let Some(standing) = self.0.get_mut(id) else { continue };
            let joined = standing.join(ledger.outcome(promised.iter().any(|p| p == id)));
            if joined != *standing {
                *standing = joined;
                changed.push((*id, joined));
            }
        }
        changed
    }

    /// How many are met or broken, and how many there are.
    fn decided(&self) -> (usize, usize) {
        let decided = self.0.values().filter(|outcome| matches!(outcome, Outcome::Met | Outcome::Broken));
        (decided.count(), self.0.len())
    }
}

/// Narrows the plan to what the command line names.
fn select(plan: &mut Plan, request: &Request, binding: &Binding) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for pattern in &request.scenarios {
        let known =
            || plan.selected.iter().map(|p| p.id.as_str()).chain(plan.left_out.iter().map(|l| l.scenario.id.as_str()));
        if plan.selected.iter().any(|p| glob(pattern, &p.id)) {
            continue;
        }
        if let Some(left_out) = plan.left_out.iter().find(|l| glob(pattern, &l.scenario.id)) {
            problems.push(
                Problem::new(format!("scenario {} cannot be run: {}", left_out.scenario.id, left_out.reason))
                    .help("declare it under [pics], or leave the scenario out"),
            );
            continue;
        }
        problems.push(Problem::new(format!("no scenario matches {pattern:?}")).help(match nearest(pattern, known()) {
            Some(near) => format!("did you mean {near}?"),
            None => "`touchstone list scenarios` names them all; * stands for any text".to_owned(),
        }));
    }
    for id in &request.requirements {
        if binding.requirements().all(|(_, r)| r.id != id) {
            let known = binding.requirements().map(|(_, r)| r.id);
            problems.push(Problem::new(format!("no requirement of {} is called {id:?}", binding.id)).help(
                match nearest(id, known) {
                    Some(near) => format!("did you mean {near}?"),
                    None => "`touchstone list requirements` names them all".to_owned(),
                },
            ));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    if !request.scenarios.is_empty() {
        plan.selected.retain(|p| request.scenarios.iter().any(|pattern| glob(pattern, &p.id)));
        plan.left_out.clear();
    }
    if !request.requirements.is_empty() {
        let wanted = |ids: &[String]| ids.iter().any(|id| request.requirements.contains(id));
        plan.selected.retain(|p| wanted(&p.exercises));
        plan.left_out.retain(|l| wanted(&l.scenario.exercises));
        if plan.selected.is_empty() {
            return Err(Problem::new(format!(
                "no scenario that can be run exercises {}",
                request.requirements.join(", ")
            ))
            .help("`touchstone explain ID` shows how a requirement is judged, and which scenarios exercise it")
            .into());
        }
    }
    Ok(())
}

/// Whether `text` matches `pattern`, in which `*` stands for any text.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

fn manifest_of(request: &Request, iut: &IutFile, plan: &Plan, waivers: Vec<Waiver>) -> Manifest {
    Manifest {
        format: manifest::FORMAT.to_owned(),
        tool: String::new(),
        binding: iut.binding.id.to_owned(),
        role: iut.role.as_str().to_owned(),
        iut: manifest::Iut { name: iut.name.clone(), vendor: iut.vendor.clone(), version: iut.version.clone() },
        iut_file: manifest::Hashed {
            path: request.iut.display().to_string(),
            sha256: run_dir::hash(iut.text.as_bytes()),
        },
        pics: iut.pics.clone(),
        catalogues: manifest::catalogues(iut.binding),
        policy: request.policy,
        waivers,
        selection: Selection {
            scenarios: request.scenarios.clone(),
            requirements: request.requirements.clone(),
            role: request.role.map(|role| role.to_string()),
            folder: request.extra.as_ref().map(|folder| folder.display().to_string()),
        },
        seed: request.seed,
        scale: request.scale,
        scenarios: plan
            .selected
            .iter()
            .map(|planned| manifest::Selected {
                id: planned.id.clone(),
                title: planned.title.clone(),
                purpose: planned.scenario.purpose.clone(),
                exercises: planned.exercises.clone(),
                sha256: planned.scenario.sha256.clone(),
                evidence: scenario::evidence_folder(&planned.id).display().to_string(),
                failure: None,
            })
            .collect(),
        left_out: plan
            .left_out
            .iter()
            .map(|left_out| manifest::LeftOut {
                id: left_out.scenario.id.clone(),
                reason: left_out.reason.clone(),
                exercises: left_out.scenario.exercises.clone(),
            })
            .collect(),
        completed: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_ids() {
        assert!(glob("wd04/consumer/connect", "wd04/consumer/connect"));
        assert!(!glob("wd04/consumer/connect", "wd04/consumer/connect-2"));
        assert!(glob("*query*", "wd04/consumer/query-all"));
        assert!(glob("wd04/*-all", "wd04/consumer/query-all"));
        assert!(glob("*", ""));
        assert!(!glob("a*b*c", "a-c-b"));
        assert!(!glob("", "x"));
    }
}
