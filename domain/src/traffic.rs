//! Traffic sources: where a visit came from, as reports name it.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::site::{Site, open_address};

/// The longest name, in bytes: of a host name of the longest kind.
const MAX_NAME: usize = 253;
/// The longest tag that is read, in characters.
const MAX_TAG: usize = 64;
/// The parameter of a page's address by which marketers name the source themselves.
const TAG: &str = "utm_source";

/// A name such as `newsletter` or `blog.example`, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TrafficSource(String);

impl TrafficSource {
    /// Of a visit: what the page's address calls it (`utm_source`), else the host that led there, else
    /// [`TrafficSource::direct`].
    pub fn of(page: Option<&str>, referrer: Option<&str>) -> Self {
        page.and_then(tagged)
            .or_else(|| referrer.and_then(host))
            .unwrap_or_else(Self::direct)
    }

    /// Nothing tells where the visitor came from.
    pub fn direct() -> Self {
        Self("direct".to_owned())
    }

    /// Of a day on which there are too many others: names come from outside, and what is kept is bounded.
    pub fn other() -> Self {
        Self("other".to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<TrafficSource> for String {
    fn from(source: TrafficSource) -> Self {
        source.0
    }
}

fn tagged(page: &str) -> Option<TrafficSource> {
    let page = open_address(page)?;
    let (_, tag) = page.query_pairs().find(|(name, _)| name == TAG)?;
    let letters = tag
        .trim()
        .chars()
        .take(MAX_TAG)
        .flat_map(char::to_lowercase);
    let plain = |letter: char| match letter {
        letter if letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_') => letter,
        _ => '-',
    };
    let name: String = letters.map(plain).collect();
    let name = name.trim_matches('-');
    (!name.is_empty() && name.len() <= MAX_NAME).then(|| TrafficSource(name.to_owned()))
}

fn host(referrer: &str) -> Option<TrafficSource> {
    let page: Url = open_address(referrer)?;
    let site = Site::of(&page)?.listed().to_string();
    (site.len() <= MAX_NAME).then_some(TrafficSource(site))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(page: &'static str, referrer: &'static str) -> String {
        let given = |text: &'static str| Some(text).filter(|text| !text.is_empty());
        TrafficSource::of(given(page), given(referrer)).into()
    }

    #[test]
    fn a_tag_beats_the_host_and_a_host_beats_nothing() {
        for (page, referrer, name) in [
            ("", "", "direct"),
            ("https://shop.example/", "", "direct"),
            (
                "https://shop.example/",
                "https://www.blog.example/post",
                "blog.example",
            ),
            (
                "https://shop.example/",
                "https://news.blog.example/",
                "news.blog.example",
            ),
            (
                "https://shop.example/?utm_source=News%20Letter",
                "https://blog.example/",
                "news-letter",
            ),
            (
                "https://shop.example/?utm_source=",
                "https://blog.example/",
                "blog.example",
            ),
            ("https://shop.example/?utm_source=%3C%3E", "", "direct"),
            ("https://shop.example/?utm_source=a&utm_source=b", "", "a"),
            ("not an address", "android-app://com.example", "direct"),
        ] {
            assert_eq!(of(page, referrer), name, "{page} {referrer}");
        }
    }

    proptest! {
        #[test]
        fn any_names_are_short_and_plain(tag in any::<String>(), host in "[a-z0-9.-]{0,300}") {
            let mut page = Url::parse("https://shop.example/").expect("an address");
            page.query_pairs_mut().append_pair(TAG, &tag);
            let referrer = format!("https://{host}/");
            let name = TrafficSource::of(Some(page.as_str()), Some(&referrer));
            prop_assert!(!name.as_str().is_empty() && name.as_str().len() <= MAX_NAME);
            prop_assert!(!name.as_str().contains(|letter: char| letter.is_whitespace() || letter.is_control()));
        }
    }
}
