//! How far an import is, and what it has to tell.

use chrono::{DateTime, Utc};
use domain::{id::OrganizationId, import::MAX_ERRORS, lifecycle::Status};
use sqlx::PgConnection;

use super::{Import, Outcome, Place, file::Record, run::LEASE, sums};
use crate::{StoreError, columns::columns};

/// Nobody else took these rows in meanwhile, and nobody stopped it or started it anew, with other settings perhaps.
/// From here on nobody does.
pub(super) async fn is_where_it_was_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    import: &Import,
) -> Result<bool, StoreError> {
    let place = sqlx::query!(
        "select run, next_byte from import
         where organization_id = $1 and import_id = $2 and state = 'running' for update",
        organization_id.0,
        import.id.0,
    )
    .fetch_optional(db)
    .await?;
    let is_it = |at| at == (import.run, import.next_byte);
    Ok(place.is_some_and(|place| is_it((place.run, place.next_byte))))
}

pub(super) async fn advance_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    import: &Import,
    next: Place,
    outcomes: &[Outcome],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let count = |is_it: &dyn Fn(&Outcome) -> bool| {
        let many = outcomes.iter().filter(|outcome| is_it(outcome)).count();
        i64::try_from(many).unwrap_or(i64::MAX)
    };
    let is_as = |outcome: &Outcome, status| matches!(outcome, Outcome::Created(Some(made)) if made.status == status);
    let stands_as = |status| count(&|outcome| is_as(outcome, status));
    let made = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Created(made) => made.as_ref(),
        _ => None,
    });
    // What the import has is what was there when its place was locked.
    let sums = serde_json::to_string(&sums::with(&import.sums, made)).unwrap_or_default();
    sqlx::query!(
        "update import set next_byte = $3, next_row = $4, rows_read = rows_read + $5,
             rows_created = rows_created + $6, rows_existing = rows_existing + $7, rows_failed = rows_failed + $8,
             rows_pending = rows_pending + $9, rows_approved = rows_approved + $10, rows_paid = rows_paid + $11,
             rows_refunded = rows_refunded + $12, rows_denied = rows_denied + $13, claimed_until = $14,
             sums = $15::text::json
         where organization_id = $1 and import_id = $2",
        organization_id.0,
        import.id.0,
        next.byte,
        next.rows,
        count(&|_| true),
        count(&|outcome| matches!(outcome, Outcome::Created(_))),
        count(&|outcome| matches!(outcome, Outcome::Existing)),
        count(&|outcome| matches!(outcome, Outcome::Failed(_))),
        stands_as(Status::Pending),
        stands_as(Status::Approved),
        stands_as(Status::Paid),
        stands_as(Status::Refunded),
        stands_as(Status::Denied),
        now + LEASE,
        sums,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Keeps why rows could not be taken, up to a limit.
pub(super) async fn errors_in(
    db: &mut PgConnection,
    organization_id: OrganizationId,
    import: &Import,
    rows: &[Record],
    outcomes: &[Outcome],
) -> Result<(), StoreError> {
    let room = usize::try_from(MAX_ERRORS - import.failed).unwrap_or(0);
    let failed = rows
        .iter()
        .zip(outcomes)
        .filter_map(|(row, outcome)| match outcome {
            Outcome::Failed(error) => Some((row, error)),
            _ => None,
        });
    let failed: Vec<_> = failed.take(room).collect();
    if failed.is_empty() {
        return Ok(());
    }
    columns!(failed, (row, error) => {
        numbers: i64 = row.number,
        names: String = error.column.clone(),
        messages: String = error.message.replace('\0', ""),
        texts: String = row.text(),
    });
    sqlx::query!(
        "insert into import_error (organization_id, import_id, row_number, column_name, message, row_text)
         select $1, $2, e.number, e.name, e.message, e.text
         from unnest($3::bigint[], $4::text[], $5::text[], $6::text[]) as e (number, name, message, text)",
        organization_id.0,
        import.id.0,
        &numbers,
        &names,
        &messages,
        &texts,
    )
    .execute(db)
    .await?;
    Ok(())
}
