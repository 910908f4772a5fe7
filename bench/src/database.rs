//! The database beside the server: questions and scripts for psql.

use std::{path::PathBuf, process::Stdio};

use tokio::{io::AsyncWriteExt, process::Command};

use crate::{Outcome, settings::Settings};

pub(crate) struct Database {
    url: String,
    pg_bin: PathBuf,
}

impl Database {
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            url: settings.database_url.clone(),
            pg_bin: settings.pg_bin.clone(),
        }
    }

    /// This program fills the database with what it made up, so it must be nobody's.
    pub(crate) async fn check_empty(&self) -> Outcome<()> {
        let tables = self
            .ask("select count(*) from pg_tables where schemaname = 'public'")
            .await?;
        if tables == "0" {
            return Ok(());
        }
        Err(
            "the database in DATABASE_URL is not empty: benchmarks run in one of their own only"
                .into(),
        )
    }

    /// The answer to a query: a line per row, `|` between columns.
    pub(crate) async fn ask(&self, query: &str) -> Outcome<String> {
        let arguments = ["-XqAt", "-v", "ON_ERROR_STOP=1", "-f", "-", &self.url];
        let answer = self
            .run("psql", &arguments.map(str::to_owned), query)
            .await?;
        Ok(answer.trim().to_owned())
    }

    /// One number.
    pub(crate) async fn count(&self, query: &str) -> Outcome<u64> {
        let answer = self.ask(query).await?;
        answer
            .parse()
            .map_err(|_| format!("{query}: \"{answer}\" is not a number").into())
    }

    /// Runs a script with psql variables.
    pub(crate) async fn run_script(&self, script: &str, variables: &[(&str, u32)]) -> Outcome<()> {
        let mut arguments: Vec<String> = ["-Xq", "-v", "ON_ERROR_STOP=1"].map(str::to_owned).into();
        for (name, value) in variables {
            arguments.extend(["-v".to_owned(), format!("{name}={value}")]);
        }
        arguments.extend(["-f".to_owned(), "-".to_owned(), self.url.clone()]);
        self.run("psql", &arguments, script).await.map(drop)
    }

    /// Runs pgbench on a script; what it printed.
    pub(crate) async fn pgbench(&self, options: &[String], script: &str) -> Outcome<String> {
        let ends = ["-f".to_owned(), "-".to_owned(), self.url.clone()];
        self.run("pgbench", &[options, &ends].concat(), script)
            .await
    }

    /// One of Postgres's programs with a script at its standard input.
    async fn run(&self, program: &str, arguments: &[String], script: &str) -> Outcome<String> {
        let mut child = Command::new(self.pg_bin.join(program))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // A program that ends early says why at its standard error.
            let _ = input.write_all(script.as_bytes()).await;
        }
        let output = child.wait_with_output().await?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{program} failed ({}): {}", output.status, said.trim()).into())
    }
}
