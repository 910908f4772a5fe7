//! Where outgoing webhooks may go: to the open internet, by HTTPS. Never into the network that the server stands in.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use thiserror::Error;
use url::{Host, Url};

/// The longest address in bytes.
pub const MAX_TARGET: usize = 2048;

/// Networks of IPv4 that nobody on the open internet has (the IANA registry of special-purpose addresses), and
/// how many bits name them.
const CLOSED_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Shared by the customers of a provider.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local; the metadata services of cloud providers.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    // Relays from IPv4 to IPv6.
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // To many.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The part of IPv6 that is given out at all: what is mapped, translated, local or for many lies outside.
const OPEN_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Networks inside it that lead elsewhere: protocols with IPv4 inside (Teredo, 6to4), and examples.
const CLOSED_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Is this an address of the open internet?
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let is_in = |(network, bits): &(Ipv4Addr, u32)| {
                let differs = address.to_bits() ^ network.to_bits();
                differs.leading_zeros() >= *bits
            };
            !CLOSED_V4.iter().any(is_in)
        }
        IpAddr::V6(address) => {
            let is_in = |(network, bits): &(Ipv6Addr, u32)| {
                let differs = address.to_bits() ^ network.to_bits();
                differs.leading_zeros() >= *bits
            };
            is_in(&OPEN_V6) && !CLOSED_V6.iter().any(is_in)
        }
    }
}

/// Where the server runs, which decides what its webhooks may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surroundings {
    /// The internet reaches it by HTTPS.
    Production,
    /// Somebody tries it on his own machine: there, and only there, `http://localhost` is an endpoint too.
    Development,
}

impl Surroundings {
    /// By the address at which the outside reaches the server.
    pub fn of(public_url: &str) -> Self {
        let url = Url::parse(public_url).ok();
        let is_open = url.is_some_and(|url| url.scheme() == "https" && !is_this_machine(&url));
        if is_open {
            Self::Production
        } else {
            Self::Development
        }
    }

    /// May a webhook be sent to this address, to which the host of its URL leads?
    pub fn may_reach(self, host: &str, address: IpAddr) -> bool {
        let is_own = self == Self::Development && is_local_name(host) && address.is_loopback();
        is_own || is_public(address)
    }
}

/// Names that by their rule (RFC 6761) lead to the machine itself.
fn is_local_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_local_name(name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Why nothing is sent to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotATarget {
    /// Not a web address, or too long.
    #[error(
        "a web address of at most {MAX_TARGET} bytes is needed, such as https://example.com/webhooks"
    )]
    NotAnAddress,
    /// Not encrypted.
    #[error("an address that begins with https:// is needed")]
    NotHttps,
    /// A number instead of a name.
    #[error("a host name is needed: addresses by number, private ones among them, are not called")]
    NotAName,
    /// A name that never leads to the open internet.
    #[error("this host is not on the internet: webhooks are not sent to private addresses")]
    Private,
    /// A user's name or password in it.
    #[error("leave user and password out of the address: every message is signed")]
    Credentials,
}

/// An address that webhooks may be sent to, as far as its text tells. What its host leads to is looked at again
/// each time ([`Surroundings::may_reach`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(Url);

impl Target {
    /// Reads an address.
    pub fn parse(text: &str, surroundings: Surroundings) -> Result<Self, NotATarget> {
        let text = text.trim();
        let plain = |letter: char| !letter.is_whitespace() && !letter.is_control();
        if text.len() > MAX_TARGET || !text.chars().all(plain) {
            return Err(NotATarget::NotAnAddress);
        }
        let mut url = Url::parse(text).map_err(|_| NotATarget::NotAnAddress)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(NotATarget::NotAnAddress);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotATarget::Credentials);
        }
        url.set_fragment(None);
        if surroundings == Surroundings::Development && is_this_machine(&url) {
            return Ok(Self(url));
        }
        match url.host() {
            Some(Host::Domain(name)) if is_private_name(name) => Err(NotATarget::Private),
            Some(Host::Domain(_)) if url.scheme() != "https" => Err(NotATarget::NotHttps),
            Some(Host::Domain(_)) => Ok(Self(url)),
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => Err(NotATarget::NotAName),
            None => Err(NotATarget::NotAnAddress),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Names without a dot, and of domains that are kept for private networks.
fn is_private_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let kept = [".local", ".localhost", ".internal", ".home.arpa", ".lan"];
    !name.contains('.') || kept.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_addresses_of_the_open_internet_are_public() {
        for (text, expected) in [
            ("8.8.8.8", true),
            ("1.1.1.1", true),
            ("9.255.255.255", true),
            ("11.0.0.0", true),
            ("100.63.255.255", true),
            ("100.128.0.0", true),
            ("172.15.255.255", true),
            ("172.32.0.0", true),
            ("192.167.255.255", true),
            ("223.255.255.255", true),
            ("2001:4860:4860::8888", true),
            ("2606:4700:4700::1111", true),
            ("2a00:1450:4001:800::200e", true),
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("10.0.0.1", false),
            ("10.255.255.255", false),
            ("100.64.0.1", false),
            ("100.127.255.255", false),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.0.0.8", false),
            ("192.0.2.1", false),
            ("192.88.99.1", false),
            ("192.168.1.1", false),
            ("198.18.0.1", false),
            ("198.19.255.255", false),
            ("198.51.100.7", false),
            ("203.0.113.7", false),
            ("224.0.0.1", false),
            ("239.255.255.255", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::7f00:1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:8.8.8.8", false),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b::808:808", false),
            ("64:ff9b:1::1", false),
            ("100::1", false),
            ("2001::1", false),
            ("2001:10::1", false),
            ("2001:db8::1", false),
            ("2002:7f00:1::1", false),
            ("3fff::1", false),
            ("5f00::1", false),
            ("fc00::1", false),
            ("fd12:3456::1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
        ] {
            let address: IpAddr = text.parse().expect("an address");
            assert_eq!(is_public(address), expected, "{text}");
        }
    }

    #[test]
    fn in_production_only_names_on_the_internet_are_called_by_https() {
        let parse = |text: &str| Target::parse(text, Surroundings::Production);
        for (text, expected) in [
            ("https://example.com/hooks?a=b", None),
            ("  https://example.com:8443/hooks ", None),
            ("", Some(NotATarget::NotAnAddress)),
            ("example.com", Some(NotATarget::NotAnAddress)),
            ("ftp://example.com", Some(NotATarget::NotAnAddress)),
            ("https://", Some(NotATarget::NotAnAddress)),
            ("https://exa mple.com/", Some(NotATarget::NotAnAddress)),
            ("javascript:alert(1)", Some(NotATarget::NotAnAddress)),
            ("http://example.com", Some(NotATarget::NotHttps)),
            ("https://u@example.com", Some(NotATarget::Credentials)),
            ("https://:p@example.com", Some(NotATarget::Credentials)),
            ("https://8.8.8.8/", Some(NotATarget::NotAName)),
            ("https://127.0.0.1/", Some(NotATarget::NotAName)),
            ("https://2130706433/", Some(NotATarget::NotAName)),
            ("https://0x7f.1/", Some(NotATarget::NotAName)),
            ("https://[::1]/", Some(NotATarget::NotAName)),
            ("https://[::ffff:10.0.0.1]/", Some(NotATarget::NotAName)),
            ("https://localhost/", Some(NotATarget::Private)),
            ("https://LOCALHOST./", Some(NotATarget::Private)),
            ("https://a.localhost/", Some(NotATarget::Private)),
            ("https://intranet/", Some(NotATarget::Private)),
            ("https://printer.local/", Some(NotATarget::Private)),
            (
                "https://metadata.google.internal/",
                Some(NotATarget::Private),
            ),
        ] {
            assert_eq!(parse(text).err(), expected, "{text}");
        }
        let long = format!("https://example.com/{}", "x".repeat(MAX_TARGET));
        assert_eq!(parse(&long), Err(NotATarget::NotAnAddress));
    }

    #[test]
    fn in_development_the_machine_itself_is_called_too_and_nothing_else_private() {
        let parse = |text: &str| Target::parse(text, Surroundings::Development);
        for text in [
            "http://localhost:4000/hooks",
            "http://127.0.0.1:4000",
            "http://[::1]:4000/",
            "https://example.com/",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in [
            "http://10.0.0.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://192.168.1.1/",
            "http://0.0.0.0/",
            "http://example.com/",
            "http://intranet/",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_name_leads_to_decides_in_the_end() {
        let local: IpAddr = "127.0.0.1".parse().expect("an address");
        let open: IpAddr = "8.8.8.8".parse().expect("an address");
        let (production, development) = (Surroundings::Production, Surroundings::Development);
        assert!(production.may_reach("example.com", open));
        assert!(!production.may_reach("localhost", local));
        assert!(development.may_reach("localhost", local));
        assert!(!development.may_reach("rebound.example.com", local));
    }

    #[test]
    fn the_public_address_tells_where_the_server_runs() {
        for (url, expected) in [
            ("https://tributary.example.com", Surroundings::Production),
            ("http://tributary.example.com", Surroundings::Development),
            ("http://127.0.0.1:3000", Surroundings::Development),
            ("https://localhost:3000", Surroundings::Development),
            ("nonsense", Surroundings::Development),
        ] {
            assert_eq!(Surroundings::of(url), expected, "{url}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_none_leads_to_a_number(text in ".{0,80}", number in any::<u32>()) {
            let _ = Target::parse(&text, Surroundings::Production);
            let by_number = format!("https://{number}/");
            prop_assert!(Target::parse(&by_number, Surroundings::Production).is_err());
        }
    }
}
