//! Puts a batch's decisions down: one statement per table.

#![expect(
    clippy::as_conversions,
    reason = "how a checked query is told that an array may hold nulls"
)]

use chrono::{DateTime, NaiveDate, Utc};
use domain::{conversion::Conversion, id::OrganizationId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    batch::Desk,
    days::days_in,
    decide::Writes,
    flags,
    keep::{
        clues_in, customers_in, events_in, names_in, promotion_codes_in, settled_in, waiting_in,
    },
    money, paid,
    replay::replays_in,
    rows::{Change, Entry, Note, Settled},
    tell::tell_in,
};
use crate::{StoreError, audit, columns::columns, payout, plan::PlanColumns};

/// Writes everything; tells the organization's new position when conversions changed.
pub(super) async fn write_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    position: i64,
    writes: &Writes,
) -> Result<Option<i64>, StoreError> {
    let now = desk.clock.now();
    events_in(db, organization_id, now, writes).await?;
    replays_in(db, desk, organization_id, now, &writes.replays).await?;
    customers_in(db, desk, organization_id, now, writes).await?;
    clues_in(db, organization_id, writes).await?;
    promotion_codes_in(db, organization_id, writes).await?;
    waiting_in(db, organization_id, now, writes).await?;
    settled_in(db, organization_id, writes).await?;
    paid::keep_in(db, organization_id, &writes.paid).await?;
    let rows = &writes.rows;
    if rows.is_empty() {
        flags::keep_in(db, desk, organization_id, &writes.flags).await?;
        notes_in(db, desk, organization_id, &rows.notes).await?;
        let is_named = names_in(db, organization_id, position + 1, writes).await?;
        money::keep_in(db, organization_id, now, writes).await?;
        if !writes.flags.is_empty() {
            let version = webhook_version_in(db, organization_id).await?;
            tell_in(
                db,
                desk,
                organization_id,
                now,
                version,
                (rows, &writes.flags),
            )
            .await?;
        }
        if is_named {
            moved_in(db, organization_id, position + 1).await?;
        }
        return Ok(is_named.then_some(position + 1));
    }
    let settled = rows.settled();
    conversions_in(db, organization_id, position, &rows.created, &settled).await?;
    flags::keep_in(db, desk, organization_id, &writes.flags).await?;
    let last = position + i64::try_from(rows.len()).unwrap_or(1);
    let is_named = names_in(db, organization_id, last + 1, writes).await?;
    let position_of_changes = position + i64::try_from(rows.created.len()).unwrap_or(1);
    changes_in(
        db,
        organization_id,
        position_of_changes,
        &rows.changed,
        &settled,
    )
    .await?;
    money::keep_in(db, organization_id, now, writes).await?;
    ledger_in(db, desk, organization_id, &rows.entries).await?;
    payout::revised_in(db, desk, organization_id, &rows.payable()).await?;
    notes_in(db, desk, organization_id, &rows.notes).await?;
    days_in(db, organization_id, rows).await?;
    let moved_to = last + i64::from(is_named);
    let version = moved_in(db, organization_id, moved_to).await?;
    tell_in(
        db,
        desk,
        organization_id,
        now,
        version,
        (rows, &writes.flags),
    )
    .await?;
    Ok(Some(moved_to))
}

/// Moves the organization on; tells which webhooks there are.
async fn moved_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    moved_to: i64,
) -> Result<i64, StoreError> {
    let version = sqlx::query_scalar!(
        "update organization_position set position = $2 where organization_id = $1 returning webhook_version",
        organization_id.0,
        moved_to,
    )
    .fetch_one(db)
    .await?;
    Ok(version)
}

async fn webhook_version_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
) -> Result<i64, StoreError> {
    let version = sqlx::query_scalar!(
        "select webhook_version from organization_position where organization_id = $1",
        organization_id.0,
    )
    .fetch_one(db)
    .await?;
    Ok(version)
}

#[expect(clippy::too_many_lines, reason = "one line per column, twice")]
async fn conversions_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    position: i64,
    conversions: &[Conversion],
    settled: &Settled,
) -> Result<(), StoreError> {
    if conversions.is_empty() {
        return Ok(());
    }
    columns!(conversions, one => {
        ids: Uuid = one.id.0,
        created: DateTime<Utc> = one.created_at,
        occurred: DateTime<Utc> = one.occurred_at,
        kinds: String = one.kind.as_str().to_owned(),
        sources: String = one.source.as_str().to_owned(),
        statuses: String = one.status.as_str().to_owned(),
        affiliates: Uuid = one.affiliate_id.0,
        campaigns: Uuid = one.campaign_id.0,
        coupons: Option<String> = one.coupon_code.clone(),
        clicks: Option<Uuid> = one.click_id.map(|id| id.0),
        amounts: i64 = one.amount.minor,
        bases: i64 = one.base_minor,
        currencies: String = one.currency().code().to_owned(),
        commissions: i64 = one.commission.minor,
        commission_currencies: String = one.commission.currency.code().to_owned(),
        states: String = one.commission_state.as_str().to_owned(),
        external_ids: Option<String> = one.external_event_id.clone(),
        processors: String = one.processor.as_str().to_owned(),
        connections: Option<Uuid> = one.connection_id.map(|id| id.0),
        customers: Option<String> = one.ids.customer.clone(),
        subscriptions: Option<String> = one.ids.subscription.clone(),
        invoices: Option<String> = one.ids.invoice.clone(),
        payment_intents: Option<String> = one.ids.payment_intent.clone(),
        charges: Option<String> = one.ids.charge.clone(),
        sessions: Option<String> = one.ids.session.clone(),
        emails: Option<String> = one.customer_email.clone(),
        names: Option<String> = one.customer_name.clone(),
        holds: DateTime<Utc> = one.hold_until,
        parents: Option<Uuid> = one.parent_conversion_id.map(|id| id.0),
        exchange_numerators: Option<i64> = one.exchange.map(|rate| rate.numerator),
        exchange_denominators: Option<i64> = one.exchange.map(|rate| rate.denominator),
        exchange_days: Option<NaiveDate> = one.exchange.map(|rate| rate.day),
        held: Option<String> = one.held_by.map(|why| why.as_str().to_owned()),
        flagged: bool = one.is_flagged,
        released: Option<DateTime<Utc>> = one.released_at,
        covered: bool = one.is_covered,
        denials: Option<DateTime<Utc>> = one.denied_at,
        cancellations: Option<DateTime<Utc>> = one.cancelled_at,
        refunds: Option<DateTime<Utc>> = one.refunded_at,
        refunded: i64 = one.refunded_minor,
        approved: Option<DateTime<Utc>> = one.approved_at,
        paid_out: Option<DateTime<Utc>> = one.paid_at,
        settlements: i64 = settled.get(&one.id).copied().unwrap_or(0),
        metadata: String = one.metadata.clone(),
        trails: String = trail(one),
    });
    let plans: Vec<PlanColumns> = conversions
        .iter()
        .map(|one| PlanColumns::from(&one.plan))
        .collect();
    columns!(&plans, plan => {
        percents: Option<i32> = plan.percent_bp,
        fixed: Option<i64> = plan.fixed_minor,
        durations: Option<String> = plan.duration.clone(),
        months: Option<i32> = plan.months,
    });
    let positions: Vec<i64> = (position + 1..).take(conversions.len()).collect();
    sqlx::query!(
        "insert into conversion (organization_id, conversion_id, created_at, occurred_at, kind, source, status,
             affiliate_id, campaign_id, coupon_code, amount_minor, base_minor, refunded_minor, currency,
             commission_minor, commission_currency, commission_state, plan_percent_bp, plan_fixed_minor,
             plan_duration, plan_months, external_event_id, processor, connection_id, customer_id,
             subscription_id, invoice_id, payment_intent_id, charge_id, session_id, customer_email,
             customer_name, hold_until, approved_at, metadata, trail, change_position, revision,
             parent_conversion_id, exchange_numerator, exchange_denominator, exchange_day, held_by, is_covered,
             denied_at, cancelled_at, refunded_at, click_id,
             released_at, is_flagged, paid_at, settled_minor)
         select $1, c.id, c.created, c.occurred, c.kind, c.source, c.status, c.affiliate, c.campaign, c.coupon,
             c.amount, c.base, c.refunded, c.currency, c.commission, c.commission_currency, c.state, c.percent, c.fixed,
             c.duration, c.months, c.external_id, c.processor, c.connection, c.customer, c.subscription,
             c.invoice, c.payment_intent, c.charge, c.session, c.email, c.name, c.hold, c.approved,
             c.metadata::json, c.trail::json, c.position, 1, c.parent, c.exchange_numerator,
             c.exchange_denominator, c.exchange_day, c.held_by, c.is_covered, c.denied, c.cancelled,
             c.refunded_at, c.click, c.released, c.flagged, c.paid_out, c.settled
         from unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
             $8::uuid[], $9::uuid[], $10::text[], $11::bigint[], $12::bigint[], $13::text[], $14::bigint[],
             $15::text[], $16::text[], $17::integer[], $18::bigint[], $19::text[], $20::integer[], $21::text[],
             $22::text[], $23::uuid[], $24::text[], $25::text[], $26::text[], $27::text[], $28::text[],
             $29::text[], $30::text[], $31::text[], $32::timestamptz[], $33::timestamptz[], $34::text[],
             $35::text[], $36::bigint[], $37::uuid[], $38::bigint[], $39::bigint[], $40::date[], $41::text[],
             $42::boolean[], $43::timestamptz[], $44::timestamptz[], $45::timestamptz[], $46::bigint[],
             $47::uuid[], $48::timestamptz[], $49::boolean[], $50::timestamptz[], $51::bigint[])
             as c (id, created, occurred, kind, source, status, affiliate, campaign, coupon, amount, base,
             currency, commission, commission_currency, state, percent, fixed, duration, months, external_id,
             processor, connection, customer, subscription, invoice, payment_intent, charge, session, email,
             name, hold, approved, metadata, trail, position, parent, exchange_numerator, exchange_denominator,
             exchange_day, held_by, is_covered, denied, cancelled, refunded_at, refunded,
             click, released, flagged, paid_out, settled)",
        organization_id.0,
        &ids,
        &created,
        &occurred,
        &kinds,
        &sources,
        &statuses,
        &affiliates,
        &campaigns,
        &coupons as &[Option<String>],
        &amounts,
        &bases,
        &currencies,
        &commissions,
        &commission_currencies,
        &states,
        &percents as &[Option<i32>],
        &fixed as &[Option<i64>],
        &durations as &[Option<String>],
        &months as &[Option<i32>],
        &external_ids as &[Option<String>],
        &processors,
        &connections as &[Option<Uuid>],
        &customers as &[Option<String>],
        &subscriptions as &[Option<String>],
        &invoices as &[Option<String>],
        &payment_intents as &[Option<String>],
        &charges as &[Option<String>],
        &sessions as &[Option<String>],
        &emails as &[Option<String>],
        &names as &[Option<String>],
        &holds,
        &approved as &[Option<DateTime<Utc>>],
        &metadata,
        &trails,
        &positions,
        &parents as &[Option<Uuid>],
        &exchange_numerators as &[Option<i64>],
        &exchange_denominators as &[Option<i64>],
        &exchange_days as &[Option<NaiveDate>],
        &held as &[Option<String>],
        &covered,
        &denials as &[Option<DateTime<Utc>>],
        &cancellations as &[Option<DateTime<Utc>>],
        &refunds as &[Option<DateTime<Utc>>],
        &refunded,
        &clicks as &[Option<Uuid>],
        &released as &[Option<DateTime<Utc>>],
        &flagged,
        &paid_out as &[Option<DateTime<Utc>>],
        &settlements,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What a conversion can change in after it was recorded.
async fn changes_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    position: i64,
    changes: &[Change],
    settled: &Settled,
) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    columns!(changes, change => {
        ids: Uuid = change.after.id.0,
        kinds: String = change.after.kind.as_str().to_owned(),
        statuses: String = change.after.status.as_str().to_owned(),
        refunded: i64 = change.after.refunded_minor,
        commissions: i64 = change.after.commission.minor,
        states: String = change.after.commission_state.as_str().to_owned(),
        covered: bool = change.after.is_covered,
        exchange_numerators: Option<i64> = change.after.exchange.map(|rate| rate.numerator),
        exchange_denominators: Option<i64> = change.after.exchange.map(|rate| rate.denominator),
        exchange_days: Option<NaiveDate> = change.after.exchange.map(|rate| rate.day),
        held: Option<String> = change.after.held_by.map(|why| why.as_str().to_owned()),
        flagged: bool = change.after.is_flagged,
        released: Option<DateTime<Utc>> = change.after.released_at,
        denials: Option<DateTime<Utc>> = change.after.denied_at,
        cancellations: Option<DateTime<Utc>> = change.after.cancelled_at,
        approvals: Option<DateTime<Utc>> = change.after.approved_at,
        refunds: Option<DateTime<Utc>> = change.after.refunded_at,
        paid_out: Option<DateTime<Utc>> = change.after.paid_at,
        payouts: Option<Uuid> = change.after.payout_id.map(|id| id.0),
        settlements: i64 = settled.get(&change.after.id).copied().unwrap_or(0),
        trails: String = trail(&change.after),
    });
    let positions: Vec<i64> = (position + 1..).take(changes.len()).collect();
    sqlx::query!(
        "update conversion set kind = c.kind, status = c.status, refunded_minor = c.refunded,
             commission_minor = c.commission, commission_state = c.state, is_covered = c.covered,
             exchange_numerator = c.exchange_numerator, exchange_denominator = c.exchange_denominator,
             exchange_day = c.exchange_day, held_by = c.held, is_flagged = c.flagged, released_at = c.released,
             denied_at = c.denied, paid_at = c.paid_out, payout_id = c.payout,
             settled_minor = conversion.settled_minor + c.settled,
             cancelled_at = c.cancelled, approved_at = c.approved, refunded_at = c.back_at, trail = c.trail::json,
             change_position = c.position, revision = revision + 1
         from unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::boolean[],
             $9::bigint[], $10::bigint[], $11::date[], $12::text[], $13::timestamptz[], $14::timestamptz[],
             $15::timestamptz[], $16::timestamptz[], $17::text[], $18::bigint[], $19::timestamptz[], $20::boolean[],
             $21::timestamptz[], $22::uuid[], $23::bigint[])
             as c (id, kind, status, refunded, commission, state, covered, exchange_numerator,
             exchange_denominator, exchange_day, held, denied, cancelled, approved, back_at, trail, position,
             released, flagged, paid_out, payout, settled)
         where conversion.organization_id = $1 and conversion.conversion_id = c.id",
        organization_id.0,
        &ids,
        &kinds,
        &statuses,
        &refunded,
        &commissions,
        &states,
        &covered,
        &exchange_numerators as &[Option<i64>],
        &exchange_denominators as &[Option<i64>],
        &exchange_days as &[Option<NaiveDate>],
        &held as &[Option<String>],
        &denials as &[Option<DateTime<Utc>>],
        &cancellations as &[Option<DateTime<Utc>>],
        &approvals as &[Option<DateTime<Utc>>],
        &refunds as &[Option<DateTime<Utc>>],
        &trails,
        &positions,
        &released as &[Option<DateTime<Utc>>],
        &flagged,
        &paid_out as &[Option<DateTime<Utc>>],
        &payouts as &[Option<Uuid>],
        &settlements,
    )
    .execute(db)
    .await?;
    Ok(())
}

fn trail(conversion: &Conversion) -> String {
    serde_json::to_string(&conversion.trail).unwrap_or_else(|_| "[]".to_owned())
}

async fn ledger_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    entries: &[Entry],
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let now = desk.clock.now();
    let ids = desk.random.uuids_v7(now, entries.len());
    columns!(entries, one => {
        kinds: String = one.kind.as_str().to_owned(),
        affiliates: Uuid = one.affiliate_id.0,
        conversion_ids: Uuid = one.conversion_id.0,
        amounts: i64 = one.amount.minor,
        currencies: String = one.amount.currency.code().to_owned(),
        reasons: String = one.reason.clone(),
    });
    sqlx::query!(
        "insert into ledger_entry (organization_id, ledger_entry_id, affiliate_id, conversion_id, kind,
             amount_minor, currency, reason, created_at)
         select $1, e.id, e.affiliate, e.conversion, e.kind, e.amount, e.currency, e.reason, $2
         from unnest($3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::bigint[], $8::text[], $9::text[])
             as e (id, kind, affiliate, conversion, amount, currency, reason)",
        organization_id.0,
        now,
        &ids,
        &kinds,
        &affiliates,
        &conversion_ids,
        &amounts,
        &currencies,
        &reasons,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A line of the audit log for every change of a conversion.
async fn notes_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    notes: &[Note],
) -> Result<(), StoreError> {
    let mut lines = Vec::with_capacity(notes.len());
    for note in notes {
        lines.push(audit::Entry {
            actor: note.actor.manages()?,
            subject: "conversion",
            subject_id: note.conversion_id.0,
            action: note.action,
            detail: &note.text,
        });
    }
    audit::write_all_in(db, &desk.random, organization_id, desk.clock.now(), &lines).await
}
