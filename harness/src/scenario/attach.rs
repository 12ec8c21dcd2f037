//! What somebody has to do who starts the implementation himself.

use super::secure::{CA, CERTIFICATE, KEY, certificates_folder};
use super::starter::host;
use crate::iut::IutFile;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

/// How an attached implementation reaches the broker at `address`, and what it should do from then on. `out`: folder of
/// the run.
pub fn instructions(iut: &IutFile, address: SocketAddr, out: &Path) -> String {
    let port = address.port();
    let mut text = String::from("The harness does not start this implementation: please do. It should connect to\n\n");
    let mut line = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    {name:<12} {value}");
    };
    // Over TLS it has to be the host that the certificate is for.
    if address.ip().is_unspecified() && iut.network.advertise.is_none() && !iut.pics.tls {
        line("host", "any address of this machine");
    } else {
        line("host", &host(iut, address));
    }
    line("port", &port.to_string());
    line(
        "transport",
        match (iut.pics.tls, iut.pics.elects("websocket")) {
            (false, false) => "TCP, without TLS",
            (true, false) => "TLS",
            (false, true) => "WebSocket (any path), without TLS",
            (true, true) => "WebSocket (any path) over TLS",
        },
    );
    match &iut.network.tls {
        _ if !iut.pics.tls => {}
        Some(own) => line("authority", &own.ca.display().to_string()),
        None => {
            let folder = certificates_folder(out);
            line("authority", &folder.join(CA).display().to_string());
            line("certificate", &format!("{}, where it presents one", folder.join(CERTIFICATE).display()));
            line("its key", &folder.join(KEY).display().to_string());
        }
    }
    if let Some(credentials) = &iut.network.credentials {
        line("user name", &credentials.username);
        line("password", "as in the IUT file");
    }
    if let Some(device_id) = &iut.pics.device_id {
        line("device id", device_id);
    }
    if let Some(keep_alive) = iut.pics.keep_alive {
        line("keep alive", &format!("{keep_alive} s, as declared"));
    }
    text.push_str(
        "\nIt has five minutes. The scenarios then come one after another, on the same port: after each of them its\n\
         connection ends, its session is discarded, and it should connect again by itself (it has two and a half\n\
         minutes each time). Leave it running until the summary; start it again if it ends.",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use std::path::Path;

    fn told(rest: &str, address: &str) -> String {
        let text = format!("[iut]\nname = \"x\"\nbinding = \"openc2-mqtt-wd04\"\nrole = \"consumer\"\n{rest}");
        let iut = crate::iut::parse(Path::new("/iut.toml"), Source::new("iut.toml", text));
        instructions(&iut.unwrap_or_else(|p| panic!("{p}")), address.parse().expect("an address"), Path::new("/out"))
    }

    #[test]
    fn everything_declared_is_said_but_the_password() {
        insta::assert_snapshot!(told(
            "[network]\nadvertise = \"broker.example\"\nusername = \"zulu\"\npassword = \"horse\"\n\
             [pics]\ndevice_id = \"zulu\"\nkeep_alive = 30\n",
            "0.0.0.0:1883"
        ));
    }

    #[test]
    fn whom_to_trust_is_said() {
        insta::assert_snapshot!(told(
            "[network]\nadvertise = \"broker.example\"\n[pics]\ntls = true\n",
            "0.0.0.0:8883"
        ));
    }

    #[test]
    fn websocket_is_said() {
        let over = |tls: bool| told(&format!("[pics]\ntls = {tls}\noptions = [\"websocket\"]\n"), "127.0.0.1:80");
        assert!(over(false).contains("transport    WebSocket (any path), without TLS\n"));
        assert!(over(true).contains("transport    WebSocket (any path) over TLS\n"));
    }

    #[test]
    fn an_unspecified_address_is_any() {
        assert!(told("", "0.0.0.0:1883").contains("any address of this machine"));
        assert!(told("", "127.0.0.1:1883").contains("host         127.0.0.1\n"));
    }
}
