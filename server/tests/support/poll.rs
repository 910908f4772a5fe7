//! Waiting for something without guessing how long it takes, and the time of day.

use std::time::{Duration, Instant};

/// How long anything may take before it counts as not happening: generous, because machines that run
/// tests are slow. Nothing waits so long when it works.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(10);

/// Asks again and again until there is an answer; fails when there is none within `limit`.
pub(crate) async fn until<T>(
    limit: Duration,
    what: &str,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// [`until`] with all the patience there is.
pub(crate) async fn eventually<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    until(PATIENCE, what, ask).await
}

/// Unix time in seconds. The program under test has the system's clock, so its tests have it too.
#[expect(
    clippy::disallowed_methods,
    reason = "what is signed must carry the time that the program sees"
)]
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.expect("after 1970").as_secs()).expect("before the end of time")
}
