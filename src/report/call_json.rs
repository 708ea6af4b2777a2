//! The row of a call as JSON.
//!
//! Its times and durations stand among the other fields. Said by an attribute, every name would go through a map of any
//! keys, which takes half the time of all rows.

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::report::{
    CallRow,
    fields::{FlagNames, TimeText},
};

/// Adds fields under their own names.
macro_rules! add {
    ($row:ident, $from:ident: $($field:ident)*) => {
        $($row.serialize_field(stringify!($field), &$from.$field)?;)*
    };
}

/// How many fields there are, roughly: no more is asked for than a hint.
const FIELDS: usize = 64;

impl Serialize for CallRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_struct("CallRow", FIELDS)?;
        row.serialize_field("type", self.r#type)?;
        add!(row, self: input frame);
        row.serialize_field("ts", &TimeText(self.ts))?;
        add!(row, self: call_id episode from_tag to_tag caller callee ruri contact pai);
        row.serialize_field("transport", self.transport.name())?;
        add!(row, self: encapsulation state outcome failure_class status reason cause cause_text side);
        add!(row, self: attempts challenges redirects);
        self.times.serialize_into(&mut row)?;
        self.durations.serialize_into(&mut row)?;
        add!(row, self: messages retransmissions counters reinvites session_expires_s);
        add!(row, self: refer_to replaces branches);
        row.serialize_field("flags", &FlagNames(self.flags))?;
        self.serialize_leg(&mut row)?;
        row.end()
    }
}

impl CallRow<'_> {
    /// Adds of which call it is a leg, when that was asked for.
    fn serialize_leg<S: SerializeStruct>(&self, row: &mut S) -> Result<(), S::Error> {
        if let Some(call) = &self.call {
            row.serialize_field("call", call)?;
        }
        if let Some(leg) = &self.leg {
            row.serialize_field("leg", leg)?;
        }
        match &self.linked_by {
            Some(linked_by) => row.serialize_field("linked_by", linked_by),
            None => Ok(()),
        }
    }
}
