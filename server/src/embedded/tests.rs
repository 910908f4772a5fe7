//! The private Postgres with real clusters: each test makes one in a folder of its own and leaves nothing running.
//! The folders are owned by whoever runs the tests and closed to everybody else, as `mkdtemp` makes them.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool};
use tempfile::TempDir;
use tokio::time::sleep;

use super::{Embedded, EmbeddedError, connect_options, default_data_dir, running};

/// Tells the helper below which data directory to serve.
const DATA_DIR: &str = "EMBEDDED_TEST_DATA_DIR";
const PATIENCE: Duration = Duration::from_secs(30);

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    folder
}

async fn start(data_dir: &Path) -> Result<Embedded, EmbeddedError> {
    let began = Instant::now();
    let started = Embedded::start(data_dir, &mut StdRng::from_os_rng()).await;
    println!("start took {:?}", began.elapsed());
    started
}

async fn connect(options: PgConnectOptions) -> PgConnection {
    options.connect().await.unwrap()
}

async fn setting(connection: &mut PgConnection, name: &str) -> String {
    sqlx::query_scalar("select current_setting($1)")
        .bind(name)
        .fetch_one(connection)
        .await
        .unwrap()
}

fn postmaster(data_dir: &Path) -> Pid {
    let text = fs::read_to_string(data_dir.join("postgres/postmaster.pid")).unwrap();
    Pid::from_raw(text.lines().next().unwrap().parse().unwrap())
}

fn is_alive(process: Pid) -> bool {
    // `123 (postgres) S ..`; Z is one that has ended but was not waited for.
    fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(
            began.elapsed() < PATIENCE,
            "{what} did not happen within {PATIENCE:?}"
        );
        sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until the pool answers again, and returns how long that took.
async fn answers(pool: &PgPool) -> Duration {
    let began = Instant::now();
    while sqlx::query("select 1").execute(pool).await.is_err() {
        assert!(began.elapsed() < PATIENCE, "Postgres did not come back");
        sleep(Duration::from_millis(10)).await;
    }
    began.elapsed()
}

#[tokio::test]
async fn keeps_its_data_from_one_start_to_the_next() {
    let data_dir = folder();
    let first = start(data_dir.path()).await.unwrap();
    let mut connection = connect(first.connect_options()).await;
    sqlx::raw_sql("create table kept (n int); insert into kept values (42)")
        .execute(&mut connection)
        .await
        .unwrap();
    let process = postmaster(data_dir.path());
    // With a connection open: stopping ends it instead of waiting for it.
    first.stop().await.unwrap();
    assert!(!is_alive(process));
    assert!(
        !data_dir.path().join("postgres/postmaster.pid").exists(),
        "a clean shutdown"
    );

    let second = start(data_dir.path()).await.unwrap();
    let mut connection = connect(second.connect_options()).await;
    let n: i32 = sqlx::query_scalar("select n from kept")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(n, 42);
    second.stop().await.unwrap();
}

#[tokio::test]
async fn is_durable_private_and_in_utf_8() {
    let data_dir = folder();
    let embedded = start(data_dir.path()).await.unwrap();
    let mut connection = connect(embedded.connect_options()).await;
    for durable in [
        "fsync",
        "synchronous_commit",
        "full_page_writes",
        "data_checksums",
    ] {
        assert_eq!(setting(&mut connection, durable).await, "on", "{durable}");
    }
    assert_eq!(
        setting(&mut connection, "listen_addresses").await,
        "127.0.0.1"
    );
    assert_eq!(setting(&mut connection, "server_encoding").await, "UTF8");
    assert_eq!(setting(&mut connection, "TimeZone").await, "UTC");
    let database: String = sqlx::query_scalar("select current_database()")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(database, "tributary");

    let password = fs::read_to_string(data_dir.path().join("postgres.password")).unwrap();
    assert_eq!(password.trim().len(), 32);
    let metadata = fs::metadata(data_dir.path().join("postgres.password")).unwrap();
    assert_eq!(
        (metadata.mode() & 0o777, metadata.uid()),
        (0o600, geteuid().as_raw())
    );

    let options = embedded.connect_options();
    assert!(options.clone().password("wrong").connect().await.is_err());
    let over_loopback: PgConnectOptions = format!(
        "postgres://tributary@127.0.0.1:{}/tributary?sslmode=disable",
        options.get_port()
    )
    .parse()
    .unwrap();
    assert!(
        over_loopback
            .clone()
            .password("wrong")
            .connect()
            .await
            .is_err()
    );
    connect(over_loopback.password(password.trim()))
        .await
        .close()
        .await
        .unwrap();
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn refuses_a_second_server_and_lends_the_first_to_tools() {
    let data_dir = folder();
    assert!(running(data_dir.path()).await.unwrap().is_none());
    let embedded = start(data_dir.path()).await.unwrap();

    let error = start(data_dir.path()).await.unwrap_err().to_string();
    assert!(
        error.starts_with("another tributary server (process "),
        "{error}"
    );
    assert!(error.contains(&std::process::id().to_string()), "{error}");
    assert!(error.contains("TRIBUTARY_DATA_DIR"), "{error}");

    let options = running(data_dir.path()).await.unwrap().unwrap();
    connect(options).await.close().await.unwrap();
    embedded.stop().await.unwrap();
    assert!(running(data_dir.path()).await.unwrap().is_none());
}

#[tokio::test]
async fn comes_back_when_it_is_killed() {
    let data_dir = folder();
    let embedded = start(data_dir.path()).await.unwrap();
    let pool = PgPoolOptions::new()
        .max_connections(3)
        .connect_with(embedded.connect_options())
        .await
        .unwrap();
    sqlx::raw_sql("create table kept (n int); insert into kept values (42)")
        .execute(&pool)
        .await
        .unwrap();
    for _ in 0..2 {
        let before = postmaster(data_dir.path());
        kill(before, Signal::SIGKILL).unwrap();
        until("the death of Postgres", || !is_alive(before)).await;
        println!("back after {:?}", answers(&pool).await);
        assert_ne!(postmaster(data_dir.path()), before);
    }
    let n: i32 = sqlx::query_scalar("select n from kept")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(n, 42);
    let last = postmaster(data_dir.path());
    pool.close().await;
    embedded.stop().await.unwrap();
    sleep(Duration::from_millis(500)).await;
    assert!(
        !is_alive(last) && !data_dir.path().join("postgres/postmaster.pid").exists(),
        "stays stopped"
    );
}

/// A backend that is busy does not notice that its postmaster died, and keeps the shared memory of the dead in use.
#[tokio::test]
async fn comes_back_although_a_query_of_the_killed_one_goes_on() {
    let data_dir = folder();
    let embedded = start(data_dir.path()).await.unwrap();
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(embedded.connect_options())
        .await
        .unwrap();
    let busy = tokio::spawn({
        let pool = pool.clone();
        async move {
            sqlx::query("select count(*) from generate_series(1, 1000000000)")
                .execute(&pool)
                .await
        }
    });
    sleep(Duration::from_millis(300)).await;
    kill(postmaster(data_dir.path()), Signal::SIGKILL).unwrap();
    assert!(busy.await.unwrap().is_err());
    println!("back after {:?}", answers(&pool).await);
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn stops_when_it_is_dropped() {
    let data_dir = folder();
    let embedded = start(data_dir.path()).await.unwrap();
    let process = postmaster(data_dir.path());
    drop(embedded);
    until("the end of Postgres", || !is_alive(process)).await;
}

#[tokio::test]
async fn takes_over_from_a_server_that_was_killed() {
    let data_dir = folder();
    let mut killed = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "embedded::tests::the_server_that_gets_killed",
            "--ignored",
        ])
        .env(DATA_DIR, data_dir.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    until("the other server's start", || {
        data_dir.path().join("served").exists()
    })
    .await;
    let orphan = postmaster(data_dir.path());
    let error = start(data_dir.path()).await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("(process {})", killed.id())),
        "{error}"
    );

    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(
        is_alive(orphan),
        "Postgres outlives a server that is killed"
    );
    let embedded = start(data_dir.path()).await.unwrap();
    assert!(!is_alive(orphan));
    let mut connection = connect(embedded.connect_options()).await;
    let n: i32 = sqlx::query_scalar("select n from kept")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(n, 42);
    embedded.stop().await.unwrap();
}

#[tokio::test]
#[ignore = "the other process of the test above"]
async fn the_server_that_gets_killed() {
    let Some(data_dir) = std::env::var_os(DATA_DIR) else {
        return;
    };
    let embedded = start(Path::new(&data_dir)).await.unwrap();
    let mut connection = connect(embedded.connect_options()).await;
    sqlx::raw_sql("create table kept (n int); insert into kept values (42)")
        .execute(&mut connection)
        .await
        .unwrap();
    fs::write(Path::new(&data_dir).join("served"), "").unwrap();
    sleep(PATIENCE * 2).await;
}

/// After a reboot, or in a container, the process id in an old pid file may be anybody's.
#[tokio::test]
async fn starts_although_the_number_of_the_dead_one_is_in_use() {
    let data_dir = folder();
    start(data_dir.path()).await.unwrap().stop().await.unwrap();
    let cluster = data_dir.path().join("postgres");
    let owner = fs::metadata(&cluster).unwrap().uid();
    // Of the same user, or Postgres would see by itself that it can't be the old one.
    let mut other = Command::new("sleep")
        .arg("60")
        .current_dir("/")
        .uid(owner)
        .spawn()
        .unwrap();
    let pid_file = format!(
        "{}\n{}\n1700000000\n5432\n\n127.0.0.1\n",
        other.id(),
        cluster.display()
    );
    fs::write(cluster.join("postmaster.pid"), pid_file).unwrap();
    let started = start(data_dir.path()).await;
    let other_lived = other.try_wait().unwrap().is_none();
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(other_lived);
    started.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn an_interrupted_first_start_leaves_nothing_in_the_way() {
    let data_dir = folder();
    fs::create_dir(data_dir.path().join("postgres.new")).unwrap();
    fs::write(data_dir.path().join("postgres.new/PG_VERSION"), "15\n").unwrap();
    fs::write(data_dir.path().join("postgres.password.initdb"), "half").unwrap();
    let embedded = start(data_dir.path()).await.unwrap();
    connect(embedded.connect_options())
        .await
        .close()
        .await
        .unwrap();
    assert!(!data_dir.path().join("postgres.new").exists());
    assert!(!data_dir.path().join("postgres.password.initdb").exists());
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn a_lost_password_is_told_with_its_file() {
    let data_dir = folder();
    start(data_dir.path()).await.unwrap().stop().await.unwrap();
    let path = data_dir.path().join("postgres.password");
    fs::remove_file(&path).unwrap();
    let error = start(data_dir.path()).await.unwrap_err().to_string();
    assert!(error.contains(path.to_str().unwrap()), "{error}");
}

#[tokio::test]
async fn a_postgres_that_ends_while_starting_is_quoted() {
    let data_dir = folder();
    start(data_dir.path()).await.unwrap().stop().await.unwrap();
    fs::write(
        data_dir.path().join("postgres/postgresql.conf"),
        "no_such_setting = 1\n",
    )
    .unwrap();
    let error = start(data_dir.path()).await.unwrap_err().to_string();
    assert!(error.contains("no_such_setting"), "{error}");
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_or_full_of_odd_letters_works() {
    let parent = folder();
    fs::set_permissions(parent.path(), Permissions::from_mode(0o711)).unwrap();
    let odd = parent.path().join("a \"b\", c%20'd");
    for data_dir in [parent.path().join("x".repeat(100)), odd] {
        let embedded = start(&data_dir).await.unwrap();
        let has_socket = embedded.connect_options().get_socket().is_some();
        assert_eq!(has_socket, data_dir.as_os_str().len() < 80);
        connect(embedded.connect_options())
            .await
            .close()
            .await
            .unwrap();
        let lent = running(&data_dir).await.unwrap().unwrap();
        assert_eq!(lent.get_socket().is_some(), has_socket);
        connect(lent).await.close().await.unwrap();
        embedded.stop().await.unwrap();
    }
}

#[tokio::test]
async fn under_root_an_unprivileged_user_runs_it() {
    if !geteuid().is_root() {
        return;
    }
    let data_dir = folder();
    assert_eq!(fs::metadata(data_dir.path()).unwrap().mode() & 0o777, 0o700);
    let embedded = start(data_dir.path()).await.unwrap();
    assert_eq!(
        fs::metadata(data_dir.path()).unwrap().mode() & 0o777,
        0o711,
        "passable, not readable"
    );
    let owner = fs::metadata(data_dir.path().join("postgres"))
        .unwrap()
        .uid();
    assert_ne!(owner, 0);
    let process = postmaster(data_dir.path());
    assert_eq!(
        fs::metadata(format!("/proc/{process}")).unwrap().uid(),
        owner
    );
    embedded.stop().await.unwrap();

    // As a backup unpacked by root leaves it.
    let restored = Command::new("chown")
        .args(["-R", "root:root"])
        .arg(data_dir.path())
        .status()
        .unwrap();
    assert!(restored.success());
    start(data_dir.path()).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn under_root_a_cluster_keeps_its_user() {
    if !geteuid().is_root() {
        return;
    }
    let data_dir = folder();
    let cluster = data_dir.path().join("postgres");
    fs::create_dir(&cluster).unwrap();
    let nobody = User::from_name("nobody").unwrap().unwrap().uid.as_raw();
    std::os::unix::fs::chown(&cluster, Some(nobody), None).unwrap();
    for _ in 0..2 {
        let embedded = start(data_dir.path()).await.unwrap();
        let process = postmaster(data_dir.path());
        assert_eq!(
            fs::metadata(format!("/proc/{process}")).unwrap().uid(),
            nobody
        );
        embedded.stop().await.unwrap();
    }
}

#[tokio::test]
async fn under_root_a_closed_folder_above_is_named() {
    if !geteuid().is_root() {
        return;
    }
    let closed = folder();
    let error = start(&closed.path().join("tributary"))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&format!("chmod o+x {}`", closed.path().display())),
        "{error}"
    );
    assert_eq!(
        fs::metadata(closed.path()).unwrap().mode() & 0o777,
        0o700,
        "not ours to open"
    );
}

#[test]
fn the_default_data_directory_can_be_entered_by_postgres_and_follows_xdg() {
    let environment = |name: &str| (name == "XDG_DATA_HOME").then(|| OsString::from("/srv/data"));
    let expected = if geteuid().is_root() {
        "/var/lib/tributary"
    } else {
        "/srv/data/tributary"
    };
    assert_eq!(default_data_dir(environment), Path::new(expected));
}

#[test]
fn a_cluster_without_a_socket_is_reached_over_loopback() {
    let options = connect_options(5433, None, "secret");
    assert_eq!(
        (options.get_host(), options.get_port()),
        ("127.0.0.1", 5433)
    );
    assert_eq!(options.get_socket(), None);
}
