//! Imports: the list, one of them, starting and stopping it. Files come in beside (the host's `imports`).

use std::collections::BTreeMap;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Written, form::form};
use crate::{
    call::{Question, parameters},
    error::AppError,
};

/// How a file is to be read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StartForm {
    /// Which import.
    #[serde(default)]
    pub import: String,
    /// Where it comes from.
    #[serde(default)]
    pub platform: String,
    /// The campaign of rows that name none.
    #[serde(default)]
    pub campaign: String,
    /// What stands first in dates.
    #[serde(default)]
    pub dates: String,
    /// `check` or `run`.
    #[serde(default)]
    pub how: String,
    /// The column of each field.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
}

form! {
    /// The import to stop, or to remove.
    StopForm { import }
}

/// Imports, newest first. `add` opens the form for a file; `bad` and `row` say what was wrong with the last one.
#[server(prefix = "/rpc", endpoint = "imports", input = server_fn::codec::GetUrl)]
pub async fn load_imports(add: String, bad: String, row: String) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.imports_page(&add, &bad, &row).await;
    page.map_err(crate::request::refuse)
}

/// One import; `platform` suggests the columns of another one than was recognised.
#[server(prefix = "/rpc", endpoint = "import", input = server_fn::codec::GetUrl)]
pub async fn load_import(id: String, platform: String) -> Result<Written, AppError> {
    let caller = crate::request::reader()?;
    let page = caller.import_page(&id, &platform).await;
    page.map_err(crate::request::refuse)
}

/// Starts an import, or only checks it.
#[server(prefix = "/rpc", endpoint = "start_import")]
pub async fn start_import(form: StartForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let id = caller
        .start_import(&form)
        .await
        .map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&format!("/dashboard/imports/{id}"));
    Ok(())
}

/// Stops an import.
#[server(prefix = "/rpc", endpoint = "stop_import")]
pub async fn stop_import(form: StopForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    let id = caller
        .stop_import(&form)
        .await
        .map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect(&format!("/dashboard/imports/{id}"));
    Ok(())
}

/// Forgets the file of an import that is neither running nor done.
#[server(prefix = "/rpc", endpoint = "remove_import")]
pub async fn remove_import(form: StopForm) -> Result<(), AppError> {
    use crate::request::{manager, redirect, refuse};
    let caller = manager()?;
    caller
        .remove_import(&form)
        .await
        .map_err(|error| refuse(error.keeping(form.kept())))?;
    redirect("/dashboard/imports");
    Ok(())
}

impl Question for LoadImports {
    fn parameters(&self) -> String {
        parameters(&[("add", &self.add), ("bad", &self.bad), ("row", &self.row)])
    }
}

impl Question for LoadImport {
    fn parameters(&self) -> String {
        parameters(&[("id", &self.id), ("platform", &self.platform)])
    }
}

#[cfg(feature = "ssr")]
mod server {
    use domain::{
        campaign::CampaignStatus,
        id::{CampaignId, ImportId},
        import::{DateOrder, Field, ImportKind, ImportState, Mapping, Platform},
    };
    use leptos::prelude::*;
    use store::import::{BadFile, Import, ImportError, Setup};

    use super::{AppError, StartForm, StartImport, StopForm, Written};
    use crate::{
        part::{
            fields::Refused,
            import::{Told, told},
            imports,
        },
        request::Caller,
        server_fn::{
            Choice,
            form::{field, optional},
        },
        text,
    };

    /// How many imports the page lists.
    const NEWEST: i64 = 100;
    /// How many errors a page shows.
    const FIRST: i64 = 10;

    impl StartForm {
        pub(super) fn kept(&self) -> Vec<(String, String)> {
            let own = [
                ("platform", &self.platform),
                ("campaign", &self.campaign),
                ("dates", &self.dates),
            ];
            let own = own.map(|(name, value)| (name.to_owned(), value.clone()));
            let columns = self.columns.iter();
            let columns = columns.map(|(name, value)| (format!("columns.{name}"), value.clone()));
            own.into_iter().chain(columns).collect()
        }

        fn setup(&self) -> Result<Setup, AppError> {
            let mut mapping = Mapping::default();
            for (name, column) in &self.columns {
                if let Some(field) = Field::parse(name) {
                    mapping.set(field, column);
                }
            }
            let choose = || text::form::CHOOSE;
            Ok(Setup {
                mapping,
                platform: field(
                    "platform",
                    Platform::parse(&self.platform).ok_or_else(choose),
                )?,
                dates: field("dates", DateOrder::parse(&self.dates).ok_or_else(choose))?,
                campaign_id: optional("campaign", &self.campaign, str::parse::<CampaignId>)?,
                is_dry_run: self.how != "run",
            })
        }
    }

    impl Caller {
        pub(super) async fn imports_page(
            &self,
            add: &str,
            bad: &str,
            row: &str,
        ) -> Result<Written, AppError> {
            let organization = self.organization();
            let (rows, _) = self
                .store
                .imports(organization, ImportKind::ALL, 0, NEWEST)
                .await?;
            let may_edit = self.viewer.role.may_manage();
            let bad = match bad {
                "full" => Some(ImportError::Full.to_string()),
                word => BadFile::of(word, row.parse().ok()).map(|bad| bad.to_string()),
            };
            let page = imports::Told {
                rows,
                now: self.store.now().timestamp_millis(),
                is_open: may_edit && !add.is_empty(),
                bad: bad.map(|bad| text::sentence(&bad)),
                may_edit,
            };
            Ok(Written {
                html: imports::told(&page).to_html(),
            })
        }

        pub(super) async fn import_page(
            &self,
            id: &str,
            platform: &str,
        ) -> Result<Written, AppError> {
            let organization = self.organization();
            let id: ImportId = id.parse().map_err(|_| AppError::NotFound)?;
            let import = self.store.import(organization, id).await?;
            let mut import = import.ok_or(AppError::NotFound)?;
            let refused = Refused::of::<StartImport>();
            suggest(&mut import, Platform::parse(platform), &refused);
            let errors = self.store.import_errors(organization, id, 0, FIRST).await?;
            let sample = if import.state.can_start() {
                self.store.import_sample(organization, &import).await?
            } else {
                Vec::new()
            };
            let campaigns = self.store.campaigns(organization).await?;
            let open = campaigns
                .iter()
                .filter(|campaign| campaign.status == CampaignStatus::Active);
            let page = Told {
                campaigns: open
                    .map(|one| Choice::new(&one.id.to_string(), one.name.as_str()))
                    .collect(),
                may_edit: self.viewer.role.may_manage(),
                import,
                errors,
                sample,
                refused,
            };
            Ok(Written {
                html: told(&page).to_html(),
            })
        }

        pub(super) async fn start_import(&self, form: &StartForm) -> Result<ImportId, AppError> {
            let id: ImportId = form.import.parse().map_err(|_| AppError::NotFound)?;
            let setup = form.setup()?;
            let (actor, organization) = (self.actor(), self.organization());
            self.store
                .start_import(actor, organization, id, setup)
                .await?;
            Ok(id)
        }

        pub(super) async fn stop_import(&self, form: &StopForm) -> Result<ImportId, AppError> {
            let id: ImportId = form.import.parse().map_err(|_| AppError::NotFound)?;
            let (actor, organization) = (self.actor(), self.organization());
            match self.store.stop_import(actor, organization, id).await {
                // It was over before.
                Ok(()) | Err(ImportError::CantStop(_)) => Ok(id),
                Err(error) => Err(error.into()),
            }
        }
    }

    impl Caller {
        pub(super) async fn remove_import(&self, form: &StopForm) -> Result<(), AppError> {
            let id: ImportId = form.import.parse().map_err(|_| AppError::NotFound)?;
            let (actor, organization) = (self.actor(), self.organization());
            self.store.remove_import(actor, organization, id).await?;
            Ok(())
        }
    }

    /// What is chosen at first: what was chosen before, else what the platform's names suggest.
    fn suggest(import: &mut Import, platform: Option<Platform>, refused: &Refused) {
        if let Some(platform) = platform.filter(|_| import.state == ImportState::Uploaded) {
            import.platform = platform;
            import.mapping = Mapping::guess(import.kind, platform, &import.header);
        }
        for field in Field::of(import.kind) {
            if let Some(column) = refused.kept(&format!("columns.{}", field.as_str())) {
                import.mapping.set(*field, column);
            }
        }
    }

    impl From<ImportError> for AppError {
        fn from(error: ImportError) -> Self {
            match error {
                ImportError::Store(error) => error.into(),
                ImportError::NotFound => Self::NotFound,
                other => Self::invalid("", other),
            }
        }
    }
}
