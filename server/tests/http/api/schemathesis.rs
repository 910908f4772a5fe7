//! schemathesis, made by others: it makes up calls out of the document and looks whether the server keeps to it. No call
//! may fail inside, answer what the document does not say, or take what the document forbids.

use std::{fmt::Write, path::Path, process::Command};

use serde_json::{Value, json};

use crate::support::TestServer;

/// Calls made up for each operation, beside those at the edges of every parameter.
const MADE_UP: &str = "12";
/// What is looked at. Whether everything is taken that the document allows is left out: rules between two fields are not
/// in it.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,negative_data_rejection";

/// Something of every kind, as the addresses of its operations and its id.
async fn seeded(server: &TestServer) -> Vec<(&'static str, String)> {
    let sarah = server.affiliate("sarah").await;
    let program = server.default_campaign().await;
    let coupon = json!({"affiliateId": sarah.id, "code": "SARAH20"});
    let coupon = server
        .post(&format!("/api/v1/programs/{program}/coupons"), coupon)
        .await
        .expect(201);
    // Who buys through a link of his own is flagged.
    let own = json!({"customerEmail": "sarah@affiliates.example"});
    let sale = server.sale("own", "sarah", own).await.expect(201);
    let flags = server.get("/api/v1/flags").await;
    let key = json!({"name": "another", "scopes": ["flags:read"]});
    let key = server.post("/api/v1/api-keys", key).await.expect(201);
    let hook = json!({"name": "hook", "url": "http://127.0.0.1:9/", "subscribedEvents": ["payout.created"]});
    let hook = server.post("/api/v1/webhooks", hook).await.expect(201);
    let connection = server.connect_stripe("whsec_0123456789abcdef").await;
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    vec![
        ("affiliates", sarah.id.clone()),
        ("programs", program),
        ("coupons", text(&coupon.data()["id"])),
        ("conversions", text(&sale.json["id"])),
        ("flags", text(&flags.data()[0]["id"])),
        ("api-keys", text(&key.data()["id"])),
        ("webhooks", text(&hook.data()["endpoint"]["id"])),
        ("connections", connection.id),
    ]
}

/// Which ids the addresses get: made up ones lead nowhere.
fn configuration(ids: &[(&str, String)]) -> String {
    let mut text = String::new();
    for (resource, id) in ids {
        writeln!(
            text,
            "[[operations]]\ninclude-path-regex = '^/api/v1/{resource}/\\{{id\\}}'\nparameters = {{ \"path.id\" = \"{id}\" }}"
        )
        .expect("written");
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_keeps_to_its_document() {
    let program = std::env::var_os("SCHEMATHESIS").unwrap_or_default();
    if program == "none" {
        return;
    }
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("schemathesis.toml");
    std::fs::write(&file, configuration(&seeded(&server).await)).expect("written");
    let ended = tokio::task::block_in_place(|| run(&program, &server, folder.path()));
    let help = "schemathesis isn't installed: with python3 and its venv there, type: make install-test; \
                or leave it out with SCHEMATHESIS=none";
    let ended = ended.expect(help);
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}\n{}", server.log());
}

fn run(
    program: &std::ffi::OsStr,
    server: &TestServer,
    folder: &Path,
) -> std::io::Result<std::process::Output> {
    Command::new(program)
        .current_dir(folder)
        .args(["--config-file", "schemathesis.toml", "run"])
        .arg(format!("{}/api/v1/openapi.json", server.base_url))
        .args([
            "--header",
            &format!("Authorization: Bearer {}", server.api_key),
        ])
        // A stream has no end.
        .args(["--exclude-path", "/api/live/sales"])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", MADE_UP, "--seed", "1", "--workers", "2"])
        .args(["--max-failures", "20", "--request-timeout", "30"])
        .args(["--no-color", "--warnings", "off"])
        .output()
}
