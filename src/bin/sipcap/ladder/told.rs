//! What proxies tell besides messages, and in which ladders it is drawn.

use std::collections::BTreeSet;

use hashbrown::HashMap;
use sipcap::{hep::Payload, ladder::Report, pipeline, sip::MessageBuf, text::printable};

/// Reports that are remembered at most.
const MAX_REPORTS: usize = 50_000;

/// What proxies told, in the order of the capture.
#[derive(Debug, Default)]
pub(crate) struct Told {
    reports: Vec<Report>,
    /// Which of them are of a Call-ID, or of a connection.
    by_call_id: HashMap<Vec<u8>, Vec<usize>>,
    by_connection: HashMap<Vec<u8>, Vec<usize>>,
    pub(crate) left_out: u64,
}

impl Told {
    /// Remembers a report.
    pub(crate) fn take(&mut self, report: &pipeline::Report<'_>) {
        let lane = match report.kind {
            Payload::Log => "LOG",
            Payload::Rest => "REST",
            Payload::Mi => "MI",
            Payload::Net => "NET",
            Payload::Rtcp | Payload::Quality => "QOS",
            _ => return,
        };
        if self.reports.len() >= MAX_REPORTS {
            self.left_out += 1;
            return;
        }
        let agent = &report.trace.agent;
        let told = report.told;
        let between = report.flow.filter(|_| report.kind == Payload::Net);
        let label = match between {
            Some(flow) if !flow.src.ip().is_unspecified() => {
                format!("{} {}", told.label, flow.src)
            }
            _ => told.label.clone(),
        };
        let mut by = vec![agent.address];
        by.extend(
            report
                .flow
                .into_iter()
                .flat_map(|flow| [flow.dst.ip(), flow.src.ip()]),
        );
        let index = self.reports.len();
        if !report.call_id.is_empty() {
            let of_call = self.by_call_id.entry_ref(report.call_id);
            of_call.or_default().push(index);
        }
        if let Some(connection) = &report.trace.connection {
            let of_connection = self.by_connection.entry_ref(&**connection);
            of_connection.or_default().push(index);
        }
        let report = Report {
            ts: report.ts,
            lane,
            by,
            label,
            detail: told.detail.clone(),
            status: told.status,
            is_answer: told.is_answer,
            source: format!(
                "{} of {}, frame {}",
                report.carrier.to_string().to_uppercase(),
                printable(&agent.label()),
                report.frame.origin.number
            ),
        };
        self.reports.push(report);
    }

    /// Returns what is told of these messages: with their Call-IDs, or of the connections that they went over.
    pub(crate) fn of(&self, messages: &[MessageBuf]) -> Vec<Report> {
        let mut found = BTreeSet::<usize>::new();
        for message in messages {
            let call_id = message.head.call_id.of(&message.bytes);
            let trace = message.trace.as_ref();
            let connection = trace.and_then(|trace| trace.connection.as_deref());
            let of_call = self.by_call_id.get(call_id);
            let of_connection = connection.and_then(|id| self.by_connection.get(id));
            found.extend(of_call.into_iter().chain(of_connection).flatten());
        }
        let reports = found
            .into_iter()
            .filter_map(|index| self.reports.get(index));
        reports.cloned().collect()
    }
}
