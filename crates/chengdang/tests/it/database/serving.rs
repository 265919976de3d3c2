//! A server of ours goes on by itself after everything that happens to its database, a fail-over included: nobody starts
//! it again, the sessions of its users stay, and no look goes without a trace (R11).

use std::sync::Arc;

use domain::Uscc;
use store::AccountKind;
use store_postgres::testing::{At, Cluster, Fate, Line, Side};
use synth::FileEntry;
use tokio::runtime::Runtime;

use super::{Blow, blow_at, failover};
use crate::leaks::http::{Answer, ask};
use crate::leaks::town::{Login, Server, Town};
use crate::leaks::walk::token;
use crate::support;

/// A page that shows something; on the way to it a trace was made durable.
const OWN: &str = "/api/v1/me/records";

struct Visitor<'a> {
    server: &'a Server,
    bearer: String,
    looks: i64,
}

impl<'a> Visitor<'a> {
    fn new(server: &'a Server, login: &Login) -> Self {
        Self {
            server,
            bearer: format!("Bearer {}", token(&server.address, login)),
            looks: 0,
        }
    }

    fn get(&mut self, path: &str) -> Answer {
        let answer = ask(
            &self.server.address,
            "GET",
            path,
            &[("Authorization", self.bearer.as_str())],
            &[],
        );
        self.looks += i64::from(answer.status() == 200 && path == OWN);
        answer
    }

    /// Hands in a file.
    fn deliver(&self, entry: &FileEntry, bytes: &[u8]) -> Answer {
        let headers = [("Authorization", self.bearer.as_str()), ("Content-Type", "text/csv")];
        let path = format!("/api/v1/deliveries?item={}", entry.item);
        ask(&self.server.address, "POST", &path, &headers, bytes)
    }
}

#[test]
fn a_running_server_comes_back_by_itself() {
    support::seed();
    let runtime = Runtime::new().unwrap();
    let primary = Arc::new(Cluster::start_with(&[]).unwrap());
    let standby = runtime.block_on(primary.synchronous_standby()).unwrap();
    let line = Line::to(&primary).unwrap();
    let store = failover::url(&line, &standby);
    let town = Town::build(31, 300, &store);
    let mut files = town.manifest.files.iter().filter(|entry| entry.format == "csv");
    let first = files.next().unwrap();
    let path = town.inputs().join(&first.file);
    let arguments = ["--item", &first.item, "--provider", &first.provider, "--json"];
    support::run(town.command().arg("deliver").arg(&path).args(arguments), 0);
    // Its first rows, which are other bytes.
    let text = std::fs::read_to_string(&path).unwrap();
    let some: String = text.split_inclusive('\n').take(40).collect();
    let somebody = town.recorded_canaries()[0];
    let logins = town.accounts(vec![
        (
            "officer".to_owned(),
            AccountKind::Officer,
            Some(Uscc::parse(&first.provider).unwrap()),
            None,
        ),
        ("resident".to_owned(), AccountKind::Resident, None, Some(somebody)),
    ]);
    let server = town.serve();
    let officer = Visitor::new(&server, &logins[0]);
    let mut resident = Visitor::new(&server, &logins[1]);
    let shown = resident.get(OWN);
    assert_eq!(shown.status(), 200, "{}", shown.text());
    for blow in Blow::ALL {
        // In the middle of a look: it is answered in full, or not at all.
        let (body, mended) = blow_at(blow, &primary, "postgres", runtime.handle(), false);
        line.arm_with(At::Message(Side::Client, 3), Fate::Passed, body);
        let answer = resident.get(OWN);
        mended.recv().unwrap();
        line.disarm();
        println!("{blow:?}: {}", answer.status());
        if answer.status() != 200 {
            assert_eq!(answer.status(), 503, "{blow:?}: {}", answer.text());
            assert!(answer.json()["code"].is_string(), "{}", answer.text());
        }
        // And while the server is away.
        blow.fall(&primary, "postgres", runtime.handle());
        if !matches!(blow, Blow::KillSessions | Blow::TerminateSessions) {
            assert_eq!(resident.get(OWN).status(), 503);
            assert_eq!(resident.get("/readyz").status(), 503);
            assert_eq!(resident.get("/healthz").status(), 200);
        }
        blow.mend(&primary);
        // Nothing is tried twice: the pool finds by itself that its connections are gone.
        let again = resident.get(OWN);
        assert_eq!(again.status(), 200, "{blow:?}: {}", again.text());
        assert_eq!(again.json()["records"], shown.json()["records"]);
    }
    primary.kill_all().unwrap();
    assert_eq!(resident.get(OWN).status(), 503);
    standby.promote().unwrap();
    let again = resident.get(OWN);
    assert_eq!(again.status(), 200, "after the fail-over: {}", again.text());
    assert_eq!(again.json()["records"], shown.json()["records"]);
    // The officer's session is there as well, and what is delivered goes to the new primary.
    let taken = officer.deliver(first, some.as_bytes());
    assert!(matches!(taken.status(), 200 | 202), "{}", taken.text());
    let looks = resident.looks;
    assert!(looks >= 7, "{looks}");
    server.stop();
    let output = support::run(town.command().args(["verify", "--json"]), 0);
    assert!(
        output.contains("\"damage\":[]") || output.contains("\"damage\": []"),
        "{output}"
    );
    let traces = runtime.block_on(count_traces(&standby));
    assert!(traces >= looks, "{looks} looks left {traces} traces");
}

async fn count_traces(cluster: &Cluster) -> i64 {
    let (client, connection) = tokio_postgres::connect(&cluster.url("postgres"), tokio_postgres::NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let row = client.query_one("SELECT count(*) FROM trace", &[]).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
    row.get(0)
}
