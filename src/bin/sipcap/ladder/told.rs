//! What proxies tell besides messages, as it is drawn.

use sipcap::{hep::Payload, ladder::Report, pipeline, sip::MessageBuf, text::printable};

use crate::told;

/// Reports that are remembered at most.
const MAX_REPORTS: usize = 50_000;

/// What proxies told, in the order of the capture.
#[derive(Debug)]
pub(crate) struct Told(told::Told<Report>);

impl Default for Told {
    fn default() -> Self {
        Self(told::Told::new(MAX_REPORTS))
    }
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
        self.0.take(report, || drawn(report, lane));
    }

    /// Returns how many reports were too many.
    pub(crate) const fn left_out(&self) -> u64 {
        self.0.left_out
    }

    /// Returns what is told of these messages: with their Call-IDs, or of the connections that they went over.
    pub(crate) fn of(&self, messages: &[MessageBuf]) -> Vec<Report> {
        let keys = messages.iter().map(|message| {
            let call_id = message.head.call_id.of(&message.bytes);
            let trace = message.trace.as_ref();
            (call_id, trace.and_then(|trace| trace.connection.as_deref()))
        });
        self.0.of(keys).cloned().collect()
    }
}

/// Returns a report as it is drawn in a lane.
fn drawn(report: &pipeline::Report<'_>, lane: &'static str) -> Report {
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
    Report {
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
    }
}
