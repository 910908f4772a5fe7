//! The command line.

use clap::{Args, Parser, Subcommand};
use domain::{email::Email, text::Name};
use serde_json::json;
use store::organization::NewOrganization;

use crate::{config::Config, database};

/// A self-hosted ledger of affiliate sales. Without a command it serves.
///
/// Configured by environment variables: DATABASE_URL, TRIBUTARY_DATA_DIR, TRIBUTARY_ADDR,
/// TRIBUTARY_PUBLIC_URL, TRIBUTARY_OWNER_EMAIL, TRIBUTARY_OWNER_PASSWORD, TRIBUTARY_ORGANIZATION,
/// TRIBUTARY_API_KEY, TRIBUTARY_RATE_LIMIT_PER_MINUTE, TRIBUTARY_TRUSTED_PROXIES (reverse proxies
/// whose X-Forwarded-For and X-Forwarded-Proto count: addresses and networks, or none; default this
/// machine), TRIBUTARY_FX_URL (where exchange rates come from: an
/// address or a file), TRIBUTARY_STRIPE_API (where Stripe's API is; asked for connections with an API
/// key), TRIBUTARY_BRAINTREE_API (where Braintree's API is), TRIBUTARY_RECONCILE_SECONDS (how long after
/// reading a connection's events at its processor they are read again, default 900 for Stripe, 3600 for
/// Braintree), TRIBUTARY_CLICK_MONTHS (how many months clicks are kept beside the current one, default
/// 25, 0 for ever), TRIBUTARY_SECRET_KEY, TRIBUTARY_SITE_DIR, TRIBUTARY_LOG_FORMAT, RUST_LOG.
/// The README says what each means.
#[derive(Parser)]
#[command(name = "tributary", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serve the dashboard, the API and the webhooks (the default).
    Serve,
    /// Recount every balance, roll-up and status from the facts. Exits 0 when all agree, else 1 and
    /// tells the differences. Works while the server runs.
    Check,
    /// Organizations.
    #[command(subcommand)]
    Organization(OrganizationCommand),
}

#[derive(Subcommand)]
pub enum OrganizationCommand {
    /// Add an organization with its owner; prints JSON. Works while the server runs.
    Create(CreateOrganization),
}

#[derive(Args)]
pub struct CreateOrganization {
    /// The merchant's name.
    #[arg(long, value_parser = |text: &str| Name::parse(text))]
    name: Name,
    /// The owner's e-mail. A person who is known keeps his password, which must be given.
    #[arg(long, value_parser = |text: &str| Email::parse(text))]
    owner_email: Email,
    /// The owner's password, at least 10 characters.
    #[arg(long)]
    owner_password: String,
    /// Also store this API key (`ak_live_` and at least 24 characters) with every scope.
    #[arg(long)]
    api_key: Option<String>,
}

/// Runs `organization create`.
pub async fn create_organization(
    config: &Config,
    args: CreateOrganization,
) -> Result<(), Box<dyn std::error::Error>> {
    let database = database::open_beside(config).await?;
    let new = NewOrganization {
        name: args.name.clone(),
        owner_email: args.owner_email.clone(),
        owner_password: args.owner_password,
        api_key: args.api_key,
    };
    let created = database.store.create_organization(new).await;
    database.close().await?;
    let created = created?;
    let answer = json!({
        "organizationId": created.organization_id,
        "name": args.name,
        "ownerId": created.owner_id,
        "ownerEmail": args.owner_email,
    });
    println!("{answer:#}");
    Ok(())
}

/// Runs `check`: whether everything agrees.
pub async fn check(config: &Config) -> Result<bool, Box<dyn std::error::Error>> {
    let database = database::open_beside(config).await?;
    let recount = database.store.recount().await;
    database.close().await?;
    let recount = recount?;
    println!(
        "counted {} conversions and {} ledger entries of {} organizations",
        recount.conversions, recount.entries, recount.organizations
    );
    for difference in &recount.differences {
        println!("{difference}");
    }
    match recount.differences.len() {
        0 => println!("everything agrees"),
        count => println!("{count} differences"),
    }
    Ok(recount.differences.is_empty())
}
