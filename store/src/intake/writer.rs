//! The group-commit writer: many callers, few transactions.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use domain::id::OrganizationId;
use sqlx::PgPool;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

use super::{Answer, IntakeError, Item, decide::Clerk, load, write};
use crate::{Clock, Random, StoreError, directory::Directory, live::Live};

/// The most items one transaction takes.
const MAX_BATCH: usize = 64;
/// How many organizations are written at the same time: more only raises everybody's latency.
const MAX_WRITERS: usize = 2;
/// How much may wait to be written, in KiB; beyond that callers are told to come back.
const MAX_WAITING_KIB: usize = 64 * 1024;
/// What an item takes up at least: with it, no more than 4,096 of them wait.
const MIN_ITEM_KIB: usize = 16;
/// Who waits longer than this for his commit is told to come back; asking again finds what was written.
const ANSWERED_WITHIN: Duration = Duration::from_secs(25);

/// What the writer works with.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) pool: PgPool,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) directory: Arc<Directory>,
    pub(crate) live: Live,
}

type Reply = oneshot::Sender<Result<Answer, IntakeError>>;

struct Job {
    organization_id: OrganizationId,
    item: Item,
    reply: Reply,
    /// Given back when the item has been written.
    room: OwnedSemaphorePermit,
}

/// The way in. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::UnboundedSender<Job>,
    room: Arc<Semaphore>,
}

impl Writer {
    pub(crate) fn start(desk: Desk) -> Self {
        // Bounded by the room that every job takes.
        let (jobs, inbox) = mpsc::unbounded_channel();
        tokio::spawn(run(desk, inbox));
        let room = Arc::new(Semaphore::new(MAX_WAITING_KIB));
        Self { jobs, room }
    }

    pub(crate) async fn submit(
        &self,
        organization_id: OrganizationId,
        item: Item,
    ) -> Result<Answer, IntakeError> {
        let (reply, answer) = oneshot::channel();
        let room = Arc::clone(&self.room).try_acquire_many_owned(size_kib(&item));
        let job = Job {
            organization_id,
            item,
            reply,
            room: room.map_err(|_| IntakeError::Unavailable)?,
        };
        self.jobs.send(job).map_err(|_| IntakeError::Unavailable)?;
        match timeout(ANSWERED_WITHIN, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Err(IntakeError::Unavailable),
        }
    }
}

/// The room an item takes, in KiB.
fn size_kib(item: &Item) -> u32 {
    let bytes = item.event().map_or(0, |event| event.payload.len());
    let size = (bytes / 1024).clamp(MIN_ITEM_KIB, MAX_WAITING_KIB);
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// Jobs in order of arrival, per organization; an organization is written by one batch at a time.
#[derive(Default)]
struct Queue {
    waiting: HashMap<OrganizationId, VecDeque<Job>>,
    ready: VecDeque<OrganizationId>,
    busy: Vec<OrganizationId>,
}

impl Queue {
    fn push(&mut self, job: Job) {
        let id = job.organization_id;
        self.waiting.entry(id).or_default().push_back(job);
        if !self.busy.contains(&id) && !self.ready.contains(&id) {
            self.ready.push_back(id);
        }
    }

    fn next_batch(&mut self) -> Option<(OrganizationId, Vec<Job>)> {
        if self.busy.len() >= MAX_WRITERS {
            return None;
        }
        let id = self.ready.pop_front()?;
        let waiting = self.waiting.get_mut(&id)?;
        let batch = waiting.drain(..waiting.len().min(MAX_BATCH)).collect();
        self.busy.push(id);
        Some((id, batch))
    }

    fn done(&mut self, id: OrganizationId) {
        self.busy.retain(|busy| *busy != id);
        match self.waiting.get(&id) {
            Some(waiting) if waiting.is_empty() => drop(self.waiting.remove(&id)),
            Some(_) => self.ready.push_back(id),
            None => {}
        }
    }
}

async fn run(desk: Desk, mut inbox: mpsc::UnboundedReceiver<Job>) {
    let mut queue = Queue::default();
    let mut running = JoinSet::new();
    loop {
        while let Ok(job) = inbox.try_recv() {
            queue.push(job);
        }
        while let Some((id, batch)) = queue.next_batch() {
            let desk = desk.clone();
            running.spawn(async move {
                write_batch(&desk, id, batch).await;
                id
            });
        }
        tokio::select! {
            job = inbox.recv() => match job {
                Some(job) => queue.push(job),
                None if running.is_empty() => return,
                None => finish(&mut running, &mut queue).await,
            },
            Some(done) = running.join_next() => settle(&mut queue, done),
        }
    }
}

/// The store is gone: what was accepted is still written.
async fn finish(running: &mut JoinSet<OrganizationId>, queue: &mut Queue) {
    if let Some(done) = running.join_next().await {
        settle(queue, done);
    }
}

fn settle(queue: &mut Queue, done: Result<OrganizationId, tokio::task::JoinError>) {
    match done {
        Ok(id) => queue.done(id),
        Err(error) => {
            // A panic in one batch must not close its organization: all of them may go on.
            tracing::error!(%error, "a batch of the intake was lost");
            for id in std::mem::take(&mut queue.busy) {
                queue.done(id);
            }
        }
    }
}

async fn write_batch(desk: &Desk, organization_id: OrganizationId, batch: Vec<Job>) {
    let (mut items, mut replies, mut rooms) = (Vec::new(), Vec::new(), Vec::new());
    for job in batch {
        items.push(job.item);
        replies.push(job.reply);
        rooms.push(job.room);
    }
    let answers = match commit(desk, organization_id, &items).await {
        Ok(answers) => answers,
        Err(error) => recover(desk, organization_id, &items, error).await,
    };
    for (reply, answer) in replies.into_iter().zip(answers) {
        // A caller who hung up is answered by the redelivery.
        let _ = reply.send(answer);
    }
    drop(rooms);
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

/// One transaction for all items of an organization.
async fn commit(
    desk: &Desk,
    organization_id: OrganizationId,
    items: &[Item],
) -> Result<Vec<Result<Answer, IntakeError>>, StoreError> {
    let mut tx = desk.pool.begin().await?;
    // First of all, and before anything is read: from here to the commit nobody else writes for this
    // organization, so what is read below can't change under the decisions.
    let position = load::lock_in(&mut tx, organization_id).await?;
    let known = load::known_in(&mut tx, desk, organization_id, items).await?;
    let mut clerk = Clerk::new(known, &desk.random, desk.clock.now());
    let answers = items.iter().map(|item| clerk.take(item)).collect();
    let writes = clerk.finish();
    if writes.is_empty() {
        // Nothing but replays: giving the lock back needs no disk.
        tx.rollback().await?;
        return Ok(answers);
    }
    let moved_to = write::write_in(&mut tx, desk, organization_id, position, &writes).await?;
    tx.commit().await?;
    if let Some(position) = moved_to {
        desk.live.changed(organization_id, position);
    }
    Ok(answers)
}
