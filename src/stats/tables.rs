//! Metrics told apart by what messages and calls have in common: by method, status, cause and so on.

use crate::{
    stats::{
        Kpis, MethodCounts, Names, Reading,
        metric::{Breakdown, Members, Needs, Section},
    },
    track::Outcome,
};

macro_rules! breakdowns {
    ($($section:ident $metric:ident [$($by:literal),+] $needs:ident $about:literal, |$kpis:ident| $read:expr;)*) => {
        /// Every breakdown, in the order of output.
        pub const BREAKDOWNS: &[Breakdown] = &[$(Breakdown {
            metric: stringify!($metric),
            by: &[$($by),+],
            section: Section::$section,
            about: $about,
            needs: Needs::$needs,
            read: |$kpis| $read,
        },)*];
    };
}

breakdowns! {
    Calls calls ["outcome"] BothWays "Calls by outcome",
        |k| counted(k.calls.outcomes().filter(|(outcome, _)| *outcome != Outcome::MidCall).map(|(outcome, count)| (outcome.name(), count)));
    Calls calls_failed ["status"] BothWays "Calls that were not answered, by final status",
        |k| counted(k.calls.failures.iter().map(|(status, count)| (status, *count)));
    Calls calls_failed ["reason"] BothWays "Calls that were not answered, by reason phrase",
        |k| named(&k.calls.reasons);
    Calls calls_failed ["class"] BothWays "Calls that failed, by what went wrong",
        |k| counted(k.calls.failure_classes().map(|(class, count)| (class.name(), count)));
    Calls calls_ended ["cause"] BothWays "Calls that ended, by cause (ITU-T Q.850)",
        |k| counted(k.calls.causes.iter().map(|(cause, count)| (cause, *count)));
    Registrations registrations_failed ["status"] BothWays "Registrations that failed, by status; none is a time-out",
        |k| counted(k.registrations.failures.iter().map(|(status, count)| {
            let status = if *status == 0 { "none".to_owned() } else { status.to_string() };
            (status, *count)
        }));
    Registrations bindings ["state"] Nothing "Bindings by the state they ended in",
        |k| counted(k.registrations.states().map(|(state, count)| (state.name(), count)));
    Messages requests ["method"] Nothing "Requests by method", |k| requests(k);
    Messages responses ["status"] Nothing "Responses by status",
        |k| counted(k.messages.statuses().into_iter());
    Messages responses ["method", "status"] Nothing "Responses by method and status", |k| {
        let methods = k.messages.methods().flat_map(|(method, counts)| {
            counts.statuses.iter().map(move |(status, count)| {
                (vec![method.name().to_owned(), status.to_string()], Reading::Count(Some(*count)))
            })
        });
        methods.collect()
    };
    Messages messages ["transport"] Nothing "Messages by transport",
        |k| counted(k.messages.transports().map(|(transport, count)| (transport.name(), count)));
    Messages messages ["encapsulation"] Nothing "Messages by what they were wrapped in",
        |k| counted(k.messages.encapsulations());
    Messages messages ["user_agent"] Nothing "Messages by User-Agent or Server", |k| named(&k.messages.user_agents);
    Messages messages ["flaw"] Nothing "Messages by what is odd about them", |k| named(&k.messages.flaws);
    Messages responses ["warning"] Nothing "Failures by the code of their Warning", |k| named(&k.messages.warnings);
    Messages first_response_time ["method"] BothWays "From a request to its first response, by method",
        |k| by_method(k, |counts| Reading::time(&counts.first_response));
    Messages provisional_response_time ["method"] BothWays "From a request to its first provisional response, of INVITE to the first but 100, by method",
        |k| by_method(k, |counts| Reading::time(&counts.provisional_response));
    Messages final_response_time ["method"] BothWays "From a request to its final response, by method",
        |k| by_method(k, |counts| Reading::time(&counts.final_response));
    Messages requests_answered ["method"] BothWays "Requests with a final response, of those that are over, by method",
        |k| by_method(k, |counts| Reading::Ratio(counts.answered, counts.transactions));
    Messages request_retransmission_ratio ["method"] Nothing "Requests that came again, of all requests, by method",
        |k| by_method(k, |counts| Reading::Ratio(counts.request_retransmissions, counts.requests));
    Messages response_retransmission_ratio ["method"] Nothing "Responses that came again, of all responses, by method",
        |k| by_method(k, |counts| Reading::Ratio(counts.response_retransmissions, counts.responses()));
    Messages transactions ["method", "repeats"] Nothing "Transactions by how often their request came again; 10 is 10 or more", |k| {
        let methods = k.messages.methods().flat_map(|(method, counts)| {
            counts.repeats.iter().map(move |(repeats, count)| {
                (vec![method.name().to_owned(), repeats.to_string()], Reading::Count(Some(*count)))
            })
        });
        methods.collect()
    };
    Messages options_availability ["peer"] BothWays "OPTIONS requests with a final response, of those that are over, by whom they were sent to", |k| {
        k.options_sent.iter().map(|(peer, sent)| (vec![peer.to_owned()], Reading::Ratio(k.options_answered.of(peer), sent))).collect()
    };
}

fn counted<T: ToString>(counts: impl Iterator<Item = (T, u64)>) -> Members {
    counts
        .map(|(member, count)| (vec![member.to_string()], Reading::Count(Some(count))))
        .collect()
}

fn named(names: &Names) -> Members {
    counted(names.iter())
}

/// Returns the requests by method, those of methods that are not registered by their names.
fn requests(kpis: &Kpis) -> Members {
    let known = kpis.messages.methods();
    let known = known
        .filter(|(method, counts)| *method != crate::sip::Method::Other && counts.requests > 0);
    let known = known.map(|(method, counts)| (method.name(), counts.requests));
    counted(known.chain(kpis.messages.other_requests.iter()))
}

fn by_method(kpis: &Kpis, read: fn(&MethodCounts) -> Reading) -> Members {
    let methods = kpis.messages.methods();
    let rows = methods.map(|(method, counts)| (vec![method.name().to_owned()], read(counts)));
    rows.filter(|(_, reading)| !reading.is_empty()).collect()
}
