//! Payments that refer to what may be an invoice: they lead refunds to it, and are sales of their own.

use domain::{
    conversion::ProcessorIds,
    event::Outcome,
    fact::{ClueKind, Fact},
    refund::{BackStatus, MoneyBack},
};
use proptest::{prelude::*, strategy::ValueTree};
use sqlx::PgPool;

use crate::{
    refunds::{all_agrees, back, sale},
    support::{Shop, clue, payment, runner},
};

/// A payment of 49.00 without invoice.
fn intent(id: &str) -> Fact {
    let mut paid = payment(&format!("pi_{id}"), None, 0);
    paid.ids = ProcessorIds::default();
    paid.ids.payment_intent = Some(format!("pi_{id}"));
    paid.email = None;
    paid.clues = vec![clue(ClueKind::Slug, "sarah")];
    Fact::Payment(paid)
}

fn refers(id: &str, to: &str) -> Fact {
    Fact::Refers {
        id: format!("pi_{id}"),
        to: to.to_owned(),
    }
}

fn refund_of_intent(id: &str) -> Fact {
    Fact::Back(MoneyBack {
        payment: vec![format!("pi_{id}")],
        ..back(&format!("re_{id}"), 1000, BackStatus::Succeeded, 2)
    })
}

async fn refunded(shop: &Shop, id: &str) -> Option<i64> {
    let rows = shop.rows_of(id).await;
    rows.first().map(|row| row.refunded_minor)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn payments_that_refer_to_the_same_word_are_sales_of_their_own(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    for id in ["a", "b"] {
        let facts = vec![refers(id, "in_store")];
        shop.event(&format!("evt_{id}"), facts).await;
    }
    for id in ["a", "b"] {
        let told = shop
            .event(&format!("evt_paid_{id}"), vec![intent(id)])
            .await;
        assert_eq!(told.outcome, Outcome::Recorded, "{id}");
    }
    shop.event("evt_refund", vec![refund_of_intent("b")]).await;
    assert_eq!(refunded(&shop, "pi_a").await, Some(0));
    assert_eq!(refunded(&shop, "pi_b").await, Some(1000));
    all_agrees(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_reference_leads_a_refund_to_an_invoice_only_while_its_payment_has_no_sale(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let mut runner = runner();
    for number in 0..40 {
        let id = number.to_string();
        let has_own = number % 2 == 0;
        let mut facts = vec![
            sale(&id),
            refers(&id, &format!("in_{id}")),
            refund_of_intent(&id),
            // Of the same invoice, by its own id.
            Fact::Back(MoneyBack {
                payment: vec![format!("in_{id}")],
                ..back(&format!("re2_{id}"), 500, BackStatus::Succeeded, 3)
            }),
        ];
        facts.extend(has_own.then(|| intent(&id)));
        let order = Just(facts).prop_shuffle().new_tree(&mut runner);
        let order = order.expect("an order").current();
        for (step, fact) in order.iter().enumerate() {
            let event = format!("evt_{number}_{step}");
            shop.event(&event, vec![fact.clone()]).await;
        }
        let both = (
            refunded(&shop, &format!("in_{id}")).await,
            refunded(&shop, &format!("pi_{id}")).await,
        );
        let expected = if has_own {
            (Some(500), Some(1000))
        } else {
            (Some(1500), None)
        };
        assert_eq!(both, expected, "{order:?}");
    }
    all_agrees(&shop).await;
}
