//! Flags: what raises them, what they hold, and what comes of them.

mod held;
mod listed;
mod raised;
mod resolved;

use domain::{
    conversion::Conversion,
    fact::{ClueKind, Fact, Payment},
    fraud::{FlagRule, Resolution},
    id::{ConversionId, FlagId},
    lifecycle::Transition,
};
use sqlx::PgPool;
use store::{
    audit::Actor,
    flag::{FlagDecision, FlagFilter, FlagStart, FlagView, Flagging},
    intake::{Decision, IntakeError},
};
use uuid::Uuid;

use crate::support::{Shop, clue, payment};

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

async fn by_hand(shop: &Shop, id: ConversionId) -> Result<Conversion, IntakeError> {
    let flagging = Flagging {
        conversion_id: id,
        note: "odd".to_owned(),
        actor: Actor::System,
    };
    let row = shop.store.flag_sale(shop.organization_id, flagging).await;
    row.map(|row| row.conversion)
}
