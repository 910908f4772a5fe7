//! Every parameter of every list, in both dialects: one that is unknown, given twice, empty, of another kind or out of
//! range is refused by its name, so that a misspelt filter never returns everything.

use serde_json::json;

use super::refusal::NOBODY;
use crate::support::{Answer, TestServer};

/// A parameter with values that are taken and values that are not.
type Parameter = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const PAGE: &[Parameter] = &[
    (
        "limit",
        &["1", "100"],
        &["0", "101", "-1", "ten", "1.5", " 5"],
    ),
    ("pageSize", &["1", "100"], &["0", "101", "x"]),
    ("page", &["1", "9223372036854775807"], &["0", "-1", "one"]),
    ("offset", &["0", "9223372036854775807"], &["-1", "x"]),
];
const TIMES: [&str; 2] = ["2026-11-20", "2026-11-20T10:00:00%2B02:00"];
const NO_TIMES: [&str; 3] = ["yesterday", "2026-13-01", "2026-11-20T10:00:00"];
const NO_ID: [&str; 2] = ["sarah", "1"];
const PERIOD: Parameter = (
    "period",
    &["7d", "30d", "90d", "all"],
    &["1d", "30", "7D", "year"],
);
const AFFILIATES: &[Parameter] = &[
    (
        "status",
        &["approved", "pending", "paused", "blocked", "removed"],
        &["lost", "approved,blocked"],
    ),
    ("includeBlocked", &["true", "false"], &["yes", "1"]),
    ("search", &["sarah"], &["%20"]),
    (
        "sortBy",
        &["createdAt", "name", "totalClicks", "totalRevenue"],
        &["email", "code"],
    ),
    ("sortOrder", &["asc", "desc"], &["up", "ASC"]),
];
const FILTERS: &[Parameter] = &[
    ("affiliateId", &[NOBODY], &NO_ID),
    ("campaignId", &[NOBODY], &NO_ID),
    (
        "status",
        &["Pending", "approved,PAID", "Refunded,Denied"],
        &["lost", "Pending,", "Pending,lost"],
    ),
    ("type", &["Sale", "recurring,Lead"], &["Click", "Sale;Lead"]),
    ("source", &["Coupon", "Link,Server"], &["Radio"]),
    ("since", &TIMES, &NO_TIMES),
    ("until", &TIMES, &NO_TIMES),
];

/// Every list with its own parameters, and whether it comes in pages. `{}` stands for a program's id.
const LISTS: &[(&str, bool, &[&[Parameter]])] = &[
    (
        "/api/conversions",
        false,
        &[
            FILTERS,
            &[("take", &["1", "200", "5000"], &["0", "-1", "x", "1.5"])],
        ],
    ),
    ("/api/conversions/export", false, &[FILTERS]),
    (
        "/api/v1/programs",
        true,
        &[&[(
            "status",
            &["active", "paused", "archived"],
            &["Active", "open"],
        )]],
    ),
    ("/api/v1/programs/{}", false, &[]),
    ("/api/v1/programs/{}/stats", false, &[&[PERIOD]]),
    ("/api/v1/programs/{}/affiliates", true, &[AFFILIATES]),
    ("/api/v1/programs/{}/coupons", true, &[]),
    (
        "/api/v1/affiliates",
        true,
        &[AFFILIATES, &[("programId", &[NOBODY], &NO_ID)]],
    ),
    (
        "/api/v1/conversions",
        true,
        &[&[
            ("programId", &[NOBODY], &NO_ID),
            ("affiliateId", &[NOBODY], &NO_ID),
            (
                "status",
                &[
                    "pending",
                    "approved",
                    "paid",
                    "rejected",
                    "refunded",
                    "partially_refunded",
                ],
                &["denied", "Pending", "pending,paid"],
            ),
            ("startDate", &TIMES, &NO_TIMES),
            ("endDate", &TIMES, &NO_TIMES),
            ("from", &TIMES, &NO_TIMES),
            ("to", &TIMES, &NO_TIMES),
        ]],
    ),
    (
        "/api/v1/conversions/stats",
        false,
        &[&[PERIOD, ("programId", &[NOBODY], &NO_ID)]],
    ),
    (
        "/api/v1/conversions/recent",
        false,
        &[&[("limit", &["1", "20"], &["0", "21", "x"])]],
    ),
    ("/api/v1/connections", true, &[]),
    (
        "/api/v1/events",
        true,
        &[&[
            ("processor", &["stripe", "paddle", "braintree"], &["paypal"]),
            ("connectionId", &[NOBODY], &NO_ID),
            ("type", &["invoice.paid"], &[]),
            ("outcome", &["failed", "recorded"], &["lost"]),
            ("since", &TIMES, &NO_TIMES),
            ("until", &TIMES, &NO_TIMES),
        ]],
    ),
    (
        "/api/v1/flags",
        true,
        &[&[
            (
                "status",
                &["open", "reviewed", "dismissed", "confirmed"],
                &["closed"],
            ),
            (
                "type",
                &["self_referral", "manual_review"],
                &["bad_feeling"],
            ),
            ("affiliateId", &[NOBODY], &NO_ID),
            ("programId", &[NOBODY], &NO_ID),
            ("conversionId", &[NOBODY], &NO_ID),
        ]],
    ),
    (
        "/api/v1/flags/stats",
        false,
        &[&[("programId", &[NOBODY], &NO_ID)]],
    ),
    (
        "/api/v1/fx-rates",
        false,
        &[&[
            ("since", &["2026-11-20"], &["yesterday"]),
            ("until", &["2026-11-20"], &["2026-13-01"]),
        ]],
    ),
    ("/api/v1/imports", true, &[]),
    ("/api/v1/api-keys", true, &[]),
    (
        "/api/v1/webhooks",
        true,
        &[&[("programId", &[NOBODY], &NO_ID)]],
    ),
    ("/api/v1/merchant", false, &[]),
    ("/api/v1/me", false, &[]),
];

#[track_caller]
fn names(answer: &Answer, path: &str, query: &str, name: &str) {
    let told = (answer.status, answer.field());
    assert_eq!(told, (400, name), "{path}?{query}: {}", answer.text);
    assert!(answer.text.contains("message"), "{path}?{query}");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name_in_every_list() {
    let server = TestServer::start().await;
    let program = server.default_campaign().await;
    for (path, has_pages, own) in LISTS {
        let path = path.replace("{}", &program);
        let pages: &[Parameter] = if *has_pages { PAGE } else { &[] };
        for (name, good, bad) in own.iter().copied().chain([pages]).flatten() {
            for value in *good {
                let query = format!("{name}={value}");
                server.get(&format!("{path}?{query}")).await.expect(200);
            }
            for value in bad.iter().chain(&[""]) {
                let query = format!("{name}={value}");
                let answer = server.get(&format!("{path}?{query}")).await;
                names(&answer, &path, &query, name);
            }
            let twice = format!("{name}={0}&{name}={0}", good[0]);
            let answer = server.get(&format!("{path}?{twice}")).await;
            names(&answer, &path, &twice, name);
        }
        for unknown in ["limitt", "Limit", "filter%5Bstatus%5D", "programID"] {
            let answer = server.get(&format!("{path}?{unknown}=1")).await;
            names(
                &answer,
                &path,
                unknown,
                &unknown.replace("%5B", "[").replace("%5D", "]"),
            );
        }
        if *has_pages {
            for cursor in ["", "nonsense", "cm93Oi0x", "1.cm93Oi0x"] {
                let answer = server.get(&format!("{path}?cursor={cursor}")).await;
                assert_eq!(
                    answer.status, 400,
                    "{path}?cursor={cursor}: {}",
                    answer.text
                );
            }
        }
    }
}

#[tokio::test]
async fn two_names_of_one_parameter_are_not_given_together() {
    let server = TestServer::start().await;
    for (one, other) in [("startDate", "from"), ("endDate", "to")] {
        let query = format!("{one}=2026-11-20&{other}=2026-11-20");
        let answer = server.get(&format!("/api/v1/conversions?{query}")).await;
        names(&answer, "/api/v1/conversions", &query, other);
    }
}

#[tokio::test]
async fn a_list_has_the_parameters_that_it_says_it_has() {
    let server = TestServer::start().await;
    server.affiliate("sarah").await;
    server.sale("order-1", "sarah", json!({})).await.expect(201);
    let none = [
        "affiliateId=01900000-0000-7000-8000-000000000000",
        "programId=01900000-0000-7000-8000-000000000000",
        "status=paid",
        "startDate=2999-01-01",
        "from=2999-01-01",
        "endDate=2020-01-01",
        "to=2020-01-01",
    ];
    for query in none {
        let list = server.get(&format!("/api/v1/conversions?{query}")).await;
        let total = &list.expect(200).json["meta"]["total"];
        assert_eq!(*total, json!(0), "{query}");
    }
    for query in [
        "",
        "status=pending",
        "startDate=2020-01-01",
        "to=2999-01-01",
    ] {
        let list = server.get(&format!("/api/v1/conversions?{query}")).await;
        let total = &list.expect(200).json["meta"]["total"];
        assert_eq!(*total, json!(1), "{query}");
    }
}

/// A `dryRun` that is looked for in the body must not be taken for one in the address.
#[tokio::test]
async fn writes_take_no_parameters() {
    let server = TestServer::start().await;
    let program = server.default_campaign().await;
    let body = json!({"name": "Spring", "commissionType": "one_time", "commissionPercent": 10});
    let refused = server.post("/api/v1/programs?dryRun=true", body).await;
    assert_eq!((refused.status, refused.field()), (400, "dryRun"));
    let path = format!("/api/v1/programs/{program}?force=1");
    for refused in [
        server.delete(&path).await,
        server.patch(&path, json!({})).await,
    ] {
        assert_eq!((refused.status, refused.field()), (400, "force"));
    }
    let sale = json!({"externalEventId": "e", "amountCents": 100, "currency": "USD", "affiliateSlug": "nobody"});
    let refused = server.post("/api/tracking/s2s?campaign=x", sale).await;
    assert_eq!((refused.status, refused.field()), (400, "campaign"));
    let programs = server.get("/api/v1/programs").await;
    assert_eq!(programs.data().as_array().map(Vec::len), Some(1));
    assert_eq!(programs.data()[0]["status"], "active");
}
