//! One affiliate with his account, as one sees him without JavaScript.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ask, get, token};
use crate::support::{Answer, OWNER_EMAIL, TestServer, send};

const HTML: &str = "text/html";
const JSON: &str = "application/json";

fn path(id: &str) -> String {
    format!("/dashboard/affiliates/{id}")
}

/// Sends the form of an affiliate from his page, as a browser without JavaScript does.
async fn change(
    server: &TestServer,
    token: &str,
    accept: &str,
    id: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let form = [
        ("form[affiliate]", id),
        ("form[name]", "Sarah Lind"),
        ("form[email]", "sarah@example.com"),
        ("form[slug]", "sarah"),
    ];
    let others = form
        .iter()
        .filter(|(name, _)| fields.iter().all(|(other, _)| other != name));
    let all: Vec<_> = others.chain(fields).collect();
    let request = server
        .without_key()
        .request(Method::POST, "/rpc/change_affiliate")
        .header("accept", accept)
        .header("referer", format!("{}{}?edit=1", server.base_url, path(id)))
        .header("cookie", format!("tributary_session={token}"));
    send(request.form(&all)).await
}

/// What the API tells of an affiliate.
async fn known(server: &TestServer, id: &str) -> Value {
    let answer = server.get(&format!("/api/v1/affiliates/{id}")).await;
    answer.expect(200).data().clone()
}

#[tokio::test]
async fn an_affiliate_has_a_page_with_balances_sales_and_ledger() {
    let server = TestServer::start().await;
    let rita = server.affiliate("rita").await;
    let program = json!({"name": "EU", "commissionType": "recurring", "commissionPercent": 10, "currency": "EUR"});
    let program = server.campaign(program).await;
    let own = json!({"recruiterId": rita.id, "commissionPercent": 12.5});
    let sarah = server.affiliate_named("Sarah <b>Lind", "sarah", own).await;
    let ours = token(&server, OWNER_EMAIL).await;
    let empty = get(&server, &ours, &path(&sarah.id)).await.expect(200);
    for text in [
        "Nothing was earned yet.",
        "No sales yet.",
        "Nothing has been earned yet.",
    ] {
        assert!(empty.text.contains(text), "{text}");
    }

    let also = format!("/api/v1/affiliates/{}", sarah.id);
    server
        .patch(&also, json!({"programId": program}))
        .await
        .expect(200);
    let euro = json!({"currency": "EUR", "campaignId": program});
    server.sale("order-1", "sarah", euro).await.expect(201);
    let made = server.sale("order-2", "sarah", json!({})).await.expect(201);
    let half = json!({"externalEventId": "order-2", "refundId": "r-1", "amountCents": 2450});
    server
        .post("/api/tracking/s2s/refund", half)
        .await
        .expect(200);
    let page = get(&server, &ours, &path(&sarah.id)).await.expect(200);
    let sale = format!("href=\"/dashboard/sales/{}\"", made.word("id"));
    let all = format!("href=\"/dashboard/sales?affiliate={}\"", sarah.id);
    let recruiter = format!("href=\"{}\"", path(&rita.id));
    for text in [
        "<title>Affiliate · Tributary</title>",
        "<h1>Sarah &lt;b&gt;Lind</h1>",
        "data-copy=\"sarah\"",
        "12.5\u{a0}% of every payment",
        "own commission",
        "Balance in EUR",
        "€4.90",
        "Balance in USD",
        "$3.06",
        "+$6.13",
        "-$3.07",
        "Accrual",
        "Clawback",
        &sale,
        &all,
        &recruiter,
        "?edit=1\"",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    assert!(!page.text.contains("<b>Lind"), "a name is only text");

    let list = get(&server, &ours, "/dashboard/affiliates")
        .await
        .expect(200);
    let link = format!("href=\"{}\"", path(&sarah.id));
    for text in [link.as_str(), "€4.90 + $3.06"] {
        assert!(list.text.contains(text), "{text}: {}", list.text);
    }

    server.second_organization().await;
    let theirs = token(&server, "owner@other.example").await;
    let page = get(&server, &theirs, &path(&sarah.id)).await.expect(404);
    assert!(page.text.contains("<h1>Affiliate</h1>") && !page.text.contains("Lind"));
    get(&server, &ours, &path("nonsense")).await.expect(404);
    let bad = format!("{}?cursor=nonsense", path(&sarah.id));
    get(&server, &ours, &bad).await.expect(400);
}

#[tokio::test]
async fn what_was_paid_out_and_taken_back_is_a_debt() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let payout = "insert into ledger_entry select organization_id, gen_random_uuid(), affiliate_id, null, 'payout',
            -1500, 'USD', 'payout of November', now() from affiliate where slug = 'sarah'";
    server.database().change(payout).await;
    let ours = token(&server, OWNER_EMAIL).await;
    let page = get(&server, &ours, &path(&sarah.id)).await.expect(200);
    for text in [
        "<dt class=\"denied\">Debt</dt><dd>$15.00</dd>",
        "payout of November",
    ] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    let list = get(&server, &ours, "/dashboard/affiliates")
        .await
        .expect(200);
    assert!(list.text.contains("owes $15.00"), "{}", list.text);
}

#[tokio::test]
async fn a_long_account_is_paged_by_links() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let many = "insert into ledger_entry select organization_id,
            ('0193d5a0-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, affiliate_id, null, 'adjustment', n, 'USD',
            'entry ' || n || '.', now() from affiliate, generate_series(1, 60) n where slug = 'sarah'";
    server.database().change(many).await;
    let ours = token(&server, OWNER_EMAIL).await;
    let href = |page: &Answer, name: &str| {
        let (before, _) = page.text.split_once(&format!("\">{name}</a>"))?;
        let (_, href) = before.rsplit_once("href=\"")?;
        Some(href.split(['"', '#']).next()?.to_owned())
    };
    let first = get(&server, &ours, &path(&sarah.id)).await.expect(200);
    assert!(first.text.contains("entry 60.") && first.text.contains("entry 36."));
    assert!(!first.text.contains("entry 35.") && href(&first, "Newer").is_none());
    let older = href(&first, "Older").expect("there are older ones");
    let second = get(&server, &ours, &older).await.expect(200);
    assert!(second.text.contains("entry 35.") && second.text.contains("entry 11."));
    let oldest = href(&second, "Older").expect("there are older ones");
    let third = get(&server, &ours, &oldest).await.expect(200);
    assert!(third.text.contains("entry 10.") && href(&third, "Older").is_none());
    let newer = href(&third, "Newer").expect("there are newer ones");
    let back = get(&server, &ours, &newer).await.expect(200);
    assert!(back.text.contains("entry 35.") && !back.text.contains("entry 10."));
    assert_eq!(href(&back, "Newest"), Some(path(&sarah.id)));
}

#[tokio::test]
async fn an_affiliate_is_changed_by_a_form() {
    let server = TestServer::start().await;
    let rita = server.affiliate("rita").await;
    let sarah = server.affiliate("sarah").await;
    let ours = token(&server, OWNER_EMAIL).await;
    let page = path(&sarah.id);
    let form = get(&server, &ours, &format!("{page}?edit=1"))
        .await
        .expect(200);
    for text in [
        ">Edit affiliate</h2>",
        "name=\"form[percent]\"",
        "<option value=\"rita\"",
    ] {
        assert!(form.text.contains(text), "{text}: {}", form.text);
    }
    let fields = [
        ("form[slug]", "Sarah-2"),
        ("form[percent]", "33.3"),
        ("form[recruiter]", "Rita"),
        ("form[account]", " acct_1A2b3C "),
    ];
    let changed = change(&server, &ours, HTML, &sarah.id, &fields).await;
    let location = changed.expect(302).header("location").to_owned();
    assert_eq!(location, format!("{page}?saved=1"));
    let shown = get(&server, &ours, &location).await.expect(200);
    for text in ["Saved.", "/r/sarah-2</code>", "acct_1A2b3C"] {
        assert!(shown.text.contains(text), "{text}: {}", shown.text);
    }
    let now = known(&server, &sarah.id).await;
    for (name, value) in [
        ("name", json!("Sarah Lind")),
        ("email", json!("sarah@example.com")),
        ("code", json!("sarah-2")),
        ("stripeAccountId", json!("acct_1A2b3C")),
        ("commissionPercent", json!(33.3)),
        ("recruiterId", json!(rita.id)),
    ] {
        assert_eq!(now[name], value, "{name}");
    }
    let none = change(&server, &ours, HTML, &sarah.id, &[]).await;
    none.expect(302);
    let now = known(&server, &sarah.id).await;
    let told = ["stripeAccountId", "commissionPercent", "recruiterId"];
    assert_eq!(
        told.map(|name| now[name].clone()),
        [const { Value::Null }; 3]
    );
    let recruited = json!({"recruiterId": sarah.id});
    let rita = format!("/api/v1/affiliates/{}", rita.id);
    server.patch(&rita, recruited).await.expect(200);

    for (field, typed, told) in [
        ("form[name]", " ", "name-error"),
        ("form[percent]", "110", "percent-error"),
        (
            "form[recruiter]",
            "nobody",
            "There is no affiliate with this referral code.",
        ),
        ("form[recruiter]", "sarah", "Nobody is his own recruiter"),
        (
            "form[recruiter]",
            "rita",
            "rita was recruited by this affiliate",
        ),
        (
            "form[slug]",
            "rita",
            "Another affiliate already has the referral code rita",
        ),
        ("form[slug]", "a b", "slug-error"),
        (
            "form[account]",
            "cus_1",
            "id such as acct_1A2b3C is needed.",
        ),
    ] {
        let refused = change(&server, &ours, HTML, &sarah.id, &[(field, typed)]).await;
        let back = refused.expect(302).header("location").to_owned();
        let (_, back) = back.split_once("/dashboard").expect("a page of ours");
        let shown = get(&server, &ours, &format!("/dashboard{back}")).await;
        assert!(
            shown.text.contains("class=\"field wrong\""),
            "{}",
            shown.text
        );
        assert!(shown.text.contains(told), "{told}: {}", shown.text);
        assert!(
            shown.text.contains(&format!("value=\"{typed}\"")),
            "{typed}"
        );
    }
    let same = known(&server, &sarah.id).await;
    assert_eq!(same, now, "what was refused changed nothing");
}

#[tokio::test]
async fn only_who_may_changes_an_affiliate_of_his_own() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let ours = token(&server, OWNER_EMAIL).await;
    server.second_organization().await;
    let theirs = token(&server, "owner@other.example").await;
    let before = known(&server, &sarah.id).await;
    let answer = change(&server, &theirs, JSON, &sarah.id, &[]).await;
    answer.expect(404);
    let answer = change(&server, "nobody", JSON, &sarah.id, &[]).await;
    answer.expect(401);
    let rpc = format!("/rpc/affiliate?id={}&cursor=&edit=1", sarah.id);
    ask(&server, &theirs, &rpc).await.expect(404);
    ask(&server, "nobody", &rpc).await.expect(401);
    server
        .database()
        .change("update member set role = 'viewer'")
        .await;
    let answer = change(&server, &ours, JSON, &sarah.id, &[]).await;
    answer.expect(403);
    let page = get(&server, &ours, &format!("{}?edit=1", path(&sarah.id)))
        .await
        .expect(200);
    assert!(!page.text.contains("?edit=1\"") && !page.text.contains("form[percent]"));
    assert_eq!(known(&server, &sarah.id).await, before);
}

#[tokio::test]
async fn the_way_from_click_to_sale_is_told_for_a_period() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    server.sale("order-1", "sarah", json!({})).await.expect(201);
    server
        .database()
        .change(
            "insert into click_day select organization_id, affiliate_id, campaign_id, now()::date - 40, 'direct', 8
             from affiliate_day",
        )
        .await;
    let ours = token(&server, OWNER_EMAIL).await;
    let page = path(&sarah.id);
    let month = get(&server, &ours, &page).await.expect(200);
    assert!(month.text.contains(">From click to sale</h2>"));
    assert!(
        month
            .text
            .contains("?days=30#funnel\" aria-current=\"true\"")
    );
    assert!(!month.text.contains("of clicks"), "there are none");
    let quarter = get(&server, &ours, &format!("{page}?days=90")).await;
    let told = "12.5\u{a0}% of clicks";
    assert!(quarter.expect(200).text.contains(told));
    let bad = get(&server, &ours, &format!("{page}?days=31")).await;
    bad.expect(400);
}

#[tokio::test]
async fn the_list_is_found_by_beginnings_and_paged_by_links() {
    let server = TestServer::start().await;
    let sarah = server.affiliate("sarah").await;
    let many = "insert into affiliate select organization_id,
            ('0193d5a0-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Many ' || n, n || '@many.example',
            'many-' || n, status, null, null, created_at from affiliate, generate_series(1, 60) n";
    server.database().change(many).await;
    server.sale("order-1", "sarah", json!({})).await.expect(201);
    let ours = token(&server, OWNER_EMAIL).await;
    let list = "/dashboard/affiliates";
    let first = get(&server, &ours, list).await.expect(200);
    for text in [">sarah</span>", "many-60", "$9.80", "Older"] {
        assert!(first.text.contains(text), "{text}: {}", first.text);
    }
    assert!(!first.text.contains("many-11<") && !first.text.contains(">Newer</a>"));
    let (before, _) = first.text.split_once("\">Older</a>").expect("a link");
    let (_, older) = before.rsplit_once("href=\"").expect("an address");
    let older = older.split('"').next().expect("an address");
    let second = get(&server, &ours, older).await.expect(200);
    assert!(second.text.contains("many-11<") && !second.text.contains("many-60<"));
    assert!(second.text.contains(">Newer</a>") && !second.text.contains(">Older</a>"));

    for (query, found, missing) in [
        ("?q=SAR", ">sarah</span>", "many-6"),
        ("?q=7%40many", "many-7<", ">sarah</span>"),
        ("?q=Many+12", "many-12<", "many-2<"),
        ("?q=nobody", "Nobody fits", "many-6"),
        ("?status=paused", "Nobody fits", ">sarah</span>"),
    ] {
        let page = get(&server, &ours, &format!("{list}{query}"))
            .await
            .expect(200);
        assert!(page.text.contains(found), "{query}: {}", page.text);
        assert!(!page.text.contains(missing), "{query}: {}", page.text);
    }
    server
        .patch(
            &format!("/api/v1/affiliates/{}", sarah.id),
            json!({"status": "removed"}),
        )
        .await
        .expect(200);
    let everybody = get(&server, &ours, &format!("{list}?q=sarah")).await;
    assert!(everybody.expect(200).text.contains("Nobody fits"));
    let removed = get(&server, &ours, &format!("{list}?status=removed")).await;
    assert!(removed.expect(200).text.contains(">sarah</span>"));
    for bad in ["?status=gone", "?cursor=nonsense"] {
        get(&server, &ours, &format!("{list}{bad}"))
            .await
            .expect(400);
    }
}
