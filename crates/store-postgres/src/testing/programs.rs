//! The server's programs, and the user who may run them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::NoCluster;

/// User of the operating system who runs the server if the test runs as root, which PostgreSQL refuses.
const SERVER_USER: &str = "postgres";

/// Gives `folder` to the user who runs the server.
pub(super) fn own(folder: &Path) -> Result<(), NoCluster> {
    if is_root()? {
        run(Command::new("chown").arg(SERVER_USER).arg(folder))?;
    }
    Ok(())
}

/// The newest server programs of the machine (Debian keeps them apart by version, others on the path).
pub(super) fn find_programs() -> Result<PathBuf, NoCluster> {
    let mut versions: Vec<(u32, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        let version = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let programs = entry.path().join("bin");
        if let Some(version) = version.filter(|_| programs.join("initdb").exists()) {
            versions.push((version, programs));
        }
    }
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("initdb").exists())
    };
    let newest = versions
        .into_iter()
        .max_by_key(|(version, _)| *version)
        .map(|(_, programs)| programs);
    newest
        .or_else(on_path)
        .ok_or_else(|| NoCluster("initdb is not installed".to_owned()))
}

fn is_root() -> Result<bool, NoCluster> {
    let output = Command::new("id")
        .arg("-u")
        .output()
        .map_err(|error| NoCluster(error.to_string()))?;
    Ok(output.stdout.trim_ascii() == b"0")
}

/// The program, as a user whom PostgreSQL accepts.
pub(super) fn as_server_user(program: &Path) -> Result<Command, NoCluster> {
    let mut command = if is_root()? {
        let mut command = Command::new("runuser");
        command.args(["-u", SERVER_USER, "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/");
    Ok(command)
}

pub(super) fn run(command: &mut Command) -> Result<(), NoCluster> {
    let done = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .status();
    match done {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(NoCluster(format!(
            "{} ended with {status}",
            command.get_program().display()
        ))),
        Err(error) => Err(NoCluster(format!("{}: {error}", command.get_program().display()))),
    }
}
