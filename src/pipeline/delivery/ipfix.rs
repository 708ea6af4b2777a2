//! What session border controllers tell by IPFIX.

use std::net::IpAddr;

use super::Delivery;
use crate::{
    capture::Frame,
    ipfix::{self, Content, Defect, SetKind},
    net::{Encapsulation, Flow},
    pipeline::carried::Carried,
};

/// What carried a message of IPFIX.
pub(super) struct Carrier<'a> {
    pub(super) flow: Flow,
    pub(super) encapsulation: Encapsulation,
    pub(super) frames: &'a [Frame],
    pub(super) last: &'a Frame,
}

impl Delivery<'_> {
    /// Takes a message, set by set: one that is damaged leaves the others as they are.
    pub(super) fn ipfix(&mut self, carrier: &Carrier<'_>, message: &[u8]) {
        if message.is_empty() {
            return self.controllers.count_defect(Defect::BadLength);
        }
        let (sender, receiver) = (carrier.flow.src.ip(), carrier.flow.dst.ip());
        let is_answer = |set: ipfix::Set<'_>| set.kind() == SetKind::Acknowledge;
        // Only collectors answer.
        let controller = if ipfix::sets(message).next().is_some_and(is_answer) {
            receiver
        } else {
            sender
        };
        let sets = ipfix::sets(message).count();
        if controller == sender {
            self.controllers.count_message(sender, message.len(), sets);
        }
        for set in ipfix::sets(message) {
            self.controllers.count_set(controller, set.kind());
            let controllers = &mut self.controllers;
            let content = set.read(&mut |defect| controllers.count_defect(defect));
            if let Some(content) = content {
                self.content(carrier, controller, &content);
            }
        }
    }

    fn content(&mut self, carrier: &Carrier<'_>, controller: IpAddr, content: &Content<'_>) {
        match content {
            Content::Connect(connect) => self.controllers.note(controller, connect),
            Content::Sip(record) => {
                if self.ignored == Some(record.direction) {
                    return;
                }
                match Carried::of_record(record, controller) {
                    Some(carried) => self.hand_on(carrier, &carried),
                    None => self.controllers.count_defect(Defect::NotSip),
                }
            }
            Content::Quality(quality) => {
                for carried in Carried::of_quality(quality, controller) {
                    self.hand_on(carrier, &carried);
                }
            }
        }
    }

    fn hand_on(&mut self, carrier: &Carrier<'_>, carried: &Carried) {
        self.carried(carried, carrier.encapsulation, carrier.frames, carrier.last);
    }
}
