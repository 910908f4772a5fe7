//! The `tributary` program: reads the configuration, then serves or runs one command.
//!
//! This crate translates between HTTP and the store. Rules live in `domain`, data in `store`, pages
//! in `app`.

// A page is one type, as deep as its markup.
#![recursion_limit = "512"]

mod api;
mod caller;
mod cli;
mod config;
mod dashboard;
mod database;
mod embedded;
mod health;
mod idempotency;
mod input;
mod job;
mod log;
mod outgoing;
mod problem;
mod proxy;
mod rate_limit;
mod rates;
mod router;
mod security;
mod serve;
mod stamped;
mod state;
mod stripe_api;
mod track;
mod webhook;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    cli::{Cli, Command, OrganizationCommand},
    config::Config,
};

/// What a configuration mistake exits with.
const BAD_CONFIGURATION: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    log::start();
    let config = match Config::load(&|name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(mistakes) => {
            eprintln!("tributary: the configuration does not work:");
            for mistake in mistakes {
                eprintln!("  {mistake}");
            }
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    let outcome = match cli.command {
        None | Some(Command::Serve) => serve::serve(config).await.map_err(Into::into),
        Some(Command::Check) => match cli::check(&config).await {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::FAILURE,
            Err(error) => Err(error),
        },
        Some(Command::Organization(OrganizationCommand::Create(args))) => {
            cli::create_organization(&config, args).await
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tributary: {error}");
            ExitCode::FAILURE
        }
    }
}
