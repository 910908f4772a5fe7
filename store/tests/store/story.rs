//! Everything about one sale, of one moment.

use chrono::Duration;
use domain::{
    computation::StepKind,
    conversion::Conversion,
    event::Outcome,
    exchange::Quote,
    fact::{ClueKind, Fact},
    id::{ConversionId, PersonId},
    ledger::EntryKind,
    lifecycle::{Refusal, Transition},
    member::Role,
    money::{Currency, Money},
    rate::BasisPoints,
    refund::{BackKind, BackStatus, MoneyBack},
};
use sqlx::PgPool;
use store::{
    audit::Actor,
    exchange::DayRate,
    intake::{Decision, ServerRefund},
    organization::NewOrganization,
    story::{Story, Who},
};

use crate::support::{Shop, clue, name, noon, payment};

async fn sale(shop: &Shop, id: &str) -> Conversion {
    let mut paid = payment(id, None, 0);
    paid.clues = vec![clue(ClueKind::Slug, "sarah")];
    shop.event(&format!("evt_{id}"), vec![Fact::Payment(paid)])
        .await;
    shop.rows_of(id).await.remove(0)
}

async fn story(shop: &Shop, id: ConversionId) -> Story {
    let story = shop.store.story(shop.organization_id, id).await;
    story.expect("reads").expect("is there")
}

async fn decide(shop: &Shop, id: ConversionId, step: Transition, actor: Actor, reason: &str) {
    shop.clock.advance(Duration::seconds(1));
    let decision = Decision {
        conversion_ids: vec![id],
        step,
        actor,
        reason: Some(reason.to_owned()),
    };
    let decided = shop.store.decide(shop.organization_id, decision).await;
    decided.expect("decided");
}

fn refund(minor: i64) -> MoneyBack {
    MoneyBack {
        external_id: "re_1".to_owned(),
        kind: BackKind::Refund,
        amount_minor: minor,
        net_minor: None,
        currency: Some(Currency::USD),
        status: BackStatus::Succeeded,
        occurred_at: noon(),
        told_at: noon(),
        failed_at: None,
        payment: vec!["in_1".to_owned()],
        reason: Some("requested_by_customer".to_owned()),
    }
}

async fn owner(pool: &PgPool) -> Actor {
    let id = sqlx::query_scalar("select person_id from member");
    let id = PersonId(id.fetch_one(pool).await.expect("an owner"));
    Actor::Person {
        id,
        role: Role::Owner,
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_story_tells_who_did_what_and_what_it_came_to(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let made = sale(&shop, "in_1").await;
    shop.clock.advance(Duration::seconds(1));
    shop.event("evt_refund", vec![Fact::Back(refund(2450))])
        .await;
    let member = owner(&pool).await;
    decide(&shop, made.id, Transition::Deny, member, "a test order").await;
    decide(
        &shop,
        made.id,
        Transition::Restore,
        Actor::System,
        "not a test",
    )
    .await;

    let story = story(&shop, made.id).await;
    assert_eq!(story.row.affiliate_name, "sarah");
    assert!(!story.row.conversion.trail.is_empty(), "the trail is read");
    let refunded = &story.backs[0];
    assert_eq!(
        (
            refunded.amount,
            refunded.kind,
            refunded.status,
            refunded.reason.as_deref()
        ),
        (
            Money::new(2450, Currency::USD),
            BackKind::Refund,
            BackStatus::Succeeded,
            Some("requested_by_customer")
        )
    );
    let ledger: Vec<_> = story
        .ledger
        .iter()
        .map(|entry| (entry.kind, entry.amount.minor))
        .collect();
    assert_eq!(
        ledger,
        [
            (EntryKind::Accrual, 980),
            (EntryKind::Clawback, -490),
            (EntryKind::Denial, -490),
            (EntryKind::Reinstatement, 490)
        ]
    );
    let events: Vec<_> = story
        .events
        .iter()
        .map(|event| (event.external_id.as_str(), event.outcome))
        .collect();
    assert_eq!(
        events,
        [
            ("evt_in_1", Outcome::Recorded),
            ("evt_refund", Outcome::Recorded)
        ]
    );
    let told: Vec<_> = story
        .audit
        .iter()
        .map(|line| (line.who.clone(), line.detail.as_str()))
        .collect();
    let by_refund = Who::Event(story.events[1].id);
    let by_owner = Who::Member("owner@example.com".to_owned());
    assert_eq!(
        told,
        [
            (
                by_refund,
                "$9.80 to $4.90: refund re_1 of $24.50 (succeeded)"
            ),
            (
                by_owner,
                "Pending to Denied, $4.90 to $0.00: denied: a test order"
            ),
            (
                Who::System,
                "Denied to Pending, $0.00 to $4.90: restored: not a test"
            ),
        ]
    );
    let last = story.computation().pop().expect("lines");
    assert_eq!(
        (last.kind, last.amount),
        (StepKind::Commission, Some(story.row.conversion.commission))
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_happens_in_one_millisecond_is_told_in_its_order(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let made = sale(&shop, "in_1").await;
    let one = |number: i64| MoneyBack {
        external_id: format!("re_{number}"),
        ..refund(100)
    };
    let all = (1..=8).map(|number| Fact::Back(one(number)));
    shop.event("evt_refunds", all.collect()).await;
    let story = story(&shop, made.id).await;
    let told = |detail: &str| {
        detail
            .split(' ')
            .find(|word| word.starts_with("re_"))
            .map(str::to_owned)
    };
    let audit: Vec<_> = story
        .audit
        .iter()
        .filter_map(|line| told(&line.detail))
        .collect();
    let ledger: Vec<_> = story
        .ledger
        .iter()
        .filter_map(|line| told(&line.reason))
        .collect();
    let expected: Vec<_> = (1..=8).map(|number| format!("re_{number}")).collect();
    assert_eq!((&audit, &ledger), (&expected, &expected));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_what_is_approved_before_its_hold_ends_is_called_early(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let (early, late) = (sale(&shop, "in_1").await, sale(&shop, "in_2").await);
    let approved = async |id| {
        decide(&shop, id, Transition::ApproveEarly, Actor::System, "known").await;
        story(&shop, id).await.audit.remove(0).detail
    };
    assert_eq!(
        approved(early.id).await,
        "Pending to Approved: approved before the hold ended: known"
    );
    shop.clock.advance(Duration::days(30));
    assert_eq!(
        approved(late.id).await,
        "Pending to Approved: approved: known"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_came_before_the_sale_is_named_where_it_takes_the_commission(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let told = shop
        .event("evt_refund", vec![Fact::Back(refund(2450))])
        .await;
    let made = sale(&shop, "in_1").await;
    let story = story(&shop, made.id).await;
    let why = "refund re_1 of $24.50 (succeeded) came before the sale";
    assert_eq!(
        (&story.audit[0].who, story.audit[0].detail.as_str()),
        (
            &Who::Event(told.event_id),
            format!("$9.80 to $4.90: {why}").as_str()
        )
    );
    assert_eq!(story.ledger[1].reason, why);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn all_that_is_left_is_never_more_than_was_paid(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let made = sale(&shop, "in_1").await;
    let told = MoneyBack {
        occurred_at: noon() + Duration::seconds(1),
        ..refund(1000)
    };
    let total = MoneyBack {
        external_id: "refunded:ch_1".to_owned(),
        kind: BackKind::ChargeTotal,
        told_at: noon() + Duration::seconds(1),
        ..refund(1000)
    };
    let facts = vec![Fact::Back(told), Fact::Back(total)];
    shop.event("evt_back", facts).await;
    let all = ServerRefund {
        sale: "in_1".to_owned(),
        refund_id: "back-1".to_owned(),
        amount_minor: None,
        at: noon(),
    };
    let told = shop.store.refund_sale(shop.organization_id, all).await;
    told.expect("taken in");
    let story = story(&shop, made.id).await;
    assert_eq!(story.backs[0].amount.minor, 3900);
    assert_eq!(
        story
            .backs
            .iter()
            .map(|line| line.amount.minor)
            .sum::<i64>(),
        made.amount.minor
    );
    assert!(story.events.iter().all(|event| event.kind == "test"));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_first_entry_is_an_accrual_also_when_the_rate_came_while_nothing_was_due(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let eur = Currency::parse("EUR").expect("EUR");
    let mut paid = payment("in_1", None, 0);
    paid.amount = Money::new(4900, eur);
    paid.clues = vec![clue(ClueKind::Slug, "sarah")];
    shop.event("evt_1", vec![Fact::Payment(paid)]).await;
    let made = shop.rows_of("in_1").await.remove(0);
    decide(&shop, made.id, Transition::Deny, Actor::System, "a test").await;
    let rate = DayRate {
        day: noon().date_naive(),
        base: eur,
        quote: Currency::USD,
        rate: Quote::parse("2").expect("a rate"),
    };
    shop.store.publish_rates(&[rate]).await.expect("kept");
    let step = Transition::Restore;
    decide(&shop, made.id, step, Actor::System, "no test").await;
    let kinds = async || {
        let story = story(&shop, made.id).await;
        let entries = story.ledger.iter();
        entries
            .map(|entry| (entry.kind, entry.amount.minor))
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds().await, [(EntryKind::Accrual, 1960)]);
    decide(&shop, made.id, Transition::Deny, Actor::System, "a test").await;
    decide(&shop, made.id, step, Actor::System, "no test").await;
    assert_eq!(kinds().await[2], (EntryKind::Reinstatement, 1960));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_share_and_its_sale_lead_to_each_other(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let campaign_id = shop
        .campaign("Recruiters", |terms| {
            terms.override_share = BasisPoints::new(1000).expect("a share");
        })
        .await;
    let rita = shop.affiliate_in("rita", campaign_id).await;
    let sarah = shop.affiliate_in("sarah", campaign_id).await;
    shop.recruit(&sarah, &rita).await;
    let made = sale(&shop, "in_1").await;
    shop.event("evt_refund", vec![Fact::Back(refund(4900))])
        .await;

    let of_sale = story(&shop, made.id).await;
    let share = of_sale.share.as_ref().expect("a share");
    assert!(of_sale.parent.is_none());
    assert_eq!(share.affiliate_name, "rita");

    let of_share = story(&shop, share.conversion.id).await;
    assert_eq!(of_share.parent, Some(of_sale.row.clone()));
    assert!(of_share.share.is_none());
    assert_eq!(
        of_share.backs, of_sale.backs,
        "the money of the sale went back"
    );
    assert_eq!(of_share.events, of_sale.events);
    assert_eq!(of_share.ledger.len(), 2, "its own entries");
    let lines = of_share.computation();
    assert_eq!(
        (lines[0].kind, lines[0].amount),
        (
            StepKind::Parent,
            of_share.parent.map(|sale| sale.conversion.commission)
        )
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nobody_reads_the_story_of_another_organization(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let made = sale(&shop, "in_1").await;
    let new = NewOrganization {
        name: name("Other"),
        owner_email: domain::email::Email::parse("other@example.com").expect("an e-mail"),
        owner_password: "correct-horse-battery".to_owned(),
        api_key: None,
    };
    let other = shop.store.create_organization(new).await.expect("created");
    let found = shop.store.story(other.organization_id, made.id).await;
    assert!(found.expect("reads").is_none());
    let obstacles = shop
        .store
        .obstacles(other.organization_id, &[made.id], Transition::Deny)
        .await;
    assert_eq!(obstacles.expect("reads").unknown, [made.id]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn obstacles_are_named_all_of_them(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let mut ids = Vec::new();
    for number in 1..=3 {
        ids.push(sale(&shop, &format!("in_{number}")).await.id);
    }
    for id in &ids[1..] {
        decide(&shop, *id, Transition::Deny, Actor::System, "no").await;
    }
    let nobody = ConversionId(uuid::Uuid::from_u128(7));
    ids.push(nobody);
    let found = shop
        .store
        .obstacles(shop.organization_id, &ids, Transition::Deny)
        .await
        .expect("reads");
    assert_eq!(found.unknown, [nobody]);
    assert_eq!(
        found.refused,
        [(ids[1], Refusal::WasDenied), (ids[2], Refusal::WasDenied)]
    );
}
