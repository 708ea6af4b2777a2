//! How long a state lasts when nothing comes.

use std::fmt;

/// Nanoseconds of a second.
pub(crate) const SECOND: i64 = 1_000_000_000;

macro_rules! timeouts {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $default:literal, $calltr:literal, $least:literal..=$most:literal;)*) => {
        /// A state that lasts for a limited time, by the name that it is set with.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub enum Timeout {
            $($(#[$doc])* $name,)*
        }

        impl Timeout {
            /// All of them, in the order of output.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// Returns the seconds that it may be set to.
            #[must_use]
            pub const fn range(self) -> (i64, i64) {
                match self {
                    $(Self::$name => ($least, $most),)*
                }
            }
        }

        impl Timeouts {
            /// Our own.
            pub const SIPCAP: Self = Self([$($default * SECOND),*]);

            /// Those of calltr, the tracker of sipcallmon.
            pub const CALLTR: Self = Self([$($calltr * SECOND),*]);
        }
    };
}

timeouts! {
    /// Just created.
    Init = "init", 1, 1, 1..=5;
    /// An INVITE was sent, nothing or 100 came back.
    Inv1st = "inv_1st", 120, 120, 1..=7200;
    /// A dialog is early: 101 to 199 came with a tag.
    InvEarlyDlg = "inv_early_dlg", 180, 180, 1..=600;
    /// The INVITE failed, was challenged or redirected.
    InvNeg = "inv_neg", 30, 30, 1..=180;
    /// The call is up, and nothing is heard of it.
    InvEstablished = "inv_established", 3600, 3600, 10..=86400;
    /// BYE was sent.
    InvByeSeen = "inv_bye_seen", 30, 30, 1..=600;
    /// BYE was answered.
    InvByeRepl = "inv_bye_repl", 5, 5, 1..=60;
    /// CANCEL was sent.
    InvCanceled = "inv_canceled", 5, 5, 1..=60;
    /// Another request was sent.
    NonInv1st = "non_inv_1st", 37, 30, 1..=180;
    /// Another request failed.
    NonInvNeg = "non_inv_neg", 5, 5, 1..=60;
    /// Another request succeeded.
    NonInvFin = "non_inv_fin", 5, 5, 1..=60;
}

/// How long each state lasts when nothing comes, in packet time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Timeouts([i64; Timeout::ALL.len()]);

/// Why a time-out cannot be set.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidTimeout {
    /// There is no such state.
    #[error("no state is called {0}; there are {names}", names = names())]
    Unknown(String),
    /// The time is out of the range of the state.
    #[error("{0} can last from {1} s to {2} s")]
    Range(&'static str, i64, i64),
}

impl Timeouts {
    /// Returns how long `timeout` is, in nanoseconds.
    #[must_use]
    pub const fn get(&self, timeout: Timeout) -> i64 {
        self.0[timeout as usize]
    }

    /// Sets the time-out called `name` to `nanos`.
    ///
    /// # Errors
    /// When there is none of that name, and when the time is out of its range.
    pub fn set(&mut self, name: &str, nanos: i64) -> Result<(), InvalidTimeout> {
        let timeout = Timeout::ALL
            .iter()
            .find(|timeout| timeout.name() == name)
            .ok_or_else(|| InvalidTimeout::Unknown(name.to_owned()))?;
        let (least, most) = timeout.range();
        if nanos < least * SECOND || nanos > most * SECOND {
            return Err(InvalidTimeout::Range(timeout.name(), least, most));
        }
        self.0[*timeout as usize] = nanos;
        Ok(())
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::SIPCAP
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn names() -> String {
    let names: Vec<&str> = Timeout::ALL.iter().map(|timeout| timeout.name()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_set_within_their_ranges() {
        let mut timeouts = Timeouts::default();
        assert_eq!(timeouts.set("inv_established", 7200 * SECOND), Ok(()));
        assert_eq!(timeouts.get(Timeout::InvEstablished), 7200 * SECOND);
        assert_eq!(timeouts.get(Timeout::InvNeg), 30 * SECOND);
        for (name, nanos) in [
            ("inv_neg", 0),
            ("inv_neg", 181 * SECOND),
            ("inv_est", SECOND),
        ] {
            assert!(timeouts.set(name, nanos).is_err(), "{name} {nanos}");
        }
    }
}
