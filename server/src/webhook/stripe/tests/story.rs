//! One invoice as the API versions tell it.

use super::{CREATED, facts, payment, with, without};
use chrono::{DateTime, Utc};
use domain::fact::Payment;
use serde_json::{Value, json};

pub(super) const PAID: &str = "invoice.paid";

/// One invoice of a subscription, before it takes the shape of a version.
pub(super) struct Story {
    pub(super) currency: &'static str,
    /// Discounts off, taxes in.
    pub(super) total: i64,
    pub(super) tax: i64,
    pub(super) paid: i64,
    pub(super) subscription_metadata: Value,
    pub(super) line_discounts: Value,
}

impl Default for Story {
    fn default() -> Self {
        Self {
            currency: "usd",
            total: 4400,
            tax: 400,
            paid: 4400,
            subscription_metadata: json!({"tributary_ref": "sarah"}),
            line_discounts: json!(["di_1"]),
        }
    }
}

impl Story {
    fn base(&self) -> Value {
        json!({
            "id": "in_1", "object": "invoice", "customer": "cus_1", "currency": self.currency,
            "customer_email": "Ann@Example.com", "customer_name": "Ann", "status": "paid",
            "billing_reason": "subscription_create", "amount_due": self.paid,
            "amount_paid": self.paid, "amount_remaining": 0, "total": self.total,
            "status_transitions": {"paid_at": CREATED - 5, "finalized_at": CREATED - 9},
            "metadata": {"order": "7"}, "discounts": ["di_2"],
        })
    }

    fn line(&self) -> Value {
        json!({"id": "il_1", "metadata": self.subscription_metadata, "discounts": self.line_discounts})
    }

    /// As a version pinned before 2025-03-31 sends it.
    pub(super) fn acacia(&self) -> Value {
        let line = with(
            self.line(),
            json!({"subscription": "sub_1", "type": "subscription"}),
        );
        with(
            self.base(),
            json!({
                "subscription": "sub_1",
                "subscription_details": {"metadata": self.subscription_metadata},
                "tax": self.tax, "total_tax_amounts": [{"amount": self.tax, "inclusive": false}],
                "total_excluding_tax": self.total - self.tax,
                "discount": null, "payment_intent": null, "charge": null,
                "lines": {"data": [line]},
            }),
        )
    }

    /// As 2025-03-31.basil and later send it.
    pub(super) fn basil(&self) -> Value {
        let parent = json!({
            "type": "subscription_item_details",
            "subscription_item_details": {"subscription": "sub_1"},
        });
        let line = with(self.line(), json!({"parent": parent}));
        with(
            self.base(),
            json!({
                "parent": {"type": "subscription_details", "subscription_details": {
                    "subscription": "sub_1", "metadata": self.subscription_metadata}},
                "total_taxes": [{"amount": self.tax, "tax_behavior": "exclusive"}],
                "total_excluding_tax": self.total - self.tax,
                "lines": {"data": [line]},
            }),
        )
    }

    /// As 2020 versions send it: metadata on the lines only, no net total.
    pub(super) fn of_2020(&self) -> Value {
        without(
            without(self.acacia(), "subscription_details"),
            "total_excluding_tax",
        )
    }

    pub(super) fn shapes(&self) -> [Value; 3] {
        [self.acacia(), self.basil(), self.of_2020()]
    }
}

pub(super) fn paid(invoice: &Value) -> Payment {
    payment(&facts(PAID, invoice)).expect("a payment")
}

/// Amount, base, time.
pub(super) fn sums(invoice: &Value) -> (i64, i64, DateTime<Utc>) {
    let payment = paid(invoice);
    (payment.amount.minor, payment.base_minor, payment.paid_at)
}
