//! Entries on an affiliate's account. A balance is a sum of entries and is never stored.

use crate::{
    money::{Currency, Money},
    words::words,
};

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

/// What an affiliate has in one currency, in its minor units (domain rules, section 8). Never both
/// payable and in debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Of what the amounts are.
    pub currency: Currency,
    /// What can still be lost: earned by conversions in their hold, or of which money may go back.
    pub pending_minor: i64,
    /// What the next payout may take.
    pub approved_minor: i64,
    /// What was paid out.
    pub paid_minor: i64,
    /// What was paid out and then taken back: the next payouts settle it first.
    pub debt_minor: i64,
}

impl Balance {
    /// From sums of entries: all of them, those that are held, and payouts, which are negative. What
    /// is neither held nor paid out is payable, whatever it came from.
    pub const fn of(currency: Currency, all: i64, held: i64, payouts: i64) -> Self {
        let payable = all.saturating_sub(held);
        Self {
            currency,
            pending_minor: held,
            approved_minor: if payable > 0 { payable } else { 0 },
            paid_minor: payouts.saturating_neg(),
            debt_minor: if payable < 0 {
                payable.saturating_neg()
            } else {
                0
            },
        }
    }

    /// What all entries of the account add up to.
    pub const fn sum(self) -> i64 {
        self.pending_minor
            .saturating_add(self.approved_minor)
            .saturating_sub(self.debt_minor)
    }

    /// Pending, approved, paid and debt as money, in this order.
    pub fn parts(self) -> [Money; 4] {
        let parts = [
            self.pending_minor,
            self.approved_minor,
            self.paid_minor,
            self.debt_minor,
        ];
        parts.map(|minor| Money::new(minor, self.currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_neither_held_nor_paid_out_is_payable_or_a_debt() {
        let parts = |all, held, payouts| {
            let balance = Balance::of(Currency::USD, all, held, payouts);
            assert_eq!(balance.sum(), all);
            balance.parts().map(|money| money.minor)
        };
        assert_eq!(parts(0, 0, 0), [0, 0, 0, 0]);
        assert_eq!(parts(1470, 980, 0), [980, 490, 0, 0]);
        // Three sales earned 980 each: one is held, one was paid out, one is payable.
        assert_eq!(parts(1960, 980, -980), [980, 980, 980, 0]);
        // The one that was paid out is refunded, and nothing else is payable.
        assert_eq!(parts(0, 980, -980), [980, 0, 980, 980]);
    }
}
