//! The program as a child process: started, signalled, waited for.

use std::{
    fs::File,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::poll::until;

/// How long a program may take to end: more than the server gives its requests.
const ENDING: Duration = Duration::from_secs(40);

/// The binary, knowing nothing of this process's variables but where programs and homes are.
fn program(arguments: &[&str], variables: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tributary"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    for name in ["PATH", "HOME", "TMPDIR", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command
}

/// A server that runs; it is killed when it is dropped.
pub(crate) struct Process(Child);

impl Process {
    /// Starts the server; what it says goes to the end of the file `log`.
    pub(crate) fn start(variables: &[(String, String)], log: &Path) -> Self {
        let log = File::options()
            .append(true)
            .create(true)
            .open(log)
            .expect("a log file");
        let mut command = program(&[], variables);
        command
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log);
        Self(command.spawn().expect("the program starts"))
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("a child can be waited for")
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.0.id()).expect("a process id");
        kill(Pid::from_raw(pid), signal).expect("the process is there");
    }

    /// Waits for its end.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        until(ENDING, "the program ends", async || self.ended()).await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A command that ran to its end.
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program with arguments to its end.
pub(crate) async fn run(arguments: &[&str], variables: &[(String, String)]) -> Finished {
    let mut command = program(arguments, variables);
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.expect("no panic").expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Finished {
        code: output.status.code(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}
