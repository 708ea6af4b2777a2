//! When what happened to a call.

use crate::time::Timestamp;

/// A moment, or none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Moment(Timestamp);

impl Default for Moment {
    fn default() -> Self {
        Self::NONE
    }
}

impl From<Timestamp> for Moment {
    fn from(ts: Timestamp) -> Self {
        Self(ts)
    }
}

impl Moment {
    /// No moment: the earliest that can be told, which no capture holds.
    pub(crate) const NONE: Self = Self(Timestamp::MIN);

    pub(crate) fn get(self) -> Option<Timestamp> {
        (self != Self::NONE).then_some(self.0)
    }

    pub(crate) fn is_set(self) -> bool {
        self != Self::NONE
    }
}

macro_rules! times {
    ($($(#[$doc:meta])* $name:ident = $index:literal;)*) => {
        /// The moments of a call by their names. Each is the one at the hop where the call was first seen, or, when it was not
        /// seen there, the first of all hops.
        #[derive(Clone, Debug, Default)]
        pub struct Times {
            $($name: Moment,)*
            /// Which of them were seen at another hop only.
            elsewhere: u16,
        }

        impl Times {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(&self) -> Option<Timestamp> {
                self.$name.get()
            })*
        }

        /// The name of a moment.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[expect(non_camel_case_types, reason = "they are the names of the methods")]
        pub(crate) enum Name {
            $($name,)*
        }

        impl Times {
            fn moment(&mut self, name: Name) -> &mut Moment {
                match name {
                    $(Name::$name => &mut self.$name,)*
                }
            }
        }
    };
}

times! {
    /// The first INVITE of all attempts.
    invite0 = 0;
    /// The first INVITE of the last attempt.
    invite = 1;
    /// The first 100 of the last attempt.
    trying = 2;
    /// The first 101 to 199 of the last attempt.
    provisional = 3;
    /// The first 180 of the last attempt.
    ringing = 4;
    /// The first 183 of the last attempt.
    progress = 5;
    /// The first 2xx to the INVITE.
    answer = 6;
    /// The first ACK to it.
    ack = 7;
    /// The first CANCEL of the last attempt.
    cancel = 8;
    /// The first BYE.
    bye = 9;
    /// The first final response to it.
    bye_final = 10;
    /// The first final response of the last attempt.
    final_response = 11;
}

impl Times {
    /// Takes note of a moment. At the hop where the call was first seen it counts more than elsewhere; of the same rank
    /// the first counts.
    pub(crate) fn note(&mut self, name: Name, ts: Timestamp, is_first_hop: bool) {
        let bit = 1 << name as u16;
        let was_elsewhere = self.elsewhere & bit != 0;
        let moment = self.moment(name);
        if !moment.is_set() || (was_elsewhere && is_first_hop) {
            *moment = ts.into();
            if is_first_hop {
                self.elsewhere &= !bit;
            } else {
                self.elsewhere |= bit;
            }
        }
    }

    /// Forgets a moment.
    pub(crate) fn clear(&mut self, name: Name) {
        *self.moment(name) = Moment::NONE;
        self.elsewhere &= !(1 << name as u16);
    }

    /// Returns the post-dial delay: from the first INVITE to the first 101 to 199, or to the answer without one, in
    /// nanoseconds, here as below. What would be negative is none.
    #[must_use]
    pub fn post_dial_delay(&self) -> Option<i64> {
        between(self.invite0, self.alerted())
    }

    /// Returns the post-dial delay of the last attempt alone.
    #[must_use]
    pub fn post_dial_delay_net(&self) -> Option<i64> {
        between(self.invite, self.alerted())
    }

    /// Returns the time from the last INVITE to its 100.
    #[must_use]
    pub fn trying_delay(&self) -> Option<i64> {
        between(self.invite, self.trying)
    }

    /// Returns the time from the first INVITE to the answer.
    #[must_use]
    pub fn setup_time(&self) -> Option<i64> {
        between(self.invite0, self.answer)
    }

    /// Returns how long it rang: from the first 180, or any other 101 to 199, to the answer, CANCEL or final response.
    #[must_use]
    pub fn ring_time(&self) -> Option<i64> {
        let from = if self.ringing.is_set() {
            self.ringing
        } else {
            self.provisional
        };
        let to = [self.answer, self.cancel, self.final_response];
        between(from, to.into_iter().find(|to| to.is_set())?)
    }

    /// Returns the time from the answer to its ACK.
    #[must_use]
    pub fn ack_delay(&self) -> Option<i64> {
        between(self.answer, self.ack)
    }

    /// Returns the time from the answer to BYE.
    #[must_use]
    pub fn talk_time(&self) -> Option<i64> {
        between(self.answer, self.bye)
    }

    /// Returns the time from the ACK to BYE.
    #[must_use]
    pub fn conversation_time(&self) -> Option<i64> {
        between(self.ack, self.bye)
    }

    /// Returns the time from BYE to its final response.
    #[must_use]
    pub fn release_delay(&self) -> Option<i64> {
        between(self.bye, self.bye_final)
    }

    /// Returns whether moments are in an order that cannot be.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        let pairs = [
            (self.invite0, self.invite),
            (self.invite0, self.alerted()),
            (self.invite, self.trying),
            (self.invite, self.provisional),
            (self.invite, self.ringing),
            (self.invite, self.progress),
            (self.invite, self.cancel),
            (self.invite, self.final_response),
            (self.invite0, self.answer),
            (self.invite, self.answer),
            (self.final_response, self.answer),
            (self.answer, self.ack),
            (self.answer, self.bye),
            (self.ack, self.bye),
            (self.bye, self.bye_final),
        ];
        pairs
            .into_iter()
            .any(|(from, to)| from.is_set() && to.is_set() && to.0 < from.0)
    }

    fn alerted(&self) -> Moment {
        if self.provisional.is_set() {
            self.provisional
        } else {
            self.answer
        }
    }
}

fn between(from: Moment, to: Moment) -> Option<i64> {
    let elapsed = to.get()?.since(from.get()?);
    (elapsed >= 0).then_some(elapsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: i64) -> Timestamp {
        Timestamp::from_nanos(nanos)
    }

    #[test]
    fn the_first_hop_counts_more() {
        let mut times = Times::default();
        times.note(Name::answer, at(5), false);
        times.note(Name::answer, at(7), true);
        times.note(Name::answer, at(6), false);
        times.note(Name::answer, at(9), true);
        assert_eq!(times.answer(), Some(at(7)));
    }

    #[test]
    fn impossible_times_are_none() {
        let mut times = Times::default();
        times.note(Name::invite0, at(5), true);
        times.note(Name::answer, at(3), true);
        assert_eq!(times.setup_time(), None);
        assert!(times.is_negative());
        assert_eq!(times.talk_time(), None);
    }
}
