//! Deliveries above QoS 0: which of them a requirement is about, and what a vendor may declare to have no part in.

use crate::binding::Binding;
use crate::iut::Pics;

/// One side of a delivery above QoS 0, where the implementation is on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    /// It publishes at QoS 1 or 2.
    Publishes,
    /// It publishes at QoS 1.
    PublishesAtQos1,
    /// Messages reach it at QoS 1 or 2.
    Receives,
    /// Messages reach it at QoS 2.
    ReceivesAtQos2,
}

impl Flow {
    /// Every one.
    pub const ALL: [Flow; 4] = [Flow::Publishes, Flow::PublishesAtQos1, Flow::Receives, Flow::ReceivesAtQos2];

    /// What it is, as the end of a sentence about an implementation.
    pub const fn words(self) -> &'static str {
        match self {
            Flow::Publishes => "publishes above QoS 0",
            Flow::PublishesAtQos1 => "publishes at QoS 1",
            Flow::Receives => "subscribes above QoS 0",
            Flow::ReceivesAtQos2 => "subscribes at QoS 2",
        }
    }

    /// The declaration by which an implementation has no part in it, if there is one.
    pub fn declared_away(self, pics: &Pics, binding: &Binding) -> Option<&'static str> {
        // Where the text demands QoS 1, no declaration excuses from what follows from it.
        let free = binding.acknowledged.is_none();
        match self {
            Flow::Publishes | Flow::PublishesAtQos1 if free && pics.qos == Some(0) => Some("qos = 0"),
            Flow::PublishesAtQos1 if pics.qos == Some(2) => Some("qos = 2"),
            Flow::PublishesAtQos1 if pics.elects("qos2") => Some("qos2"),
            Flow::Receives | Flow::ReceivesAtQos2 if free && pics.subscribe_qos == Some(0) => Some("subscribe_qos = 0"),
            Flow::ReceivesAtQos2 if pics.subscribe_qos == Some(1) => Some("subscribe_qos = 1"),
            _ => None,
        }
    }

    /// Whether a PUBLISH of the implementation at that QoS (`published`), or a SUBSCRIBE that asks for it, is part of it.
    pub fn shown_by(self, published: bool, qos: u8) -> bool {
        match self {
            Flow::Publishes => published && qos > 0,
            Flow::PublishesAtQos1 => published && qos == 1,
            Flow::Receives => !published && qos > 0,
            Flow::ReceivesAtQos2 => !published && qos > 1,
        }
    }
}
