//! The task that watches Postgres: starts it again when it dies, keeps its log small, stops it in the end.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, interval, sleep};

use super::leftover;
use super::lock::Lock;
use super::postmaster::{Launch, Postmaster};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A Postgres that lived this long died of something new.
const STEADY: Duration = Duration::from_mins(1);
const LOG_INTERVAL: Duration = Duration::from_mins(1);
const LOG_BYTES: u64 = 10 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Supervisor {
    launch: Launch,
    postmaster: Postmaster,
    stop: oneshot::Receiver<()>,
    /// Dropped last, when Postgres has gone.
    _lock: Lock,
}

impl Supervisor {
    pub(super) fn new(
        launch: Launch,
        postmaster: Postmaster,
        stop: oneshot::Receiver<()>,
        lock: Lock,
    ) -> Self {
        Self {
            launch,
            postmaster,
            stop,
            _lock: lock,
        }
    }

    /// Returns when it was told to stop, or its [`super::Embedded`] was dropped, and Postgres has gone.
    pub(super) async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let started = Instant::now();
            let Some(status) = self.watch().await else {
                return self.postmaster.stop().await;
            };
            if started.elapsed() > STEADY {
                pause = FIRST_PAUSE;
            }
            let log = self.launch.layout.log();
            tracing::error!(
                "Postgres ended by itself ({status}, see {}); starting it again",
                log.display()
            );
            let Some(postmaster) = self.restart(&mut pause).await else {
                return;
            };
            self.postmaster = postmaster;
        }
    }

    /// How Postgres ended by itself; `None` when it is to be stopped.
    async fn watch(&mut self) -> Option<String> {
        let mut log_check = interval(LOG_INTERVAL);
        loop {
            tokio::select! {
                biased;
                _ = &mut self.stop => return None,
                status = self.postmaster.ended() => return Some(status),
                _ = log_check.tick() => {
                    let log = self.launch.layout.log();
                    if let Err(error) = trim(&log, LOG_BYTES) {
                        tracing::warn!("cannot shorten {}: {error}", log.display());
                    }
                }
            }
        }
    }

    /// On the same port and socket, so that pools find it. `None` when it is to be stopped meanwhile.
    async fn restart(&mut self, pause: &mut Duration) -> Option<Postmaster> {
        loop {
            tokio::select! {
                biased;
                _ = &mut self.stop => return None,
                () = sleep(*pause) => *pause = LONGEST_PAUSE.min(*pause * 2),
            }
            let ended = leftover::end(&self.launch.layout.cluster()).await;
            match ended.and_then(|()| Postmaster::launch(&self.launch)) {
                Ok(postmaster) => return Some(postmaster),
                Err(error) => {
                    tracing::error!("Postgres can't be started again, trying on: {error}");
                }
            }
        }
    }
}

/// Keeps one older file. Copied and emptied rather than renamed, because Postgres holds the file open for appending.
fn trim(log: &Path, limit: u64) -> io::Result<()> {
    if fs::metadata(log)?.len() > limit {
        fs::copy(log, log.with_extension("log.1"))?;
        OpenOptions::new().write(true).open(log)?.set_len(0)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_is_set_aside_once() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("postgres.log");
        fs::write(&log, "first line\n").unwrap();
        trim(&log, 100).unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "first line\n");
        trim(&log, 5).unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "");
        assert_eq!(
            fs::read_to_string(folder.path().join("postgres.log.1")).unwrap(),
            "first line\n"
        );
    }
}
