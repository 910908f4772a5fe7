//! Stripe's webhooks: signed paid invoices of new subscriptions, against the insert that S2S is
//! measured by.

use std::{
    rc::Rc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use hmac::{Hmac, Mac};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde_json::Value;
use sha2::Sha256;

use crate::{
    Outcome,
    data_set::{AFFILIATES, BUSIEST, key},
    database::Database,
    durable::CONNECTIONS,
    http::{self, Answer},
    load::{self, Caller},
    pgbench::Script,
    report::{Report, Rounds},
    server::Server,
    settings::Settings,
};

const SECRET: &str = "whsec_benchmarks_keep_no_secret";
const WARM_UP: Duration = Duration::from_secs(2);

/// Stripe: sends events that nobody has seen before.
struct Sender {
    /// The connection's address.
    path: Rc<str>,
    name: String,
    events: u32,
    dice: SmallRng,
}

impl Sender {
    fn several(run: u32, path: &Rc<str>) -> Vec<Self> {
        let sender = |number: u32| Self {
            path: Rc::clone(path),
            name: format!("bench{run}c{number}"),
            events: 0,
            dice: SmallRng::seed_from_u64(number.into()),
        };
        (0..CONNECTIONS).map(sender).collect()
    }
}

impl Caller for Sender {
    fn ask(&mut self, request: &mut Vec<u8>) {
        self.events += 1;
        let now = unix_time().to_string();
        let body = include_str!("../fixtures/invoice_paid.json")
            .replace("$ID", &format!("{}n{}", self.name, self.events))
            .replace("$NOW", &now)
            .replace("$AMOUNT", &self.dice.random_range(500..=50_000).to_string())
            .replace(
                "$AFFILIATE",
                &self.dice.random_range(1..=AFFILIATES).to_string(),
            );
        let header = format!(
            "Stripe-Signature: t={now},v1={}\r\n",
            signature(&now, &body)
        );
        http::post(request, &self.path, &header, &body);
    }

    fn check(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        let recorded = br#""outcome":"recorded""#;
        let is_recorded = answer
            .body
            .windows(recorded.len())
            .any(|part| part == recorded);
        if answer.status == 200 && is_recorded {
            Ok(())
        } else {
            Err(load::wrong(answer))
        }
    }
}

fn signature(now: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()) else {
        unreachable!("HMAC takes keys of any length");
    };
    mac.update(now.as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a sender of events has a clock of its own"
)]
fn unix_time() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

pub(crate) async fn measure(
    settings: &Settings,
    database: &Database,
    server: &Server,
    report: &mut Report,
) -> Outcome<()> {
    println!("Stripe's webhooks");
    let path = connect(server).await?;
    let script = Script::insert(database, (BUSIEST, BUSIEST));
    let mut answered = load::run(server, Sender::several(0, &path), WARM_UP)
        .await?
        .answers();
    script.run(CONNECTIONS, WARM_UP).await?;
    let mut rounds = Rounds::default();
    for round in 1..=settings.rounds {
        let load = load::run(server, Sender::several(round, &path), settings.round).await?;
        answered += load.answers();
        rounds.add(&load, &script.run(CONNECTIONS, settings.round).await?);
    }
    let kept = database
        .count("select count(*) from conversion where external_event_id like 'in_bench%'")
        .await?;
    let events = database
        .count("select count(*) from event where outcome = 'recorded'")
        .await?;
    if (kept, events) != (answered, answered) {
        return Err(format!(
            "{answered} events were answered, {kept} sales and {events} events were kept"
        )
        .into());
    }
    let what = format!("Stripe webhook, {CONNECTIONS} connections, one organization");
    report.speed(
        &what,
        &format!("durable insert, -c {CONNECTIONS}"),
        rounds,
        (0.6, 1.0),
    );
    report.note(
        "Stripe: verified and processed; `invoice.paid` of a new subscription, about 4 KB, signed by the load generator, whose CPU that \
         raises; besides conversion, ledger row and sums the server writes the event and the customer."
            .to_owned(),
    );
    Ok(())
}

/// Makes a connection; the path of its webhook.
async fn connect(server: &Server) -> Outcome<Rc<str>> {
    let mut request = Vec::new();
    let body = format!(
        "{{\"processor\":\"stripe\",\"mode\":\"live\",\"name\":\"Benchmark\",\"signingSecrets\":[\"{SECRET}\"]}}"
    );
    let headers = format!("Authorization: Bearer {}\r\n", key(BUSIEST));
    http::post(&mut request, "/api/v1/connections", &headers, &body);
    let (status, body) = server.call(&request).await?;
    let answer: Option<Value> = serde_json::from_slice(&body).ok();
    let url = answer
        .as_ref()
        .and_then(|answer| answer.pointer("/data/webhookUrl")?.as_str());
    let path = url.and_then(|url| url.find("/api/").and_then(|start| url.get(start..)));
    match path {
        Some(path) if status == 201 => Ok(path.into()),
        _ => Err(format!(
            "no connection could be made ({status}): {}",
            String::from_utf8_lossy(&body)
        )
        .into()),
    }
}
