//! Suspicions (domain rules, section 9): facts about a sale in, suspicions with their evidence out. Nothing here
//! decides about money: an open flag only holds a sale until a person has looked.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    commission::{Rate, Remaining},
    conversion::{Conversion, ConversionType},
    email::Email,
    id::{AffiliateId, CampaignId, ClickId, ConversionId, FlagId, lower_bound},
    lifecycle::{Refusal, Status, Transition},
    money::{Currency, Money},
    rate::BasisPoints,
    words::words,
};

#[cfg(test)]
mod tests;

words! {
    /// What is suspected.
    FlagRule {
        /// The payer is the affiliate.
        SelfReferral = "self_referral" / "Self-referral",
        /// More clicks in a day than people make.
        HighClickFrequency = "high_click_frequency" / "Many clicks",
        /// More sales than the clicks explain.
        ConversionAnomaly = "conversion_anomaly" / "Unlikely conversions",
        /// The payer's e-mail address is a disposable one.
        SuspiciousActivity = "suspicious_activity" / "Disposable e-mail",
        /// A person is to look, because of the amount or because a member asks for it.
        ManualReview = "manual_review" / "Manual review",
    }
}

words! {
    /// Where a flag stands.
    FlagStatus {
        /// Nobody has looked yet: the sale is held.
        Open = "open" / "Open",
        /// Looked at, and left to go on.
        Reviewed = "reviewed" / "Reviewed",
        /// Unfounded.
        Dismissed = "dismissed" / "Dismissed",
        /// True: the sale is denied.
        Confirmed = "confirmed" / "Confirmed",
    }
}

words! {
    /// What a person makes of a flag.
    Resolution {
        /// Looked at; the sale goes on.
        Reviewed = "reviewed" / "Reviewed",
        /// Unfounded; the sale goes on.
        Dismissed = "dismissed" / "Dismissed",
        /// True; the sale is denied.
        Confirmed = "confirmed" / "Confirmed",
    }
}

impl From<Resolution> for FlagStatus {
    fn from(resolution: Resolution) -> Self {
        match resolution {
            Resolution::Reviewed => Self::Reviewed,
            Resolution::Dismissed => Self::Dismissed,
            Resolution::Confirmed => Self::Confirmed,
        }
    }
}

/// What a suspicion rests on. Its text is what people read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "evidence", rename_all = "snake_case")]
pub enum Evidence {
    /// Both addresses lead to one mailbox.
    #[serde(rename_all = "camelCase")]
    SameMailbox {
        /// The payer's.
        customer_email: String,
        /// The affiliate's.
        affiliate_email: String,
    },
    /// More clicks in a day than the campaign expects.
    #[serde(rename_all = "camelCase")]
    Clicks {
        /// How many there were.
        clicks: i64,
        /// On which UTC day.
        day: NaiveDate,
        /// From how many on the campaign asks.
        threshold: u32,
    },
    /// More sales than the clicks explain.
    #[serde(rename_all = "camelCase")]
    Conversions {
        /// Sales that clicks brought within the last 24 hours, this one too.
        sales: i64,
        /// The clicks of this UTC day and the one before.
        clicks: i64,
        /// From what share on the campaign asks, in percent.
        threshold_percent: u16,
    },
    /// An address that is thrown away.
    #[serde(rename_all = "camelCase")]
    DisposableDomain {
        /// The payer's.
        customer_email: String,
        /// The part of it that is on the list.
        domain: String,
    },
    /// An amount that the campaign wants to be looked at.
    #[serde(rename_all = "camelCase")]
    Amount {
        /// What was paid, in minor units of `currency`.
        amount_cents: i64,
        /// In which currency.
        currency: Currency,
        /// From what amount on the campaign asks, in minor units of `threshold_currency`.
        threshold_cents: i64,
        /// The campaign's currency.
        threshold_currency: Currency,
    },
    /// A member asks.
    #[serde(rename_all = "camelCase")]
    ByHand {
        /// Why.
        note: String,
    },
}

impl Evidence {
    /// The rule that it speaks for.
    pub fn rule(&self) -> FlagRule {
        match self {
            Self::SameMailbox { .. } => FlagRule::SelfReferral,
            Self::Clicks { .. } => FlagRule::HighClickFrequency,
            Self::Conversions { .. } => FlagRule::ConversionAnomaly,
            Self::DisposableDomain { .. } => FlagRule::SuspiciousActivity,
            Self::Amount { .. } | Self::ByHand { .. } => FlagRule::ManualReview,
        }
    }

    /// Does it rest on the payer's address, which may become known after the sale?
    pub fn is_about_payer(&self) -> bool {
        matches!(
            self,
            Self::SameMailbox { .. } | Self::DisposableDomain { .. }
        )
    }
}

impl std::fmt::Display for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SameMailbox {
                customer_email: payer,
                affiliate_email: affiliate,
            } if payer == affiliate => {
                write!(f, "{payer} paid, which is the affiliate's own address")
            }
            Self::SameMailbox {
                customer_email: payer,
                affiliate_email: affiliate,
            } => write!(
                f,
                "{payer} paid, which leads to the affiliate's mailbox {affiliate}"
            ),
            Self::Clicks {
                clicks,
                day,
                threshold,
            } => write!(
                f,
                "{clicks} clicks through the affiliate's links on {day}; the campaign asks from {threshold} on"
            ),
            Self::Conversions {
                sales,
                clicks,
                threshold_percent,
            } => write!(
                f,
                "{sales} sales in 24 hours from {clicks} clicks; the campaign asks from {threshold_percent} % on"
            ),
            Self::DisposableDomain { domain, .. } => {
                write!(
                    f,
                    "the payer's address is at {domain}, which gives out disposable ones"
                )
            }
            Self::Amount {
                amount_cents,
                currency,
                threshold_cents,
                threshold_currency,
            } => {
                let amount = Money::new(*amount_cents, *currency);
                let threshold = Money::new(*threshold_cents, *threshold_currency);
                write!(
                    f,
                    "{amount} was paid; the campaign asks from {threshold} on"
                )
            }
            Self::ByHand { note } => write!(f, "a member asks for a review: {note}"),
        }
    }
}

/// A flag on a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flag {
    /// Which one.
    pub id: FlagId,
    /// What it is on.
    pub conversion_id: ConversionId,
    /// Whose sale that is.
    pub affiliate_id: AffiliateId,
    /// Under which terms.
    pub campaign_id: CampaignId,
    /// What is suspected, and why.
    pub evidence: Evidence,
    /// Where it stands.
    pub status: FlagStatus,
    /// Since when there is this suspicion.
    pub created_at: DateTime<Utc>,
    /// When somebody resolved it.
    pub resolved_at: Option<DateTime<Utc>>,
    /// What he noted.
    pub note: Option<String>,
}

/// The most clicks of a day that a campaign can allow before it asks.
pub const MAX_FLAG_CLICKS: u32 = 1_000_000;

/// The greatest share of clicks that a campaign can let become sales before it asks, in percent. More than
/// 100: one click may bring several sales.
pub const MAX_FLAG_PERCENT: u16 = 1_000;

/// Up to how many open flags are counted for the navigation.
pub const MAX_OPEN_COUNT: i64 = 1000;

/// Which suspicions hold a campaign's sales until a person has looked. `None`: the rule is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagRules {
    /// Is a sale flagged whose payer is the affiliate?
    pub self_referral: bool,
    /// Is a sale flagged whose payer gave a disposable e-mail address?
    pub suspicious_activity: bool,
    /// From how many clicks on, through the affiliate's links on one UTC day, a sale that they brought is
    /// flagged; 1 to [`MAX_FLAG_CLICKS`].
    pub clicks_per_day: Option<u32>,
    /// From what share of an affiliate's clicks on that became sales, in percent, a sale that they brought is
    /// flagged; 1 to [`MAX_FLAG_PERCENT`].
    pub conversion_percent: Option<u16>,
    /// From what amount on every sale is looked at, in minor units of the campaign's currency; at least 1.
    pub review_from_minor: Option<i64>,
}

impl Default for FlagRules {
    /// What can hardly be innocent, and numbers that few honest affiliates reach.
    fn default() -> Self {
        Self {
            self_referral: true,
            suspicious_activity: true,
            clicks_per_day: Some(10_000),
            conversion_percent: Some(50),
            review_from_minor: None,
        }
    }
}

/// How many sales that clicks brought are too few to say anything about their share of the clicks.
pub const MIN_SALES: i64 = 10;

/// What an affiliate's links in a campaign brought lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// The current UTC day.
    pub today: NaiveDate,
    /// The clicks of that day so far.
    pub clicks_today: i64,
    /// The clicks of the day before.
    pub clicks_yesterday: i64,
    /// Sales within 24 hours that clicks of these two days brought, this one too.
    pub sales: i64,
}

impl Traffic {
    /// When the two days began whose clicks are counted.
    pub fn since(&self) -> DateTime<Utc> {
        let yesterday = self.today.pred_opt().unwrap_or(self.today);
        yesterday.and_time(NaiveTime::MIN).and_utc()
    }

    /// Is the click of these two days? Ids of clicks are of their time.
    pub fn counts(&self, click_id: ClickId) -> bool {
        click_id.0 >= lower_bound(self.since())
    }
}

/// What the rules look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The sale.
    pub sale: &'a Conversion,
    /// The payer's address, where it is one.
    pub customer_email: Option<&'a Email>,
    /// The affiliate's address.
    pub affiliate_email: &'a Email,
    /// The domain in the payer's address that gives out disposable ones, if there is one.
    pub disposable_domain: Option<&'a str>,
    /// What the affiliate's links brought, for a sale that a click brought.
    pub traffic: Option<Traffic>,
    /// The campaign's currency.
    pub currency: Currency,
}

impl FlagRules {
    /// Does a rule need to know an affiliate's [`Traffic`]?
    pub fn count_traffic(&self) -> bool {
        self.clicks_per_day.is_some() || self.conversion_percent.is_some()
    }

    /// What is suspicious about a new sale. A recruiter's share follows its sale, and what nothing is due for
    /// needs no suspicion.
    pub fn suspicions(&self, facts: &Facts<'_>) -> Vec<Evidence> {
        let sale = facts.sale;
        let is_free = sale.kind == ConversionType::Lead && sale.commission.minor == 0;
        if is_free || sale.parent_conversion_id.is_some() {
            return Vec::new();
        }
        let found = [
            self.self_referral(facts),
            self.high_click_frequency(facts),
            self.conversion_anomaly(facts),
            self.suspicious_activity(facts),
            self.manual_review(facts),
        ];
        found.into_iter().flatten().collect()
    }

    fn self_referral(&self, facts: &Facts<'_>) -> Option<Evidence> {
        let payer = facts.customer_email?;
        let is_same = payer.mailbox() == facts.affiliate_email.mailbox();
        (self.self_referral && is_same).then(|| Evidence::SameMailbox {
            customer_email: payer.as_str().to_owned(),
            affiliate_email: facts.affiliate_email.as_str().to_owned(),
        })
    }

    fn high_click_frequency(&self, facts: &Facts<'_>) -> Option<Evidence> {
        let (threshold, traffic) = (self.clicks_per_day?, facts.traffic?);
        let yesterday = traffic.today.pred_opt().unwrap_or(traffic.today);
        let (clicks, day) =
            (traffic.clicks_today, traffic.today).max((traffic.clicks_yesterday, yesterday));
        (clicks >= i64::from(threshold)).then_some(Evidence::Clicks {
            clicks,
            day,
            threshold,
        })
    }

    fn conversion_anomaly(&self, facts: &Facts<'_>) -> Option<Evidence> {
        let (threshold_percent, traffic) = (self.conversion_percent?, facts.traffic?);
        let clicks = traffic
            .clicks_today
            .saturating_add(traffic.clicks_yesterday);
        let most = i128::from(clicks) * i128::from(threshold_percent);
        let is_unlikely = i128::from(traffic.sales) * 100 >= most;
        (traffic.sales >= MIN_SALES && is_unlikely).then_some(Evidence::Conversions {
            sales: traffic.sales,
            clicks,
            threshold_percent,
        })
    }

    fn suspicious_activity(&self, facts: &Facts<'_>) -> Option<Evidence> {
        let (payer, domain) = (facts.customer_email?, facts.disposable_domain?);
        self.suspicious_activity
            .then(|| Evidence::DisposableDomain {
                customer_email: payer.as_str().to_owned(),
                domain: domain.to_owned(),
            })
    }

    fn manual_review(&self, facts: &Facts<'_>) -> Option<Evidence> {
        let (threshold, sale) = (self.review_from_minor?, facts.sale);
        if sale.kind == ConversionType::Lead {
            return None;
        }
        let whole = Rate::Percent(BasisPoints::ALL);
        let worth = whole.due(sale.amount, Remaining::ALL, facts.currency, sale.exchange);
        // How much it is worth is not known yet, or more than can be told: somebody has to look.
        let is_less = worth.is_ok_and(|worth| worth.is_some_and(|worth| worth.minor < threshold));
        (!is_less).then_some(Evidence::Amount {
            amount_cents: sale.amount.minor,
            currency: sale.currency(),
            threshold_cents: threshold,
            threshold_currency: facts.currency,
        })
    }
}

/// Why a flag can't be resolved, or put on a sale. The text tells the reader what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FlagRefusal {
    /// Somebody was faster.
    #[error("this flag is resolved already: it is {}", .0.label().to_lowercase())]
    Resolved(FlagStatus),
    /// The sale can't be denied.
    #[error(transparent)]
    Sale(#[from] Refusal),
    /// Only what is confirmed says something about the affiliate.
    #[error("an affiliate is blocked with a confirmed flag only")]
    BlocksUnconfirmed,
    /// Once at a time is enough.
    #[error("this sale is flagged for review already")]
    Flagged,
    /// There is nothing to hold.
    #[error("only a pending or approved sale can be held for review; this one is {}", .0.label().to_lowercase())]
    NothingToHold(Status),
}

impl Flag {
    /// Can it still be resolved?
    ///
    /// # Errors
    /// [`FlagRefusal::Resolved`] when somebody did.
    pub fn check_open(&self) -> Result<(), FlagRefusal> {
        match self.status {
            FlagStatus::Open => Ok(()),
            other => Err(FlagRefusal::Resolved(other)),
        }
    }
}

impl Conversion {
    /// Can a member put a flag on it?
    ///
    /// # Errors
    /// Why not.
    pub fn check_flaggable(&self) -> Result<(), FlagRefusal> {
        if self.parent_conversion_id.is_some() {
            return Err(Refusal::FollowsItsSale.into());
        }
        match self.status {
            Status::Pending | Status::Approved => Ok(()),
            other => Err(FlagRefusal::NothingToHold(other)),
        }
    }

    /// The conversion after a flag on it is confirmed. What has gone back stays so, and is denied should the
    /// money come again. Its commission is to be computed anew.
    ///
    /// # Errors
    /// [`Refusal::PaidOut`] after its payout.
    pub fn after_confirmed_flag(&self, now: DateTime<Utc>) -> Result<Self, Refusal> {
        match self.status {
            Status::Denied => Ok(self.clone()),
            Status::Refunded if self.paid_at.is_none() => Ok(Self {
                denied_at: self.denied_at.or(Some(now)),
                ..self.clone()
            }),
            _ => self.after(Transition::Deny, now),
        }
    }
}
