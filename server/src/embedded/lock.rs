//! One server per data directory: the operating system's lock on a file, which ends with the process however it dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::error::{EmbeddedError, io_error};
use super::{Layout, POLL_INTERVAL};

/// [`super::running`] takes the lock for an instant to see whether a server has it; a start outlasts that.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) async fn acquire(layout: &Layout) -> Result<Self, EmbeddedError> {
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            if let Some(lock) = Self::try_acquire(layout)? {
                return Ok(lock);
            }
            if Instant::now() > deadline {
                let holder = std::fs::read_to_string(layout.lock()).unwrap_or_default();
                let process = if holder.is_empty() {
                    "unknown"
                } else {
                    holder.trim()
                }
                .to_owned();
                return Err(EmbeddedError::InUse {
                    process,
                    data_dir: layout.data.clone(),
                });
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    /// `None` when another process has it.
    pub(super) fn try_acquire(layout: &Layout) -> Result<Option<Self>, EmbeddedError> {
        let path = layout.lock();
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(io_error("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(io_error("lock", &path)(error)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(io_error("write", &path))?;
        Ok(Some(Self { _file: file }))
    }
}
