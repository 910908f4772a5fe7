//! The rules themselves, one function each, in the order they are asked.

use super::{Book, Case, Credit, Decision, PastCredit, TrailStep, Verdict};
use crate::{
    affiliate::AffiliateStatus,
    campaign::{AttributionModel, CampaignStatus},
    click::Click,
    conversion::Source,
    coupon::{Coupon, CouponCode},
    fact::{Clue, ClueKind},
    id::{AffiliateId, CampaignId, ClickId},
    slug::Slug,
};

/// How moments stand in the trail.
const MOMENT: &str = "%Y-%m-%d %H:%M";

pub(super) struct Judge<'a> {
    case: &'a Case,
    book: &'a Book,
    trail: Vec<TrailStep>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(case: &'a Case, book: &'a Book) -> Self {
        Self {
            case,
            book,
            trail: Vec::new(),
        }
    }

    pub(super) fn decide(mut self) -> Decision {
        let credit = self.credit();
        Decision {
            credit,
            trail: self.trail,
        }
    }

    fn credit(&mut self) -> Option<Credit> {
        if let Some((subscription, past)) = &self.case.owner {
            return self.owned(subscription, past);
        }
        let coupon = self.coupon();
        if let Some(credit) = &coupon
            && self.coupons_override(credit.campaign_id)
        {
            self.answered(coupon_text(credit, self.name(credit.affiliate_id), true));
            self.beaten(credit.affiliate_id);
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
            click_id: past.click_id,
        })
    }

    /// Whose referral the coupon of `winner` has beaten, if it was another's.
    fn beaten(&mut self, winner: AffiliateId) {
        let referral = Self::new(self.case, self.book).referral();
        if let Some(other) = referral.filter(|other| other.affiliate_id != winner) {
            let name = self.name(other.affiliate_id).to_owned();
            self.passed_over(format!(
                "The referral of {name} was passed over: in that campaign a coupon beats a referral"
            ));
        }
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
            if let Some(over) = self.over(coupon) {
                self.passed_over(over);
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
                    click_id: None,
                });
            }
        }
        None
    }

    /// Rule 2: a click that counts, or the first referral code that is an affiliate's.
    fn referral(&mut self) -> Option<Credit> {
        let mut looked_at_clicks = false;
        let mut too_old = Vec::new();
        for clue in &self.case.clues {
            let credit = match clue.kind {
                // The first token stands for all of them: which one counts is the campaign's matter.
                ClueKind::Click if !looked_at_clicks => {
                    looked_at_clicks = true;
                    self.click(&mut too_old)
                }
                ClueKind::Slug => self.slug(clue, &too_old),
                _ => None,
            };
            if credit.is_some() {
                return credit;
            }
        }
        None
    }

    /// The click that counts, of all whose tokens the payment carries. Says whose clicks were too old.
    fn click(&mut self, too_old: &mut Vec<AffiliateId>) -> Option<Credit> {
        let mut counting: Vec<Click> = Vec::new();
        for clue in &self.case.clues {
            if clue.kind != ClueKind::Click {
                continue;
            }
            let token = clue.value.parse::<ClickId>().ok();
            let Some(click) = token.and_then(|id| self.book.clicks.get(&id).copied()) else {
                self.passed_over(format!(
                    "Click {} ({}) was not recorded here",
                    clue.value, clue.place
                ));
                continue;
            };
            let window = self.window(click.campaign_id);
            if click.counts(self.case.occurred_at, window) {
                counting.push(click);
            } else {
                let age = click.age_days(self.case.occurred_at);
                let name = self.name(click.affiliate_id).to_owned();
                self.passed_over(format!(
                    "Click {} on {name}'s link is {age} days old, window {window}",
                    click.id
                ));
                too_old.push(click.affiliate_id);
            }
        }
        while let Some(click) = self.pick(&counting) {
            let name = self.name(click.affiliate_id).to_owned();
            let what = format!("Click {} on {name}'s link", click.id);
            let campaign = Some(self.case.named_campaign.unwrap_or(click.campaign_id));
            if let Some(campaign_id) = self.eligible(&what, click.affiliate_id, campaign) {
                let at = click.clicked_at.format(MOMENT);
                self.answered(format!("{what}, {at} UTC"));
                return Some(Credit {
                    click_id: Some(click.id),
                    ..self.referred(click.affiliate_id, campaign_id)
                });
            }
            counting.retain(|other| other.id != click.id);
        }
        None
    }

    /// By the model of the newest click's campaign.
    fn pick(&self, clicks: &[Click]) -> Option<Click> {
        let newest = clicks.iter().max_by_key(|click| click.clicked_at)?;
        let campaign = self.book.campaigns.get(&newest.campaign_id);
        let model = campaign.map(|campaign| campaign.terms.attribution_model);
        model
            .unwrap_or(AttributionModel::LastTouch)
            .pick(clicks.iter().copied())
    }

    /// How many days clicks into this campaign count.
    fn window(&self, campaign_id: CampaignId) -> u16 {
        let campaign = self.book.campaigns.get(&campaign_id);
        campaign.map_or(0, |campaign| campaign.terms.cookie_days)
    }

    /// A referral code, unless it only repeats whose click was too old: the browser keeps the two together.
    fn slug(&mut self, clue: &Clue, too_old: &[AffiliateId]) -> Option<Credit> {
        let slug = Slug::parse(&clue.value).ok();
        let found = slug.and_then(|slug| self.book.slugs.get(&slug).copied());
        let what = format!("Referral code {} ({})", clue.value, clue.place);
        let Some(affiliate_id) = found else {
            self.passed_over(format!(
                "\"{}\" ({}) is nobody's referral code",
                clue.value, clue.place
            ));
            return None;
        };
        if too_old.contains(&affiliate_id) {
            self.passed_over(format!("{what} came with that click"));
            return None;
        }
        let campaign_id = self.eligible(&what, affiliate_id, self.case.named_campaign)?;
        let name = self.name(affiliate_id).to_owned();
        self.answered(format!("{what} belongs to {name}"));
        Some(self.referred(affiliate_id, campaign_id))
    }

    fn referred(&self, affiliate_id: AffiliateId, campaign_id: CampaignId) -> Credit {
        let source = if self.case.server {
            Source::Server
        } else {
            Source::Link
        };
        Credit {
            affiliate_id,
            campaign_id,
            source,
            coupon_code: None,
            click_id: None,
        }
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
                    click_id: past.click_id,
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
        if clue.kind == ClueKind::CouponCode {
            return by_code(&clue.value);
        }
        let by_id = book.discounts.get(&clue.value);
        let words = book.promotion_codes.get(&clue.value);
        let by_words = || words.and_then(|code| by_code(code));
        let lives = |coupon: &&Coupon| coupon.removed_at.is_none();
        by_id.filter(lives).or_else(by_words).or(by_id)
    }

    /// Why a coupon counts no more, if it doesn't: it was removed, or had expired when the payment was made.
    fn over(&self, coupon: &Coupon) -> Option<String> {
        let what = format!(
            "Coupon {} of {}",
            coupon.code,
            self.name(coupon.affiliate_id)
        );
        if let Some(removed_at) = coupon.removed_at {
            let at = removed_at.format(MOMENT);
            return Some(format!("{what} was removed on {at} UTC"));
        }
        let expired = coupon.is_expired(self.case.occurred_at);
        let at = coupon.expires_at.filter(|_| expired)?.format(MOMENT);
        Some(format!("{what} expired on {at} UTC, before the payment"))
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
