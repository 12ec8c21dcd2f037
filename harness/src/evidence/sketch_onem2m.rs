//! What conforming AEs and CSEs say and are told, in a few words: further methods of [`Sketch`].
//!
//! The CSE is `/in-cse`, its CSEBase `cse-in`, and `CAdmin` may do everything there. The AE is `Cae1`, and that CSE its registrar.

use super::sketch::Sketch;
use crate::iut::Serialization;
use crate::iut::onem2m::Declared;
use serde_json::{Map, Value, json};

/// Filters a conforming CSE subscribes to.
pub const CSE_FILTERS: [&str; 3] = ["/oneM2M/req/+/in-cse/#", "/oneM2M/reg_req/+/in-cse/#", "/oneM2M/resp/in-cse/#"];
/// Filters a conforming AE subscribes to.
pub const AE_FILTERS: [&str; 2] = ["/oneM2M/resp/Cae1/#", "/oneM2M/req/+/Cae1/#"];

/// Topic of requests to the CSE.
const TO_CSE: &str = "/oneM2M/req/CAdmin/in-cse/json";
/// Topic of its responses to them.
const FROM_CSE: &str = "/oneM2M/resp/CAdmin/in-cse/json";
/// Topic of requests of the AE.
const FROM_AE: &str = "/oneM2M/req/Cae1/in-cse/json";
/// Topic of responses to them.
const TO_AE: &str = "/oneM2M/resp/Cae1/in-cse/json";
/// Topic of requests to the AE.
const NOTIFY_AE: &str = "/oneM2M/req/in-cse/Cae1/json";
/// Topic of its responses to them.
const NOTIFIED: &str = "/oneM2M/resp/in-cse/Cae1/json";

impl Sketch {
    /// The IUT is a CSE from here on. Before the first event.
    pub fn cse(&mut self) {
        self.onem2m("cse", "C::in-cse");
        self.pics.onem2m.originator = Some("CAdmin".into());
    }

    /// The IUT is an AE from here on. Before the first event.
    pub fn ae(&mut self) {
        self.onem2m("ae", "A::Cae1");
        self.pics.onem2m.ae_id = Some("Cae1".into());
        self.pics.onem2m.app_id = Some("N.app".into());
    }

    fn onem2m(&mut self, role: &'static str, client_id: &'static str) {
        self.binding = "onem2m-ts0010-v2.4.1";
        (self.role, self.client_id) = (role, client_id);
        self.pics.device_id = None;
        self.pics.actuator_profiles = Vec::new();
        self.pics.identity = None;
        self.pics.serializations = vec![Serialization::Json, Serialization::Xml];
        self.pics.onem2m =
            Declared { cse_id: Some("/in-cse".into()), cse_name: Some("cse-in".into()), ..Declared::default() };
    }

    /// A CSE, connected, and subscribed to [`CSE_FILTERS`] at QoS 1.
    pub fn ready_cse(&mut self) {
        self.cse();
        self.connect();
        self.subscribe(&CSE_FILTERS.map(|f| (f, 1)));
    }

    /// An AE, connected, and subscribed to [`AE_FILTERS`] at QoS 1.
    pub fn ready_ae(&mut self) {
        self.ae();
        self.connect();
        self.subscribe(&AE_FILTERS.map(|f| (f, 1)));
    }

    /// The text of a primitive: `base` with `over` put over it; null leaves a parameter out.
    fn primitive(base: Value, over: Value) -> String {
        let mut members = match base {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        if let Value::Object(over) = over {
            members.extend(over);
        }
        members.retain(|_, value| !value.is_null());
        Value::Object(members).to_string()
    }

    /// A request of `CAdmin` to the CSE, which acknowledges it: RETRIEVE of the CSEBase, with `over` put over it.
    pub fn ask(&mut self, rqi: &str, over: Value) {
        let base = json!({"op": 2, "to": "cse-in", "fr": "CAdmin", "rqi": rqi, "rvi": "3"});
        self.deliver(TO_CSE, Sketch::primitive(base, over));
    }

    /// The CSE answers it, acknowledged.
    pub fn reply(&mut self, rqi: &str, rsc: u32, over: Value) {
        let base = json!({"rsc": rsc, "rqi": rqi, "rvi": "3"});
        self.send_raw(FROM_CSE, Sketch::primitive(base, over));
    }

    /// A request of the AE, acknowledged: CREATE of a container, with `over` put over it.
    pub fn request(&mut self, rqi: &str, over: Value) {
        let pc = json!({"m2m:cnt": {"rn": "c"}});
        let base = json!({"op": 1, "to": "cse-in/Cae1", "fr": "Cae1", "rqi": rqi, "ty": 3, "rvi": "3", "pc": pc});
        self.send_raw(FROM_AE, Sketch::primitive(base, over));
    }

    /// The CSE answers the AE, which acknowledges it.
    pub fn grant(&mut self, rqi: &str, rsc: u32, over: Value) {
        let base = json!({"rsc": rsc, "rqi": rqi, "rvi": "3"});
        self.deliver(TO_AE, Sketch::primitive(base, over));
    }

    /// The CSE notifies the AE, which acknowledges it.
    pub fn notify(&mut self, rqi: &str, over: Value) {
        let pc = json!({"m2m:sgn": {"sur": "cse-in/Cae1/sub"}});
        let base = json!({"op": 5, "to": "Cae1", "fr": "/in-cse", "rqi": rqi, "rvi": "3", "pc": pc});
        self.deliver(NOTIFY_AE, Sketch::primitive(base, over));
    }

    /// The AE answers a notification, acknowledged.
    pub fn notified(&mut self, rqi: &str, rsc: u32, over: Value) {
        let base = json!({"rsc": rsc, "rqi": rqi, "rvi": "3"});
        self.send_raw(NOTIFIED, Sketch::primitive(base, over));
    }
}
