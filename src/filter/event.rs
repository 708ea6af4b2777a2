//! Which events are selected, in the words that select messages.

use crate::{
    filter::{Number, Selection, any, is_call_id, is_in_party},
    track::Event,
};

impl Selection {
    /// Returns whether an event is selected: From is who it began with, To the other side. Expressions look at the octets
    /// of messages, of which an event has none.
    #[must_use]
    pub fn matches_event(&self, event: &Event<'_>) -> bool {
        let parties = [&event.caller, &event.callee];
        let addresses = || parties.into_iter().filter_map(|party| party.address);
        any(&self.ips, |range| {
            addresses().any(|address| range.contains(address.ip()))
        }) && any(&self.ports, |range| {
            addresses().any(|address| range.contains(address.port()))
        }) && any(&self.statuses, |range| {
            event.status.is_some_and(|status| range.contains(status))
        }) && any(&self.methods, |method| {
            event.method.eq_ignore_ascii_case(method.as_bytes())
        }) && any(&self.call_ids, |call_id| is_call_id(call_id, event.call_id))
            && any(&self.from, |text| is_in_party(text, &event.caller))
            && any(&self.to, |text| is_in_party(text, &event.callee))
            && any(&self.user_agents, |text| {
                parties.iter().any(|party| text.is_in(party.user_agent))
            })
            && any(&self.numbers, |number| is_party(number, event))
    }
}

fn is_party(number: &Number, event: &Event<'_>) -> bool {
    let [first, second] = event.asserted_identities;
    let uris = [
        event.request_uri,
        event.caller.uri,
        event.callee.uri,
        first,
        second,
    ];
    uris.into_iter().any(|uri| number.is_user_of(uri))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        time::Timestamp,
        track::{EventKind, Party},
    };

    #[test]
    fn kinds_of_criteria_must_all_agree() {
        let event = Event {
            call_id: b"1@h",
            method: b"INVITE",
            status: Some(486),
            caller: Party {
                uri: b"sip:alice@example.com",
                display_name: b"Alice",
                address: Some("192.0.2.1:5060".parse().unwrap()),
                user_agent: b"Phone/1",
            },
            callee: Party {
                uri: b"sip:+49-30-123456@example.com",
                address: Some("[2001:db8::1]:5080".parse().unwrap()),
                ..Party::default()
            },
            ..Event::new(EventKind::CallAttempt, Timestamp::default())
        };
        let yes = Selection {
            call_ids: vec!["1@h".to_owned()],
            from: vec!["ALICE".parse().unwrap()],
            to: vec!["nobody".parse().unwrap(), "49-30".parse().unwrap()],
            numbers: vec!["30123456".parse().unwrap()],
            methods: vec!["invite".to_owned()],
            statuses: vec!["4xx".parse().unwrap()],
            ips: vec!["2001:db8::/32".parse().unwrap()],
            ports: vec!["5080".parse().unwrap()],
            user_agents: vec!["phone".parse().unwrap()],
            patterns: Vec::new(),
        };
        assert!(yes.matches_event(&event));
        assert!(Selection::default().matches_event(&event));
        for no in [
            Selection {
                call_ids: vec!["2@h".to_owned()],
                ..yes.clone()
            },
            Selection {
                from: vec!["bob".parse().unwrap()],
                ..yes.clone()
            },
            Selection {
                to: vec!["alice".parse().unwrap()],
                ..yes.clone()
            },
            Selection {
                numbers: vec!["999".parse().unwrap()],
                ..yes.clone()
            },
            Selection {
                methods: vec!["BYE".to_owned()],
                ..yes.clone()
            },
            Selection {
                statuses: vec!["200".parse().unwrap()],
                ..yes.clone()
            },
            Selection {
                ips: vec!["10.0.0.0/8".parse().unwrap()],
                ..yes.clone()
            },
            Selection {
                ports: vec!["1".parse().unwrap()],
                ..yes.clone()
            },
            Selection {
                user_agents: vec!["x".parse().unwrap()],
                ..yes.clone()
            },
        ] {
            assert!(!no.matches_event(&event), "{no:?}");
        }
    }
}
