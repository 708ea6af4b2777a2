//! Kinds of things that outputs name.

/// Declares an enum whose members have a name for machines and one for people, so that neither can miss in `ALL`.
macro_rules! labelled {
    ($(#[$doc:meta])* $kind:ident { $($(#[$member_doc:meta])* $member:ident = $name:literal, $label:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum $kind {
            $($(#[$member_doc])* $member),*
        }

        impl $kind {
            /// Every one, in the order of output.
            pub const ALL: &'static [Self] = &[$(Self::$member),*];

            /// Returns the name in machine-readable outputs.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$member => $name),* }
            }

            /// Returns what a person reads.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$member => $label),* }
            }
        }
    };
}

pub(crate) use labelled;
