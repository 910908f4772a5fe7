//! Who earned it: the first rule that answers wins (domain rules, section 4).
//!
//! [`decide`] is the whole rule book. It gets everything that is known about a payment or signup as
//! a [`Case`] and the organization's affiliates, campaigns and coupons as a [`Book`], and returns the
//! credit, if any, together with the trail: what answered, on what evidence, what was passed over.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    affiliate::{Affiliate, AffiliateStatus},
    campaign::{Campaign, CampaignStatus},
    conversion::Source,
    coupon::{Coupon, CouponCode},
    fact::{Clue, ClueKind},
    id::{AffiliateId, CampaignId, ConversionId},
    slug::Slug,
    words::words,
};

words! {
    /// What a step of the trail came to.
    Verdict {
        /// This rule answered.
        Answered = "answered" / "Answered",
        /// Looked at and passed over.
        PassedOver = "passed_over" / "Passed over",
        /// What became known later, and what it changed.
        Revised = "revised" / "Revised",
    }
}

/// One step of a decision, readable as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailStep {
    /// What it came to.
    pub verdict: Verdict,
    /// In words: "Coupon SARAH20 belongs to Sarah Lind".
    pub text: String,
}

/// How far a clue about a *customer* reaches back, compared by when things happened at the
/// processor. The events of one checkout come within minutes of each other; a referral must not
/// claim what the customer had bought long before.
pub const CUSTOMER_REACH_BACK: Duration = Duration::hours(1);

/// An earlier credit of the same subscription or customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastCredit {
    /// The conversion that was credited.
    pub conversion_id: ConversionId,
    /// To whom.
    pub affiliate_id: AffiliateId,
    /// Under which campaign.
    pub campaign_id: CampaignId,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// What it was, in words: "lead", "sale in_1".
    pub what: String,
}

/// Everything known about one payment or signup.
#[derive(Clone, Debug)]
pub struct Case {
    /// When it was paid.
    pub occurred_at: DateTime<Utc>,
    /// The subscription and its first credit, when there is one (rule 0).
    pub owner: Option<(String, PastCredit)>,
    /// Everything that names an affiliate: on the payment, its session, its subscription, its customer.
    pub clues: Vec<Clue>,
    /// The same customer credited before (rule 4), by id.
    pub by_customer: Option<PastCredit>,
    /// The same customer credited before (rule 4), by e-mail.
    pub by_email: Option<PastCredit>,
    /// The campaign that the event names.
    pub named_campaign: Option<CampaignId>,
    /// The campaign of the connection it came through.
    pub connection_campaign: Option<CampaignId>,
    /// Did a server-to-server call bring it? Then an explicit referral's source is Server.
    pub server: bool,
}

/// What the rules may look up: the part of the organization that the case can refer to.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// By id.
    pub affiliates: HashMap<AffiliateId, Affiliate>,
    /// Referral codes.
    pub slugs: HashMap<Slug, AffiliateId>,
    /// All campaigns.
    pub campaigns: HashMap<CampaignId, Campaign>,
    /// Coupons by [`CouponCode::key`].
    pub coupons: HashMap<String, Coupon>,
    /// Coupons by the processor's promotion code or discount id.
    pub discounts: HashMap<String, Coupon>,
    /// The words behind a processor's promotion code id.
    pub promotion_codes: HashMap<String, String>,
}

/// Who is credited, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// Who earned it.
    pub affiliate_id: AffiliateId,
    /// Under which terms.
    pub campaign_id: CampaignId,
    /// By which rule.
    pub source: Source,
    /// The affiliate's coupon, when there was one on the payment.
    pub coupon_code: Option<String>,
}

/// The outcome of [`decide`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Nobody: `None`; the trail says why.
    pub credit: Option<Credit>,
    /// The steps in the order they were taken.
    pub trail: Vec<TrailStep>,
}

/// Applies the rules in order; the first that answers wins.
pub fn decide(case: &Case, book: &Book) -> Decision {
    let mut judge = Judge {
        case,
        book,
        trail: Vec::new(),
    };
    let credit = judge.credit();
    Decision {
        credit,
        trail: judge.trail,
    }
}

struct Judge<'a> {
    case: &'a Case,
    book: &'a Book,
    trail: Vec<TrailStep>,
}

impl<'a> Judge<'a> {
    fn credit(&mut self) -> Option<Credit> {
        if let Some((subscription, past)) = &self.case.owner {
            return self.owned(subscription, past);
        }
        let coupon = self.coupon();
        if let Some(credit) = &coupon
            && self.coupons_override(credit.campaign_id)
        {
            self.answered(coupon_text(credit, self.name(credit.affiliate_id), true));
            return coupon;
        }
        if let Some(mut credit) = self.referral() {
            if let Some(passed) = &coupon {
                let text = coupon_text(passed, self.name(passed.affiliate_id), false);
                self.passed_over(text);
                credit.coupon_code = passed
                    .coupon_code
                    .clone()
                    .filter(|_| passed.affiliate_id == credit.affiliate_id);
            }
            return Some(credit);
        }
        if let Some(credit) = coupon {
            self.answered(coupon_text(&credit, self.name(credit.affiliate_id), true));
            return Some(credit);
        }
        self.customer_match()
    }

    /// Rule 0. The subscription's affiliate keeps it; when he gets no new credit, nobody does.
    fn owned(&mut self, subscription: &str, past: &PastCredit) -> Option<Credit> {
        let name = self.name(past.affiliate_id).to_owned();
        if let Some(reason) = self.barred(past.affiliate_id) {
            self.passed_over(format!(
                "Subscription {subscription} belongs to {name}, who {reason}"
            ));
            return None;
        }
        self.answered(format!(
            "Subscription {subscription} was credited to {name} before ({})",
            past.what
        ));
        Some(Credit {
            affiliate_id: past.affiliate_id,
            campaign_id: past.campaign_id,
            source: Source::CustomerMatch,
            coupon_code: None,
        })
    }

    /// Rules 1 and 3: the first clue that is the coupon of an affiliate who may be credited.
    fn coupon(&mut self) -> Option<Credit> {
        let clues = self.case.clues.iter().filter(|clue| clue.kind.is_coupon());
        for clue in clues {
            let Some(coupon) = self.resolve_coupon(clue) else {
                let shown = self.shown_code(clue);
                self.passed_over(format!(
                    "{shown} ({}) is not an affiliate's coupon",
                    clue.place
                ));
                continue;
            };
            if coupon.is_expired(self.case.occurred_at) {
                self.passed_over(format!(
                    "Coupon {} had expired before the payment",
                    coupon.code
                ));
                continue;
            }
            let what = format!("Coupon {}", coupon.code);
            let campaign = Some(self.case.named_campaign.unwrap_or(coupon.campaign_id));
            if let Some(campaign_id) = self.eligible(&what, coupon.affiliate_id, campaign) {
                return Some(Credit {
                    affiliate_id: coupon.affiliate_id,
                    campaign_id,
                    source: Source::Coupon,
                    coupon_code: Some(coupon.code.as_str().to_owned()),
                });
            }
        }
        None
    }

    /// Rule 2: the first referral code that is an affiliate's. Click tokens join with clicks.
    fn referral(&mut self) -> Option<Credit> {
        for clue in &self.case.clues {
            let slug = match clue.kind {
                ClueKind::Slug => Slug::parse(&clue.value).ok(),
                ClueKind::Click => {
                    self.passed_over(format!(
                        "Click {} ({}) was not recorded here",
                        clue.value, clue.place
                    ));
                    continue;
                }
                _ => continue,
            };
            let found = slug.and_then(|slug| self.book.slugs.get(&slug).copied());
            let Some(affiliate_id) = found else {
                self.passed_over(format!(
                    "\"{}\" ({}) is nobody's referral code",
                    clue.value, clue.place
                ));
                continue;
            };
            let what = format!("Referral code {} ({})", clue.value, clue.place);
            let campaign = self.case.named_campaign;
            if let Some(campaign_id) = self.eligible(&what, affiliate_id, campaign) {
                let name = self.name(affiliate_id).to_owned();
                self.answered(format!("{what} belongs to {name}"));
                let source = if self.case.server {
                    Source::Server
                } else {
                    Source::Link
                };
                return Some(Credit {
                    affiliate_id,
                    campaign_id,
                    source,
                    coupon_code: None,
                });
            }
        }
        None
    }

    /// Rule 4: the same customer id, then the same e-mail.
    fn customer_match(&mut self) -> Option<Credit> {
        let matches = [
            (&self.case.by_customer, "The same customer"),
            (&self.case.by_email, "The same e-mail"),
        ];
        for (past, what) in matches {
            let Some(past) = past else { continue };
            let campaign = Some(self.case.named_campaign.unwrap_or(past.campaign_id));
            if let Some(campaign_id) = self.eligible(what, past.affiliate_id, campaign) {
                let name = self.name(past.affiliate_id).to_owned();
                self.answered(format!(
                    "{what} was credited to {name} before ({})",
                    past.what
                ));
                return Some(Credit {
                    affiliate_id: past.affiliate_id,
                    campaign_id,
                    source: Source::CustomerMatch,
                    coupon_code: None,
                });
            }
        }
        None
    }

    /// The campaign an affiliate earns under, if he may be credited at all: the wanted one, else the
    /// connection's when it is open and he is in it, else his primary. Says why not.
    fn eligible(
        &mut self,
        what: &str,
        affiliate_id: AffiliateId,
        wanted: Option<CampaignId>,
    ) -> Option<CampaignId> {
        let name = self.name(affiliate_id).to_owned();
        if let Some(reason) = self.barred(affiliate_id) {
            self.passed_over(format!("{what}: {name} {reason}"));
            return None;
        }
        let affiliate = self.book.affiliates.get(&affiliate_id)?;
        let fits = |id: &CampaignId| affiliate.enrollment(*id).is_some() && self.is_open(*id);
        let candidates = match wanted {
            Some(_) => [wanted, None],
            None => [self.case.connection_campaign, affiliate.primary_campaign()],
        };
        let campaign_id = candidates.into_iter().flatten().find(fits);
        if campaign_id.is_none() {
            self.passed_over(format!("{what}: {name} is in no open campaign that fits"));
        }
        campaign_id
    }

    fn is_open(&self, campaign_id: CampaignId) -> bool {
        let campaign = self.book.campaigns.get(&campaign_id);
        campaign.is_some_and(|campaign| campaign.status == CampaignStatus::Active)
    }

    fn resolve_coupon(&self, clue: &Clue) -> Option<&'a Coupon> {
        let book = self.book;
        let by_code = |code: &str| book.coupons.get(&CouponCode::parse(code).ok()?.key());
        match clue.kind {
            ClueKind::CouponCode => by_code(&clue.value),
            _ => book.discounts.get(&clue.value).or_else(|| {
                let code = book.promotion_codes.get(&clue.value)?;
                by_code(code)
            }),
        }
    }

    fn shown_code(&self, clue: &Clue) -> String {
        match self.book.promotion_codes.get(&clue.value) {
            Some(code) => format!("Coupon {code}"),
            None if clue.kind == ClueKind::CouponCode => format!("Coupon {}", clue.value),
            None => format!("Discount {}", clue.value),
        }
    }

    fn coupons_override(&self, campaign_id: CampaignId) -> bool {
        self.book
            .campaigns
            .get(&campaign_id)
            .is_none_or(|campaign| campaign.terms.coupons_override_clicks)
    }

    fn barred(&self, affiliate_id: AffiliateId) -> Option<&'static str> {
        match self.book.affiliates.get(&affiliate_id)?.status {
            AffiliateStatus::Active => None,
            AffiliateStatus::Paused => Some("is paused and gets no new credit"),
            AffiliateStatus::Blocked => Some("is blocked and gets no new credit"),
            AffiliateStatus::Removed => Some("was removed and gets no new credit"),
        }
    }

    fn name(&self, affiliate_id: AffiliateId) -> &str {
        self.book
            .affiliates
            .get(&affiliate_id)
            .map_or("an unknown affiliate", |affiliate| affiliate.name.as_str())
    }

    fn answered(&mut self, text: String) {
        self.step(Verdict::Answered, text);
    }

    fn passed_over(&mut self, text: String) {
        self.step(Verdict::PassedOver, text);
    }

    fn step(&mut self, verdict: Verdict, text: String) {
        self.trail.push(TrailStep { verdict, text });
    }
}

fn coupon_text(credit: &Credit, name: &str, counts: bool) -> String {
    let code = credit.coupon_code.as_deref().unwrap_or_default();
    if counts {
        format!("Coupon {code} on the payment belongs to {name}")
    } else {
        format!(
            "Coupon {code} of {name} was passed over: in that campaign a referral beats a coupon"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        affiliate::Enrollment,
        campaign::Terms,
        commission::{self, Plan, Rate},
        email::Email,
        money::Currency,
        text::Name,
    };
    use uuid::Uuid;

    const SARAH: AffiliateId = AffiliateId(Uuid::from_u128(1));
    const PRIMARY: CampaignId = CampaignId(Uuid::from_u128(2));
    const CONNECTION: CampaignId = CampaignId(Uuid::from_u128(3));

    fn campaign(id: CampaignId, status: CampaignStatus) -> Campaign {
        let plan = Plan {
            rate: Rate::Fixed(500),
            duration: commission::Duration::Recurring,
        };
        Campaign {
            id,
            name: Name::parse("A campaign").expect("a name"),
            slug: Slug::parse("a-campaign").expect("a slug"),
            status,
            terms: Terms::new(Currency::USD, plan),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn sarah(joined: &[CampaignId]) -> Affiliate {
        let enrollment = |id: &CampaignId| Enrollment {
            campaign_id: *id,
            plan: None,
        };
        Affiliate {
            id: SARAH,
            name: Name::parse("Sarah").expect("a name"),
            email: Email::parse("sarah@example.com").expect("an e-mail"),
            slug: Slug::parse("sarah").expect("a slug"),
            status: AffiliateStatus::Active,
            recruiter_id: None,
            stripe_account_id: None,
            enrollments: joined.iter().map(enrollment).collect(),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    /// The campaign of a sale that names Sarah and came through a connection with a campaign.
    fn credited(
        joined: &[CampaignId],
        primary: CampaignStatus,
        connection: CampaignStatus,
    ) -> Option<CampaignId> {
        let sarah = sarah(joined);
        let campaigns = [campaign(PRIMARY, primary), campaign(CONNECTION, connection)];
        let book = Book {
            slugs: HashMap::from([(sarah.slug.clone(), SARAH)]),
            affiliates: HashMap::from([(SARAH, sarah)]),
            campaigns: campaigns
                .into_iter()
                .map(|found| (found.id, found))
                .collect(),
            ..Book::default()
        };
        let case = Case {
            occurred_at: DateTime::UNIX_EPOCH,
            owner: None,
            clues: vec![Clue {
                kind: ClueKind::Slug,
                value: "sarah".to_owned(),
                place: "a test".to_owned(),
            }],
            by_customer: None,
            by_email: None,
            named_campaign: None,
            connection_campaign: Some(CONNECTION),
            server: false,
        };
        decide(&case, &book).credit.map(|credit| credit.campaign_id)
    }

    #[test]
    fn an_archived_campaign_of_the_connection_does_not_take_credit_away() {
        use CampaignStatus::{Active, Archived};
        let both = [PRIMARY, CONNECTION];
        for (joined, primary, connection, campaign) in [
            (&both[..], Active, Active, Some(CONNECTION)),
            (&both[..], Active, Archived, Some(PRIMARY)),
            (&both[..], Archived, Active, Some(CONNECTION)),
            (&both[..], Archived, Archived, None),
            (&both[..1], Active, Active, Some(PRIMARY)),
        ] {
            let found = credited(joined, primary, connection);
            assert_eq!(found, campaign, "{primary:?} {connection:?}");
        }
    }
}
