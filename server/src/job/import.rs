//! Reads the files that were uploaded, some rows at a time. Several servers share the work, and one that is
//! stopped in the middle leaves the rest to whoever comes next.

use std::time::Duration;

use store::Store;

use super::ticks;

/// How often imports are looked for.
const LOOK: Duration = Duration::from_secs(1);

/// Runs what was started; ends with the process.
pub(crate) async fn run_imports(store: Store) {
    let mut tick = ticks(LOOK);
    loop {
        tick.tick().await;
        while match store.run_imports().await {
            Ok(is_more) => is_more,
            Err(error) => {
                tracing::warn!(%error, "an import was interrupted; it goes on shortly");
                false
            }
        } {}
    }
}
