//! What `sipcap live` says of its collectors: where they listen, what came from whom, and what was not taken.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
};

use sipcap::{
    capture::collector::Refusals,
    pipeline::{Agents, Controllers, Summary},
    text::{escape, printable},
};

use crate::ui::Ui;

/// The collectors, by what they take.
#[derive(Default)]
pub(crate) struct Collectors(Vec<Collector>);

struct Collector {
    protocol: &'static str,
    address: SocketAddr,
    refusals: Arc<Refusals>,
}

impl Collectors {
    pub(super) fn add(
        &mut self,
        protocol: &'static str,
        address: SocketAddr,
        refusals: Arc<Refusals>,
    ) {
        self.0.push(Collector {
            protocol,
            address,
            refusals,
        });
    }

    /// Tells where it is listened.
    pub(crate) fn tell(&self, ui: &Ui) {
        for Collector {
            protocol, address, ..
        } in &self.0
        {
            ui.note(format_args!("Listening for {protocol} on {address}."));
        }
    }

    /// Tells what came from whom, and what was not taken.
    pub(crate) fn tell_counts(&self, summary: &Summary, ui: &Ui) {
        self.0.iter().for_each(|collector| collector.warn(ui));
        tell_agents(&summary.agents, ui);
        if self.0.iter().any(|one| one.protocol == "IPFIX") {
            tell_controllers(&summary.controllers, ui);
        }
    }
}

impl Collector {
    fn warn(&self, ui: &Ui) {
        let Self {
            protocol,
            address,
            refusals,
        } = self;
        let malformed = format!("times something came that is no {protocol}");
        for (count, what) in [
            (
                &refusals.without_key,
                "packets without the key were not taken",
            ),
            (
                &refusals.not_allowed,
                "packets or connections came from where nobody may send",
            ),
            (&refusals.malformed, malformed.as_str()),
            (
                &refusals.too_many,
                "connections were closed or refused because there were too many",
            ),
            (
                &refusals.silent,
                "connections were closed because nothing came for too long",
            ),
            (
                &refusals.dropped,
                "datagrams were dropped by the system because they came too fast (see --buffer)",
            ),
        ] {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                let name = protocol.to_lowercase();
                ui.warn(format_args!("{name}:{address}: {count} {what}"));
            }
        }
    }
}

fn tell_agents(agents: &Agents, ui: &Ui) {
    for (agent, counts) in agents.counts() {
        let name = agent.map_or_else(
            || "others".to_owned(),
            |agent| format!("{} ({})", printable(&agent.label()), agent.address),
        );
        ui.note(format_args!(
            "Agent {name}: {} packets, {} with SIP, {} of it seen before.",
            counts.packets, counts.sip, counts.copies
        ));
    }
}

fn tell_controllers(controllers: &Controllers, ui: &Ui) {
    for (address, counts) in controllers.counts() {
        let address = address.map_or_else(|| "others".to_owned(), |ip| ip.to_string());
        let name = match counts.name.as_deref() {
            Some(name) => format!("{} ({address})", printable(&escape(name))),
            None => address,
        };
        ui.note(format_args!(
            "Controller {name}: {} messages, {} sets, {} with SIP, {} keep-alives.",
            counts.messages, counts.sets, counts.sip, counts.keep_alives
        ));
    }
    for (what, count) in controllers.defects() {
        ui.warn(format_args!("IPFIX: {count} times {}", what.label()));
    }
}
