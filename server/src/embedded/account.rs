//! Who runs Postgres. Postgres refuses root, so under root it is an unprivileged user, and this module sees to it that
//! this user owns the cluster and can reach it.

use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, lchown};
use std::path::Path;
use std::process::Stdio;

use nix::unistd::{Uid, User};
use tokio::process::Command;

use super::error::{EmbeddedError, io_error};

/// Tried in this order: the first is what distributions' Postgres packages create, the second is everywhere.
const UNPRIVILEGED_USERS: [&str; 2] = ["postgres", "nobody"];

#[derive(Debug, Clone)]
pub(super) enum Account {
    /// We are not root: Postgres runs as we do.
    Ourselves,
    Unprivileged {
        name: String,
        uid: u32,
        gid: u32,
    },
}

impl Account {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Ourselves => "ourselves",
            Self::Unprivileged { name, .. } => name,
        }
    }

    /// A cluster keeps the user it has, because another image or machine may number `postgres` differently.
    pub(super) fn choose(cluster: &Path) -> Result<Self, EmbeddedError> {
        if !nix::unistd::geteuid().is_root() {
            return Ok(Self::Ourselves);
        }
        if let Ok(owner) = fs::metadata(cluster)
            && owner.uid() != 0
        {
            let name = User::from_uid(Uid::from_raw(owner.uid())).ok().flatten();
            let name = name.map_or_else(|| owner.uid().to_string(), |user| user.name);
            return Ok(Self::Unprivileged {
                name,
                uid: owner.uid(),
                gid: owner.gid(),
            });
        }
        let user = UNPRIVILEGED_USERS
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten());
        let user = user.ok_or(EmbeddedError::NoAccount)?;
        Ok(Self::Unprivileged {
            name: user.name,
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
        })
    }

    /// A command of this user with an environment of its own: ours holds secrets and perhaps `PG*` settings, and what
    /// Postgres says must be English for us to read.
    pub(super) fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).stdin(Stdio::null()).env_clear();
        for kept in ["PATH", "LD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command.env("LC_ALL", "C").env("TZ", "UTC");
        if let Self::Unprivileged { uid, gid, .. } = self {
            command.uid(*uid).gid(*gid);
        }
        command
    }

    /// A folder that only this user can enter.
    pub(super) fn make_folder(&self, path: &Path) -> Result<(), EmbeddedError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o700)))
            .map_err(io_error("make", path))?;
        self.give(path)
    }

    pub(super) fn give(&self, path: &Path) -> Result<(), EmbeddedError> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Unprivileged { uid, gid, .. } => {
                chown(path, Some(*uid), Some(*gid)).map_err(io_error("change the owner of", path))
            }
        }
    }

    /// For trees that root wrote: a cluster from a backup, binaries from a download. Follows no symbolic links.
    pub(super) fn give_tree(&self, path: &Path) -> Result<(), EmbeddedError> {
        let Self::Unprivileged { uid, gid, .. } = self else {
            return Ok(());
        };
        lchown(path, Some(*uid), Some(*gid)).map_err(io_error("change the owner of", path))?;
        if path.is_symlink() || !path.is_dir() {
            return Ok(());
        }
        for entry in fs::read_dir(path).map_err(io_error("read", path))? {
            self.give_tree(&entry.map_err(io_error("read", path))?.path())?;
        }
        Ok(())
    }

    /// Opens our own data directory for passing through; a closed folder above it is not ours to open.
    pub(super) fn open_path_to(&self, data_dir: &Path) -> Result<(), EmbeddedError> {
        let Self::Unprivileged { name, uid, gid } = self else {
            return Ok(());
        };
        for folder in data_dir.ancestors() {
            let metadata = fs::metadata(folder).map_err(io_error("read", folder))?;
            if can_enter(&metadata, *uid, *gid) {
                continue;
            }
            if folder != data_dir || metadata.uid() != 0 {
                return Err(EmbeddedError::Closed {
                    folder: folder.to_owned(),
                    account: name.clone(),
                });
            }
            let open = Permissions::from_mode(metadata.mode() & 0o7777 | 0o011);
            fs::set_permissions(folder, open).map_err(io_error("open", folder))?;
        }
        Ok(())
    }
}

fn can_enter(folder: &Metadata, uid: u32, gid: u32) -> bool {
    let bit = match folder {
        _ if folder.uid() == uid => 0o100,
        _ if folder.gid() == gid => 0o010,
        _ => 0o001,
    };
    folder.mode() & bit != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_of_the_user_decides_who_may_enter() {
        let folder = tempfile::tempdir().unwrap();
        let enters = |mode: u32, uid: u32, gid: u32| {
            fs::set_permissions(folder.path(), Permissions::from_mode(mode)).unwrap();
            can_enter(&fs::metadata(folder.path()).unwrap(), uid, gid)
        };
        let metadata = fs::metadata(folder.path()).unwrap();
        let (owner, group) = (metadata.uid(), metadata.gid());
        assert!(enters(0o700, owner, group));
        assert!(!enters(0o700, owner + 1, group));
        assert!(enters(0o710, owner + 1, group));
        assert!(!enters(0o710, owner + 1, group + 1));
        assert!(enters(0o711, owner + 1, group + 1));
        assert!(
            !enters(0o701, owner + 1, group),
            "the group's own bits win over everybody's"
        );
        enters(0o700, owner, group);
    }
}
