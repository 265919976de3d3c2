//! A line to a server that breaks where it is told to: it passes the messages of PostgreSQL's protocol on, whole and in
//! order, and counts them (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::{Cluster, NoCluster};

/// A message is shorter; a rule of this test, not of the protocol.
const MESSAGE_BYTES_MAX: usize = 1 << 28;

/// Who sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// the program under test
    Client,
    /// PostgreSQL
    Server,
}

/// What becomes of a message and of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is passed on, to whoever is still there.
    Passed,
    /// The connection breaks before it.
    Cut,
    /// The connection breaks in the middle of it.
    CutHalf,
    /// It is passed on, and the connection breaks.
    CutAfterwards,
}

/// Which message a fault waits for, counted over all connections from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The nth of this side.
    Message(Side, u64),
    /// The nth COMMIT of the client.
    Commit(u64),
    /// The server's answer to the nth COMMIT that it answers: the commit has happened then.
    CommitAnswer(u64),
}

/// What is done before the fate of the message is carried out.
type First = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct State {
    armed: Option<(At, Fate, Option<First>)>,
    client: u64,
    server: u64,
    commits_sent: u64,
    commits: u64,
    struck: u64,
    /// Connections that are open, by a running number, so that they end with the line.
    open: BTreeMap<u64, Arc<Ends>>,
    connections: u64,
}

/// See the module. It listens on a port of this host and ends when it is dropped.
pub struct Line {
    port: u16,
    state: Arc<Mutex<State>>,
    is_over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Line {
    /// A line to `cluster` that breaks nowhere yet.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if no port is free.
    pub fn to(cluster: &Cluster) -> Result<Self, NoCluster> {
        let lift = |error: io::Error| NoCluster(error.to_string());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(lift)?;
        let port = listener.local_addr().map_err(lift)?.port();
        let state = Arc::new(Mutex::new(State::default()));
        let is_over = Arc::new(AtomicBool::new(false));
        let socket = cluster.folder().join(".s.PGSQL.5432");
        let accepting = {
            let (state, is_over) = (Arc::clone(&state), Arc::clone(&is_over));
            thread::spawn(move || accept(&listener, &socket, &state, &is_over))
        };
        Ok(Self {
            port,
            state,
            is_over,
            accepting: Some(accepting),
        })
    }

    /// The port on which it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a database at the other end, which [`Cluster::url`] gave.
    ///
    /// # Errors
    ///
    /// [`NoCluster`] if the address names no database.
    pub fn url(&self, of: &str) -> Result<String, NoCluster> {
        let database = super::name_in(of)?;
        Ok(format!(
            "host=127.0.0.1 port={} user=postgres dbname={database}",
            self.port
        ))
    }

    /// Counts from now on; the message `at` has this fate.
    pub fn arm(&self, at: At, fate: Fate) {
        self.count_anew(Some((at, fate, None)));
    }

    /// The same, and `first` is done before.
    pub fn arm_with(&self, at: At, fate: Fate, first: First) {
        self.count_anew(Some((at, fate, Some(first))));
    }

    /// Counts from now on, and breaks nowhere.
    pub fn disarm(&self) {
        self.count_anew(None);
    }

    fn count_anew(&self, armed: Option<(At, Fate, Option<First>)>) {
        let mut state = lock(&self.state);
        let open = std::mem::take(&mut state.open);
        *state = State {
            armed,
            open,
            connections: state.connections,
            ..State::default()
        };
    }

    /// Messages of a side since.
    #[must_use]
    pub fn messages(&self, side: Side) -> u64 {
        let state = lock(&self.state);
        match side {
            Side::Client => state.client,
            Side::Server => state.server,
        }
    }

    /// COMMITs that were answered since.
    #[must_use]
    pub fn commits(&self) -> u64 {
        lock(&self.state).commits
    }

    /// Whether the message that was armed last has come.
    #[must_use]
    pub fn has_struck(&self) -> bool {
        lock(&self.state).struck > 0
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        // Wakes whoever waits for the next connection.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        let open = std::mem::take(&mut lock(&self.state).open);
        for ends in open.values() {
            ends.close();
        }
        if let Some(accepting) = self.accepting.take() {
            // It panics only with the test.
            let _ = accepting.join();
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn accept(listener: &TcpListener, socket: &Path, state: &Arc<Mutex<State>>, is_over: &AtomicBool) {
    for client in listener.incoming() {
        if is_over.load(Ordering::Acquire) {
            return;
        }
        let Ok(client) = client else { continue };
        // Without a server the client meets a closed connection, as at a tunnel whose end is gone.
        let _ = connect(client, socket, state);
    }
}

fn connect(client: TcpStream, socket: &Path, state: &Arc<Mutex<State>>) -> io::Result<()> {
    let server = UnixStream::connect(socket)?;
    client.set_nodelay(true)?;
    let (to_server, to_client) = (server.try_clone()?, client.try_clone()?);
    let (from_client, from_server) = (client.try_clone()?, server.try_clone()?);
    let ends = Arc::new(Ends {
        client,
        server,
        awaits_commit: AtomicBool::new(false),
    });
    let number = {
        let mut state = lock(state);
        state.connections += 1;
        let number = state.connections;
        state.open.insert(number, Arc::clone(&ends));
        number
    };
    let (up, down) = (Arc::clone(&ends), ends);
    let (state_up, state_down) = (Arc::clone(state), Arc::clone(state));
    thread::spawn(move || up.pump(Side::Client, from_client, to_server, &state_up));
    thread::spawn(move || {
        down.pump(Side::Server, from_server, to_client, &state_down);
        lock(&state_down).open.remove(&number);
    });
    Ok(())
}

/// Both ends of one connection.
struct Ends {
    client: TcpStream,
    server: UnixStream,
    /// A COMMIT was passed on and not answered yet.
    awaits_commit: AtomicBool,
}

impl Ends {
    /// Passes messages on until an end is closed or the line breaks; then both ends are closed.
    fn pump(&self, side: Side, from: impl Read, mut to: impl Write, state: &Mutex<State>) {
        let mut from = BufReader::with_capacity(1 << 16, from);
        // The first message of a client has no type.
        let mut has_type = side == Side::Server;
        while let Ok(message) = read(&mut from, has_type) {
            let is_typed = std::mem::replace(&mut has_type, true);
            let fate = self.fate_of(side, &message, is_typed, state);
            let passed = match fate {
                Fate::Passed | Fate::CutAfterwards => message.as_slice(),
                Fate::Cut => &[],
                Fate::CutHalf => message.get(..message.len() / 2).unwrap_or_default(),
            };
            if to.write_all(passed).is_err() || fate != Fate::Passed {
                break;
            }
        }
        self.close();
    }

    fn close(&self) {
        // Whoever is gone already need not be told.
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }

    /// Counts a message and does what waited for it.
    fn fate_of(&self, side: Side, message: &[u8], is_typed: bool, state: &Mutex<State>) -> Fate {
        let Some((fate, first)) = self.armed_for(side, message, is_typed, state) else {
            return Fate::Passed;
        };
        if let Some(first) = first {
            first();
        }
        fate
    }

    fn armed_for(
        &self,
        side: Side,
        message: &[u8],
        is_typed: bool,
        state: &Mutex<State>,
    ) -> Option<(Fate, Option<First>)> {
        let mut state = lock(state);
        let count = match side {
            Side::Client => &mut state.client,
            Side::Server => &mut state.server,
        };
        *count += 1;
        let count = *count;
        let (mut commit, mut commit_answer) = (None, None);
        match side {
            Side::Client if is_typed && message.starts_with(b"Q") && message.get(5..11) == Some(b"COMMIT") => {
                self.awaits_commit.store(true, Ordering::Release);
                state.commits_sent += 1;
                commit = Some(state.commits_sent);
            }
            // What the server still had to say of the statement before comes first.
            Side::Server
                if message.starts_with(b"C")
                    && message.get(5..11) == Some(b"COMMIT")
                    && self.awaits_commit.swap(false, Ordering::AcqRel) =>
            {
                state.commits += 1;
                commit_answer = Some(state.commits);
            }
            _ => {}
        }
        let is_met = state.armed.as_ref().is_some_and(|(at, ..)| match *at {
            At::Message(of, nth) => of == side && nth == count,
            At::Commit(nth) => Some(nth) == commit,
            At::CommitAnswer(nth) => Some(nth) == commit_answer,
        });
        let (_, fate, first) = state.armed.take_if(|_| is_met)?;
        state.struck += 1;
        Some((fate, first))
    }
}

/// One message with its type and length.
fn read(from: &mut impl Read, has_type: bool) -> io::Result<Vec<u8>> {
    let mut message = vec![0; if has_type { 5 } else { 4 }];
    from.read_exact(&mut message)?;
    let length = message.last_chunk().copied().map_or(0, u32::from_be_bytes) as usize;
    let rest = length
        .checked_sub(4)
        .filter(|rest| *rest < MESSAGE_BYTES_MAX)
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    let head = message.len();
    message.resize(head + rest, 0);
    if let Some(body) = message.get_mut(head..) {
        from.read_exact(body)?;
    }
    Ok(message)
}
