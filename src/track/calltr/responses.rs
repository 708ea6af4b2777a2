//! What responses do: the table of response transitions, row by row.

use crate::{
    sip::Method,
    track::{
        EventKind,
        calltr::state::{State, Transition},
    },
};

/// Returns what a response does that is not seen again; `method` is that in CSeq, `is_creator` tells whether it is that of
/// the first message.
pub(super) const fn transition(
    state: State,
    method: Method,
    status: u16,
    has_to_tag: bool,
    is_creator: bool,
) -> Transition {
    use Method::{Bye, Cancel, Invite, Register};
    use State::{
        Init, Inv1st, InvByeRepl, InvByeSeen, InvCanceled, InvEarlyDlg, InvEstablished, InvNeg,
        NonInv1st, NonInvFin, NonInvNeg,
    };
    match (method, status, state) {
        // The CANCEL itself was missed.
        (Cancel, _, Init | Inv1st | InvEarlyDlg) => {
            Transition::tell(InvCanceled, EventKind::CallAttempt)
        }
        (Cancel, _, _) => Transition::stay(state),

        // Whatever the answer is.
        (Bye, _, Init | Inv1st | InvEarlyDlg | InvEstablished | InvByeSeen | InvNeg) => {
            Transition::tell(InvByeRepl, EventKind::CallEnd)
        }
        (Bye, _, _) => Transition::stay(state),

        (_, 101..=199, Init | Inv1st) if has_to_tag => Transition::to(InvEarlyDlg),
        (_, ..=199, _) => Transition::stay(state),

        (Invite, 200..=299, Init | Inv1st | InvEarlyDlg | InvNeg) => {
            Transition::tell(InvEstablished, EventKind::CallStart)
        }
        (Invite, 200..=299, InvEstablished) => Transition::stay(state),
        // What a 2xx to REGISTER tells, and how long the state lasts then, is in `registrations`.
        (_, 200..=299, Init) => Transition::to(NonInvFin),
        (_, 200..=299, Inv1st | InvEarlyDlg | InvNeg) => Transition::stay(state),
        (_, 200..=299, NonInv1st | NonInvNeg) if is_creator => Transition::to(NonInvFin),
        (Register, 200..=299, NonInvFin) => Transition::stay(state),
        (_, 200..=299, _) => Transition::stay(state),

        // 401 and 407 are looked at before, see `is_refused`.
        (Invite, _, Init | Inv1st | InvEarlyDlg) => Transition::to(InvNeg),
        (_, _, NonInv1st) => Transition::to(NonInvNeg),
        (_, _, Init) => Transition::to(NonInvNeg),
        (_, _, _) => Transition::stay(state),
    }
}

/// Returns whether a response refuses credentials: the challenge that came before is made again.
///
/// `last_status` is that of the transactions that the same side began with the method of the first message.
pub(super) const fn is_refused(method: Method, status: u16, last_status: u16) -> bool {
    is_challenge(status) && status == last_status && !matches!(method, Method::Bye | Method::Cancel)
}

/// Returns whether a status asks for credentials.
pub(super) const fn is_challenge(status: u16) -> bool {
    matches!(status, 401 | 407)
}
