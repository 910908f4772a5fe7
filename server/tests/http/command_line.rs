//! The program's options, commands and variables.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Database, OWNER_EMAIL, OWNER_PASSWORD, TestServer, run};

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn mistakes_of_the_configuration_are_told_together() {
    let wrong = [
        ("TRIBUTARY_ADDR", "localhost"),
        ("TRIBUTARY_PUBLIC_URL", "ftp://x"),
        ("TRIBUTARY_RATE_LIMIT_PER_MINUTE", "many"),
        ("TRIBUTARY_SECRET_KEY", "short"),
        ("DATABASE_URL", "mysql://x"),
        ("TRIBUTARY_OWNER_EMAIL", "nobody"),
        ("TRIBUTARY_OWNER_PASSWORD", "short-pw"),
        ("TRIBUTARY_API_KEY", "ak_live_short"),
    ];
    for arguments in [
        &[][..],
        &["serve"],
        &[
            "organization",
            "create",
            "--name",
            "x",
            "--owner-email",
            "a@example.com",
            "--owner-password",
            OWNER_PASSWORD,
        ],
    ] {
        let finished = run(arguments, &variables(&wrong)).await;
        assert_eq!(finished.code, Some(2), "{}", finished.stderr);
        for (name, _) in wrong {
            assert!(
                finished.stderr.contains(name),
                "{name}: {}",
                finished.stderr
            );
        }
        assert!(
            finished.stderr.contains("TRIBUTARY_ORGANIZATION"),
            "it is missing: {}",
            finished.stderr
        );
        assert!(
            !finished.stderr.contains("short-pw") && !finished.stderr.contains("ak_live_short"),
            "{}",
            finished.stderr
        );
    }
}

#[tokio::test]
async fn one_mistake_is_enough_to_stay_down() {
    for (name, value) in [
        ("TRIBUTARY_ADDR", "127.0.0.1"),
        ("TRIBUTARY_RATE_LIMIT_PER_MINUTE", "-1"),
        ("TRIBUTARY_OWNER_EMAIL", "a@example.com"),
    ] {
        let finished = run(
            &[],
            &variables(&[
                (name, value),
                ("DATABASE_URL", "postgres://127.0.0.1:1/none"),
            ]),
        )
        .await;
        assert_eq!(finished.code, Some(2), "{name}: {}", finished.stderr);
    }
}

/// Every variable that the configuration reads, taken from its source.
fn names_in_the_source() -> BTreeSet<&'static str> {
    let source = include_str!("../../src/config.rs")
        .split("#[cfg(test)]")
        .next()
        .unwrap_or_default();
    let log = include_str!("../../src/log.rs");
    let words = source.split('"').chain(log.split('"'));
    let upper = |word: &&str| {
        word.len() > 3
            && word
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    words.filter(upper).chain(["RUST_LOG"]).collect()
}

#[tokio::test]
async fn help_names_every_variable_and_command() {
    let help = run(&["--help"], &[]).await;
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    let names = names_in_the_source();
    assert!(
        names.len() >= 12 && names.contains("DATABASE_URL"),
        "{names:?}"
    );
    for name in names {
        assert!(help.stdout.contains(name), "{name}: {}", help.stdout);
    }
    for command in ["serve", "organization"] {
        assert!(help.stdout.contains(command), "{command}");
    }
    let create = run(&["organization", "create", "--help"], &[]).await;
    for option in ["--name", "--owner-email", "--owner-password", "--api-key"] {
        assert!(
            create.stdout.contains(option),
            "{option}: {}",
            create.stdout
        );
    }
    assert_eq!(
        run(&["--version"], &[]).await.stdout.trim(),
        concat!("tributary ", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(run(&["frobnicate"], &[]).await.code, Some(2));
    assert_eq!(run(&["--frobnicate"], &[]).await.code, Some(2));
}

#[tokio::test]
async fn an_organization_is_added_while_the_server_runs() {
    let server = TestServer::start().await;
    let other = server.second_organization().await;
    let me = other.get("/api/v1/me").await.expect(200);
    assert_eq!(me.data()["organizationId"], json!(other.organization_id));
    assert_eq!(me.data()["organizationName"], "Other");
    assert_ne!(other.organization_id, server.organization_id);
    assert_eq!(
        me.data()["key"]["scopes"].as_array().map(Vec::len),
        Some(17),
        "every scope"
    );
    assert_eq!(
        other
            .get("/api/v1/programs")
            .await
            .expect(200)
            .data()
            .as_array()
            .map(Vec::len),
        Some(1),
        "it starts with a campaign"
    );
}

fn create<'a>(email: &'a str, password: &'a str, key: Option<&'a str>) -> Vec<&'a str> {
    let mut arguments = vec![
        "organization",
        "create",
        "--name",
        "New",
        "--owner-email",
        email,
        "--owner-password",
        password,
    ];
    arguments.extend(key.into_iter().flat_map(|key| ["--api-key", key]));
    arguments
}

#[tokio::test]
async fn an_organization_that_can_not_be_made_leaves_nothing_behind() {
    let server = TestServer::start().await;
    let taken = server.api_key.clone();
    let wrong: [(&str, Vec<&str>); 7] = [
        (
            "too short a password",
            create("a@example.com", "short", None),
        ),
        ("no e-mail", create("nobody", OWNER_PASSWORD, None)),
        (
            "a bad key",
            create("a@example.com", OWNER_PASSWORD, Some("ak_live_short")),
        ),
        (
            "another's key",
            create("a@example.com", OWNER_PASSWORD, Some(&taken)),
        ),
        (
            "a known person's password, wrong",
            create(OWNER_EMAIL, "another password", None),
        ),
        (
            "no name",
            vec![
                "organization",
                "create",
                "--name",
                " ",
                "--owner-email",
                "a@example.com",
                "--owner-password",
                OWNER_PASSWORD,
            ],
        ),
        ("nothing said", vec!["organization", "create"]),
    ];
    for (what, arguments) in wrong {
        let finished = server.command(&arguments).await;
        assert!(finished.code.is_some_and(|code| code != 0), "{what}");
        assert!(
            finished.stdout.is_empty() && !finished.stderr.is_empty(),
            "{what}: {}",
            finished.stdout
        );
        assert!(
            !finished.stderr.contains("panicked"),
            "{what}: {}",
            finished.stderr
        );
        if what == "another's key" {
            assert!(
                finished.stderr.contains("API key is in use already"),
                "{}",
                finished.stderr
            );
        }
        for (table, rows) in [
            ("organization", 1),
            ("person", 1),
            ("member", 1),
            ("api_key", 1),
            ("campaign", 1),
        ] {
            assert_eq!(
                server.database().count(table).await,
                rows,
                "{what}: {table}"
            );
        }
    }
}

#[tokio::test]
async fn one_person_may_own_several_organizations() {
    let server = TestServer::start().await;
    let finished = server
        .command(&create("OWNER@example.com", OWNER_PASSWORD, None))
        .await;
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let made: Value = serde_json::from_str(&finished.stdout).expect("JSON and nothing else");
    assert_eq!(
        (&made["name"], &made["ownerEmail"]),
        (&json!("New"), &json!(OWNER_EMAIL))
    );
    assert!(!finished.stdout.contains(OWNER_PASSWORD));
    assert_eq!(server.database().count("person").await, 1);
    assert_eq!(server.database().count("member").await, 2);
}

#[tokio::test]
async fn variables_of_the_first_start_change_nothing_later() {
    let mut server = TestServer::start().await;
    server.affiliate("sarah").await;
    let beside = server.start_beside().await;
    assert_eq!(beside.organization_id, server.organization_id);
    server.stop().await;
    server.restart().await;
    assert_eq!(server.database().count("organization").await, 1);
    assert_eq!(server.database().count("api_key").await, 1);
}

#[tokio::test]
async fn what_keeps_the_server_from_starting_is_told_with_what_to_do() {
    let database = Database::create().await;
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().display().to_string();
    let at = |url: &str, address: &str| {
        variables(&[
            ("DATABASE_URL", url),
            ("TRIBUTARY_ADDR", address),
            ("TRIBUTARY_DATA_DIR", &data),
        ])
    };
    let away = run(&[], &at("postgres://127.0.0.1:1/none", "127.0.0.1:0")).await;
    assert!(
        away.code == Some(1) && away.stderr.contains("DATABASE_URL"),
        "{}",
        away.stderr
    );
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let finished = run(&[], &at(&database.url(), &address)).await;
    assert!(
        finished.code == Some(1) && finished.stderr.contains("TRIBUTARY_ADDR"),
        "{}",
        finished.stderr
    );
}

#[tokio::test]
async fn another_secret_key_than_the_databases_is_refused() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().display().to_string();
    let url = server.database().url();
    let other = variables(&[
        ("DATABASE_URL", &url),
        ("TRIBUTARY_ADDR", "127.0.0.1:0"),
        ("TRIBUTARY_DATA_DIR", &data),
    ]);
    let finished = run(&[], &other).await;
    assert!(
        finished.code == Some(1) && finished.stderr.contains("TRIBUTARY_SECRET_KEY"),
        "{}",
        finished.stderr
    );
}

#[tokio::test]
async fn the_log_holds_no_secrets_and_may_be_json() {
    let server =
        TestServer::start_with(&[("TRIBUTARY_LOG_FORMAT", "json"), ("RUST_LOG", "debug")]).await;
    server.affiliate("sarah").await;
    server.sale("a", "sarah", json!({})).await.expect(201);
    let connection = server.connect_stripe("whsec_never_in_a_log").await;
    server
        .deliver_bytes(&connection, "{}", Some("t=1,v1=00"))
        .await
        .expect(400);
    let log = server.log();
    for line in log.lines() {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(
            entry["level"].is_string() && entry["timestamp"].is_string(),
            "{line}"
        );
    }
    for secret in ["whsec_never_in_a_log", OWNER_PASSWORD, &server.api_key] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_secret_key_is_made_once_and_only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let mut server = TestServer::start().await;
    let path = server.data_dir().join("secret.key");
    let mode = std::fs::metadata(&path)
        .expect("a key")
        .permissions()
        .mode()
        & 0o777;
    let key = std::fs::read_to_string(&path).expect("a key");
    assert_eq!(mode, 0o600);
    server.stop().await;
    server.restart().await;
    assert_eq!(std::fs::read_to_string(&path).expect("a key"), key);
}

#[tokio::test]
async fn a_check_tells_whether_all_agrees_while_the_server_runs() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    server.sale("order-1", "sarah", json!({})).await.expect(201);
    let sound = server.command(&["check"]).await;
    assert_eq!(sound.code, Some(0), "{}", sound.stdout);
    assert!(
        sound.stdout.contains("everything agrees"),
        "{}",
        sound.stdout
    );
    let tamper = "update conversion set commission_minor = 1";
    server.database().change(tamper).await;
    let broken = server.command(&["check"]).await;
    assert_eq!(broken.code, Some(1), "{}", broken.stdout);
    for words in ["order-1", "$0.01", "$9.80", "differences"] {
        assert!(broken.stdout.contains(words), "{words}: {}", broken.stdout);
    }
}
