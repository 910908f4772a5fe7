//! The real server, started as users start it.

use std::{
    net::TcpListener,
    ops::Deref,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    sync::atomic::{AtomicU16, Ordering},
};

use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::{
    client::{Client, Organization},
    database::Database,
    poll::eventually,
    process::{Finished, Process, run},
};

pub(crate) const OWNER_EMAIL: &str = "owner@example.com";
pub(crate) const OWNER_PASSWORD: &str = "correct horse battery";
const API_KEY: &str = "ak_live_0123456789abcdefghijklmnop";
const OTHER_KEY: &str = "ak_live_zyxwvutsrqponmlkjihgfedcba";

/// Ports are taken below those that the system hands out, and not where tools/with-postgres.sh looks.
const FIRST_PORT: u16 = 10_000;
const PORTS: u16 = 10_000;
static TAKEN: AtomicU16 = AtomicU16::new(0);

/// A running server, and a caller with the key of its first organization.
pub(crate) struct TestServer {
    process: Process,
    client: Client,
    pub(crate) api_key: String,
    pub(crate) organization_id: String,
    /// Missing when the server runs its own Postgres, or shares another's database.
    database: Option<Database>,
    variables: Vec<(String, String)>,
    // Dropped after the process, whose files are in it.
    folder: TempDir,
}

impl Deref for TestServer {
    type Target = Client;
    fn deref(&self) -> &Client {
        &self.client
    }
}

impl TestServer {
    /// A server with an owner, a key with every scope, and no rate limit.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with other variables; an empty value takes one away.
    pub(crate) async fn start_with(variables: &[(&str, &str)]) -> Self {
        let database = Database::create().await;
        Self::start_on(database, variables).await
    }

    /// The same on a database that the test has prepared.
    pub(crate) async fn start_on(database: Database, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = database.url();
        let mut all = vec![("DATABASE_URL", url.as_str())];
        all.extend(variables);
        Self::launch(folder, &all, Some(database)).await
    }

    /// A server that was given no database and runs its own.
    pub(crate) async fn start_embedded() -> Self {
        Self::launch(tempfile::tempdir().expect("a folder"), &[], None).await
    }

    /// Another server process on this one's database, with the same secret key.
    pub(crate) async fn start_beside(&self) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::copy(
            self.folder.path().join("secret.key"),
            folder.path().join("secret.key"),
        )
        .expect("a key");
        let url = self.database().url();
        Self::launch(folder, &[("DATABASE_URL", url.as_str())], None).await
    }

    async fn launch(
        folder: TempDir,
        variables: &[(&str, &str)],
        database: Option<Database>,
    ) -> Self {
        let port = free_port();
        let address = format!("127.0.0.1:{port}");
        let data_dir = folder.path().display().to_string();
        let mut all = vec![
            ("TRIBUTARY_DATA_DIR", data_dir.as_str()),
            ("TRIBUTARY_ADDR", address.as_str()),
            ("TRIBUTARY_OWNER_EMAIL", OWNER_EMAIL),
            ("TRIBUTARY_OWNER_PASSWORD", OWNER_PASSWORD),
            ("TRIBUTARY_ORGANIZATION", "First"),
            ("TRIBUTARY_API_KEY", API_KEY),
            ("TRIBUTARY_RATE_LIMIT_PER_MINUTE", "0"),
            // Tests call nobody; a test that needs rates, or a processor, brings its own.
            ("TRIBUTARY_FX_URL", "/dev/null"),
            ("TRIBUTARY_STRIPE_API", "http://127.0.0.1:9"),
            ("TRIBUTARY_BRAINTREE_API", "http://127.0.0.1:9"),
            ("RUST_LOG", "info,sqlx=warn"),
        ];
        all.retain(|(name, _)| !variables.iter().any(|(other, _)| other == name));
        all.extend(variables);
        let variables: Vec<_> = all
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let process = Process::start(&variables, &folder.path().join("log"));
        let mut server = Self {
            process,
            client: Client::new(format!("http://{address}"), Some(API_KEY.to_owned())),
            api_key: API_KEY.to_owned(),
            organization_id: String::new(),
            database,
            variables,
            folder,
        };
        server.ready().await;
        server.organization_id = server.find_organization().await;
        server
    }

    /// Empty on a database that nobody has set up.
    async fn find_organization(&self) -> String {
        let me = self.client.get("/api/v1/me").await;
        me.json["data"]["organizationId"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Waits until the server answers; fails at once when it has ended.
    async fn ready(&mut self) {
        let log = self.log_file();
        let (process, client) = (&mut self.process, self.client.without_key());
        eventually("the server is ready", async || {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            assert!(process.ended().is_none(), "the server has ended:\n{said}");
            // Who answers before that may be somebody else on the same port.
            if !said.contains("listening on") {
                return None;
            }
            let answer = client
                .request(reqwest::Method::GET, "/readyz")
                .send()
                .await
                .ok()?;
            (answer.status() == 200).then_some(())
        })
        .await;
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The data directory.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// What the server has said so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).expect("a log")
    }

    /// The database, for looking into it.
    pub(crate) fn database(&self) -> &Database {
        self.database
            .as_ref()
            .expect("a server with a database of the test's")
    }

    /// Runs a command of the program beside the server.
    pub(crate) async fn command(&self, arguments: &[&str]) -> Finished {
        run(arguments, &self.variables).await
    }

    /// Adds an organization by the command line while the server runs.
    pub(crate) async fn second_organization(&self) -> Organization {
        let email = "owner@other.example";
        let arguments = [
            "organization",
            "create",
            "--name",
            "Other",
            "--owner-email",
            email,
            "--owner-password",
            OWNER_PASSWORD,
            "--api-key",
            OTHER_KEY,
        ];
        let finished = self.command(&arguments).await;
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        let made: Value = serde_json::from_str(&finished.stdout).expect("the command prints JSON");
        Organization {
            organization_id: made["organizationId"].as_str().expect("an id").to_owned(),
            client: self.with_key(OTHER_KEY),
        }
    }

    /// Ends the server as a power cut does.
    pub(crate) async fn kill_9(&mut self) {
        self.process.signal(Signal::SIGKILL);
        let ended = self.process.end().await;
        assert_eq!(ended.signal(), Some(9));
    }

    /// Tells the server to stop and does not wait.
    pub(crate) fn terminate(&self) {
        self.process.signal(Signal::SIGTERM);
    }

    /// Waits for the server's end, which must be an orderly one.
    pub(crate) async fn ended(&mut self) {
        let ended = self.process.end().await;
        assert_eq!(ended.code(), Some(0), "{ended}:\n{}", self.log());
    }

    /// SIGTERM, and the orderly end.
    pub(crate) async fn stop(&mut self) {
        self.terminate();
        self.ended().await;
    }

    /// Starts the ended server again, as it was.
    pub(crate) async fn restart(&mut self) {
        assert!(self.process.ended().is_some(), "stop or kill it first");
        std::fs::rename(self.log_file(), self.folder.path().join("log.before")).expect("a log");
        self.process = Process::start(&self.variables, &self.log_file());
        // Connections to the old process are of no use any more.
        self.client = self.client.at(&self.client.base_url);
        self.ready().await;
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "the server's log:\n{}",
                std::fs::read_to_string(self.log_file()).unwrap_or_default()
            );
        }
    }
}

/// A port that nobody listens on. Another process may take it before the server does; then the test
/// fails with the server's own words.
fn free_port() -> u16 {
    let start = u16::try_from(std::process::id() % u32::from(PORTS)).expect("below 10,000");
    for _ in 0..PORTS {
        let port = FIRST_PORT + (start + TAKEN.fetch_add(1, Ordering::Relaxed) % PORTS) % PORTS;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port");
}
