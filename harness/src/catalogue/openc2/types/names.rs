//! Names and identifiers that other documents define: hosts, email, URI and IRI; and Command-ID.

use super::about;
use crate::evidence::openc2::schema::types as row;
use serde_json::json;

of_type! {
    /// A Domain-Name is the name of a host.
    ///
    /// # Interpretation
    /// Labels of 1 to 63 ASCII letters, digits and hyphens, not at their ends, between dots; 253 characters at most. LS
    /// 3.1.2 points to RFC 1034 3.1 and the description to 3.5, which do not agree on underscores: those are accepted,
    /// and so is a dot at the end.
    TYPE_DOMAIN_NAME {
        id: "openc2/type-domain-name",
        rows: &["LS-3.4.1.3"],
        clause: "3.4.1.3",
        row: row::DOMAIN_NAME,
        said: "Command has the Domain-Name ",
        conforming: [about("domain_name", json!("a.example")), about("domain_name", json!("_dmarc.a.example."))],
        violating: [
            about("domain_name", json!("http://a.example/")),
            about("domain_name", json!("münchen.example")),
            about("domain_name", json!("a..example")),
        ],
    }
}

of_type! {
    /// A Hostname is the name of a host.
    ///
    /// # Interpretation
    /// As for `openc2/type-domain-name`.
    TYPE_HOSTNAME {
        id: "openc2/type-hostname",
        rows: &["LS-3.4.2.6"],
        clause: "3.4.2.6",
        row: row::HOSTNAME,
        said: "Command has the Hostname ",
        conforming: [about("device", json!({"hostname": "lamp-7.a.example"}))],
        violating: [about("device", json!({"hostname": "lamp 7"})), about("device", json!({"hostname": "-lamp"}))],
        silent: [about("device", json!({"device_id": "lamp 7"}))],
    }
}

of_type! {
    /// An IDN-Domain-Name is the name of a host, which may have characters beyond ASCII.
    ///
    /// # Interpretation
    /// Which characters those are is in tables that grow: control characters, spaces, other ASCII than letters, digits
    /// and hyphens, and labels that cannot fit 63 octets break it; letters and digits keep it; others decide nothing.
    TYPE_IDN_DOMAIN_NAME {
        id: "openc2/type-idn-domain-name",
        rows: &["LS-3.4.1.7"],
        clause: "3.4.1.7",
        row: row::IDN_DOMAIN_NAME,
        said: "Command has the IDN-Domain-Name ",
        conforming: [about("idn_domain_name", json!("münchen.example")), about("idn_domain_name", json!("xn--mnchen-3ya.example"))],
        violating: [about("idn_domain_name", json!("mün chen.example")), about("idn_domain_name", json!("münchen..example"))],
        silent: [about("idn_domain_name", json!("☃.example"))],
    }
}

of_type! {
    /// An IDN-Hostname is the name of a host, which may have characters beyond ASCII.
    ///
    /// # Interpretation
    /// As for `openc2/type-idn-domain-name`.
    TYPE_IDN_HOSTNAME {
        id: "openc2/type-idn-hostname",
        rows: &["LS-3.4.2.7"],
        clause: "3.4.2.7",
        row: row::IDN_HOSTNAME,
        said: "Command has the IDN-Hostname ",
        conforming: [about("device", json!({"idn_hostname": "lämpchen.example"}))],
        violating: [about("device", json!({"idn_hostname": "lämpchen 7"}))],
        silent: [about("device", json!({"hostname": "lamp.example"}))],
    }
}

of_type! {
    /// An Email-Addr is an address of RFC 5322 3.4.1.
    ///
    /// # Interpretation
    /// A dot-atom or a quoted string, an at sign, and a dot-atom or a literal in brackets, in ASCII. Comments, blanks
    /// around the parts and the obsolete forms decide nothing.
    TYPE_EMAIL_ADDR {
        id: "openc2/type-email-addr",
        rows: &["LS-3.4.1.4"],
        clause: "3.4.1.4",
        row: row::EMAIL_ADDR,
        said: "Command has the Email-Addr ",
        conforming: [about("email_addr", json!("alice.b+c@a.example")), about("email_addr", json!("\"a b\"@[192.0.2.1]"))],
        violating: [about("email_addr", json!("a.example")), about("email_addr", json!("alice@@a.example")), about("email_addr", json!("älice@a.example"))],
        silent: [about("email_addr", json!("alice (at home)@a.example"))],
    }
}

of_type! {
    /// An IDN-Email-Addr is an address that may have characters beyond ASCII.
    ///
    /// # Interpretation
    /// As for `openc2/type-email-addr`, with characters beyond ASCII on both sides (RFC 6531).
    TYPE_IDN_EMAIL_ADDR {
        id: "openc2/type-idn-email-addr",
        rows: &["LS-3.4.1.8"],
        clause: "3.4.1.8",
        row: row::IDN_EMAIL_ADDR,
        said: "Command has the IDN-Email-Addr ",
        conforming: [about("idn_email_addr", json!("älice@bücher.example"))],
        violating: [about("idn_email_addr", json!("älice")), about("idn_email_addr", json!("äl ice@a.example"))],
    }
}

of_type! {
    /// A URI is one by RFC 3986: a scheme, and after it only characters that may stand there.
    ///
    /// # Interpretation
    /// A relative reference is no URI. What the scheme makes of the rest is not judged.
    TYPE_URI {
        id: "openc2/type-uri",
        rows: &["LS-3.4.1.17"],
        clause: "3.4.1.17",
        row: row::URI,
        said: "Command has the URI ",
        conforming: [about("uri", json!("https://[2001:db8::1]:8443/a%20b?c#d")), about("artifact", json!({"payload": {"url": "file:///a"}}))],
        violating: [
            about("uri", json!("a.example/b")),
            about("uri", json!("https://a.example/b c")),
            about("uri", json!("https://bücher.example/")),
        ],
    }
}

of_type! {
    /// An IRI is one by RFC 3987: a URI that may have characters beyond ASCII.
    TYPE_IRI {
        id: "openc2/type-iri",
        rows: &["LS-3.4.1.13"],
        clause: "3.4.1.13",
        row: row::IRI,
        said: "Command has the IRI ",
        conforming: [about("iri", json!("https://bücher.example/ü"))],
        violating: [about("iri", json!("bücher.example/ü")), about("iri", json!("https://bücher.example/<ü>"))],
    }
}

of_type! {
    /// A Command-ID has at most 36 characters, none of them white space.
    ///
    /// # Interpretation
    /// Of a Command's own `command_id`, and of the target `command`. The empty text is one.
    TYPE_COMMAND_ID {
        id: "openc2/type-command-id",
        rows: &["LS-3.4.2.16"],
        clause: "3.4.2.16",
        row: row::COMMAND_ID,
        said: "Command has the Command-ID ",
        conforming: [
            json!({"action": "cancel", "target": {"command": "c-1"}}),
            json!({"action": "deny", "target": {"domain_name": "a.example"}, "command_id": "3b7c9a52-0d4e-4f6a-9c1b-8e2d5f7a6b10"}),
        ],
        violating: [
            json!({"action": "cancel", "target": {"command": "c 1"}}),
            json!({"action": "deny", "target": {"domain_name": "a.example"}, "command_id": "c".repeat(37)}),
            json!({"action": "cancel", "target": {"command": 1}}),
        ],
    }
}
