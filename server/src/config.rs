//! What the environment says: every variable that Tributary reads, checked before anything starts.
//!
//! | Variable | Meaning |
//! | --- | --- |
//! | `DATABASE_URL` | use this Postgres; unset: a private one under the data directory |
//! | `TRIBUTARY_DATA_DIR` | the data directory: the private Postgres and the secret key |
//! | `TRIBUTARY_ADDR` | listen address, default `127.0.0.1:3000` |
//! | `TRIBUTARY_PUBLIC_URL` | how the outside reaches this server; default from the address |
//! | `TRIBUTARY_OWNER_EMAIL`, `TRIBUTARY_OWNER_PASSWORD`, `TRIBUTARY_ORGANIZATION` | on an empty database: creates the organization and its owner |
//! | `TRIBUTARY_API_KEY` | with the above: stores this value as a key with every scope |
//! | `TRIBUTARY_RATE_LIMIT_PER_MINUTE` | calls per key and minute, default 600; 0: no limits on the API |
//! | `TRIBUTARY_TRUSTED_PROXIES` | reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` count: a comma list of addresses and networks, or `none`; default this machine |
//! | `TRIBUTARY_FX_URL` | where daily exchange rates come from: an address or a file; default the European Central Bank's |
//! | `TRIBUTARY_STRIPE_API` | where Stripe's API is; default `https://api.stripe.com`. Asked for connections with an API key only |
//! | `TRIBUTARY_BRAINTREE_API` | where Braintree's API is; default production's or the sandbox's address, by the connection's mode |
//! | `TRIBUTARY_RECONCILE_SECONDS` | how long after reading a connection's events at its processor they are read again, default 900 for Stripe, 3600 for Braintree |
//! | `TRIBUTARY_CLICK_MONTHS` | how many months clicks are kept beside the current one, 13 to 1200, default 25; 0: for ever |
//! | `TRIBUTARY_SECRET_KEY` | 32 bytes base64 that encrypt stored secrets; unset: made once in the data directory |
//! | `TRIBUTARY_SITE_DIR` | where the dashboard's built files are; default `site` beside the program's folder |
//! | `RUST_LOG`, `TRIBUTARY_LOG_FORMAT=json` | logging |

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use domain::{email::Email, text::Name};
use store::{Vault, organization::NewOrganization};
use url::Url;

use crate::{
    embedded,
    proxy::Proxies,
    rates::{self, ECB},
    stripe_api::STRIPE,
};

const DEFAULT_ADDRESS: &str = "127.0.0.1:3000";
const DEFAULT_RATE_LIMIT: u32 = 600;
const DEFAULT_CLICK_MONTHS: u32 = 25;

/// A checked configuration.
pub struct Config {
    pub(crate) database_url: Option<String>,
    pub(crate) data_dir: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) public_url: String,
    pub(crate) owner: Option<NewOrganization>,
    pub(crate) rate_limit_per_minute: u32,
    pub(crate) trusted_proxies: Proxies,
    pub(crate) rates: rates::Source,
    pub(crate) stripe_api: String,
    /// Instead of Braintree's own addresses.
    pub(crate) braintree_api: Option<String>,
    /// Instead of each processor's own pace.
    pub(crate) reconcile_every: Option<Duration>,
    /// How many months clicks are kept beside the current one; `None`: for ever.
    pub(crate) click_months: Option<u32>,
    pub(crate) secret_key: Option<String>,
    pub(crate) site_dir: PathBuf,
}

/// Collects every mistake, so that all can be mended at once.
struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    mistakes: Vec<String>,
}

impl Reader<'_> {
    /// An empty value counts as unset.
    fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    fn parsed<T, E: ToString>(
        &mut self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.text(name)?;
        match read(&value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistakes.push(format!("{name}: {}", error.to_string()));
                None
            }
        }
    }
}

impl Config {
    /// Reads the environment; the error lists every mistake.
    pub fn load(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        let mut read = Reader {
            lookup,
            mistakes: Vec::new(),
        };
        let needs_address = |text: &str| {
            text.parse::<SocketAddr>().map_err(|_| {
                format!("\"{text}\" is not an address with a port, such as {DEFAULT_ADDRESS}")
            })
        };
        let address = read.parsed("TRIBUTARY_ADDR", needs_address);
        let address = address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 3000)));
        let public_url = read.parsed("TRIBUTARY_PUBLIC_URL", web_address);
        let needs_number = |_| "a whole number of calls per minute is needed; 0 lifts the limits";
        let rate_limit = read.parsed("TRIBUTARY_RATE_LIMIT_PER_MINUTE", |text| {
            text.parse().map_err(needs_number)
        });
        let trusted_proxies = read.parsed("TRIBUTARY_TRUSTED_PROXIES", Proxies::parse);
        let stripe_api = read.parsed("TRIBUTARY_STRIPE_API", web_address);
        let braintree_api = read.parsed("TRIBUTARY_BRAINTREE_API", web_address);
        let reconcile_every = read.parsed("TRIBUTARY_RECONCILE_SECONDS", seconds);
        let click_months = read.parsed("TRIBUTARY_CLICK_MONTHS", months);
        let secret_key = read.parsed("TRIBUTARY_SECRET_KEY", |text| {
            Vault::from_base64(text).map(|_| text.to_owned())
        });
        let database_url = read.parsed("DATABASE_URL", postgres_address);
        let owner = owner(&mut read);
        let data_dir = read.text("TRIBUTARY_DATA_DIR").map(PathBuf::from);
        let config = Self {
            database_url,
            data_dir: data_dir
                .unwrap_or_else(|| embedded::default_data_dir(|name| lookup(name).map(Into::into))),
            address,
            public_url: public_url.unwrap_or_else(|| format!("http://{address}")),
            owner,
            rate_limit_per_minute: rate_limit.unwrap_or(DEFAULT_RATE_LIMIT),
            trusted_proxies: trusted_proxies.unwrap_or_default(),
            rates: rates::Source::parse(&read.text("TRIBUTARY_FX_URL").unwrap_or(ECB.to_owned())),
            stripe_api: stripe_api.unwrap_or_else(|| STRIPE.to_owned()),
            braintree_api,
            reconcile_every,
            click_months: click_months.unwrap_or(Some(DEFAULT_CLICK_MONTHS)),
            secret_key,
            site_dir: read
                .text("TRIBUTARY_SITE_DIR")
                .map_or_else(default_site_dir, PathBuf::from),
        };
        if read.mistakes.is_empty() {
            Ok(config)
        } else {
            Err(read.mistakes)
        }
    }
}

/// The builds put `site` beside the folder of the program: `target/release/tributary`, `target/site`.
fn default_site_dir() -> PathBuf {
    let program = std::env::current_exe().ok();
    let beside = program
        .as_deref()
        .and_then(|path| Some(path.parent()?.parent()?.join("site")));
    beside
        .filter(|site| site.is_dir())
        .unwrap_or_else(|| PathBuf::from("target/site"))
}

fn web_address(text: &str) -> Result<String, String> {
    let needed =
        || format!("\"{text}\" is not a web address such as https://tributary.example.com");
    let url = Url::parse(text).map_err(|_| needed())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(needed());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// From a second to a day.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text
        .parse()
        .ok()
        .filter(|count| (1..=86_400).contains(count));
    let seconds = seconds.ok_or("a whole number of seconds from 1 to 86400 is needed")?;
    Ok(Duration::from_secs(seconds))
}

/// Longer than any click counts, so that no sale loses its affiliate; 0 is for ever.
fn months(text: &str) -> Result<Option<u32>, String> {
    match text.parse() {
        Ok(0) => Ok(None),
        Ok(months @ 13..=1200) => Ok(Some(months)),
        _ => Err(
            "a whole number of months from 13 to 1200 is needed; 0 keeps clicks for ever"
                .to_owned(),
        ),
    }
}

fn postgres_address(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok();
    match url {
        Some(url) if matches!(url.scheme(), "postgres" | "postgresql") => Ok(text.to_owned()),
        _ => Err(
            "an address such as postgres://user:password@host:5432/database is needed".to_owned(),
        ),
    }
}

/// The first owner: all of the three variables or none of them.
fn owner(read: &mut Reader<'_>) -> Option<NewOrganization> {
    const NEEDED: [&str; 3] = [
        "TRIBUTARY_OWNER_EMAIL",
        "TRIBUTARY_OWNER_PASSWORD",
        "TRIBUTARY_ORGANIZATION",
    ];
    let given: Vec<&str> = NEEDED
        .into_iter()
        .filter(|name| read.text(name).is_some())
        .collect();
    let api_key = read.text("TRIBUTARY_API_KEY");
    if given.is_empty() && api_key.is_none() {
        return None;
    }
    for name in NEEDED.into_iter().filter(|name| !given.contains(name)) {
        let why = if given.is_empty() {
            "TRIBUTARY_API_KEY is set"
        } else {
            "another TRIBUTARY_OWNER variable is set"
        };
        read.mistakes
            .push(format!("{name}: is needed because {why}"));
    }
    let owner_email = read.parsed("TRIBUTARY_OWNER_EMAIL", Email::parse);
    let name = read.parsed("TRIBUTARY_ORGANIZATION", Name::parse);
    let owner_password = (read.lookup)("TRIBUTARY_OWNER_PASSWORD").unwrap_or_default();
    if !owner_password.is_empty() && !store::organization::is_password(&owner_password) {
        read.mistakes.push(format!(
            "TRIBUTARY_OWNER_PASSWORD: {}",
            store::organization::OrganizationError::BadPassword
        ));
    }
    if let Some(Err(error)) = api_key.as_deref().map(store::api_key::check) {
        read.mistakes.push(format!("TRIBUTARY_API_KEY: {error}"));
    }
    Some(NewOrganization {
        name: name?,
        owner_email: owner_email?,
        owner_password,
        api_key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let pairs: Vec<(String, String)> = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        Config::load(&move |name| {
            pairs
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        })
    }

    #[test]
    fn nothing_set_is_a_working_configuration() {
        let config = load(&[])
            .map_err(|mistakes| mistakes.join("\n"))
            .expect("loads");
        assert_eq!(config.public_url, "http://127.0.0.1:3000");
        assert_eq!(config.rate_limit_per_minute, 600);
        assert_eq!(config.stripe_api, "https://api.stripe.com");
        assert!(config.braintree_api.is_none() && config.reconcile_every.is_none());
        assert_eq!(config.click_months, Some(25));
        assert!(config.owner.is_none() && config.database_url.is_none());
    }

    #[test]
    fn all_mistakes_are_told_together() {
        let mistakes = load(&[
            ("TRIBUTARY_ADDR", "localhost"),
            ("TRIBUTARY_PUBLIC_URL", "ftp://x"),
            ("TRIBUTARY_RATE_LIMIT_PER_MINUTE", "-1"),
            ("TRIBUTARY_TRUSTED_PROXIES", "proxy.example"),
            ("TRIBUTARY_STRIPE_API", "stripe"),
            ("TRIBUTARY_BRAINTREE_API", "braintree"),
            ("TRIBUTARY_RECONCILE_SECONDS", "0"),
            ("TRIBUTARY_CLICK_MONTHS", "12"),
            ("TRIBUTARY_SECRET_KEY", "short"),
            ("DATABASE_URL", "mysql://x"),
            ("TRIBUTARY_OWNER_EMAIL", "nobody"),
            ("TRIBUTARY_OWNER_PASSWORD", "short"),
            ("TRIBUTARY_API_KEY", "ak_live_short"),
        ]);
        let mistakes = mistakes.err().expect("refused");
        for name in [
            "ADDR",
            "PUBLIC_URL",
            "RATE_LIMIT",
            "TRUSTED_PROXIES",
            "STRIPE_API",
            "BRAINTREE_API",
            "RECONCILE_SECONDS",
            "CLICK_MONTHS",
            "SECRET_KEY",
            "DATABASE_URL",
            "EMAIL",
            "PASSWORD",
            "ORGANIZATION",
            "API_KEY",
        ] {
            assert!(
                mistakes.iter().any(|mistake| mistake.contains(name)),
                "{name} in {mistakes:#?}"
            );
        }
    }
}
