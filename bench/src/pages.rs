//! `GET /api/conversions`: the first page of an organization drawn at random, against the same index
//! scan in pgbench.

use std::{rc::Rc, time::Duration};

use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde_json::Value;

use crate::{
    Outcome,
    data_set::{DataSet, ORGANIZATIONS, key},
    database::Database,
    http::{self, Answer},
    load::{self, Caller},
    pgbench::Script,
    report::{Report, Rounds},
    server::Server,
    settings::Settings,
};

const CONNECTIONS: u32 = 16;
const WARM_UP: Duration = Duration::from_secs(1);
/// Reading an answer as JSON costs as much as making it: only so many are.
const COUNT_EVERY: u32 = 50;

/// A request for a page and how many rows it must bring.
pub(crate) struct Page {
    pub(crate) request: Vec<u8>,
    pub(crate) rows: u64,
}

/// Asks for pages in a random order.
pub(crate) struct Reader {
    pages: Rc<Vec<Page>>,
    dice: SmallRng,
    asked: usize,
    until_count: u32,
}

impl Reader {
    /// So many of them.
    pub(crate) fn several(count: u32, pages: &Rc<Vec<Page>>) -> Vec<Self> {
        let reader = |seed: u32| Self {
            pages: Rc::clone(pages),
            dice: SmallRng::seed_from_u64(seed.into()),
            asked: 0,
            until_count: 0,
        };
        (0..count).map(reader).collect()
    }
}

impl Caller for Reader {
    fn ask(&mut self, request: &mut Vec<u8>) {
        self.asked = self.dice.random_range(0..self.pages.len());
        request.clear();
        request.extend_from_slice(&self.pages[self.asked].request);
    }

    fn check(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        if answer.status != 200 {
            return Err(load::wrong(answer));
        }
        if self.until_count > 0 {
            self.until_count -= 1;
            return Ok(());
        }
        self.until_count = COUNT_EVERY;
        let (found, wanted) = (rows(answer.body), self.pages[self.asked].rows);
        if found == Some(wanted) {
            return Ok(());
        }
        let request = String::from_utf8_lossy(&self.pages[self.asked].request);
        Err(format!(
            "a page has {found:?} rows instead of {wanted}: {}",
            request.lines().next().unwrap_or_default()
        ))
    }
}

/// How many rows a page has.
pub(crate) fn rows(body: &[u8]) -> Option<u64> {
    let page: Value = serde_json::from_slice(body).ok()?;
    page.get("data")?.as_array()?.len().try_into().ok()
}

/// 50 and 200 rows.
pub(crate) async fn measure(
    settings: &Settings,
    database: &Database,
    server: &Server,
    data_set: &DataSet,
    report: &mut Report,
) -> Outcome<()> {
    println!("pages");
    for take in [50, 200] {
        let first_page = |organization| Page {
            request: http::get(
                &format!("/api/conversions?take={take}"),
                Some(&key(organization)),
            ),
            rows: data_set.page(organization, take),
        };
        let pages = Rc::new((1..=ORGANIZATIONS).map(first_page).collect());
        let script = Script::page(database, take);
        load::run(server, Reader::several(CONNECTIONS, &pages), WARM_UP).await?;
        script.run(CONNECTIONS, WARM_UP).await?;
        let mut rounds = Rounds::default();
        for _ in 0..settings.rounds {
            let load =
                load::run(server, Reader::several(CONNECTIONS, &pages), settings.round).await?;
            rounds.add(&load, &script.run(CONNECTIONS, settings.round).await?);
        }
        let what = format!("`GET /api/conversions?take={take}`, {CONNECTIONS} connections");
        report.speed(
            &what,
            &format!("index scan of {take} rows"),
            rounds,
            (0.5, 0.7),
        );
    }
    report.note(
        "Pages are of organizations drawn at random, on both sides; pgbench reads the same columns through the same \
         index with `-M prepared -c 16 -j 2` and joins nothing, while the server also shows the names of affiliate \
         and campaign."
            .to_owned(),
    );
    Ok(())
}
