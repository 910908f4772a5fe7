//! What the columns of affiliates are called.

use super::{Names, Platform};
use crate::import::Field;

impl Platform {
    #[expect(clippy::too_many_lines, reason = "one line per column")]
    pub(super) const fn names_of_affiliates(self) -> Names {
        match self {
            Self::Rewardful => &[
                (
                    Field::Slug,
                    &["token", "linktoken", "affiliatelinktoken", "affiliatetoken"],
                ),
                (Field::Status, &["state"]),
                (Field::Campaign, &["campaignname", "campaign"]),
            ],
            Self::FirstPromoter => &[
                (Field::Email, &["promoteremail", "email"]),
                (Field::Name, &["promotername", "name"]),
                (
                    Field::Slug,
                    &["refid", "reftoken", "defaultrefid", "promoterrefid"],
                ),
                (Field::Status, &["state", "status"]),
                (Field::Recruiter, &["parentrefid", "parentpromoterrefid"]),
            ],
            Self::Tapfiliate => &[
                (Field::FirstName, &["firstname", "affiliatefirstname"]),
                (Field::LastName, &["lastname", "affiliatelastname"]),
                (Field::Slug, &["referralcode", "affiliateid", "id"]),
                (Field::Campaign, &["programtitle", "programname", "program"]),
                (Field::Recruiter, &["parentid", "parentaffiliateid"]),
            ],
            Self::Tolt => &[
                (Field::FirstName, &["partnerfirstname", "firstname"]),
                (Field::LastName, &["partnerlastname", "lastname"]),
                (Field::Email, &["partneremail", "email"]),
                (Field::Slug, &["linkvalue", "partnerslug", "slug", "via"]),
            ],
            Self::PartnerStack => &[
                (Field::Email, &["partneremail", "email"]),
                (
                    Field::Slug,
                    &[
                        "partnerkey",
                        "partnershipkey",
                        "partnerstackkey",
                        "stackkey",
                    ],
                ),
                (Field::Campaign, &["partnergroup", "groupname"]),
                (
                    Field::Status,
                    &["partnershipstatus", "approvedstatus", "status"],
                ),
            ],
            Self::Dub => &[
                (Field::Name, &["partnername", "name"]),
                (Field::Email, &["partneremail", "email"]),
                (
                    Field::Slug,
                    &["username", "linkkey", "tenantid", "partnertenantid"],
                ),
            ],
            Self::Other => &[
                (
                    Field::Email,
                    &[
                        "email",
                        "affiliateemail",
                        "partneremail",
                        "emailaddress",
                        "emailid",
                        "mail",
                    ],
                ),
                (
                    Field::Name,
                    &[
                        "name",
                        "fullname",
                        "affiliatename",
                        "partnername",
                        "affiliate",
                        "partner",
                        "company",
                    ],
                ),
                (
                    Field::FirstName,
                    &[
                        "firstname",
                        "givenname",
                        "affiliatefirstname",
                        "partnerfirstname",
                    ],
                ),
                (
                    Field::LastName,
                    &[
                        "lastname",
                        "surname",
                        "familyname",
                        "affiliatelastname",
                        "partnerlastname",
                    ],
                ),
                (
                    Field::Slug,
                    &[
                        "slug",
                        "code",
                        "referralcode",
                        "affiliatecode",
                        "affiliateslug",
                        "refcode",
                        "ref",
                        "via",
                        "username",
                        "token",
                        "linktoken",
                    ],
                ),
                (
                    Field::Status,
                    &["status", "state", "affiliatestatus", "partnerstatus"],
                ),
                (
                    Field::Campaign,
                    &["campaign", "campaignname", "program", "programname"],
                ),
                (
                    Field::CommissionPercent,
                    &[
                        "commissionpercent",
                        "commissionrate",
                        "commission",
                        "rate",
                        "percent",
                    ],
                ),
                (
                    Field::Recruiter,
                    &[
                        "recruiter",
                        "recruitedby",
                        "parent",
                        "referredby",
                        "parentcode",
                    ],
                ),
                (
                    Field::StripeAccount,
                    &["stripeaccountid", "stripeaccount", "stripeconnectid"],
                ),
            ],
        }
    }
}
