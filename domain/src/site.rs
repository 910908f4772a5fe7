//! Web sites of campaigns: which hosts are a merchant's, and where a link may lead on them.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::{Url, form_urlencoded};

use crate::id::ClickId;

/// The longest web address that is read, in bytes.
pub const MAX_ADDRESS: usize = 8192;

/// The longest web address that is kept beside a click, in bytes.
pub const MAX_KEPT_ADDRESS: usize = 2048;

/// The longest text of a site, in bytes: a host name of the longest kind, and a port.
const MAX_SITE: usize = 253 + 6;

/// A host with its port, where that is not the usual one: `shop.example`, `localhost:5173`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Site {
    host: String,
    port: Option<u16>,
}

/// Not a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a host such as shop.example is needed")]
pub struct NotASite;

impl Site {
    /// Reads a host, or a whole web address, of which only the host and port count.
    pub fn parse(text: &str) -> Result<Self, NotASite> {
        let text = text.trim();
        if text.contains("://") {
            return open_address(text)
                .and_then(|url| Self::of(&url))
                .ok_or(NotASite);
        }
        let bare = |letter: char| {
            letter.is_alphanumeric() || matches!(letter, '.' | '-' | ':' | '[' | ']')
        };
        if text.is_empty() || text.len() > MAX_SITE || !text.chars().all(bare) {
            return Err(NotASite);
        }
        let url = Url::parse(&format!("https://{text}")).map_err(|_| NotASite)?;
        Self::of(&url).ok_or(NotASite)
    }

    /// The site that a page is on.
    pub fn of(page: &Url) -> Option<Self> {
        let host = page.host_str()?;
        let host = host.strip_suffix('.').unwrap_or(host);
        let is_name = !host.is_empty() && !host.ends_with('.') && host.len() <= MAX_SITE;
        is_name.then(|| Self {
            host: host.to_owned(),
            port: page.port(),
        })
    }

    /// The site as a campaign lists it: without a leading `www.`, which is one of its subdomains.
    #[must_use]
    pub fn listed(self) -> Self {
        match self.host.strip_prefix("www.") {
            Some(rest) if rest.contains('.') => Self {
                host: rest.to_owned(),
                ..self
            },
            _ => self,
        }
    }

    /// Is it `listed`, or a subdomain of it?
    pub fn is_within(&self, listed: &Self) -> bool {
        let parent = self.host.strip_suffix(&listed.host);
        self.port == listed.port
            && parent.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// Its host, in lower case, where that is a name; `None`: it is an IP address.
    pub fn name(&self) -> Option<&str> {
        let host = url::Host::parse(&self.host);
        let is_name = host.is_ok_and(|host| matches!(host, url::Host::Domain(_)));
        is_name.then_some(&*self.host)
    }

    /// Itself and every site that it is a subdomain of, itself first.
    pub fn and_parents(&self) -> Vec<Self> {
        let is_name = self.name().is_some();
        let mut all = vec![self.clone()];
        let mut rest = self.host.as_str();
        while is_name && let Some((_, parent)) = rest.split_once('.') {
            all.push(Self {
                host: parent.to_owned(),
                port: self.port,
            });
            rest = parent;
        }
        all
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

impl TryFrom<String> for Site {
    type Error = NotASite;
    fn try_from(text: String) -> Result<Self, NotASite> {
        Self::parse(&text)
    }
}

impl From<Site> for String {
    fn from(site: Site) -> Self {
        site.to_string()
    }
}

/// A page that anybody can open: by HTTP or HTTPS, with no name or password in its address.
pub fn open_address(text: &str) -> Option<Url> {
    let url = Url::parse(text)
        .ok()
        .filter(|_| text.len() <= MAX_ADDRESS)?;
    let is_open = url.username().is_empty() && url.password().is_none();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && is_open).then_some(url)
}

/// A page as it is kept beside a click: without its fragment, and without its query where it is too long.
pub fn kept_page(page: &Url) -> String {
    let mut page = page.clone();
    page.set_fragment(None);
    if page.as_str().len() > MAX_KEPT_ADDRESS {
        page.set_query(None);
    }
    cut(page.into())
}

/// Where a visitor came from, as it is kept: without query and fragment, which may tell of the visitor.
/// `None`: it is no page.
pub fn kept_referrer(text: &str) -> Option<String> {
    let mut page = open_address(text)?;
    page.set_fragment(None);
    page.set_query(None);
    Some(cut(page.into()))
}

/// Addresses that were parsed are ASCII, so every place is one between two letters.
fn cut(mut address: String) -> String {
    address.truncate(MAX_KEPT_ADDRESS);
    address
}

/// The page that a link leads to: `wanted`, a path or a whole address, where that is on one of `sites`; else
/// `landing`.
pub fn destination(landing: &Url, wanted: Option<&str>, sites: &[Site]) -> Url {
    let on_site = |url: &Url| {
        let site = Site::of(url);
        site.is_some_and(|site| sites.iter().any(|listed| site.is_within(listed)))
    };
    wanted
        .filter(|text| text.starts_with('/') || text.contains("://"))
        .filter(|text| text.len() <= MAX_ADDRESS)
        .and_then(|text| landing.join(text).ok())
        .and_then(|url| open_address(url.as_str()))
        .filter(on_site)
        .unwrap_or_else(|| landing.clone())
}

/// The parameter by which a site learns whose link it was.
const VIA: &str = "via";

/// The parameter by which a site learns which click has led to it.
const CLICK: &str = "tributary_click";

/// What the names of the parameters begin with that say which advertisement a visitor came by.
const UTM: &str = "utm_";

/// The page with `via=code`, in the place of any other `via`. The rest of the query stays as it was written.
#[must_use]
pub fn with_code(page: Url, code: &str) -> Url {
    with_pairs(page, &[(VIA, code)])
}

/// The page with the token of the click that leads to it.
#[must_use]
pub fn with_click(page: Url, token: ClickId) -> Url {
    with_pairs(page, &[(CLICK, &token.to_string())])
}

/// The page with the `utm_` parameters of a link's query, each in the place of one of its name, and with none of the
/// link's others. As it was where its address would become too long.
#[must_use]
pub fn with_utm(page: Url, query: &str) -> Url {
    let pairs: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name.starts_with(UTM))
        .collect();
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let with = with_pairs(page.clone(), &pairs);
    if with.as_str().len() > MAX_ADDRESS {
        page
    } else {
        with
    }
}

/// The page with these parameters, in the place of any others of their names.
fn with_pairs(mut page: Url, own: &[(&str, &str)]) -> Url {
    if own.is_empty() {
        return page;
    }
    let is_other = |pair: &&str| {
        let mut names = form_urlencoded::parse(pair.as_bytes()).map(|(name, _)| name);
        !pair.is_empty() && !names.any(|name| own.iter().any(|(own, _)| *own == name))
    };
    let query = page.query().unwrap_or_default().to_owned();
    let others = query.split('&').filter(is_other);
    let own = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(own)
        .finish();
    let pairs: Vec<&str> = others.chain([own.as_str()]).collect();
    page.set_query(Some(&pairs.join("&")));
    page
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn site(text: &str) -> Site {
        Site::parse(text).expect("a site")
    }

    #[test]
    fn sites_are_hosts_with_unusual_ports() {
        for (text, read) in [
            ("Shop.Example", "shop.example"),
            (" https://www.shop.example/a?b ", "www.shop.example"),
            ("shop.example:443", "shop.example"),
            ("shop.example.", "shop.example"),
            ("http://localhost:5173/x", "localhost:5173"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("127.0.0.1:80", "127.0.0.1:80"),
        ] {
            assert_eq!(site(text).to_string(), read, "{text}");
        }
        for text in [
            "",
            ".",
            "..",
            "shop.example..",
            "a b",
            "shop.example/path",
            "u@shop.example",
            "javascript://x",
            "ftp://a.b",
            "https://",
            "https://u:p@a.b",
            "a\nb.c",
            &"x".repeat(300),
        ] {
            assert_eq!(Site::parse(text), Err(NotASite), "{text:?}");
        }
        assert_eq!(site("www.shop.example").listed(), site("shop.example"));
        assert_eq!(site("www.com").listed(), site("www.com"));
    }

    #[test]
    fn a_subdomain_is_within_and_nothing_that_only_looks_like_it() {
        let listed = site("shop.example");
        for text in [
            "shop.example",
            "SHOP.example",
            "www.shop.example",
            "a.b.shop.example",
        ] {
            assert!(site(text).is_within(&listed), "{text}");
        }
        for text in [
            "evilshop.example",
            "example",
            "shop.example.evil.example",
            "shop.example:8443",
            "shop.exampl",
        ] {
            assert!(!site(text).is_within(&listed), "{text}");
        }
        let all: Vec<String> = site("a.shop.example:81")
            .and_parents()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(all, ["a.shop.example:81", "shop.example:81", "example:81"]);
        assert_eq!(site("127.0.0.1").and_parents().len(), 1);
    }

    #[test]
    fn links_lead_to_the_campaigns_sites_and_nowhere_else() {
        let landing = Url::parse("https://shop.example/start?x=1").expect("a page");
        let sites = [site("shop.example"), site("pay.other.example")];
        let leads = |wanted: &str| destination(&landing, Some(wanted), &sites).to_string();
        for (wanted, target) in [
            ("/pricing?a=b#c", "https://shop.example/pricing?a=b#c"),
            ("/", "https://shop.example/"),
            ("/../../etc", "https://shop.example/etc"),
            ("https://www.shop.example/a", "https://www.shop.example/a"),
            ("http://pay.other.example/", "http://pay.other.example/"),
            ("HTTPS://SHOP.EXAMPLE/A", "https://shop.example/A"),
            (
                "/go?u=https://evil.example",
                "https://shop.example/go?u=https://evil.example",
            ),
        ] {
            assert_eq!(leads(wanted), target, "{wanted}");
        }
        for wanted in [
            "",
            "pricing",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "https:evil.example",
            "https:/\\evil.example",
            "https://evil.example",
            "https://shop.example.evil.example",
            "https://evil.example/shop.example",
            "https://shop.example@evil.example",
            "https://evil@shop.example/",
            "https://evilshop.example",
            "https://shop.example:8443/",
            "javascript:alert(1)",
            "javascript://shop.example/%0aalert(1)",
            "data:text/html,x",
            "ftp://shop.example/",
            "https://",
            "https://evil.example\\@shop.example",
            "//u:p@shop.example",
            " https://evil.example",
        ] {
            assert_eq!(leads(wanted), landing.as_str(), "{wanted:?}");
        }
        assert_eq!(destination(&landing, None, &sites), landing);
        assert_eq!(
            leads(&format!("/{}", "x".repeat(MAX_ADDRESS))),
            landing.as_str()
        );
    }

    #[test]
    fn the_code_replaces_another_and_leaves_the_rest() {
        for (page, with) in [
            ("https://s.example/", "https://s.example/?via=sarah"),
            (
                "https://s.example/a?b=%20c&via=mia&d#e",
                "https://s.example/a?b=%20c&d&via=sarah#e",
            ),
            (
                "https://s.example/?v%69a=mia&viaduct=1",
                "https://s.example/?viaduct=1&via=sarah",
            ),
        ] {
            let page = Url::parse(page).expect("a page");
            assert_eq!(with_code(page, "sarah").as_str(), with);
        }
    }

    #[test]
    fn what_a_link_says_of_its_advertisement_arrives_and_nothing_else() {
        for (query, with) in [
            (
                "utm_source=news&to=/a&c=b&ref=mia",
                "https://s.example/?x=1&utm_medium=m&utm_source=news#e",
            ),
            (
                "utm_medium=a%26b+c&utm_medium=e-mail",
                "https://s.example/?x=1&utm_medium=e-mail#e",
            ),
            (
                "utm_content=%ff\"<>",
                "https://s.example/?x=1&utm_medium=m&utm_content=%EF%BF%BD%22%3C%3E#e",
            ),
            (
                "UTM_source=a&autm_x=1",
                "https://s.example/?x=1&utm_medium=m#e",
            ),
            (
                &format!("utm_source={}", "x".repeat(MAX_ADDRESS)),
                "https://s.example/?x=1&utm_medium=m#e",
            ),
            ("", "https://s.example/?x=1&utm_medium=m#e"),
        ] {
            let page = Url::parse("https://s.example/?x=1&utm_medium=m#e").expect("a page");
            assert_eq!(with_utm(page, query).as_str(), with, "{query:.40}");
        }
        let page = Url::parse("https://s.example/?tributary_click=x&via=mia#e").expect("a page");
        assert_eq!(
            with_click(page, ClickId(uuid::Uuid::nil())).as_str(),
            "https://s.example/?via=mia&tributary_click=00000000-0000-0000-0000-000000000000#e"
        );
    }

    #[test]
    fn what_is_kept_tells_nothing_of_the_visitor() {
        assert_eq!(
            kept_referrer("https://blog.example/a?email=ann#b").as_deref(),
            Some("https://blog.example/a")
        );
        for text in [
            "",
            "android-app://x",
            "about:blank",
            "javascript:1",
            "nonsense",
            &format!("https://b.example/{}", "x".repeat(MAX_ADDRESS)),
        ] {
            assert_eq!(kept_referrer(text), None, "{text:.40}");
        }
        let long = kept_referrer(&format!("https://b.example/{}", "é".repeat(1000)));
        assert_eq!(long.map(|text| text.len()), Some(MAX_KEPT_ADDRESS));
        let page = |text: &str| kept_page(&Url::parse(text).expect("a page"));
        assert_eq!(page("https://s.example/a?b=c#d"), "https://s.example/a?b=c");
        assert_eq!(
            page(&format!("https://s.example/a?{}", "b".repeat(3000))),
            "https://s.example/a"
        );
    }

    proptest! {
        #[test]
        fn no_text_leads_away(wanted in "[/\\\\:@.a-z\t ]{0,30}", more in ".{0,40}") {
            let landing = Url::parse("https://shop.example/").expect("a page");
            let sites = [site("shop.example")];
            for text in [format!("{wanted}{more}"), format!("/{wanted}evil.example"), format!("https:{wanted}evil.example/{more}")] {
                let target = with_code(destination(&landing, Some(&text), &sites), "sarah");
                // As a browser reads it: once more, from its text.
                let again = Url::parse(target.as_str()).expect("a page");
                let led = Site::of(&again).expect("a site");
                prop_assert!(led.is_within(&sites[0]), "{text:?} leads to {target}");
                prop_assert!(target.as_str().is_ascii());
            }
        }

        #[test]
        fn a_site_is_read_as_it_was_written(text in ".{0,60}") {
            if let Ok(site) = Site::parse(&text) {
                prop_assert_eq!(Site::parse(&site.to_string()), Ok(site));
            }
        }
    }
}
