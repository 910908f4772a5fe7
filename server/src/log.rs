//! The log: where it goes and how it looks.

use tracing_subscriber::EnvFilter;

/// Logs go to standard error: text for people, or JSON with `TRIBUTARY_LOG_FORMAT=json`.
pub fn start() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if std::env::var("TRIBUTARY_LOG_FORMAT").is_ok_and(|format| format == "json") {
        log.json().init();
    } else {
        log.init();
    }
}
