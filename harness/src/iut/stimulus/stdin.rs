//! `via = "stdin"`: a line on the standard input of the IUT, which stays open as long as the IUT runs.

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

/// Most that is kept for an IUT that does not read, in bytes.
const KEPT: usize = 4 * 1024 * 1024;

/// The standard input of a process. A line is written whole or, if the process does not read in time, its rest stays
/// first in the queue: nothing is ever mixed into the middle of another line.
#[derive(Debug)]
pub(crate) struct Input<W> {
    pipe: W,
    rest: Vec<u8>,
}

impl<W: AsyncWrite + Unpin> Input<W> {
    /// Writes go to `pipe`.
    pub fn new(pipe: W) -> Input<W> {
        Input { pipe, rest: Vec::new() }
    }

    /// Writes a line and its end.
    ///
    /// # Errors
    /// When it was not taken in time, or nobody reads any more; in words.
    pub async fn write(&mut self, line: &str, deadline: Instant) -> Result<(), String> {
        if self.rest.len() > KEPT {
            return Err(format!("{} bytes of earlier stimuli are still unread", self.rest.len()));
        }
        self.rest.extend_from_slice(line.as_bytes());
        self.rest.push(b'\n');
        while !self.rest.is_empty() {
            match timeout_at(deadline, self.pipe.write(&self.rest)).await {
                Ok(Ok(0)) => return Err("its standard input is closed".to_owned()),
                Ok(Ok(written)) => drop(self.rest.drain(..written)),
                Ok(Err(error)) => return Err(format!("its standard input cannot be written to: {error}")),
                Err(_) => return Err("it did not read its standard input in time".to_owned()),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn a_full_pipe_is_given_up_in_time_and_no_line_is_torn() {
        let (ours, mut theirs) = tokio::io::duplex(8);
        let mut input = Input::new(ours);
        let soon = Instant::now() + Duration::from_millis(20);
        let refused = input.write("0123456789", soon).await.expect_err("nobody reads");
        assert_eq!(refused, "it did not read its standard input in time");
        let reader = tokio::spawn(async move {
            let mut text = String::new();
            theirs.read_to_string(&mut text).await.expect("text");
            text
        });
        input.write("next", Instant::now() + Duration::from_secs(5)).await.expect("taken");
        drop(input);
        assert_eq!(reader.await.expect("read"), "0123456789\nnext\n");
    }

    #[tokio::test]
    async fn a_closed_pipe_is_told() {
        let (ours, theirs) = tokio::io::duplex(8);
        drop(theirs);
        let refused = Input::new(ours).write("x", Instant::now() + Duration::from_secs(5)).await;
        assert!(refused.expect_err("closed").contains("standard input"));
    }
}
