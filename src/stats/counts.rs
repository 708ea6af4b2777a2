//! Messages by method, status, transport and encapsulation, and what was odd about them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    net::{Encapsulation, Transport},
    sip::{Flaws, Message, Method, StartLine},
    stats::Retransmissions,
    text::escape,
};

/// Methods that are not registered are counted under their names up to this many; the others together.
const MAX_OTHER_METHODS: usize = 64;

/// Counts of messages. They grow with the kinds of messages, not with their number.
#[derive(Debug, Default)]
pub struct Counts {
    messages: u64,
    requests: BTreeMap<Method, u64>,
    other_requests: BTreeMap<String, u64>,
    responses: BTreeMap<u16, u64>,
    transports: BTreeMap<Transport, u64>,
    encapsulations: BTreeMap<Encapsulation, u64>,
    flaws: BTreeMap<&'static str, u64>,
    retransmitted: Retransmissions,
    request_retransmissions: u64,
    response_retransmissions: u64,
}

impl Counts {
    /// Counts a message.
    pub fn add(&mut self, message: &Message<'_>) {
        self.messages += 1;
        *self.transports.entry(message.flow.transport).or_default() += 1;
        *self
            .encapsulations
            .entry(message.encapsulation)
            .or_default() += 1;
        self.add_flaws(message);
        let again = u64::from(self.retransmitted.is_one(message));
        match message.head.start {
            StartLine::Request {
                method: Method::Other,
                method_text,
                ..
            } => {
                self.request_retransmissions += again;
                self.add_other(&escape(method_text.of(message.bytes)));
            }
            StartLine::Request { method, .. } => {
                self.request_retransmissions += again;
                *self.requests.entry(method).or_default() += 1;
            }
            StartLine::Response { code, .. } => {
                self.response_retransmissions += again;
                *self.responses.entry(code).or_default() += 1;
            }
        }
    }

    fn add_flaws(&mut self, message: &Message<'_>) {
        if message.head.flaws != Flaws::NONE {
            for name in message.head.flaws.names() {
                *self.flaws.entry(name).or_default() += 1;
            }
        }
    }

    fn add_other(&mut self, method: &str) {
        let known = self.other_requests.len();
        match self.other_requests.get_mut(method) {
            Some(count) => *count += 1,
            None if known < MAX_OTHER_METHODS => {
                self.other_requests.insert(method.to_owned(), 1);
            }
            None => {
                *self
                    .other_requests
                    .entry("(others)".to_owned())
                    .or_default() += 1;
            }
        }
    }

    /// Returns how many messages were counted.
    #[must_use]
    pub const fn messages(&self) -> u64 {
        self.messages
    }

    /// Returns all counts.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        let mut metrics = Metrics::default();
        let requests = self
            .requests
            .values()
            .chain(self.other_requests.values())
            .sum();
        let responses = self.responses.values().sum();
        metrics.count("messages", self.messages);
        metrics.count("requests", requests);
        metrics.count("responses", responses);
        metrics.count("request-retransmissions", self.request_retransmissions);
        metrics.count("response-retransmissions", self.response_retransmissions);
        for (method, count) in &self.requests {
            metrics.scoped("requests", "method", method.name(), *count);
        }
        for (method, count) in &self.other_requests {
            metrics.scoped("requests", "method", method, *count);
        }
        for (code, count) in &self.responses {
            metrics.scoped("responses", "status", &code.to_string(), *count);
        }
        for (transport, count) in &self.transports {
            metrics.scoped("messages", "transport", transport.name(), *count);
        }
        for (encapsulation, count) in &self.encapsulations {
            metrics.scoped(
                "messages",
                "encapsulation",
                &encapsulation.to_string(),
                *count,
            );
        }
        for (flaw, count) in &self.flaws {
            metrics.scoped("messages", "flaw", flaw, *count);
        }
        metrics.0
    }
}

/// A number with its name.
#[derive(Clone, Debug, Serialize)]
pub struct Metric {
    /// `metric`.
    pub r#type: &'static str,
    /// What is counted or measured.
    pub metric: &'static str,
    /// Of what, for example `("method", "INVITE")`; `null` for all.
    #[serde(serialize_with = "serialize_scope")]
    pub scope: Option<(&'static str, String)>,
    /// The value.
    pub value: Value,
    /// The unit of the value.
    pub unit: &'static str,
}

/// The value of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// How many.
    Count(u64),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

impl Metric {
    /// Returns a count of everything.
    #[must_use]
    pub const fn count(metric: &'static str, count: u64) -> Self {
        Self {
            r#type: "metric",
            metric,
            scope: None,
            value: Value::Count(count),
            unit: "count",
        }
    }
}

#[derive(Default)]
struct Metrics(Vec<Metric>);

impl Metrics {
    fn count(&mut self, metric: &'static str, count: u64) {
        self.0.push(Metric::count(metric, count));
    }

    fn scoped(&mut self, metric: &'static str, dimension: &'static str, member: &str, count: u64) {
        self.0.push(Metric {
            scope: Some((dimension, member.to_owned())),
            ..Metric::count(metric, count)
        });
    }
}

fn serialize_scope<S: serde::Serializer>(
    scope: &Option<(&'static str, String)>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(scope.iter().map(|(dimension, member)| (dimension, member)))
}
