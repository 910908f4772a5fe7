//! The measure of all things: pgbench with the same work on the same database.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use crate::{Outcome, cpu, database::Database};

/// Makes each run's external ids its own.
static RUNS: AtomicU32 = AtomicU32::new(0);

/// A script and the variables it wants.
pub(crate) struct Script<'a> {
    database: &'a Database,
    text: String,
    variables: Vec<(&'static str, u32)>,
}

/// What a run came to.
pub(crate) struct Run {
    pub(crate) per_second: f64,
    /// Microseconds of pgbench's own processor time per transaction.
    pub(crate) client_micros: f64,
}

impl<'a> Script<'a> {
    /// The page of so many rows.
    pub(crate) fn page(database: &'a Database, take: u32) -> Self {
        // In the open: a limit that the planner can't see would make it plan every time.
        let text = include_str!("../sql/page.sql").replace("TAKE", &take.to_string());
        Self {
            database,
            text,
            variables: Vec::new(),
        }
    }

    /// The insert into one of these organizations.
    pub(crate) fn insert(database: &'a Database, (first, last): (u32, u32)) -> Self {
        let text = include_str!("../sql/insert.sql").to_owned();
        Self {
            database,
            text,
            variables: vec![("first", first), ("last", last), ("n", 0)],
        }
    }

    /// The click in one of these organizations.
    pub(crate) fn click(database: &'a Database, (first, last): (u32, u32)) -> Self {
        Self {
            text: include_str!("../sql/click.sql").to_owned(),
            ..Self::insert(database, (first, last))
        }
    }

    /// Runs it with so many clients, prepared, with two threads.
    pub(crate) async fn run(&self, clients: u32, time: Duration) -> Outcome<Run> {
        let own = [("run", RUNS.fetch_add(1, Ordering::Relaxed))];
        let mut options: Vec<String> = ["-n", "-M", "prepared", "-j", "2"]
            .map(str::to_owned)
            .into();
        options.extend([
            "-c".to_owned(),
            clients.to_string(),
            "-T".to_owned(),
            time.as_secs().to_string(),
        ]);
        for (name, value) in self.variables.iter().chain(&own) {
            options.extend(["-D".to_owned(), format!("{name}={value}")]);
        }
        let before = cpu::of_clients();
        let printed = self.database.pgbench(&options, &self.text).await?;
        let cpu = cpu::of_clients() - before;
        let figure = |label: &str| {
            let line = printed.lines().find_map(|line| line.strip_prefix(label));
            let word = line.and_then(|rest| rest.split_whitespace().next());
            let figure = word.and_then(|word| word.parse::<f64>().ok());
            figure.ok_or_else(|| format!("pgbench got nothing done:\n{printed}"))
        };
        let transactions = figure("number of transactions actually processed: ")?;
        Ok(Run {
            per_second: figure("tps = ")?,
            client_micros: cpu * 1_000_000.0 / transactions.max(1.0),
        })
    }
}
