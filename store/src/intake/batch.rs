//! One transaction for all items of an organization, and what is done when the database does not take it.

use std::sync::Arc;

use domain::id::OrganizationId;
use sqlx::{PgConnection, PgPool};

use super::{
    Answer, IntakeError, Item,
    decide::{Clerk, Writes},
    flags, load, write,
};
use crate::{
    Clock, Random, StoreError,
    directory::Directory,
    live::Live,
    payout,
    transaction::begin,
    writer::{Busy, Scribe},
};

/// What the writer works with.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) pool: PgPool,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) directory: Arc<Directory>,
    pub(crate) live: Live,
}

impl Scribe for Desk {
    type Item = Item;
    type Answer = Answer;
    type Error = IntakeError;

    fn size(item: &Item) -> usize {
        item.event().map_or(0, |event| event.payload.len())
    }

    async fn write(
        &self,
        organization_id: OrganizationId,
        items: Vec<Item>,
    ) -> Vec<Result<Answer, IntakeError>> {
        match commit(self, organization_id, &items).await {
            Ok(answers) => answers,
            Err(error) => recover(self, organization_id, &items, error).await,
        }
    }
}

impl From<Busy> for IntakeError {
    fn from(_: Busy) -> Self {
        Self::Unavailable
    }
}

/// A batch that the database did not take: when it is away everybody is told so, else one item spoils
/// it and each is written on its own.
async fn recover(
    desk: &Desk,
    organization_id: OrganizationId,
    items: &[Item],
    error: StoreError,
) -> Vec<Result<Answer, IntakeError>> {
    let away = matches!(error, StoreError::Unavailable(_));
    tracing::warn!(error = %error_text(&error), items = items.len(), "a batch of the intake failed");
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        answers.push(if away {
            Err(IntakeError::Unavailable)
        } else {
            write_alone(desk, organization_id, item).await
        });
    }
    answers
}

async fn write_alone(
    desk: &Desk,
    organization_id: OrganizationId,
    item: &Item,
) -> Result<Answer, IntakeError> {
    let error = match commit(desk, organization_id, std::slice::from_ref(item)).await {
        Ok(answers) => {
            return answers
                .into_iter()
                .next()
                .unwrap_or(Err(IntakeError::Unavailable));
        }
        Err(error) => error,
    };
    match (item, &error) {
        (
            Item::Event(_) | Item::Replay(_),
            StoreError::Database(_) | StoreError::Corrupt { .. },
        ) => {
            let why = format!("could not be written: {}", error_text(&error));
            let kept = commit(desk, organization_id, &[item.failed(why)]).await?;
            kept.into_iter()
                .next()
                .unwrap_or(Err(IntakeError::Unavailable))
        }
        _ => Err(error.into()),
    }
}

fn error_text(error: &StoreError) -> String {
    std::error::Error::source(error)
        .map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

/// What an import stores inside the transaction of its batch: an answer for each sale, and the organization's
/// new position when conversions changed. The caller has the organization's lock ([`lock_in`]).
pub(crate) async fn imported_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    position: i64,
    items: &[Item],
) -> Result<(Answers, Option<i64>), StoreError> {
    let (answers, writes) = decided_in(db, desk, organization_id, items).await?;
    if writes.is_empty() {
        return Ok((answers, None));
    }
    let moved_to = write::write_in(db, desk, organization_id, position, &writes).await?;
    Ok((answers, moved_to))
}

/// The answers there would be; nothing is put down.
pub(crate) async fn tried_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    items: &[Item],
) -> Result<Answers, StoreError> {
    let (answers, _) = decided_in(db, desk, organization_id, items).await?;
    Ok(answers)
}

type Answers = Vec<Result<Answer, IntakeError>>;

async fn decided_in(
    db: &mut PgConnection,
    desk: &Desk,
    organization_id: OrganizationId,
    items: &[Item],
) -> Result<(Answers, Writes), StoreError> {
    let known = load::known_in(db, desk, organization_id, items).await?;
    let mut clerk = Clerk::new(known, &desk.random, desk.clock.now());
    let answers = items.iter().map(|item| clerk.take(item)).collect();
    let links = clerk.brought_by_clicks();
    let traffic = flags::traffic_in(db, organization_id, desk, &links).await?;
    clerk.suspect(&traffic);
    Ok((answers, clerk.finish()))
}

/// One transaction for all items of an organization.
async fn commit(
    desk: &Desk,
    organization_id: OrganizationId,
    items: &[Item],
) -> Result<Answers, StoreError> {
    let mut tx = begin(&desk.pool).await?;
    // First of all, and before anything is read: from here to the commit nobody else writes for this
    // organization, so what is read below can't change under the decisions.
    let position = load::lock_in(&mut tx, organization_id).await?;
    let (answers, writes) = decided_in(&mut tx, desk, organization_id, items).await?;
    if writes.is_empty() {
        // Nothing but replays: giving the lock back needs no disk.
        tx.rollback().await?;
        return Ok(answers);
    }
    let moved_to = write::write_in(&mut tx, desk, organization_id, position, &writes).await?;
    let now_at = moved_to.unwrap_or(position);
    let carried = &writes.transfers;
    let carried = payout::carried_in(&mut tx, desk, organization_id, now_at, carried).await?;
    let moved_to = carried.or(moved_to);
    tx.commit().await?;
    if let Some(position) = moved_to {
        desk.live.changed(organization_id, position);
    }
    Ok(answers)
}
