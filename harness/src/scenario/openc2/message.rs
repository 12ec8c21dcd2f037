//! Messages that the harness sends: built here, with serializers of their own kind, so that no judging
//! decoder is ever fed by its own twin.

use crate::iut::{Pics, Serialization};
use crate::scenario::ids::REQUEST_ID;
use serde_json::{Map, Value, json};

/// Identity of the Producer that the harness plays.
pub const PRODUCER: &str = "touchstone-producer";
/// Identity of the Consumer that the harness plays.
pub const CONSUMER: &str = "touchstone-consumer";

/// What stands in front of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Header {
    /// The two bytes that fit (WD04 2.3.1).
    Fitting,
    /// Nothing.
    None,
    /// These bytes, in place of the two.
    Written(Vec<u8>),
}

impl Header {
    /// What is written out, or else what the implementation declares.
    pub fn of(pics: &Pics, written: Option<Vec<u8>>) -> Header {
        match written {
            Some(bytes) => Header::Written(bytes),
            None if pics.headed() => Header::Fitting,
            None => Header::None,
        }
    }
}

/// A request message.
#[derive(Clone, Debug)]
pub struct Request {
    /// The OpenC2 Command, as it is to be sent.
    pub command: Value,
    /// Serialization of the message.
    pub serialization: Serialization,
    /// `request_id`; `None`: the message has none.
    pub request_id: Option<String>,
    /// `from`; `None`: the message has none.
    pub from: Option<String>,
    /// `to`; `None`: the message has none.
    pub to: Option<Vec<String>>,
    /// `created`, in milliseconds since 1970.
    pub created: u64,
    /// What stands in front.
    pub header: Header,
}

impl Request {
    /// The payload: the header, if there is one, then the record of WD04 2.3.2.
    pub fn payload(&self) -> Vec<u8> {
        let mut record = Map::new();
        record.insert("content".to_owned(), json!({ "request": self.command }));
        if let Some(id) = &self.request_id {
            record.insert("request_id".to_owned(), json!(id));
        }
        record.insert("created".to_owned(), json!(self.created));
        if let Some(from) = &self.from {
            record.insert("from".to_owned(), json!(from));
        }
        if let Some(to) = &self.to {
            record.insert("to".to_owned(), json!(to));
        }
        payload(0, &Value::Object(record), self.serialization, &self.header)
    }
}

/// A response message.
#[derive(Clone, Debug)]
pub struct Response {
    /// The OpenC2 Response, as it is to be sent.
    pub response: Value,
    /// Serialization of the message.
    pub serialization: Serialization,
    /// `request_id`; `None`: the message has none.
    pub request_id: Option<String>,
    /// `from`; `None`: the message has none.
    pub from: Option<String>,
    /// `created`, in milliseconds since 1970.
    pub created: u64,
    /// What stands in front.
    pub header: Header,
}

impl Response {
    /// The payload, as for [`Request::payload`].
    pub fn payload(&self) -> Vec<u8> {
        let mut record = Map::new();
        record.insert("content".to_owned(), json!({ "response": self.response }));
        if let Some(id) = &self.request_id {
            record.insert("request_id".to_owned(), json!(id));
        }
        record.insert("created".to_owned(), json!(self.created));
        if let Some(from) = &self.from {
            record.insert("from".to_owned(), json!(from));
        }
        response_payload(&Value::Object(record), self.serialization, &self.header)
    }
}

/// The payload of a response message that is given whole.
pub fn response_payload(record: &Value, serialization: Serialization, header: &Header) -> Vec<u8> {
    payload(1, record, serialization, header)
}

/// What stands in front, and a message record. `message_type`: 0 request, 1 response.
fn payload(message_type: u8, record: &Value, serialization: Serialization, header: &Header) -> Vec<u8> {
    let number = match serialization {
        Serialization::Json => 1,
        Serialization::Cbor => 2,
        Serialization::Xml => 3,
    };
    let mut payload = match header {
        Header::Fitting => vec![0x90 | message_type, number],
        Header::None => Vec::new(),
        Header::Written(bytes) => bytes.clone(),
    };
    match serialization {
        // No step can ask for XML.
        Serialization::Json | Serialization::Xml => payload.extend_from_slice(record.to_string().as_bytes()),
        Serialization::Cbor => {
            ciborium::into_writer(record, &mut payload).expect("JSON values always serialize into a vector");
        }
    }
    payload
}

/// `value` with [`REQUEST_ID`] replaced in every text of it.
pub fn with_request_id(value: &Value, id: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(REQUEST_ID, id)),
        Value::Array(items) => Value::Array(items.iter().map(|item| with_request_id(item, id)).collect()),
        Value::Object(members) => Value::Object(
            members.iter().map(|(key, value)| (key.replace(REQUEST_ID, id), with_request_id(value, id))).collect(),
        ),
        other => other.clone(),
    }
}

/// The `query features` command with an empty list: the one every Consumer must answer with 200.
pub fn query_features() -> Value {
    json!({ "action": "query", "target": { "features": [] } })
}

/// `base` with the members of `over` put over its own.
pub fn merged(base: Option<Value>, over: &Value) -> Value {
    let mut members = match base {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    for (key, value) in over.as_object().into_iter().flatten() {
        members.insert(key.clone(), value.clone());
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(serialization: Serialization) -> Request {
        Request {
            command: query_features(),
            serialization,
            request_id: Some("r".to_owned()),
            from: Some(PRODUCER.to_owned()),
            to: None,
            created: 7,
            header: Header::Fitting,
        }
    }

    #[test]
    fn a_json_request_is_the_record_behind_two_bytes() {
        let payload = request(Serialization::Json).payload();
        assert_eq!(&payload[..2], [0x90, 0x01]);
        assert_eq!(
            String::from_utf8_lossy(&payload[2..]),
            r#"{"content":{"request":{"action":"query","target":{"features":[]}}},"request_id":"r","created":7,"from":"touchstone-producer"}"#
        );
    }

    #[test]
    fn a_cbor_request_has_text_keys() {
        let payload = request(Serialization::Cbor).payload();
        assert_eq!(&payload[..2], [0x90, 0x02]);
        // map(4), text(7) "content"
        assert_eq!(&payload[2..11], [0xa4, 0x67, b'c', b'o', b'n', b't', b'e', b'n', b't']);
    }

    #[test]
    fn a_response_is_a_record_of_its_own_type() {
        let response = Response {
            response: json!({"status": 200}),
            serialization: Serialization::Json,
            request_id: Some("r".to_owned()),
            from: None,
            created: 7,
            header: Header::Fitting,
        };
        assert_eq!(
            String::from_utf8_lossy(&response.payload()[2..]),
            r#"{"content":{"response":{"status":200}},"request_id":"r","created":7}"#
        );
        assert_eq!(&response.payload()[..2], [0x91, 0x01]);
        assert_eq!(Response { serialization: Serialization::Cbor, ..response }.payload()[..2], [0x91, 0x02]);
    }

    #[test]
    fn the_request_id_is_put_in_everywhere() {
        let value = json!({"$REQUEST_ID": ["x", {"id": "<$REQUEST_ID>"}], "n": 1});
        assert_eq!(with_request_id(&value, "7"), json!({"7": ["x", {"id": "<7>"}], "n": 1}));
    }

    #[test]
    fn a_header_can_be_replaced_and_members_left_out() {
        let bare = Request {
            request_id: None,
            from: None,
            header: Header::Written(vec![0x10, 0xff]),
            ..request(Serialization::Json)
        };
        let payload = bare.payload();
        assert_eq!(&payload[..2], [0x10, 0xff]);
        assert!(!String::from_utf8_lossy(&payload[2..]).contains("request_id"));
        let alone = Request { header: Header::None, ..request(Serialization::Json) };
        assert_eq!(alone.payload(), request(Serialization::Json).payload()[2..]);
    }
}
