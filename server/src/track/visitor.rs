//! Who comes: a person, as far as can be told, and which one.

use std::net::IpAddr;

use axum::http::{HeaderMap, header, request::Parts};
use domain::site;
use store::click::Visitor;

use crate::{caller, security, state::AppState};

/// The cookie that tells a visitor of affiliates' links again.
const COOKIE: &str = "tributary_visitor";
/// How long its value is: 16 random bytes in hexadecimal.
const COOKIE_LENGTH: usize = 32;
const DAY_SECONDS: u32 = 24 * 60 * 60;

/// Every browser's user agent begins with one of these; most programs' do not.
const BROWSERS: [&str; 2] = ["mozilla/", "opera/"];

/// What stands in the user agents of programs that call themselves browsers, in lower case. The first few find nearly
/// all of them: crawlers write where to read about them.
const BOTS: [&str; 20] = [
    "bot",
    "crawl",
    "spider",
    "http:",
    "https:",
    "preview",
    "slurp",
    "headless",
    "scanner",
    "monitor",
    "fetch",
    "archiver",
    "externalhit",
    "lighthouse",
    "page speed",
    "pagespeed",
    "pingdom",
    "phantomjs",
    "validator",
    "httrack",
];
/// Phones whose name has one of those words in it.
const PHONES: [&str; 1] = ["cubot"];

/// Headers by which browsers say that nobody looks at the page yet.
const AHEAD: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];

/// Is a person looking, rather than a program, or a browser that gets the page just in case?
pub(super) fn is_person(headers: &HeaderMap) -> bool {
    let ahead = AHEAD.iter().filter_map(|name| text(headers, name));
    let is_ahead = ahead.map(str::to_ascii_lowercase).any(|purpose| {
        ["prefetch", "prerender", "preview"]
            .iter()
            .any(|word| purpose.contains(word))
    });
    !is_ahead && text(headers, header::USER_AGENT.as_str()).is_some_and(is_browser)
}

fn is_browser(user_agent: &str) -> bool {
    let mut agent = user_agent.trim().to_ascii_lowercase();
    for phone in PHONES {
        agent = agent.replace(phone, "");
    }
    BROWSERS.iter().any(|begin| agent.starts_with(begin))
        && !BOTS.iter().any(|word| agent.contains(word))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Where a call comes from.
pub(super) fn address(parts: &Parts, state: &AppState) -> IpAddr {
    caller::address(parts, state)
}

/// What tells a visitor without our cookie: his address and user agent.
pub(super) fn network(parts: &Parts, state: &AppState) -> String {
    let agent = parts.headers.get(header::USER_AGENT);
    let agent = agent.map(|agent| String::from_utf8_lossy(agent.as_bytes()));
    format!("{} {}", address(parts, state), agent.unwrap_or_default())
}

/// What our cookie says, if it is one of ours.
pub(super) fn known(headers: &HeaderMap) -> Option<Visitor> {
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let values = pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE);
    let is_ours = |value: &&str| {
        value.len() == COOKIE_LENGTH && value.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    values
        .map(|(_, value)| value)
        .find(is_ours)
        .map(|value| Visitor::Known(value.to_owned()))
}

/// A cookie for somebody who has none.
pub(super) fn new(state: &AppState) -> Visitor {
    Visitor::New(state.store.random_hex::<16>())
}

/// The header that makes the visitor's browser keep the cookie for so many days.
pub(super) fn cookie(visitor: &Visitor, days: u16, parts: &Parts, state: &AppState) -> String {
    let (Visitor::Known(value) | Visitor::New(value)) = visitor;
    let seconds = u32::from(days) * DAY_SECONDS;
    let by_https = security::by_https(state, &parts.headers, &parts.extensions);
    let secure = if by_https { "; Secure" } else { "" };
    format!("{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

/// Where the visitor comes from, as the header says it.
pub(super) fn referrer(headers: &HeaderMap) -> Option<String> {
    text(headers, header::REFERER.as_str()).and_then(site::kept_referrer)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn people_use_browsers() {
        for agent in [
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 300.0 (iPhone15,2)",
            "Mozilla/5.0 (Linux; Android 9; CUBOT X18) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/87.0 Mobile Safari/537.36",
            "Opera/9.80 (Android; Opera Mini/36.2/119.132; U; id) Presto/2.12.423 Version/12.16",
        ] {
            assert!(is_browser(agent), "{agent}");
        }
        for agent in [
            "",
            " ",
            "-",
            "curl/8.5.0",
            "Wget/1.21",
            "python-requests/2.32",
            "Go-http-client/2.0",
            "okhttp/4.12",
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "WhatsApp/2.23.20.0",
            "Twitterbot/1.0",
            "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)",
        ] {
            assert!(!is_browser(agent), "{agent}");
        }
    }

    #[test]
    fn only_our_own_kind_of_cookie_is_one() {
        let value = "0123456789abcdef0123456789abcdef";
        let of = |cookies: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::COOKIE,
                HeaderValue::from_str(cookies).expect("a header"),
            );
            known(&headers)
        };
        let ours = Some(Visitor::Known(value.to_owned()));
        assert_eq!(of(&format!("a=b; tributary_visitor={value}; c")), ours);
        assert_eq!(
            of(&format!("tributary_visitor=x; tributary_visitor={value}")),
            ours
        );
        for cookies in [
            "",
            "tributary_visitor=",
            "tributary_visitor=abc",
            &format!("x_tributary_visitor={value}"),
            &format!("tributary_visitor={value}0"),
        ] {
            assert_eq!(of(cookies), None, "{cookies}");
        }
    }
}
