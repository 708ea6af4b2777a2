//! The fields of rows, as conditions ask for them: by the names that they have in JSON.

use std::borrow::Cow;

use crate::{
    filter::{Fields, Kind, Schema, Value},
    report::{BindingRow, CallRow, EventRow},
};

const TEXTS: Kind = Kind::List(&Kind::Text);
const NUMBERS: Kind = Kind::List(&Kind::Number);
const TIMES: Kind = Kind::List(&Kind::Time);

/// Tells the fields of a row: name, kind and where the value is.
macro_rules! fields {
    ($row:ident: $($name:literal $kind:expr, $value:expr;)*) => {
        impl $row<'_> {
            /// The names and kinds of the fields that conditions can name.
            pub const SCHEMA: &'static Schema<'static> = &[$(($name, $kind)),*];
        }

        impl Fields for $row<'_> {
            fn field(&self, index: usize) -> Value<'_> {
                type Get = for<'r, 'a> fn(&'r $row<'a>) -> Value<'r>;
                const GET: &[Get] = &[$($value),*];
                GET.get(index).map_or(Value::Null, |get| get(self))
            }
        }
    };
}

fn text<'r>(text: &'r Option<Cow<'_, str>>) -> Value<'r> {
    text.as_deref().into()
}

fn ip(ip: Option<std::net::IpAddr>) -> Value<'static> {
    ip.map(|ip| ip.to_string()).into()
}

fn number(number: Option<u8>) -> Value<'static> {
    number.map(u16::from).into()
}

fn texts<'r>(texts: &'r [Cow<'_, str>]) -> Value<'r> {
    texts.iter().map(AsRef::as_ref).collect()
}

fields! { CallRow:
    "type" Kind::Text, |row| row.r#type.into();
    "input" Kind::Text, |row| row.input.into();
    "frame" Kind::Number, |row| row.frame.into();
    "ts" Kind::Time, |row| row.ts.into();
    "call_id" Kind::Text, |row| row.call_id.as_ref().into();
    "episode" Kind::Number, |row| row.episode.into();
    "from_tag" Kind::Text, |row| text(&row.from_tag);
    "to_tag" Kind::Text, |row| text(&row.to_tag);
    "caller.uri" Kind::Text, |row| text(&row.caller.uri);
    "caller.display" Kind::Text, |row| text(&row.caller.display);
    "caller.ip" Kind::Text, |row| ip(row.caller.ip);
    "caller.port" Kind::Number, |row| row.caller.port.into();
    "caller.ua" Kind::Text, |row| text(&row.caller.ua);
    "callee.uri" Kind::Text, |row| text(&row.callee.uri);
    "callee.display" Kind::Text, |row| text(&row.callee.display);
    "callee.ip" Kind::Text, |row| ip(row.callee.ip);
    "callee.port" Kind::Number, |row| row.callee.port.into();
    "callee.ua" Kind::Text, |row| text(&row.callee.ua);
    "ruri" Kind::Text, |row| text(&row.ruri);
    "contact" Kind::Text, |row| text(&row.contact);
    "pai" TEXTS, |row| texts(&row.pai);
    "transport" Kind::Text, |row| row.transport.name().into();
    "encapsulation" Kind::Text, |row| row.encapsulation.as_str().into();
    "state" Kind::Text, |row| row.state.into();
    "outcome" Kind::Text, |row| row.outcome.into();
    "failure_class" Kind::Text, |row| row.failure_class.into();
    "status" Kind::Number, |row| row.status.into();
    "reason" Kind::Text, |row| text(&row.reason);
    "cause" Kind::Number, |row| number(row.cause);
    "cause_text" Kind::Text, |row| text(&row.cause_text);
    "side" Kind::Text, |row| row.side.into();
    "attempts" Kind::Number, |row| row.attempts.into();
    "challenges" Kind::Number, |row| row.challenges.into();
    "redirects" Kind::Number, |row| row.redirects.into();
    "t_invite0" Kind::Time, |row| row.times.t_invite0.into();
    "t_invite" Kind::Time, |row| row.times.t_invite.into();
    "t_100" Kind::Time, |row| row.times.t_100.into();
    "t_18x" Kind::Time, |row| row.times.t_18x.into();
    "t_180" Kind::Time, |row| row.times.t_180.into();
    "t_183" Kind::Time, |row| row.times.t_183.into();
    "t_answer" Kind::Time, |row| row.times.t_answer.into();
    "t_ack" Kind::Time, |row| row.times.t_ack.into();
    "t_cancel" Kind::Time, |row| row.times.t_cancel.into();
    "t_bye" Kind::Time, |row| row.times.t_bye.into();
    "t_bye_final" Kind::Time, |row| row.times.t_bye_final.into();
    "t_final" Kind::Time, |row| row.times.t_final.into();
    "t_last" Kind::Time, |row| row.times.t_last.into();
    "t_timeout" Kind::Time, |row| row.times.t_timeout.into();
    "pdd_ms" Kind::Number, |row| row.durations.pdd_ms.into();
    "pdd_net_ms" Kind::Number, |row| row.durations.pdd_net_ms.into();
    "trying_ms" Kind::Number, |row| row.durations.trying_ms.into();
    "setup_ms" Kind::Number, |row| row.durations.setup_ms.into();
    "ring_ms" Kind::Number, |row| row.durations.ring_ms.into();
    "ack_ms" Kind::Number, |row| row.durations.ack_ms.into();
    "talk_ms" Kind::Number, |row| row.durations.talk_ms.into();
    "conv_ms" Kind::Number, |row| row.durations.conv_ms.into();
    "release_ms" Kind::Number, |row| row.durations.release_ms.into();
    "total_ms" Kind::Number, |row| row.durations.total_ms.into();
    "duration_ms" Kind::Number, |row| row.durations.duration_ms.into();
    "messages" Kind::Number, |row| row.messages.into();
    "retransmissions" Kind::Number, |row| row.retransmissions.into();
    "counters.caller.requests" Kind::Number, |row| row.counters.caller.requests.into();
    "counters.caller.responses" Kind::Number, |row| row.counters.caller.responses.into();
    "counters.caller.retransmissions" Kind::Number, |row| row.counters.caller.retransmissions.into();
    "counters.callee.requests" Kind::Number, |row| row.counters.callee.requests.into();
    "counters.callee.responses" Kind::Number, |row| row.counters.callee.responses.into();
    "counters.callee.retransmissions" Kind::Number, |row| row.counters.callee.retransmissions.into();
    "reinvites" Kind::Number, |row| row.reinvites.into();
    "session_expires_s" Kind::Number, |row| row.session_expires_s.into();
    "refer_to" Kind::Text, |row| text(&row.refer_to);
    "replaces" Kind::Text, |row| text(&row.replaces);
    "branches.to_tag" TEXTS, |row| row.branches.iter().map(|branch| branch.to_tag.as_ref()).collect();
    "branches.fate" TEXTS, |row| row.branches.iter().map(|branch| branch.fate).collect();
    "branches.status" NUMBERS, |row| row.branches.iter().map(|branch| branch.status).collect();
    "branches.t_18x" TIMES, |row| row.branches.iter().map(|branch| branch.t_18x).collect();
    "branches.t_answer" TIMES, |row| row.branches.iter().map(|branch| branch.t_answer).collect();
    "branches.t_ack" TIMES, |row| row.branches.iter().map(|branch| branch.t_ack).collect();
    "branches.t_bye" TIMES, |row| row.branches.iter().map(|branch| branch.t_bye).collect();
    "flags" TEXTS, |row| row.flags.names().collect();
}

fields! { BindingRow:
    "type" Kind::Text, |row| row.r#type.into();
    "input" Kind::Text, |row| row.input.into();
    "frame" Kind::Number, |row| row.frame.into();
    "ts" Kind::Time, |row| row.ts.into();
    "aor" Kind::Text, |row| row.aor.as_ref().into();
    "contact" Kind::Text, |row| row.contact.as_ref().into();
    "instance" Kind::Text, |row| text(&row.instance);
    "reg_id" Kind::Number, |row| row.reg_id.into();
    "state" Kind::Text, |row| row.state.into();
    "end_reason" Kind::Text, |row| row.end_reason.into();
    "t_registered" Kind::Time, |row| row.t_registered.into();
    "t_refresh" Kind::Time, |row| row.t_refresh.into();
    "expires_at" Kind::Time, |row| row.expires_at.into();
    "t_end" Kind::Time, |row| row.t_end.into();
    "requested_s" Kind::Number, |row| row.requested_s.into();
    "granted_s" Kind::Number, |row| row.granted_s.into();
    "refreshes" Kind::Number, |row| row.refreshes.into();
    "moves" Kind::Number, |row| row.moves.into();
    "challenges" Kind::Number, |row| row.challenges.into();
    "failures" Kind::Number, |row| row.failures.into();
    "status" Kind::Number, |row| row.status.into();
    "call_id" Kind::Text, |row| text(&row.call_id);
    "cseq" Kind::Number, |row| row.cseq.into();
    "client.ip" Kind::Text, |row| ip(row.client.place.ip);
    "client.port" Kind::Number, |row| row.client.place.port.into();
    "client.ua" Kind::Text, |row| text(&row.client.ua);
    "registrar.ip" Kind::Text, |row| ip(row.registrar.ip);
    "registrar.port" Kind::Number, |row| row.registrar.port.into();
    "received" Kind::Text, |row| text(&row.received);
    "path" Kind::Text, |row| text(&row.path);
    "transport" Kind::Text, |row| row.transport.name().into();
    "flags" TEXTS, |row| row.flags.names().collect();
}

fields! { EventRow:
    "type" Kind::Text, |row| row.r#type.into();
    "ts" Kind::Time, |row| row.ts.into();
    "input" Kind::Text, |row| row.input.into();
    "frame" Kind::Number, |row| row.frame.into();
    "call_id" Kind::Text, |row| text(&row.call_id);
    "from_tag" Kind::Text, |row| text(&row.from_tag);
    "to_tag" Kind::Text, |row| text(&row.to_tag);
    "method" Kind::Text, |row| text(&row.method);
    "caller.uri" Kind::Text, |row| text(&row.caller.uri);
    "caller.display" Kind::Text, |row| text(&row.caller.display);
    "caller.ip" Kind::Text, |row| ip(row.caller.ip);
    "caller.port" Kind::Number, |row| row.caller.port.into();
    "caller.ua" Kind::Text, |row| text(&row.caller.ua);
    "callee.uri" Kind::Text, |row| text(&row.callee.uri);
    "callee.display" Kind::Text, |row| text(&row.callee.display);
    "callee.ip" Kind::Text, |row| ip(row.callee.ip);
    "callee.port" Kind::Number, |row| row.callee.port.into();
    "callee.ua" Kind::Text, |row| text(&row.callee.ua);
    "ruri" Kind::Text, |row| text(&row.ruri);
    "contact" Kind::Text, |row| text(&row.contact);
    "pai" TEXTS, |row| texts(&row.pai);
    "transport" Kind::Text, |row| row.transport.into();
    "status" Kind::Number, |row| row.status.into();
    "reason" Kind::Text, |row| text(&row.reason);
    "outcome" Kind::Text, |row| row.outcome.into();
    "side" Kind::Text, |row| row.side.into();
    "cause" Kind::Number, |row| number(row.cause);
    "pdd_ms" Kind::Number, |row| row.pdd_ms.into();
    "setup_ms" Kind::Number, |row| row.setup_ms.into();
    "ring_ms" Kind::Number, |row| row.ring_ms.into();
    "duration_ms" Kind::Number, |row| row.duration_ms.into();
    "aor" Kind::Text, |row| text(&row.aor);
    "expires_s" Kind::Number, |row| row.expires_s.into();
    "counters.caller.requests" Kind::Number, |row| row.counters.caller.requests.into();
    "counters.caller.responses" Kind::Number, |row| row.counters.caller.responses.into();
    "counters.caller.retransmissions" Kind::Number, |row| row.counters.caller.retransmissions.into();
    "counters.callee.requests" Kind::Number, |row| row.counters.callee.requests.into();
    "counters.callee.responses" Kind::Number, |row| row.counters.callee.responses.into();
    "counters.callee.retransmissions" Kind::Number, |row| row.counters.callee.retransmissions.into();
    "flags" TEXTS, |row| row.flags.names().collect();
    "connection" Kind::Text, |row| text(&row.connection);
}
