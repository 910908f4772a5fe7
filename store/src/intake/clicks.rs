//! What a campaign pays for: the clicks of an hour as one conversion, and leads as far as its caps allow.

use chrono::NaiveDate;
use domain::{
    affiliate::AffiliateStatus,
    attribution::{Credit, TrailStep, Verdict},
    campaign::{CampaignStatus, Terms},
    cap::Capped,
    commission::{Duration, Earned, Plan, Rate},
    conversion::{ConversionType, ProcessorIds, Source},
    fact::{Payment, Signup},
    id::{AffiliateId, CampaignId},
    money::{MAX_MINOR, Money, MoneyError},
    pay_per_click::{Counted, Hour},
};

use super::{
    IntakeError,
    credit::Draft,
    decide::{Clerk, Origin},
    paid::{PaidKey, Unit},
};

/// The clicks of an affiliate in a campaign, as they stand at the end of an hour.
#[derive(Clone, Debug)]
pub(crate) struct HoursClicks {
    pub(crate) affiliate_id: AffiliateId,
    pub(crate) campaign_id: CampaignId,
    pub(crate) hour: Hour,
    /// How many qualify of each day that was looked at, from its beginning.
    pub(crate) days: Vec<(NaiveDate, u32)>,
}

impl HoursClicks {
    pub(super) fn external_id(&self) -> String {
        self.hour.external_id(self.affiliate_id, self.campaign_id)
    }

    fn of_day(&self, day: NaiveDate) -> PaidKey {
        PaidKey {
            affiliate_id: self.affiliate_id,
            campaign_id: self.campaign_id,
            unit: Unit::Click,
            day,
        }
    }
}

impl Clerk<'_> {
    /// Pays the clicks that are not rolled up yet. They are rolled up also where they earn nothing.
    pub(super) fn clicks(&mut self, clicks: &HoursClicks) -> Result<(), IntakeError> {
        let external_id = clicks.external_id();
        if self.known.rows.of_external_id(&external_id).is_some() {
            // Rolled up before. What was written down since is in the next hour's.
            return Ok(());
        }
        let new = |(day, qualifying): &(NaiveDate, u32)| {
            let key = clicks.of_day(*day);
            (key, qualifying.saturating_sub(self.known.paid.came(key)))
        };
        let new: Vec<(PaidKey, u32)> = clicks.days.iter().map(new).collect();
        let came = new
            .iter()
            .fold(0_u32, |sum, (_, one)| sum.saturating_add(*one));
        let day = clicks.of_day(clicks.hour.day());
        let (mut paid, mut earned) = (0, None);
        if let Some(terms) = self.earning(clicks) {
            let capped = terms.click_caps.allow(came, self.known.paid.used(day));
            let minor = terms
                .click_commission_minor
                .checked_mul(i64::from(capped.paid));
            let minor = minor.filter(|minor| *minor <= MAX_MINOR);
            let all = Money::new(minor.ok_or(MoneyError::Overflow)?, terms.currency);
            paid = capped.paid;
            earned = Some((terms, capped, all));
        }
        for (key, one) in new {
            self.known.paid.add(key, one, 0);
        }
        self.known.paid.add(day, 0, paid);
        if let Some((terms, capped, all)) = earned.filter(|_| paid > 0) {
            self.pay_clicks(clicks, &terms, (came, capped), all, external_id);
        }
        Ok(())
    }

    /// The terms under which these clicks earn something now.
    fn earning(&self, clicks: &HoursClicks) -> Option<Terms> {
        let campaign = self.known.book.campaigns.get(&clicks.campaign_id)?;
        let affiliate = self.known.book.affiliates.get(&clicks.affiliate_id)?;
        let earns = affiliate.status == AffiliateStatus::Active
            && affiliate.enrollment(clicks.campaign_id).is_some()
            && campaign.status == CampaignStatus::Active
            && campaign.terms.click_commission_minor > 0;
        earns.then(|| campaign.terms.clone())
    }

    fn pay_clicks(
        &mut self,
        clicks: &HoursClicks,
        terms: &Terms,
        (came, capped): (u32, Capped),
        all: Money,
        external_id: String,
    ) {
        let counted = Counted {
            clicks: came,
            paid: capped.paid,
        };
        let payment = Payment {
            external_event_id: external_id,
            amount: Money::zero(terms.currency),
            base_minor: 0,
            paid_at: clicks.hour.until(),
            ids: ProcessorIds::default(),
            email: None,
            name: None,
            clues: Vec::new(),
            metadata: counted.metadata(),
        };
        let draft = Draft {
            kind: ConversionType::Lead,
            credit: Credit {
                affiliate_id: clicks.affiliate_id,
                campaign_id: clicks.campaign_id,
                source: Source::Click,
                coupon_code: None,
                click_id: None,
            },
            plan: Plan {
                rate: Rate::Fixed(all.minor),
                duration: Duration::OneTime,
            },
            exchange: None,
            earned: Earned::Ready(all),
            trail: clicks.hour.trail(came, capped),
            email: None,
        };
        self.record(
            &payment,
            Origin::default(),
            draft,
            terms.hold_days,
            terms.currency,
        );
    }

    /// What a lead earns, in minor units of the campaign's currency, and what the trail says of it when the
    /// campaign's cap leaves it out.
    pub(super) fn lead_pay(
        &mut self,
        signup: &Signup,
        credit: &Credit,
        terms: &Terms,
    ) -> (i64, Option<TrailStep>) {
        if terms.lead_commission_minor == 0 {
            return (0, None);
        }
        let key = PaidKey {
            affiliate_id: credit.affiliate_id,
            campaign_id: credit.campaign_id,
            unit: Unit::Lead,
            day: signup.occurred_at.date_naive(),
        };
        let capped = terms.lead_caps.allow(1, self.known.paid.used(key));
        self.known.paid.add(key, 1, capped.paid);
        match capped.by {
            None => (terms.lead_commission_minor, None),
            Some(cap) => {
                let text = format!(
                    "This lead earns nothing: the campaign pays for {cap}, and they are used up"
                );
                let verdict = Verdict::Capped;
                (0, Some(TrailStep { verdict, text }))
            }
        }
    }
}
