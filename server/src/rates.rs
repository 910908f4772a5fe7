//! Published exchange rates: read from an address or a file, in the European Central Bank's XML or as
//! CSV with the columns `date,base,quote,rate`. What was read last stays good when a reading fails.

use std::{io, path::PathBuf, time::Duration};

use chrono::NaiveDate;
use domain::{
    exchange::{NotARate, Quote, parse_day},
    money::Currency,
};
use quick_xml::{Reader, events::Event};
use serde::Deserialize;
use store::{
    Store,
    exchange::{DayRate, MAX_RATES},
};
use thiserror::Error;
use url::Url;

use crate::{job::ticks, outgoing};

/// The reference rates of the European Central Bank, new on every working day.
pub(crate) const ECB: &str = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml";
/// How often they are read: they come once a day, and a failed reading is made up for the same day.
const EVERY: Duration = Duration::from_hours(4);
/// The most that a source may hold, in bytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Where rates come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Address(Url),
    File(PathBuf),
}

/// Why rates could not be read.
#[derive(Debug, Error)]
pub(crate) enum RatesError {
    #[error("the source can't be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("the file can't be read: {0}")]
    File(#[from] io::Error),
    #[error("the source holds more than 4 MiB")]
    TooLarge,
    #[error("the XML can't be read: {0}")]
    Xml(#[from] quick_xml::Error),
    #[error("the CSV can't be read: {0}")]
    Csv(#[from] csv::Error),
    #[error("line {0}: {1}")]
    Line(u64, String),
    #[error("the source holds no rates")]
    Empty,
}

impl Source {
    /// An address with a scheme, else a path.
    pub(crate) fn parse(text: &str) -> Self {
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Self::Address(url),
            _ => Self::File(PathBuf::from(text)),
        }
    }

    async fn read(&self) -> Result<Vec<DayRate>, RatesError> {
        let bytes = match self {
            Self::File(path) => tokio::fs::read(path).await?,
            Self::Address(url) => {
                let answer = outgoing::client().get(url.clone()).send().await?;
                answer.error_for_status()?.bytes().await?.to_vec()
            }
        };
        if bytes.len() > MAX_BYTES {
            return Err(RatesError::TooLarge);
        }
        parse(&String::from_utf8_lossy(&bytes))
    }
}

/// Reads either format.
pub(crate) fn parse(text: &str) -> Result<Vec<DayRate>, RatesError> {
    let rates = if text
        .trim_start_matches(['\u{feff}', ' ', '\r', '\n'])
        .starts_with('<')
    {
        of_xml(text)?
    } else {
        of_csv(text)?
    };
    if rates.is_empty() {
        return Err(RatesError::Empty);
    }
    Ok(rates)
}

/// `<Cube time="2026-11-20"><Cube currency="USD" rate="1.0832"/>...`: units of each for one euro. A
/// currency that is not ISO's any more is left out.
fn of_xml(text: &str) -> Result<Vec<DayRate>, RatesError> {
    let Ok(euro) = Currency::parse("EUR") else {
        return Ok(Vec::new());
    };
    let mut reader = Reader::from_str(text);
    let mut day: Option<NaiveDate> = None;
    let mut rates = Vec::new();
    loop {
        let element = match reader.read_event()? {
            Event::Start(element) | Event::Empty(element) => element,
            Event::Eof => return Ok(rates),
            _ => continue,
        };
        let attribute = |name: &str| -> Option<String> {
            let found = element.try_get_attribute(name).ok()??;
            Some(found.value.into_owned())
        };
        if let Some(time) = attribute("time") {
            day = parse_day(&time);
        }
        let quote = attribute("currency").and_then(|code| Currency::parse(&code).ok());
        let rate = attribute("rate").and_then(|rate| Quote::parse(&rate).ok());
        if let (Some(day), Some(quote), Some(rate)) = (day, quote, rate)
            && rates.len() < MAX_RATES
        {
            rates.push(DayRate {
                day,
                base: euro,
                quote,
                rate,
            });
        }
    }
}

#[derive(Deserialize)]
struct Line {
    date: String,
    base: String,
    quote: String,
    rate: String,
}

/// Lines with the columns `date,base,quote,rate`.
pub(crate) fn of_csv(text: &str) -> Result<Vec<DayRate>, RatesError> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut rates = Vec::new();
    for (number, line) in (2..).zip(reader.deserialize::<Line>()) {
        let line = line?;
        let wrong = |why: String| RatesError::Line(number, why);
        let currency =
            |code: &str| Currency::parse(code).map_err(|error| wrong(format!("{code}: {error}")));
        if rates.len() == MAX_RATES {
            return Err(wrong(format!("at most {MAX_RATES} rates are read at once")));
        }
        let no_day = || wrong(format!("{}: a day such as 2026-11-20 is needed", line.date));
        rates.push(DayRate {
            day: parse_day(&line.date).ok_or_else(no_day)?,
            base: currency(&line.base)?,
            quote: currency(&line.quote)?,
            rate: Quote::parse(&line.rate).map_err(|error: NotARate| wrong(error.to_string()))?,
        });
    }
    if rates.is_empty() {
        return Err(RatesError::Empty);
    }
    Ok(rates)
}

/// Reads the source again and again; ends with the process.
pub(crate) async fn keep_published(store: Store, source: Source) {
    let mut tick = ticks(EVERY);
    loop {
        tick.tick().await;
        match publish(&store, &source).await {
            Ok(count) => tracing::info!(count, "exchange rates were read"),
            Err(error) => tracing::warn!(
                %error,
                "exchange rates could not be read from TRIBUTARY_FX_URL; the last ones stay, sales without a rate wait"
            ),
        }
    }
}

async fn publish(store: &Store, source: &Source) -> Result<usize, Box<dyn std::error::Error>> {
    let rates = source.read().await?;
    store.publish_rates(&rates).await?;
    Ok(rates.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAILY: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
  <gesmes:subject>Reference rates</gesmes:subject>
  <Cube><Cube time='2026-11-19'>
    <Cube currency='USD' rate='1.0832'/><Cube currency='JPY' rate='163.45'/><Cube currency='ZZZ' rate='1'/>
  </Cube></Cube>
</gesmes:Envelope>"#;

    fn shown(rates: &[DayRate]) -> Vec<String> {
        let show = |one: &DayRate| {
            let (digits, places) = (one.rate.digits, one.rate.places);
            format!("{} {} {} {digits} {places}", one.day, one.base, one.quote)
        };
        rates.iter().map(show).collect()
    }

    #[test]
    fn the_banks_daily_file_is_read() {
        let rates = parse(DAILY).expect("rates");
        let expected = ["2026-11-19 EUR USD 10832 4", "2026-11-19 EUR JPY 16345 2"];
        assert_eq!(shown(&rates), expected);
    }

    #[test]
    fn lines_of_csv_are_read_or_named() {
        let rates = parse("date,base,quote,rate\n2026-11-19, usd ,EUR,0.92\n").expect("rates");
        assert_eq!(shown(&rates), ["2026-11-19 USD EUR 92 2"]);
        for (text, names) in [
            ("date,base,quote,rate\n2026-11-19,USD,EUR,0\n", "line 2"),
            (
                "date,base,quote,rate\n2026-11-19,USD,EUR,1\n2026-11-19,XXX,EUR,1\n",
                "line 3: XXX",
            ),
            (
                "date,base,quote,rate\n19.11.2026,USD,EUR,1\n",
                "line 2: 19.11.2026",
            ),
            ("date,base,quote\n2026-11-19,USD,EUR\n", "rate"),
            ("", "no rates"),
            ("<html><body>not here</body></html>", "no rates"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(names), "{text}: {error}");
        }
    }

    #[test]
    fn an_address_or_a_path_is_a_source() {
        assert!(matches!(Source::parse(ECB), Source::Address(_)));
        assert!(matches!(Source::parse("/srv/rates.csv"), Source::File(_)));
    }
}
