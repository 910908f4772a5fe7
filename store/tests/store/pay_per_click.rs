//! Pay per click and per lead: each qualifying click is paid once, whoever rolls it up and however often, and no
//! more than the campaign's caps allow.

use chrono::{DateTime, Duration, Utc};
use domain::{
    affiliate::{Affiliate, AffiliateStatus},
    attribution::Verdict,
    campaign::{Campaign, Terms},
    cap::Caps,
    computation::{StepKind, computation},
    conversion::{Conversion, ConversionType, Source},
    fact::{ClueKind, Fact},
    id::CampaignId,
    lifecycle::Status,
    rate::BasisPoints,
};
use futures::future::join_all;
use sqlx::PgPool;
use store::{
    Store,
    audit::Actor,
    campaign::CampaignError,
    click::{Visit, Visitor},
};

use crate::support::{Shop, clue, noon, signup};

/// A shop whose affiliate Sarah gets 5 cents for a click and 3.00 for a lead.
async fn paying(pool: PgPool, change: impl FnOnce(&mut Terms)) -> (Shop, Affiliate) {
    let shop = Shop::open(pool).await;
    let campaign = shop.campaign("Clicks", |terms| {
        terms.click_commission_minor = 5;
        terms.lead_commission_minor = 300;
        change(terms);
    });
    let sarah = shop.affiliate_in("sarah", campaign.await).await;
    (shop, sarah)
}

async fn visit(shop: &Shop, affiliate: &Affiliate, network: &str, visitor: Option<Visitor>) {
    let visit = Visit {
        affiliate_id: affiliate.id,
        campaign_id: affiliate.enrollments[0].campaign_id,
        network: network.to_owned(),
        visitor,
        page_url: None,
        referrer: None,
    };
    let kept = shop.store.record_click(shop.organization_id, visit).await;
    kept.expect("kept");
}

/// Visits of so many people who were never here before.
async fn crowd(shop: &Shop, affiliate: &Affiliate, place: &str, people: usize) {
    let visits = (0..people).map(|number| {
        let network = format!("{place} {number}");
        async move { visit(shop, affiliate, &network, None).await }
    });
    join_all(visits).await;
}

fn after(time: &str) -> DateTime<Utc> {
    format!("2026-11-{time}:00Z").parse().expect("a time")
}

/// Turns the clock.
fn turn(shop: &Shop, to: DateTime<Utc>) {
    shop.clock.advance(to - shop.store.now());
}

/// Turns the clock to a day and time of November, and rolls up what is due then.
async fn rolled_up_at(shop: &Shop, time: &str) {
    turn(shop, after(time));
    shop.store.roll_up_clicks().await.expect("rolled up");
}

/// The conversions of a source, in the order of what they are about, with their trails.
async fn of(shop: &Shop, source: Source) -> Vec<Conversion> {
    let mut found = Vec::new();
    for row in shop.rows().await {
        let whole = shop
            .store
            .sale(shop.organization_id, row.conversion.id)
            .await;
        found.extend(whole.expect("reads").map(|row| row.conversion));
    }
    found.retain(|row| row.source == source);
    found.sort_by_key(|row| (row.occurred_at, row.id));
    found
}

/// The conversions that pay for clicks, oldest first.
async fn paid(shop: &Shop) -> Vec<Conversion> {
    of(shop, Source::Click).await
}

async fn commissions(shop: &Shop) -> Vec<i64> {
    let paid = paid(shop).await;
    paid.iter().map(|row| row.commission.minor).collect()
}

async fn check(shop: &Shop) {
    let recount = shop.store.recount().await.expect("counted");
    assert_eq!(recount.differences, Vec::<String>::new());
}

async fn change(shop: &Shop, campaign: CampaignId, change: impl FnOnce(&mut Terms) + Send) {
    let changed = shop
        .store
        .change_campaign(Actor::System, shop.organization_id, campaign, |old| {
            let mut terms = old.terms.clone();
            change(&mut terms);
            Ok::<_, CampaignError>(Campaign { terms, ..old })
        })
        .await;
    changed.expect("changed");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_clicks_of_an_hour_are_one_conversion(pool: PgPool) {
    let (shop, sarah) = paying(pool, |_| {}).await;
    crowd(&shop, &sarah, "a", 3).await;
    rolled_up_at(&shop, "20T13:04").await;
    assert_eq!(commissions(&shop).await, [0_i64; 0], "not settled yet");
    rolled_up_at(&shop, "20T13:05").await;
    let paid_now = paid(&shop).await;
    let [one] = paid_now.as_slice() else {
        panic!("{paid_now:?}");
    };
    let campaign = sarah.enrollments[0].campaign_id;
    assert_eq!((one.kind, one.amount.minor), (ConversionType::Lead, 0));
    assert_eq!((one.commission.minor, one.status), (15, Status::Pending));
    assert_eq!(one.occurred_at, after("20T13:00"));
    assert_eq!(one.hold_until, after("20T13:00") + Duration::days(30));
    assert_eq!((one.affiliate_id, one.campaign_id), (sarah.id, campaign));
    let id = format!("clicks:{campaign}:{}:2026-11-20T12", sarah.id);
    assert_eq!(one.external_event_id.as_deref(), Some(id.as_str()));
    assert_eq!(
        one.trail[0].text,
        "3 clicks counted from 12:00 to 13:00 UTC on 2026-11-20: one per visitor and day, bots left out"
    );
    assert_eq!(computation(one, None)[0].text, "3 clicks at $0.05 each");
    rolled_up_at(&shop, "20T18:00").await;
    assert_eq!(
        commissions(&shop).await,
        [15],
        "hours without clicks leave no row"
    );
    check(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_visitor_counts_once_a_day(pool: PgPool) {
    let (shop, sarah) = paying(pool, |_| {}).await;
    let known = |cookie: &str| Some(Visitor::Known(cookie.to_owned()));
    visit(&shop, &sarah, "home", Some(Visitor::New("ann".to_owned()))).await;
    turn(&shop, after("20T12:31"));
    visit(&shop, &sarah, "home", Some(Visitor::New("bob".to_owned()))).await;
    visit(&shop, &sarah, "train", known("ann")).await;
    visit(&shop, &sarah, "office", known("eve")).await;
    turn(&shop, after("20T13:10"));
    visit(&shop, &sarah, "home", None).await;
    visit(&shop, &sarah, "shop", known("eve")).await;
    visit(&shop, &sarah, "café", None).await;
    rolled_up_at(&shop, "20T14:05").await;
    assert_eq!(commissions(&shop).await, [10, 5], "ann and eve; the café");
    turn(&shop, after("21T00:00"));
    visit(&shop, &sarah, "home", known("ann")).await;
    rolled_up_at(&shop, "21T01:05").await;
    assert_eq!(commissions(&shop).await, [10, 5, 5], "another day");
    check(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_campaigns_of_an_affiliate_share_a_visitor(pool: PgPool) {
    let (shop, sarah) = paying(pool, |_| {}).await;
    let other = shop.campaign("Other", |terms| terms.click_commission_minor = 7);
    let other = other.await;
    let mut in_other = sarah.clone();
    in_other.enrollments[0].campaign_id = other;
    visit(&shop, &sarah, "home", None).await;
    shop.clock.advance(Duration::seconds(1));
    visit(&shop, &in_other, "home", None).await;
    visit(&shop, &in_other, "train", None).await;
    sqlx::query("insert into enrollment (organization_id, affiliate_id, campaign_id, created_at) values ($1, $2, $3, $4)")
        .bind(shop.organization_id.0)
        .bind(sarah.id.0)
        .bind(other.0)
        .bind(noon())
        .execute(&shop.pool)
        .await
        .expect("enrolled");
    let second = shop.beside();
    turn(&shop, after("20T13:05"));
    second.roll_up_clicks().await.expect("rolled up");
    let mut earned = commissions(&shop).await;
    earned.sort_unstable();
    assert_eq!(earned, [5, 7]);
    check(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whoever_rolls_up_and_however_often_a_click_is_paid_once(pool: PgPool) {
    let (shop, sarah) = paying(pool, |_| {}).await;
    crowd(&shop, &sarah, "a", 30).await;
    turn(&shop, after("20T13:05"));
    let stores: Vec<Store> = (0..4).map(|_| shop.beside()).collect();
    for rolled in join_all(stores.iter().map(Store::roll_up_clicks)).await {
        rolled.expect("rolled up");
    }
    // A server that stopped after the conversions were written and before it noted that.
    sqlx::query("update click_pay set done_until = $1")
        .bind(noon())
        .execute(&shop.pool)
        .await
        .expect("turned back");
    shop.store.roll_up_clicks().await.expect("rolled up");
    assert_eq!(commissions(&shop).await, [150]);
    check(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn missed_hours_are_made_up(pool: PgPool) {
    let (shop, sarah) = paying(pool, |_| {}).await;
    for (time, people) in [
        ("20T12:10", 1),
        ("20T15:10", 2),
        ("21T23:59", 3),
        ("23T01:00", 4),
    ] {
        turn(&shop, after(time));
        crowd(&shop, &sarah, time, people).await;
    }
    rolled_up_at(&shop, "23T09:00").await;
    assert_eq!(commissions(&shop).await, [5, 10, 15], "48 hours in a round");
    rolled_up_at(&shop, "23T09:01").await;
    assert_eq!(commissions(&shop).await, [5, 10, 15, 20]);
    check(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_click_that_was_written_down_late_is_in_the_next_row(pool: PgPool) {
    let (shop, sarah) = paying(pool, |_| {}).await;
    turn(&shop, after("20T23:10"));
    crowd(&shop, &sarah, "a", 2).await;
    rolled_up_at(&shop, "21T00:05").await;
    turn(&shop, after("20T23:59"));
    crowd(&shop, &sarah, "late", 1).await;
    rolled_up_at(&shop, "21T00:30").await;
    assert_eq!(commissions(&shop).await, [10]);
    rolled_up_at(&shop, "21T01:05").await;
    assert_eq!(commissions(&shop).await, [10, 5]);
    check(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn caps_per_day_and_month_hold(pool: PgPool) {
    let (shop, sarah) = paying(pool, |terms| {
        terms.click_caps = Caps {
            per_day: Some(10),
            per_month: Some(25),
        };
    })
    .await;
    for time in ["20T12", "20T13", "20T14", "21T12", "22T12", "23T12"] {
        turn(&shop, after(&format!("{time}:00")));
        crowd(&shop, &sarah, time, 8).await;
        turn(&shop, after(&format!("{time}:00")) + Duration::minutes(65));
        shop.store.roll_up_clicks().await.expect("rolled up");
    }
    assert_eq!(
        commissions(&shop).await,
        [40, 10, 40, 35],
        "8 and 2 on the 20th, 8 on the 21st, 7 that were left of the month on the 22nd"
    );
    let paid = paid(&shop).await;
    assert_eq!(paid[0].trail.len(), 1);
    assert_eq!(paid[1].trail[1].verdict, Verdict::Capped);
    assert_eq!(
        paid[1].trail[1].text,
        "8 qualifying clicks, 2 paid: the campaign's cap of 10 per day"
    );
    assert_eq!(
        paid[3].trail[1].text,
        "8 qualifying clicks, 7 paid: the campaign's cap of 25 per month"
    );
    check(&shop).await;
    turn(&shop, "2026-12-01T00:00:00Z".parse().expect("a time"));
    crowd(&shop, &sarah, "december", 3).await;
    for _ in 0..5 {
        turn(&shop, "2026-12-01T01:05:00Z".parse().expect("a time"));
        shop.store.roll_up_clicks().await.expect("rolled up");
    }
    assert_eq!(commissions(&shop).await.last(), Some(&15), "a new month");
    check(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_may_not_earn_is_paid_nothing_now_or_later(pool: PgPool) {
    let (shop, sarah) = paying(pool, |_| {}).await;
    crowd(&shop, &sarah, "a", 3).await;
    shop.set_status(&sarah, AffiliateStatus::Paused).await;
    rolled_up_at(&shop, "20T13:05").await;
    shop.set_status(&sarah, AffiliateStatus::Active).await;
    crowd(&shop, &sarah, "b", 2).await;
    rolled_up_at(&shop, "20T14:05").await;
    assert_eq!(commissions(&shop).await, [10]);
    check(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_what_came_while_the_campaign_paid_is_paid(pool: PgPool) {
    let (shop, sarah) = paying(pool, |terms| terms.click_commission_minor = 0).await;
    let campaign = sarah.enrollments[0].campaign_id;
    crowd(&shop, &sarah, "before", 3).await;
    turn(&shop, after("20T12:20"));
    change(&shop, campaign, |terms| terms.click_commission_minor = 5).await;
    crowd(&shop, &sarah, "within", 2).await;
    rolled_up_at(&shop, "20T13:05").await;
    assert_eq!(commissions(&shop).await, [10]);
    change(&shop, campaign, |terms| terms.click_commission_minor = 0).await;
    crowd(&shop, &sarah, "after", 4).await;
    turn(&shop, after("20T14:20"));
    change(&shop, campaign, |terms| terms.click_commission_minor = 6).await;
    crowd(&shop, &sarah, "again", 1).await;
    rolled_up_at(&shop, "20T16:05").await;
    assert_eq!(commissions(&shop).await, [10, 6]);
    check(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_recruiter_has_his_share_of_clicks(pool: PgPool) {
    let (shop, sarah) = paying(pool, |terms| {
        terms.override_share = BasisPoints::new(1000).expect("a share");
    })
    .await;
    let rita = shop.affiliate("rita").await;
    shop.recruit(&sarah, &rita).await;
    crowd(&shop, &sarah, "a", 20).await;
    rolled_up_at(&shop, "20T13:05").await;
    let id = paid(&shop).await[0].external_event_id.clone();
    let rows = shop.rows_of(&id.expect("an id")).await;
    let earned: Vec<_> = rows
        .iter()
        .map(|row| (row.affiliate_id, row.commission.minor))
        .collect();
    assert_eq!(earned, [(sarah.id, 100), (rita.id, 10)]);
    check(&shop).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_roll_up_that_nobody_made_is_found(pool: PgPool) {
    let (shop, sarah) = paying(pool, |_| {}).await;
    crowd(&shop, &sarah, "a", 3).await;
    rolled_up_at(&shop, "20T13:05").await;
    sqlx::query("update paid_day set came = 4, paid = 2")
        .execute(&shop.pool)
        .await
        .expect("changed");
    let found = shop.store.recount().await.expect("counted").differences;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].ends_with("3 qualify, but 4 are rolled up"),
        "{found:?}"
    );
    assert!(
        found[1].ends_with("3 were paid for, but 2 count against the caps"),
        "{found:?}"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn leads_beyond_the_cap_are_kept_and_earn_nothing(pool: PgPool) {
    let (shop, sarah) = paying(pool, |terms| terms.lead_caps.per_day = Some(2)).await;
    let lead = |number: usize, at| {
        let mut lead = signup(
            &format!("{number}@example.com"),
            vec![clue(ClueKind::Slug, "sarah")],
        );
        lead.occurred_at = at;
        Fact::Signup(lead)
    };
    // In one batch, and in several.
    let first = (0..3).map(|number| lead(number, noon())).collect();
    shop.event("evt_1", first).await;
    shop.event("evt_2", vec![lead(3, noon())]).await;
    shop.event("evt_3", vec![lead(3, noon())]).await;
    shop.event("evt_4", vec![lead(4, noon() + Duration::hours(12))])
        .await;
    let mut leads = of(&shop, Source::Lead).await;
    leads.sort_by_key(|row| row.customer_email.clone());
    let earned: Vec<_> = leads.iter().map(|row| row.commission.minor).collect();
    assert_eq!(earned, [300, 300, 0, 0, 300], "of {}", sarah.name);
    let beyond = &leads[2];
    assert_eq!(
        (beyond.source, beyond.status),
        (Source::Lead, Status::Approved)
    );
    let text = "This lead earns nothing: the campaign pays for 2 per day, and they are used up";
    assert_eq!(
        beyond.trail.last().map(|step| step.text.as_str()),
        Some(text)
    );
    let why = computation(beyond, None)
        .into_iter()
        .find(|step| step.kind == StepKind::Nothing);
    assert_eq!(why.map(|step| step.text).as_deref(), Some(text));
    check(&shop).await;
}
