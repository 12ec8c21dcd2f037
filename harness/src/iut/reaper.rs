//! Nothing an IUT starts survives it: children that left its process group included.
//!
//! This process becomes a child subreaper, so orphans are handed to it. They are known by an environment
//! variable that only the IUT and its descendants carry, or by the process group.

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, getpid, getsid};
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

/// Name of the environment variable that marks the IUT and its descendants.
pub const TOKEN: &str = "TOUCHSTONE_RUN";

/// Rounds of looking and killing; each ends what the one before it set free.
const ROUNDS: u32 = 200;

static SUBREAPER: Once = Once::new();
static OWNS_ALL: AtomicBool = AtomicBool::new(false);
static ALIVE: AtomicUsize = AtomicUsize::new(0);
static DIRECT: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Makes this process the one that orphans are handed to. Without that (an old kernel) only children that
/// keep the token or the group are found.
pub(super) fn install() {
    SUBREAPER.call_once(|| {
        if let Err(error) = nix::sys::prctl::set_child_subreaper(true) {
            tracing::warn!(%error, "cannot become a child subreaper");
        }
    });
}

/// Says that every child of this process belongs to an IUT. Then orphans that hide (no token, no group) are ended,
/// too, as soon as no other IUT could own them. For programs, not for libraries in somebody else's process.
pub fn own_all_children() {
    OWNS_ALL.store(true, Ordering::SeqCst);
    install();
}

/// A child that is waited for by its owner; the reaper leaves it alone.
#[derive(Debug)]
pub(super) struct Direct {
    pid: i32,
}

impl Direct {
    /// Runs `spawn`, and notes its child before any sweep can take it for an orphan.
    pub fn register<T>(spawn: impl FnOnce() -> std::io::Result<(T, i32)>) -> std::io::Result<(T, Direct)> {
        let mut direct = DIRECT.lock().unwrap_or_else(PoisonError::into_inner);
        let (child, pid) = spawn()?;
        direct.insert(pid);
        ALIVE.fetch_add(1, Ordering::SeqCst);
        Ok((child, Direct { pid }))
    }
}

impl Drop for Direct {
    fn drop(&mut self) {
        DIRECT.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.pid);
        ALIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A line of /proc.
#[derive(Clone, Copy, Debug)]
struct Process {
    pid: i32,
    parent: i32,
    group: i32,
    session: i32,
    zombie: bool,
}

fn processes() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter_map(|pid| parse_stat(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?))
        .collect()
}

/// `pid (name) state ppid pgrp session ...`; the name may hold anything, parentheses included.
fn parse_stat(pid: i32, stat: &str) -> Option<Process> {
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace();
    let state = fields.next()?;
    Some(Process {
        pid,
        zombie: matches!(state, "Z" | "X" | "x"),
        parent: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
        session: fields.next()?.parse().ok()?,
    })
}

fn carries(pid: i32, token: &str) -> bool {
    let Ok(file) = fs::File::open(format!("/proc/{pid}/environ")) else { return false };
    let mut environment = Vec::new();
    // Linux allows a few MiB of environment; nobody's is that long by accident.
    if file.take(8 * 1024 * 1024).read_to_end(&mut environment).is_err() {
        return false;
    }
    let wanted = format!("{TOKEN}={token}");
    environment.split(|byte| *byte == 0).any(|entry| entry == wanted.as_bytes())
}

/// Whether members of the group are still running (zombies aside).
pub(super) fn group_lives(group: i32) -> bool {
    let session = own_session();
    processes().iter().any(|p| p.group == group && p.session == session && !p.zombie)
}

fn own_session() -> i32 {
    getsid(None).map_or(0, Pid::as_raw)
}

/// Ends and reaps everything that belongs to an IUT whose own process is over: by token and by group, and, when
/// this program owns all its children and no other IUT is alive, every child handed to it. Answers how many
/// were still running. Blocks for a moment.
pub(super) fn sweep(token: &str, group: i32) -> u32 {
    let own = getpid().as_raw();
    let session = own_session();
    let mut ended: BTreeSet<i32> = BTreeSet::new();
    let mut clean = 0;
    for round in 0..ROUNDS {
        let hidden = OWNS_ALL.load(Ordering::SeqCst) && ALIVE.load(Ordering::SeqCst) == 0;
        let mut busy = false;
        for process in processes() {
            if process.pid == own {
                continue;
            }
            // Only the owner of a direct child waits for it; its zombie is gone in a moment.
            let adopted = process.parent == own && !is_direct(process.pid);
            let known = ended.contains(&process.pid);
            let in_group = process.group == group && process.session == session;
            if process.zombie {
                if adopted && (known || in_group || OWNS_ALL.load(Ordering::SeqCst)) {
                    reap(process.pid);
                    busy = true;
                }
                continue;
            }
            if in_group || (adopted && hidden) || carries(process.pid, token) {
                if is_direct(process.pid) {
                    continue;
                }
                busy = true;
                ended.insert(process.pid);
                match kill(Pid::from_raw(process.pid), Signal::SIGKILL) {
                    Ok(()) | Err(Errno::ESRCH) => {}
                    Err(error) => tracing::warn!(pid = process.pid, %error, "cannot end a process of the IUT"),
                }
            }
        }
        clean = if busy { 0 } else { clean + 1 };
        // A child that was just being forked shows up in the next look.
        if clean == 2 || (clean == 1 && ended.is_empty()) {
            break;
        }
        if busy {
            std::thread::sleep(Duration::from_millis(u64::from(round.min(20))));
        }
    }
    u32::try_from(ended.len()).unwrap_or(u32::MAX)
}

/// The last look of a run: ends what hid from the others. Only where this program owns all its children.
pub(crate) fn sweep_all() -> u32 {
    if !OWNS_ALL.load(Ordering::SeqCst) {
        return 0;
    }
    // No process carries this token, and none is in this group.
    sweep("-", -1)
}

fn is_direct(pid: i32) -> bool {
    DIRECT.lock().unwrap_or_else(PoisonError::into_inner).contains(&pid)
}

fn reap(pid: i32) {
    // Somebody else may have been quicker.
    let _ = waitpid(Pid::from_raw(pid), Some(WaitPidFlag::WNOHANG));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_parentheses_do_not_shift_the_fields() {
        let process = parse_stat(7, "7 (a) b (c)) S 3 5 9 0 -1").expect("parsed");
        assert_eq!((process.parent, process.group, process.session, process.zombie), (3, 5, 9, false));
        assert!(parse_stat(7, "7 (x) Z 3 5 9").expect("parsed").zombie);
        assert!(parse_stat(7, "7 (x").is_none());
    }

    #[test]
    fn this_process_is_found() {
        let own = getpid().as_raw();
        assert!(processes().iter().any(|p| p.pid == own && !p.zombie));
        assert!(!carries(own, "no such token"));
    }
}
