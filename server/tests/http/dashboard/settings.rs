//! Settings, as one has them without JavaScript.

mod account;
mod api_keys;
mod audit;
mod members;

use std::collections::BTreeMap;

use reqwest::Method;

use super::token;
use crate::support::{Answer, Client, OWNER_EMAIL, TestServer, send};

const PAGE: &str = "/dashboard/settings";

/// The second organization's owner is one of the first, too: one is always left.
const ANOTHER_OWNER: &str = "insert into member (organization_id, person_id, role, created_at)
    select o.organization_id, p.person_id, 'owner', o.created_at from organization o cross join person p
    where o.name = 'First' and p.email = 'owner@other.example'";

/// A browser without JavaScript: keeps cookies, follows redirects, knows on which page it is.
pub(super) struct Browser {
    client: Client,
    cookies: BTreeMap<String, String>,
    page: String,
}

impl Browser {
    /// Nobody has signed in with it.
    fn new(server: &TestServer) -> Self {
        Self {
            client: server.without_key(),
            cookies: BTreeMap::new(),
            page: "/".to_owned(),
        }
    }

    /// The member with this e-mail and the usual password has signed in.
    pub(super) async fn of(server: &TestServer, email: &str) -> Self {
        let mut browser = Self::new(server);
        let session = token(server, email).await;
        browser
            .cookies
            .insert("tributary_session".to_owned(), session);
        browser
    }

    /// Opens a page; what it is, redirects followed.
    pub(super) async fn open(&mut self, path: &str) -> Answer {
        path.clone_into(&mut self.page);
        let answer = self.send(Method::GET, path, &[]).await;
        Box::pin(self.follow(answer)).await
    }

    /// Sends a form of the page that is open; the page that it leads to.
    pub(super) async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.send(Method::POST, path, fields).await.expect(302);
        self.follow(answer).await
    }

    async fn follow(&mut self, answer: Answer) -> Answer {
        if answer.status != 302 {
            return answer;
        }
        let location = answer.header("location");
        let location = location.strip_prefix(&self.client.base_url);
        let path = location.unwrap_or_else(|| answer.header("location"));
        self.open(path).await
    }

    async fn send(&mut self, method: Method, path: &str, fields: &[(&str, &str)]) -> Answer {
        let cookies = self.cookies.iter();
        let cookies: Vec<_> = cookies
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = self
            .client
            .request(method.clone(), path)
            .header("accept", "text/html")
            .header("referer", format!("{}{}", self.client.base_url, self.page))
            .header("cookie", cookies.join("; "));
        if method == Method::POST {
            request = request.form(fields);
        }
        let answer = send(request).await;
        for cookie in answer.headers.get_all("set-cookie") {
            self.keep(cookie.to_str().expect("a readable cookie"));
        }
        answer
    }

    fn keep(&mut self, cookie: &str) {
        let pair = cookie
            .split(';')
            .next()
            .and_then(|pair| pair.split_once('='));
        let (name, value) = pair.expect("a cookie");
        if cookie.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// Is all of it there?
#[track_caller]
pub(super) fn tells(page: &Answer, texts: &[&str]) {
    for text in texts {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
}

/// What stands in the box of what is shown once.
pub(super) fn shown_once(page: &Answer) -> Option<String> {
    let (_, rest) = page.text.split_once("class=\"once\"")?;
    let (_, rest) = rest.split_once("<code>")?;
    let (code, _) = rest.split_once("</code>")?;
    Some(code.to_owned())
}

#[tokio::test]
async fn a_new_secret_for_signed_calls_is_shown_once() {
    let server = TestServer::start().await;
    let mut owner = Browser::of(&server, OWNER_EMAIL).await;
    let page = owner.open(PAGE).await.expect(200);
    let id = server.organization_id.as_str();
    tells(
        &page,
        &[
            "<title>Settings",
            "value=\"First\"",
            id,
            "There is no secret yet",
        ],
    );
    let page = owner
        .submit("/rpc/rotate_s2s_secret", &[])
        .await
        .expect(200);
    let secret = shown_once(&page).expect("the secret");
    assert!(secret.starts_with("s2s_"), "{secret}");
    tells(&page, &["One secret is valid."]);
    assert_eq!(page.header("cache-control"), "no-store");
    let again = owner.open(PAGE).await.expect(200);
    assert!(!again.text.contains(&secret), "{}", again.text);
    let page = owner.submit("/rpc/rotate_s2s_secret", &[]).await;
    tells(&page, &["2 secrets are valid"]);
}

#[tokio::test]
async fn what_is_shown_once_is_shown_to_its_member_only() {
    let server = TestServer::start().await;
    server.second_organization().await;
    let mut owner = Browser::of(&server, OWNER_EMAIL).await;
    owner.open(PAGE).await;
    owner
        .send(Method::POST, "/rpc/rotate_s2s_secret", &[])
        .await
        .expect(302);
    let carried = owner.cookies.get("tributary_once_s2s").expect("a cookie");
    let mut other = Browser::of(&server, "owner@other.example").await;
    let cookie = ("tributary_once_s2s".to_owned(), carried.clone());
    other.cookies.extend([cookie]);
    let page = other.open(PAGE).await.expect(200);
    assert_eq!(shown_once(&page), None);
    assert!(!other.cookies.contains_key("tributary_once_s2s"));
}

#[tokio::test]
async fn only_owners_and_admins_make_secrets() {
    let server = TestServer::start().await;
    server.second_organization().await;
    server.database().change(ANOTHER_OWNER).await;
    let mut member = Browser::of(&server, OWNER_EMAIL).await;
    for role in ["viewer", "manager"] {
        let role = format!(
            "update member set role = '{role}'
             where person_id = (select person_id from person where email = '{OWNER_EMAIL}')"
        );
        server.database().change(&role).await;
        let page = member.open(PAGE).await.expect(200);
        tells(&page, &["Only owners and admins can change this."]);
        let page = member.submit("/rpc/rotate_s2s_secret", &[]).await;
        assert_eq!(shown_once(&page), None);
        assert_eq!(server.database().count("s2s_secret").await, 0);
    }
}

#[tokio::test]
async fn the_organization_and_what_campaigns_start_with_are_changed() {
    let server = TestServer::start().await;
    let mut owner = Browser::of(&server, OWNER_EMAIL).await;
    let page = owner.open(PAGE).await.expect(200);
    tells(
        &page,
        &["value=\"First\"", "value=\"UTC\"", "value=\"50.00\""],
    );
    for (name, zone, why) in [
        ("", "UTC", "1 to 120"),
        ("Acme", "Berlin time", "The name of a time zone such as"),
        (
            "Acme",
            "Europe/Atlantis",
            "There is no time zone Europe/Atlantis",
        ),
    ] {
        let fields = [("form[name]", name), ("form[time_zone]", zone)];
        let page = owner.submit("/rpc/change_organization", &fields).await;
        tells(&page, &[why, &format!("value=\"{zone}\"")]);
    }
    let fields = [("form[name]", "Acme"), ("form[time_zone]", "Europe/Berlin")];
    let page = owner.submit("/rpc/change_organization", &fields).await;
    tells(&page, &["Saved.", "<b>Acme</b>", "value=\"Europe/Berlin\""]);

    let defaults = |hold, threshold| {
        [
            ("form[hold_days]", hold),
            ("form[cookie_days]", "30"),
            ("form[threshold]", threshold),
            ("form[consent]", "yes"),
        ]
    };
    let page = owner
        .submit("/rpc/change_defaults", &defaults("-1", "25"))
        .await;
    tells(&page, &["A whole number from 0 to 365 is needed."]);
    let page = owner
        .submit("/rpc/change_defaults", &defaults("14", "much"))
        .await;
    tells(&page, &["An amount from 0 to 10,000,000,000 such as 50.00"]);
    let page = owner
        .submit("/rpc/change_defaults", &defaults("14", "25"))
        .await;
    tells(&page, &["Saved.", "value=\"14\"", "value=\"25.00\""]);
    let merchant = server.get("/api/v1/merchant").await.expect(200);
    let merchant = merchant.data();
    assert_eq!(merchant["companyName"], "Acme");
    assert_eq!(merchant["timezone"], "Europe/Berlin");
    assert_eq!(merchant["defaultCommissionHoldDays"], 14);
    assert_eq!(merchant["defaultPayoutThreshold"], 2500);
}
