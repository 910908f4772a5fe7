//! Entries on an affiliate's account. A balance is a sum of entries and is never stored.

use crate::words::words;

words! {
    /// Why an entry was written.
    EntryKind {
        /// Commission earned by a new conversion.
        Accrual = "accrual" / "Accrual",
        /// Commission taken back.
        Clawback = "clawback" / "Clawback",
        /// Commission given back after a clawback.
        Reinstatement = "reinstatement" / "Reinstatement",
        /// Commission turned down.
        Denial = "denial" / "Denial",
        /// Money paid to the affiliate.
        Payout = "payout" / "Payout",
        /// A correction by a member.
        Adjustment = "adjustment" / "Adjustment",
    }
}
