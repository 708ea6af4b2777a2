//! MPLS label stacks (RFC 3032) and what they may carry, which no field tells.

use super::{
    Reason, fits,
    walk::{Layer, Step, Walk},
};
use crate::net::Encapsulation;

/// How many labels one stack may have.
const MAX_LABELS: usize = 16;

/// The octets of a pseudowire's control word (RFC 4385).
const CONTROL_WORD: usize = 4;

impl Walk<'_> {
    pub(super) fn mpls(&mut self) -> Step {
        self.packet.encapsulation.insert(Encapsulation::MPLS);
        for _ in 0..MAX_LABELS {
            let [_, _, label_end, _ttl] = *self.take()?;
            if label_end & 1 == 1 {
                return self.after_labels();
            }
        }
        Err(Reason::TooDeep)
    }

    /// An IP packet, or Ethernet with or without a control word: whichever reading fits. Ethernet addresses may begin
    /// with any nibble, so a first nibble alone proves nothing.
    fn after_labels(&mut self) -> Step {
        let nibble = self.peek::<1>()?[0] >> 4;
        if fits::whole_ip(self.rest, self.wire) {
            return Ok(Layer::Ip);
        }
        let behind_control_word = self.rest.get(CONTROL_WORD..).unwrap_or_default();
        match nibble {
            0 if fits::ethernet(behind_control_word) => {
                self.skip(CONTROL_WORD)?;
                Ok(Layer::Ethernet)
            }
            _ if fits::ethernet(self.rest) => Ok(Layer::Ethernet),
            // A cut or a longer packet is one still.
            4 | 6 if fits::ip(self.rest) => Ok(Layer::Ip),
            1 => Err(Reason::TunnelControl),
            _ => Err(Reason::NotIp),
        }
    }
}
