//! One way to write an enum that is a word in the database, on the wire and on the screen.

/// Defines a closed set of words: `as_str` is the stored word, `label` what people and the
/// sales API read, `parse` takes either in any case.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal / $label:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// All of them, in the order people read them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that is stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The word that people and the sales API read.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }

            /// Reads either word in any case; `None` for anything else.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| {
                    word.as_str().eq_ignore_ascii_case(text) || word.label().eq_ignore_ascii_case(text)
                })
            }
        }

        #[cfg(feature = "openapi")]
        $crate::openapi::text!($name: enum_values = Some(Self::ALL.iter().map(|word| word.as_str())));

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.label())
            }
        }
    };
}

pub(crate) use words;
