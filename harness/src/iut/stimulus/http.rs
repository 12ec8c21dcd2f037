//! `via = "http"`: the object is posted as `application/json`; a status from 200 to 299 means accepted.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HOST};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};

/// Most that is read of an answer's head, and of its body, in bytes.
const HEAD: usize = 64 * 1024;
const BODY: usize = 64 * 1024;
/// How often somebody who refuses connections is tried again: it may still be on its way up.
const AGAIN: Duration = Duration::from_millis(50);

/// Checks an address: `http`, with a host.
///
/// # Errors
/// What is wrong with it, in words.
pub(crate) fn check(url: &str) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|error| format!("{url:?} is no address: {error}"))?;
    if uri.scheme_str() != Some("http") {
        return Err(format!("{url:?} does not begin with http://"));
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err(format!("{url:?} names no host"));
    }
    Ok(uri)
}

/// Posts a line, at most until `deadline`. No more than a small part of the answer is looked at.
///
/// # Errors
/// When it is not accepted, or not in time; in words.
pub(crate) async fn send(url: &str, line: &str, deadline: Instant) -> Result<(), String> {
    let uri = check(url)?;
    match timeout_at(deadline, post(&uri, line, deadline)).await {
        Ok(sent) => sent,
        Err(_) => Err(format!("{uri} did not answer in time")),
    }
}

async fn post(uri: &Uri, line: &str, deadline: Instant) -> Result<(), String> {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or(80);
    let stream = loop {
        match TcpStream::connect((host, port)).await {
            Ok(stream) => break stream,
            Err(error)
                if error.kind() == std::io::ErrorKind::ConnectionRefused && Instant::now() + AGAIN < deadline =>
            {
                sleep(AGAIN).await;
            }
            Err(error) => return Err(format!("no connection to {uri}: {error}")),
        }
    };
    let failed = |error: hyper::Error| format!("{uri} did not answer as HTTP has it: {error}");
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::post(path)
        .header(HOST, uri.authority().map_or(host, |authority| authority.as_str()))
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "*/*")
        .header(CONNECTION, "close")
        .body(Full::new(Bytes::copy_from_slice(line.as_bytes())))
        .map_err(|error| format!("{uri}: {error}"))?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(failed)?;
        let status = response.status();
        let mut body = response.into_body();
        let mut read = 0;
        // The status has decided; the rest is read so that nobody is cut off in the middle of a short answer.
        while read < BODY
            && let Some(Ok(frame)) = body.frame().await
        {
            read += frame.data_ref().map_or(0, Bytes::len);
        }
        if status.is_success() { Ok(()) } else { Err(format!("{uri} answered with status {status}")) }
    };
    tokio::pin!(exchange, connection);
    tokio::select! {
        done = &mut exchange => done,
        // The connection is over; whatever has arrived before that is still with the exchange.
        _ = &mut connection => exchange.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Answers one request with these bytes, `copies` times over, and hands back what was asked.
    async fn server(answer: &'static [u8], copies: usize) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/send?x=1", listener.local_addr().expect("an address"));
        let task = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut asked = Vec::new();
            let mut buffer = [0; 1024];
            while !asked.ends_with(b"}") {
                match stream.read(&mut buffer).await {
                    Ok(read @ 1..) => asked.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
            for _ in 0..copies {
                if stream.write_all(answer).await.is_err() {
                    break;
                }
            }
            String::from_utf8_lossy(&asked).into_owned()
        });
        (url, task)
    }

    fn within(milliseconds: u64) -> Instant {
        Instant::now() + Duration::from_millis(milliseconds)
    }

    #[tokio::test]
    async fn a_status_of_200_to_299_is_acceptance() {
        let (url, asked) = server(b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok", 1).await;
        send(&url, "{\"id\":\"s1\"}", within(20_000)).await.expect("accepted");
        let asked = asked.await.expect("served");
        assert!(asked.starts_with("POST /send?x=1 HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("content-type: application/json\r\n"), "{asked}");
        assert!(asked.ends_with("\r\n\r\n{\"id\":\"s1\"}"), "{asked}");
    }

    #[tokio::test]
    async fn other_statuses_and_other_protocols_are_refusals() {
        for (answer, part) in [
            (&b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"[..], "status 503"),
            (b"HTTP/1.1 302 Found\r\nlocation: /x\r\n\r\n", "status 302"),
            (b"* OK IMAP4rev1\r\n", "did not answer as HTTP has it"),
            (b"", "did not answer as HTTP has it"),
        ] {
            let (url, _server) = server(answer, 1).await;
            let refused = send(&url, "{}", within(20_000)).await.expect_err("refused");
            assert!(refused.contains(part), "{refused}");
        }
    }

    #[tokio::test]
    async fn nobody_there_is_a_refusal() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        let refused = send(&format!("http://{free}/"), "{}", within(200)).await.expect_err("nobody");
        assert!(refused.contains("no connection to") || refused.contains("in time"), "{refused}");
    }

    #[tokio::test]
    async fn hanging_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let refused = send(&url, "{}", within(50)).await.expect_err("nobody answers");
        assert!(refused.ends_with("did not answer in time"), "{refused}");
    }

    #[tokio::test]
    async fn an_endless_answer_is_not_read_to_its_end() {
        let (url, _server) = server(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", usize::MAX).await;
        send(&url, "{}", within(20_000)).await.expect("accepted");
        let (url, _server) = server(b"HTTP/1.1 200 OK\r\n", 100_000).await;
        assert!(send(&url, "{}", within(20_000)).await.is_err());
    }

    #[test]
    fn addresses_are_checked() {
        check("http://127.0.0.1:8080/send").expect("sound");
        for wrong in ["https://x/", "ftp://x", "http://", "", "http:///x", "127.0.0.1:80", "http://a b/"] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
