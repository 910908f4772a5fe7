//! How often a caller may call.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{extract::Request, http::HeaderMap, middleware::Next, response::Response};
use domain::{
    email::Email,
    id::{ApiKeyId, ConnectionId, OrganizationId},
};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DefaultKeyedStateStore,
};

use nonzero_ext::nonzero;

use crate::problem::Problem;

/// Calls per minute and organization of server-to-server calls, and how many may come at once.
const S2S_PER_MINUTE: NonZeroU32 = nonzero!(6000u32);
const S2S_BURST: NonZeroU32 = nonzero!(1000u32);
/// Calls per minute and address on the API without a key that is known.
const KEYLESS_PER_MINUTE: NonZeroU32 = nonzero!(10u32);
/// Clicks and leads that are kept per minute and address. An office or a mobile network shares one address.
const CLICKS_PER_MINUTE: NonZeroU32 = nonzero!(120u32);
/// Loads of the script that are looked up, per minute and address.
const LOADS_PER_MINUTE: NonZeroU32 = nonzero!(60u32);
/// Events whose signature does not fit, per minute, connection and address.
const UNSIGNED_PER_MINUTE: NonZeroU32 = nonzero!(60u32);
/// How often it is noted that a connection turned a delivery away.
const REFUSALS_PER_MINUTE: NonZeroU32 = nonzero!(6u32);
/// Attempts to sign in per account and per address, and to set up per address: some at once, then
/// one every so often.
const ATTEMPT_EVERY: Duration = Duration::from_secs(6);
const ATTEMPT_BURST: NonZeroU32 = nonzero!(10u32);

/// How much of an IPv6 address counts: whoever has one has all that begin with the same bits.
const IPV6_BITS: u32 = 64;

/// Where a call comes from, as far as it is counted: one IPv4 address, or one IPv6 network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Origin(IpAddr);

impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let rest = u128::BITS - IPV6_BITS;
                IpAddr::V6((v6.to_bits() >> rest << rest).into())
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// What attempts are counted for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Target {
    /// Signing in to this account, from wherever.
    Account(Email),
    /// Signing in from this address, to whichever account.
    SignIn(Origin),
    /// The first run, from this address.
    SetUp(Origin),
}

type KeyLimiter = RateLimiter<
    ApiKeyId,
    DefaultKeyedStateStore<ApiKeyId>,
    DefaultClock,
    StateInformationMiddleware,
>;

/// The counters of this process.
pub(crate) struct Limits {
    clock: DefaultClock,
    keys: Option<(NonZeroU32, KeyLimiter)>,
    s2s: Option<DefaultKeyedRateLimiter<OrganizationId>>,
    keyless: Option<DefaultKeyedRateLimiter<Origin>>,
    clicks: Option<DefaultKeyedRateLimiter<Origin>>,
    loads: Option<DefaultKeyedRateLimiter<Origin>>,
    unsigned: Option<DefaultKeyedRateLimiter<(ConnectionId, Origin)>>,
    refusals: DefaultKeyedRateLimiter<ConnectionId>,
    attempts: DefaultKeyedRateLimiter<Target>,
}

/// What the caller is told in headers.
#[derive(Clone, Copy)]
pub(crate) struct Standing {
    limit: u32,
    remaining: u32,
    reset_seconds: u64,
}

/// Where an extractor leaves the caller's standing for [`headers`].
#[derive(Clone, Default)]
pub(crate) struct Slot(Arc<Mutex<Option<Standing>>>);

impl Limits {
    /// `per_minute` calls per key; 0 lifts all limits of the API.
    pub(crate) fn new(per_minute: u32) -> Self {
        let limit = NonZeroU32::new(per_minute);
        let keyed = |limit: NonZeroU32| {
            let limiter = RateLimiter::keyed(Quota::per_minute(limit));
            (
                limit,
                limiter.with_middleware::<StateInformationMiddleware>(),
            )
        };
        let s2s = Quota::per_minute(S2S_PER_MINUTE).allow_burst(S2S_BURST);
        let attempts =
            Quota::with_period(ATTEMPT_EVERY).unwrap_or(Quota::per_minute(ATTEMPT_BURST));
        Self {
            clock: DefaultClock::default(),
            keys: limit.map(keyed),
            s2s: limit.map(|_| RateLimiter::keyed(s2s)),
            keyless: limit.map(|_| RateLimiter::keyed(Quota::per_minute(KEYLESS_PER_MINUTE))),
            clicks: limit.map(|_| RateLimiter::keyed(Quota::per_minute(CLICKS_PER_MINUTE))),
            loads: limit.map(|_| RateLimiter::keyed(Quota::per_minute(LOADS_PER_MINUTE))),
            unsigned: limit.map(|_| RateLimiter::keyed(Quota::per_minute(UNSIGNED_PER_MINUTE))),
            refusals: RateLimiter::keyed(Quota::per_minute(REFUSALS_PER_MINUTE)),
            attempts: RateLimiter::keyed(attempts.allow_burst(ATTEMPT_BURST)),
        }
    }

    /// Is it time to note that a connection turned a delivery away?
    pub(crate) fn is_refusal_noted(&self, connection: ConnectionId) -> bool {
        self.refusals.check_key(&connection).is_ok()
    }

    /// Counts a call with a key.
    pub(crate) fn key(&self, id: ApiKeyId, slot: Option<&Slot>) -> Result<(), Problem> {
        let Some((limit, limiter)) = &self.keys else {
            return Ok(());
        };
        let limit = limit.get();
        let (remaining, outcome) = match limiter.check_key(&id) {
            Ok(state) => (state.remaining_burst_capacity(), Ok(())),
            Err(refused) => (0, Err(self.problem(&refused))),
        };
        if let Some(slot) = slot {
            let used = u64::from(limit - remaining.min(limit));
            let standing = Standing {
                limit,
                remaining,
                reset_seconds: (used * 60).div_ceil(u64::from(limit)),
            };
            *slot.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(standing);
        }
        outcome
    }

    /// Counts a server-to-server call.
    pub(crate) fn s2s(&self, organization_id: OrganizationId) -> Result<(), Problem> {
        self.count(self.s2s.as_ref(), &organization_id)
    }

    /// Counts a call without a key that is known.
    pub(crate) fn keyless(&self, address: IpAddr) -> Result<(), Problem> {
        self.count(self.keyless.as_ref(), &address.into())
    }

    /// Counts a visit through an affiliate's link, before it is kept.
    pub(crate) fn click(&self, address: IpAddr) -> Result<(), Problem> {
        self.count(self.clicks.as_ref(), &address.into())
    }

    /// Counts a load of the script by a page that says where it is, before it is looked up whose.
    pub(crate) fn load(&self, address: IpAddr) -> Result<(), Problem> {
        self.count(self.loads.as_ref(), &address.into())
    }

    /// Counts an event that the connection's processor has not signed.
    pub(crate) fn unsigned_event(
        &self,
        connection: ConnectionId,
        address: IpAddr,
    ) -> Result<(), Problem> {
        self.count(self.unsigned.as_ref(), &(connection, address.into()))
    }

    /// Counts an attempt to sign in, for the address and for the account; the error is how many
    /// seconds to wait. Whoever is turned away for his address no longer counts against accounts.
    pub(crate) fn sign_in(&self, email: &Email, address: IpAddr) -> Result<(), u64> {
        self.attempt(Target::SignIn(address.into()))?;
        self.attempt(Target::Account(email.clone()))
    }

    /// Counts an attempt at the first run; the error is how many seconds to wait.
    pub(crate) fn set_up(&self, address: IpAddr) -> Result<(), u64> {
        self.attempt(Target::SetUp(address.into()))
    }

    fn attempt(&self, target: Target) -> Result<(), u64> {
        self.attempts
            .check_key(&target)
            .map_err(|refused| self.seconds(&refused))
    }

    /// Forgets callers who have been quiet: run by a job.
    pub(crate) fn tidy(&self) {
        if let Some((_, keys)) = &self.keys {
            keys.retain_recent();
        }
        if let Some(s2s) = &self.s2s {
            s2s.retain_recent();
        }
        if let Some(keyless) = &self.keyless {
            keyless.retain_recent();
        }
        if let Some(clicks) = &self.clicks {
            clicks.retain_recent();
        }
        if let Some(loads) = &self.loads {
            loads.retain_recent();
        }
        if let Some(unsigned) = &self.unsigned {
            unsigned.retain_recent();
        }
        self.attempts.retain_recent();
    }

    fn count<Key>(
        &self,
        limiter: Option<&DefaultKeyedRateLimiter<Key>>,
        key: &Key,
    ) -> Result<(), Problem>
    where
        Key: Clone + Eq + std::hash::Hash,
    {
        match limiter.map(|limiter| limiter.check_key(key)) {
            Some(Err(refused)) => Err(self.problem(&refused)),
            _ => Ok(()),
        }
    }

    fn problem<P: governor::clock::Reference>(&self, refused: &governor::NotUntil<P>) -> Problem
    where
        DefaultClock: Clock<Instant = P>,
    {
        Problem::rate_limited(self.seconds(refused))
    }

    /// How long to wait, in whole seconds.
    fn seconds<P: governor::clock::Reference>(&self, refused: &governor::NotUntil<P>) -> u64
    where
        DefaultClock: Clock<Instant = P>,
    {
        let wait = refused.wait_time_from(self.clock.now());
        (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
    }
}

/// Puts the caller's standing into the response's headers.
pub(crate) async fn headers(mut request: Request, next: Next) -> Response {
    let slot = Slot::default();
    request.extensions_mut().insert(slot.clone());
    let mut response = next.run(request).await;
    let standing = *slot.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(standing) = standing {
        write(response.headers_mut(), standing);
    }
    response
}

fn write(headers: &mut HeaderMap, standing: Standing) {
    headers.insert("x-ratelimit-limit", standing.limit.into());
    headers.insert("x-ratelimit-remaining", standing.remaining.into());
    headers.insert("x-ratelimit-reset", standing.reset_seconds.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_counts_as_one_caller() {
        let origin = |text: &str| Origin::from(text.parse::<IpAddr>().expect("an address"));
        assert_eq!(origin("2001:db8:1:2::1"), origin("2001:db8:1:2:ffff::9"));
        assert_ne!(origin("2001:db8:1:2::1"), origin("2001:db8:1:3::1"));
        assert_ne!(origin("192.0.2.1"), origin("192.0.2.2"));
        assert_eq!(origin("192.0.2.1"), origin("::ffff:192.0.2.1"));
    }
}
