//! What the server writes durably before it answers, against pgbench's single-row inserts.

use std::time::Duration;

use crate::{
    Outcome,
    load::{self, Caller},
    pgbench::Script,
    report::{Report, Rounds},
    server::Server,
    settings::Settings,
};

pub(crate) const CONNECTIONS: u32 = 64;
const WARM_UP: Duration = Duration::from_secs(2);
/// Numbers of clients among which pgbench's best is looked for.
const CLIENTS: [u32; 5] = [8, 16, 24, 32, 64];

/// Measures callers, made anew for every run, against as many clients of pgbench and against its best number of
/// them; tells how many were answered. `what`: their call, and `goal`: bar and beyond.
pub(crate) async fn against_pgbench<C: Caller>(
    (settings, server, report): (&Settings, &Server, &mut Report),
    script: &Script<'_>,
    what: &str,
    goal: (f64, f64),
    callers: impl Fn(u32) -> Vec<C>,
) -> Outcome<u64> {
    let best = best_clients(script).await?;
    let mut answered = load::run(server, callers(0), WARM_UP).await?.answers();
    let (mut as_many, mut at_best) = (Rounds::default(), Rounds::default());
    for round in 1..=settings.rounds {
        let load = load::run(server, callers(round), settings.round).await?;
        answered += load.answers();
        as_many.add(&load, &script.run(CONNECTIONS, settings.round).await?);
        if best != CONNECTIONS {
            at_best.add(&load, &script.run(best, settings.round).await?);
        }
    }
    let also = if best == CONNECTIONS {
        ", its best"
    } else {
        ""
    };
    let durable = format!("durable insert, -c {CONNECTIONS}{also}");
    report.speed(what, &durable, as_many, goal);
    if best != CONNECTIONS {
        let durable = format!("its best, -c {best}");
        report.speed("the same", &durable, at_best, goal);
    }
    Ok(answered)
}

/// How many clients pgbench does best with.
async fn best_clients(script: &Script<'_>) -> Outcome<u32> {
    let mut best = (0.0, CONNECTIONS);
    for clients in CLIENTS {
        let run = script.run(clients, WARM_UP).await?;
        if run.per_second > best.0 {
            best = (run.per_second, clients);
        }
    }
    Ok(best.1)
}
