//! One Postgres process: how it is launched, how we know that it is ready, how it is stopped.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::account::Account;
use super::binaries::Binaries;
use super::error::{EmbeddedError, io_error};
use super::{Layout, POLL_INTERVAL, leftover};

/// Long, because after a crash Postgres first replays its log, and giving up would make it begin anew.
const START_TIMEOUT: Duration = Duration::from_mins(10);
/// A start that takes longer is worth a line in our log.
const SLOW_START: Duration = Duration::from_secs(10);
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
const FORCED_STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest path of a Unix socket on Linux, without its final zero byte.
const MAX_SOCKET_PATH: usize = 107;
/// How much of the log an error quotes.
const TAIL_BYTES: u64 = 2000;
const MIN_SHARED_BUFFERS_MB: u64 = 128;
const MAX_SHARED_BUFFERS_MB: u64 = 1024;

/// On the command line, so that no file in the cluster can undo them and an update of ours reaches old clusters.
const SETTINGS: [&str; 18] = [
    // A sale that was answered with 201 survives a power cut.
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "listen_addresses=127.0.0.1",
    "max_connections=100",
    "wal_compression=on",
    // Fewer full pages in the write-ahead log than at the default of 5 minutes; bounds what a crash has to replay.
    "checkpoint_timeout=10min",
    "max_wal_size=2GB",
    // Short queries on solid state disks.
    "jit=off",
    "random_page_cost=1.1",
    "autovacuum=on",
    "timezone=UTC",
    "log_timezone=UTC",
    // The log goes to a file of ours; the supervisor keeps it small.
    "log_destination=stderr",
    "logging_collector=off",
    "log_line_prefix=%m [%p] ",
    "log_checkpoints=off",
    // The details of a violated constraint name customers.
    "log_error_verbosity=terse",
];

/// All that starting Postgres, again and again, needs to know.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) layout: Layout,
    pub(super) port: u16,
    binaries: Binaries,
    account: Account,
    shared_buffers_mb: u64,
}

impl Launch {
    pub(super) fn new(layout: Layout, binaries: Binaries, account: Account) -> Self {
        Self {
            layout,
            port: 0,
            binaries,
            account,
            shared_buffers_mb: shared_buffers_mb(memory_mb()),
        }
    }

    /// Where the socket is; `None` where its path would be too long, or nothing that an address can hold.
    pub(super) fn socket_folder(&self) -> Option<PathBuf> {
        let folder = self.layout.run();
        let socket = folder.join(format!(".s.PGSQL.{}", u16::MAX));
        socket
            .to_str()
            .is_some_and(|path| path.len() <= MAX_SOCKET_PATH)
            .then_some(folder)
    }

    /// Sockets of earlier ports are of no use to anybody.
    pub(super) fn clear_run_folder(&self) -> Result<(), EmbeddedError> {
        super::remove_if_there(&self.layout.run())?;
        self.account.make_folder(&self.layout.run())
    }

    fn command(&self) -> Result<Command, EmbeddedError> {
        let mut command = self
            .account
            .command(&self.binaries.program("postgres"), &self.layout.data);
        command.arg("-D").arg(self.layout.cluster());
        let quoted =
            |folder: PathBuf| format!("\"{}\"", folder.display().to_string().replace('"', "\"\""));
        let socket_folder = self.socket_folder().map(quoted).unwrap_or_default();
        let own = [
            format!("port={}", self.port),
            format!("unix_socket_directories={socket_folder}"),
            format!("shared_buffers={}MB", self.shared_buffers_mb),
            format!("cluster_name={}", leftover::mark(&self.layout.cluster())?),
        ];
        for setting in SETTINGS.into_iter().chain(own.iter().map(String::as_str)) {
            command.args(["-c", setting]);
        }
        // A group of its own: the terminal's Ctrl-C is for our server, which stops Postgres when it has finished.
        command.process_group(0);
        Ok(command)
    }
}

/// The process. When it is dropped while running, Postgres is told to stop but nobody waits for it.
#[derive(Debug)]
pub(super) struct Postmaster {
    child: Child,
    log_start: u64,
}

impl Postmaster {
    pub(super) fn launch(launch: &Launch) -> Result<Self, EmbeddedError> {
        let path = launch.layout.log();
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path);
        let log = log.and_then(|log| Ok((log.metadata()?.len(), log.try_clone()?, log)));
        let (log_start, stdout, stderr) = log.map_err(io_error("write", &path))?;
        let program = launch.binaries.program("postgres");
        let child = launch
            .command()?
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .map_err(io_error("run", &program))?;
        tracing::info!(
            "starting Postgres {} of {} as {} on {}, port {}",
            launch.binaries.major,
            launch.binaries.folder.display(),
            launch.account.name(),
            launch.layout.cluster().display(),
            launch.port
        );
        Ok(Self { child, log_start })
    }

    /// Returns when it takes connections, which after a crash may be a while.
    pub(super) async fn ready(&mut self, layout: &Layout) -> Result<(), EmbeddedError> {
        let began = Instant::now();
        let mut told = false;
        while began.elapsed() < START_TIMEOUT {
            if let Some(status) = self
                .child
                .try_wait()
                .map_err(io_error("watch", &layout.cluster()))?
            {
                let tail = tail(&layout.log(), self.log_start);
                return Err(EmbeddedError::Ended {
                    status: status.to_string(),
                    log: layout.log(),
                    tail,
                });
            }
            if PidFile::read(&layout.cluster())
                .is_some_and(|file| file.is_ready() && Some(file.pid) == self.pid())
            {
                return Ok(());
            }
            if !told && began.elapsed() > SLOW_START {
                told = true;
                tracing::warn!(
                    "Postgres is not ready yet, {} tells why",
                    layout.log().display()
                );
            }
            sleep(POLL_INTERVAL).await;
        }
        Err(EmbeddedError::NotReady { log: layout.log() })
    }

    /// Returns when it has ended by itself, with the way it did.
    pub(super) async fn ended(&mut self) -> String {
        self.child
            .wait()
            .await
            .map_or_else(|error| error.to_string(), |status| status.to_string())
    }

    /// Fast (ends connections, writes a checkpoint), then immediate (the next start replays the log), then by force.
    pub(super) async fn stop(mut self) {
        self.signal(Signal::SIGINT);
        if timeout(STOP_TIMEOUT, self.child.wait()).await.is_ok() {
            return;
        }
        tracing::warn!(
            "Postgres did not stop within {STOP_TIMEOUT:?}; stopping it without a checkpoint"
        );
        self.signal(Signal::SIGQUIT);
        if timeout(FORCED_STOP_TIMEOUT, self.child.wait())
            .await
            .is_err()
        {
            self.signal(Signal::SIGKILL);
            self.ended().await;
        }
    }

    /// `None` once it has ended and been waited for: its number may then be another process's.
    fn pid(&self) -> Option<i32> {
        self.child.id().and_then(|pid| pid.try_into().ok())
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            // Gone in between is as good.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        self.signal(Signal::SIGINT);
    }
}

/// What Postgres writes into `postmaster.pid`: by line its process (negative: stand-alone), folder, start time, port,
/// socket folder, address, shared memory and state (`src/include/utils/pidfile.h`).
#[derive(Debug)]
pub(super) struct PidFile {
    pub(super) pid: i32,
    pub(super) port: u16,
    pub(super) socket_folder: Option<PathBuf>,
    state: String,
}

impl PidFile {
    /// `None` when it isn't there or is being written.
    pub(super) fn read(cluster: &Path) -> Option<Self> {
        let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
        let line = |number: usize| text.lines().nth(number - 1).unwrap_or_default().trim();
        Some(Self {
            pid: line(1).parse().ok()?,
            port: line(4).parse().unwrap_or_default(),
            socket_folder: Some(line(5))
                .filter(|folder| !folder.is_empty())
                .map(PathBuf::from),
            state: line(8).to_owned(),
        })
    }

    /// Takes connections, and isn't what a dead Postgres left.
    pub(super) fn is_ready(&self) -> bool {
        self.state == "ready"
            && kill(Pid::from_raw(self.pid), None) != Err(nix::errno::Errno::ESRCH)
    }
}

/// What the log says since a position, as far as an error message has room.
fn tail(log: &Path, start: u64) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(log)?;
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(start.max(end.saturating_sub(TAIL_BYTES))))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        Ok(text)
    };
    String::from_utf8_lossy(&read().unwrap_or_default())
        .trim()
        .to_owned()
}

/// A quarter of the memory, as Postgres's manual advises, within what a small server needs.
fn shared_buffers_mb(memory_mb: Option<u64>) -> u64 {
    memory_mb.map_or(MIN_SHARED_BUFFERS_MB, |memory| {
        (memory / 4).clamp(MIN_SHARED_BUFFERS_MB, MAX_SHARED_BUFFERS_MB)
    })
}

/// What this machine, or its container, may use; `None` where Linux's files are missing.
fn memory_mb() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let total_kb: u64 = total.trim().trim_end_matches("kB").trim().parse().ok()?;
    let limit = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let limit_kb = limit.and_then(|bytes| Some(bytes.trim().parse::<u64>().ok()? / 1024));
    Some(limit_kb.map_or(total_kb, |limit| limit.min(total_kb)) / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_buffers_are_a_quarter_of_the_memory_within_bounds() {
        assert_eq!(shared_buffers_mb(None), 128);
        assert_eq!(shared_buffers_mb(Some(256)), 128);
        assert_eq!(shared_buffers_mb(Some(2048)), 512);
        assert_eq!(shared_buffers_mb(Some(65536)), 1024);
    }

    #[test]
    fn a_pid_file_of_a_dead_process_is_not_ready() {
        let cluster = tempfile::tempdir().unwrap();
        let write = |pid: u32| {
            let text =
                format!("{pid}\n/data\n1700000000\n5433\n/run\n127.0.0.1\n  1 2\nready   \n");
            fs::write(cluster.path().join("postmaster.pid"), text).unwrap();
            PidFile::read(cluster.path()).unwrap()
        };
        let alive = write(std::process::id());
        assert!(alive.is_ready());
        assert_eq!(
            (alive.port, alive.socket_folder),
            (5433, Some(PathBuf::from("/run")))
        );
        assert!(!write(2_147_483_646).is_ready());
    }

    #[test]
    fn a_long_path_has_no_socket() {
        let socket = |data: &str| {
            let layout = Layout {
                data: PathBuf::from(data),
            };
            let binaries = Binaries {
                folder: PathBuf::new(),
                major: 15,
            };
            Launch::new(layout, binaries, Account::Ourselves).socket_folder()
        };
        assert_eq!(
            socket("/var/lib/tributary"),
            Some(PathBuf::from("/var/lib/tributary/run"))
        );
        assert_eq!(socket(&format!("/{}", "x".repeat(88))), None);
        assert!(socket(&format!("/{}", "x".repeat(87))).is_some());
    }
}
