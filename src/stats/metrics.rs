//! What can be told: a row for each metric, by which all outputs go.

use crate::stats::{
    Better, MethodCounts, Metric, Reading, Samples, View,
    metric::{Matter, Needs, Section},
};

fn time(samples: &Samples) -> Reading {
    Reading::time(samples)
}

fn count(count: u64) -> Reading {
    Reading::Count(Some(count))
}

macro_rules! metrics {
    ($($section:ident $matter:ident { $($name:ident $label:literal, $source:literal, $needs:ident, $better:ident, $about:literal,
        |$view:ident| $read:expr;)* })*) => {
        /// Every metric, in the order of output.
        pub const METRICS: &[Metric] = &[$($(Metric {
            name: stringify!($name),
            label: $label,
            section: Section::$section,
            matter: Matter::$matter,
            source: $source,
            about: $about,
            needs: Needs::$needs,
            better: Better::$better,
            read: |$view| $read,
        },)*)*];
    };
}

metrics! {
    Rfc6076 Calls {
        ser "session establishment ratio", "RFC 6076 §4.6", Outcomes, More,
            "Calls answered by 2xx, of all calls but those returned to the caller by 3xx, 401, 402 or 407",
            |v| Reading::Ratio(v.kpis.calls.answered, v.not_returned());
        seer "session establishment effectiveness ratio", "RFC 6076 §4.7", Outcomes, More,
            "The same with those refused by 480, 486, 600 or 603 among the good ones",
            |v| Reading::Ratio(v.kpis.calls.answered + v.of_calls(|c| (c.refused, c.invites_refused)), v.not_returned());
        isa "ineffective session attempts", "RFC 6076 §4.8", Outcomes, Less,
            "Calls that failed by 408, 500, 503 or 504, of all calls",
            |v| Reading::Ratio(v.of_calls(|c| (c.ineffective, c.invites_ineffective)), v.session_requests());
        scr "session completion ratio", "RFC 6076 §4.9", Outcomes, More,
            "Answered calls that ended by BYE with 2xx or by their session timer and were not dropped, of all calls",
            |v| Reading::Ratio(v.kpis.calls.completed, v.session_requests());
    }
    Rfc6076 Registrations {
        ira "ineffective registration attempts", "RFC 6076 §4.2", BothWays, Less,
            "Registrations that failed by 4xx but 401, 402 and 407, by 5xx or 6xx, or without a response, of all REGISTER requests",
            |v| Reading::Ratio(v.kpis.registrations.ineffective, register_requests(v));
        rrd "registration request delay", "RFC 6076 §4.1", BothWays, Less,
            "From the first REGISTER of a registration to its 2xx, challenges included",
            |v| time(&v.kpis.registrations.rrd);
    }
    Rfc6076 Calls {
        srd_ok "session request delay, successful", "RFC 6076 §4.3.1", BothWays, Less,
            "From the first INVITE to the first 101 to 199, or to the 2xx, of answered calls",
            |v| time(&v.kpis.calls.srd_ok);
        srd_failed "session request delay, failed", "RFC 6076 §4.3.2", BothWays, Less,
            "From the first INVITE to the 4xx but 401, 402 and 407, 5xx or 6xx, or 32 s when nothing came at all",
            |v| time(&v.kpis.calls.srd_failed);
        sdd_ok "session disconnect delay, successful", "RFC 6076 §4.4", BothWays, Less,
            "From BYE to its 2xx",
            |v| time(&v.kpis.calls.sdd_ok);
        sdd_failed "session disconnect delay, failed", "RFC 6076 §4.4", BothWays, Less,
            "32 s for each BYE that was waited for in vain to be answered",
            |v| time(&v.kpis.calls.sdd_failed);
        sdt "session duration time", "RFC 6076 §4.5", BothWays, Either,
            "From the 2xx to BYE, or to the time-out of who did not hang up: that of the session, or --timeout inv_established",
            |v| time(&v.kpis.calls.sdt);
    }
    Calls Calls {
        calls "calls", "", Nothing, Either,
            "Attempts to call: the first INVITE with those that follow a challenge or a redirection is one",
            |v| count(v.kpis.calls.attempts);
        invites "INVITEs of them", "", Nothing, Either,
            "INVITEs that begin calls, those with credentials and those after redirections too, without retransmissions",
            |v| count(v.kpis.calls.invites);
        calls_answered "answered", "", BothWays, Either, "Calls answered by 2xx",
            |v| count(v.kpis.calls.answered);
        calls_completed "completed", "", BothWays, Either, "Answered calls that ended by BYE with 2xx or by their session timer and were not dropped",
            |v| count(v.kpis.calls.completed);
        calls_in_progress "still being set up", "", Nothing, Either, "Calls that nothing final was heard of when the capture ended; they are among all calls",
            |v| count(v.kpis.calls.in_progress);
        calls_up_at_end "still up at the end", "", Nothing, Either, "Answered calls that nothing ended in the capture; of no stretch of time",
            |v| Reading::Count(v.bucket.is_none().then_some(v.kpis.calls.still_up));
        calls_unconfirmed "without ACK", "", BothWays, Either, "Answered calls whose ACK is not in the capture",
            |v| count(v.kpis.calls.unconfirmed);
        calls_disordered "in an impossible order", "", Nothing, Either, "Calls with messages that were captured before what they follow; times that would be negative are left out",
            |v| count(v.kpis.calls.disordered);
        calls_without_beginning "without their beginning", "", Nothing, Either, "Calls that began before the capture; they are in no ratio",
            |v| count(v.kpis.calls.mid_calls);
        calls_one_way "heard from one side only", "", Nothing, Either, "Calls of which one direction is missing",
            |v| count(v.kpis.calls.one_direction);
        asr "answer-seizure ratio", "ITU-T E.425", Outcomes, More,
            "Answered calls, of those not returned to the caller by 3xx, 401 or 407",
            |v| Reading::Ratio(v.kpis.calls.answered, v.kpis.calls.attempts.saturating_sub(v.kpis.calls.not_seized));
        abr "answer-bid ratio", "ITU-T E.425", Outcomes, More, "Answered calls, of all calls",
            |v| Reading::Ratio(v.kpis.calls.answered, v.kpis.calls.attempts);
        ner "network effectiveness ratio", "ITU-T E.425", Outcomes, More,
            "Answered calls and those ended by 480, 486, 487, 600, 603 or 607 or by the caller, of those of the answer-seizure ratio",
            |v| Reading::Ratio(v.kpis.calls.answered + v.kpis.calls.delivered, v.kpis.calls.attempts.saturating_sub(v.kpis.calls.not_seized));
        ccr "call completion ratio", "", Outcomes, More, "Calls that ended normally: by BYE with 2xx and cause 16, of all calls",
            |v| Reading::Ratio(v.kpis.calls.ended_normally, v.kpis.calls.attempts);
        cssr "call set-up success ratio", "", Outcomes, More, "Calls with 101 to 199 or 2xx, of all calls",
            |v| Reading::Ratio(v.kpis.calls.alerted, v.kpis.calls.attempts);
        call_drop_ratio "call drop ratio", "", BothWays, Less,
            "Answered calls that ended without BYE, with one that 408, 481 or nothing came back to, or with cause 27, 38, 41 or 102, of answered calls",
            |v| Reading::Ratio(v.kpis.calls.dropped, v.kpis.calls.answered);
        short_calls "short calls", "", Nothing, Either, "Answered calls that lasted less than 10 s or --short, of those that ended",
            |v| Reading::Ratio(v.kpis.calls.short, v.kpis.calls.sdt.count());
        abandoned "given up while ringing", "", BothWays, Either, "Calls that the caller gave up while it rang, of all calls",
            |v| Reading::Ratio(v.kpis.calls.abandoned, v.kpis.calls.attempts);
        ring_no_answer "rang, not answered", "", BothWays, Either, "Calls that rang until 408, 480 or a time-out, of all calls",
            |v| Reading::Ratio(v.kpis.calls.ring_no_answer, v.kpis.calls.attempts);
        acd "average call duration", "", BothWays, Either, "Mean time from the answer to the end, of completed calls",
            |v| Reading::Mean(v.kpis.calls.talked, v.kpis.calls.talks);
        mht "mean holding time", "", Nothing, Either, "Mean time from the first INVITE to the failure or the end, of calls that failed or ended",
            |v| Reading::Mean(v.kpis.calls.holding.sum(), v.kpis.calls.holding.count());
    }
    Times Calls {
        pdd "post-dial delay", "", BothWays, Less, "From the first INVITE to the first 101 to 199, or to the 2xx, of all calls",
            |v| time(&v.kpis.calls.pdd);
        setup_time "set-up time", "", BothWays, Either, "From the first INVITE to the 2xx",
            |v| time(&v.kpis.calls.setup);
        trying_delay "time to 100", "", BothWays, Less, "From the last INVITE to its 100",
            |v| time(&v.kpis.calls.trying);
        ring_time "ring time", "", BothWays, Either, "From 180 to the 2xx, CANCEL or failure",
            |v| time(&v.kpis.calls.ring);
        ack_delay "time to ACK", "", BothWays, Less, "From the 2xx to its ACK",
            |v| time(&v.kpis.calls.ack);
        holding_time "holding time", "", Nothing, Either, "From the first INVITE to the failure or the end of the call",
            |v| time(&v.kpis.calls.holding);
    }
    Load Calls {
        cps "calls per second", "", Nothing, Either, "Calls in the time of the capture",
            |v| Reading::Rate(v.kpis.calls.attempts, v.length());
        cps_peak_1s "peak in 1 s", "", Nothing, Either, "The most calls that began in one second of the clock",
            |v| Reading::Count(v.peak(1));
        cps_peak_10s "peak in 10 s", "", Nothing, Either, "The most calls per second that began in ten seconds one after the other",
            |v| match v.peak(10) {
                Some(most) => Reading::Rate(most, 10_000_000_000),
                None => Reading::Count(None),
            };
        concurrent_calls "calls at a time, peak", "", BothWays, Either, "The most calls that were up at a time, from the answer to the end",
            |v| count(v.calls_up.peak);
        erlang "calls at a time, mean (Erlang)", "ITU-T E.600", BothWays, Either, "The time that calls were up, by the time of the capture",
            |v| Reading::Level(v.calls_up.area, v.length());
    }
    Load Messages {
        message_rate "messages per second", "", Nothing, Either, "Messages in the time of the capture",
            |v| Reading::Rate(v.kpis.messages.messages, v.length());
    }
    Registrations Registrations {
        registrations "registrations", "", Nothing, Either, "Registrations that were accepted, refused or not answered: a challenge and what follows are one",
            |v| count(v.kpis.registrations.accepted + v.kpis.registrations.failed);
        registration_failures "failed", "", BothWays, Less, "Registrations that failed for whatever reason, of all registrations",
            |v| Reading::Ratio(v.kpis.registrations.failed, v.kpis.registrations.accepted + v.kpis.registrations.failed);
        bindings_begun "bindings begun", "", Nothing, Either, "Bindings that came into being",
            |v| count(v.kpis.registrations.begun);
        bindings_refreshed "refreshes", "", Nothing, Either, "Refreshes of bindings",
            |v| count(v.kpis.registrations.refreshes);
        bindings_late "with a late refresh", "", Nothing, Either, "Bindings with a refresh after they had expired",
            |v| count(v.kpis.registrations.late);
        bindings_at_end "there at the end", "", Nothing, Either, "Bindings that had not expired at the end of the capture, or of the stretch of time",
            |v| count(v.bindings_left);
        bindings_peak "at a time, peak", "", Nothing, Either, "The most bindings at a time",
            |v| count(v.bindings_up.peak);
        refresh_interval "refresh interval", "", Nothing, Either, "From one refresh of a binding to the next: its mean, for each refresh",
            |v| time(&v.kpis.registrations.refresh_interval);
    }
    Messages Messages {
        messages "messages", "", Nothing, Either, "SIP messages, retransmissions too",
            |v| count(v.kpis.messages.messages);
        requests "requests", "", Nothing, Either, "Requests, retransmissions too",
            |v| count(v.kpis.messages.sum(|m| m.requests));
        responses "responses", "", Nothing, Either, "Responses, retransmissions too",
            |v| count(v.kpis.messages.sum(MethodCounts::responses));
        request_retransmissions "request retransmissions", "", Nothing, Either, "Requests that came again",
            |v| count(v.kpis.messages.sum(|m| m.request_retransmissions));
        response_retransmissions "response retransmissions", "", Nothing, Either, "Responses that came again",
            |v| count(v.kpis.messages.sum(|m| m.response_retransmissions));
        request_retransmission_ratio "of all requests", "", Nothing, Less, "Requests that came again, of all requests",
            |v| Reading::Ratio(v.kpis.messages.sum(|m| m.request_retransmissions), v.kpis.messages.sum(|m| m.requests));
        response_retransmission_ratio "of all responses", "", Nothing, Less, "Responses that came again, of all responses",
            |v| Reading::Ratio(v.kpis.messages.sum(|m| m.response_retransmissions), v.kpis.messages.sum(MethodCounts::responses));
        responses_without_request "responses without a request", "", Nothing, Either, "Responses whose request is not in the capture",
            |v| count(v.kpis.messages.stray_responses);
        responses_before_request "with a response before the request", "", Nothing, Either, "Transactions of which a response was captured before the request; times that would be negative are left out",
            |v| count(v.kpis.messages.sum(|m| m.disordered));
        options_availability "OPTIONS answered", "", BothWays, More, "OPTIONS requests with a final response, of those that are over",
            |v| {
                let options = v.kpis.messages.counts_of(crate::sip::Method::Options);
                options.map_or(Reading::Ratio(0, 0), |o| Reading::Ratio(o.answered, o.transactions))
            };
        message_bytes "bytes of messages", "", Nothing, Either, "Bytes of SIP messages, without what carried them",
            |v| count(v.kpis.messages.octets);
        responses_1xx "1xx", "", Nothing, Either, "Provisional responses", |v| class(v, 1);
        responses_2xx "2xx", "", Nothing, Either, "Successful responses", |v| class(v, 2);
        responses_3xx "3xx", "", Nothing, Either, "Redirections", |v| class(v, 3);
        responses_4xx "4xx", "", Nothing, Either, "Failures of requests", |v| class(v, 4);
        responses_5xx "5xx", "", Nothing, Either, "Failures of servers", |v| class(v, 5);
        responses_6xx "6xx", "", Nothing, Either, "Failures everywhere", |v| class(v, 6);
    }
    Hops Messages {
        hop_messages "seen at both points", "", Nothing, Either,
            "With --by hop: messages that one capture point has seen, and then the next one; those of several hops count at each",
            |v| Reading::Count(Some(v.kpis.hops.delay.count()).filter(|_| has_hops(v)));
        hop_delay "from point to point", "", Nothing, Less,
            "With --by hop: from one capture point to the next, by their clocks",
            |v| time(&v.kpis.hops.delay);
        hop_loss "lost between points", "", Nothing, Less,
            "With --by hop: messages that the next point has not seen within 2 s, though it saw others between the same hosts within 1 s before or after, of those that it saw or should have seen",
            |v| Reading::Ratio(v.kpis.hops.lost, v.kpis.hops.delay.count() + v.kpis.hops.lost);
        hop_missed "not seen at the first point", "", Nothing, Less,
            "With --by hop: messages that the next point has seen and the one before it has not, though it saw others then: the capture lacks them; of those that the next point saw",
            |v| Reading::Ratio(v.kpis.hops.missed, v.kpis.hops.delay.count() + v.kpis.hops.missed);
    }
}

/// Returns whether anything is known of hops.
const fn has_hops(view: &View<'_>) -> bool {
    let hops = &view.kpis.hops;
    hops.delay.count() > 0 || hops.lost > 0 || hops.missed > 0
}

/// Returns how many REGISTER requests were sent, however many hops they were seen at.
fn register_requests(view: &View<'_>) -> u64 {
    let register = view.kpis.messages.counts_of(crate::sip::Method::Register);
    register.map_or(0, |counts| counts.requests_at_first_hop)
}

fn class(view: &View<'_>, class: u16) -> Reading {
    let statuses = view.kpis.messages.statuses();
    let of_class = statuses.range(class * 100..(class + 1) * 100);
    count(of_class.map(|(_, count)| count).sum())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_fit_for_conditions() {
        let names: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(names.iter().all(|name| name.chars().all(is_word)));
        assert!(METRICS.is_sorted_by_key(|metric| metric.section));
    }
}
