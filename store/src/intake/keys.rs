//! Under which names the facts of a batch can be found in the database.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::{
    commission::Paid,
    conversion::ProcessorIds,
    email::Email,
    fact::{Clue, ClueKind, Fact, Payment, Signup, Subject, SubjectKind, refund_id},
    id::{AffiliateId, ConversionId, PayoutId},
    money::Currency,
};

use super::{Content, Item, links, order::ManualSale, replay::Replay};

/// The names under which the batch's facts can be found.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) external_ids: BTreeSet<String>,
    pub(super) customers: BTreeSet<String>,
    pub(super) emails: BTreeSet<String>,
    pub(super) subjects: BTreeSet<Subject>,
    pub(super) promotion_codes: BTreeSet<String>,
    pub(super) clues: Vec<Clue>,
    /// When the batch's signups were.
    pub(super) signed_up: Vec<DateTime<Utc>>,
    /// When the first of the batch's payments was paid.
    pub(super) earliest_paid: Option<Paid>,
    /// Currencies and times of payments.
    pub(super) paid: Vec<(Currency, DateTime<Utc>)>,
    /// Ids that name payments: of sales, charges, and of refunds ([`refund_id`]).
    pub(super) payments: BTreeSet<String>,
    /// Subscriptions that end.
    pub(super) ended: BTreeSet<String>,
    /// Affiliates that are named by themselves.
    pub(super) affiliates: BTreeSet<AffiliateId>,
    /// Conversions that are named by themselves.
    pub(super) conversions: BTreeSet<ConversionId>,
    /// Payouts whose transfers were seen.
    pub(super) payouts: BTreeSet<PayoutId>,
}

/// An e-mail as it is kept and compared: trimmed and in lower case, also when it is no address.
pub(super) fn email_key(email: Option<&str>) -> Option<String> {
    let text = email?.trim();
    let key = Email::parse(text).map_or_else(|_| text.to_lowercase(), String::from);
    (!key.is_empty()).then_some(key)
}

/// The things at a processor that a payment belongs to.
pub(super) fn subjects_of(ids: &ProcessorIds) -> Vec<Subject> {
    [
        (SubjectKind::Subscription, &ids.subscription),
        (SubjectKind::Invoice, &ids.invoice),
        (SubjectKind::PaymentIntent, &ids.payment_intent),
        (SubjectKind::Session, &ids.session),
        (SubjectKind::Customer, &ids.customer),
    ]
    .into_iter()
    .filter_map(|(kind, id)| id.clone().map(|id| Subject { kind, id }))
    .collect()
}

impl Keys {
    pub(super) fn of(items: &[Item]) -> Self {
        let mut keys = Self::default();
        for item in items {
            match item {
                Item::Sale(sale) => keys.payment(&sale.payment),
                Item::Lead(lead) => keys.signup(&lead.signup),
                Item::Refund(refund) => {
                    keys.payments.insert(refund_id(&refund.external_id()));
                    keys.payments.insert(refund.sale.clone());
                }
                Item::Manual(sale) => keys.manual(sale),
                Item::Imported(sale) => {
                    keys.payment(&sale.payment);
                    keys.affiliates.insert(sale.affiliate_id);
                    keys.payments.insert(refund_id(&sale.refund_id()));
                }
                Item::Decide(decision) => keys.conversions.extend(&decision.conversion_ids),
                Item::HoldPassed(ids) | Item::Price(ids) => keys.conversions.extend(ids),
                Item::Flag(flagging) => drop(keys.conversions.insert(flagging.conversion_id)),
                // Which conversion it is on, the flag says.
                Item::Resolve(_) => {}
                Item::LookedUp(found) => keys.payments.extend(found.ids.iter().cloned()),
                Item::Clicks(clicks) => {
                    keys.external_ids.insert(clicks.external_id());
                    keys.affiliates.insert(clicks.affiliate_id);
                }
                Item::Event(event) | Item::Replay(Replay { event, .. }) => {
                    if let Content::Facts(facts) = &event.content {
                        for fact in facts {
                            keys.fact(fact);
                        }
                    }
                }
            }
        }
        keys
    }

    fn fact(&mut self, fact: &Fact) {
        match fact {
            Fact::Payment(payment) => self.payment(payment),
            Fact::Signup(signup) => self.signup(signup),
            Fact::Referral(referral) => {
                self.subjects.extend(referral.subjects.iter().cloned());
                self.clues(&referral.clues);
            }
            Fact::Customer(customer) => {
                self.customers.insert(customer.external_id.clone());
                self.emails.extend(email_key(customer.email.as_deref()));
                self.subjects.insert(Subject {
                    kind: SubjectKind::Customer,
                    id: customer.external_id.clone(),
                });
            }
            Fact::PromotionCode(seen) => {
                self.promotion_codes.insert(seen.external_id.clone());
            }
            Fact::Back(back) => self.payments.extend(links::of_back(back)),
            Fact::Linked { ids } => self.payments.extend(ids.iter().cloned()),
            Fact::Refers { id, to } => self.payments.extend([id.clone(), to.clone()]),
            Fact::Ended(end) => {
                self.ended.insert(end.subscription.clone());
            }
            Fact::Transfer(seen) => self.payouts.extend(seen.payout_id),
        }
    }

    pub(super) fn payment(&mut self, payment: &Payment) {
        self.payments.extend(links::of_payment(payment));
        self.external_ids.insert(payment.external_event_id.clone());
        self.paid.push((payment.amount.currency, payment.paid_at));
        self.paid_at(payment.paid());
        self.parties(&payment.ids, payment.email.as_deref());
        self.clues(&payment.clues);
    }

    fn manual(&mut self, sale: &ManualSale) {
        self.paid.push((sale.amount.currency, sale.paid_at));
        self.paid_at(sale.paid());
        self.payments.extend(sale.external_event_id.clone());
        self.external_ids.extend(sale.external_event_id.clone());
        self.emails.extend(email_key(sale.email.as_deref()));
        self.affiliates.insert(sale.affiliate_id);
    }

    fn paid_at(&mut self, paid: Paid) {
        if self
            .earliest_paid
            .as_ref()
            .is_none_or(|earliest| paid < *earliest)
        {
            self.earliest_paid = Some(paid);
        }
    }

    fn signup(&mut self, signup: &Signup) {
        self.signed_up.push(signup.occurred_at);
        self.external_ids.extend(signup.external_event_id.clone());
        self.parties(&signup.ids, signup.email.as_deref());
        self.clues(&signup.clues);
    }

    fn parties(&mut self, ids: &ProcessorIds, email: Option<&str>) {
        self.customers.extend(ids.customer.clone());
        self.emails.extend(email_key(email));
        self.subjects.extend(subjects_of(ids));
    }

    pub(super) fn clues(&mut self, clues: &[Clue]) {
        let ids = clues
            .iter()
            .filter(|clue| clue.kind == ClueKind::PromotionCode);
        self.promotion_codes
            .extend(ids.map(|clue| clue.value.clone()));
        self.clues.extend(clues.iter().cloned());
    }

    pub(super) fn of_kind(&self, kind: SubjectKind) -> Vec<String> {
        let fitting = self.subjects.iter().filter(|subject| subject.kind == kind);
        fitting.map(|subject| subject.id.clone()).collect()
    }
}

pub(super) fn list(set: &BTreeSet<String>) -> Vec<String> {
    set.iter().cloned().collect()
}
