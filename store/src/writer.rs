//! The group-commit writer: many callers, few transactions.
//!
//! Whatever arrives for an organization while its last batch is being written collects into the next one.
//! Every caller is answered after the commit that holds what he brought. What a batch does is its
//! [`Scribe`]'s business.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use domain::id::OrganizationId;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

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

/// Who writes batches.
pub(crate) trait Scribe: Clone + Send + Sync + 'static {
    /// What callers bring.
    type Item: Send + 'static;
    /// What they are told.
    type Answer: Send + 'static;
    /// Why an item was not written.
    type Error: From<Busy> + Send + 'static;

    /// About how much memory an item takes up, in bytes.
    fn size(item: &Self::Item) -> usize;

    /// Writes a batch of an organization in one transaction; one answer per item, in their order.
    fn write(
        &self,
        organization_id: OrganizationId,
        items: Vec<Self::Item>,
    ) -> impl Future<Output = Vec<Result<Self::Answer, Self::Error>>> + Send;
}

/// Too much waits to be written, or it took too long: try again shortly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Busy;

struct Job<S: Scribe> {
    organization_id: OrganizationId,
    item: S::Item,
    reply: oneshot::Sender<Result<S::Answer, S::Error>>,
    /// Given back when the item has been written.
    room: OwnedSemaphorePermit,
}

/// The way in. Cheap to clone.
pub(crate) struct Writer<S: Scribe> {
    jobs: mpsc::UnboundedSender<Job<S>>,
    room: Arc<Semaphore>,
}

impl<S: Scribe> Clone for Writer<S> {
    fn clone(&self) -> Self {
        Self {
            jobs: self.jobs.clone(),
            room: Arc::clone(&self.room),
        }
    }
}

impl<S: Scribe> Writer<S> {
    pub(crate) fn start(scribe: S) -> Self {
        // Bounded by the room that every job takes.
        let (jobs, inbox) = mpsc::unbounded_channel();
        tokio::spawn(run(scribe, inbox));
        let room = Arc::new(Semaphore::new(MAX_WAITING_KIB));
        Self { jobs, room }
    }

    pub(crate) async fn submit(
        &self,
        organization_id: OrganizationId,
        item: S::Item,
    ) -> Result<S::Answer, S::Error> {
        let (reply, answer) = oneshot::channel();
        let room = Arc::clone(&self.room).try_acquire_many_owned(size_kib::<S>(&item));
        let job = Job {
            organization_id,
            item,
            reply,
            room: room.map_err(|_| Busy)?,
        };
        self.jobs.send(job).map_err(|_| Busy)?;
        match timeout(ANSWERED_WITHIN, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Err(Busy.into()),
        }
    }
}

/// The room an item takes, in KiB.
fn size_kib<S: Scribe>(item: &S::Item) -> u32 {
    let size = (S::size(item) / 1024).clamp(MIN_ITEM_KIB, MAX_WAITING_KIB);
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// Jobs in order of arrival, per organization; an organization is written by one batch at a time.
struct Queue<S: Scribe> {
    waiting: HashMap<OrganizationId, VecDeque<Job<S>>>,
    ready: VecDeque<OrganizationId>,
    busy: Vec<OrganizationId>,
}

impl<S: Scribe> Queue<S> {
    fn new() -> Self {
        Self {
            waiting: HashMap::new(),
            ready: VecDeque::new(),
            busy: Vec::new(),
        }
    }

    fn push(&mut self, job: Job<S>) {
        let id = job.organization_id;
        self.waiting.entry(id).or_default().push_back(job);
        if !self.busy.contains(&id) && !self.ready.contains(&id) {
            self.ready.push_back(id);
        }
    }

    fn next_batch(&mut self) -> Option<(OrganizationId, Vec<Job<S>>)> {
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

async fn run<S: Scribe>(scribe: S, mut inbox: mpsc::UnboundedReceiver<Job<S>>) {
    let mut queue = Queue::<S>::new();
    let mut running = JoinSet::new();
    loop {
        while let Ok(job) = inbox.try_recv() {
            queue.push(job);
        }
        while let Some((id, batch)) = queue.next_batch() {
            let scribe = scribe.clone();
            running.spawn(async move {
                write_batch(&scribe, id, batch).await;
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
async fn finish<S: Scribe>(running: &mut JoinSet<OrganizationId>, queue: &mut Queue<S>) {
    if let Some(done) = running.join_next().await {
        settle(queue, done);
    }
}

fn settle<S: Scribe>(queue: &mut Queue<S>, done: Result<OrganizationId, tokio::task::JoinError>) {
    match done {
        Ok(id) => queue.done(id),
        Err(error) => {
            // A panic in one batch must not close its organization: all of them may go on.
            tracing::error!(%error, "a batch was lost");
            for id in std::mem::take(&mut queue.busy) {
                queue.done(id);
            }
        }
    }
}

async fn write_batch<S: Scribe>(scribe: &S, organization_id: OrganizationId, batch: Vec<Job<S>>) {
    let (mut items, mut replies, mut rooms) = (Vec::new(), Vec::new(), Vec::new());
    for job in batch {
        items.push(job.item);
        replies.push(job.reply);
        rooms.push(job.room);
    }
    let answers = scribe.write(organization_id, items).await;
    for (reply, answer) in replies.into_iter().zip(answers) {
        // A caller who hung up is answered when he asks again.
        let _ = reply.send(answer);
    }
    drop(rooms);
}
