//! Which calls are selected, in the words that select messages.

use crate::{
    filter::{Selection, any, is_call_id, is_in_party},
    sip::{Message, Method},
    track::Call,
};

impl Selection {
    /// Returns whether `call` is selected: its parties, addresses, final status and methods. An expression has to be looked
    /// for in its messages; a call that has one is marked.
    #[must_use]
    pub fn matches_call(&self, call: &Call) -> bool {
        let (caller, callee) = (call.caller(), call.callee());
        let addresses = || [caller.address, callee.address].into_iter().flatten();
        any(&self.ips, |range| {
            addresses().any(|address| range.contains(address.ip()))
        }) && any(&self.ports, |range| {
            addresses().any(|address| range.contains(address.port()))
        }) && any(&self.statuses, |range| {
            call.status().is_some_and(|code| range.contains(code))
        }) && any(&self.methods, |method| {
            // Of methods that nobody knows it is not kept which they were.
            let is_it = |known: &&Method| known.name().eq_ignore_ascii_case(method);
            let known = Method::ALL.iter().find(is_it);
            known.is_some_and(|method| call.has_method(*method))
        }) && any(&self.call_ids, |call_id| {
            is_call_id(call_id, call.call_id())
        }) && any(&self.from, |text| is_in_party(text, &caller))
            && any(&self.to, |text| is_in_party(text, &callee))
            && any(&self.user_agents, |text| {
                text.is_in(caller.user_agent) || text.is_in(callee.user_agent)
            })
            && any(&self.numbers, |number| {
                let [first, second] = call.asserted_identities();
                [caller.uri, callee.uri, call.request_uri(), first, second]
                    .into_iter()
                    .any(|uri| number.is_user_of(uri))
            })
            && (self.patterns.is_empty() || call.is_marked())
    }

    /// Returns whether one of the expressions matches `message`.
    #[must_use]
    pub fn marks(&self, message: &Message<'_>) -> bool {
        self.patterns
            .iter()
            .any(|pattern| pattern.is_match(message.bytes))
    }
}
