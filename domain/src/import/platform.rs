//! What other platforms call their columns.
//!
//! Where the names come from: Dub's are columns of its documented export of commissions, Rewardful's those of its
//! documented import sheets. FirstPromoter's and Tolt's follow the fields of their public APIs. Tapfiliate,
//! PartnerStack and whatever no page documents are written as their dashboards name things: likely, not certain.
//! So each has several spellings, and a column that is not known is one more choice on the mapping screen, nothing
//! else.

mod affiliates;
mod sales;

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
}
