//! The links of affiliates, as people copy them.

use domain::{id::OrganizationId, slug::Slug};

/// What every link of an organization has in it.
pub(crate) struct Links {
    /// How the outside reaches this server.
    pub(crate) public_url: String,
    /// Whose they are, where that must be told because others are on this server too: two of them may have
    /// given one code.
    pub(crate) owner: Option<OrganizationId>,
}

impl Links {
    /// An affiliate's link: into `campaign`, or else into the primary one.
    pub(crate) fn of(&self, affiliate: &Slug, campaign: Option<&Slug>) -> String {
        let campaign = campaign.map(|slug| format!("c={slug}"));
        let owner = self.owner.map(|id| format!("o={id}"));
        let query: Vec<String> = campaign.into_iter().chain(owner).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}/r/{affiliate}{mark}{}", self.public_url, query.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_no_more_than_it_must() {
        let slug = |text| Slug::parse(text).expect("a code");
        let links = |owner| Links {
            public_url: "https://t.example".to_owned(),
            owner,
        };
        let us: OrganizationId = "00000000-0000-0000-0000-000000000001"
            .parse()
            .expect("an id");
        let (sarah, spring) = (slug("sarah"), slug("spring"));
        let of = |owner, campaign| links(owner).of(&sarah, campaign);
        assert_eq!(of(None, None), "https://t.example/r/sarah");
        assert_eq!(
            of(None, Some(&spring)),
            "https://t.example/r/sarah?c=spring"
        );
        let owned = format!("o={}", us.0);
        assert_eq!(
            of(Some(us), None),
            format!("https://t.example/r/sarah?{owned}")
        );
        let both = format!("https://t.example/r/sarah?c=spring&{owned}");
        assert_eq!(of(Some(us), Some(&spring)), both);
    }
}
