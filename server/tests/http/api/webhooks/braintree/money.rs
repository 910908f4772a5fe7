//! What Braintree tells becomes sales, and what goes back of them.

use super::{DAY, held, outcome, pending, refunded, shop, stands};
use crate::support::{
    braintree::{Subscriber, dispute, notification, time},
    now,
};

#[tokio::test]
async fn a_first_charge_is_a_sale_and_the_next_is_recurring_whichever_comes_first() {
    let (server, connection) = shop().await;
    let ann = Subscriber::paid_at("ann", now() - 40 * DAY);
    let (first, second) = (ann.sale("t1", 0).by("sarah"), ann.sale("t2", 30 * DAY));
    let renewal = ann.charged(30 * DAY, &[second, first.clone()]);
    assert_eq!(outcome(&server, &connection, &renewal).await, "recorded");
    assert_eq!(
        outcome(&server, &connection, &ann.charged(1, &[first])).await,
        "deduped"
    );
    let mut sales = server.sales("").await;
    sales.sort_by_key(|row| row["externalEventId"].as_str().map(str::to_owned));
    let told: Vec<_> = sales
        .iter()
        .map(|row| {
            [&row["externalEventId"], &row["type"], &row["source"]]
                .map(|word| word.as_str().expect("text"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ["t1_ann", "Sale", "Link"],
            ["t2_ann", "Recurring", "Customer match"]
        ]
    );
    assert_eq!(sales[0]["customerEmail"], "ann@customers.example");
    assert_eq!(
        sales[0]["occurredAt"].as_str().map(|at| &at[..19]),
        Some(&time(ann.at)[..19])
    );
}

#[tokio::test]
async fn a_coupon_and_an_earlier_lead_are_credited() {
    let (server, connection) = shop().await;
    let tom = server.affiliate("tom").await;
    server.coupon(&tom, "TOM20", None).await;
    server.coupon(&tom, "SPRING", Some("bt_spring")).await;
    for (name, id, code) in [("bea", "tom20", "TOM20"), ("cid", "bt_spring", "SPRING")] {
        let person = Subscriber::new(name);
        let discount = format!(
            "<discounts type=\"array\"><discount><id>{id}</id><amount>5.00</amount></discount></discounts>"
        );
        let xml = person.charged(1, &[person.sale("t1", 0)]);
        let xml = xml.replacen("<discounts type=\"array\"/>", &discount, 1);
        assert_eq!(
            outcome(&server, &connection, &xml).await,
            "recorded",
            "{name}"
        );
        let sale = server.sale_of(&person.id("t1")).await.expect("a sale");
        assert_eq!(
            (&sale["affiliateSlug"], &sale["couponCode"]),
            (&"tom".into(), &code.into())
        );
    }
    let lead = serde_json::json!({"email": "dan@customers.example", "affiliateSlug": "sarah"});
    let answer = server.post("/api/tracking/lead", lead).await;
    assert!(answer.status < 300, "{} {}", answer.status, answer.text);
    let dan = Subscriber::new("dan");
    let xml = dan.charged(1, &[dan.sale("t1", 0)]);
    assert_eq!(outcome(&server, &connection, &xml).await, "recorded");
    let sale = server.sale_of(&dan.id("t1")).await.expect("a sale");
    assert_eq!(
        (&sale["affiliateSlug"], &sale["source"]),
        (&"sarah".into(), &"Customer match".into())
    );
}

#[tokio::test]
async fn the_id_of_a_refund_holds_its_sale_until_the_refund_is_told() {
    let (server, connection) = shop().await;
    let ann = Subscriber::paid_at("ann", now() - 35 * DAY);
    let first = ann.sale("t1", 0).by("sarah");
    // The hold is over; only the refund of unknown amount keeps it.
    let refunded = first.refunded_by(&["r1_ann"]);
    let renewal = ann.charged(30 * DAY, &[ann.sale("t2", 30 * DAY), refunded]);
    assert_eq!(outcome(&server, &connection, &renewal).await, "recorded");
    assert_eq!(stands(&server, "t1_ann").await, held());
    assert_eq!(stands(&server, "t2_ann").await, pending(0, 980));
    let credit = first.credit("r1_ann", "24.50", ann.at + DAY);
    let told = notification("transaction_settled", now(), &credit.xml());
    assert_eq!(outcome(&server, &connection, &told).await, "recorded");
    let (_, back, due, is_held) = stands(&server, "t1_ann").await;
    assert_eq!((back, due, is_held), (2450, 490, false));
    // Another list with the id alone is no news.
    let again = ann.told("went_past_due", 31 * DAY, &[first.refunded_by(&["r1_ann"])]);
    assert_eq!(outcome(&server, &connection, &again).await, "deduped");
    assert!(!stands(&server, "t1_ann").await.3);
}

#[tokio::test]
async fn a_bank_debit_is_refunded_and_the_refund_fails() {
    let (server, connection) = shop().await;
    let ann = Subscriber::new("ann");
    let sale = ann.sale("t1", 0).by("sarah");
    let settled = notification("transaction_settled", ann.at + 10, &sale.xml());
    assert_eq!(outcome(&server, &connection, &settled).await, "recorded");
    let credit = sale.credit("r1_ann", "49.00", ann.at + 20);
    let back = notification("transaction_settled", ann.at + 20, &credit.xml());
    assert_eq!(outcome(&server, &connection, &back).await, "recorded");
    assert_eq!(stands(&server, "t1_ann").await, refunded());
    let failed = "<transaction><id>r1_ann</id><amount>49.00</amount><status>processor_declined</status>\
                  <refunded-transaction-fk>t1_ann</refunded-transaction-fk></transaction>";
    let failed = notification("refund_failed", ann.at + 30, failed);
    assert_eq!(outcome(&server, &connection, &failed).await, "recorded");
    assert_eq!(stands(&server, "t1_ann").await, pending(0, 980));
    // The debit itself comes back.
    let declined = sale.is("settlement_declined", ann.at + 40);
    let declined = notification(
        "transaction_settlement_declined",
        ann.at + 40,
        &declined.xml(),
    );
    assert_eq!(outcome(&server, &connection, &declined).await, "recorded");
    assert_eq!(stands(&server, "t1_ann").await, refunded());
}

#[tokio::test]
async fn a_voided_sale_is_taken_back() {
    let (server, connection) = shop().await;
    let ann = Subscriber::new("ann");
    let sale = ann
        .sale("t1", 0)
        .by("sarah")
        .is("submitted_for_settlement", ann.at);
    assert_eq!(
        outcome(
            &server,
            &connection,
            &ann.charged(1, std::slice::from_ref(&sale))
        )
        .await,
        "recorded"
    );
    let list = [sale.is("voided", ann.at + 5)];
    let later = ann.told("canceled", 20, &list);
    assert_eq!(outcome(&server, &connection, &later).await, "recorded");
    assert_eq!(stands(&server, "t1_ann").await, refunded());
    let never = Subscriber::new("ben");
    let list = [never
        .sale("t1", 0)
        .by("sarah")
        .is("processor_declined", never.at)];
    let told = never.told("charged_unsuccessfully", 1, &list);
    assert_eq!(outcome(&server, &connection, &told).await, "ignored");
    assert!(server.sale_of("t1_ben").await.is_none());
    // One that came to nothing before it was ever counted waits for no sale.
    let list = [never.sale("t2", 0).is("failed", never.at)];
    let told = never.told("charged_unsuccessfully", 2, &list);
    assert_eq!(outcome(&server, &connection, &told).await, "stored");
}

#[tokio::test]
async fn disputes_hold_take_and_give_back() {
    let (server, connection) = shop().await;
    let all = [
        (
            "won",
            "chargeback",
            vec!["opened", "under_review", "won"],
            vec![held(), held(), pending(0, 980)],
        ),
        (
            "lost",
            "chargeback",
            vec!["opened", "disputed", "lost"],
            vec![held(), held(), refunded()],
        ),
        (
            "accepted",
            "pre_arbitration",
            vec!["opened", "accepted"],
            vec![held(), refunded()],
        ),
        (
            "expired",
            "chargeback",
            vec!["opened", "expired"],
            vec![held(), refunded()],
        ),
        (
            "asked",
            "retrieval",
            vec!["opened", "expired"],
            vec![pending(0, 980), pending(0, 980)],
        ),
        (
            "turned",
            "chargeback",
            vec!["auto_accepted", "won"],
            vec![refunded(), pending(0, 980)],
        ),
    ];
    for (name, kind, steps, ends) in all {
        let person = Subscriber::new(name);
        let paid = person.charged(1, &[person.sale("t1", 0).by("sarah")]);
        assert_eq!(outcome(&server, &connection, &paid).await, "recorded");
        for (after, (step, end)) in (2_i64..).zip(steps.into_iter().zip(ends)) {
            let subject = dispute(&person.id("d1"), kind, "open", &person.id("t1"));
            let xml = notification(&format!("dispute_{step}"), person.at + after, &subject);
            let is_news = !["under_review", "disputed"].contains(&step)
                && (kind, step) != ("retrieval", "expired");
            assert_eq!(
                outcome(&server, &connection, &xml).await,
                if is_news { "recorded" } else { "deduped" },
                "{name} {step}"
            );
            assert_eq!(
                stands(&server, &person.id("t1")).await,
                end,
                "{name} {step}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_sent_again_with_a_later_time_undoes_nothing() {
    let (server, connection) = shop().await;
    let ann = Subscriber::new("ann");
    let sale = ann.sale("t1", 0).by("sarah");
    let paid = ann.charged(1, std::slice::from_ref(&sale));
    assert_eq!(outcome(&server, &connection, &paid).await, "recorded");
    let subject = dispute("d1_ann", "chargeback", "open", "t1_ann");
    let lost = notification("dispute_lost", ann.at + 10, &subject);
    assert_eq!(outcome(&server, &connection, &lost).await, "recorded");
    for (after, step) in [(20, "opened"), (21, "under_review"), (22, "disputed")] {
        let again = notification(&format!("dispute_{step}"), ann.at + after, &subject);
        assert_eq!(outcome(&server, &connection, &again).await, "deduped");
        assert_eq!(stands(&server, "t1_ann").await, refunded(), "{step}");
    }
    let ben = Subscriber::new("ben");
    let sale = ben.sale("t1", 0).by("sarah");
    let paid = ben.charged(1, std::slice::from_ref(&sale));
    assert_eq!(outcome(&server, &connection, &paid).await, "recorded");
    let credit = sale.credit("r1_ben", "49.00", ben.at + 5);
    let failed = credit.is("failed", ben.at + 10);
    let failed = notification("refund_failed", ben.at + 10, &failed.xml());
    assert_eq!(outcome(&server, &connection, &failed).await, "recorded");
    let again = notification("transaction_settled", ben.at + 20, &credit.xml());
    assert_eq!(outcome(&server, &connection, &again).await, "deduped");
    assert_eq!(stands(&server, "t1_ben").await, pending(0, 980));
}

#[tokio::test]
async fn the_end_of_a_subscription_inside_the_hold_takes_its_sales_back() {
    let (server, connection) = shop().await;
    let ann = Subscriber::new("ann");
    let paid = [ann.sale("t1", 0).by("sarah")];
    assert_eq!(
        outcome(&server, &connection, &ann.charged(1, &paid)).await,
        "recorded"
    );
    let expired = ann.told("expired", 10, &paid);
    assert_eq!(outcome(&server, &connection, &expired).await, "deduped");
    assert_eq!(stands(&server, "t1_ann").await, pending(0, 980));
    let canceled = ann.told("canceled", 20, &paid);
    assert_eq!(outcome(&server, &connection, &canceled).await, "recorded");
    let (status, _, due, _) = stands(&server, "t1_ann").await;
    assert_eq!((status.as_str(), due), ("refunded", 0));
}

#[tokio::test]
async fn a_trial_with_an_affiliates_coupon_is_one_lead() {
    let (server, connection) = shop().await;
    let sarah = server.affiliate("sue").await;
    server.coupon(&sarah, "SUE20", None).await;
    let ann = Subscriber::new("ann");
    for after in [1, 2] {
        let xml = ann.told("trial_ended", after, &[]);
        let xml = xml.replacen(
            "<discounts type=\"array\"/>",
            "<discounts type=\"array\"><discount><id>SUE20</id></discount></discounts>",
            1,
        );
        let xml = xml.replace(
            "<trial-period type=\"boolean\">false",
            "<trial-period type=\"boolean\">true",
        );
        let expected = ["recorded", "deduped"][usize::try_from(after - 1).expect("small")];
        assert_eq!(outcome(&server, &connection, &xml).await, expected);
    }
    let leads = server.sales("type=Lead").await;
    assert_eq!(leads.len(), 1);
    assert_eq!(leads[0]["affiliateSlug"], "sue");
    // The coupon is kept for the payments of the subscription.
    let paid = ann.charged(10, &[ann.sale("t1", 5)]);
    assert_eq!(outcome(&server, &connection, &paid).await, "recorded");
    let sale = server.sale_of("t1_ann").await.expect("a sale");
    assert_eq!(
        (&sale["affiliateSlug"], &sale["type"]),
        (&"sue".into(), &"Sale".into())
    );
}
