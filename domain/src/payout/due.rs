//! What is due to an affiliate, and what a run makes of it.

use crate::{
    id::{AffiliateId, CampaignId},
    lifecycle::Status,
    money::{Currency, Money},
};

use super::{CarriedOver, PayoutMethod};

/// What of an affiliate's conversions no payout has taken: those of one currency that stand alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// Whose.
    pub affiliate_id: AffiliateId,
    /// Of what the amount is.
    pub currency: Currency,
    /// In which campaign; `None`: corrections by members, which are in none.
    pub campaign_id: Option<CampaignId>,
    /// How the conversions stand; `None`: corrections.
    pub status: Option<Status>,
    /// Does anything keep them from payouts?
    pub is_held: bool,
    /// The sum, in minor units. All of them are above zero, or all below.
    pub minor: i64,
    /// How many there are.
    pub rows: i64,
}

/// What a run is limited to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// What was earned in this campaign. Debits of the others are taken with it: what is owed goes first.
    pub campaign_id: Option<CampaignId>,
    /// These affiliates; empty: all but those who are blocked or removed.
    pub affiliates: Vec<AffiliateId>,
    /// This currency.
    pub currency: Option<Currency>,
    /// How to pay; `None`: by Stripe who has an account there, by hand who has none.
    pub method: Option<PayoutMethod>,
}

/// Whom a run may pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payee {
    /// Who.
    pub affiliate_id: AffiliateId,
    /// His Stripe account.
    pub account: Option<String>,
    /// Is he neither blocked nor removed?
    pub is_active: bool,
}

/// What is due to an affiliate in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// To whom.
    pub affiliate_id: AffiliateId,
    /// Of what the amounts are.
    pub currency: Currency,
    /// The one campaign of all that is taken, or the one that was asked for.
    pub campaign_id: Option<CampaignId>,
    /// What was earned, in minor units.
    pub earned_minor: i64,
    /// What was paid out and then taken back, in minor units, not below zero.
    pub debt_minor: i64,
    /// The smallest payout, in minor units: the lowest of the campaigns in it.
    pub threshold_minor: i64,
    /// His Stripe account.
    pub account: Option<String>,
    /// May he be paid without being named?
    pub is_active: bool,
    /// What is taken, as it stands.
    pub parts: Vec<Unsettled>,
}

/// What a run makes of what is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A payout.
    Pays(PayoutMethod),
    /// Debits and earnings are equal: they settle each other, and no money moves.
    Settles,
    /// Nothing.
    Carries(CarriedOver),
}

impl Unsettled {
    /// May a payout take it? What is approved, unless money may go back of it; what went back of what was paid out, and
    /// what came again; never what can still be lost.
    pub fn is_payable(&self) -> bool {
        match self.status {
            _ if self.minor == 0 => false,
            Some(Status::Pending) => false,
            _ => !self.is_held || self.minor < 0,
        }
    }

    fn is_selected(&self, selection: &Selection) -> bool {
        let is_of_campaign =
            selection.campaign_id.is_none() || self.campaign_id == selection.campaign_id;
        let is_of_currency = selection.currency.is_none_or(|own| own == self.currency);
        is_of_currency && (is_of_campaign || self.minor < 0)
    }
}

impl Selection {
    /// Is he named?
    pub fn names(&self, affiliate_id: AffiliateId) -> bool {
        self.affiliates.contains(&affiliate_id)
    }

    /// What is due to him, by currency. `threshold`: the smallest payout of a campaign whose currency it is, in minor
    /// units.
    pub fn due(
        &self,
        payee: &Payee,
        unsettled: &[Unsettled],
        threshold: impl Fn(CampaignId, Currency) -> Option<i64>,
    ) -> Vec<Due> {
        let mut dues: Vec<Due> = Vec::new();
        let own = unsettled
            .iter()
            .filter(|part| part.affiliate_id == payee.affiliate_id);
        for part in own.filter(|part| part.is_payable() && part.is_selected(self)) {
            let known = dues.iter_mut().find(|due| due.currency == part.currency);
            match known {
                Some(due) => due.add(*part),
                None => dues.push(Due::of(payee, *part)),
            }
        }
        for due in &mut dues {
            due.campaign_id = self.campaign_id.or(due.campaign_id);
            let campaigns = due.parts.iter().filter_map(|part| part.campaign_id);
            let wanted = campaigns.filter(|id| self.campaign_id.is_none_or(|own| own == *id));
            let thresholds = wanted.filter_map(|id| threshold(id, due.currency));
            due.threshold_minor = thresholds.min().unwrap_or(0);
            due.is_active = payee.is_active || self.names(payee.affiliate_id);
        }
        dues.sort_by_key(|due| due.currency.code());
        dues
    }
}

impl Due {
    fn of(payee: &Payee, part: Unsettled) -> Self {
        let mut due = Self {
            affiliate_id: payee.affiliate_id,
            currency: part.currency,
            campaign_id: part.campaign_id,
            earned_minor: 0,
            debt_minor: 0,
            threshold_minor: 0,
            account: payee.account.clone(),
            is_active: payee.is_active,
            parts: Vec::new(),
        };
        due.add(part);
        due
    }

    fn add(&mut self, part: Unsettled) {
        let sum = if part.minor > 0 {
            &mut self.earned_minor
        } else {
            &mut self.debt_minor
        };
        *sum = sum.saturating_add(part.minor.saturating_abs());
        self.campaign_id = self
            .campaign_id
            .filter(|own| part.campaign_id == Some(*own));
        self.parts.push(part);
    }

    /// What is left after debts; below zero, what is owed.
    pub fn amount(&self) -> Money {
        let minor = self.earned_minor.saturating_sub(self.debt_minor);
        Money::new(minor, self.currency)
    }

    /// How many conversions and corrections there are in it.
    pub fn rows(&self) -> i64 {
        self.parts.iter().map(|part| part.rows).sum()
    }

    /// What a run makes of it that pays so.
    pub fn outcome(&self, method: Option<PayoutMethod>) -> Outcome {
        let left = self.amount().minor;
        let own = match self.account {
            Some(_) => PayoutMethod::Stripe,
            None => PayoutMethod::Manual,
        };
        match method.unwrap_or(own) {
            _ if self.parts.is_empty() => Outcome::Carries(CarriedOver::NothingDue),
            _ if left < 0 => Outcome::Carries(CarriedOver::InDebt),
            _ if !self.is_active => Outcome::Carries(CarriedOver::NotActive),
            _ if left == 0 => Outcome::Settles,
            _ if left < self.threshold_minor => Outcome::Carries(CarriedOver::BelowThreshold),
            PayoutMethod::Stripe if self.account.is_none() => {
                Outcome::Carries(CarriedOver::NoAccount)
            }
            method => Outcome::Pays(method),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::select};
    use uuid::Uuid;

    use super::*;

    fn campaign(number: u128) -> CampaignId {
        CampaignId(Uuid::from_u128(number))
    }

    fn payee() -> Payee {
        Payee {
            affiliate_id: AffiliateId(Uuid::from_u128(9)),
            account: None,
            is_active: true,
        }
    }

    fn part(status: Status, minor: i64, is_held: bool) -> Unsettled {
        Unsettled {
            affiliate_id: payee().affiliate_id,
            currency: Currency::USD,
            campaign_id: Some(campaign(1)),
            status: Some(status),
            is_held,
            minor,
            rows: 1,
        }
    }

    fn outcome(parts: &[Unsettled]) -> Option<(i64, Outcome)> {
        let dues = Selection::default().due(&payee(), parts, |_, _| Some(5000));
        let due = dues.first()?;
        Some((due.amount().minor, due.outcome(None)))
    }

    #[test]
    fn a_run_takes_what_is_approved_and_what_is_owed() {
        use Outcome::{Carries, Pays, Settles};
        let approved = part(Status::Approved, 6000, false);
        for (parts, expected) in [
            (vec![approved], Some((6000, Pays(PayoutMethod::Manual)))),
            (vec![part(Status::Approved, 6000, true)], None),
            (vec![part(Status::Pending, 6000, false)], None),
            (
                vec![approved, part(Status::Refunded, -1000, false)],
                Some((5000, Pays(PayoutMethod::Manual))),
            ),
            (
                vec![approved, part(Status::Paid, -1001, true)],
                Some((4999, Carries(CarriedOver::BelowThreshold))),
            ),
            (
                vec![approved, part(Status::Denied, -6000, false)],
                Some((0, Settles)),
            ),
            (
                vec![part(Status::Paid, -1, false)],
                Some((-1, Carries(CarriedOver::InDebt))),
            ),
        ] {
            assert_eq!(outcome(&parts), expected, "{parts:?}");
        }
    }

    #[test]
    fn who_is_blocked_is_paid_when_he_is_named() {
        let blocked = Payee {
            is_active: false,
            ..payee()
        };
        let parts = [part(Status::Approved, 6000, false)];
        let made = |selection: &Selection| {
            let dues = selection.due(&blocked, &parts, |_, _| None);
            dues.first().map(|due| due.outcome(None))
        };
        let all = Selection::default();
        let carried = Outcome::Carries(CarriedOver::NotActive);
        assert_eq!(made(&all), Some(carried));
        let named = Selection {
            affiliates: vec![blocked.affiliate_id],
            ..all
        };
        assert_eq!(made(&named), Some(Outcome::Pays(PayoutMethod::Manual)));
    }

    #[test]
    fn stripe_pays_nobody_without_an_account() {
        let with = Payee {
            account: Some("acct_1".to_owned()),
            ..payee()
        };
        let parts = [part(Status::Approved, 1, false)];
        let made = |payee: &Payee, method| {
            let dues = Selection::default().due(payee, &parts, |_, _| None);
            dues[0].outcome(method)
        };
        let (stripe, manual) = (PayoutMethod::Stripe, PayoutMethod::Manual);
        assert_eq!(made(&with, None), Outcome::Pays(stripe));
        assert_eq!(made(&with, Some(manual)), Outcome::Pays(manual));
        assert_eq!(made(&payee(), None), Outcome::Pays(manual));
        let none = Outcome::Carries(CarriedOver::NoAccount);
        assert_eq!(made(&payee(), Some(stripe)), none);
    }

    fn any_part() -> impl Strategy<Value = Unsettled> {
        let currency = select(vec!["USD", "EUR"]).prop_map(|code| Currency::parse(code).ok());
        (
            currency,
            option::of(1..4_u128),
            select(Status::ALL),
            any::<bool>(),
            -10_000..10_000_i64,
        )
            .prop_map(|(currency, of, status, is_held, minor)| Unsettled {
                currency: currency.unwrap_or(Currency::USD),
                campaign_id: of.map(campaign),
                status: of.map(|_| status),
                ..part(status, minor, is_held)
            })
    }

    proptest! {
        #[test]
        fn nothing_is_paid_that_is_not_earned(
            parts in vec(any_part(), 0..12), of in option::of(1..4_u128), smallest in 0..10_000_i64,
        ) {
            let selection = Selection { campaign_id: of.map(campaign), ..Selection::default() };
            let dues = selection.due(&payee(), &parts, |_, _| Some(smallest));
            for due in &dues {
                let own: Vec<_> = parts.iter().filter(|part| part.currency == due.currency).collect();
                // A second way to say it: take everything, then take out what must not be in it.
                let taken: i64 = own.iter().map(|part| part.minor).sum();
                let left_out = own.iter().filter(|part| {
                    let lost = part.status == Some(Status::Pending);
                    let elsewhere = selection.campaign_id.is_some() && part.campaign_id != selection.campaign_id;
                    lost || part.minor > 0 && (part.is_held || elsewhere)
                });
                let minor = taken - left_out.map(|part| part.minor).sum::<i64>();
                prop_assert_eq!(due.amount().minor, minor);
                match due.outcome(None) {
                    Outcome::Pays(_) => prop_assert!(minor > 0),
                    Outcome::Settles => prop_assert_eq!(minor, 0),
                    Outcome::Carries(CarriedOver::InDebt) => prop_assert!(minor < 0),
                    Outcome::Carries(why) => {
                        prop_assert_eq!(why, CarriedOver::BelowThreshold);
                        prop_assert!(minor < smallest);
                    }
                }
            }
            let all_of_one = dues.windows(2).all(|two| two[0].currency != two[1].currency);
            prop_assert!(all_of_one, "one sum per currency");
        }
    }
}
