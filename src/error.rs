//! What can go wrong with files, and what was odd in them.

use std::{fmt, io, path::PathBuf};

/// The result of an operation of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A reason why an operation could not be carried out. Odd bytes in a capture are no error but an [`Anomaly`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be opened.
    #[error("cannot open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be read to its end.
    #[error("cannot read {} at byte {offset}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Where reading stopped, in octets of the (decompressed) file.
        offset: u64,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not a capture that can be read.
    #[error("{}: {what}", path.display())]
    NotACapture {
        /// The file.
        path: PathBuf,
        /// What it is instead, and the next step.
        what: String,
    },
    /// A directory has no capture in it.
    #[error("{}: no capture in this directory (looked for pcap and pcapng files, also compressed)", path.display())]
    NoCaptures {
        /// The directory.
        path: PathBuf,
    },
    /// More inputs were given than can be numbered.
    #[error("{count} inputs are more than the {limit} that can be read at once; merge some of them first", limit = u16::MAX)]
    TooManyInputs {
        /// How many there are.
        count: usize,
    },
    /// libpcap is not installed.
    #[error("libpcap 1.5 or newer is needed for this and cannot be loaded ({what}); {hint}")]
    NoLibpcap {
        /// What the system said.
        what: String,
        /// How to install it.
        hint: String,
    },
    /// A BPF expression is wrong.
    #[error("bad BPF expression \"{expression}\": {what}")]
    Bpf {
        /// The expression.
        expression: String,
        /// What libpcap said.
        what: String,
    },
    /// An interface cannot be captured on.
    #[error("cannot capture on {name}: {what}")]
    Interface {
        /// The interface.
        name: String,
        /// What libpcap said, and what to do about it.
        what: String,
    },
    /// An output could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The output.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A consumer of messages failed, for example on a closed pipe.
    #[error(transparent)]
    Sink(#[from] io::Error),
}

/// Something odd in an input: counted, located, reported, never fatal.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Anomaly {
    /// Which input it was found in, an index into the inputs.
    pub input: u16,
    /// The number of the last whole frame before it, 0 when there is none.
    pub frame: u64,
    /// Where it begins, in octets of the (decompressed) input.
    pub offset: u64,
    /// What was found and what was done about it.
    pub what: String,
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "byte {}, after frame {}: {}",
            self.offset, self.frame, self.what
        )
    }
}
