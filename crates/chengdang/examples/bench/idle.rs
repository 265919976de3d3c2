//! P10: the process itself, on a city without records: how long until it answers, and how much memory it then holds.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, ensure};

use crate::measure::status_mib;

/// Start times in seconds and resident memory in MiB.
pub(crate) struct Idle {
    pub(crate) seconds: Vec<f64>,
    pub(crate) resident_mib: Vec<f64>,
}

/// Ends the process however the measurement ends.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `chengdang serve` some times over an empty store in `data`.
pub(crate) fn measure(root: &Path, data: &Path, starts: usize) -> anyhow::Result<Idle> {
    let program = program()?;
    let migrated = command(&program, root, data)
        .arg("migrate")
        .stdout(Stdio::null())
        .status()?;
    ensure!(migrated.success(), "`chengdang migrate` failed");
    let mut idle = Idle {
        seconds: Vec::new(),
        resident_mib: Vec::new(),
    };
    for _ in 0..starts {
        let begin = Instant::now();
        let child = command(&program, root, data)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut served = Served(child);
        let mut line = String::new();
        let output = served.0.stdout.take().context("an output")?;
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().strip_prefix("http://").context("an address")?.to_owned();
        ensure!(is_ready(&address)?, "the process does not say that it is ready");
        idle.seconds.push(begin.elapsed().as_secs_f64());
        idle.resident_mib
            .push(status_mib(served.0.id(), "VmRSS").context("memory of the process")?);
    }
    Ok(idle)
}

fn command(program: &Path, root: &Path, data: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(root)
        .env("CHENGDANG_MODE", "test")
        .env("CHENGDANG_DATA", data)
        .env("CHENGDANG_LOG", "error");
    command
}

/// The port is bound before its address is printed, so the first request is answered once the process serves.
fn is_ready(address: &str) -> anyhow::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer.starts_with(b"HTTP/1.1 200"))
}

/// The binary of the same build: it lies beside the folder of examples.
pub(crate) fn program() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(Path::parent).context("a folder of builds")?;
    let program = folder.join("chengdang");
    ensure!(
        program.exists(),
        "{} is not there: build with --bins, as `make bench` does",
        program.display()
    );
    Ok(program)
}
