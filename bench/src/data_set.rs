//! The made-up year of sales, and how to call the server about it.
//!
//! Ids and keys follow from numbers (`sql/organizations.sql`), so nothing has to be asked back but
//! how many rows there are.

use std::time::Instant;

use crate::{Outcome, database::Database, settings::Settings};

pub(crate) const ORGANIZATIONS: u32 = 50;
pub(crate) const AFFILIATES: u32 = 60;
/// It has 20 % of all conversions.
pub(crate) const BUSIEST: u32 = 1;

/// What was filled in.
pub(crate) struct DataSet {
    /// Conversions by organization, the first one's first.
    pub(crate) conversions: Vec<u64>,
}

impl DataSet {
    pub(crate) async fn fill(settings: &Settings, database: &Database) -> Outcome<Self> {
        println!(
            "filling in {} conversions of {ORGANIZATIONS} organizations",
            settings.rows
        );
        let start = Instant::now();
        let variables = [
            ("rows", settings.rows),
            ("organizations", ORGANIZATIONS),
            ("affiliates", AFFILIATES),
        ];
        // A checkpoint in the middle of a round would hit one side only.
        let quiet =
            "alter system set max_wal_size = '8GB'; alter system set checkpoint_timeout = '1h';
            select pg_reload_conf();";
        database.ask(quiet).await?;
        database
            .run_script(include_str!("../sql/organizations.sql"), &variables)
            .await?;
        database
            .run_script(include_str!("../sql/conversions.sql"), &variables)
            .await?;
        let counts = "select count(conversion_id) from organization left join conversion using (organization_id)
            group by organization_id order by organization_id";
        let counts = database.ask(counts).await?;
        let conversions: Vec<u64> = counts.lines().map(str::parse).collect::<Result<_, _>>()?;
        println!("  {} s", start.elapsed().as_secs());
        Ok(Self { conversions })
    }

    /// How many rows the first page of an organization has.
    pub(crate) fn page(&self, organization: u32, take: u32) -> u64 {
        let found = usize::try_from(organization - 1)
            .ok()
            .and_then(|index| self.conversions.get(index));
        found.copied().unwrap_or(0).min(take.into())
    }
}

/// An organization's key.
pub(crate) fn key(organization: u32) -> String {
    format!("ak_live_benchmark-organization-{organization:02}")
}

/// An affiliate's id.
pub(crate) fn affiliate(organization: u32, number: u32) -> String {
    format!("00000000-0001-7000-8000-{organization:06}{number:06}")
}

/// A campaign's id.
pub(crate) fn campaign(organization: u32, number: u32) -> String {
    format!("00000000-0002-7000-8000-{organization:06}{number:06}")
}
