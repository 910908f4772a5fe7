//! An organization with one of everything, whose every text says `zenobia`; and those who come to its door.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, Row};

use crate::{
    http::sign_in::{session, sign_in},
    support::{
        Answer, OWNER_EMAIL, OWNER_PASSWORD, Organization, Receiver, TestServer, Visitor,
        eventually, send,
        stripe::{Purchase, Shape},
    },
};

/// What stands in whatever the house has named.
const NAME: &str = "zenobia";

const SALES: &str = "id,affiliate_code,amount,currency,commission,status,date\n\
    zenobia-9,zenobia,49.00,USD,9.80,approved,2026-05-01\n";

/// Tables whose rows say no more than that somebody came: who is signed in, and what was forged.
const RESTLESS: [&str; 2] = ["session", "refused_delivery"];

/// The organization, and that of the stranger.
pub(super) struct House {
    /// Ids by table; those of the stranger's by `own` and the table.
    ids: BTreeMap<String, String>,
    /// All ids that are only the house's.
    all: Vec<String>,
    organization_id: String,
    /// Another organization, with a key that has every scope.
    pub(super) stranger: Organization,
    /// What the house's endpoint leads to.
    _receiver: Receiver,
}

impl House {
    /// Builds the house, and the stranger's with it.
    pub(super) async fn build(server: &TestServer) -> Self {
        let program = server
            .open_shop(json!({"name": "Zenobia's campaign"}))
            .await;
        let zenobia = server
            .affiliate_named("Zenobia Quark", NAME, json!({}))
            .await;
        let coupon = json!({"affiliateId": zenobia.id, "code": "ZENOBIA20"});
        let coupons = format!("/api/v1/programs/{program}/coupons");
        server.post(&coupons, coupon).await.expect(201);
        let connection = server
            .connect_stripe_with("whsec_0123456789", json!({"name": "Zenobia's account"}))
            .await;
        let mut visitor = Visitor::new(server, 1);
        visitor.follow("/r/zenobia").await.expect(302);
        // Flagged: she buys by her own link.
        let own = json!({"customerEmail": "zenobia@affiliates.example"});
        server.sale("zenobia-1", NAME, own).await.expect(201);
        let refund =
            json!({"externalEventId": "zenobia-1", "refundId": "zenobia-r1", "amountCents": 100});
        server
            .post("/api/tracking/s2s/refund", refund)
            .await
            .expect(200);
        pay_out(server).await;
        let purchase = Purchase::new(NAME);
        let about = json!({"tributary_ref": NAME});
        let invoice = purchase.invoice_about(Shape::Basil, about);
        let event = purchase.event("invoice.paid", 1, invoice);
        server.deliver(&connection, &event).await.expect(200);
        let path = "/api/v1/imports?kind=sales&fileName=zenobia.csv";
        let file = server.request(Method::POST, path);
        let file = file.header("content-type", "text/csv").body(SALES);
        send(file).await.expect(201);
        let key = json!({"name": "Zenobia's key", "scopes": ["stats:read"]});
        server.post("/api/v1/api-keys", key).await.expect(201);
        server
            .post("/api/v1/merchant/s2s-secret", json!({}))
            .await
            .expect(201);
        invite(server).await;
        let receiver = Receiver::start().await;
        listen(server, &receiver.base_url).await;
        eventually("the import is over and all is told", async || {
            let busy = "select (select count(*) from import where state = 'running')
                + (select count(*) from webhook_delivery where status = 'pending')";
            (server.database().number(busy).await == 0).then_some(())
        })
        .await;
        let mut house = Self {
            ids: BTreeMap::new(),
            all: Vec::new(),
            organization_id: server.organization_id.clone(),
            stranger: furnish(server).await,
            _receiver: receiver,
        };
        house.look_around(server).await;
        house
    }

    /// Notes the ids of what is there.
    async fn look_around(&mut self, server: &TestServer) {
        let stranger = self.stranger.organization_id.clone();
        for table in tables(server).await {
            let name = if table == "member" {
                "person".to_owned()
            } else {
                table.clone()
            };
            let column = format!("{name}_id");
            if !has_column(server, &table, &column).await {
                continue;
            }
            let house = self.organization_id.clone();
            let theirs = ids(server, &table, &column, &house).await;
            let own = ids(server, &table, &column, &stranger).await;
            self.all
                .extend(theirs.iter().filter(|id| !own.contains(id)).cloned());
            let (theirs, own) = (theirs.last().cloned(), own.last().cloned());
            self.ids.extend(theirs.map(|id| (name.clone(), id)));
            self.ids.extend(own.map(|id| (format!("own {name}"), id)));
        }
    }

    /// The text with ids in place of `{campaign}` and `{own campaign}`.
    pub(super) fn fill(&self, text: &str) -> String {
        let filled = self.filled(text);
        for rest in filled.split('{').skip(1) {
            let name = rest.split('}').next().unwrap_or_default();
            let is_of_name = |letter: char| letter.is_lowercase() || "_ ".contains(letter);
            let is_name = !name.is_empty() && name.chars().all(is_of_name);
            assert!(!is_name, "the house has no {name}: {text}");
        }
        filled
    }

    fn filled(&self, text: &str) -> String {
        let ids = self.ids.iter();
        ids.fold(text.to_owned(), |text, (name, id)| {
            text.replace(&format!("{{{name}}}"), id)
        })
    }

    /// Everything that is stored of the house.
    pub(super) async fn state(&self, server: &TestServer) -> BTreeMap<String, String> {
        let mut state = BTreeMap::new();
        for table in tables(server).await {
            if RESTLESS.contains(&table.as_str()) {
                continue;
            }
            let sql = format!(
                "select coalesce(string_agg(row, E'\\n' order by row), '') from (
                     select (to_jsonb(t) - 'last_used_at' - 'last_seen_at')::text as row from {table} t
                     where t.organization_id = $1::uuid) rows"
            );
            let rows = sqlx::query_scalar::<_, String>(AssertSqlSafe(sql));
            let rows = rows.bind(&self.organization_id);
            let rows = rows.fetch_one(&server.database().pool).await;
            state.insert(table, rows.expect("rows"));
        }
        state
    }

    /// Checks that everything that is stored of the house is as it was.
    pub(super) async fn is_as_before(
        &self,
        server: &TestServer,
        before: &BTreeMap<String, String>,
    ) {
        for (table, rows) in self.state(server).await {
            assert_eq!(before.get(&table), Some(&rows), "{table} has changed");
        }
    }

    /// What is wrong with an answer that a stranger got: another status than is expected (0: whatever it is), or
    /// something of the house in it.
    pub(super) fn complaint(&self, what: &str, status: u16, answer: &Answer) -> Option<String> {
        let asked = self.filled(what);
        let text = answer.text.to_lowercase();
        let is_named = text.contains(NAME) && !asked.to_lowercase().contains(NAME);
        let is_told = |id: &&String| text.contains(*id) && !asked.contains(*id);
        let told = self.all.iter().find(is_told);
        let is_other = status != 0 && answer.status != status || answer.status >= 500;
        (is_other || is_named || told.is_some()).then(|| {
            format!(
                "{what}: not {status} {told:?} {is_named}: {}",
                shown(answer)
            )
        })
    }

    /// The session of the stranger, who owns the other organization.
    pub(super) async fn strangers_session(&self, server: &TestServer) -> String {
        let signed_in = sign_in(server, "owner@other.example", OWNER_PASSWORD).await;
        session(&signed_in).expect("a session")
    }

    /// The session of a member of the house who may only look.
    pub(super) async fn viewer(&self, server: &TestServer) -> String {
        let viewers = "update member set role = 'viewer'";
        server.database().change(viewers).await;
        let signed_in = sign_in(server, OWNER_EMAIL, OWNER_PASSWORD).await;
        session(&signed_in).expect("a session")
    }
}

/// Somebody is invited, by the owner, who has signed in.
async fn invite(server: &TestServer) {
    let owner = session(&sign_in(server, OWNER_EMAIL, OWNER_PASSWORD).await);
    let cookie = format!("tributary_session={}", owner.expect("a session"));
    let request = server.without_key().request(Method::POST, "/rpc/invite");
    let request = request.header("accept", "application/json");
    let form = [
        ("form[email]", "zenobia@invited.example"),
        ("form[role]", "viewer"),
    ];
    send(request.header("cookie", cookie).form(&form))
        .await
        .expect(200);
}

/// A payout that waits.
async fn pay_out(server: &TestServer) {
    let great = json!({"amountCents": 30_000, "customerEmail": "zenobia@shops.example"});
    let sale = server.sale("zenobia-2", NAME, great).await.expect(201);
    let approve = format!("/api/v1/conversions/{}/approve", sale.id());
    let reason = json!({"reason": "known customer"});
    server.post(&approve, reason).await.expect(200);
    let batches = "/api/v1/payouts/batches";
    server.post(batches, json!({})).await.expect(201);
}

/// An endpoint that was told of something once.
async fn listen(server: &TestServer, url: &str) {
    let endpoint =
        json!({"name": "Zenobia's books", "url": url, "subscribedEvents": ["payout.failed"]});
    let made = server.post("/api/v1/webhooks", endpoint).await.expect(201);
    let id = made.data()["endpoint"]["id"].as_str().expect("an id");
    let path = format!("/api/v1/webhooks/{id}/test");
    server.post(&path, json!({})).await.expect(201);
}

/// The stranger has things of his own, so that what is refused is not refused for their lack.
async fn furnish(server: &TestServer) -> Organization {
    let other = server.second_organization().await;
    let affiliate = other.affiliate("oscar").await;
    other.coupon(&affiliate, "OSCAR20", None).await;
    other.connect_stripe("whsec_9876543210").await;
    other.sale("oscar-1", "oscar", json!({})).await.expect(201);
    let endpoint =
        json!({"name": "W", "url": "https://oscar.example", "subscribedEvents": ["payout.failed"]});
    other.post("/api/v1/webhooks", endpoint).await.expect(201);
    other
}

/// All tables whose rows belong to organizations.
async fn tables(server: &TestServer) -> Vec<String> {
    let sql = "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
            and a.attname = 'organization_id' order by 1";
    let rows = sqlx::query(sql).fetch_all(&server.database().pool).await;
    let rows = rows.expect("tables");
    rows.iter().map(|row| row.get(0)).collect()
}

async fn has_column(server: &TestServer, table: &str, column: &str) -> bool {
    let sql = "select count(*) from information_schema.columns
        where table_schema = 'public' and table_name = $1 and column_name = $2 and data_type = 'uuid'";
    let count = sqlx::query_scalar::<_, i64>(sql).bind(table).bind(column);
    count
        .fetch_one(&server.database().pool)
        .await
        .expect("a count")
        == 1
}

/// The ids of an organization in a table, oldest first.
async fn ids(server: &TestServer, table: &str, column: &str, organization: &str) -> Vec<String> {
    let sql =
        format!("select {column}::text from {table} where organization_id = $1::uuid order by 1");
    let ids = sqlx::query_scalar::<_, String>(AssertSqlSafe(sql)).bind(organization);
    ids.fetch_all(&server.database().pool).await.expect("ids")
}

/// An answer for people.
pub(super) fn shown(answer: &Answer) -> String {
    format!("{} {:.300}", answer.status, answer.text)
}
