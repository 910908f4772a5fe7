//! A fresh database per test, made in the server of `DATABASE_URL` and dropped afterwards.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use url::Url;

static MADE: AtomicU32 = AtomicU32::new(0);

/// A database of one test.
pub(crate) struct Database {
    name: String,
    server: PgConnectOptions,
    url: Url,
    /// For looking at what is really stored.
    pub(crate) pool: PgPool,
}

impl Database {
    /// Makes an empty one.
    pub(crate) async fn create() -> Self {
        let server =
            std::env::var("DATABASE_URL").expect("DATABASE_URL: run under tools/with-postgres.sh");
        let mut url = Url::parse(&server).expect("DATABASE_URL is an address");
        let server: PgConnectOptions = server.parse().expect("DATABASE_URL is a Postgres address");
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        // A process that was killed may have left databases behind, and its number may come again.
        let name = format!("http_test_{}_{}_{number}", super::now(), std::process::id());
        on(&server, &format!("create database {name}")).await;
        url.set_path(&name);
        let options = server.clone().database(&name).disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .connect_lazy_with(options);
        Self {
            name,
            server,
            url,
            pool,
        }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.url.to_string()
    }

    /// The host and port of its server.
    pub(crate) fn address(&self) -> (String, u16) {
        let host = self.url.host_str().unwrap_or("127.0.0.1").to_owned();
        (host, self.url.port().unwrap_or(5432))
    }

    /// Its address by way of another port of this machine.
    pub(crate) fn url_by_way_of(&self, port: u16) -> String {
        let mut url = self.url.clone();
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(port)).expect("a port");
        url.to_string()
    }

    /// One number.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(&self.pool)
            .await
            .expect(sql)
    }

    /// One text.
    pub(crate) async fn text(&self, sql: &'static str) -> String {
        sqlx::query_scalar(sql)
            .fetch_one(&self.pool)
            .await
            .expect(sql)
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let sql = format!("select count(*) from {table}");
        sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&self.pool)
            .await
            .expect("a count")
    }

    /// Changes what only later versions, or time, can change.
    pub(crate) async fn change(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&self.pool)
            .await
            .expect("a change");
    }

    /// Lets nobody in and throws everybody out, or lets them in again.
    pub(crate) async fn allow_connections(&self, allow: bool) {
        let name = &self.name;
        on(
            &self.server,
            &format!("alter database {name} allow_connections {allow}"),
        )
        .await;
        if !allow {
            let others = format!(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
            );
            on(&self.server, &others).await;
        }
    }
}

async fn on(server: &PgConnectOptions, sql: &str) {
    let mut connection = PgConnection::connect_with(server)
        .await
        .expect("DATABASE_URL can be reached");
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .expect(sql);
    let _ = connection.close().await;
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // The test's own runtime can't be waited for here.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime
                .expect("a runtime")
                .block_on(on(&server, &format!("drop database {name} with (force)")));
        });
        let dropped = dropping.join().is_ok() || std::thread::panicking();
        assert!(dropped, "the database {} could not be dropped", self.name);
    }
}
