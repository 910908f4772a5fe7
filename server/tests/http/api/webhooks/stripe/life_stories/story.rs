//! Complete stories of purchases, as Stripe tells them in its old and its new versions, and what each
//! comes to: written down by hand from the rules.

use serde_json::{Value, json};

use crate::support::stripe::{Purchase, Shape, TOTAL, with};

/// How a sale ends: prefix of its id and number of the payment, type, status, refunded, commission.
pub(super) type End = (&'static str, i64, &'static str, &'static str, i64, i64);

/// A story: its name, when its customer paid (days ago), who tells it, how its sales end, how many leads.
pub(super) struct Story {
    pub(super) name: &'static str,
    pub(super) days_ago: i64,
    pub(super) tell: fn(&mut Teller),
    pub(super) ends: &'static [End],
    pub(super) leads: i64,
}

const fn story(name: &'static str, tell: fn(&mut Teller), ends: &'static [End]) -> Story {
    Story {
        name,
        days_ago: 1,
        tell,
        ends,
        leads: 0,
    }
}

/// 20 % of 40.00 net of 44.00: 8.00, and of what is left of it.
pub(super) const STORIES: [Story; 18] = [
    story(
        "subscription",
        subscription,
        &[
            ("in", 0, "sale", "pending", 2200, 400),
            ("in", 1, "recurring", "pending", 0, 800),
            ("in", 2, "recurring", "pending", 0, 240),
        ],
    ),
    story(
        "early",
        refund_before_the_link,
        &[("in", 0, "sale", "refunded", TOTAL, 0)],
    ),
    story(
        "listed",
        listed_refunds,
        &[("in", 0, "sale", "pending", 1100, 600)],
    ),
    story(
        "failed",
        failed_refund,
        &[("in", 0, "sale", "pending", 1100, 600)],
    ),
    story(
        "reinstated",
        lost_and_reinstated,
        &[("in", 0, "sale", "pending", 0, 800)],
    ),
    story(
        "lost",
        dispute_lost,
        &[("in", 0, "sale", "refunded", TOTAL, 0)],
    ),
    story("won", dispute_won, &[("in", 0, "sale", "pending", 0, 800)]),
    story(
        "warning",
        inquiry_closed,
        &[("in", 0, "sale", "pending", 0, 800)],
    ),
    story(
        "both",
        refund_and_lost_dispute,
        &[("in", 0, "sale", "refunded", TOTAL, 0)],
    ),
    Story {
        leads: 1,
        ..story("trial", trial, &[("in", 1, "sale", "pending", 0, 800)])
    },
    story(
        "credit",
        zero_invoice_and_credit,
        &[
            ("in", 0, "sale", "pending", 0, 800),
            ("in", 2, "recurring", "pending", 0, 400),
        ],
    ),
    story(
        "cancelled",
        cancelled_in_hold,
        &[
            ("in", 0, "sale", "refunded", 0, 0),
            ("in", 1, "recurring", "refunded", 0, 0),
        ],
    ),
    Story {
        days_ago: 40,
        ..story(
            "kept",
            cancelled_after_hold,
            &[("in", 0, "sale", "approved", 0, 800)],
        )
    },
    story("voided", voided, &[("in", 0, "sale", "refunded", TOTAL, 0)]),
    story(
        "oneoff",
        one_off,
        &[("pi", 0, "sale", "pending", 1100, 600)],
    ),
    story(
        "slow",
        slow_payment,
        &[("pi", 0, "sale", "pending", 0, 800)],
    ),
    story(
        "billed",
        one_off_with_invoice,
        &[("in", 0, "sale", "refunded", TOTAL, 0)],
    ),
    story(
        "note",
        credit_note,
        &[("in", 0, "sale", "pending", 1100, 600)],
    ),
];

/// Notes down what is told of a purchase, in the order in which it happened.
pub(super) struct Teller {
    pub(super) purchase: Purchase,
    pub(super) shape: Shape,
    pub(super) affiliate: String,
    pub(super) told: Vec<Value>,
}

impl Teller {
    fn tell(&mut self, kind: &str, object: Value) {
        let number = i64::try_from(self.told.len()).expect("few");
        // Ten seconds apart: what follows was made in between.
        self.told
            .push(self.purchase.event(kind, 10 * number, object));
    }

    /// When the next event happens, in seconds after the purchase.
    fn next_second(&self) -> i64 {
        10 * i64::try_from(self.told.len()).expect("few")
    }

    fn is_new(&self) -> bool {
        self.shape == Shape::Basil
    }

    fn session(&mut self, changes: Value) {
        let session = with(self.purchase.session(&self.affiliate), changes);
        self.tell("checkout.session.completed", session);
    }

    /// The finished checkout and its paid first invoice.
    fn subscribes(&mut self) {
        self.session(json!({}));
        self.pays(0);
    }

    fn pays(&mut self, number: i64) {
        self.pays_invoice(number, self.purchase.invoice_of(self.shape, number));
    }

    /// Both events of an invoice, and which payment it was paid by.
    fn pays_invoice(&mut self, number: i64, invoice: Value) {
        self.tell("invoice.paid", invoice.clone());
        self.tell("invoice.payment_succeeded", invoice);
        if self.is_new() {
            self.tell(
                "invoice_payment.paid",
                self.purchase.invoice_payment(number),
            );
        }
    }

    /// What else Stripe tells of a payment.
    fn is_charged(&mut self, number: i64) {
        let intent = self.purchase.payment_intent(self.shape, number);
        self.tell("payment_intent.succeeded", intent);
        let charge = self.purchase.charge(self.shape, number, 0, &[]);
        self.tell("charge.succeeded", charge);
    }

    /// A refund that is done at once, and what its charge was refunded by then.
    fn refunds(&mut self, word: &str, amount: i64, in_all: i64) {
        let refund = self
            .purchase
            .refund(word, 0, amount, "succeeded", self.next_second());
        self.tell("refund.created", refund);
        self.charge_refunded(in_all);
    }

    fn charge_refunded(&mut self, in_all: i64) {
        self.tell(
            "charge.refunded",
            self.purchase.charge(self.shape, 0, in_all, &[]),
        );
    }

    fn disputes(&mut self, kind: &str, status: &str) {
        let kind = format!("charge.dispute.{kind}");
        self.tell(&kind, self.purchase.dispute(0, status));
    }
}

/// Checkout, first invoice, renewal, upgrade with a proration, half of the first payment back in two parts.
fn subscription(tale: &mut Teller) {
    tale.tell("customer.created", tale.purchase.customer(json!({})));
    let created = tale.purchase.subscription(tale.shape, "active");
    tale.tell("customer.subscription.created", created);
    tale.subscribes();
    tale.is_charged(0);
    tale.pays(1);
    tale.is_charged(1);
    let upgrade = tale.purchase.invoice_over(tale.shape, 2, 1320, 1200, 1320);
    let upgrade = with(upgrade, json!({"billing_reason": "subscription_update"}));
    tale.pays_invoice(2, upgrade);
    tale.refunds("a", 1100, 1100);
    tale.refunds("b", 1100, 2200);
}

/// The charge's total alone tells of the refund, and only one event leads from the charge to the invoice.
fn refund_before_the_link(tale: &mut Teller) {
    tale.session(json!({}));
    tale.tell("invoice.paid", tale.purchase.invoice(tale.shape));
    if tale.is_new() {
        tale.tell("invoice_payment.paid", tale.purchase.invoice_payment(0));
    }
    tale.charge_refunded(TOTAL);
}

/// The oldest versions list the refunds of a charge; the refund is told by itself, too.
fn listed_refunds(tale: &mut Teller) {
    tale.subscribes();
    let refund = tale
        .purchase
        .refund("a", 0, 1100, "succeeded", tale.next_second());
    tale.tell("refund.created", refund.clone());
    let shape = if tale.is_new() {
        Shape::Basil
    } else {
        Shape::Of2020
    };
    let charge = tale.purchase.charge(shape, 0, 1100, &[refund]);
    tale.tell("charge.refunded", charge);
}

/// A quarter goes back; a refund of the rest fails.
fn failed_refund(tale: &mut Teller) {
    tale.subscribes();
    tale.refunds("a", 1100, 1100);
    let made = tale.next_second();
    let refund = |tale: &Teller, status| tale.purchase.refund("b", 0, 3300, status, made);
    tale.tell("refund.created", refund(tale, "pending"));
    tale.charge_refunded(TOTAL);
    tale.tell("refund.updated", refund(tale, "failed"));
    tale.tell("refund.failed", refund(tale, "failed"));
    tale.tell("charge.refund.updated", refund(tale, "failed"));
}

fn dispute_lost(tale: &mut Teller) {
    tale.subscribes();
    tale.disputes("created", "warning_needs_response");
    tale.disputes("updated", "warning_under_review");
    tale.disputes("updated", "needs_response");
    tale.disputes("funds_withdrawn", "needs_response");
    tale.disputes("updated", "under_review");
    tale.disputes("closed", "lost");
}

fn dispute_won(tale: &mut Teller) {
    tale.subscribes();
    tale.disputes("created", "needs_response");
    tale.disputes("funds_withdrawn", "needs_response");
    tale.disputes("updated", "under_review");
    tale.disputes("closed", "won");
    tale.disputes("funds_reinstated", "won");
}

/// The bank changed its mind after the dispute was lost.
fn lost_and_reinstated(tale: &mut Teller) {
    tale.subscribes();
    tale.disputes("created", "needs_response");
    tale.disputes("funds_withdrawn", "needs_response");
    tale.disputes("closed", "lost");
    tale.disputes("funds_reinstated", "lost");
}

fn inquiry_closed(tale: &mut Teller) {
    tale.subscribes();
    tale.disputes("created", "warning_needs_response");
    tale.disputes("closed", "warning_closed");
}

/// Half was refunded when the dispute about the whole was lost: no more can go back than was paid.
fn refund_and_lost_dispute(tale: &mut Teller) {
    tale.subscribes();
    tale.refunds("a", 2200, 2200);
    tale.disputes("created", "needs_response");
    tale.disputes("closed", "lost");
}

/// Nothing is paid at first: a lead. The first paid invoice is the sale, whatever its billing reason.
fn trial(tale: &mut Teller) {
    tale.session(
        json!({"payment_status": "no_payment_required", "amount_total": 0, "amount_subtotal": 0}),
    );
    let trialing = tale.purchase.subscription(tale.shape, "trialing");
    tale.tell("customer.subscription.created", trialing);
    let nothing = tale.purchase.invoice_over(tale.shape, 0, 0, 0, 0);
    tale.tell("invoice.paid", nothing.clone());
    tale.tell("invoice.payment_succeeded", nothing);
    tale.pays(1);
}

/// The second invoice is paid by credit, the third by half.
fn zero_invoice_and_credit(tale: &mut Teller) {
    tale.subscribes();
    let by_credit = tale.purchase.invoice_over(tale.shape, 1, TOTAL, 4000, 0);
    tale.tell("invoice.paid", by_credit);
    let by_half = tale.purchase.invoice_over(tale.shape, 2, TOTAL, 4000, 2200);
    tale.pays_invoice(2, by_half);
}

fn cancelled_in_hold(tale: &mut Teller) {
    tale.subscribes();
    tale.pays(1);
    tale.tell(
        "customer.subscription.deleted",
        tale.purchase.ended(tale.shape, 3600),
    );
}

fn cancelled_after_hold(tale: &mut Teller) {
    tale.subscribes();
    let ended = tale.purchase.ended(tale.shape, 31 * 86_400);
    tale.tell("customer.subscription.deleted", ended);
}

fn voided(tale: &mut Teller) {
    tale.subscribes();
    let void = with(
        tale.purchase.invoice_of(tale.shape, 0),
        json!({"status": "void"}),
    );
    tale.tell("invoice.voided", void);
}

/// No invoice: the payment intent is the sale, in every version.
fn one_off(tale: &mut Teller) {
    let session = tale.purchase.one_off(&tale.affiliate);
    tale.tell("checkout.session.completed", session);
    let none = json!({"invoice": null});
    let intent = tale.purchase.payment_intent(tale.shape, 0);
    tale.tell("payment_intent.succeeded", with(intent, none.clone()));
    let charge = tale.purchase.charge(tale.shape, 0, 0, &[]);
    tale.tell("charge.succeeded", with(charge, none.clone()));
    let refund = tale
        .purchase
        .refund("a", 0, 1100, "succeeded", tale.next_second());
    tale.tell("refund.created", refund);
    let charge = tale.purchase.charge(tale.shape, 0, 1100, &[]);
    tale.tell("charge.refunded", with(charge, none));
}

fn slow_payment(tale: &mut Teller) {
    let session = tale.purchase.one_off(&tale.affiliate);
    let unpaid = with(session.clone(), json!({"payment_status": "unpaid"}));
    tale.tell("checkout.session.completed", unpaid);
    tale.tell("checkout.session.async_payment_succeeded", session);
}

/// The checkout makes an invoice, which is the sale; its refund names charge and payment intent only.
fn one_off_with_invoice(tale: &mut Teller) {
    let session = tale.purchase.one_off(&tale.affiliate);
    let session = with(
        session,
        json!({"invoice": tale.purchase.id("in"), "invoice_creation": {"enabled": true}}),
    );
    tale.tell("checkout.session.completed", session);
    let invoice = tale.purchase.invoice_of(tale.shape, 0);
    let alone = json!({"billing_reason": "manual", "subscription": null, "parent": null, "lines": {"data": []}});
    tale.tell("invoice.paid", with(invoice, alone));
    tale.refunds("a", TOTAL, TOTAL);
}

/// Only the credit note says which invoice the refund is of.
fn credit_note(tale: &mut Teller) {
    tale.session(json!({}));
    let invoice = tale.purchase.invoice_of(tale.shape, 0);
    tale.tell(
        "invoice.paid",
        with(invoice, json!({"payment_intent": null, "charge": null})),
    );
    let refund = tale
        .purchase
        .refund("a", 0, 1100, "succeeded", tale.next_second());
    tale.tell("refund.created", refund.clone());
    tale.tell(
        "credit_note.created",
        tale.purchase.credit_note(tale.shape, &refund),
    );
}
