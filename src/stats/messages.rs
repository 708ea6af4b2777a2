//! Messages by method, status, transport, encapsulation and user agent, and what was odd about them.

use std::collections::BTreeMap;

use crate::{
    net::{Encapsulation, Transport},
    sip::{Flaws, HeaderName, Message, Method, StartLine},
    stats::{Names, Samples, merge::accumulator},
};

accumulator! {
    /// Counts of messages. They grow with the kinds of messages, not with their number.
    Messages {
        /// All of them.
        messages: u64,
        /// Their octets, without what carried them.
        octets: u64,
        /// Requests of methods that are not registered, by method.
        other_requests: Names,
        /// By the number of the method; those that are not registered are together.
        methods: BTreeMap<u8, Box<MethodCounts>>,
        /// By the number of the transport.
        transports: BTreeMap<u8, u64>,
        /// By the set of encapsulations.
        encapsulations: BTreeMap<u32, u64>,
        /// By what is odd about them.
        flaws: Names,
        /// By what User-Agent or Server say.
        user_agents: Names,
        /// Final responses with a Warning, by its code (RFC 3261 §20.43).
        warnings: Names,
        /// Requests that were forgotten before they were over.
        forgotten: u64,
        /// Responses whose request was not seen.
        stray_responses: u64,
    }
}

accumulator! {
    /// What is known of one method.
    MethodCounts {
        /// Requests, those that came again too.
        requests: u64,
        /// Requests that came again.
        request_retransmissions: u64,
        /// Requests, each once however many hops it was seen at.
        requests_at_first_hop: u64,
        /// Responses by status, those that came again too.
        statuses: BTreeMap<u16, u64>,
        /// Responses that came again.
        response_retransmissions: u64,
        /// Transactions that are over.
        transactions: u64,
        /// Those with a final response.
        answered: u64,
        /// To the first response.
        first_response: Samples,
        /// To the first provisional response; 100 to INVITE is none of the callee.
        provisional_response: Samples,
        /// To the first final response.
        final_response: Samples,
        /// Transactions of which a response was captured before the request: times that would be negative are not known.
        disordered: u64,
        /// Transactions by how often the request came again, up to ten.
        repeats: BTreeMap<u8, u64>,
    }
}

impl MethodCounts {
    /// Returns how many responses there were.
    #[must_use]
    pub fn responses(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// Counts a response with this status, or a request.
    fn add(&mut self, status: Option<u16>, is_again: bool) {
        match status {
            Some(status) => {
                *self.statuses.entry(status).or_default() += 1;
                self.response_retransmissions += u64::from(is_again);
            }
            None => {
                self.requests += 1;
                self.request_retransmissions += u64::from(is_again);
            }
        }
    }
}

impl Messages {
    /// Counts a message of a method, which may be one that came again; returns what is known of the method.
    pub(super) fn add(
        &mut self,
        message: &Message<'_>,
        method: Method,
        is_again: bool,
    ) -> &mut MethodCounts {
        let Message { head, bytes, .. } = *message;
        self.messages += 1;
        self.octets = self.octets.saturating_add(bytes.len() as u64);
        let transport = self.transports.entry(message.flow.transport as u8);
        *transport.or_default() += 1;
        let encapsulation = self.encapsulations.entry(message.encapsulation.bits());
        *encapsulation.or_default() += 1;
        self.user_agents.add(head.user_agent.of(bytes));
        if head.flaws != Flaws::NONE {
            for name in head.flaws.names() {
                self.flaws.add(name.as_bytes());
            }
        }
        match head.start {
            StartLine::Request { method_text, .. } if method == Method::Other => {
                self.other_requests.add(method_text.of(bytes));
            }
            StartLine::Response { code, .. }
                if code >= 300 && !is_again && head.may_have(HeaderName::Warning) =>
            {
                self.add_warnings(message);
            }
            _ => {}
        }
        let counts = self.method(method);
        counts.add(head.status_code(), is_again);
        counts
    }

    fn add_warnings(&mut self, message: &Message<'_>) {
        let values = message
            .head
            .headers_named(message.bytes, HeaderName::Warning);
        for value in values.flat_map(crate::sip::list::values) {
            let code = value.get(..3).unwrap_or_default();
            if code.iter().all(u8::is_ascii_digit) {
                self.warnings.add(code);
            }
        }
    }

    /// Returns what is known of a method.
    pub(super) fn method(&mut self, method: Method) -> &mut MethodCounts {
        self.methods.entry(method as u8).or_default()
    }

    /// Returns the methods that came, with what is known of them.
    pub fn methods(&self) -> impl Iterator<Item = (Method, &MethodCounts)> {
        self.methods
            .iter()
            .filter_map(|(number, counts)| Some((method_at(*number)?, counts.as_ref())))
    }

    /// Returns what is known of a method that came.
    #[must_use]
    pub fn counts_of(&self, method: Method) -> Option<&MethodCounts> {
        self.methods.get(&(method as u8)).map(Box::as_ref)
    }

    /// Returns the transports with their messages.
    pub fn transports(&self) -> impl Iterator<Item = (Transport, u64)> {
        let at = |number: u8| Transport::ALL.into_iter().find(|one| *one as u8 == number);
        self.transports
            .iter()
            .filter_map(move |(number, count)| Some((at(*number)?, *count)))
    }

    /// Returns the encapsulations with their messages.
    pub fn encapsulations(&self) -> impl Iterator<Item = (Encapsulation, u64)> {
        self.encapsulations
            .iter()
            .map(|(bits, count)| (Encapsulation::from_bits(*bits), *count))
    }

    /// Returns the responses by status.
    #[must_use]
    pub fn statuses(&self) -> BTreeMap<u16, u64> {
        let mut statuses = BTreeMap::new();
        for counts in self.methods.values() {
            for (status, count) in &counts.statuses {
                *statuses.entry(*status).or_default() += count;
            }
        }
        statuses
    }

    /// Returns the sum of a count over all methods.
    #[must_use]
    pub fn sum(&self, count: impl Fn(&MethodCounts) -> u64) -> u64 {
        self.methods.values().map(|counts| count(counts)).sum()
    }
}

/// Returns the method of a request, or of the request that is responded to.
pub(super) fn method_of(message: &Message<'_>) -> Method {
    message
        .head
        .method()
        .or_else(|| Some(message.head.cseq?.method))
        .unwrap_or(Method::Other)
}

fn method_at(number: u8) -> Option<Method> {
    let methods = Method::ALL.iter().copied();
    methods
        .chain([Method::Other])
        .find(|method| *method as u8 == number)
}
