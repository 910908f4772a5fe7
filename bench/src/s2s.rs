//! `POST /api/tracking/s2s`: sales written durably, against pgbench's single-row inserts.

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::SmallRng};

use crate::{
    Outcome,
    data_set::{AFFILIATES, BUSIEST, ORGANIZATIONS, key},
    database::Database,
    http::{self, Answer},
    load::{self, Caller},
    pgbench::Script,
    report::{Report, Rounds},
    server::Server,
    settings::Settings,
};

pub(crate) const CONNECTIONS: u32 = 64;
pub(crate) const WARM_UP: Duration = Duration::from_secs(2);
/// Numbers of clients among which pgbench's best is looked for.
const CLIENTS: [u32; 5] = [8, 16, 24, 32, 64];

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
    let best = best_clients(&script).await?;
    let before = written(database).await?;
    let mut answered = load::run(server, Merchant::several(0, organizations), WARM_UP)
        .await?
        .answers();
    let (mut as_many, mut at_best) = (Rounds::default(), Rounds::default());
    for round in 1..=settings.rounds {
        let load = load::run(
            server,
            Merchant::several(round, organizations),
            settings.round,
        )
        .await?;
        answered += load.answers();
        as_many.add(&load, &script.run(CONNECTIONS, settings.round).await?);
        if best != CONNECTIONS {
            at_best.add(&load, &script.run(best, settings.round).await?);
        }
    }
    let after = written(database).await?;
    if (after.0 - before.0, after.1 - before.1) != (answered, answered) {
        return Err(format!(
            "{answered} sales were answered 201, but the database went from {before:?} to {after:?}"
        )
        .into());
    }
    let what = format!("`POST /api/tracking/s2s`, {CONNECTIONS} connections, {which}");
    let also = if best == CONNECTIONS {
        ", its best"
    } else {
        ""
    };
    report.speed(
        &what,
        &format!("durable insert, -c {CONNECTIONS}{also}"),
        as_many,
        (1.0, 2.0),
    );
    if best != CONNECTIONS {
        report.speed(
            "the same",
            &format!("its best, -c {best}"),
            at_best,
            (1.0, 2.0),
        );
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

/// How many clients pgbench does best with.
pub(crate) async fn best_clients(script: &Script<'_>) -> Outcome<u32> {
    let mut best = (0.0, CONNECTIONS);
    for clients in CLIENTS {
        let run = script.run(clients, WARM_UP).await?;
        if run.per_second > best.0 {
            best = (run.per_second, clients);
        }
    }
    Ok(best.1)
}
