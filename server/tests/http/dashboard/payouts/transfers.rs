//! Payouts that Stripe carries: the transfer is made once, whatever is lost on the way, and what becomes of
//! it later is told by Stripe's events.

use serde_json::{Value, json};

use super::{EVERYTHING, PAGE, RUN, approved, get, newest, page_of, post, token};
use crate::support::{
    Connection, Ending, OWNER_EMAIL, StandIn, TestServer, eventually, now, stripe::event,
};

const API_KEY: &str = "rk_test_hush_hush_hush";
const SECRET: &str = "whsec_0123456789abcdef";

/// As if so long had passed that whoever claimed a transfer is not waited for any more.
const CLAIMS_PASS: &str = "update payout set next_attempt_at = now() - interval '1 second'
    where status = 'processing' and next_attempt_at is not null";

/// A server whose affiliate `sarah` has an account at Stripe, and that Stripe.
async fn shop() -> (TestServer, Connection, StandIn) {
    let stripe = StandIn::start(API_KEY).await;
    let base_url = stripe.base_url.clone();
    let variables = [
        ("TRIBUTARY_STRIPE_API", base_url.as_str()),
        ("TRIBUTARY_RECONCILE_SECONDS", "3600"),
    ];
    let server = TestServer::start_with(&variables).await;
    let account = json!({"stripeAccountId": "acct_1Sarah"});
    server.affiliate_named("Sarah", "sarah", account).await;
    let connection = server
        .connect_stripe_with(SECRET, json!({"apiKey": API_KEY}))
        .await;
    (server, connection, stripe)
}

/// Begins to pay what a sale of 490.00 earned; the payout's id and the sale's.
async fn begun(server: &TestServer, token: &str) -> (String, String) {
    let sale = approved(server, "order-1", "sarah", 49_000).await;
    post(server, token, ("/rpc/run_payouts", RUN), &EVERYTHING).await;
    let id = newest(server).await;
    let payout = [("form[payout]", id.as_str())];
    post(
        server,
        token,
        ("/rpc/process_payout", &page_of(&id)),
        &payout,
    )
    .await;
    (id, sale)
}

async fn status(server: &TestServer) -> String {
    let sql = "select status from payout order by payout_id desc limit 1";
    server.database().text(sql).await
}

async fn becomes(server: &TestServer, expected: &str) {
    eventually(expected, async || {
        (status(server).await == expected).then_some(())
    })
    .await;
}

async fn lifecycle(server: &TestServer, sale: &str) -> Value {
    let told = server.get(&format!("/api/v1/conversions/{sale}")).await;
    told.expect(200).data()["lifecycle"].clone()
}

/// What Sarah is owed, in cents.
async fn owed(server: &TestServer) -> i64 {
    let sql = "select sum(amount_minor)::bigint from ledger_entry";
    server.database().number(sql).await
}

/// Delivers an event about a transfer; tells its outcome.
async fn told(
    server: &TestServer,
    connection: &Connection,
    (id, kind): (&str, &str),
    transfer: Value,
) -> String {
    let event = event(id, kind, now(), transfer);
    let answer = server.deliver(connection, &event).await.expect(200);
    answer.word("outcome").to_owned()
}

async fn counted(server: &TestServer) {
    let counted = server.command(&["check"]).await;
    assert_eq!(
        counted.code,
        Some(0),
        "{}{}",
        counted.stdout,
        counted.stderr
    );
}

#[tokio::test]
async fn a_payout_is_transferred_and_its_sales_are_paid() {
    let (server, connection, stripe) = shop().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let (id, sale) = begun(&server, &ours).await;
    becomes(&server, "completed").await;
    let made = stripe.account().transfers.made.clone();
    assert_eq!(made.len(), 1);
    for (name, value) in [
        ("amount", json!(9800)),
        ("currency", json!("usd")),
        ("destination", json!("acct_1Sarah")),
    ] {
        assert_eq!(made[0][name], value, "{name}");
    }
    assert_eq!(made[0]["metadata"]["tributary_payout"], json!(id));
    let organization = json!(server.organization_id);
    assert_eq!(made[0]["metadata"]["tributary_organization"], organization);
    assert_eq!(lifecycle(&server, &sale).await, "paid");
    let page = get(&server, &ours, &format!("{PAGE}/{id}")).await.text;
    for text in [
        "tr_1",
        "https://dashboard.stripe.com/test/connect/transfers/tr_1",
        "acct_1Sarah",
        "Completed",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    // Stripe tells of it as well, and also of transfers that are none of ours.
    let own = made[0].clone();
    let created = ("evt_1", "transfer.created");
    assert_ne!(told(&server, &connection, created, own).await, "failed");
    let other =
        json!({"id": "tr_x", "object": "transfer", "amount": 5, "currency": "usd", "metadata": {}});
    let created = ("evt_2", "transfer.created");
    assert_eq!(told(&server, &connection, created, other).await, "ignored");
    assert_eq!(owed(&server).await, 0);
    counted(&server).await;
    assert!(!server.log().contains("hush"), "{}", server.log());
}

#[tokio::test]
async fn a_lost_answer_and_a_dead_server_never_pay_twice() {
    let (mut server, _, stripe) = shop().await;
    let ours = token(&server, OWNER_EMAIL).await;
    stripe.account().transfers.endings = vec![Ending::Lost];
    begun(&server, &ours).await;
    eventually("the transfer is made", async || {
        (stripe.account().transfers.made.len() == 1).then_some(())
    })
    .await;
    server.kill_9().await;
    // It is a day later: Stripe has forgotten that it was asked.
    stripe.account().transfers.forget_keys();
    server.database().change(CLAIMS_PASS).await;
    server.restart().await;
    becomes(&server, "completed").await;
    let account = stripe.account();
    assert_eq!(account.transfers.made.len(), 1, "paid twice");
    assert_eq!(account.transfers.asked, 1, "it was looked for first");
}

#[tokio::test]
async fn several_servers_transfer_once() {
    let (server, _, stripe) = shop().await;
    let beside = [server.start_beside().await, server.start_beside().await];
    let ours = token(&server, OWNER_EMAIL).await;
    begun(&server, &ours).await;
    becomes(&server, "completed").await;
    assert_eq!(stripe.account().transfers.asked, 1);
    drop(beside);
}

#[tokio::test]
async fn what_stripe_fails_to_do_is_tried_again_and_what_it_refuses_is_payable_again() {
    let (server, _, stripe) = shop().await;
    let ours = token(&server, OWNER_EMAIL).await;
    stripe.account().transfers.endings =
        vec![Ending::Broken, Ending::Refused("balance_insufficient")];
    let (id, sale) = begun(&server, &ours).await;
    let page = format!("{PAGE}/{id}");
    eventually("the failure is told", async || {
        let page = get(&server, &ours, &page).await.text;
        page.contains("Stripe answers 500").then_some(())
    })
    .await;
    assert_eq!(status(&server).await, "processing");
    server.database().change(CLAIMS_PASS).await;
    becomes(&server, "failed").await;
    let page = get(&server, &ours, &page).await.text;
    assert!(
        page.contains("available balance does not cover it"),
        "{page}"
    );
    assert_eq!(lifecycle(&server, &sale).await, "approved");
    let run = get(&server, &ours, &format!("{PAGE}/new")).await.text;
    assert!(
        run.contains("$98.00") && run.contains("Paid by Stripe"),
        "{run}"
    );
    assert!(stripe.account().transfers.made.is_empty());
    counted(&server).await;
}

#[tokio::test]
async fn without_a_key_it_waits_and_says_so_and_may_be_paid_by_hand() {
    let (server, connection, stripe) = shop().await;
    let path = format!("/api/v1/connections/{}", connection.id);
    server.delete(&path).await.expect(200);
    let ours = token(&server, OWNER_EMAIL).await;
    let (id, _) = begun(&server, &ours).await;
    let page = format!("{PAGE}/{id}");
    eventually("what is missing is told", async || {
        let page = get(&server, &ours, &page).await.text;
        page.contains("No Stripe connection has an API key")
            .then_some(())
    })
    .await;
    server
        .connect_stripe_with("whsec_another_secret", json!({"apiKey": API_KEY}))
        .await;
    server.database().change(CLAIMS_PASS).await;
    becomes(&server, "completed").await;
    assert_eq!(stripe.account().transfers.made.len(), 1);
}

#[tokio::test]
async fn an_event_completes_a_payout_whose_answer_was_lost() {
    let (server, connection, stripe) = shop().await;
    let ours = token(&server, OWNER_EMAIL).await;
    stripe.account().transfers.endings = vec![Ending::Lost];
    let (_, sale) = begun(&server, &ours).await;
    let made = eventually("the transfer is made", async || {
        stripe.account().transfers.made.first().cloned()
    })
    .await;
    let created = ("evt_1", "transfer.created");
    let outcome = told(&server, &connection, created, made.clone()).await;
    assert_eq!(outcome, "recorded");
    assert_eq!(status(&server).await, "completed");
    assert_eq!(lifecycle(&server, &sale).await, "paid");
    let again = ("evt_2", "transfer.updated");
    let outcome = told(&server, &connection, again, made).await;
    assert_eq!(outcome, "deduped");
    assert_eq!(owed(&server).await, 0);
    counted(&server).await;
}

#[tokio::test]
async fn money_that_comes_back_is_payable_again() {
    let (server, connection, stripe) = shop().await;
    let ours = token(&server, OWNER_EMAIL).await;
    let (id, sale) = begun(&server, &ours).await;
    becomes(&server, "completed").await;
    let mut transfer = stripe.account().transfers.made[0].clone();
    transfer["amount_reversed"] = json!(3800);
    let reversed = ("evt_1", "transfer.reversed");
    let outcome = told(&server, &connection, reversed, transfer.clone()).await;
    assert_eq!(outcome, "recorded");
    assert_eq!(owed(&server).await, 3800);
    transfer["amount_reversed"] = json!(9800);
    let reversed = ("evt_2", "transfer.reversed");
    told(&server, &connection, reversed, transfer.clone()).await;
    let late = ("evt_3", "transfer.updated");
    transfer["amount_reversed"] = json!(3800);
    assert_eq!(told(&server, &connection, late, transfer).await, "deduped");
    assert_eq!(owed(&server).await, 9800);
    assert_eq!(
        status(&server).await,
        "completed",
        "what was paid stays a fact"
    );
    assert_eq!(lifecycle(&server, &sale).await, "paid");
    let page = get(&server, &ours, &format!("{PAGE}/{id}")).await.text;
    assert!(page.contains("$60.00 came back"), "{page}");
    let run = get(&server, &ours, &format!("{PAGE}/new")).await.text;
    assert!(
        run.contains("$98.00") && run.contains("Paid by Stripe"),
        "{run}"
    );
    counted(&server).await;
    post(&server, &ours, ("/rpc/run_payouts", RUN), &EVERYTHING).await;
    let id = newest(&server).await;
    post(
        &server,
        &ours,
        ("/rpc/process_payout", &page_of(&id)),
        &[("form[payout]", id.as_str())],
    )
    .await;
    becomes(&server, "completed").await;
    assert_eq!(owed(&server).await, 0);
    assert_eq!(stripe.account().transfers.made.len(), 2);
    counted(&server).await;
}

#[tokio::test]
async fn another_organizations_event_moves_nothing() {
    let (server, _, stripe) = shop().await;
    let ours = token(&server, OWNER_EMAIL).await;
    stripe.account().transfers.endings = vec![Ending::Lost];
    begun(&server, &ours).await;
    let made = eventually("the transfer is made", async || {
        stripe.account().transfers.made.first().cloned()
    })
    .await;
    let other = server.second_organization().await;
    let theirs = other.connect_stripe("whsec_of_the_others").await;
    let created = ("evt_1", "transfer.created");
    let outcome = told(&server, &theirs, created, made).await;
    assert_eq!(outcome, "ignored");
    assert_eq!(status(&server).await, "processing");
}
