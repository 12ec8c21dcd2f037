//! `via = "command"`: a command that is run with the object on its standard input; exit code 0 means accepted.

use crate::iut::process;
use std::collections::BTreeMap;
use std::path::Path;
use tokio::time::Instant;

/// Runs it to its end, at most until `deadline`. Its output is dropped.
///
/// # Errors
/// When it cannot be started, does not read what it is given, is not done in time, or fails; in words.
pub(crate) async fn send(
    command: &[String],
    cwd: &Path,
    env: &BTreeMap<String, String>,
    token: &str,
    line: &str,
    deadline: Instant,
) -> Result<(), String> {
    process::run_with_input(command, cwd, env, token, Some(line), deadline).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    async fn sent(script: &str, line: &str, within: Duration) -> Result<(), String> {
        let command = ["sh", "-c", script].map(str::to_owned);
        send(&command, Path::new("/"), &BTreeMap::new(), "stimulus-test", line, Instant::now() + within).await
    }

    #[tokio::test]
    async fn the_exit_code_decides() {
        let long = Duration::from_secs(20);
        assert_eq!(sent("read line && test \"$line\" = hello", "hello", long).await, Ok(()));
        assert_eq!(sent("exit 3", "hello", long).await, Err("exit status: 3".to_owned()));
    }

    #[tokio::test]
    async fn one_that_reads_nothing_may_still_succeed() {
        let large = "x".repeat(1024 * 1024);
        assert_eq!(sent("exit 0", &large, Duration::from_secs(20)).await, Ok(()));
    }

    #[tokio::test]
    async fn one_that_hangs_is_ended() {
        let ended = sent("sleep 60", &"x".repeat(1024 * 1024), Duration::from_millis(50)).await;
        assert_eq!(ended, Err("it was not done in time".to_owned()));
    }
}
