//! Affiliates' accounts: what they add up to, and their entries page by page.

use std::collections::HashMap;

use chrono::Duration;
use domain::{
    affiliate::Affiliate,
    conversion::Conversion,
    fact::{ClueKind, Fact},
    id::{AffiliateId, OrganizationId},
    ledger::{Balance, EntryKind},
    lifecycle::{Status, Transition},
    money::{Currency, Money},
    refund::{BackKind, BackStatus, MoneyBack},
};
use sqlx::PgPool;
use store::{Random, audit::Actor, intake::Decision, ledger::AccountCursor};
use uuid::Uuid;

use crate::support::{Shop, clue, noon, payment};

/// What can happen to a sale, drawn from a seeded generator.
struct Dice(Random);

impl Dice {
    fn roll(&self, sides: u8) -> u8 {
        self.0.bytes::<1>()[0] % sides
    }
}

async fn sale(shop: &Shop, id: &str, slug: &str, minor: i64, currency: &str) -> Conversion {
    let currency = Currency::parse(currency).expect("a currency");
    let mut paid = payment(id, None, 0);
    paid.clues = vec![clue(ClueKind::Slug, slug)];
    (paid.amount, paid.base_minor) = (Money::new(minor, currency), minor);
    (paid.ids.customer, paid.email) = (None, None);
    shop.event(&format!("evt_{id}"), vec![Fact::Payment(paid)])
        .await;
    shop.rows_of(id).await.remove(0)
}

/// Money of a sale that goes back, or may.
async fn back(shop: &Shop, sale: &str, kind: BackKind, status: BackStatus, minor: i64) {
    shop.clock.advance(Duration::seconds(1));
    let word = format!("{kind:?}_{status:?}_{sale}_{minor}");
    let back = MoneyBack {
        external_id: format!("{kind:?}_{sale}"),
        kind,
        amount_minor: minor,
        net_minor: None,
        currency: None,
        status,
        occurred_at: noon(),
        told_at: shop.store.now(),
        failed_at: None,
        payment: vec![sale.to_owned()],
        reason: None,
    };
    shop.event(&word, vec![Fact::Back(back)]).await;
}

/// Takes a step, unless the sale can't.
async fn step(shop: &Shop, sale: &Conversion, step: Transition) {
    shop.clock.advance(Duration::seconds(1));
    let decision = Decision {
        conversion_ids: vec![sale.id],
        step,
        actor: Actor::System,
        reason: Some("because".to_owned()),
    };
    drop(shop.store.decide(shop.organization_id, decision).await);
}

/// Writes what a settled payout writes: an entry, and the sales it took are paid.
async fn pay_out(shop: &Shop, affiliate: &Affiliate, minor: i64) {
    let sql =
        "insert into ledger_entry values ($1, $2, $3, null, 'payout', $4, 'USD', 'payout', $5)";
    sqlx::query(sql)
        .bind(shop.organization_id.0)
        .bind(Uuid::from_u128(0x9A1D))
        .bind(affiliate.id.0)
        .bind(-minor)
        .bind(noon())
        .execute(&shop.pool)
        .await
        .expect("an entry");
    let sql = "update conversion set status = 'paid', paid_at = $2 where affiliate_id = $1 and status = 'approved'
        and held_by is null and commission_currency = 'USD'";
    sqlx::query(sql)
        .bind(affiliate.id.0)
        .bind(noon())
        .execute(&shop.pool)
        .await
        .expect("paid");
}

async fn balances(shop: &Shop, affiliates: &[AffiliateId]) -> HashMap<AffiliateId, Vec<Balance>> {
    let found = shop.store.balances(shop.organization_id, affiliates).await;
    found.expect("reads")
}

/// Pending, approved, paid and debt of the one currency an affiliate has.
async fn only(shop: &Shop, affiliate: &Affiliate) -> [i64; 4] {
    let found = balances(shop, &[affiliate.id]).await;
    let of_affiliate = &found[&affiliate.id];
    assert_eq!(of_affiliate.len(), 1, "{of_affiliate:?}");
    of_affiliate[0].parts().map(|money| money.minor)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_balance_follows_a_sale_from_hold_to_debt(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    assert_eq!(balances(&shop, &[sarah.id]).await, HashMap::new());
    let first = sale(&shop, "in_1", "sarah", 4900, "USD").await;
    let second = sale(&shop, "in_2", "sarah", 1000, "USD").await;
    assert_eq!(only(&shop, &sarah).await, [1180, 0, 0, 0]);
    step(&shop, &first, Transition::ApproveEarly).await;
    assert_eq!(only(&shop, &sarah).await, [200, 980, 0, 0]);
    back(&shop, "in_1", BackKind::Dispute, BackStatus::Open, 4900).await;
    assert_eq!(
        only(&shop, &sarah).await,
        [1180, 0, 0, 0],
        "what is disputed can't be paid out"
    );
    back(&shop, "in_1", BackKind::Dispute, BackStatus::Won, 4900).await;
    back(&shop, "in_1", BackKind::Refund, BackStatus::Succeeded, 2450).await;
    assert_eq!(only(&shop, &sarah).await, [200, 490, 0, 0]);
    pay_out(&shop, &sarah, 490).await;
    assert_eq!(only(&shop, &sarah).await, [200, 0, 490, 0]);
    back(&shop, "in_1", BackKind::Refund, BackStatus::Succeeded, 4900).await;
    assert_eq!(
        only(&shop, &sarah).await,
        [200, 0, 490, 490],
        "what was paid out and refunded is owed"
    );
    step(&shop, &second, Transition::ApproveEarly).await;
    assert_eq!(only(&shop, &sarah).await, [0, 0, 490, 290]);

    let elsewhere = OrganizationId(Uuid::from_u128(7));
    let found = shop.store.balances(elsewhere, &[sarah.id]).await;
    assert_eq!(found.expect("reads"), HashMap::new());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whatever_happens_balances_add_up_to_the_entries(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let euro = shop
        .campaign("EU", |terms| {
            terms.currency = Currency::parse("EUR").expect("a currency");
        })
        .await;
    let affiliates = [
        shop.affiliate("sarah").await,
        shop.affiliate("jonas").await,
        shop.affiliate_in("rita", euro).await,
    ];
    let dice = Dice(Random::seeded(42));
    let mut sales: Vec<(String, Conversion)> = Vec::new();
    for round in 0..80 {
        let is_new = sales.len() < 5 || dice.roll(4) == 0;
        if is_new {
            let (slug, currency) =
                [("sarah", "USD"), ("jonas", "USD"), ("rita", "EUR")][usize::from(dice.roll(3))];
            let id = format!("in_{round}");
            let minor = 100 + i64::from(dice.roll(250)) * 37;
            let made = sale(&shop, &id, slug, minor, currency).await;
            sales.push((id, made));
        } else {
            let (id, made) = &sales[usize::from(dice.roll(255)) % sales.len()];
            let part = made.amount.minor / i64::from(1 + dice.roll(3));
            match dice.roll(8) {
                0 => step(&shop, made, Transition::Deny).await,
                1 => step(&shop, made, Transition::Restore).await,
                2 | 3 => step(&shop, made, Transition::ApproveEarly).await,
                4 => back(&shop, id, BackKind::Refund, BackStatus::Succeeded, part).await,
                5 => back(&shop, id, BackKind::Refund, BackStatus::Failed, part).await,
                6 => back(&shop, id, BackKind::Dispute, BackStatus::Open, part).await,
                _ => back(&shop, id, BackKind::Dispute, BackStatus::Lost, part).await,
            }
        }
        if round == 50 {
            let [_, payable, _, debt] = only(&shop, &affiliates[0]).await;
            assert!(payable > debt, "there is something to pay out");
            pay_out(&shop, &affiliates[0], payable).await;
        }
        check(&shop, &affiliates).await;
    }
}

/// Every balance against its entries, and against the rows one sees.
async fn check(shop: &Shop, affiliates: &[Affiliate]) {
    let rows: Vec<Conversion> = shop
        .rows()
        .await
        .into_iter()
        .map(|row| row.conversion)
        .collect();
    let ids: Vec<AffiliateId> = affiliates.iter().map(|one| one.id).collect();
    let page = balances(shop, &ids).await;
    for id in ids {
        assert_eq!(
            balances(shop, &[id]).await.get(&id),
            page.get(&id),
            "alone and in a page"
        );
        let entries: Vec<(String, i64)> = sqlx::query_as(
            "select currency, sum(amount_minor)::bigint from ledger_entry where affiliate_id = $1
             group by currency order by currency",
        )
        .bind(id.0)
        .fetch_all(&shop.pool)
        .await
        .expect("sums");
        let found = page.get(&id).cloned().unwrap_or_default();
        let told = found
            .iter()
            .map(|one| (one.currency.code().to_owned(), one.sum()));
        assert_eq!(told.collect::<Vec<_>>(), entries);
        for balance in found {
            let held = |row: &&Conversion| {
                let disputed = row.status == Status::Approved && row.held_by.is_some();
                row.affiliate_id == id
                    && row.commission.currency == balance.currency
                    && (row.status == Status::Pending || disputed)
            };
            let held: i64 = rows
                .iter()
                .filter(held)
                .map(|row| row.commission.minor)
                .sum();
            assert_eq!(balance.pending_minor, held);
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_account_is_read_in_pages_both_ways(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    let jonas = shop.affiliate("jonas").await;
    for number in 1..=5 {
        shop.clock.advance(Duration::seconds(1));
        let slug = if number == 3 { "jonas" } else { "sarah" };
        sale(&shop, &format!("in_{number}"), slug, number * 1000, "USD").await;
    }
    back(&shop, "in_5", BackKind::Refund, BackStatus::Succeeded, 5000).await;
    let read = async |cursor: Option<AccountCursor>| {
        let page = shop
            .store
            .account(shop.organization_id, sarah.id, cursor, 2)
            .await
            .expect("a page");
        let minors: Vec<i64> = page.entries.iter().map(|one| one.amount.minor).collect();
        (minors, page)
    };
    let (minors, first) = read(None).await;
    assert_eq!(minors, [-1000, 1000]);
    assert_eq!(first.entries[0].kind, EntryKind::Clawback);
    assert_eq!(
        first.entries[0].conversion_id,
        first.entries[1].conversion_id
    );
    assert!(first.newer.is_none());
    let (minors, second) = read(first.older).await;
    assert_eq!(minors, [800, 400]);
    let (minors, last) = read(second.older).await;
    assert_eq!((minors.as_slice(), last.older), ([200].as_slice(), None));
    let (minors, _) = read(last.newer).await;
    assert_eq!(minors, [800, 400]);
    let (minors, top) = read(second.newer).await;
    assert_eq!(
        (minors.as_slice(), top.newer),
        ([-1000, 1000].as_slice(), None)
    );

    let cursor = second.older.expect("older ones");
    let text = shop
        .store
        .seal_account_cursor(shop.organization_id, sarah.id, cursor);
    let open = |id| {
        shop.store
            .open_account_cursor(shop.organization_id, id, &text)
    };
    assert_eq!(open(sarah.id), Ok(cursor));
    assert!(open(jonas.id).is_err(), "a place in another account");
}
