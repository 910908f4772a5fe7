//! What a member is shown once, sealed for him, so that his browser can carry it from the form that made it to
//! the page that shows it: no server keeps it meanwhile.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{Store, StoreError, session::Viewer};

impl Store {
    /// Seals `secret` for this member. `what` it is, so that nothing else is shown in its place.
    pub fn seal_once(
        &self,
        viewer: &Viewer,
        what: &str,
        secret: &str,
    ) -> Result<String, StoreError> {
        let purpose = purpose(viewer, what);
        let sealed = self.vault.seal(&self.random, &purpose, secret.as_bytes())?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What [`Store::seal_once`] sealed for the same member of the same organization; nothing else opens.
    pub fn open_once(&self, viewer: &Viewer, what: &str, sealed: &str) -> Option<String> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let secret = self.vault.open(&purpose(viewer, what), &sealed).ok()?;
        String::from_utf8(secret).ok()
    }
}

fn purpose(viewer: &Viewer, what: &str) -> String {
    let (organization, person) = (viewer.organization_id, viewer.person_id);
    format!("once {what} {organization} {person}")
}
