//! A reader that the file it reads has taken over: confined as the real one, it does what the file says, and then says
//! that it lived to tell. For `tests/it/limits.rs`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::process::{Command, ExitCode};

use confine::Allowance;

/// Enough for what reads, little enough to be used up at once.
const ALLOWANCE: Allowance = Allowance {
    memory_bytes: 256 << 20,
    processor_s: 1,
};

fn main() -> ExitCode {
    let pass = std::env::args().nth(2);
    confine::serve_by(pass.as_deref(), ALLOWANCE, |file, _, out| {
        let mut order = String::new();
        // A file as such would be asked for its size, which is forbidden.
        file.take(1 << 10).read_to_string(&mut order)?;
        // A call that the kernel answers, if only with a refusal, was not forbidden.
        let _ = obey(&order);
        out.write_all(b"lived")
    })
}

fn obey(order: &str) -> io::Result<()> {
    match order.split_once(' ').unwrap_or((order, "")) {
        ("read", path) => drop(File::open(path)?),
        ("write", path) => drop(File::create(path)?),
        ("connect", address) => drop(TcpStream::connect(address)?),
        ("bind", address) => drop(UdpSocket::bind(address)?),
        ("run", program) => drop(Command::new(program).spawn()?),
        ("thread", _) => drop(std::thread::spawn(|| ())),
        ("signal", process) => signal(process)?,
        ("memory", _) => use_memory(),
        ("processor", _) => use_time(),
        ("silence", _) => loop {
            std::thread::park();
        },
        _ => {}
    }
    Ok(())
}

fn signal(process: &str) -> io::Result<()> {
    let process = process.parse().ok().and_then(rustix::process::Pid::from_raw);
    let process = process.ok_or(io::ErrorKind::InvalidInput)?;
    Ok(rustix::process::kill_process(process, rustix::process::Signal::WINCH)?)
}

/// Four times what is allowed: a reader without a limit lives to tell, and does not use up the machine.
fn use_memory() {
    let mut kept = Vec::new();
    for _ in 0..64 {
        kept.push(std::hint::black_box(vec![1_u8; 16 << 20]));
    }
}

/// Many times what is allowed, on any processor.
fn use_time() {
    for turn in 0..20_000_000_000_u64 {
        std::hint::black_box(turn);
    }
}
