//! P9: a resident reads the own file, through the use case and over HTTP; the trace is durable before anything is read.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use app::App;
use app::accounts::{self, NewAccount};
use domain::{Clock, IdentityDocument, Name};
use policy::{Caller, CallerKind, ReadOwnRecords};
use store::AccountKind;
use synth::Outcome;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::city::{Ground, Written};
use crate::clock::SystemClock;

/// Residents who read, spread over the city.
const READERS: usize = 12;
const PASSWORD: &str = "a long enough password";

/// A resident with an account and the truth about the own records.
struct Reader {
    account: Uuid,
    token: String,
    /// Document numbers that the file must show, and further ones that it may.
    must: BTreeSet<String>,
    may: BTreeSet<String>,
}

/// Sorted times of reading the own file.
pub(crate) struct Times {
    pub(crate) through_app: Vec<Duration>,
    pub(crate) over_http: Vec<Duration>,
    pub(crate) records_read: usize,
}

/// Reads the own files of some residents `reads` times each way.
pub(crate) async fn measure(ground: &Ground, written: &Written, app: &App, reads: usize) -> anyhow::Result<Times> {
    let readers = readers(written, app).await?;
    let mut through_app = Vec::with_capacity(reads);
    let mut records_read = 0;
    for reader in readers.iter().cycle().take(reads) {
        let begin = Instant::now();
        let caller = Caller {
            account: reader.account,
            kind: CallerKind::Resident,
            organisation: None,
            second_factor: true,
            behind: None,
        };
        let asked = ReadOwnRecords {
            account: reader.account,
        };
        let permit = ground.policies.decide(&caller, asked)?;
        let file = app::own_file::records(app, &permit).await?;
        through_app.push(begin.elapsed());
        let numbers: BTreeSet<String> = file
            .groups
            .iter()
            .flat_map(|group| &group.records)
            .flat_map(|record| &record.fields)
            .filter(|field| field.code == "CF_WSH")
            .map(|field| field.value.clone())
            .collect();
        records_read += file.groups.iter().map(|group| group.records.len()).sum::<usize>();
        reader.check(&numbers)?;
    }
    let over_http = over_http(app, &readers, reads).await?;
    through_app.sort_unstable();
    Ok(Times {
        through_app,
        over_http,
        records_read,
    })
}

impl Reader {
    /// Nobody else's record is there, and none is missing.
    fn check(&self, shown: &BTreeSet<String>) -> anyhow::Result<()> {
        ensure!(
            shown.is_superset(&self.must),
            "a record is missing in a resident's own file"
        );
        ensure!(
            shown.difference(&self.must).all(|number| self.may.contains(number)),
            "a resident's own file shows another's record"
        );
        Ok(())
    }
}

/// Residents with records at even distances, each with an account and a session.
async fn readers(written: &Written, app: &App) -> anyhow::Result<Vec<Reader>> {
    let step = (written.city.residents() / 4096).max(1);
    let mut must: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    let mut may: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for row in written.truth()? {
        let row = row?;
        let Some(resident) = row.resident.filter(|resident| resident % step == 0) else {
            continue;
        };
        let set = match row.outcome {
            Outcome::Recorded => &mut must,
            Outcome::Corrected | Outcome::Withdrawn | Outcome::Repeated | Outcome::Held => &mut may,
            Outcome::Pending | Outcome::Refused => continue,
        };
        set.entry(resident).or_default().insert(row.document_no);
    }
    let apart = (must.len() / READERS).max(1);
    let mut readers = Vec::new();
    for (at, (resident, must)) in must.into_iter().step_by(apart).take(READERS).enumerate() {
        let person = written.city.person(resident)?;
        let identity = (
            IdentityDocument::parse(person.kind, &person.number)?,
            Name::parse(&person.name)?,
        );
        let login = format!("reader-{}", char::from(b'a' + u8::try_from(at)?));
        let made = accounts::create(
            app,
            NewAccount {
                login: login.clone(),
                password: PASSWORD.to_owned(),
                kind: AccountKind::Resident,
                organisation: None,
                identity: Some(identity),
                totp_secret: None,
                holder: None,
            },
        )
        .await?;
        let half = accounts::login(app, &login, PASSWORD, IpAddr::V4(Ipv4Addr::LOCALHOST)).await?;
        let code = one_time_code(&login, &made.totp_secret_base32)?;
        let token = accounts::second_factor(app, half.as_str(), &code).await?;
        readers.push(Reader {
            account: made.uuid,
            token: token.as_str().to_owned(),
            must,
            may: may.remove(&resident).unwrap_or_default(),
        });
    }
    ensure!(!readers.is_empty(), "the city has no resident with records");
    Ok(readers)
}

pub(crate) fn one_time_code(login: &str, secret: &str) -> anyhow::Result<String> {
    let totp = totp_rs::Builder::new()
        .with_secret(totp_rs::Secret::try_from_base32(secret).ok().context("a secret")?)
        .with_account_name(login)
        .with_issuer(Some("Chengdang"))
        .build()
        .ok()
        .context("one-time codes")?;
    Ok(totp.generate(u64::try_from(SystemClock.now().0 / 1000)?).to_string())
}

/// The same over the API, one request after the other on one connection.
async fn over_http(app: &App, readers: &[Reader], reads: usize) -> anyhow::Result<Vec<Duration>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(web::serve(
        app.clone(),
        listener,
        web::WebSettings::default(),
        None,
        async {
            // Either end of the channel may go first.
            let _ = stopped.await;
        },
    ));
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut stream = BufStream::new(stream);
    let mut times = Vec::with_capacity(reads);
    for reader in readers.iter().cycle().take(reads) {
        let begin = Instant::now();
        let request = format!(
            "GET /api/v1/me/records HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\r\n",
            reader.token
        );
        stream.write_all(request.as_bytes()).await?;
        stream.flush().await?;
        let body = response(&mut stream).await?;
        times.push(begin.elapsed());
        let text = String::from_utf8(body)?;
        ensure!(
            reader.must.iter().all(|number| text.contains(number.as_str())),
            "a record is missing in an answer"
        );
    }
    drop(stream);
    drop(stop);
    served.await??;
    times.sort_unstable();
    Ok(times)
}

/// Reads one answer with status 200 and a declared length.
pub(crate) async fn response(stream: &mut BufStream<TcpStream>) -> anyhow::Result<Vec<u8>> {
    let mut length = None;
    let mut is_first = true;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let line = line.trim_end();
        if is_first {
            ensure!(line.starts_with("HTTP/1.1 200"), "the answer is {line}");
            is_first = false;
        } else if line.is_empty() {
            break;
        } else if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = Some(value.trim().parse()?);
        }
    }
    let mut body = vec![0; length.context("an answer without length")?];
    stream.read_exact(&mut body).await?;
    Ok(body)
}
