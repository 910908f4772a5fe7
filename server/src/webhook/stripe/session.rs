//! Checkout sessions: where the referral usually is, and the sale when there is no invoice.
//!
//! Owns the reading of Stripe's checkout session. It must not know of invoices beyond their id: when a
//! checkout makes one, the invoice is the sale and the session only says who brought the customer.

use chrono::{DateTime, Utc};
use domain::{
    conversion::ProcessorIds,
    fact::{Clue, Fact, Payment, Referral, Signup, Subject, SubjectKind},
};

use super::{Content, Malformed, Object, amount::Unit, clue::Clues, customer, named_together};

/// `checkout.session.completed`, and `checkout.session.async_payment_succeeded`, which brings the same
/// object again once a slow payment has arrived.
pub(super) fn finished(session: Object<'_>, at: DateTime<Utc>) -> Result<Content, Malformed> {
    let mode = session.needed_word("mode")?;
    if mode != "subscription" && mode != "payment" {
        return Ok(Content::Ignored(format!(
            "a checkout in {mode} mode sells nothing"
        )));
    }
    let checkout = Checkout::read(session, at)?;
    let outcome = match mode.as_str() {
        "subscription" => checkout.of_subscription(),
        _ => checkout.of_payment()?,
    };
    let linked = named_together(&checkout.payment_ids());
    let facts = outcome.into_iter().map(Some);
    let facts = [checkout.customer(), linked].into_iter().chain(facts);
    Ok(Content::of(
        facts,
        "nothing in the checkout names an affiliate or a customer",
    ))
}

struct Checkout<'a> {
    session: Object<'a>,
    at: DateTime<Utc>,
    id: String,
    ids: ProcessorIds,
    email: Option<String>,
    name: Option<String>,
    clues: Vec<Clue>,
}

impl<'a> Checkout<'a> {
    fn read(session: Object<'a>, at: DateTime<Utc>) -> Result<Self, Malformed> {
        let id = session.needed_id("id")?;
        let email = session.text("customer_details.email");
        Ok(Self {
            ids: ProcessorIds {
                customer: session.id(&["customer"])?,
                subscription: session.id(&["subscription"])?,
                invoice: session.id(&["invoice"])?,
                payment_intent: session.id(&["payment_intent"])?,
                charge: None,
                session: Some(id.clone()),
            },
            session,
            at,
            id,
            email: email.or_else(|| session.text("customer_email")),
            name: session.text("customer_details.name"),
            clues: clues(session),
        })
    }

    /// The money of a subscription is on its invoices.
    fn of_subscription(&self) -> Vec<Fact> {
        let signup = self.is_free().then(|| self.signup());
        self.referral().into_iter().chain(signup).collect()
    }

    fn of_payment(&self) -> Result<Vec<Fact>, Malformed> {
        let status = self.session.needed_word("payment_status")?;
        if self.is_free() || self.session.number("amount_total")? == Some(0) {
            return Ok(vec![self.signup()]);
        }
        if status == "paid" && !self.makes_an_invoice() {
            return Ok(self.payment()?.into_iter().collect());
        }
        // The invoice is the sale; or the money is still on its way and comes with another event.
        Ok(self.referral().into_iter().collect())
    }

    /// The invoice may be made only after the session has ended.
    fn makes_an_invoice(&self) -> bool {
        let enabled = self.session.at("invoice_creation.enabled");
        self.ids.invoice.is_some() || enabled.and_then(serde_json::Value::as_bool) == Some(true)
    }

    /// A trial, or a coupon of 100 %.
    fn is_free(&self) -> bool {
        self.session.text("payment_status").as_deref() == Some("no_payment_required")
    }

    /// Ids that name the payment of the checkout.
    fn payment_ids(&self) -> Vec<String> {
        let ids = [&self.ids.invoice, &self.ids.payment_intent];
        let known = ids.into_iter().flatten().chain(&self.ids.session);
        known.cloned().collect()
    }

    fn customer(&self) -> Option<Fact> {
        let (id, email) = (self.ids.customer.as_ref(), self.email.as_ref());
        customer::seen_with(id, email, self.name.as_ref(), self.at)
    }

    fn referral(&self) -> Option<Fact> {
        if self.clues.is_empty() {
            return None;
        }
        let named = [
            (SubjectKind::Subscription, &self.ids.subscription),
            (SubjectKind::Invoice, &self.ids.invoice),
            (SubjectKind::PaymentIntent, &self.ids.payment_intent),
            (SubjectKind::Session, &self.ids.session),
        ];
        let subjects = named.into_iter().filter_map(|(kind, id)| {
            let id = id.clone()?;
            Some(Subject { kind, id })
        });
        Some(Fact::Referral(Referral {
            subjects: subjects.collect(),
            clues: self.clues.clone(),
            occurred_at: self.at,
        }))
    }

    fn signup(&self) -> Fact {
        Fact::Signup(Signup {
            external_event_id: Some(self.id.clone()),
            occurred_at: self.at,
            ids: self.ids.clone(),
            email: self.email.clone(),
            name: self.name.clone(),
            clues: self.clues.clone(),
            metadata: self.session.attached("metadata"),
        })
    }

    /// `None` when all of it is tax.
    fn payment(&self) -> Result<Option<Fact>, Malformed> {
        let unit = Unit::of(self.session)?;
        let amount = unit.money(self.session, "amount_total")?;
        let base_minor = self.base_minor(unit)?.min(amount.minor);
        if base_minor <= 0 {
            return Ok(None);
        }
        let payment_intent = self.ids.payment_intent.clone();
        Ok(Some(Fact::Payment(Payment {
            external_event_id: payment_intent.unwrap_or_else(|| self.id.clone()),
            amount,
            base_minor,
            paid_at: self.at,
            ids: self.ids.clone(),
            email: self.email.clone(),
            name: self.name.clone(),
            clues: self.clues.clone(),
            metadata: self.session.attached("metadata"),
        })))
    }

    fn base_minor(&self, unit: Unit) -> Result<i64, Malformed> {
        let total = i128::from(self.session.needed_number("amount_total")?);
        let tax = self.session.number("total_details.amount_tax")?;
        let base = unit.rounded(total - i128::from(tax.unwrap_or(0)), 1);
        base.ok_or_else(|| self.session.malformed("amount_total", "is too large"))
    }
}

fn clues(session: Object<'_>) -> Vec<Clue> {
    let mut clues = Clues::default();
    clues.reference(session);
    clues.metadata(session, "metadata", "the checkout session");
    clues.custom_fields(session);
    for discount in session.items("discounts") {
        clues.discount(discount, "the checkout session");
    }
    clues.into_vec()
}
