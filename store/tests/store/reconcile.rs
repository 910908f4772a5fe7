//! Asking the processor: one server at a time, from where the last one came to, each refund once.

use chrono::Duration;
use domain::{
    connection::Processor,
    fact::Fact,
    refund::{BackKind, BackStatus, MoneyBack},
};
use sqlx::PgPool;
use store::{
    audit::Actor,
    connection::ConnectionChange,
    intake::LookedUp,
    reconcile::{Claim, Ending, Turn},
};

use crate::support::{Shop, clue, noon, payment};

fn quarter() -> Duration {
    Duration::minutes(15)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_server_reads_at_a_time_and_none_before_the_time(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (one, other) = (&shop.store, shop.beside());
    let connection = &shop.connection;
    let claim = async |store: &store::Store, turn| {
        let claim = store.claim_reconciliation(connection, turn).await;
        claim.expect("asks")
    };
    let first = Claim {
        reached_at: None,
        connected_at: noon(),
    };
    assert_eq!(claim(one, Turn::WhenDue).await, Some(first));
    assert_eq!(claim(&other, Turn::AtOnce).await, None, "another is at it");
    let reached = noon() - Duration::minutes(5);
    one.reconciled_until(connection, reached)
        .await
        .expect("noted");
    one.reconciled_until(connection, reached - quarter())
        .await
        .expect("noted");
    one.end_reconciliation(connection, quarter(), Ending::Whole)
        .await
        .expect("ended");
    assert_eq!(claim(&other, Turn::WhenDue).await, None, "not yet");
    let second = Claim {
        reached_at: Some(reached),
        ..first
    };
    assert_eq!(claim(&other, Turn::AtOnce).await, Some(second));
    // The other one dies; somebody else goes on in a while, also without having started anew.
    shop.clock.advance(quarter());
    assert_eq!(claim(one, Turn::WhenDue).await, Some(second));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_connection_says_when_it_was_read_and_what_went_wrong_since(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let shown = async || {
        let views = shop.store.connections(shop.organization_id).await;
        let view = views.expect("reads").remove(0);
        (view.last_reconciled_at, view.reconcile_error)
    };
    let end = async |ending| {
        let (store, connection) = (&shop.store, &shop.connection);
        let claim = store.claim_reconciliation(connection, Turn::AtOnce).await;
        assert!(claim.expect("asks").is_some());
        let ended = store
            .end_reconciliation(connection, quarter(), ending)
            .await;
        ended.expect("ended");
    };
    assert_eq!(shown().await, (None, None));
    end(Ending::BrokenOff("a 500")).await;
    assert_eq!(shown().await, (None, Some("a 500".to_owned())));
    end(Ending::Whole).await;
    assert_eq!(shown().await, (Some(noon()), None));
    shop.clock.advance(quarter());
    end(Ending::BrokenOff("a 500")).await;
    assert_eq!(shown().await, (Some(noon()), Some("a 500".to_owned())));
    end(Ending::WholeBut("all but one")).await;
    let later = Some(noon() + quarter());
    assert_eq!(shown().await, (later, Some("all but one".to_owned())));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_connections_with_a_key_can_be_asked(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let askable = async || {
        let askable = shop.store.askable_connections(Processor::Stripe).await;
        askable.expect("reads").len()
    };
    assert_eq!(askable().await, 0);
    let change = ConnectionChange {
        api_key: Some("rk_test_0123456789".to_owned()),
        ..ConnectionChange::default()
    };
    let (organization_id, id) = (shop.organization_id, shop.connection.id);
    let changed = shop
        .store
        .change_connection(Actor::System, organization_id, id, change);
    changed.await.expect("changed");
    assert_eq!(askable().await, 1);
    let removed = shop
        .store
        .remove_connection(Actor::System, organization_id, id);
    removed.await.expect("removed");
    assert_eq!(askable().await, 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn events_that_came_are_told_from_those_that_did_not(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.event("evt_1", Vec::new()).await;
    let events = ["evt_1", "evt_2"].map(|id| (id.to_owned(), noon()));
    let unknown = shop.store.unknown_events(&shop.connection, &events).await;
    assert_eq!(Vec::from_iter(unknown.expect("asks")), ["evt_2"]);
}

fn refund() -> MoneyBack {
    MoneyBack {
        external_id: "re_1".to_owned(),
        kind: BackKind::Refund,
        amount_minor: 4900,
        currency: None,
        status: BackStatus::Succeeded,
        occurred_at: noon(),
        told_at: noon(),
        failed_at: None,
        net_minor: None,
        payment: vec!["ch_1".to_owned(), "pi_1".to_owned()],
        reason: None,
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refund_without_a_sale_is_handed_out_once_an_hour_until_it_is_settled(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let other = shop.beside();
    let taken = async |store: &store::Store| {
        let taken = store.take_unmatched(&shop.connection).await;
        taken
            .expect("reads")
            .into_iter()
            .map(|one| one.payment.join(" "))
            .collect::<Vec<_>>()
    };
    shop.event("evt_1", vec![Fact::Back(refund())]).await;
    assert_eq!(taken(&shop.store).await, ["ch_1 pi_1 refund:re_1"]);
    assert_eq!(taken(&other).await.len(), 0, "somebody asks for it");
    let linked = ["pi_1", "in_1"].map(str::to_owned).to_vec();
    shop.event("evt_2", vec![Fact::Linked { ids: linked }])
        .await;
    shop.clock.advance(Duration::hours(1));
    assert_eq!(taken(&other).await, ["ch_1 in_1 pi_1 refund:re_1"]);
    other
        .settle_look_up(shop.organization_id, "re_1")
        .await
        .expect("settled");
    shop.clock.advance(Duration::hours(1));
    assert_eq!(taken(&other).await.len(), 0, "nothing more to ask");
    // One that meets its sale at once is never handed out, one that is too old no more.
    for (id, charge) in [("re_2", "ch_2"), ("re_3", "ch_3")] {
        let back = MoneyBack {
            external_id: id.to_owned(),
            payment: vec![charge.to_owned()],
            ..refund()
        };
        shop.event(id, vec![Fact::Back(back)]).await;
        let mut paid = payment(charge, None, 0);
        paid.clues = vec![clue(domain::fact::ClueKind::Slug, "sarah")];
        if id == "re_2" {
            shop.affiliate("sarah").await;
            shop.event("evt_paid", vec![Fact::Payment(paid)]).await;
        }
    }
    shop.clock.advance(Duration::days(31));
    assert_eq!(taken(&other).await.len(), 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_looked_up_lets_a_refund_meet_its_sale_now_or_later(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let sale = |id: &str| {
        let mut paid = payment(id, None, 0);
        paid.clues = vec![clue(domain::fact::ClueKind::Slug, "sarah")];
        Fact::Payment(paid)
    };
    for sale_first in [true, false] {
        let number = if sale_first { "1" } else { "2" };
        let [invoice, charge, id] = ["in", "ch", "re"].map(|prefix| format!("{prefix}_{number}"));
        let back = MoneyBack {
            external_id: id.clone(),
            payment: vec![charge.clone()],
            ..refund()
        };
        if sale_first {
            shop.event(&format!("{id}_paid"), vec![sale(&invoice)])
                .await;
        }
        shop.event(&id, vec![Fact::Back(back)]).await;
        let found = LookedUp {
            ids: vec![charge, invoice.clone()],
            why: format!("{id} was looked up"),
        };
        let told = shop
            .store
            .payment_looked_up(shop.organization_id, found.clone());
        told.await.expect("kept");
        // Once more changes nothing.
        let again = shop.store.payment_looked_up(shop.organization_id, found);
        again.await.expect("kept");
        if !sale_first {
            shop.event(&format!("{id}_paid"), vec![sale(&invoice)])
                .await;
        }
        let row = shop.rows_of(&invoice).await.remove(0);
        assert_eq!(
            (row.commission.minor, row.refunded_minor),
            (0, 4900),
            "{invoice}"
        );
        let why: Vec<String> =
            sqlx::query_scalar("select detail from audit_entry where detail like '%looked up%'")
                .fetch_all(&shop.pool)
                .await
                .expect("lines");
        assert!(
            why.len() == 1 && why[0].contains("re_1 was looked up"),
            "{why:?}"
        );
    }
}
