//! What other platforms call their columns.
//!
//! Where the names come from: Dub's are the columns of its export of commissions and partners
//! (`COMMISSION_EXPORT_COLUMNS` and `exportPartnerColumns` of its public source). Rewardful's are those of its
//! import and export sheets (help.rewardful.com, "How do I import data into Rewardful?") and of its API's
//! commission and sale. FirstPromoter, Tapfiliate, Tolt and PartnerStack document no sheet; theirs are the fields
//! of their public APIs' affiliates, conversions and commissions, which their exports are made from, and
//! the words of their dashboards. Each in several spellings, because exports change: a column that is not known
//! is one more choice on the mapping screen, nothing else.

use super::{Field, ImportKind, mapping::plain};
use crate::words::words;

words! {
    /// Where a file comes from.
    Platform {
        /// Rewardful.
        Rewardful = "rewardful" / "Rewardful",
        /// FirstPromoter.
        FirstPromoter = "firstpromoter" / "FirstPromoter",
        /// Tapfiliate.
        Tapfiliate = "tapfiliate" / "Tapfiliate",
        /// Tolt.
        Tolt = "tolt" / "Tolt",
        /// PartnerStack.
        PartnerStack = "partnerstack" / "PartnerStack",
        /// Dub.
        Dub = "dub" / "Dub",
        /// Somewhere else, or a sheet of one's own.
        Other = "other" / "another platform",
    }
}

/// What columns hold, and how they are spelled, best first; see [`plain`].
type Names = &'static [(Field, &'static [&'static str])];

impl Platform {
    /// The platform whose columns these look like.
    pub fn detect(header: &[String]) -> Self {
        let header: Vec<String> = header.iter().map(|name| plain(name)).collect();
        let score = |platform: &&Self| {
            let own = platform.own_words().iter();
            own.filter(|word| header.iter().any(|name| name == *word))
                .count()
        };
        let best = Self::ALL.iter().rev().max_by_key(score);
        best.filter(|best| score(best) > 0)
            .copied()
            .unwrap_or(Self::Other)
    }

    /// Columns that only this platform has.
    const fn own_words(self) -> &'static [&'static str] {
        match self {
            Self::Rewardful => &[
                "affiliatetoken",
                "linktoken",
                "affiliatelinktoken",
                "token",
                "saleamountcents",
                "chargeamountcents",
                "saleamount",
                "stripechargeid",
                "chargedat",
                "dueat",
                "paypalemail",
                "wiseemail",
                "campaignname",
                "confirmedat",
                "salechargedat",
                "stripecustomerid",
                "voidedat",
            ],
            Self::FirstPromoter => &[
                "promoteremail",
                "promoterid",
                "promotername",
                "promoter",
                "refid",
                "reftoken",
                "defaultrefid",
                "eventid",
                "custid",
                "promotercampaign",
                "referralemail",
                "referraluid",
                "currentbalance",
                "promoterrefid",
            ],
            Self::Tapfiliate => &[
                "conversionid",
                "conversionexternalid",
                "conversionamount",
                "commissionamount",
                "affiliateid",
                "externalid",
                "programid",
                "programtitle",
                "programname",
                "affiliatefirstname",
                "affiliatelastname",
                "referralcode",
                "affiliategroup",
            ],
            Self::Tolt => &[
                "partnerfirstname",
                "partnerlastname",
                "chargeid",
                "billingtype",
                "revenue",
                "transactionid",
                "payoutmethod",
                "payoutdetails",
                "linkvalue",
                "partnerslug",
                "referrallink",
                "toltid",
            ],
            Self::PartnerStack => &[
                "partnerkey",
                "partnershipkey",
                "transactionkey",
                "customerkey",
                "rewardkey",
                "rewardamount",
                "rewardstatus",
                "productkey",
                "categorykey",
                "amountusd",
                "partnerstackkey",
                "groupslug",
                "partnergroup",
                "invoicepaymentdate",
                "stackkey",
            ],
            Self::Dub => &[
                "earnings",
                "partnertenantid",
                "tenantid",
                "customerexternalid",
                "quantity",
                "totalsaleamount",
                "totalcommissions",
                "netrevenue",
                "totalclicks",
                "totalconversions",
                "payoutsenabledat",
            ],
            Self::Other => &[],
        }
    }

    /// What its columns are called.
    pub(super) const fn names(self, kind: ImportKind) -> Names {
        match kind {
            ImportKind::Affiliates => self.names_of_affiliates(),
            ImportKind::Sales => self.names_of_sales(),
        }
    }

    const fn names_of_affiliates(self) -> Names {
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

    const fn names_of_sales(self) -> Names {
        match self {
            Self::Rewardful => &[
                (
                    Field::ExternalEventId,
                    &[
                        "saleid",
                        "stripeinvoiceid",
                        "stripechargeid",
                        "commissionid",
                        "id",
                    ],
                ),
                (
                    Field::AffiliateSlug,
                    &["affiliatetoken", "affiliatelinktoken", "linktoken", "token"],
                ),
                (
                    Field::AmountMinor,
                    &["saleamountcents", "chargeamountcents"],
                ),
                (Field::Amount, &["saleamount", "chargeamount", "sale"]),
                (Field::CommissionMinor, &["commissionamountcents"]),
                (
                    Field::Commission,
                    &["commissionamount", "commission", "amount"],
                ),
                (Field::Status, &["state", "commissionstate"]),
                (
                    Field::OccurredAt,
                    &[
                        "chargedat",
                        "salechargedat",
                        "saledate",
                        "createdat",
                        "date",
                    ],
                ),
                (Field::CustomerId, &["stripecustomerid", "customerstripeid"]),
                (Field::RefundedMinor, &["refundamountcents"]),
            ],
            Self::FirstPromoter => &[
                (Field::ExternalEventId, &["eventid", "commissionid", "id"]),
                (
                    Field::AffiliateSlug,
                    &["refid", "reftoken", "promoterrefid", "promoterreftoken"],
                ),
                (Field::AffiliateEmail, &["promoteremail", "promoter"]),
                (Field::Amount, &["saleamount", "sale", "salevalue"]),
                (Field::AmountMinor, &["saleamountcents"]),
                (
                    Field::Commission,
                    &["commissionamount", "commission", "reward", "amount"],
                ),
                (
                    Field::CustomerEmail,
                    &["referralemail", "leademail", "customeremail"],
                ),
                (Field::CustomerId, &["custid", "referraluid", "uid"]),
                (
                    Field::Campaign,
                    &["campaignname", "promotercampaign", "campaign"],
                ),
            ],
            Self::Tapfiliate => &[
                (
                    Field::ExternalEventId,
                    &["conversionexternalid", "externalid", "conversionid", "id"],
                ),
                (Field::AffiliateSlug, &["referralcode", "affiliateid"]),
                (Field::Amount, &["conversionamount", "amount"]),
                (
                    Field::Commission,
                    &["commissionamount", "commissions", "commission", "payout"],
                ),
                (
                    Field::Status,
                    &[
                        "approved",
                        "commissionapproved",
                        "commissionstatus",
                        "status",
                    ],
                ),
                (Field::Campaign, &["programtitle", "programname", "program"]),
                (Field::OccurredAt, &["conversiondate", "createdat", "date"]),
            ],
            Self::Tolt => &[
                (
                    Field::ExternalEventId,
                    &["chargeid", "transactionid", "commissionid", "id"],
                ),
                (Field::AffiliateSlug, &["linkvalue", "partnerslug", "slug"]),
                (Field::AffiliateEmail, &["partneremail", "partner"]),
                (
                    Field::Amount,
                    &["revenue", "saleamount", "transactionamount"],
                ),
                (
                    Field::Commission,
                    &["commission", "commissionamount", "amount"],
                ),
            ],
            Self::PartnerStack => &[
                (
                    Field::ExternalEventId,
                    &["transactionkey", "transactionid", "rewardkey", "key"],
                ),
                (
                    Field::AffiliateSlug,
                    &[
                        "partnerkey",
                        "partnershipkey",
                        "partnerstackkey",
                        "stackkey",
                    ],
                ),
                (Field::AffiliateEmail, &["partneremail"]),
                (Field::Amount, &["transactionamount", "amount"]),
                (Field::Commission, &["rewardamount", "reward", "commission"]),
                (Field::Status, &["rewardstatus", "paymentstatus", "status"]),
                (
                    Field::CustomerId,
                    &["customerproviderkey", "customerexternalkey", "customerkey"],
                ),
                (Field::PaidAt, &["invoicepaymentdate", "paidat"]),
            ],
            Self::Dub => &[
                (Field::ExternalEventId, &["invoiceid", "id"]),
                (Field::AffiliateEmail, &["partneremail"]),
                (Field::AffiliateSlug, &["partnertenantid", "linkkey"]),
                (Field::Amount, &["amount", "saleamount"]),
                (Field::Commission, &["earnings"]),
                (Field::CustomerId, &["customerexternalid", "customerid"]),
            ],
            Self::Other => &[
                (
                    Field::ExternalEventId,
                    &[
                        "externaleventid",
                        "externalid",
                        "saleid",
                        "orderid",
                        "transactionid",
                        "eventid",
                        "conversionid",
                        "invoiceid",
                        "id",
                    ],
                ),
                (
                    Field::AffiliateSlug,
                    &[
                        "affiliateslug",
                        "affiliatecode",
                        "referralcode",
                        "slug",
                        "affiliatetoken",
                        "refcode",
                        "ref",
                        "via",
                        "code",
                    ],
                ),
                (
                    Field::AffiliateEmail,
                    &["affiliateemail", "partneremail", "promoteremail"],
                ),
                (
                    Field::AmountMinor,
                    &[
                        "amountcents",
                        "amountminor",
                        "saleamountcents",
                        "totalcents",
                    ],
                ),
                (
                    Field::Amount,
                    &[
                        "amount",
                        "saleamount",
                        "total",
                        "revenue",
                        "orderamount",
                        "price",
                    ],
                ),
                (Field::CommissionCurrency, &["commissioncurrency"]),
                (
                    Field::Currency,
                    &["currency", "currencycode", "salecurrency"],
                ),
                (
                    Field::CommissionMinor,
                    &[
                        "commissioncents",
                        "commissionminor",
                        "commissionamountcents",
                    ],
                ),
                (
                    Field::Commission,
                    &[
                        "commission",
                        "commissionamount",
                        "earnings",
                        "payout",
                        "reward",
                    ],
                ),
                (
                    Field::RefundedMinor,
                    &["refundedcents", "refundamountcents"],
                ),
                (
                    Field::Refunded,
                    &[
                        "refunded",
                        "refundamount",
                        "refundedamount",
                        "amountrefunded",
                    ],
                ),
                (
                    Field::Status,
                    &["status", "state", "commissionstatus", "conversionstatus"],
                ),
                (
                    Field::OccurredAt,
                    &[
                        "occurredat",
                        "date",
                        "saledate",
                        "orderdate",
                        "createdat",
                        "created",
                        "paidon",
                        "timestamp",
                        "conversiondate",
                        "transactiondate",
                    ],
                ),
                (Field::PaidAt, &["paidat", "paidoutat", "payoutdate"]),
                (
                    Field::Campaign,
                    &["campaign", "campaignname", "program", "programname"],
                ),
                (
                    Field::CustomerEmail,
                    &[
                        "customeremail",
                        "buyeremail",
                        "referralemail",
                        "leademail",
                        "clientemail",
                    ],
                ),
                (
                    Field::CustomerName,
                    &["customername", "customer", "buyername", "referralname"],
                ),
                (
                    Field::CustomerId,
                    &["customerid", "stripecustomerid", "customerexternalid"],
                ),
                (
                    Field::SubscriptionId,
                    &["subscriptionid", "stripesubscriptionid", "subscription"],
                ),
                (
                    Field::InvoiceId,
                    &["invoiceid", "stripeinvoiceid", "invoice"],
                ),
                (Field::ChargeId, &["chargeid", "stripechargeid", "charge"]),
            ],
        }
    }
}
