//! The load generator: so many connections, each asking again as soon as it is answered.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use tokio::time::timeout;

use crate::{
    Outcome, cpu,
    http::{Answer, Connection},
    server::Server,
};

/// How much longer than its time a round may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What one connection asks, and what it takes for right.
pub(crate) trait Caller {
    /// Writes the next request.
    fn ask(&mut self, request: &mut Vec<u8>);
    /// What is wrong with the answer, if anything.
    fn check(&mut self, answer: &Answer<'_>) -> Result<(), String>;
}

/// What a round came to.
pub(crate) struct Load {
    answers: u32,
    seconds: f64,
    /// In microseconds, shortest first.
    latencies: Vec<u32>,
    pub(crate) client_cpu: f64,
    pub(crate) server_cpu: f64,
}

impl Load {
    pub(crate) fn answers(&self) -> u64 {
        self.answers.into()
    }

    pub(crate) fn per_second(&self) -> f64 {
        f64::from(self.answers) / self.seconds
    }

    /// The median latency in milliseconds.
    pub(crate) fn median(&self) -> f64 {
        let micros = self
            .latencies
            .get(self.latencies.len() / 2)
            .copied()
            .unwrap_or_default();
        f64::from(micros) / 1000.0
    }

    /// Microseconds of processor per answer, of so many seconds.
    pub(crate) fn micros_per_answer(&self, seconds: f64) -> f64 {
        seconds * 1_000_000.0 / f64::from(self.answers.max(1))
    }
}

/// Calls for `time` on one connection per caller. A wrong answer ends the run.
pub(crate) async fn run<C: Caller>(
    server: &Server,
    callers: Vec<C>,
    time: Duration,
) -> Outcome<Load> {
    let opened = callers
        .into_iter()
        .map(|caller| open(server.address, caller));
    let lines = try_join_all(opened).await?;
    let (client_before, server_before) = (cpu::own(), cpu::of_process(server.id()));
    let start = Instant::now();
    let calls = lines
        .into_iter()
        .map(|(connection, caller)| keep_calling(connection, caller, start + time));
    let latencies = timeout(time + PATIENCE, try_join_all(calls))
        .await
        .map_err(|_| "the server does not answer any more")?
        .map_err(|error| format!("{error}\n{}", server.last_words()))?;
    let seconds = start.elapsed().as_secs_f64();
    let mut latencies = latencies.concat();
    latencies.sort_unstable();
    Ok(Load {
        answers: u32::try_from(latencies.len())?,
        seconds,
        latencies,
        client_cpu: cpu::own() - client_before,
        server_cpu: cpu::of_process(server.id()) - server_before,
    })
}

async fn open<C>(address: SocketAddr, caller: C) -> io::Result<(Connection, C)> {
    Ok((Connection::open(address).await?, caller))
}

async fn keep_calling(
    mut connection: Connection,
    mut caller: impl Caller,
    end: Instant,
) -> Result<Vec<u32>, String> {
    let mut latencies = Vec::with_capacity(10_000);
    let mut request = Vec::new();
    let mut asked = Instant::now();
    while asked < end {
        caller.ask(&mut request);
        let answer = connection
            .call(&request)
            .await
            .map_err(|error| format!("a call failed: {error}"))?;
        caller.check(&answer)?;
        let now = Instant::now();
        latencies.push(u32::try_from((now - asked).as_micros()).unwrap_or(u32::MAX));
        asked = now;
    }
    Ok(latencies)
}

/// What to say of an answer with another status than expected.
pub(crate) fn wrong(answer: &Answer<'_>) -> String {
    format!(
        "a call was answered {}: {}",
        answer.status,
        String::from_utf8_lossy(answer.body)
    )
}
