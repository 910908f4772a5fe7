//! What became of a message from a processor.

use crate::words::words;

words! {
    /// The outcome of one event, as answered to the processor and shown in the inbox.
    Outcome {
        /// A conversion was recorded, or the event taught us something that we keep.
        Recorded = "recorded" / "Recorded",
        /// The payment it names was credited before; nothing new.
        Deduped = "deduped" / "Deduped",
        /// A payment that nobody is credited for, yet.
        Unattributed = "unattributed" / "Unattributed",
        /// Waits for the fact that it belongs to.
        Parked = "parked" / "Parked",
        /// Of no concern: another type, version or mode.
        Ignored = "ignored" / "Ignored",
        /// Known, but could not be processed; kept and tried again.
        Failed = "failed" / "Failed",
        /// Kept as received; nothing to credit in it.
        Stored = "stored" / "Stored",
    }
}
