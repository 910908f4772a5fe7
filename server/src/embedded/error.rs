//! Why the private Postgres isn't there, in words that say what to do.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

/// What Postgres says when somebody took the port between our choosing it and its asking for it.
const PORT_TAKEN: &str = "could not create any TCP/IP sockets";

#[derive(Debug, thiserror::Error)]
pub(crate) enum EmbeddedError {
    #[error(
        "another tributary server (process {process}) uses {}; stop it, or set TRIBUTARY_DATA_DIR to another folder, \
         or DATABASE_URL to share one database",
        data_dir.display()
    )]
    InUse { process: String, data_dir: PathBuf },

    #[error(
        "Postgres refuses to run as root and runs as user {account}, who may not enter {}; run `chmod o+x {}`, or set \
         TRIBUTARY_DATA_DIR to a folder that everybody may enter, such as /var/lib/tributary",
        folder.display(), folder.display()
    )]
    Closed { folder: PathBuf, account: String },

    #[error(
        "Postgres refuses to run as root, and there is no user `postgres` or `nobody` to run it as; \
         run `useradd --system postgres`, or start tributary as an ordinary user, or set DATABASE_URL"
    )]
    NoAccount,

    #[error(
        "no PostgreSQL 14 or later was found ({found}) and it could not be downloaded: {download}; \
         install it (Debian, Ubuntu: `apt-get install postgresql`; Fedora: `dnf install postgresql-server`; \
         macOS: `brew install postgresql`), or set DATABASE_URL to a Postgres that runs elsewhere"
    )]
    NoBinaries {
        found: String,
        download: Box<dyn Error + Send + Sync>,
    },

    #[error(
        "the database in {} was made by PostgreSQL {major}, whose binaries were not found ({found}) and could not be \
         downloaded: {download}; install PostgreSQL {major}, or bring the database to the installed version with \
         pg_upgrade (user tributary), or start once with PostgreSQL {major}, pg_dump it and restore it elsewhere",
        cluster.display()
    )]
    NoBinariesOfCluster {
        cluster: PathBuf,
        major: u32,
        found: String,
        download: Box<dyn Error + Send + Sync>,
    },

    #[error("{} does not hold a version number; restore the data directory from a backup", path.display())]
    BadVersionFile { path: PathBuf },

    #[error(
        "the password of the database in {} is missing: {} is not there or empty; restore it from a backup of the data directory, \
         or write a new one to it and set it with `postgres --single -D {} postgres` and `ALTER ROLE tributary PASSWORD '...'`",
        cluster.display(), path.display(), cluster.display()
    )]
    NoPassword { cluster: PathBuf, path: PathBuf },

    #[error("initdb could not make a database in {}; it said: {output}", cluster.display())]
    Initdb { cluster: PathBuf, output: String },

    #[error(
        "a stand-alone postgres (process {process}) works on {}; wait until it has ended, then start again",
        cluster.display()
    )]
    StandAlone { process: i32, cluster: PathBuf },

    #[error("process {process} of an earlier Postgres on {} can't be stopped; end it, then start again", cluster.display())]
    Unstoppable { process: i32, cluster: PathBuf },

    #[error("Postgres ended while starting ({status}); its log {} ends with: {tail}", log.display())]
    Ended {
        status: String,
        log: PathBuf,
        tail: String,
    },

    #[error("Postgres is not ready yet; {} tells what it does: wait for it, then try again", log.display())]
    NotReady { log: PathBuf },

    #[error(
        "the private Postgres started but does not answer: {0}; its log postgres.log in the data directory may tell why"
    )]
    Connect(#[source] sqlx::Error),

    #[error(
        "the task that watches Postgres failed: {0}; Postgres may still run, the next start stops it"
    )]
    Supervisor(#[source] tokio::task::JoinError),

    #[error("cannot {action} {}: {source}; is it a folder of the user that runs tributary, on a disk with room?", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl EmbeddedError {
    pub(super) fn is_port_taken(&self) -> bool {
        matches!(self, Self::Ended { tail, .. } if tail.contains(PORT_TAKEN))
    }
}

/// For `map_err`: `io_error("read", path)`.
pub(super) fn io_error(
    action: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> EmbeddedError {
    let path = path.to_owned();
    move |source| EmbeddedError::Io {
        action,
        path,
        source,
    }
}
