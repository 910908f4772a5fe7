//! Recruiters' shares (domain rules, section 5): one tier, one share per sale, never to oneself.

use domain::{
    affiliate::AffiliateStatus,
    attribution::{TrailStep, Verdict},
    commission::{Duration, Plan, Rate},
    conversion::{CommissionState, Conversion, Source},
    id::ConversionId,
    lifecycle::Status,
    money::Money,
};

use super::decide::Clerk;

impl Clerk<'_> {
    /// The share of the recruiter of who earned this, if the campaign pays one.
    pub(super) fn share(&self, parent: &Conversion) -> Option<Conversion> {
        let campaign = self.known.book.campaigns.get(&parent.campaign_id)?;
        let points = campaign.terms.override_share;
        // What was earned elsewhere was settled there, with recruiters too.
        if parent.source == Source::Imported {
            return None;
        }
        let earns =
            parent.commission.minor > 0 || parent.commission_state == CommissionState::AwaitingRate;
        if points.get() == 0 || !earns || parent.parent_conversion_id.is_some() {
            return None;
        }
        let recruited = self.known.book.affiliates.get(&parent.affiliate_id)?;
        let recruiter_id = recruited.recruiter_id.filter(|id| *id != recruited.id)?;
        let recruiter = self.known.book.affiliates.get(&recruiter_id)?;
        if recruiter.status != AffiliateStatus::Active {
            return None;
        }
        let percent = points.to_percent();
        let trail = vec![TrailStep {
            verdict: Verdict::Answered,
            text: format!(
                "{} recruited {}: {percent} % of the commission",
                recruiter.name, recruited.name
            ),
        }];
        let share = Conversion {
            id: ConversionId(self.random.uuid_v7(self.now)),
            source: Source::Override,
            status: Status::Pending,
            affiliate_id: recruiter_id,
            coupon_code: None,
            // The money is the parent's: sums of sales must not count it twice.
            amount: Money::zero(parent.commission.currency),
            base_minor: 0,
            refunded_minor: 0,
            plan: Plan {
                rate: Rate::Percent(points),
                duration: Duration::Recurring,
            },
            exchange: None,
            parent_conversion_id: Some(parent.id),
            trail,
            ..parent.clone()
        };
        share.following(parent, self.now).ok()
    }
}
