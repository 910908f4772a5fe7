//! What the outside tells us, in our own words: the closed set of facts that every processor's
//! messages and every server-to-server call are turned into before any rule sees them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    commission::Paid, conversion::ProcessorIds, money::Money, refund::MoneyBack,
    transfer::TransferSeen, words::words,
};

words! {
    /// What kind of thing names an affiliate.
    ClueKind {
        /// A referral code.
        Slug = "slug" / "referral code",
        /// A click token.
        Click = "click" / "click",
        /// A coupon code as people type it.
        CouponCode = "coupon_code" / "coupon",
        /// A processor's id of a promotion code.
        PromotionCode = "promotion_code" / "promotion code",
        /// A processor's id of a coupon or discount.
        Discount = "discount" / "discount",
    }
}

impl ClueKind {
    /// Is it about a coupon, rather than about a link?
    pub fn is_coupon(self) -> bool {
        matches!(
            self,
            Self::CouponCode | Self::PromotionCode | Self::Discount
        )
    }
}

/// Something that names an affiliate, and where it was found.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Clue {
    /// What it is.
    pub kind: ClueKind,
    /// The code, token or id, as given.
    pub value: String,
    /// Where it was found, in words: "metadata tributary_ref of the checkout session".
    pub place: String,
}

/// A payment that succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Unique in the organization: Stripe's invoice id, else payment intent, else session; the transaction id of
    /// Paddle and Braintree; the caller's id for S2S.
    pub external_event_id: String,
    /// What the customer paid, refunds not taken off.
    pub amount: Money,
    /// The part that earns, minor units of the same currency: net of tax, after discounts and credit.
    pub base_minor: i64,
    /// When it was paid.
    pub paid_at: DateTime<Utc>,
    /// How the processor calls it and what it belongs to.
    pub ids: ProcessorIds,
    /// The payer's e-mail, as given.
    pub email: Option<String>,
    /// The payer's name, as given.
    pub name: Option<String>,
    /// What on the payment itself names an affiliate.
    pub clues: Vec<Clue>,
    /// What the merchant attached, as a JSON object.
    pub metadata: String,
}

impl Payment {
    /// When it was paid, among the payments of its customer.
    pub fn paid(&self) -> Paid {
        let id = Some(self.external_event_id.as_str());
        Paid::new(self.paid_at, id.filter(|id| !id.is_empty()), None)
    }
}

words! {
    /// What a clue was attached to when it is not the payment itself.
    SubjectKind {
        /// A customer.
        Customer = "customer" / "customer",
        /// A subscription.
        Subscription = "subscription" / "subscription",
        /// An invoice.
        Invoice = "invoice" / "invoice",
        /// A payment intent.
        PaymentIntent = "payment_intent" / "payment intent",
        /// A checkout session.
        Session = "session" / "checkout session",
    }
}

/// A thing at a processor that clues are kept for, because its payments may come before or later.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// The processor's id.
    pub id: String,
}

/// Clues that arrived apart from the payment: on a checkout session, on a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// What the clues belong to; each of them gets all.
    pub subjects: Vec<Subject>,
    /// The clues.
    pub clues: Vec<Clue>,
    /// When that happened at the processor.
    pub occurred_at: DateTime<Utc>,
}

/// A customer as the processor describes him.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerSeen {
    /// The processor's id.
    pub external_id: String,
    /// E-mail, as given.
    pub email: Option<String>,
    /// Name, as given.
    pub name: Option<String>,
    /// When that was so; an older description never replaces a newer one.
    pub occurred_at: DateTime<Utc>,
}

/// A promotion code as the processor describes it: which words stand for which id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromotionCodeSeen {
    /// The processor's id (`promo_...`).
    pub external_id: String,
    /// The code people type.
    pub code: String,
    /// The coupon behind it, if named.
    pub discount_id: Option<String>,
    /// When that was so.
    pub occurred_at: DateTime<Utc>,
}

/// Somebody signed up without paying: a trial, a free checkout, a new customer, a lead call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signup {
    /// The caller's id for it, if any.
    pub external_event_id: Option<String>,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// What is known of the customer and subscription.
    pub ids: ProcessorIds,
    /// E-mail, as given.
    pub email: Option<String>,
    /// Name, as given.
    pub name: Option<String>,
    /// What names an affiliate.
    pub clues: Vec<Clue>,
    /// What the merchant attached, as a JSON object.
    pub metadata: String,
}

/// What tells refunds from sales among the ids of payments.
const REFUND: &str = "refund:";

/// How a refund is called among the ids of payments ([`Fact::Linked`]): callers may number their refunds
/// and their sales alike.
pub fn refund_id(external_id: &str) -> String {
    format!("{REFUND}{external_id}")
}

/// The refund that an id of a payment ([`refund_id`]) is of; `None`: it is of something else.
pub fn refund_named(id: &str) -> Option<&str> {
    id.strip_prefix(REFUND)
}

/// A subscription ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionEnd {
    /// The processor's id of the subscription.
    pub subscription: String,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// Money came in.
    Payment(Payment),
    /// Somebody signed up.
    Signup(Signup),
    /// Clues for payments that come on their own.
    Referral(Referral),
    /// A customer's description.
    Customer(CustomerSeen),
    /// A promotion code's description.
    PromotionCode(PromotionCodeSeen),
    /// Money went back, or may.
    Back(MoneyBack),
    /// Ids that name one payment: an invoice and its charge, a refund and the invoice it is of.
    Linked {
        /// The ids, two or more.
        ids: Vec<String>,
    },
    /// A payment refers to what may be the invoice it is of, as merchants may write anything there: for
    /// money that goes back and finds no sale otherwise.
    Refers {
        /// The payment.
        id: String,
        /// The invoice.
        to: String,
    },
    /// A subscription ended.
    Ended(SubscriptionEnd),
    /// A payout's money was sent, or came back.
    Transfer(TransferSeen),
}
