//! What requests do: the table of request transitions, row by row.

use crate::{
    sip::Method,
    track::{
        EventKind,
        calltr::state::{State, Timer, Transition},
    },
};

/// Returns what a request does that is not seen again; `is_creator` tells whether its method is that of the first message.
pub(super) const fn transition(
    state: State,
    method: Method,
    has_to_tag: bool,
    is_creator: bool,
) -> Transition {
    use Method::{Ack, Bye, Cancel, Invite, Notify, Register};
    use State::{
        Init, Inv1st, InvByeSeen, InvCanceled, InvEarlyDlg, InvEstablished, InvNeg, NonInv1st,
    };
    match (method, has_to_tag, state) {
        (Bye, _, Init | Inv1st | InvEarlyDlg | InvEstablished | InvNeg) => {
            Transition::tell(InvByeSeen, EventKind::CallEnd)
        }
        (Bye, _, _) => Transition::stay(state),

        (Cancel, _, Init | Inv1st | InvEarlyDlg) => Transition::to(InvCanceled),
        (Cancel, _, _) => Transition::stay(state),

        // The first INVITE was missed.
        (Invite, true, Init) => Transition::tell(InvEstablished, EventKind::CallStart),
        (Ack, true, Init) => Transition::to(Init),
        (_, true, Init) => Transition::to(NonInv1st),
        (Ack | Notify, true, Inv1st | InvEarlyDlg) => Transition::stay(state),
        // The 2xx was missed.
        (_, true, Inv1st | InvEarlyDlg) => Transition {
            to: InvEstablished,
            event: Some(EventKind::CallStart),
            timer: Timer::Extend,
        },
        (_, true, _) => Transition::stay(state),

        (Invite, false, Init | InvNeg) => Transition::to(Inv1st),
        (Invite, false, _) => Transition::stay(state),
        (Ack, false, _) => Transition::stay(state),
        (Register, false, Init) => Transition::to(NonInv1st),
        (Register, false, _) => Transition::stay(state),
        (_, false, Init) => Transition::to(NonInv1st),
        (_, false, _) if is_creator => Transition::to(NonInv1st),
        (_, false, _) => Transition::stay(state),
    }
}
