//! `make bench`: how fast the release server is, measured against the bare database.
//!
//! Machines differ and are noisy, so no time means anything by itself: every figure is a ratio to
//! pgbench on the same Postgres in the same minutes, in alternating short rounds, and the median
//! of their ratios counts. This crate owns the data set, the load generator and the table. It knows
//! the server by its addresses and its schema only and must not depend on any of its crates.
//!
//! Needs an empty database in `DATABASE_URL` and pgbench and psql in `PG_BIN`, which is what
//! `tools/with-postgres.sh` provides. `BENCH_ROWS`, `BENCH_ROUNDS` and `BENCH_SECONDS` change the size.

mod clicks;
mod cpu;
mod data_set;
mod database;
mod durable;
mod http;
mod latency;
mod load;
mod pages;
mod pgbench;
mod report;
mod s2s;
mod server;
mod settings;
mod stripe;

use std::{error::Error, process::ExitCode};

use tokio::signal::unix::{SignalKind, signal};

use crate::{
    data_set::DataSet, database::Database, report::Report, server::Server, settings::Settings,
};

/// Whatever goes wrong ends the run with its message.
type Outcome<T> = Result<T, Box<dyn Error>>;

/// One thread for the load generator: it shares the machine with what it measures.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = tokio::select! {
        outcome = measure() => outcome,
        () = told_to_stop() => Err("stopped".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> Outcome<()> {
    let settings = Settings::load()?;
    let database = Database::of(&settings);
    database.check_empty().await?;
    println!("making the schema");
    Server::start(&settings).await?.stop().await?;
    let data_set = DataSet::fill(&settings, &database).await?;
    let server = Server::start(&settings).await?;
    let mut report = Report::new(&settings, &database).await?;
    pages::measure(&settings, &database, &server, &data_set, &mut report).await?;
    latency::measure(&settings, &server, &data_set, &mut report).await?;
    s2s::measure(&settings, &database, &server, &mut report).await?;
    clicks::measure(&settings, &database, &server, &mut report).await?;
    stripe::measure(&settings, &database, &server, &mut report).await?;
    server.stop().await?;
    report.write(&settings)
}

async fn told_to_stop() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
