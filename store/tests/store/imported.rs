//! Imported sales after their import: what goes back of them counts once, takes its part, and what was decided stays.

use chrono::Duration;
use domain::{
    commission::Rate,
    fact::{Fact, SubscriptionEnd},
    import::ImportKind,
    lifecycle::Status,
    refund::{BackStatus, MoneyBack},
};
use sqlx::PgPool;
use store::funnel::Funnel;

use crate::{
    refunds::{back, total},
    support::{Shop, noon, percent},
};

/// Sales of Sarah's of 1 November, of which the campaign pays 20 %.
fn file(rows: &[&str]) -> String {
    let header = "order_id,affiliate_email,date,currency,amount,commission,status,refunded,charge,subscription_id";
    let rows = rows.iter().map(|row| {
        let (id, rest) = row.split_once(',').unwrap_or((row, ""));
        format!("{id},sarah@affiliate.example,2026-11-01,USD,{rest},ch_{id},sub_{id}\n")
    });
    format!("{header}\n{}", rows.collect::<String>())
}

impl Shop {
    async fn import_sales(&self, rows: &[&str]) {
        let import = self.imported(ImportKind::Sales, &file(rows)).await;
        let wanted = i64::try_from(rows.len()).expect("few");
        assert_eq!(import.created, wanted, "{import:?}");
    }

    /// Where it stands, what it earns, and what went back of it.
    async fn stands(&self, id: &str) -> (Status, i64, i64) {
        let rows = self.rows_of(id).await;
        let [sale] = rows.as_slice() else {
            panic!("one sale, not {}", rows.len());
        };
        (sale.status, sale.commission.minor, sale.refunded_minor)
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refund_that_the_file_and_the_processor_tell_counts_once(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let told = |id: &str| {
        let single = Fact::Back(back(&format!("re_{id}"), 2500, BackStatus::Succeeded, 2));
        let charge = Fact::Back(MoneyBack {
            external_id: format!("refunded:ch_{id}"),
            ..total(&format!("ch_{id}"), 2500, 2)
        });
        (single, charge)
    };
    let [first, second, third] = ["one", "both", "charge"].map(|id| {
        let (single, charge) = told(id);
        match id {
            "one" => (id, vec![single]),
            "both" => (id, vec![charge, single]),
            _ => (id, vec![charge]),
        }
    });
    shop.clock.advance(Duration::hours(1));
    for (id, facts) in [first, second, third] {
        let row = |id: &str| format!("{id},100.00,15.00,pending,25.00");
        // The processor told it before.
        shop.event(&format!("evt_{id}"), facts).await;
        shop.import_sales(&[&row(id)]).await;
        assert_eq!(shop.stands(id).await, (Status::Pending, 1500, 2500), "{id}");
        // It tells it afterwards.
        let later = format!("later{id}");
        shop.import_sales(&[&row(&later)]).await;
        let (single, charge) = told(&later);
        let facts = match id {
            "one" => vec![single],
            "both" => vec![single, charge],
            _ => vec![charge],
        };
        shop.event(&format!("evt_{later}"), facts).await;
        let stands = shop.stands(&later).await;
        assert_eq!(stands, (Status::Pending, 1500, 2500), "{later}");
    }
    // What goes back after the import was in no file.
    let more = MoneyBack {
        occurred_at: noon() + Duration::hours(2),
        payment: vec!["ch_laterone".to_owned()],
        ..back("re_more", 2500, BackStatus::Succeeded, 120)
    };
    shop.event("evt_more", vec![Fact::Back(more)]).await;
    let stands = shop.stands("laterone").await;
    assert_eq!(stands, (Status::Pending, 1000, 5000));
    shop.is_in_order().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refund_takes_its_part_of_an_imported_commission(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    shop.import_sales(&[
        "pending,1000.00,300.00,pending,",
        "paid,1000.00,300.00,paid,",
        "plan,1000.00,,paid,",
        "half,1000.00,150.00,paid,500.00",
        "odd,1000.00,333.33,pending,",
    ])
    .await;
    for (id, rate) in [
        ("pending", percent(3000)),
        ("paid", percent(3000)),
        ("plan", percent(2000)),
        ("half", percent(3000)),
        ("odd", Rate::Fixed(33_333)),
    ] {
        let rows = shop.rows_of(id).await;
        assert_eq!(rows[0].plan.rate, rate, "{id}");
    }
    // What went back before is neither earned nor paid out.
    let balances = async || {
        let all = shop
            .store
            .balances(shop.organization_id, &[sarah.id])
            .await
            .expect("adds up");
        let own = all[&sarah.id][0];
        (own.pending_minor, own.paid_minor, own.debt_minor)
    };
    assert_eq!(balances().await, (63_333, 65_000, 0));
    shop.clock.advance(Duration::hours(1));
    for id in ["pending", "paid", "plan", "odd"] {
        let refund = back(&format!("re_{id}"), 90_000, BackStatus::Succeeded, 30);
        shop.event(&format!("evt_{id}"), vec![Fact::Back(refund)])
            .await;
    }
    assert_eq!(
        shop.stands("pending").await,
        (Status::Pending, 3000, 90_000)
    );
    assert_eq!(shop.stands("paid").await, (Status::Paid, 3000, 90_000));
    assert_eq!(shop.stands("plan").await, (Status::Paid, 2000, 90_000));
    // No share of two decimals gives 333.33: it stays until all is back.
    assert_eq!(shop.stands("odd").await, (Status::Pending, 33_333, 90_000));
    shop.is_in_order().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_decided_elsewhere_an_old_end_of_a_subscription_leaves(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let ended = |id: &str| {
        let end = SubscriptionEnd {
            subscription: format!("sub_{id}"),
            ended_at: noon() - Duration::days(8),
        };
        vec![Fact::Ended(end)]
    };
    for id in ["approved", "denied", "pending"] {
        shop.event(&format!("evt_{id}"), ended(id)).await;
        let later = format!("later{id}");
        for id in [id, &later] {
            let status = id.trim_start_matches("later");
            shop.import_sales(&[&format!("{id},100.00,15.00,{status},")])
                .await;
        }
        shop.event(&format!("evt_{later}"), ended(&later)).await;
        let expected = match id {
            "approved" => (Status::Approved, 1500, 0),
            "denied" => (Status::Denied, 0, 0),
            _ => (Status::Refunded, 0, 0),
        };
        assert_eq!(shop.stands(id).await, expected);
        assert_eq!(shop.stands(&later).await, expected);
    }
    shop.is_in_order().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn imported_sales_came_through_no_link_of_ours(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    shop.import_sales(&["s1,100.00,15.00,pending,"]).await;
    let (store, organization_id, day) = (&shop.store, shop.organization_id, noon().date_naive());
    let own = store.affiliate_funnel(organization_id, sarah.id, day).await;
    assert_eq!(own.expect("counted"), Funnel::default());
    let campaign = store.campaign_funnel(organization_id, shop.campaign_id, day);
    assert_eq!(campaign.await.expect("counted"), Funnel::default());
}
