//! Reverse proxies: whose word about the caller's address and scheme is taken.
//!
//! Anybody can send `X-Forwarded-For`. It counts only when the connection comes from a proxy that is
//! trusted, and only as far to the left as trusted proxies wrote it.

use std::{
    iter,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap},
};
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Trusted when nothing else is said: programs on this machine.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1"];
/// The word for trusting nobody.
const NOBODY: &str = "none";

/// The proxies that are trusted.
#[derive(Clone, Debug)]
pub(crate) struct Proxies(Vec<IpNet>);

impl Default for Proxies {
    fn default() -> Self {
        Self(LOOPBACK.into_iter().filter_map(network).collect())
    }
}

impl Proxies {
    /// Reads a comma list of addresses and networks, or the word `none`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case(NOBODY) {
            return Ok(Self(Vec::new()));
        }
        let read = |word: &str| {
            let needed = || format!("\"{word}\" is not an address or network such as 10.0.0.0/8");
            network(word).ok_or_else(needed)
        };
        text.split(',')
            .map(str::trim)
            .map(read)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The caller's address: of the hops that led here the nearest one that is not trusted.
    pub(crate) fn caller(&self, headers: &HeaderMap, extensions: &Extensions) -> IpAddr {
        let hops = values(headers, FORWARDED_FOR).map_while(address);
        let mut nearest_first = iter::once(peer(extensions)).chain(hops).peekable();
        while let Some(hop) = nearest_first.next() {
            if !self.trust(hop) || nearest_first.peek().is_none() {
                return hop;
            }
        }
        unreachable!("the peer is a hop")
    }

    /// Did a trusted proxy take the call by HTTPS?
    pub(crate) fn forwarded_https(&self, headers: &HeaderMap, extensions: &Extensions) -> bool {
        self.trust(peer(extensions))
            && values(headers, FORWARDED_PROTO)
                .next()
                .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// A header's values, the last one first: that is the one the nearest proxy wrote.
fn values<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    let lines: Vec<&str> = headers
        .get_all(name)
        .iter()
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    lines
        .into_iter()
        .rev()
        .flat_map(|line| line.rsplit(','))
        .map(str::trim)
}

/// The address of the other end of the connection.
fn peer(extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| {
        peer.ip().to_canonical()
    })
}

/// An address; some proxies write the port behind it.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let address = text.parse().ok().or_else(with_port);
    address.map(|address: IpAddr| address.to_canonical())
}

fn network(text: &str) -> Option<IpNet> {
    let one = |address: IpAddr| IpNet::from(address);
    text.parse().ok().or_else(|| text.parse().ok().map(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrived(peer: &str, headers: &[(&'static str, &str)]) -> (HeaderMap, Extensions) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().expect("a value"));
        }
        let mut extensions = Extensions::new();
        let peer: IpAddr = peer.parse().expect("an address");
        extensions.insert(ConnectInfo(SocketAddr::new(peer, 1)));
        (map, extensions)
    }

    fn caller(proxies: &Proxies, peer: &str, lines: &[&str]) -> String {
        let lines: Vec<_> = lines.iter().map(|line| (FORWARDED_FOR, *line)).collect();
        let (headers, extensions) = arrived(peer, &lines);
        proxies.caller(&headers, &extensions).to_string()
    }

    #[test]
    fn only_trusted_proxies_say_who_calls() {
        let proxies = Proxies::parse("10.0.0.0/8, 127.0.0.1,2001:db8::/32").expect("a list");
        for (peer, lines, expected) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("10.1.1.1", &[], "10.1.1.1"),
            ("10.1.1.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.1.1.1", &["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            (
                "10.1.1.1",
                &["1.1.1.1,198.51.100.1, 10.2.2.2"],
                "198.51.100.1",
            ),
            (
                "10.1.1.1",
                &["1.1.1.1", "198.51.100.1", "10.2.2.2"],
                "198.51.100.1",
            ),
            ("10.1.1.1", &["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
            ("10.1.1.1", &["1.1.1.1, nonsense, 10.2.2.2"], "10.2.2.2"),
            ("10.1.1.1", &[""], "10.1.1.1"),
            ("10.1.1.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("::ffff:10.1.1.1", &["[2001:db9::7]:4711"], "2001:db9::7"),
            ("2001:db8::1", &["2001:db9::7"], "2001:db9::7"),
        ] {
            assert_eq!(caller(&proxies, peer, lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn loopback_is_trusted_unless_something_else_is_said() {
        for (proxies, expected) in [
            (Proxies::default(), "198.51.100.1"),
            (Proxies::parse("none").expect("a list"), "127.0.0.1"),
            (Proxies::parse("10.0.0.1").expect("a list"), "127.0.0.1"),
        ] {
            assert_eq!(caller(&proxies, "127.0.0.1", &["198.51.100.1"]), expected);
        }
        assert!(Proxies::parse("10.0.0.1, proxy.example").is_err());
    }

    #[test]
    fn only_trusted_proxies_say_that_it_came_by_https() {
        let says = |peer, scheme| {
            let (headers, extensions) = arrived(peer, &[(FORWARDED_PROTO, scheme)]);
            Proxies::default().forwarded_https(&headers, &extensions)
        };
        assert!(says("127.0.0.1", "https") && says("::1", "http, HTTPS"));
        assert!(!says("127.0.0.1", "http") && !says("127.0.0.1", "https, http"));
        assert!(!says("203.0.113.9", "https"));
    }
}
