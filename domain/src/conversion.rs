//! The record of anything credited. People read "Sale"; the API path says `conversions`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    attribution::TrailStep,
    commission::{Paid, Plan},
    connection::Processor,
    exchange::ExchangeRate,
    id::{AffiliateId, CampaignId, ClickId, ConnectionId, ConversionId, PayoutId},
    lifecycle::Status,
    money::{Currency, Money},
    refund::{HeldBy, Whole},
    words::words,
};

words! {
    /// What was credited.
    ConversionType {
        /// A first or one-off payment.
        Sale = "sale" / "Sale",
        /// A later payment on a subscription.
        Recurring = "recurring" / "Recurring",
        /// A signup that may pay later.
        Lead = "lead" / "Lead",
    }
}

words! {
    /// How it was attributed. The stored word is also the API's `attributionMethod`.
    Source {
        /// The affiliate's coupon was on the payment.
        Coupon = "coupon" / "Coupon",
        /// A referral link's slug or click came with the payment.
        Link = "link" / "Link",
        /// The same customer was credited before.
        CustomerMatch = "customer_match" / "Customer match",
        /// A roll-up of paid clicks.
        Click = "click" / "Click",
        /// A signup.
        Lead = "lead" / "Lead",
        /// A recruiter's share.
        Override = "override" / "Override",
        /// A server-to-server call named the affiliate.
        Server = "server" / "Server",
        /// Came from another platform.
        Imported = "imported" / "Imported",
        /// Entered by a member.
        Manual = "manual" / "Manual",
    }
}

words! {
    /// Is the commission known?
    CommissionState {
        /// Yes.
        Ready = "ready" / "Ready",
        /// Not before the day's exchange rate is.
        AwaitingRate = "awaiting_rate" / "Awaiting rate",
    }
}

/// The ids by which processors and callers know a payment. All optional, all as given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessorIds {
    /// The processor's (or the caller's) customer id.
    pub customer: Option<String>,
    /// Subscription id.
    pub subscription: Option<String>,
    /// Invoice id.
    pub invoice: Option<String>,
    /// Payment intent id.
    pub payment_intent: Option<String>,
    /// Charge id.
    pub charge: Option<String>,
    /// Checkout session id.
    pub session: Option<String>,
}

/// A conversion as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversion {
    /// Which one; lists are ordered by it.
    pub id: ConversionId,
    /// When it was recorded; the instant inside `id`.
    pub created_at: DateTime<Utc>,
    /// When the money was paid, or the lead signed up.
    pub occurred_at: DateTime<Utc>,
    /// What was credited.
    pub kind: ConversionType,
    /// How it was attributed.
    pub source: Source,
    /// Where it stands.
    pub status: Status,
    /// Who earned it.
    pub affiliate_id: AffiliateId,
    /// Under which terms.
    pub campaign_id: CampaignId,
    /// The coupon on the payment, when it was an affiliate's.
    pub coupon_code: Option<String>,
    /// The click that brought the customer, as far as is known.
    pub click_id: Option<ClickId>,
    /// What the customer paid; refunds are not taken off.
    pub amount: Money,
    /// The part of the amount that earns, in minor units of its currency: net of tax, after discounts and credit.
    pub base_minor: i64,
    /// What went back, in minor units of the amount's currency; at most the amount.
    pub refunded_minor: i64,
    /// What is due now, after refunds; zero while the rate is awaited.
    pub commission: Money,
    /// Is the commission known?
    pub commission_state: CommissionState,
    /// The rule it was computed by, copied at the time.
    pub plan: Plan,
    /// Does the plan pay for this payment? Not for one that turned out to be past its limit.
    pub is_covered: bool,
    /// From the sale's currency to the campaign's, when they differ and the rate is known.
    pub exchange: Option<ExchangeRate>,
    /// The id that makes it unique in the organization, for ever.
    pub external_event_id: Option<String>,
    /// Who told us.
    pub processor: Processor,
    /// Through which account, for a processor.
    pub connection_id: Option<ConnectionId>,
    /// How others call the payment.
    pub ids: ProcessorIds,
    /// The payer's e-mail.
    pub customer_email: Option<String>,
    /// The payer's name.
    pub customer_name: Option<String>,
    /// When the refund window closes.
    pub hold_until: DateTime<Utc>,
    /// What keeps it from approval and payout, if anything does.
    pub held_by: Option<HeldBy>,
    /// Is there an open flag on it? Never on a recruiter's share, which follows its sale.
    pub is_flagged: bool,
    /// When a member approved it in spite of a warning, or of a refund of unknown amount: such hold it no more.
    pub released_at: Option<DateTime<Utc>>,
    /// When a member or a flag turned it down.
    pub denied_at: Option<DateTime<Utc>>,
    /// When its subscription ended inside the hold, or its invoice was voided.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// When it was approved.
    pub approved_at: Option<DateTime<Utc>>,
    /// When it was paid out.
    pub paid_at: Option<DateTime<Utc>>,
    /// The payout that paid it; none when it was paid out before it was imported.
    pub payout_id: Option<PayoutId>,
    /// When the last of the money went back.
    pub refunded_at: Option<DateTime<Utc>>,
    /// For an override: the conversion it follows.
    pub parent_conversion_id: Option<ConversionId>,
    /// What the merchant attached, as a JSON object.
    pub metadata: String,
    /// Why this affiliate: the steps of the decision.
    pub trail: Vec<TrailStep>,
}

impl Conversion {
    /// The currency of the sale.
    pub fn currency(&self) -> Currency {
        self.amount.currency
    }

    /// What money may go back of.
    pub fn whole(&self) -> Whole {
        Whole {
            amount: self.amount,
            base_minor: self.base_minor,
        }
    }

    /// When it was paid, among the payments of its customer.
    pub fn paid(&self) -> Paid {
        Paid::new(
            self.occurred_at,
            self.external_event_id.as_deref(),
            Some(self.id),
        )
    }
}

/// A sale for tests.
#[cfg(test)]
pub(crate) mod example {
    use super::*;
    use crate::{
        commission::{Duration, Rate},
        rate::BasisPoints,
    };

    /// 20 % of 49.00 of 53.90 USD.
    pub(crate) fn sale() -> Conversion {
        Conversion {
            id: ConversionId(uuid::Uuid::from_u128(1)),
            created_at: DateTime::UNIX_EPOCH,
            occurred_at: DateTime::UNIX_EPOCH,
            kind: ConversionType::Sale,
            source: Source::Link,
            status: Status::Pending,
            affiliate_id: AffiliateId(uuid::Uuid::from_u128(2)),
            campaign_id: CampaignId(uuid::Uuid::from_u128(3)),
            coupon_code: None,
            click_id: None,
            amount: Money::new(5390, Currency::USD),
            base_minor: 4900,
            refunded_minor: 0,
            commission: Money::new(980, Currency::USD),
            commission_state: CommissionState::Ready,
            plan: Plan {
                rate: Rate::Percent(BasisPoints::new(2000).expect("a share")),
                duration: Duration::Recurring,
            },
            is_covered: true,
            exchange: None,
            external_event_id: None,
            processor: Processor::Server,
            connection_id: None,
            ids: ProcessorIds::default(),
            customer_email: None,
            customer_name: None,
            hold_until: DateTime::UNIX_EPOCH,
            held_by: None,
            is_flagged: false,
            released_at: None,
            denied_at: None,
            cancelled_at: None,
            approved_at: None,
            paid_at: None,
            payout_id: None,
            refunded_at: None,
            parent_conversion_id: None,
            metadata: "{}".to_owned(),
            trail: Vec::new(),
        }
    }
}
