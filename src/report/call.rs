//! A row for each call.

use std::{borrow::Cow, io::Write};

use serde::{Serialize, ser::SerializeStruct};

use crate::{
    net::Transport,
    report::{
        CsvRows, PartyRow, SidesRow,
        fields::{TimeText, known, millis, one_line, serialize_optional_time},
    },
    time::Timestamp,
    track::{Branch, Call, FailureClass, Flags, Side, Times},
};

/// What `calls` tells of a call. Fields are only ever added, at the end.
#[derive(Clone, Debug)]
pub struct CallRow<'a> {
    /// `call`.
    pub r#type: &'static str,
    /// The input that its first message is from.
    pub input: &'a str,
    /// The frame that completed that message.
    pub frame: u64,
    /// When that was.
    pub ts: Timestamp,
    /// Call-ID.
    pub call_id: Cow<'a, str>,
    /// The how-manieth call with this Call-ID it is, from 1 on.
    pub episode: u32,
    /// The caller's tag.
    pub from_tag: Option<Cow<'a, str>>,
    /// The callee's tag: that of the branch that was answered.
    pub to_tag: Option<Cow<'a, str>>,
    /// Who called.
    pub caller: PartyRow<'a>,
    /// Who was called.
    pub callee: PartyRow<'a>,
    /// The Request-URI of the first INVITE.
    pub ruri: Option<Cow<'a, str>>,
    /// The caller's Contact.
    pub contact: Option<Cow<'a, str>>,
    /// The first two values of P-Asserted-Identity.
    pub pai: Vec<Cow<'a, str>>,
    /// What carried the first message.
    pub transport: Transport,
    /// The tunnels and tags around it, joined by `+`; empty without any.
    pub encapsulation: String,
    /// The state at the end.
    pub state: &'static str,
    /// What became of it.
    pub outcome: &'static str,
    /// Why it failed, roughly.
    pub failure_class: Option<&'static str>,
    /// The final status.
    pub status: Option<u16>,
    /// The reason phrase of that.
    pub reason: Option<Cow<'a, str>>,
    /// The cause by ITU-T Q.850.
    pub cause: Option<u8>,
    /// What the Reason header says about it, or what it means.
    pub cause_text: Option<Cow<'a, str>>,
    /// Who ended it.
    pub side: Option<&'static str>,
    /// How many attempts began it; a retry with credentials is still the same.
    pub attempts: u16,
    /// How many 401 and 407 came.
    pub challenges: u16,
    /// How many 3xx came.
    pub redirects: u16,
    /// When what happened.
    pub times: CallTimes,
    /// How long what took.
    pub durations: CallDurations,
    /// How many messages it had.
    pub messages: u64,
    /// How many of them came again.
    pub retransmissions: u64,
    /// The same for each side.
    pub counters: SidesRow,
    /// How many INVITEs came within it.
    pub reinvites: u16,
    /// The seconds of the session timer.
    pub session_expires_s: Option<u32>,
    /// Whom it was to be transferred to.
    pub refer_to: Option<Cow<'a, str>>,
    /// The dialog it took the place of.
    pub replaces: Option<Cow<'a, str>>,
    /// The branches of its forks.
    pub branches: Vec<BranchRow<'a>>,
    /// What is odd about it.
    pub flags: Flags,
    /// The number of the call that it is a leg of; only when legs were asked for.
    pub call: Option<u64>,
    /// The how-manieth leg of that it is.
    pub leg: Option<u32>,
    /// What joins it to the leg before.
    pub linked_by: Option<Vec<&'static str>>,
}

macro_rules! times {
    ($($(#[$doc:meta])* $field:ident = $get:ident;)*) => {
        /// When what happened in a call: the moments of domain by their usual names.
        #[derive(Clone, Copy, Debug)]
        pub struct CallTimes {
            $($(#[$doc])*
            pub $field: Option<Timestamp>,)*
            /// The last message.
            pub t_last: Timestamp,
            /// The deadline that ended it, if no message did.
            pub t_timeout: Option<Timestamp>,
        }

        impl CallTimes {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field),)* "t_last", "t_timeout"];

            fn new(call: &Call) -> Self {
                let times = call.times();
                Self {
                    $($field: times.$get(),)*
                    t_last: call.last_seen(),
                    t_timeout: call.timed_out(),
                }
            }

            fn all(&self) -> impl Iterator<Item = Option<Timestamp>> {
                [$(self.$field,)* Some(self.t_last), self.t_timeout].into_iter()
            }

            /// Adds all of them to the row of the call.
            pub(super) fn serialize_into<S: SerializeStruct>(&self, row: &mut S) -> Result<(), S::Error> {
                $(row.serialize_field(stringify!($field), &self.$field.map(TimeText))?;)*
                row.serialize_field("t_last", &TimeText(self.t_last))?;
                row.serialize_field("t_timeout", &self.t_timeout.map(TimeText))
            }
        }
    };
}

times! {
    /// The first INVITE.
    t_invite0 = invite0;
    /// The first INVITE of the last attempt.
    t_invite = invite;
    /// The first 100.
    t_100 = trying;
    /// The first 101 to 199.
    t_18x = provisional;
    /// The first 180.
    t_180 = ringing;
    /// The first 183.
    t_183 = progress;
    /// The first 2xx.
    t_answer = answer;
    /// Its ACK.
    t_ack = ack;
    /// CANCEL.
    t_cancel = cancel;
    /// BYE.
    t_bye = bye;
    /// The final response to BYE.
    t_bye_final = bye_final;
    /// The first final response to the INVITE.
    t_final = final_response;
}

macro_rules! durations {
    ($($(#[$doc:meta])* $field:ident = $get:ident;)*) => {
        /// How long what took in a call, in whole milliseconds.
        #[derive(Clone, Copy, Debug)]
        pub struct CallDurations {
            $($(#[$doc])* pub $field: Option<i64>,)*
            /// From the first message to the last.
            pub total_ms: i64,
            /// How long it was up: from the answer to BYE, to the time-out, or to the end of the capture.
            pub duration_ms: Option<i64>,
        }

        impl CallDurations {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field),)* "total_ms", "duration_ms"];

            fn new(call: &Call) -> Self {
                let times: &Times = call.times();
                Self {
                    $($field: times.$get().map(millis),)*
                    total_ms: millis(call.last_seen().since(call.first_seen())),
                    duration_ms: call.duration().map(millis),
                }
            }

            fn all(&self) -> impl Iterator<Item = Option<i64>> {
                [$(self.$field,)* Some(self.total_ms), self.duration_ms].into_iter()
            }

            /// Adds all of them to the row of the call.
            pub(super) fn serialize_into<S: SerializeStruct>(&self, row: &mut S) -> Result<(), S::Error> {
                $(row.serialize_field(stringify!($field), &self.$field)?;)*
                row.serialize_field("total_ms", &self.total_ms)?;
                row.serialize_field("duration_ms", &self.duration_ms)
            }
        }
    };
}

durations! {
    /// Post-dial delay: from the first INVITE to the first 101 to 199, or to the answer.
    pdd_ms = post_dial_delay;
    /// The same from the INVITE of the last attempt.
    pdd_net_ms = post_dial_delay_net;
    /// To the 100.
    trying_ms = trying_delay;
    /// From the first INVITE to the answer.
    setup_ms = setup_time;
    /// From the first 180 to the answer or the end.
    ring_ms = ring_time;
    /// From the answer to its ACK.
    ack_ms = ack_delay;
    /// From the answer to BYE.
    talk_ms = talk_time;
    /// From the ACK to BYE.
    conv_ms = conversation_time;
    /// From BYE to its final response.
    release_ms = release_delay;
}

/// A branch of a call.
#[derive(Clone, Debug, Serialize)]
pub struct BranchRow<'a> {
    /// Its To tag.
    pub to_tag: Cow<'a, str>,
    /// What became of it.
    pub fate: &'static str,
    /// The last status that came from it.
    pub status: Option<u16>,
    /// Its first 101 to 199.
    #[serde(serialize_with = "serialize_optional_time")]
    pub t_18x: Option<Timestamp>,
    /// Its 2xx.
    #[serde(serialize_with = "serialize_optional_time")]
    pub t_answer: Option<Timestamp>,
    /// The ACK to that.
    #[serde(serialize_with = "serialize_optional_time")]
    pub t_ack: Option<Timestamp>,
    /// Its BYE.
    #[serde(serialize_with = "serialize_optional_time")]
    pub t_bye: Option<Timestamp>,
}

impl<'a> BranchRow<'a> {
    fn new(branch: &'a Branch) -> Self {
        Self {
            to_tag: one_line(branch.tag()),
            fate: branch.fate().name(),
            status: branch.status(),
            t_18x: branch.provisional(),
            t_answer: branch.answer(),
            t_ack: branch.ack(),
            t_bye: branch.bye(),
        }
    }
}

impl<'a> CallRow<'a> {
    /// Returns the names of the CSV columns, in their order.
    pub(super) fn columns() -> Vec<&'static str> {
        let mut columns = vec![
            "input", "frame", "ts", "call_id", "episode", "from_tag", "to_tag",
        ];
        columns.extend([
            "caller_uri",
            "caller_display",
            "caller_ip",
            "caller_port",
            "caller_ua",
        ]);
        columns.extend([
            "callee_uri",
            "callee_display",
            "callee_ip",
            "callee_port",
            "callee_ua",
        ]);
        columns.extend([
            "ruri",
            "contact",
            "pai",
            "transport",
            "encapsulation",
            "state",
            "outcome",
            "failure_class",
            "status",
            "reason",
            "cause",
            "cause_text",
            "side",
            "attempts",
            "challenges",
            "redirects",
        ]);
        columns.extend(CallTimes::COLUMNS);
        columns.extend(CallDurations::COLUMNS);
        columns.extend(["messages", "retransmissions"]);
        columns.extend(SidesRow::COLUMNS);
        columns.extend([
            "reinvites",
            "session_expires_s",
            "refer_to",
            "replaces",
            "branches",
            "flags",
            "call",
            "leg",
            "linked_by",
        ]);
        columns
    }

    /// Returns the row of `call`, which begins in the input named `input`.
    #[must_use]
    pub fn new(call: &'a Call, input: &'a str) -> Self {
        Self {
            r#type: "call",
            input,
            frame: call.origin().number,
            ts: call.first_seen(),
            call_id: one_line(call.call_id()),
            episode: call.episode(),
            from_tag: known(call.from_tag()),
            to_tag: known(call.to_tag()),
            caller: PartyRow::new(call.caller()),
            callee: PartyRow::new(call.callee()),
            ruri: known(call.request_uri()),
            contact: known(call.contact()),
            pai: call
                .asserted_identities()
                .into_iter()
                .filter_map(known)
                .collect(),
            transport: call.transport(),
            encapsulation: if call.encapsulation().is_empty() {
                String::new()
            } else {
                call.encapsulation().to_string()
            },
            state: call.state().name(),
            outcome: call.outcome().name(),
            failure_class: call.failure_class().map(FailureClass::name),
            status: call.status(),
            reason: known(call.reason()),
            cause: call.cause(),
            cause_text: known(call.cause_text()),
            side: call.side().map(Side::name),
            attempts: call.attempts(),
            challenges: call.challenges(),
            redirects: call.redirects(),
            times: CallTimes::new(call),
            durations: CallDurations::new(call),
            messages: call.messages(),
            retransmissions: call.retransmissions(),
            counters: SidesRow::new(call.counters()),
            reinvites: call.reinvites(),
            session_expires_s: call.session_expires(),
            refer_to: known(call.refer_to()),
            replaces: known(call.replaces()),
            branches: call.branches().iter().map(BranchRow::new).collect(),
            flags: call.flags(),
            call: None,
            leg: None,
            linked_by: None,
        }
    }

    /// Adds the cells of the row, in the order of the columns.
    pub(super) fn add_cells<W: Write>(&self, rows: &mut CsvRows<W>) {
        rows.text(self.input);
        rows.number(self.frame);
        rows.plain(self.ts.rfc3339().as_str());
        rows.text(&self.call_id);
        rows.number(self.episode);
        rows.optional(self.from_tag.as_deref());
        rows.optional(self.to_tag.as_deref());
        self.caller.cells(rows);
        self.callee.cells(rows);
        rows.optional(self.ruri.as_deref());
        rows.optional(self.contact.as_deref());
        rows.text(&self.pai.join(" "));
        rows.plain(self.transport.name());
        rows.plain(&self.encapsulation);
        rows.plain(self.state);
        rows.plain(self.outcome);
        rows.plain(self.failure_class.unwrap_or_default());
        rows.optional_number(self.status);
        rows.optional(self.reason.as_deref());
        rows.optional_number(self.cause);
        rows.optional(self.cause_text.as_deref());
        rows.plain(self.side.unwrap_or_default());
        rows.number(self.attempts);
        rows.number(self.challenges);
        rows.number(self.redirects);
        for time in self.times.all() {
            match time {
                Some(time) => rows.plain(time.rfc3339().as_str()),
                None => rows.plain(""),
            }
        }
        self.durations
            .all()
            .for_each(|duration| rows.optional_number(duration));
        rows.number(self.messages);
        rows.number(self.retransmissions);
        self.counters.cells(rows);
        rows.number(self.reinvites);
        rows.optional_number(self.session_expires_s);
        rows.optional(self.refer_to.as_deref());
        rows.optional(self.replaces.as_deref());
        let branches: Vec<String> = self
            .branches
            .iter()
            .map(|branch| format!("{}:{}", branch.to_tag, branch.fate))
            .collect();
        rows.text(&branches.join(" "));
        let flags: Vec<&str> = self.flags.names().collect();
        rows.plain(&flags.join(" "));
        rows.optional_number(self.call);
        rows.optional_number(self.leg);
        rows.plain(&self.linked_by.as_deref().unwrap_or_default().join(" "));
    }
}
