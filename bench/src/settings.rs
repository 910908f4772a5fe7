//! What the environment says about this run.

use std::{env, path::PathBuf, time::Duration};

use crate::{Outcome, cpu};

/// A checked environment.
pub(crate) struct Settings {
    /// Conversions in the data set.
    pub(crate) rows: u32,
    /// Rounds of every comparison; the median counts.
    pub(crate) rounds: u32,
    /// Length of a round on each side.
    pub(crate) round: Duration,
    /// An empty database.
    pub(crate) database_url: String,
    /// Where psql and pgbench are.
    pub(crate) pg_bin: PathBuf,
    /// How busy the machine was before.
    pub(crate) load_average: f64,
    /// The server under test.
    pub(crate) program: PathBuf,
}

impl Settings {
    pub(crate) fn load() -> Outcome<Self> {
        let needed = |name: &str| {
            env::var(name).map_err(|_| {
                format!(
                    "{name} is not set: type make bench, or run this under tools/with-postgres.sh"
                )
            })
        };
        let program = env::current_exe()?.with_file_name("tributary");
        if !program.is_file() {
            return Err(format!("{} is not there: type make build", program.display()).into());
        }
        let load_average = cpu::load_average();
        if load_average > 0.5 {
            println!("this machine is busy (load average {load_average}): the ratios will scatter");
        }
        let rows = number("BENCH_ROWS", 1_000_000)?;
        if rows < 10_000 {
            return Err("BENCH_ROWS: at least 10000 are needed".into());
        }
        Ok(Self {
            rows,
            rounds: number("BENCH_ROUNDS", 5)?.max(1),
            round: Duration::from_secs(number("BENCH_SECONDS", 3)?.max(1).into()),
            database_url: needed("DATABASE_URL")?,
            pg_bin: needed("PG_BIN")?.into(),
            load_average,
            program,
        })
    }
}

fn number(name: &str, default: u32) -> Outcome<u32> {
    match env::var(name) {
        Ok(text) if !text.is_empty() => text
            .parse()
            .map_err(|_| format!("{name}: \"{text}\" is not a whole number").into()),
        _ => Ok(default),
    }
}
