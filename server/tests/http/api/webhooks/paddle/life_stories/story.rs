//! Complete stories of purchases, as Paddle tells them, and what each comes to: written down by hand from
//! the rules.

use serde_json::{Value, json};

use crate::support::{
    paddle::{Purchase, TOTAL, discount},
    stripe::with,
};

/// How a sale ends: number of the payment, type, status, refunded, commission.
pub(super) type End = (i64, &'static str, &'static str, i64, i64);

/// A story: its name, when its customer paid (days ago), who tells it, how its sales end, how many leads.
pub(super) struct Story {
    pub(super) name: &'static str,
    pub(super) days_ago: i64,
    pub(super) tell: fn(&mut Teller),
    pub(super) ends: &'static [End],
    pub(super) leads: i64,
    /// Does something that is not decided keep its sale from approval?
    pub(super) is_held: bool,
}

const fn story(name: &'static str, tell: fn(&mut Teller), ends: &'static [End]) -> Story {
    Story {
        name,
        days_ago: 1,
        tell,
        ends,
        leads: 0,
        is_held: false,
    }
}

const WHOLE: &[End] = &[(0, "sale", "pending", 0, 800)];
const GONE: &[End] = &[(0, "sale", "refunded", TOTAL, 0)];
const QUARTER_GONE: &[End] = &[(0, "sale", "pending", 1100, 600)];

/// 20 % of 40.00 net of 44.00: 8.00, and of what is left of it.
pub(super) const STORIES: [Story; 17] = [
    story(
        "subscription",
        subscription,
        &[
            (0, "sale", "pending", 2200, 400),
            (1, "recurring", "pending", 0, 800),
            (2, "recurring", "pending", 0, 240),
        ],
    ),
    story("refund", full_refund, GONE),
    story("rejected", rejected_refund, QUARTER_GONE),
    story("chargeback", chargeback, GONE),
    story("reversed", chargeback_reversed, WHOLE),
    story("restored", chargeback_restored, WHOLE),
    story("half", half_restored, QUARTER_GONE),
    story("warning", warning_taken_back, WHOLE),
    Story {
        is_held: true,
        ..story("warned", warned, WHOLE)
    },
    Story {
        is_held: true,
        ..story("asked", asked, WHOLE)
    },
    story("both", refund_and_chargeback, GONE),
    story("tax", tax_and_credit, WHOLE),
    Story {
        leads: 1,
        ..story("trial", trial, &[(1, "sale", "pending", 0, 800)])
    },
    story("discount", by_discount, WHOLE),
    story("downgrade", downgrade, WHOLE),
    story(
        "cancelled",
        cancelled_in_hold,
        &[
            (0, "sale", "refunded", 0, 0),
            (1, "recurring", "refunded", 0, 0),
        ],
    ),
    Story {
        days_ago: 40,
        ..story(
            "kept",
            cancelled_after_hold,
            &[(0, "sale", "approved", 0, 800)],
        )
    },
];

/// Notes down what is told of a purchase, in the order in which it happened.
pub(super) struct Teller {
    pub(super) purchase: Purchase,
    pub(super) told: Vec<Value>,
}

impl Teller {
    fn tell(&mut self, kind: &str, data: Value) {
        let number = i64::try_from(self.told.len()).expect("few");
        // Ten seconds apart: what follows was made in between.
        self.told.push(self.purchase.event(kind, 10 * number, data));
    }

    /// The checkout: its transaction on the way to its completion, the customer, the subscription.
    fn subscribes(&mut self) {
        let referral = json!({"tributary_ref": "sarah"});
        let done = self.purchase.transaction(0, referral.clone());
        for (word, status) in [("created", "draft"), ("ready", "ready"), ("paid", "paid")] {
            let early = with(
                done.clone(),
                json!({"status": status, "subscription_id": null}),
            );
            self.tell(&format!("transaction.{word}"), early);
        }
        let customer = self.purchase.customer(Value::Null);
        self.tell("customer.created", customer);
        let subscription = self.purchase.subscription("active", referral);
        self.tell("subscription.created", subscription);
        self.tell("transaction.completed", done);
    }

    fn renews(&mut self, number: i64) {
        let renewal = self.purchase.transaction(number, Value::Null);
        self.tell("transaction.completed", renewal);
    }

    /// An adjustment that is made, and then is told to stand elsewhere.
    fn adjusts(&mut self, word: &str, action: &str, statuses: &[&str], gross: i64) {
        let kinds = ["adjustment.created", "adjustment.updated"];
        for (number, status) in statuses.iter().enumerate() {
            let adjustment = self.purchase.adjustment(word, (action, status), gross);
            self.tell(kinds[number.min(1)], adjustment);
        }
    }
}

/// Checkout, renewal, upgrade with a proration, half of the first payment back in two parts.
fn subscription(tale: &mut Teller) {
    tale.subscribes();
    tale.renews(1);
    let upgrade = tale.purchase.transaction_over(2, 1320, 120, Value::Null);
    let upgrade = with(upgrade, json!({"origin": "subscription_update"}));
    tale.tell("transaction.completed", upgrade);
    tale.adjusts("a", "refund", &["pending_approval", "approved"], 1100);
    tale.adjusts("b", "refund", &["approved"], 1100);
}

fn full_refund(tale: &mut Teller) {
    tale.subscribes();
    tale.adjusts("a", "refund", &["pending_approval", "approved"], TOTAL);
}

/// A quarter goes back; a refund of the rest is not approved.
fn rejected_refund(tale: &mut Teller) {
    tale.subscribes();
    tale.adjusts("a", "refund", &["approved"], 1100);
    tale.adjusts("b", "refund", &["pending_approval", "rejected"], 3300);
}

fn chargeback(tale: &mut Teller) {
    tale.subscribes();
    tale.adjusts("a", "chargeback_warning", &["approved", "reversed"], TOTAL);
    tale.adjusts("b", "chargeback", &["approved"], TOTAL);
}

/// Both the chargeback and the adjustment that reverses it tell of the reversal.
fn chargeback_reversed(tale: &mut Teller) {
    tale.subscribes();
    tale.adjusts("a", "chargeback", &["approved", "reversed"], TOTAL);
    tale.adjusts("b", "chargeback_reverse", &["approved"], TOTAL);
}

/// Only the adjustment that reverses it does.
fn chargeback_restored(tale: &mut Teller) {
    tale.subscribes();
    tale.adjusts("a", "chargeback", &["approved"], TOTAL);
    tale.adjusts("b", "chargeback_reverse", &["approved"], TOTAL);
}

/// Of two chargebacks one is reversed.
fn half_restored(tale: &mut Teller) {
    tale.subscribes();
    tale.adjusts("a", "chargeback", &["approved"], 1100);
    tale.adjusts("b", "chargeback", &["approved", "reversed"], 2200);
    tale.adjusts("c", "chargeback_reverse", &["approved"], 2200);
}

fn warning_taken_back(tale: &mut Teller) {
    tale.subscribes();
    tale.adjusts("a", "chargeback_warning", &["approved"], TOTAL);
    tale.adjusts("b", "chargeback_warning_reverse", &["approved"], TOTAL);
}

/// Keeps the sale from approval.
fn warned(tale: &mut Teller) {
    tale.subscribes();
    tale.adjusts("a", "chargeback_warning", &["approved"], TOTAL);
}

/// The same.
fn asked(tale: &mut Teller) {
    tale.subscribes();
    tale.adjusts("a", "refund", &["pending_approval"], TOTAL);
}

/// Half was refunded when the whole was charged back: no more can go back than was paid.
fn refund_and_chargeback(tale: &mut Teller) {
    tale.subscribes();
    tale.adjusts("a", "refund", &["approved"], 2200);
    tale.adjusts("b", "chargeback", &["approved"], TOTAL);
}

fn tax_and_credit(tale: &mut Teller) {
    tale.subscribes();
    let tax = json!([{"type": "tax", "totals": {"subtotal": "0", "tax": "400", "total": "400"}}]);
    let adjustment = tale.purchase.adjustment("a", ("refund", "approved"), 400);
    tale.tell(
        "adjustment.created",
        with(adjustment, json!({"items": tax})),
    );
    tale.adjusts("b", "credit", &["approved"], 1100);
    tale.adjusts("c", "credit_reverse", &["approved"], 1100);
}

/// Nothing is paid at first: a lead. The first paid transaction is the sale.
fn trial(tale: &mut Teller) {
    let referral = json!({"tributary_ref": "sarah"});
    let nothing = tale.purchase.transaction_over(0, 0, 0, referral.clone());
    tale.tell("transaction.completed", nothing);
    let customer = tale.purchase.customer(Value::Null);
    tale.tell("customer.created", customer);
    let trialing = tale.purchase.subscription("trialing", referral);
    tale.tell("subscription.created", trialing.clone());
    tale.tell("subscription.trialing", trialing);
    tale.renews(1);
}

/// Nothing but the discount names the affiliate, and only the discount's own event names its code.
fn by_discount(tale: &mut Teller) {
    let id = tale.purchase.id("dsc");
    tale.tell("discount.created", discount(&id, "sarah20"));
    let sale = tale.purchase.transaction(0, Value::Null);
    let sale = with(sale, json!({"discount_id": id}));
    tale.tell("transaction.completed", sale);
}

/// Paddle owes the customer; and later nothing is paid for another card.
fn downgrade(tale: &mut Teller) {
    tale.subscribes();
    let back = tale.purchase.transaction_over(1, -1100, -100, Value::Null);
    let back = with(back, json!({"origin": "subscription_update"}));
    tale.tell("transaction.completed", back);
    let card = tale.purchase.transaction_over(2, 0, 0, Value::Null);
    let card = with(
        card,
        json!({"origin": "subscription_payment_method_change"}),
    );
    tale.tell("transaction.completed", card);
}

fn cancelled_in_hold(tale: &mut Teller) {
    tale.subscribes();
    tale.renews(1);
    let ended = tale.purchase.ended(3600);
    tale.tell("subscription.canceled", ended);
}

fn cancelled_after_hold(tale: &mut Teller) {
    tale.subscribes();
    let ended = tale.purchase.ended(31 * 86_400);
    tale.tell("subscription.canceled", ended);
}
