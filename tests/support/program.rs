//! The program under test, run in a clean environment.

use std::{
    fmt,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

/// What a run of sipcap left behind.
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// Returns a command for sipcap with nothing inherited but a fixed time zone and width.
pub(crate) fn sipcap() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sipcap"));
    command.env_clear().env("TZ", "UTC").env("COLUMNS", "120");
    command.stdin(Stdio::null());
    command
}

/// Runs sipcap in `dir` with `args`.
pub(crate) fn run(dir: &Path, args: &[&str]) -> Run {
    finish(sipcap().current_dir(dir).args(args), None)
}

/// Runs sipcap in `dir` with `args` and `input` on a pipe.
pub(crate) fn run_with_input(dir: &Path, args: &[&str], input: &[u8]) -> Run {
    finish(sipcap().current_dir(dir).args(args), Some(input))
}

/// Runs `command` to its end.
pub(crate) fn finish(command: &mut Command, input: Option<&[u8]>) -> Run {
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let stdin = child.stdin.take();
    let output = std::thread::scope(|scope| {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // A program that does not want to read more is not an error here.
            scope.spawn(move || stdin.write_all(input).unwrap_or_default());
        }
        child.wait_with_output().unwrap()
    });
    Run {
        status: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// stdout, then stderr and the status as far as there is something to tell: one snapshot of everything.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.stdout))?;
        if !self.stderr.is_empty() {
            write!(f, "------- stderr -------\n{}", self.stderr)?;
        }
        if self.status != 0 {
            writeln!(f, "[exit status: {}]", self.status)?;
        }
        Ok(())
    }
}
