//! What packages from npm say, which are installed for the tests in the browser.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

/// What a script of `end2end/support` answers about each of a list of deliveries. `None`: the package that it asks
/// is not installed.
pub(crate) fn verdicts(script: &str, package: &str, deliveries: &Value) -> Option<Vec<Value>> {
    let end2end = Path::new(env!("CARGO_MANIFEST_DIR")).join("../end2end");
    if !end2end.join("node_modules").join(package).is_dir() {
        eprintln!("skipped: npm ci --prefix end2end installs {package}");
        return None;
    }
    let mut node = Command::new("node")
        .arg(end2end.join("support").join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node runs");
    let mut stdin = node.stdin.take().expect("a pipe");
    stdin
        .write_all(deliveries.to_string().as_bytes())
        .expect("node reads");
    drop(stdin);
    let output = node.wait_with_output().expect("node ends");
    Some(serde_json::from_slice(&output.stdout).expect("a list"))
}
