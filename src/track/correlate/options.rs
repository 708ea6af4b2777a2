//! How legs are correlated.

/// Which evidence joins legs to calls.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum CorrelationLevel {
    /// None: each leg is a call.
    #[default]
    None,
    /// Only such that needs no other, as a header that names the other Call-ID.
    Explicit,
    /// All of it.
    Heuristic,
}

/// How legs are correlated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Correlation {
    /// Which evidence counts.
    pub level: CorrelationLevel,
    /// Headers that name the Call-ID of the other leg, in any case.
    pub headers: Vec<String>,
}

impl Correlation {
    /// The headers that are looked for unless others are asked for.
    pub const HEADERS: [&'static str; 4] =
        ["X-Call-ID", "X-CID", "X-Leg-Call-ID", "Call-ID-Original"];

    /// Returns whether a header names the Call-ID of the other leg.
    pub(crate) fn is_header(&self, name: &[u8]) -> bool {
        self.headers
            .iter()
            .any(|header| name.eq_ignore_ascii_case(header.as_bytes()))
    }
}

impl Default for Correlation {
    fn default() -> Self {
        Self {
            level: CorrelationLevel::None,
            headers: Self::HEADERS.map(str::to_owned).into(),
        }
    }
}
