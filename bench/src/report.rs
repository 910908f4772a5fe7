//! The one table of ratios: on the terminal and in `bench/results/`.

use std::{fs, path::Path};

use crate::{
    Outcome, data_set::ORGANIZATIONS, database::Database, load::Load, pgbench, settings::Settings,
};

/// What was measured side by side, round by round.
#[derive(Default)]
pub(crate) struct Rounds {
    ours: Vec<f64>,
    theirs: Vec<f64>,
    /// Microseconds of processor per call: server, load generator, pgbench's client.
    cpu: [Vec<f64>; 3],
}

/// What the figures count.
#[derive(Clone, Copy)]
enum Unit {
    /// More is better.
    PerSecond,
    /// Milliseconds: less is better.
    Latency,
}

struct Row {
    what: String,
    against: String,
    unit: Unit,
    rounds: Rounds,
    /// The ratio that is asked for, and the one that is hoped for.
    goal: Option<(f64, f64)>,
}

/// The table in the making.
pub(crate) struct Report {
    rows: Vec<Row>,
    machine: String,
    date: String,
    notes: Vec<String>,
}

impl Rounds {
    /// A round of the server and one of pgbench.
    pub(crate) fn add(&mut self, load: &Load, run: &pgbench::Run) {
        self.add_figures(load.per_second(), run.per_second);
        let cpu = [
            load.micros_per_answer(load.server_cpu),
            load.micros_per_answer(load.client_cpu),
            run.client_micros,
        ];
        for (all, one) in self.cpu.iter_mut().zip(cpu) {
            all.push(one);
        }
    }

    pub(crate) fn add_figures(&mut self, ours: f64, theirs: f64) {
        self.ours.push(ours);
        self.theirs.push(theirs);
    }

    /// Lowest first.
    fn ratios(&self) -> Vec<f64> {
        let mut ratios: Vec<f64> = self
            .ours
            .iter()
            .zip(&self.theirs)
            .map(|(ours, theirs)| ours / theirs)
            .collect();
        ratios.sort_by(f64::total_cmp);
        ratios
    }
}

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

impl Unit {
    fn show(self, figure: f64) -> String {
        match self {
            Self::PerSecond => format!("{figure:.0}/s"),
            Self::Latency => format!("{figure:.2} ms"),
        }
    }

    fn reaches(self, ratio: f64, goal: f64) -> bool {
        match self {
            Self::PerSecond => ratio >= goal,
            Self::Latency => ratio <= goal,
        }
    }
}

const HEAD: [&str; 9] = [
    "What",
    "Server",
    "Compared with",
    "Its figure",
    "Ratio",
    "Rounds",
    "Bar",
    "",
    "CPU",
];

impl Row {
    fn cells(&self) -> [String; 9] {
        let ratios = self.rounds.ratios();
        let ratio = median(&ratios);
        let sign = match self.unit {
            Unit::PerSecond => ">=",
            Unit::Latency => "<=",
        };
        let (bar, verdict) = match self.goal {
            None => (String::new(), ""),
            Some((bar, beyond)) => {
                let verdict = match (
                    self.unit.reaches(ratio, bar),
                    self.unit.reaches(ratio, beyond),
                ) {
                    (_, true) => "beyond",
                    (true, false) => "met",
                    (false, false) => "NOT MET",
                };
                (format!("{sign} {bar}, beyond {beyond}"), verdict)
            }
        };
        let spread = match (ratios.first(), ratios.last()) {
            (Some(low), Some(high)) => format!("{low:.2}-{high:.2}"),
            _ => String::new(),
        };
        let [server, generator, client] = self.rounds.cpu.each_ref().map(|figures| median(figures));
        let cpu = if server.is_nan() {
            String::new()
        } else {
            format!("{server:.0} + {generator:.0}; {client:.0}")
        };
        [
            self.what.clone(),
            self.unit.show(median(&self.rounds.ours)),
            self.against.clone(),
            self.unit.show(median(&self.rounds.theirs)),
            format!("{ratio:.2}"),
            spread,
            bar,
            verdict.to_owned(),
            cpu,
        ]
    }
}

impl Report {
    pub(crate) async fn new(settings: &Settings, database: &Database) -> Outcome<Self> {
        let version = database.ask("show server_version").await?;
        let buffers = database.ask("show shared_buffers").await?;
        let durable = database.ask("select current_setting('fsync') || ' and ' || current_setting('synchronous_commit')").await?;
        let cores = std::thread::available_parallelism()?;
        Ok(Self {
            rows: Vec::new(),
            machine: format!(
                "{} conversions of {ORGANIZATIONS} organizations; {cores} cores; PostgreSQL {version}, shared_buffers \
                 {buffers}, fsync and synchronous_commit {durable}; {} rounds of {} s on each side; load average before: {}.",
                settings.rows,
                settings.rounds,
                settings.round.as_secs(),
                settings.load_average,
            ),
            date: database.ask("select current_date").await?,
            notes: Vec::new(),
        })
    }

    /// Calls per second of the server and of pgbench.
    pub(crate) fn speed(&mut self, what: &str, against: &str, rounds: Rounds, goal: (f64, f64)) {
        self.add(what, against, Unit::PerSecond, rounds, Some(goal));
    }

    /// Median latencies of two kinds of calls.
    pub(crate) fn latency(
        &mut self,
        what: &str,
        against: &str,
        rounds: Rounds,
        goal: Option<(f64, f64)>,
    ) {
        self.add(what, against, Unit::Latency, rounds, goal);
    }

    fn add(
        &mut self,
        what: &str,
        against: &str,
        unit: Unit,
        rounds: Rounds,
        goal: Option<(f64, f64)>,
    ) {
        let row = Row {
            what: what.to_owned(),
            against: against.to_owned(),
            unit,
            rounds,
            goal,
        };
        println!("  {}", row.cells()[..6].join("  "));
        self.rows.push(row);
    }

    /// A sentence for the foot of the table.
    pub(crate) fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    /// Prints the table and keeps it.
    pub(crate) fn write(&self, settings: &Settings) -> Outcome<()> {
        let folder = Path::new("bench/results");
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}-{}.md", self.date, settings.rows));
        let text = self.text();
        fs::write(&path, &text)?;
        println!("\n{text}\nwritten to {}", path.display());
        Ok(())
    }

    fn text(&self) -> String {
        let mut lines = vec![
            format!("# Speed against the bare database, {}", self.date),
            String::new(),
        ];
        lines.extend([self.machine.clone(), String::new()]);
        lines.extend(table(&self.rows));
        lines.push(String::new());
        let notes = [
            "Ratio: the median of the rounds' ratios, server against what it is compared with in the same round; \
             Rounds: the lowest and the highest of them. Only ratios can be compared between machines."
                .to_owned(),
            "CPU: microseconds of processor per call, of the server + of this load generator; of pgbench's own \
             client. All share the same cores with PostgreSQL, so the load generator's part slows the server down \
             as pgbench's client does PostgreSQL."
                .to_owned(),
            "Every answer's status is checked, of every 50th page also the number of rows, and after writing the \
             rows in the database are counted."
                .to_owned(),
        ];
        lines.extend(
            notes
                .iter()
                .chain(&self.notes)
                .map(|note| format!("- {note}")),
        );
        lines.push(String::new());
        lines.join("\n")
    }
}

fn table(rows: &[Row]) -> Vec<String> {
    let cells: Vec<[String; 9]> = std::iter::once(HEAD.map(str::to_owned))
        .chain(rows.iter().map(Row::cells))
        .collect();
    let widths: Vec<usize> = (0..HEAD.len())
        .map(|column| cells.iter().map(|row| row[column].len()).max().unwrap_or(0))
        .collect();
    let line = |row: &[String; 9]| {
        let padded = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        format!("| {} |", padded.collect::<Vec<_>>().join(" | "))
    };
    let rule: Vec<String> = widths
        .iter()
        .map(|width| "-".repeat(*width.max(&3)))
        .collect();
    let mut lines: Vec<String> = cells.iter().map(line).collect();
    lines.insert(1, format!("| {} |", rule.join(" | ")));
    lines
}
