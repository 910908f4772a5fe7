//! The server under test: started, awaited, stopped.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use crate::{Outcome, http, settings::Settings};

/// How long a start may take, migrations included.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long it may take to stop.
const STOP: Duration = Duration::from_secs(30);
/// 32 bytes, the same for both starts.
const SECRET_KEY: &str = "YmVuY2htYXJrcyBrZWVwIG5vIHNlY3JldCBhdCBhbGw=";

/// A running server. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Its data directory, with its log; removed in the end.
    folder: PathBuf,
}

impl Server {
    pub(crate) async fn start(settings: &Settings) -> Outcome<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let folder = std::env::temp_dir().join(format!("tributary-bench.{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let log = File::create(folder.join("log"))?;
        // Even if this program is killed, the server goes.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(&settings.program)
            .env_clear()
            .env("DATABASE_URL", &settings.database_url)
            .env("TRIBUTARY_ADDR", address.to_string())
            .env("TRIBUTARY_DATA_DIR", &folder)
            .env("TRIBUTARY_SECRET_KEY", SECRET_KEY)
            .env("TRIBUTARY_RATE_LIMIT_PER_MINUTE", "0")
            .env("TRIBUTARY_FX_URL", "/dev/null")
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let mut server = Self {
            child,
            address,
            folder,
        };
        server.until_ready().await?;
        Ok(server)
    }

    async fn until_ready(&mut self) -> Outcome<()> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("the server ended ({status}):\n{}", self.last_words()).into());
            }
            if matches!(self.call(&http::get("/readyz", None)).await, Ok((200, _))) {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
        Err(format!("the server did not get ready:\n{}", self.last_words()).into())
    }

    /// One request on a connection of its own; the status and the body.
    pub(crate) async fn call(&self, request: &[u8]) -> Outcome<(u16, Vec<u8>)> {
        let mut connection = http::Connection::open(self.address).await?;
        let answer = connection.call(request).await?;
        Ok((answer.status, answer.body.to_vec()))
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// The end of the log.
    pub(crate) fn last_words(&self) -> String {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    pub(crate) async fn stop(mut self) -> Outcome<()> {
        if let Some(id) = self.child.id() {
            kill(Pid::from_raw(i32::try_from(id)?), Signal::SIGTERM)?;
        }
        let status = timeout(STOP, self.child.wait())
            .await
            .map_err(|_| "the server does not stop")??;
        if status.success() {
            return Ok(());
        }
        Err(format!("the server ended badly ({status}):\n{}", self.last_words()).into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process itself is killed by Tokio, if it is still there.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
