//! `POST /api/tracking/s2s`: sales written durably, against pgbench's single-row inserts.

use rand::{Rng, SeedableRng, rngs::SmallRng};

use crate::{
    Outcome,
    data_set::{AFFILIATES, BUSIEST, ORGANIZATIONS, key},
    database::Database,
    durable::{CONNECTIONS, against_pgbench as against},
    http::{self, Answer},
    load::{self, Caller},
    pgbench::Script,
    report::Report,
    server::Server,
    settings::Settings,
};

/// A merchant's server: every sale is a new one of a new customer.
struct Merchant {
    organizations: (u32, u32),
    /// What its external ids begin with.
    name: String,
    sales: u32,
    dice: SmallRng,
}

impl Merchant {
    fn several(run: u32, organizations: (u32, u32)) -> Vec<Self> {
        let merchant = |number: u32| Self {
            organizations,
            name: format!("s2s-{}-{}-{run}-{number}", organizations.0, organizations.1),
            sales: 0,
            dice: SmallRng::seed_from_u64(number.into()),
        };
        (0..CONNECTIONS).map(merchant).collect()
    }
}

impl Caller for Merchant {
    fn ask(&mut self, request: &mut Vec<u8>) {
        self.sales += 1;
        let organization = self
            .dice
            .random_range(self.organizations.0..=self.organizations.1);
        let affiliate = self.dice.random_range(1..=AFFILIATES);
        let amount = self.dice.random_range(500..=50_000);
        let id = format!("{}-{}", self.name, self.sales);
        let body = format!(
            "{{\"externalEventId\":\"{id}\",\"amountCents\":{amount},\"currency\":\"USD\",\
             \"affiliateSlug\":\"affiliate-{affiliate}\",\"customerExternalId\":\"customer-{id}\",\
             \"customerEmail\":\"customer-{id}@example.com\"}}"
        );
        let headers = format!("Authorization: Bearer {}\r\n", key(organization));
        http::post(request, "/api/tracking/s2s", &headers, &body);
    }

    fn check(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        if answer.status == 201 {
            Ok(())
        } else {
            Err(load::wrong(answer))
        }
    }
}

/// Into one organization, then spread over all.
pub(crate) async fn measure(
    settings: &Settings,
    database: &Database,
    server: &Server,
    report: &mut Report,
) -> Outcome<()> {
    println!("server-to-server sales");
    let one = (BUSIEST, BUSIEST);
    against_pgbench(settings, database, server, report, "one organization", one).await?;
    let all = (1, ORGANIZATIONS);
    against_pgbench(settings, database, server, report, "all organizations", all).await?;
    report.note(
        "Ingest: pgbench inserts one conversion and its ledger row in one statement (a CTE: better for it than two \
         statements in a transaction), prepared, into the same tables, indexes and organizations, at as many clients \
         as the server has connections and at the number of clients that was its best in a try of 2 s each. The \
         server also looks for an earlier sale, attributes, and keeps the sums per day."
            .to_owned(),
    );
    Ok(())
}

async fn against_pgbench(
    settings: &Settings,
    database: &Database,
    server: &Server,
    report: &mut Report,
    which: &str,
    organizations: (u32, u32),
) -> Outcome<()> {
    let script = Script::insert(database, organizations);
    let before = written(database).await?;
    let what = format!("`POST /api/tracking/s2s`, {CONNECTIONS} connections, {which}");
    let merchants = |run| Merchant::several(run, organizations);
    let measured = (settings, server, report);
    let answered = against(measured, &script, &what, (1.0, 2.0), merchants).await?;
    let after = written(database).await?;
    if (after.0 - before.0, after.1 - before.1) != (answered, answered) {
        return Err(format!(
            "{answered} sales were answered 201, but the database went from {before:?} to {after:?}"
        )
        .into());
    }
    Ok(())
}

/// Sales and ledger rows that came through the server.
async fn written(database: &Database) -> Outcome<(u64, u64)> {
    let sales = database
        .count("select count(*) from conversion where external_event_id like 's2s-%'")
        .await?;
    let entries = database
        .count("select count(*) from ledger_entry where reason like 'commission on s2s-%'")
        .await?;
    Ok((sales, entries))
}
