//! Which bindings are selected, in the words that select messages.

use crate::{
    filter::{Selection, any, is_call_id},
    sip::Method,
    track::Binding,
};

impl Selection {
    /// Returns whether `binding` is selected: From is who registers, To the address of record, addresses are those of client
    /// and registrar, numbers those of all of these and of the Contact. An expression has to be looked for in its messages;
    /// a binding that has one is marked.
    #[must_use]
    pub fn matches_binding(&self, binding: &Binding) -> bool {
        let addresses = || {
            [binding.client(), binding.registrar()]
                .into_iter()
                .flatten()
        };
        let registrant = match binding.registrant() {
            [] => binding.aor(),
            registrant => registrant,
        };
        any(&self.ips, |range| {
            addresses().any(|address| range.contains(address.ip()))
        }) && any(&self.ports, |range| {
            addresses().any(|address| range.contains(address.port()))
        }) && any(&self.statuses, |range| {
            binding.status().is_some_and(|code| range.contains(code))
        }) && any(&self.methods, |method| {
            method.eq_ignore_ascii_case(Method::Register.name())
        }) && any(&self.call_ids, |call_id| {
            is_call_id(call_id, binding.call_id())
        }) && any(&self.from, |text| text.is_in(registrant))
            && any(&self.to, |text| text.is_in(binding.aor()))
            && any(&self.user_agents, |text| text.is_in(binding.user_agent()))
            && any(&self.numbers, |number| {
                [registrant, binding.aor(), binding.contact()]
                    .into_iter()
                    .any(|uri| number.is_user_of(uri))
            })
            && (self.patterns.is_empty() || binding.is_marked())
    }
}
