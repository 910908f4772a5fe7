//! How long a page takes with each filter and deep in the list, against the plain first page.
//!
//! At few connections, so that it is the page that takes the time and not the queue.

use std::rc::Rc;

use serde_json::Value;

use crate::{
    Outcome,
    data_set::{AFFILIATES, BUSIEST, DataSet, affiliate, campaign, key},
    http,
    load::{self, Load},
    pages::{Page, Reader, rows},
    report::{Report, Rounds},
    server::Server,
    settings::Settings,
};

const CONNECTIONS: u32 = 2;
/// How deep is deep: 500 pages of 50 rows, reached in pages of 200.
const DEEP: u32 = 500 * 50;
const STEP: u32 = 200;

const PLAIN: &str = "/api/conversions?take=50";

pub(crate) async fn measure(
    settings: &Settings,
    server: &Server,
    data_set: &DataSet,
    report: &mut Report,
) -> Outcome<()> {
    println!("latencies of pages");
    let (cursor, depth) = deep_cursor(server, data_set).await?;
    let mut paths = vec![(
        format!("page of 50, {depth} rows deep, p50"),
        format!("{PLAIN}&cursor={cursor}"),
    )];
    for (name, filter) in filters() {
        paths.push((
            format!("first page, `{name}`, p50"),
            format!("{PLAIN}&{filter}"),
        ));
    }
    let plain = page(server, PLAIN).await?;
    let mut lines = Vec::new();
    for (name, path) in paths {
        lines.push((name, page(server, &path).await?, Rounds::default()));
    }
    for _ in 0..settings.rounds {
        for (_, page, rounds) in &mut lines {
            let here = take(server, page, settings).await?;
            let first = take(server, &plain, settings).await?;
            rounds.add_figures(here.median(), first.median());
        }
    }
    for (index, (name, _, rounds)) in lines.into_iter().enumerate() {
        let goal = (index == 0).then_some((1.2, 1.05));
        report.latency(&name, "first page, p50", rounds, goal);
    }
    report.note(format!(
        "Latencies of pages: of the organization with 20 % of all rows, at {CONNECTIONS} connections. Filters are to be \
         compared between a run of 100,000 and one of 10,000,000 rows."
    ));
    Ok(())
}

/// Every filter that is offered, the rarest values among them, and two at once: what they are called
/// and their query.
fn filters() -> Vec<(&'static str, String)> {
    let words = [
        "status=Pending",
        "status=Paid",
        "status=Denied",
        "status=Paid,Refunded",
        "type=Lead",
        "source=Link",
        "source=Manual",
        "since=2020-01-01",
        "status=Paid&type=Lead",
    ];
    let rarest = format!("affiliateId={}", affiliate(BUSIEST, AFFILIATES));
    let mut filters = vec![
        ("affiliateId", rarest.clone()),
        ("campaignId", format!("campaignId={}", campaign(BUSIEST, 3))),
        ("affiliateId&status=Paid", format!("{rarest}&status=Paid")),
    ];
    filters.extend(words.map(|word| (word, word.to_owned())));
    filters
}

/// The page behind a path, as it is now.
async fn page(server: &Server, path: &str) -> Outcome<Rc<Vec<Page>>> {
    let request = http::get(path, Some(&key(BUSIEST)));
    let (status, body) = server.call(&request).await?;
    match rows(&body) {
        Some(rows) if status == 200 && rows > 0 => Ok(Rc::new(vec![Page { request, rows }])),
        _ => Err(format!(
            "{path} was answered {status}: {}",
            String::from_utf8_lossy(&body)
        )
        .into()),
    }
}

/// A sixth of a round: there are many of these.
async fn take(server: &Server, page: &Rc<Vec<Page>>, settings: &Settings) -> Outcome<Load> {
    load::run(
        server,
        Reader::several(CONNECTIONS, page),
        settings.round / 6,
    )
    .await
}

/// A cursor deep in the list, and how many rows are before it. Short lists are left with a page to go.
async fn deep_cursor(server: &Server, data_set: &DataSet) -> Outcome<(String, u32)> {
    let there = u32::try_from(data_set.page(BUSIEST, u32::MAX))?;
    let steps = DEEP.min(there - STEP) / STEP;
    let mut cursor = String::new();
    for _ in 0..steps {
        let path = format!("/api/conversions?take={STEP}{cursor}");
        let (_, body) = server.call(&http::get(&path, Some(&key(BUSIEST)))).await?;
        let page: Value = serde_json::from_slice(&body)?;
        let next = page
            .get("nextCursor")
            .and_then(Value::as_str)
            .ok_or("a list ended too early")?;
        cursor = format!("&cursor={next}");
    }
    Ok((
        cursor.trim_start_matches("&cursor=").to_owned(),
        steps * STEP,
    ))
}
