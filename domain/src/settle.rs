//! What a conversion is worth and where it stands, computed anew from its facts (domain rules, sections
//! 2, 6 and 7). Every change goes through here, so the order in which facts arrive can't matter.

use chrono::{DateTime, Utc};

use crate::{
    commission::{Rate, Remaining},
    conversion::{CommissionState, Conversion},
    id::PayoutId,
    lifecycle::Status,
    money::{Money, MoneyError},
    refund::{Back, HeldBy},
};

impl Conversion {
    /// The conversion as it is at `now`, after this much of its payment went back. The ledger is owed the
    /// difference between the two commissions.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the commission does not fit.
    pub fn settled(&self, back: Back, now: DateTime<Utc>) -> Result<Self, MoneyError> {
        let undecided = back.held_by.filter(|why| self.is_held_by(*why));
        let flagged = self.is_flagged.then_some(HeldBy::Flag);
        let with_back = Self {
            refunded_minor: back.minor,
            held_by: undecided.into_iter().chain(flagged).min(),
            ..self.clone()
        };
        with_back.restated(now)
    }

    /// The same without news of refunds: after a decision, a rate, or an earlier payment.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the commission does not fit.
    pub fn restated(&self, now: DateTime<Utc>) -> Result<Self, MoneyError> {
        let mut settled = self.clone().at(self.standing(), now);
        (settled.commission, settled.commission_state) = match settled.due()? {
            Some(due) => (due, CommissionState::Ready),
            None => (
                Money::zero(self.commission.currency),
                CommissionState::AwaitingRate,
            ),
        };
        Ok(settled)
    }

    /// A recruiter's share, following what it is a share of: its commission, and whether it was turned
    /// down or taken back.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the commission does not fit.
    pub fn following(&self, parent: &Self, now: DateTime<Utc>) -> Result<Self, MoneyError> {
        let share = Self {
            is_flagged: false,
            denied_at: parent.denied_at,
            cancelled_at: parent.cancelled_at,
            held_by: parent.held_by,
            released_at: parent.released_at,
            approved_at: self.approved_at.or(parent.approved_at),
            kind: parent.kind,
            ..self.clone()
        };
        let status = match parent.status {
            Status::Refunded => Status::Refunded,
            _ => share.standing(),
        };
        let mut share = share.at(status, now);
        share.commission = match (share.status, self.plan.rate) {
            (Status::Refunded | Status::Denied, _) => Money::zero(parent.commission.currency),
            (_, Rate::Percent(points)) => points.of(parent.commission)?,
            (_, Rate::Fixed(minor)) => Money::new(minor, parent.commission.currency),
        };
        share.commission_state = parent.commission_state;
        Ok(share)
    }

    /// The conversion after a payout paid it. What went back or was turned down meanwhile stays so: the next payout
    /// debits it. What was paid before stays what it was.
    #[must_use]
    pub fn paid_out(&self, payout_id: PayoutId, now: DateTime<Utc>) -> Self {
        if self.paid_at.is_some() {
            return self.clone();
        }
        let mut paid = Self {
            paid_at: Some(now),
            payout_id: Some(payout_id),
            ..self.clone()
        };
        // A share's money went back with its sale's, which it does not know of itself.
        if paid.status != Status::Refunded {
            paid.status = paid.standing();
        }
        paid
    }

    /// Does this hold it, or was it approved in spite of it?
    fn is_held_by(&self, why: HeldBy) -> bool {
        self.released_at.is_none() || !why.is_released_by_approval()
    }

    /// With this status; Refunded since `now`, unless it was before.
    fn at(self, status: Status, now: DateTime<Utc>) -> Self {
        let is_refunded = status == Status::Refunded;
        Self {
            refunded_at: is_refunded.then_some(self.refunded_at.unwrap_or(now)),
            status,
            ..self
        }
    }

    /// The status that the conversion's dates and refunds give.
    fn standing(&self) -> Status {
        let is_back = self.amount.minor > 0 && self.refunded_minor >= self.amount.minor;
        if is_back || self.cancelled_at.is_some() {
            Status::Refunded
        } else if self.denied_at.is_some() {
            Status::Denied
        } else if self.paid_at.is_some() {
            Status::Paid
        } else if self.approved_at.is_some() {
            Status::Approved
        } else {
            Status::Pending
        }
    }

    /// The commission that is due; `None` while the rate is awaited.
    fn due(&self) -> Result<Option<Money>, MoneyError> {
        let currency = self.commission.currency;
        if !self.is_covered || matches!(self.standing(), Status::Refunded | Status::Denied) {
            return Ok(Some(Money::zero(currency)));
        }
        let remaining = if self.amount.minor > 0 {
            Remaining {
                left: self.amount.minor - self.refunded_minor,
                of: self.amount.minor,
            }
        } else {
            // A lead has no payment that could go back.
            Remaining::ALL
        };
        let base = Money::new(self.base_minor, self.currency());
        self.plan.rate.due(base, remaining, currency, self.exchange)
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;
    use proptest::{collection::vec, option, prelude::*};

    use super::*;
    use crate::{
        conversion::example::sale, exchange::ExchangeRate, money::Currency, rate::BasisPoints,
    };

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    /// Half up, the second time: by counting how often two wholes fit into twice the number and one more.
    fn half_up(numerator: i128, denominator: i128) -> i128 {
        (2 * numerator + denominator).div_euclid(2 * denominator)
    }

    /// What a share of the base is worth after so much of the amount went back.
    fn share_of(sale: &Conversion, points: u16, back: i64) -> i128 {
        let left = i128::from(sale.amount.minor - back);
        let (rate, per) = sale
            .exchange
            .map_or((1, 1), |rate| (rate.numerator, rate.denominator));
        let minor = 10_i128.pow(sale.commission.currency.exponent());
        let of = i128::from(sale.amount.minor)
            * 10_000
            * i128::from(per)
            * 10_i128.pow(sale.currency().exponent());
        let share = i128::from(sale.base_minor) * left * i128::from(points) * i128::from(rate);
        half_up(share * minor, of)
    }

    prop_compose! {
        fn any_sale()(
            amount in 1..10_000_000_i64, permille in 1..=1000_i64, points in 0..=10_000_u16,
            currency in proptest::sample::select(vec!["USD", "EUR", "JPY", "KWD"]),
            rate in (1..10_000_i64, 1..10_000_i64),
        ) -> (Conversion, u16) {
            let currency = Currency::parse(currency).expect("a currency");
            let exchange = ExchangeRate { numerator: rate.0, denominator: rate.1, day: NOW.date_naive() };
            let mut sale = Conversion {
                amount: Money::new(amount, currency),
                base_minor: (amount * permille / 1000).max(1),
                exchange: (currency != Currency::USD).then_some(exchange),
                ..sale()
            };
            sale.plan.rate = Rate::Percent(BasisPoints::new(points).expect("a share"));
            (sale.restated(NOW).expect("fits"), points)
        }
    }

    fn gone(minor: i64) -> Back {
        Back {
            minor,
            held_by: None,
        }
    }

    proptest! {
        #[test]
        fn what_is_due_is_the_rule_on_what_is_left_however_it_got_there(
            (sale, points) in any_sale(), ways in vec(0..=1000_i64, 0..6), last in 0..=1000_i64,
        ) {
            let part = |permille: i64| sale.amount.minor * permille / 1000;
            let mut ledger = sale.commission.minor;
            let mut now = sale.clone();
            for back in ways.into_iter().chain([last]).map(part) {
                let next = now.settled(gone(back), NOW).expect("fits");
                ledger += next.commission.minor - now.commission.minor;
                now = next;
            }
            let directly = sale.settled(gone(part(last)), NOW).expect("fits");
            prop_assert_eq!(&now, &directly);
            prop_assert_eq!(i128::from(ledger), share_of(&sale, points, part(last)));
            let whole = now.settled(gone(sale.amount.minor), NOW).expect("fits");
            prop_assert_eq!((whole.status, whole.commission.minor), (Status::Refunded, 0));
            let again = whole.settled(Back::default(), NOW).expect("fits");
            prop_assert_eq!(again, sale);
        }

        #[test]
        fn splitting_a_refund_never_costs_or_earns_a_cent(
            (sale, points) in any_sale(), cuts in vec(0..=1000_i64, 1..8),
        ) {
            // Refund by refund, each the next part of the amount.
            let mut cuts: Vec<i64> = cuts.into_iter().map(|cut| sale.amount.minor * cut / 1000).collect();
            cuts.sort_unstable();
            let mut clawed = 0;
            let mut now = sale.clone();
            for back in &cuts {
                let next = now.settled(gone(*back), NOW).expect("fits");
                clawed += now.commission.minor - next.commission.minor;
                prop_assert!(next.commission.minor <= now.commission.minor);
                now = next;
            }
            let back = cuts.last().copied().unwrap_or_default();
            prop_assert_eq!(i128::from(sale.commission.minor - clawed), share_of(&sale, points, back));
        }

        #[test]
        fn a_fixed_amount_is_due_until_all_has_gone_back((sale, _) in any_sale(), fixed in 0..10_000_i64, back in 0..=1000_i64) {
            let back = sale.amount.minor * back / 1000;
            let mut sale = Conversion { exchange: None, ..sale };
            sale.plan.rate = Rate::Fixed(fixed);
            let settled = sale.settled(gone(back), NOW).expect("fits");
            let due = if back == sale.amount.minor { 0 } else { fixed };
            prop_assert_eq!(settled.commission, Money::new(due, Currency::USD));
            prop_assert_eq!(settled.commission_state, CommissionState::Ready);
        }

        #[test]
        fn a_share_follows_its_sale_through_everything(
            (parent, _) in any_sale(), points in 0..=10_000_u16, back in option::of(0..=1000_i64),
            dates in any::<[bool; 3]>(),
        ) {
            let [denied, cancelled, approved] = dates.map(|is| is.then_some(NOW));
            let parent = Conversion { denied_at: denied, cancelled_at: cancelled, approved_at: approved, ..parent };
            let minor = parent.amount.minor * back.unwrap_or(0) / 1000;
            let parent = parent.settled(gone(minor), NOW).expect("fits");
            let mut share = Conversion {
                parent_conversion_id: Some(parent.id),
                amount: Money::zero(Currency::USD),
                base_minor: 0,
                exchange: None,
                ..sale()
            };
            share.plan.rate = Rate::Percent(BasisPoints::new(points).expect("a share"));
            let share = share.following(&parent, NOW).expect("fits");
            prop_assert_eq!(share.status, parent.status);
            let due = half_up(i128::from(parent.commission.minor) * i128::from(points), 10_000);
            prop_assert_eq!(i128::from(share.commission.minor), due);
            let again = share.following(&parent, NOW + Duration::days(1)).expect("fits");
            prop_assert_eq!(again, share, "again changes nothing");
        }
    }

    #[test]
    fn a_commission_without_a_rate_waits_unless_nothing_can_be_due() {
        let waiting = Conversion {
            amount: Money::new(4900, Currency::parse("EUR").expect("EUR")),
            ..sale()
        };
        let waits = |sale: Conversion| sale.restated(NOW).expect("fits").commission_state;
        assert_eq!(waits(waiting.clone()), CommissionState::AwaitingRate);
        let denied = Conversion {
            denied_at: Some(NOW),
            ..waiting.clone()
        };
        assert_eq!(waits(denied), CommissionState::Ready);
        let all = waiting.settled(gone(4900), NOW).expect("fits");
        assert_eq!(all.commission_state, CommissionState::Ready);
        assert_eq!(
            waits(Conversion {
                refunded_minor: 0,
                ..all
            }),
            CommissionState::AwaitingRate
        );
    }
}
