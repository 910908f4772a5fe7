//! `GET /r/{slug}`: clicks that are durable before the visitor is sent on, against pgbench's single-row inserts.

use rand::{Rng, SeedableRng, rngs::SmallRng};

use crate::{
    Outcome,
    data_set::{AFFILIATES, ORGANIZATIONS},
    database::Database,
    durable::{CONNECTIONS, against_pgbench as against},
    http::Answer,
    load::{self, Caller},
    pgbench::Script,
    report::Report,
    server::Server,
    settings::Settings,
};

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

/// Visitors of links, each in a network of his own and never here before: every one is a new click.
struct Crowd {
    organizations: (u32, u32),
    dice: SmallRng,
}

impl Crowd {
    fn several(run: u32, organizations: (u32, u32)) -> Vec<Self> {
        let crowd = |number: u32| Self {
            organizations,
            dice: SmallRng::seed_from_u64(
                u64::from(organizations.1) << 48 | u64::from(run) << 16 | u64::from(number),
            ),
        };
        (0..CONNECTIONS).map(crowd).collect()
    }
}

impl Caller for Crowd {
    fn ask(&mut self, request: &mut Vec<u8>) {
        let (first, last) = self.organizations;
        let organization = self.dice.random_range(first..=last);
        let affiliate = self.dice.random_range(1..=AFFILIATES);
        let network: [u16; 4] = self.dice.random();
        let [a, b, c, d] = network.map(|part| format!("{part:x}"));
        let text = format!(
            "GET /r/affiliate-{affiliate}?o=00000000-0000-7000-8000-{organization:06}000000 HTTP/1.1\r\n\
             Host: localhost\r\nUser-Agent: {BROWSER}\r\nReferer: https://blog.example.com/best\r\n\
             Accept-Language: en\r\nX-Forwarded-For: 2001:db8:{a}:{b}:{c}:{d}:0:1\r\n\r\n"
        );
        request.clear();
        request.extend_from_slice(text.as_bytes());
    }

    fn check(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        if answer.status == 302 {
            Ok(())
        } else {
            Err(load::wrong(answer))
        }
    }
}

/// Links of one organization, then of all.
pub(crate) async fn measure(
    settings: &Settings,
    database: &Database,
    server: &Server,
    report: &mut Report,
) -> Outcome<()> {
    println!("clicks");
    against_pgbench(
        settings,
        database,
        server,
        report,
        "one organization",
        (1, 1),
    )
    .await?;
    let all = (1, ORGANIZATIONS);
    against_pgbench(settings, database, server, report, "all organizations", all).await?;
    report.note(
        "Clicks: pgbench inserts the same row into the same table and indexes, prepared. The server also looks whether \
         the visitor was there in the last half hour, and keeps the sums per day."
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
    let script = Script::click(database, organizations);
    let before = counted(database).await?;
    let what = format!("`GET /r/{{slug}}`, {CONNECTIONS} connections, {which}");
    let crowd = |run| Crowd::several(run, organizations);
    let measured = (settings, server, report);
    let answered = against(measured, &script, &what, (1.0, 3.0), crowd).await?;
    let kept = counted(database).await? - before;
    if kept != answered {
        return Err(format!("{answered} visitors were sent on, but {kept} clicks are kept").into());
    }
    Ok(())
}

/// Clicks that came through the server: only it keeps sums per day.
async fn counted(database: &Database) -> Outcome<u64> {
    database
        .count("select coalesce(sum(clicks), 0)::bigint from click_day")
        .await
}
