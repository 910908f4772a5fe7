//! Flags: what raises them, what they hold, and what comes of them.

use chrono::Duration;
use domain::{
    affiliate::{Affiliate, AffiliateStatus},
    conversion::Conversion,
    fact::{ClueKind, Fact, Payment},
    fraud::{Evidence, FlagRefusal, FlagRule, FlagStatus, Resolution},
    id::{CampaignId, ConversionId, FlagId, OrganizationId, PersonId},
    lifecycle::{Refusal, Status, Transition},
    member::Role,
    rate::BasisPoints,
    refund::{BackKind, BackStatus, HeldBy, MoneyBack},
};
use sqlx::PgPool;
use store::{
    StoreError,
    audit::Actor,
    click::Visit,
    flag::{FlagDecision, FlagFilter, FlagStart, FlagView, Flagging},
    intake::{Decision, IntakeError, Recorded, ServerSale},
};
use uuid::Uuid;

use crate::support::{Shop, clue, customer, noon, payment};

/// The address of Sarah's own mailbox, with a tag.
const OWN: &str = "sarah+shop@affiliate.example";

fn paid_by(id: &str, email: &str) -> Payment {
    let mut paid = payment(id, None, 0);
    paid.clues = vec![clue(ClueKind::Slug, "sarah")];
    paid.email = Some(email.to_owned());
    paid
}

async fn sale(shop: &Shop, id: &str, email: &str) -> Conversion {
    let facts = vec![Fact::Payment(paid_by(id, email))];
    shop.event(&format!("evt_{id}"), facts).await;
    shop.rows_of(id).await.remove(0)
}

async fn flags_of(shop: &Shop, id: ConversionId) -> Vec<FlagView> {
    let page = shop
        .store
        .flags(
            shop.organization_id,
            FlagFilter::default(),
            FlagStart::Offset(0),
            100,
        )
        .await
        .expect("a page");
    let of_it = page.flags.into_iter();
    of_it.filter(|view| view.flag.conversion_id == id).collect()
}

async fn rules_of(shop: &Shop, id: ConversionId) -> Vec<FlagRule> {
    let flags = flags_of(shop, id).await;
    flags.iter().map(|one| one.flag.evidence.rule()).collect()
}

fn to(resolution: Resolution, flag_id: FlagId) -> FlagDecision {
    FlagDecision {
        flag_id,
        resolution,
        note: Some("looked".to_owned()),
        blocks_affiliate: false,
        actor: Actor::System,
    }
}

async fn resolve(shop: &Shop, decision: FlagDecision) -> Result<Conversion, IntakeError> {
    let row = shop
        .store
        .resolve_flag(shop.organization_id, decision)
        .await;
    row.map(|row| row.conversion)
}

async fn decide(shop: &Shop, id: ConversionId, step: Transition) -> Result<(), IntakeError> {
    let decision = Decision {
        conversion_ids: vec![id],
        step,
        actor: Actor::System,
        reason: Some("because".to_owned()),
    };
    let decided = shop.store.decide(shop.organization_id, decision).await;
    decided.map(drop)
}

async fn differences(shop: &Shop) -> Vec<String> {
    shop.store.recount().await.expect("counts").differences
}

async fn entries(pool: &PgPool, id: ConversionId) -> Vec<(String, i64, String)> {
    sqlx::query_as(
        "select kind, amount_minor, reason from ledger_entry where conversion_id = $1 order by ledger_entry_id",
    )
    .bind(id.0)
    .fetch_all(pool)
    .await
    .expect("the ledger")
}

async fn audit(pool: &PgPool, id: Uuid) -> Vec<String> {
    sqlx::query_scalar(
        "select detail from audit_entry where subject_id = $1 order by audit_entry_id",
    )
    .bind(id)
    .fetch_all(pool)
    .await
    .expect("the audit log")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_open_flag_holds_a_sale_and_a_dismissed_one_lets_it_go(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    let own = sale(&shop, "in_1", OWN).await;
    sale(&shop, "in_2", "ann@example.com").await;
    assert_eq!(
        (own.status, own.held_by, own.is_flagged),
        (Status::Pending, Some(HeldBy::Flag), true)
    );
    let flags = flags_of(&shop, own.id).await;
    let evidence = Evidence::SameMailbox {
        customer_email: OWN.to_owned(),
        affiliate_email: "sarah@affiliate.example".to_owned(),
    };
    assert_eq!(flags.len(), 1);
    assert_eq!(
        (flags[0].flag.status, &flags[0].flag.evidence),
        (FlagStatus::Open, &evidence)
    );
    assert_eq!(flags[0].row.conversion.id, own.id);
    assert_eq!(
        shop.store.open_flags(shop.organization_id).await.ok(),
        Some(1)
    );

    shop.clock.advance(Duration::days(31));
    shop.store.approve_due().await.expect("looks");
    assert_eq!(shop.rows_of("in_1").await[0].status, Status::Pending);
    assert_eq!(shop.rows_of("in_2").await[0].status, Status::Approved);
    for step in [Transition::HoldPassed, Transition::ApproveEarly] {
        let refused = decide(&shop, own.id, step).await.expect_err("held");
        assert!(
            refused.to_string().contains("resolve the flag first"),
            "{refused}"
        );
    }
    assert_eq!(differences(&shop).await, [""; 0]);

    let flag_id = flags[0].flag.id;
    let free = resolve(&shop, to(Resolution::Dismissed, flag_id))
        .await
        .expect("dismissed");
    assert_eq!(
        (free.status, free.held_by, free.is_flagged),
        (Status::Pending, None, false)
    );
    shop.store.approve_due().await.expect("approves");
    assert_eq!(shop.rows_of("in_1").await[0].status, Status::Approved);
    assert_eq!(
        audit(&pool, own.id.0).await,
        [
            format!("flagged, self-referral: {evidence}"),
            format!("flag dismissed: self-referral: {evidence} (looked)"),
            "Pending to Approved: the hold has passed".to_owned(),
        ]
    );
    let again = resolve(&shop, to(Resolution::Confirmed, flag_id)).await;
    let refusal = FlagRefusal::Resolved(FlagStatus::Dismissed);
    assert!(matches!(again, Err(IntakeError::Flag(refused)) if refused == refusal));
    assert_eq!(differences(&shop).await, [""; 0]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_confirmed_flag_denies_the_sale_and_its_share_and_blocks_the_affiliate(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let campaign = shop
        .campaign("shares", |terms| {
            terms.override_share = BasisPoints::new(1000).expect("a share");
        })
        .await;
    let recruiter = shop.affiliate_in("rita", campaign).await;
    let sarah = shop.affiliate_in("sarah", campaign).await;
    shop.recruit(&sarah, &recruiter).await;
    let own = sale(&shop, "in_1", OWN).await;
    let held: Vec<_> = shop
        .rows_of("in_1")
        .await
        .iter()
        .map(|row| row.held_by)
        .collect();
    assert_eq!(held, [Some(HeldBy::Flag); 2]);

    let flag_id = flags_of(&shop, own.id).await[0].flag.id;
    let decision = FlagDecision {
        blocks_affiliate: true,
        ..to(Resolution::Confirmed, flag_id)
    };
    let unconfirmed = FlagDecision {
        resolution: Resolution::Reviewed,
        ..decision.clone()
    };
    let refused = resolve(&shop, unconfirmed).await;
    assert!(matches!(
        refused,
        Err(IntakeError::Flag(FlagRefusal::BlocksUnconfirmed))
    ));
    resolve(&shop, decision).await.expect("confirmed");
    for row in shop.rows_of("in_1").await {
        let stands = (row.status, row.commission.minor, row.held_by);
        assert_eq!(stands, (Status::Denied, 0, None));
        let entries = entries(&pool, row.id).await;
        let kinds: Vec<_> = entries.iter().map(|(kind, ..)| kind.as_str()).collect();
        assert_eq!(kinds, ["accrual", "denial"]);
        assert_eq!(entries[0].1 + entries[1].1, 0);
        assert!(
            entries[1].2.starts_with("flag confirmed: self-referral"),
            "{entries:?}"
        );
    }
    let blocked = shop.store.affiliate(shop.organization_id, sarah.id).await;
    let blocked = blocked.expect("reads").expect("is there");
    assert_eq!(blocked.status, AffiliateStatus::Blocked);
    assert_eq!(
        audit(&pool, sarah.id.0).await.last().map(String::as_str),
        Some("sarah is blocked: a flag was confirmed")
    );
    sale(&shop, "in_1", OWN).await;
    let paid = Fact::Payment(paid_by("in_2", "ann@example.com"));
    shop.event("evt_2", vec![paid]).await;
    assert!(
        shop.rows_of("in_2").await.is_empty(),
        "he gets no new credit"
    );
    assert_eq!(differences(&shop).await, [""; 0]);

    decide(&shop, own.id, Transition::Restore)
        .await
        .expect("restored");
    let restored = shop.rows_of("in_1").await.remove(0);
    assert_eq!(
        (restored.status, restored.commission.minor),
        (Status::Pending, 980)
    );
    assert_eq!(differences(&shop).await, [""; 0]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_told_again_raises_no_second_flag(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let own = sale(&shop, "in_1", OWN).await;
    let again = vec![Fact::Payment(paid_by("in_1", OWN)), customer("cus_1", OWN)];
    shop.event("evt_in_1", again.clone()).await;
    shop.event("evt_other", again).await;
    let call = ServerSale {
        payment: paid_by("in_1", OWN),
        kind: None,
        campaign_id: None,
    };
    let known = shop.store.record_sale(shop.organization_id, call).await;
    assert!(matches!(known, Ok(Recorded::Existing(_))));
    assert_eq!(flags_of(&shop, own.id).await.len(), 1);
    assert_eq!(differences(&shop).await, [""; 0]);
}

/// A sale without an address, who its payer is, a refund of a part, a dispute and its end.
fn story(name: &str) -> Vec<Vec<Fact>> {
    let id = |prefix: &str| format!("{prefix}_{name}");
    let mut paid = paid_by(&id("in"), "nobody@example.com");
    paid.email = None;
    paid.ids.customer = Some(id("cus"));
    paid.ids.charge = Some(id("ch"));
    let refund = MoneyBack {
        payment: vec![id("ch")],
        ..crate::refunds::back(&id("re"), 1225, BackStatus::Succeeded, 1)
    };
    let dispute = |status, minute| MoneyBack {
        kind: BackKind::Dispute,
        payment: vec![id("ch")],
        ..crate::refunds::back(&id("dp"), 4900, status, minute)
    };
    vec![
        vec![Fact::Payment(paid)],
        vec![customer(&id("cus"), OWN)],
        vec![Fact::Back(refund)],
        vec![Fact::Back(dispute(BackStatus::Open, 1))],
        vec![Fact::Back(dispute(BackStatus::Won, 2))],
    ]
}

fn orders(of: usize) -> Vec<Vec<usize>> {
    if of == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(of - 1).into_iter();
    let with_last = |order: Vec<usize>| {
        (0..of).map(move |place| {
            let mut order = order.clone();
            order.insert(place, of - 1);
            order
        })
    };
    shorter.flat_map(with_last).collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_flag_stands_whatever_comes_before_and_after_it(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    for (number, order) in orders(5).into_iter().enumerate() {
        let name = format!("{number}");
        let facts = story(&name);
        for place in &order {
            let event = format!("evt_{number}_{place}");
            shop.event(&event, facts[*place].clone()).await;
        }
        let row = shop.rows_of(&format!("in_{name}")).await.remove(0);
        let stands = (
            row.status,
            row.held_by,
            row.is_flagged,
            row.commission.minor,
        );
        let expected = (Status::Pending, Some(HeldBy::Flag), true, 735);
        assert_eq!(stands, expected, "{order:?}");
        assert_eq!(row.customer_email.as_deref(), Some(OWN), "{order:?}");
    }
    assert_eq!(
        shop.store.open_flags(shop.organization_id).await.ok(),
        Some(120)
    );
    assert_eq!(differences(&shop).await, [""; 0]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_dispute_goes_before_a_flag_and_leaves_it_behind(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let made = sale(&shop, "in_1", "ann@example.com").await;
    let dispute = |status, minute| MoneyBack {
        kind: BackKind::Dispute,
        payment: vec!["in_1".to_owned()],
        ..crate::refunds::back("dp_1", 4900, status, minute)
    };
    let flagged = by_hand(&shop, made.id).await.expect("flagged");
    assert_eq!(flagged.held_by, Some(HeldBy::Flag));
    shop.event("evt_2", vec![Fact::Back(dispute(BackStatus::Open, 1))])
        .await;
    assert_eq!(shop.rows_of("in_1").await[0].held_by, Some(HeldBy::Dispute));
    let flag_id = flags_of(&shop, made.id).await[0].flag.id;
    let reviewed = resolve(&shop, to(Resolution::Reviewed, flag_id))
        .await
        .expect("reviewed");
    assert_eq!(
        (reviewed.held_by, reviewed.is_flagged),
        (Some(HeldBy::Dispute), false)
    );
    shop.event("evt_3", vec![Fact::Back(dispute(BackStatus::Won, 2))])
        .await;
    assert_eq!(shop.rows_of("in_1").await[0].held_by, None);
    assert_eq!(differences(&shop).await, [""; 0]);
}

async fn by_hand(shop: &Shop, id: ConversionId) -> Result<Conversion, IntakeError> {
    let flagging = Flagging {
        conversion_id: id,
        note: "odd".to_owned(),
        actor: Actor::System,
    };
    let row = shop.store.flag_sale(shop.organization_id, flagging).await;
    row.map(|row| row.conversion)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_member_can_have_any_sale_looked_at_that_is_not_paid_out(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    let sarah = shop.affiliate("sarah").await;
    let made = sale(&shop, "in_1", OWN).await;
    decide(&shop, made.id, Transition::ApproveEarly)
        .await
        .expect_err("flagged");
    shop.clock.advance(Duration::seconds(1));
    let both = by_hand(&shop, made.id).await.expect("flagged");
    assert_eq!((both.held_by, both.is_flagged), (Some(HeldBy::Flag), true));
    let twice = by_hand(&shop, made.id).await;
    assert!(matches!(
        twice,
        Err(IntakeError::Flag(FlagRefusal::Flagged))
    ));
    for view in flags_of(&shop, made.id).await {
        let is_last = view.flag.evidence.rule() == FlagRule::SelfReferral;
        let after = resolve(&shop, to(Resolution::Reviewed, view.flag.id))
            .await
            .expect("resolved");
        assert_eq!(after.is_flagged, !is_last, "newest first");
    }
    let again = by_hand(&shop, made.id).await.expect("none is open");
    assert!(again.is_flagged);
    assert!(matches!(
        by_hand(&shop, made.id).await,
        Err(IntakeError::Flag(FlagRefusal::Flagged))
    ));
    assert_eq!(flags_of(&shop, made.id).await.len(), 3);
    let other = sale(&shop, "in_2", "ann@example.com").await;
    decide(&shop, other.id, Transition::ApproveEarly)
        .await
        .expect("approved");
    let held = by_hand(&shop, other.id).await.expect("flagged");
    assert_eq!(
        (held.status, held.held_by),
        (Status::Approved, Some(HeldBy::Flag))
    );
    let balances = shop
        .store
        .balances(shop.organization_id, &[sarah.id])
        .await
        .expect("sums");
    assert_eq!(
        balances[&sarah.id][0].approved_minor, 0,
        "it is not payable"
    );
    assert_eq!(differences(&shop).await, [""; 0]);

    sqlx::query("update conversion set status = 'paid', paid_at = $1 where conversion_id = $2")
        .bind(noon())
        .bind(other.id.0)
        .execute(&pool)
        .await
        .expect("paid");
    let flag_id = flags_of(&shop, other.id).await[0].flag.id;
    let confirmed = resolve(&shop, to(Resolution::Confirmed, flag_id)).await;
    let paid_out = FlagRefusal::Sale(Refusal::PaidOut);
    assert!(matches!(confirmed, Err(IntakeError::Flag(refused)) if refused == paid_out));
    let row = resolve(&shop, to(Resolution::Dismissed, flag_id))
        .await
        .expect("dismissed");
    assert_eq!((row.status, row.held_by), (Status::Paid, None));
    let paid = by_hand(&shop, other.id).await;
    let nothing = FlagRefusal::NothingToHold(Status::Paid);
    assert!(matches!(paid, Err(IntakeError::Flag(refused)) if refused == nothing));
    let nobody = by_hand(&shop, ConversionId(Uuid::nil())).await;
    assert!(matches!(nobody, Err(IntakeError::NoConversion(_))));
}

async fn campaign(
    shop: &Shop,
    name: &str,
    change: impl FnOnce(&mut domain::fraud::FlagRules),
) -> (CampaignId, Affiliate) {
    let id = shop.campaign(name, |terms| change(&mut terms.flags)).await;
    (id, shop.affiliate_in(name, id).await)
}

/// A click through an affiliate's link from a network of its own.
async fn click(shop: &Shop, affiliate: &Affiliate, network: &str) -> String {
    let visit = Visit {
        affiliate_id: affiliate.id,
        campaign_id: affiliate.enrollments[0].campaign_id,
        network: network.to_owned(),
        visitor: None,
        page_url: None,
        referrer: None,
    };
    let clicked = shop.store.record_click(shop.organization_id, visit).await;
    clicked.expect("kept").click().id.to_string()
}

async fn brought(shop: &Shop, id: &str, token: &str) -> Vec<FlagRule> {
    let mut paid = payment(id, None, 0);
    paid.paid_at = shop.clock.now();
    paid.ids.customer = Some(format!("cus_{id}"));
    paid.email = Some(format!("{id}@example.com"));
    paid.clues = vec![clue(ClueKind::Click, token)];
    shop.event(&format!("evt_{id}"), vec![Fact::Payment(paid)])
        .await;
    let row = shop.rows_of(id).await.remove(0);
    rules_of(shop, row.id).await
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn too_many_clicks_or_sales_of_them_are_flagged_where_the_campaign_says_so(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (_, many) = campaign(&shop, "many", |rules| rules.clicks_per_day = Some(3)).await;
    let mut token = String::new();
    for number in 1..=3 {
        token = click(&shop, &many, &format!("net_{number}")).await;
        let found = brought(&shop, &format!("in_{number}"), &token).await;
        let expected: &[FlagRule] = if number < 3 {
            &[]
        } else {
            &[FlagRule::HighClickFrequency]
        };
        assert_eq!(found, expected, "after {number} clicks");
    }
    // The day after they still count, later no more.
    shop.clock.advance(Duration::days(1));
    assert_eq!(
        brought(&shop, "next", &token).await,
        [FlagRule::HighClickFrequency]
    );
    shop.clock.advance(Duration::days(1));
    assert_eq!(brought(&shop, "later", &token).await, []);

    let (_, eager) = campaign(&shop, "eager", |rules| rules.conversion_percent = Some(500)).await;
    let token = click(&shop, &eager, "net").await;
    for number in 1..=10 {
        let found = brought(&shop, &format!("eager_{number}"), &token).await;
        let expected: &[FlagRule] = if number < 10 {
            &[]
        } else {
            &[FlagRule::ConversionAnomaly]
        };
        assert_eq!(found, expected, "sale {number}");
    }
    let (_, quiet) = campaign(&shop, "quiet", |rules| {
        (rules.clicks_per_day, rules.conversion_percent) = (None, None);
    })
    .await;
    let token = click(&shop, &quiet, "net").await;
    for number in 1..=11 {
        assert_eq!(brought(&shop, &format!("quiet_{number}"), &token).await, []);
    }
    assert_eq!(differences(&shop).await, [""; 0]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn sales_are_measured_by_the_clicks_of_the_same_days(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (_, trial) = campaign(&shop, "trial", |rules| rules.conversion_percent = Some(50)).await;
    let mut old = Vec::new();
    for number in 1..=12 {
        old.push(click(&shop, &trial, &format!("net_{number}")).await);
    }
    shop.clock.advance(Duration::days(14));
    let fresh = click(&shop, &trial, "net").await;
    for (number, token) in old.iter().enumerate() {
        assert_eq!(
            brought(&shop, &format!("trial_{number}"), token).await,
            [],
            "first payments after a trial"
        );
    }
    for number in 1..=10 {
        let found = brought(&shop, &format!("fresh_{number}"), &fresh).await;
        let is_last = number == 10;
        assert_eq!(found == [FlagRule::ConversionAnomaly], is_last, "{number}");
    }
    let found = brought(&shop, "trial_last", &old[0]).await;
    assert_eq!(found, [], "an old click is not held for what new ones do");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn great_amounts_and_thrown_away_addresses_are_flagged_where_the_campaign_says_so(
    pool: PgPool,
) {
    let shop = Shop::open(pool).await;
    let (_, _) = campaign(&shop, "strict", |rules| {
        rules.review_from_minor = Some(4900)
    })
    .await;
    let (_, _) = campaign(&shop, "lenient", |rules| {
        (rules.self_referral, rules.suspicious_activity) = (false, false);
    })
    .await;
    for (slug, email, expected) in [
        ("strict", "ann@example.com", vec![FlagRule::ManualReview]),
        (
            "strict",
            "ann@mailinator.com",
            vec![FlagRule::ManualReview, FlagRule::SuspiciousActivity],
        ),
        ("lenient", "bob@mailinator.com", vec![]),
        ("lenient", "lenient@affiliate.example", vec![]),
    ] {
        let id = format!("in_{slug}_{email}");
        let mut paid = paid_by(&id, email);
        paid.ids.customer = None;
        paid.clues = vec![clue(ClueKind::Slug, slug)];
        shop.event(&id, vec![Fact::Payment(paid)]).await;
        let row = shop.rows_of(&id).await.remove(0);
        let mut found = rules_of(&shop, row.id).await;
        found.sort_by_key(|rule| rule.as_str());
        assert_eq!(found, expected, "{id}");
        assert_eq!(row.held_by.is_some(), !expected.is_empty(), "{id}");
    }
    assert_eq!(differences(&shop).await, [""; 0]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_recount_sees_a_hold_without_a_flag_and_a_flag_without_a_hold(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    shop.affiliate("sarah").await;
    sale(&shop, "in_1", OWN).await;
    sale(&shop, "in_2", "ann@example.com").await;
    for (damage, words) in [
        (
            "update conversion set held_by = null where is_flagged",
            "held by nothing",
        ),
        (
            "update conversion set held_by = null, is_flagged = false",
            "it is not stored as flagged, but has an open flag",
        ),
        (
            "update flag set status = 'dismissed', resolved_at = created_at",
            "it is stored as flagged, but has no open flag",
        ),
        (
            "update conversion set held_by = 'flag' where not is_flagged",
            "held by flag",
        ),
    ] {
        assert_eq!(differences(&shop).await, [""; 0]);
        sqlx::query(damage).execute(&pool).await.expect("damaged");
        let found = differences(&shop).await;
        assert!(
            found.iter().any(|line| line.contains(words)),
            "{damage}: {found:?}"
        );
        sqlx::raw_sql(
            "update conversion set is_flagged = external_event_id = 'in_1',
                 held_by = case external_event_id when 'in_1' then 'flag' end;
             update flag set status = 'open', resolved_at = null",
        )
        .execute(&pool)
        .await
        .expect("mended");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_may_not_decide_flags_nothing_and_nobody_reaches_anothers_flags(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.affiliate("sarah").await;
    let own = sale(&shop, "in_1", OWN).await;
    let flag_id = flags_of(&shop, own.id).await[0].flag.id;
    let viewer = Actor::Person {
        id: PersonId(Uuid::nil()),
        role: Role::Viewer,
    };
    let decision = FlagDecision {
        actor: viewer,
        ..to(Resolution::Dismissed, flag_id)
    };
    let flagging = Flagging {
        conversion_id: own.id,
        note: "odd".to_owned(),
        actor: viewer,
    };
    let store = &shop.store;
    let forbidden = store.resolve_flag(shop.organization_id, decision).await;
    assert!(matches!(
        forbidden,
        Err(IntakeError::Store(StoreError::Forbidden))
    ));
    let forbidden = store.flag_sale(shop.organization_id, flagging).await;
    assert!(matches!(
        forbidden,
        Err(IntakeError::Store(StoreError::Forbidden))
    ));

    let new = store::organization::NewOrganization {
        name: crate::support::name("Other"),
        owner_email: domain::email::Email::parse("other@example.com").expect("an e-mail"),
        owner_password: "correct-horse-battery".to_owned(),
        api_key: None,
    };
    let other: OrganizationId = store
        .create_organization(new)
        .await
        .expect("made")
        .organization_id;
    let decision = to(Resolution::Dismissed, flag_id);
    let unknown = store.resolve_flag(other, decision).await;
    assert!(matches!(unknown, Err(IntakeError::NoFlag)));
    assert!(store.flag(other, flag_id).await.expect("reads").is_none());
    assert_eq!(store.open_flags(other).await.ok(), Some(0));
    assert_eq!(store.open_flags(shop.organization_id).await.ok(), Some(1));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn flags_are_listed_newest_first_by_what_is_asked_for(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let sarah = shop.affiliate("sarah").await;
    for number in 1..=5 {
        shop.clock.advance(Duration::seconds(1));
        sale(&shop, &format!("in_{number}"), OWN).await;
    }
    let all = async |filter, start, limit| {
        let page = shop
            .store
            .flags(shop.organization_id, filter, start, limit)
            .await;
        page.expect("a page")
    };
    let any = FlagFilter::default();
    let first = all(any, FlagStart::Offset(0), 2).await;
    assert_eq!((first.flags.len(), first.total), (2, 5));
    let next = first.next.expect("goes on");
    sale(&shop, "in_6", OWN).await;
    let sealed = shop.store.seal_flag_cursor(shop.organization_id, any, next);
    let opened = shop
        .store
        .open_flag_cursor(shop.organization_id, any, &sealed);
    assert_eq!(opened, Ok(next));
    let open = FlagFilter {
        status: Some(FlagStatus::Open),
        ..any
    };
    assert!(
        shop.store
            .open_flag_cursor(shop.organization_id, open, &sealed)
            .is_err()
    );
    let rest = all(any, FlagStart::After(next), 9).await;
    let names: Vec<_> = rest
        .flags
        .iter()
        .filter_map(|view| view.row.conversion.external_event_id.clone())
        .collect();
    assert_eq!(names, ["in_3", "in_2", "in_1"]);
    assert!(rest.next.is_none());

    resolve(&shop, to(Resolution::Reviewed, first.flags[0].flag.id))
        .await
        .expect("reviewed");
    resolve(&shop, to(Resolution::Confirmed, first.flags[1].flag.id))
        .await
        .expect("confirmed");
    let counted = async |filter| all(filter, FlagStart::Offset(0), 1).await.total;
    assert_eq!(counted(open).await, 4);
    assert_eq!(
        counted(FlagFilter {
            is_resolved: true,
            ..any
        })
        .await,
        2
    );
    assert_eq!(
        counted(FlagFilter {
            rule: Some(FlagRule::SelfReferral),
            ..any
        })
        .await,
        6
    );
    assert_eq!(
        counted(FlagFilter {
            rule: Some(FlagRule::ManualReview),
            ..any
        })
        .await,
        0
    );
    assert_eq!(
        counted(FlagFilter {
            affiliate_id: Some(sarah.id),
            ..any
        })
        .await,
        6
    );
    assert_eq!(
        counted(FlagFilter {
            campaign_id: Some(shop.campaign_id),
            ..any
        })
        .await,
        6
    );
    assert_eq!(
        counted(FlagFilter {
            campaign_id: Some(CampaignId(Uuid::nil())),
            ..any
        })
        .await,
        0
    );
    let counts = shop
        .store
        .flag_counts(shop.organization_id, None)
        .await
        .expect("counts");
    assert_eq!(
        (
            counts.open,
            counts.reviewed,
            counts.confirmed,
            counts.total()
        ),
        (4, 1, 1, 6)
    );
}
