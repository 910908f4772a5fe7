//! What a batch leaves besides conversions: events with their outcomes, and what attribution remembers.

#![expect(
    clippy::as_conversions,
    reason = "how a checked query is told that an array may hold nulls"
)]

use chrono::{DateTime, Utc};
use domain::{
    event::{Outcome, next_attempt},
    fact::{ClueKind, Payment},
    id::OrganizationId,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{batch::Desk, decide::Writes, keys::email_key};
use crate::{StoreError, columns::columns, error::readable};

pub(super) async fn events_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    now: DateTime<Utc>,
    writes: &Writes,
) -> Result<(), StoreError> {
    if writes.events.is_empty() {
        return Ok(());
    }
    columns!(&writes.events, line => {
        ids: Uuid = line.receipt.event_id.0,
        connections: Uuid = line.event.connection.id.0,
        external_ids: String = line.event.external_id.clone(),
        kinds: String = line.event.kind.clone(),
        times: DateTime<Utc> = line.event.occurred_at,
        payloads: Vec<u8> = line.event.payload.to_vec(),
        outcomes: String = line.receipt.outcome.as_str().to_owned(),
        details: String = line.detail.clone(),
        conversions: Option<Uuid> = line.receipt.conversion_id.map(|id| id.0),
        retries: Option<DateTime<Utc>> = next_attempt(1, now)
            .filter(|_| line.receipt.outcome == Outcome::Failed),
    });
    sqlx::query!(
        "insert into event (organization_id, event_id, connection_id, external_id, kind, occurred_at, received_at,
             payload, outcome, detail, conversion_id, attempts, next_attempt_at, processed_at)
         select $1, e.id, e.connection, e.external_id, e.kind, e.at, $2, e.payload, e.outcome, e.detail,
             e.conversion, 1, e.retry, $2
         from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[], $8::bytea[], $9::text[],
             $10::text[], $11::uuid[], $12::timestamptz[])
             as e (id, connection, external_id, kind, at, payload, outcome, detail, conversion, retry)",
        organization_id.0,
        now,
        &ids,
        &connections,
        &external_ids,
        &kinds,
        &times,
        &payloads,
        &outcomes,
        &details,
        &conversions as &[Option<Uuid>],
        &retries as &[Option<DateTime<Utc>>],
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn customers_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    now: DateTime<Utc>,
    writes: &Writes,
) -> Result<(), StoreError> {
    if writes.customers.is_empty() {
        return Ok(());
    }
    columns!(&writes.customers, (external_id, customer) => {
        external_ids: String = external_id.clone(),
        ids: Uuid = desk.random.uuid_v7(now),
        emails: Option<String> = customer.email.clone(),
        names: Option<String> = customer.name.clone(),
        times: DateTime<Utc> = customer.described_at,
    });
    sqlx::query!(
        "insert into customer (organization_id, external_id, customer_id, email, name, described_at)
         select $1, c.external_id, c.id, c.email, c.name, c.at
         from unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[])
             as c (external_id, id, email, name, at)
         on conflict (organization_id, external_id) do update
         set email = excluded.email, name = excluded.name, described_at = excluded.described_at",
        organization_id.0,
        &external_ids,
        &ids,
        &emails as &[Option<String>],
        &names as &[Option<String>],
        &times,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What customers bought before their e-mail was known is found by it from now on. Those sales change at `position`;
/// are there any?
pub(super) async fn names_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    position: i64,
    writes: &Writes,
) -> Result<bool, StoreError> {
    let named = writes.customers.iter();
    let named: Vec<_> = named.filter(|(id, _)| writes.named.contains(*id)).collect();
    if named.is_empty() {
        return Ok(false);
    }
    columns!(named, (external_id, customer) => {
        external_ids: String = external_id.clone(),
        emails: Option<String> = customer.email.clone(),
        names: Option<String> = customer.name.clone(),
    });
    let changed = sqlx::query!(
        "update conversion set customer_email = c.email, customer_name = coalesce(conversion.customer_name, c.name),
             change_position = $5, revision = revision + 1
         from unnest($2::text[], $3::text[], $4::text[]) as c (external_id, email, name)
         where conversion.organization_id = $1 and conversion.customer_id = c.external_id
             and conversion.customer_email is null",
        organization_id.0,
        &external_ids,
        &emails as &[Option<String>],
        &names as &[Option<String>],
        position,
    )
    .execute(db)
    .await?;
    Ok(changed.rows_affected() > 0)
}

pub(super) async fn clues_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    writes: &Writes,
) -> Result<(), StoreError> {
    if writes.clues.is_empty() {
        return Ok(());
    }
    columns!(&writes.clues, (subject, clue, at) => {
        subject_kinds: String = subject.kind.as_str().to_owned(),
        subject_ids: String = subject.id.clone(),
        clue_kinds: String = clue.kind.as_str().to_owned(),
        values: String = clue.value.clone(),
        places: String = clue.place.clone(),
        times: DateTime<Utc> = *at,
    });
    sqlx::query!(
        "insert into referral_clue (organization_id, subject_kind, subject_id, clue_kind, value, place, occurred_at)
         select $1, c.subject_kind, c.subject_id, c.clue_kind, c.value, c.place, c.at
         from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
             as c (subject_kind, subject_id, clue_kind, value, place, at)
         on conflict do nothing",
        organization_id.0,
        &subject_kinds,
        &subject_ids,
        &clue_kinds,
        &values,
        &places,
        &times,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn promotion_codes_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    writes: &Writes,
) -> Result<(), StoreError> {
    if writes.promotion_codes.is_empty() {
        return Ok(());
    }
    columns!(writes.promotion_codes.values(), seen => {
        external_ids: String = seen.external_id.clone(),
        codes: String = seen.code.clone(),
        discounts: Option<String> = seen.discount_id.clone(),
        times: DateTime<Utc> = seen.occurred_at,
    });
    sqlx::query!(
        "insert into promotion_code (organization_id, external_id, code, discount_id, described_at)
         select $1, p.external_id, p.code, p.discount, p.at
         from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[]) as p (external_id, code, discount, at)
         on conflict (organization_id, external_id) do update
         set code = excluded.code, discount_id = excluded.discount_id, described_at = excluded.described_at
         where promotion_code.described_at <= excluded.described_at",
        organization_id.0,
        &external_ids,
        &codes,
        &discounts as &[Option<String>],
        &times,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn waiting_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    now: DateTime<Utc>,
    writes: &Writes,
) -> Result<(), StoreError> {
    if !writes.credited.is_empty() {
        sqlx::query!(
            "delete from unattributed_payment where organization_id = $1 and external_event_id = any($2)",
            organization_id.0,
            &writes.credited,
        )
        .execute(&mut *db)
        .await?;
    }
    if writes.waiting.is_empty() {
        return Ok(());
    }
    let mut lines = Vec::with_capacity(writes.waiting.len());
    for (external_id, (waiting, why)) in &writes.waiting {
        let fact = serde_json::to_string(&waiting.payment).ok();
        let fact = readable(fact, "unattributed_payment", "fact")?;
        lines.push((external_id, waiting, &waiting.payment, why, fact));
    }
    columns!(&lines, (external_id, waiting, payment, why, fact) => {
        external_ids: String = (*external_id).clone(),
        connections: Uuid = waiting.connection_id.0,
        // One text for a list: unnest would flatten a list of lists.
        events: String = joined(waiting.event_ids.iter().map(|id| id.0.to_string())),
        times: DateTime<Utc> = payment.paid_at,
        customers: Option<String> = payment.ids.customer.clone(),
        emails: Option<String> = email_key(payment.email.as_deref()),
        subscriptions: Option<String> = payment.ids.subscription.clone(),
        invoices: Option<String> = payment.ids.invoice.clone(),
        payment_intents: Option<String> = payment.ids.payment_intent.clone(),
        sessions: Option<String> = payment.ids.session.clone(),
        codes: String = joined(promotion_codes(payment)),
        facts: String = fact.clone(),
        reasons: String = (*why).clone(),
    });
    sqlx::query!(
        "insert into unattributed_payment (organization_id, external_event_id, connection_id, event_ids,
             occurred_at, customer_id, customer_email, subscription_id, invoice_id, payment_intent_id,
             session_id, promotion_codes, fact, reason, created_at)
         select $1, w.external_id, w.connection, string_to_array(w.events, ' ')::uuid[], w.at, w.customer, w.email,
             w.subscription, w.invoice, w.payment_intent, w.session, string_to_array(w.codes, ' '),
             w.fact::json, w.reason, $2
         from unnest($3::text[], $4::uuid[], $5::text[], $6::timestamptz[], $7::text[], $8::text[], $9::text[],
             $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[])
             as w (external_id, connection, events, at, customer, email, subscription, invoice, payment_intent,
             session, codes, fact, reason)
         on conflict (organization_id, external_event_id) do update
         set event_ids = unattributed_payment.event_ids || excluded.event_ids",
        organization_id.0,
        now,
        &external_ids,
        &connections,
        &events,
        &times,
        &customers as &[Option<String>],
        &emails as &[Option<String>],
        &subscriptions as &[Option<String>],
        &invoices as &[Option<String>],
        &payment_intents as &[Option<String>],
        &sessions as &[Option<String>],
        &codes,
        &facts,
        &reasons,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Words in one text.
pub(super) fn joined(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

/// Ids of promotion codes on a payment, whose words may come later.
fn promotion_codes(payment: &Payment) -> impl Iterator<Item = String> {
    let ids = payment
        .clues
        .iter()
        .filter(|clue| clue.kind == ClueKind::PromotionCode);
    ids.map(|clue| clue.value.clone())
}

/// Events that waited for this batch now say what came of them.
pub(super) async fn settled_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    writes: &Writes,
) -> Result<(), StoreError> {
    if writes.settled.is_empty() {
        return Ok(());
    }
    columns!(&writes.settled, one => {
        events: Uuid = one.event_id.0,
        outcomes: String = one.outcome.as_str().to_owned(),
        details: String = one.detail.clone(),
        conversions: Option<Uuid> = one.conversion_id.map(|id| id.0),
    });
    sqlx::query!(
        "update event set outcome = s.outcome, detail = s.detail, conversion_id = s.conversion
         from unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[]) as s (event, outcome, detail, conversion)
         where event.organization_id = $1 and event.event_id = s.event and event.outcome in ('unattributed', 'parked', 'stored')",
        organization_id.0,
        &events,
        &outcomes,
        &details,
        &conversions as &[Option<Uuid>],
    )
    .execute(db)
    .await?;
    Ok(())
}
