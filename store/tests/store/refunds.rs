//! Money that goes back: every order, split and repetition of the same facts leaves the same ledger.

use chrono::Duration;
use domain::{
    event::Outcome,
    fact::{ClueKind, Fact, SubscriptionEnd, refund_id},
    lifecycle::Status,
    money::Currency,
    refund::{BackKind, BackStatus, MoneyBack},
};
use proptest::{prelude::*, strategy::ValueTree};
use sqlx::PgPool;

use crate::support::{Shop, clue, noon, payment, runner};

pub(crate) fn back(id: &str, minor: i64, status: BackStatus, told: i64) -> MoneyBack {
    MoneyBack {
        external_id: id.to_owned(),
        kind: BackKind::Refund,
        amount_minor: minor,
        net_minor: None,
        currency: Some(Currency::USD),
        status,
        occurred_at: noon() + Duration::minutes(1),
        told_at: noon() + Duration::minutes(told),
        failed_at: None,
        payment: vec![format!("ch_{}", suffix(id))],
        reason: None,
    }
}

/// What comes after the first underscore: the purchase that an id belongs to.
fn suffix(id: &str) -> &str {
    id.split_once('_').map_or(id, |(_, rest)| rest)
}

fn dispute(id: &str, status: BackStatus, told: i64) -> MoneyBack {
    MoneyBack {
        kind: BackKind::Dispute,
        ..back(id, 4900, status, told)
    }
}

pub(crate) fn total(id: &str, minor: i64, told: i64) -> MoneyBack {
    MoneyBack {
        kind: BackKind::ChargeTotal,
        ..back(id, minor, BackStatus::Succeeded, told)
    }
}

/// A payment of 49.00 that Sarah earned 20 % of.
pub(crate) fn sale(id: &str) -> Fact {
    let mut paid = payment(&format!("in_{id}"), Some(&format!("sub_{id}")), 0);
    paid.ids.customer = Some(format!("cus_{id}"));
    paid.email = None;
    paid.clues = vec![clue(ClueKind::Slug, "sarah")];
    Fact::Payment(paid)
}

fn linked(id: &str) -> [Fact; 2] {
    let ids = |one: &str, other: &str| vec![format!("{one}_{id}"), format!("{other}_{id}")];
    [
        Fact::Linked {
            ids: ids("ch", "pi"),
        },
        Fact::Linked {
            ids: ids("pi", "in"),
        },
    ]
}

#[derive(Debug, PartialEq, Eq)]
struct State {
    status: Status,
    commission: i64,
    refunded: i64,
    is_disputed: bool,
    /// What the ledger's entries of the conversion add up to.
    ledger: i64,
}

async fn state(shop: &Shop, pool: &PgPool, id: &str) -> State {
    let rows = shop.rows_of(&format!("in_{id}")).await;
    let [sale] = rows.as_slice() else {
        panic!("one sale, not {}", rows.len());
    };
    let ledger: i64 = sqlx::query_scalar(
        "select coalesce(sum(amount_minor), 0)::bigint from ledger_entry where conversion_id = $1",
    )
    .bind(sale.id.0)
    .fetch_one(pool)
    .await
    .expect("the ledger");
    State {
        status: sale.status,
        commission: sale.commission.minor,
        refunded: sale.refunded_minor,
        is_disputed: sale.held_by.is_some(),
        ledger,
    }
}

fn is(status: Status, commission: i64, refunded: i64) -> State {
    State {
        status,
        commission,
        refunded,
        is_disputed: false,
        ledger: commission,
    }
}

/// Everything that is stored is what the facts say.
pub(crate) async fn all_agrees(shop: &Shop) {
    let recount = shop.store.recount().await.expect("counts");
    assert_eq!(recount.differences, Vec::<String>::new());
    assert!(recount.conversions > 0 && recount.entries > 0);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_partial_refund_takes_its_share_and_a_failed_one_gives_it_back(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    shop.event("evt_1", vec![sale("a")]).await;
    for (number, link) in linked("a").into_iter().enumerate() {
        shop.event(&format!("evt_link_{number}"), vec![link]).await;
    }
    let tell = async |event: &str, fact: MoneyBack| shop.event(event, vec![Fact::Back(fact)]).await;
    let told = tell("evt_2", back("re_a", 1000, BackStatus::Pending, 2)).await;
    assert_eq!(told.outcome, Outcome::Recorded);
    assert_eq!(
        state(&shop, &pool, "a").await,
        is(Status::Pending, 780, 1000)
    );
    let again = tell("evt_3", back("re_a", 1000, BackStatus::Pending, 2)).await;
    assert_eq!(again.outcome, Outcome::Deduped);
    tell("evt_4", back("re2_a", 3900, BackStatus::Succeeded, 3)).await;
    assert_eq!(
        state(&shop, &pool, "a").await,
        is(Status::Refunded, 0, 4900)
    );
    tell("evt_5", back("re_a", 1000, BackStatus::Failed, 4)).await;
    assert_eq!(
        state(&shop, &pool, "a").await,
        is(Status::Pending, 200, 3900)
    );
    all_agrees(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refund_before_its_sale_is_parked_and_meets_it(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let refund = Fact::Back(back("re_a", 4900, BackStatus::Succeeded, 2));
    let parked = shop.event("evt_1", vec![refund]).await;
    assert_eq!(parked.outcome, Outcome::Parked);
    for (number, link) in linked("a").into_iter().enumerate() {
        shop.event(&format!("evt_link_{number}"), vec![link]).await;
    }
    shop.event("evt_2", vec![sale("a")]).await;
    assert_eq!(
        state(&shop, &pool, "a").await,
        is(Status::Refunded, 0, 4900)
    );
    let outcome: String =
        sqlx::query_scalar("select outcome from event where external_id = 'evt_1'")
            .fetch_one(&pool)
            .await
            .expect("the event");
    assert_eq!(outcome, "recorded", "the parked event says what came of it");
    all_agrees(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refund_in_another_currency_or_beyond_the_sale_never_breaks_the_ledger(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    shop.event("evt_1", vec![sale("a")]).await;
    let [first, second] = linked("a");
    shop.event("evt_2", vec![first, second]).await;
    let mut foreign = back("re_a", 1000, BackStatus::Succeeded, 2);
    foreign.currency = Some(Currency::parse("EUR").expect("EUR"));
    let told = shop.event("evt_3", vec![Fact::Back(foreign.clone())]).await;
    assert_eq!(told.outcome, Outcome::Parked);
    assert_eq!(state(&shop, &pool, "a").await, is(Status::Pending, 980, 0));
    // Another one, before its sale.
    foreign.external_id = "re_b".to_owned();
    foreign.payment = vec!["in_b".to_owned()];
    shop.event("evt_5", vec![Fact::Back(foreign)]).await;
    shop.event("evt_6", vec![sale("b")]).await;
    let said: Vec<(String, String)> =
        sqlx::query_as("select outcome, detail from event where external_id in ('evt_3', 'evt_5')")
            .fetch_all(&pool)
            .await
            .expect("the events");
    for (outcome, detail) in said {
        let is_reason = detail.ends_with("report the amount in USD");
        assert!(outcome == "parked" && is_reason, "{outcome}: {detail}");
    }
    let made = shop.rows_of("in_b").await.remove(0);
    let story = shop.store.story(shop.organization_id, made.id).await;
    let story = story.expect("reads").expect("is there");
    assert!(!story.backs[0].is_counted);
    let beyond = back("re2_a", 990_000, BackStatus::Succeeded, 3);
    shop.event("evt_4", vec![Fact::Back(beyond)]).await;
    assert_eq!(
        state(&shop, &pool, "a").await,
        is(Status::Refunded, 0, 4900)
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_end_of_a_subscription_takes_back_what_is_in_its_hold_in_both_orders(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let end = |id: &str, days: i64| {
        Fact::Ended(SubscriptionEnd {
            subscription: format!("sub_{id}"),
            ended_at: noon() + Duration::days(days),
        })
    };
    shop.event("evt_1", vec![sale("inside")]).await;
    shop.event("evt_2", vec![end("inside", 10)]).await;
    shop.event("evt_3", vec![end("before", 10)]).await;
    shop.event("evt_4", vec![sale("before")]).await;
    shop.event("evt_5", vec![sale("after")]).await;
    shop.event("evt_6", vec![end("after", 31)]).await;
    assert_eq!(
        state(&shop, &pool, "inside").await,
        is(Status::Refunded, 0, 0)
    );
    assert_eq!(
        state(&shop, &pool, "before").await,
        is(Status::Refunded, 0, 0)
    );
    assert_eq!(
        state(&shop, &pool, "after").await,
        is(Status::Pending, 980, 0)
    );
    all_agrees(&shop).await;
}

/// Everything that is told of one purchase, and what it comes to.
fn story(number: usize) -> (Vec<Fact>, State, String) {
    use BackStatus::{Failed, Inquiry, Lost, Open, Pending, Succeeded, Won};
    let id = number.to_string();
    let refund = |name: &str, minor, status, told| {
        Fact::Back(back(&format!("{name}_{id}"), minor, status, told))
    };
    let disputed = |status, told| Fact::Back(dispute(&format!("du_{id}"), status, told));
    let refunded = |minor, told| Fact::Back(total(&format!("refunded_{id}"), minor, told));
    let (mut facts, end) = match number % 6 {
        0 => (
            vec![
                refund("re", 1000, Pending, 2),
                refund("re", 1000, Succeeded, 3),
                refunded(1000, 2),
            ],
            is(Status::Pending, 780, 1000),
        ),
        1 => (
            vec![
                refund("re", 1000, Succeeded, 2),
                refunded(1000, 2),
                refund("re2", 3900, Succeeded, 4),
                refunded(4900, 4),
            ],
            is(Status::Refunded, 0, 4900),
        ),
        2 => (
            vec![
                refund("re", 4900, Pending, 2),
                refunded(4900, 2),
                refund("re", 4900, Failed, 5),
            ],
            is(Status::Pending, 980, 0),
        ),
        3 => (
            vec![
                disputed(Inquiry, 2),
                disputed(Open, 3),
                disputed(Lost, 4),
                refund("re", 500, Succeeded, 1),
            ],
            is(Status::Refunded, 0, 4900),
        ),
        // A refund that failed is told again after another, of which only the charge tells.
        4 => (
            vec![
                refund("re", 1000, Pending, 2),
                refund("re", 1000, Failed, 3),
                refunded(500, 5),
                refund("re", 1000, Failed, 7),
            ],
            is(Status::Pending, 880, 500),
        ),
        _ => (
            vec![disputed(Open, 2), disputed(Won, 6), refunded(2450, 3)],
            is(Status::Pending, 490, 2450),
        ),
    };
    facts.push(sale(&id));
    facts.extend(linked(&id));
    (facts, end, id)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_hundred_orders_of_the_same_stories_leave_the_same_ledger(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let mut runner = runner();
    for number in 0..200 {
        let (facts, end, id) = story(number);
        // Some are told twice.
        let twice = facts.iter().take(number % 3).cloned();
        let told: Vec<Fact> = facts.iter().cloned().chain(twice).collect();
        let order = Just(told)
            .prop_shuffle()
            .new_tree(&mut runner)
            .expect("an order");
        for (step, fact) in order.current().into_iter().enumerate() {
            shop.event(&format!("evt_{number}_{step}"), vec![fact])
                .await;
        }
        assert_eq!(
            state(&shop, &pool, &id).await,
            end,
            "{number}: {:?}",
            order.current()
        );
    }
    all_agrees(&shop).await;
}

async fn after_tampering(shop: &Shop, statements: &[&str]) -> Vec<String> {
    for statement in statements {
        let tampered = sqlx::query(sqlx::AssertSqlSafe(*statement));
        let done = tampered.execute(&shop.pool).await.expect("tampered");
        assert_eq!(done.rows_affected(), 1, "{statement}");
    }
    shop.store.recount().await.expect("counts").differences
}

fn told(differences: &[String], words: &[&str]) {
    let found = |line: &String| words.iter().all(|word| line.contains(word));
    assert!(
        differences.iter().any(found),
        "{words:?} in {differences:#?}"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_recount_finds_entries_and_refunds_that_are_nobodys_or_somebody_elses(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    shop.affiliate("bob").await;
    shop.event("evt_1", vec![sale("a")]).await;
    all_agrees(&shop).await;
    let entry = |of: &str, to: &str, minor: i64, currency: &str| {
        format!(
            "insert into ledger_entry (organization_id, ledger_entry_id, affiliate_id, conversion_id, kind,
                 amount_minor, currency, reason, created_at)
             select c.organization_id, gen_random_uuid(), a.affiliate_id, {of}, 'accrual', {minor}, '{currency}',
                 'tampered', c.created_at
             from conversion c, affiliate a where a.slug = '{to}'"
        )
    };
    let statements = [
        entry("null", "sarah", 12345, "USD"),
        entry("c.conversion_id", "sarah", 777, "EUR"),
        entry("c.conversion_id", "bob", 500, "USD"),
        "update conversion set held_by = 'dispute'".to_owned(),
        "update conversion set cancelled_at = created_at".to_owned(),
        "insert into refund (organization_id, external_id, kind, status, amount_minor, currency, occurred_at,
             told_at, payment, event_ids, created_at)
         select organization_id, 're_left', 'refund', 'succeeded', 1, 'USD', created_at, created_at,
             array['in_a'], '{}', created_at from conversion"
            .to_owned(),
    ];
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    let differences = after_tampering(&shop, &statements).await;
    let told = |words: &[&str]| told(&differences, words);
    told(&["accrual of 12345 USD", "is of no sale"]);
    told(&["in_a", "holds 777 EUR"]);
    told(&["in_a", "holds 500 USD"]);
    told(&["in_a", "held by dispute, but its facts say nothing"]);
    told(&["subscription", "no end as early as that is known"]);
    told(&["re_left", "waits for its sale"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_recount_names_what_is_not_what_the_facts_say(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    shop.event("evt_1", vec![sale("a")]).await;
    shop.event("evt_2", vec![sale("b")]).await;
    all_agrees(&shop).await;
    let recount = after_tampering(
        &shop,
        &[
            "update conversion set status = 'approved' where external_event_id = 'in_a'",
            "update conversion set commission_minor = 979 where external_event_id = 'in_b'",
            "update affiliate_day set refunded_minor = 5",
        ],
    )
    .await;
    let told = |words: &[&str]| told(&recount, words);
    told(&["in_a", "it is Approved", "make it Pending"]);
    told(&["in_b", "ledger holds $9.80", "$9.79"]);
    told(&["in_b", "$9.79 is stored as due", "make it $9.80"]);
    told(&["day 2026-11-20", "approved"]);
    told(&["day 2026-11-20", "affiliate", "USD, 5 and"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_credit_note_leads_a_refund_to_a_sale_that_comes_last(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let refund = Fact::Back(back("re_a", 1000, BackStatus::Succeeded, 2));
    let note = Fact::Linked {
        ids: vec!["in_a".to_owned(), refund_id("re_a")],
    };
    for (number, fact) in [refund, note, sale("a")].into_iter().enumerate() {
        shop.event(&format!("evt_{number}"), vec![fact]).await;
    }
    assert_eq!(
        state(&shop, &pool, "a").await,
        is(Status::Pending, 780, 1000)
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_voided_invoice_waits_for_nothing_but_takes_its_sale_back(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let voided = MoneyBack {
        external_id: MoneyBack::voided_id("in_a"),
        payment: vec!["in_a".to_owned()],
        ..back("re_a", 4900, BackStatus::Succeeded, 2)
    };
    let told = shop.event("evt_1", vec![Fact::Back(voided)]).await;
    assert_eq!(told.outcome, Outcome::Stored);
    let looked_up: i64 =
        sqlx::query_scalar("select count(*) from refund where next_lookup_at is not null")
            .fetch_one(&pool)
            .await
            .expect("counts");
    assert_eq!(looked_up, 0);
    shop.event("evt_2", vec![sale("a")]).await;
    assert_eq!(
        state(&shop, &pool, "a").await,
        is(Status::Refunded, 0, 4900)
    );
    let outcome: String =
        sqlx::query_scalar("select outcome from event where external_id = 'evt_1'")
            .fetch_one(&pool)
            .await
            .expect("the event");
    assert_eq!(outcome, "recorded");
}
