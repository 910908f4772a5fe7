//! The `tributary` program: reads the configuration, then serves or runs one command.

use std::process::ExitCode;

use clap::Parser;
use server::{
    cli::{self, Cli, Command, OrganizationCommand},
    config::Config,
    log, serve,
};

/// Lists are made of many short texts, which it hands out in half the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
        None | Some(Command::Serve) => serve::serve(config).await,
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
