//! The private Postgres: the database of a server that was given no `DATABASE_URL`.
//!
//! It owns the data directory's `postgres*` files, `run` and `lock`, and the life of one Postgres server: found, made,
//! started, started again when it dies, stopped. It hands out [`PgConnectOptions`] and knows nothing of tables.
//!
//! ```text
//! <data directory>/lock                held for the server's whole life; its text is the process id
//!                  postgres/           the cluster
//!                  postgres.password   its password, mode 0600
//!                  postgres.log(.1)    what Postgres says
//!                  postgresql/17.6.0/  binaries, where the machine had none
//!                  run/                the Unix socket
//! ```
//!
//! Sizes are fixed for a small server: a bigger installation runs its own Postgres and sets `DATABASE_URL`.

mod account;
mod binaries;
mod cluster;
mod error;
mod leftover;
mod lock;
mod postmaster;
mod supervisor;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rand::RngCore;
use sqlx::ConnectOptions;
use sqlx::migrate::MigrateDatabase;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use self::account::Account;
use self::binaries::Search;
pub(crate) use self::error::EmbeddedError;
use self::error::io_error;
use self::lock::Lock;
use self::postmaster::{Launch, PidFile, Postmaster};
use self::supervisor::Supervisor;

/// The cluster's superuser, and the database that the program uses.
const NAME: &str = "tributary";
/// How long a tool waits for a server that is still starting.
const RUNNING_TIMEOUT: Duration = Duration::from_mins(1);
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// A port that was free a moment ago may be taken when Postgres asks for it.
const PORT_ATTEMPTS: u32 = 3;

/// A running private Postgres. Dropping it stops Postgres too, but only [`Embedded::stop`] waits for the end.
#[derive(Debug)]
pub(crate) struct Embedded {
    options: PgConnectOptions,
    stop: oneshot::Sender<()>,
    supervisor: JoinHandle<()>,
}

impl Embedded {
    /// Finds binaries, makes the cluster if there is none, starts it, and returns when its database answers.
    pub(crate) async fn start(
        data_dir: &Path,
        randomness: &mut impl RngCore,
    ) -> Result<Self, EmbeddedError> {
        let layout = Layout::create(data_dir)?;
        let lock = Lock::acquire(&layout).await?;
        let account = Account::choose(&layout.cluster())?;
        account.open_path_to(&layout.data)?;
        let search =
            Search::of_this_machine(std::env::var_os("PATH").as_deref(), &layout.downloads());
        let binaries = search.find(cluster::major(&layout)?, &account).await?;
        leftover::end(&layout.cluster()).await?;
        let password = cluster::open(&layout, &binaries, &account, randomness).await?;
        let launch = Launch::new(layout, binaries, account);
        let (launch, postmaster) = boot(launch).await?;
        let options = connect_options(launch.port, launch.socket_folder().as_deref(), &password);
        create_database(&options).await?;
        let (stop, stopped) = oneshot::channel();
        let supervisor = tokio::spawn(Supervisor::new(launch, postmaster, stopped, lock).run());
        Ok(Self {
            options,
            stop,
            supervisor,
        })
    }

    /// How to connect. Stays right when Postgres is started again after a crash.
    pub(crate) fn connect_options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Ends every connection, writes a checkpoint, and returns when Postgres has gone and the data directory is free.
    pub(crate) async fn stop(self) -> Result<(), EmbeddedError> {
        // An error here means that the supervisor has ended already; joining it tells why.
        let _ = self.stop.send(());
        self.supervisor.await.map_err(EmbeddedError::Supervisor)
    }
}

/// Connect options of the Postgres that another process of ours runs in this data directory, `None` when none does:
/// `tributary check` and `tributary organization create` work on the database of a running server.
pub(crate) async fn running(data_dir: &Path) -> Result<Option<PgConnectOptions>, EmbeddedError> {
    let Ok(data) = data_dir.canonicalize() else {
        return Ok(None);
    };
    let layout = Layout { data };
    if !layout.lock().exists() || Lock::try_acquire(&layout)?.is_some() {
        return Ok(None);
    }
    let deadline = Instant::now() + RUNNING_TIMEOUT;
    loop {
        if let Some(pid_file) = PidFile::read(&layout.cluster()).filter(PidFile::is_ready) {
            let password = cluster::password(&layout)?;
            return Ok(Some(connect_options(
                pid_file.port,
                pid_file.socket_folder.as_deref(),
                &password,
            )));
        }
        if Instant::now() > deadline {
            return Err(EmbeddedError::NotReady { log: layout.log() });
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// Where a server keeps its data when nobody said: `/var/lib/tributary` for root, because the unprivileged user that
/// Postgres then runs as can't enter `/root`; else the user's own data folder (XDG base directory specification).
pub(crate) fn default_data_dir(variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let user = nix::unistd::geteuid();
    if user.is_root() {
        return PathBuf::from("/var/lib/tributary");
    }
    let absolute = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let home = || absolute("HOME").or_else(|| Some(nix::unistd::User::from_uid(user).ok()??.dir));
    absolute("XDG_DATA_HOME")
        .or_else(|| Some(home()?.join(".local/share")))
        .map_or_else(
            || PathBuf::from("tributary-data"),
            |folder| folder.join("tributary"),
        )
}

/// The data directory, absolute and without symbolic links, and what lies where in it.
#[derive(Debug, Clone)]
struct Layout {
    data: PathBuf,
}

impl Layout {
    fn create(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let mode = if nix::unistd::geteuid().is_root() {
            0o711
        } else {
            0o700
        };
        DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(data_dir)
            .and_then(|()| data_dir.canonicalize())
            .map(|data| Self { data })
            .map_err(io_error("make the data directory", data_dir))
    }

    fn lock(&self) -> PathBuf {
        self.data.join("lock")
    }

    fn cluster(&self) -> PathBuf {
        self.data.join("postgres")
    }

    fn password(&self) -> PathBuf {
        self.data.join("postgres.password")
    }

    fn log(&self) -> PathBuf {
        self.data.join("postgres.log")
    }

    fn downloads(&self) -> PathBuf {
        self.data.join("postgresql")
    }

    fn run(&self) -> PathBuf {
        self.data.join("run")
    }
}

/// Starts Postgres and waits until it is ready.
async fn boot(mut launch: Launch) -> Result<(Launch, Postmaster), EmbeddedError> {
    launch.clear_run_folder()?;
    let mut attempt = 1;
    loop {
        launch.port = free_port()?;
        let mut postmaster = Postmaster::launch(&launch)?;
        match postmaster.ready(&launch.layout).await {
            Ok(()) => return Ok((launch, postmaster)),
            Err(error) if attempt < PORT_ATTEMPTS && error.is_port_taken() => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

fn free_port() -> Result<u16, EmbeddedError> {
    let loopback = Path::new("127.0.0.1");
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| Ok(listener.local_addr()?.port()))
        .map_err(io_error("find a free port on", loopback))
}

/// The socket where there is one (it is quicker), else the loopback address. Everything that `PG*` variables of the
/// environment could have set is set here.
fn connect_options(port: u16, socket_folder: Option<&Path>, password: &str) -> PgConnectOptions {
    let options = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(port)
        .username(NAME)
        .password(password)
        .database(NAME)
        .ssl_mode(PgSslMode::Disable)
        .application_name(NAME);
    match socket_folder {
        Some(folder) => options.socket(folder),
        None => options,
    }
}

/// Through sqlx's own migration helper, because SQL is the store's business.
async fn create_database(options: &PgConnectOptions) -> Result<(), EmbeddedError> {
    let url = options.to_url_lossy();
    if !sqlx::Postgres::database_exists(url.as_str())
        .await
        .map_err(EmbeddedError::Connect)?
    {
        sqlx::Postgres::create_database(url.as_str())
            .await
            .map_err(EmbeddedError::Connect)?;
    }
    Ok(())
}

/// Removes what may be left of an earlier attempt.
fn remove_if_there(path: &Path) -> Result<(), EmbeddedError> {
    let removed = if path.is_dir() {
        std::fs::remove_dir_all(path)
    } else {
        std::fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove", path)(error))
        }
        _ => Ok(()),
    }
}
