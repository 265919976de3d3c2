//! One walk through the system: whatever it prints, answers, logs or stores is looked at.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::{Duration, Instant};

use domain::Uscc;
use serde_json::Value;
use store::AccountKind;
use synth::{Canary, FileEntry, Purpose};

use super::Report;
use super::forms::Kind;
use super::http::{Answer, Browser, Request, ask, coded, multipart};
use super::town::{Login, Server, Town, files_below};

/// Delivers, lists, fails, serves and reads. `is_sound` says that the binary is the one that is shipped, so that its exit
/// codes and answers are known; `while_serving` looks at what only this test's store has, while the server works.
pub(super) fn walk(town: &Town, report: &mut Report<'_>, is_sound: bool, while_serving: impl FnOnce(&mut Report<'_>)) {
    let mut walk = Walk { town, report, is_sound };
    let (by_command, by_http): (Vec<_>, Vec<_>) =
        town.manifest.files.iter().enumerate().partition(|(at, _)| at % 2 == 1);
    let by_command: Vec<&FileEntry> = by_command.into_iter().map(|(_, entry)| entry).collect();
    let by_http: Vec<&FileEntry> = by_http.into_iter().map(|(_, entry)| entry).collect();
    walk.deliver(&by_command);
    walk.failed_calls();
    let logins = walk.logins(&by_http);
    let server = town.serve();
    walk.programs(&server, &by_http, &logins);
    // Now the write-ahead log is full; an erasure, as a decided review brings it, will cut it.
    walk.report.look_at_disk(town);
    walk.failed_requests(&server);
    walk.officer_in_a_browser(&server, &logins, by_http[0]);
    walk.residents(&server, &logins);
    walk.report.look_at_processes(server.id());
    walk.report.look_at_disk(town);
    while_serving(walk.report);
    server.stop();
    walk.listings();
    let damage = walk.command("listings", &["verify"], None);
    assert!(!is_sound || damage == Some(0), "the store is sound");
    walk.report.look_at_disk(town);
}

struct Walk<'w, 'r> {
    town: &'w Town,
    report: &'w mut Report<'r>,
    is_sound: bool,
}

struct Logins {
    /// Each provider's officer, for the API.
    officers: Vec<(String, Login)>,
    /// An officer who uses the pages.
    browsing: Login,
    /// Planted residents: one asks the API, the other the pages.
    residents: [Login; 2],
}

impl Walk<'_, '_> {
    /// Runs a command and looks at all that it prints; the exit code, which must be `code` if that is given.
    fn command(&mut self, channel: &'static str, arguments: &[&str], code: Option<i32>) -> Option<i32> {
        self.run(channel, arguments, &[], code).1
    }

    fn run(
        &mut self,
        channel: &'static str,
        arguments: &[&str],
        environment: &[(&str, &str)],
        code: Option<i32>,
    ) -> (Vec<u8>, Option<i32>) {
        let mut command = self.town.command();
        command.args(arguments).envs(environment.iter().copied());
        let output = command.output().expect("the binary starts");
        let ended = output.status.code();
        let last = String::from_utf8_lossy(&output.stderr);
        let last = last.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        assert!(
            !self.is_sound || code.is_none() || code == ended,
            "{arguments:?}: {ended:?} {last}"
        );
        self.report.look(channel, &output.stdout);
        // The last line tells an error; the others are the log.
        self.report
            .look(if ended == Some(1) { "errors" } else { "log" }, &output.stderr);
        (output.stdout, ended)
    }

    /// Delivers by command line, each file twice: first as JSON, then the stored receipt as text.
    fn deliver(&mut self, entries: &[&FileEntry]) {
        for (at, entry) in entries.iter().enumerate() {
            let file = self.town.inputs().join(&entry.file);
            let file = file.to_str().expect("UTF-8");
            let arguments = [
                "deliver",
                file,
                "--item",
                &entry.item,
                "--provider",
                &entry.provider,
                "--json",
            ];
            let code = Some(match entry.purpose {
                Purpose::Rows => 0,
                // The policies refuse before the file is read.
                Purpose::WrongProvider => 1,
                Purpose::HeaderUnknown | Purpose::Unreadable => 3,
            });
            let (receipt, _) = self.run("receipts", &arguments, &[], code);
            self.command("receipts", &arguments[..6], code);
            if code == Some(1) {
                continue;
            }
            let receipt: Value = serde_json::from_slice(&receipt).unwrap_or_default();
            let id = receipt
                .pointer("/receipt/delivery")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let form: &[&str] = [&["--json"][..], &[], &["--english"]][at % 3];
            self.command("fault files", &[&["faults", id], form].concat(), Some(0));
        }
    }

    fn listings(&mut self) {
        for arguments in [
            &["deliveries"][..],
            &["deliveries", "--json"],
            &["reviews"],
            &["reviews", "--json"],
            &["held"],
        ] {
            self.command("listings", arguments, Some(0));
        }
    }

    /// Calls that fail: each has planted values before it, and tells nothing of them.
    fn failed_calls(&mut self) {
        let folder = self.town.inputs();
        let somebody = &self.town.canaries[3];
        let line = format!("01,{},{},{}", somebody.number, somebody.name, somebody.telephone);
        let broken = [
            // No line of it is a row of anything.
            ("shapeless.csv", line.clone().into_bytes()),
            ("quote.csv", format!("a,b\n\"{line}\n").into_bytes()),
            (
                "bytes.csv",
                [line.as_bytes(), b"\xff\xfe\x00", line.as_bytes()].concat(),
            ),
            ("not-really.xlsx", [b"PK\x03\x04", line.as_bytes()].concat()),
            (
                "register.csv.broken",
                format!("证件类型,证件号码,姓名,曾用名\n{line}x,y\n{line}\n").into_bytes(),
            ),
        ];
        for (name, bytes) in &broken {
            std::fs::write(folder.join(name), bytes).expect("a file");
        }
        let path = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
        let entry = &self.town.manifest.files[0];
        let (item, provider) = (entry.item.as_str(), entry.provider.as_str());
        for (name, _) in &broken[..4] {
            let file = path(name);
            self.command(
                "errors",
                &["deliver", &file, "--item", item, "--provider", provider],
                Some(3),
            );
        }
        let register = path("register.csv.broken");
        let broken_register = [("CHENGDANG_REGISTER", register.as_str())];
        self.run("errors", &["deliveries"], &broken_register, Some(1));
        let file = path(&entry.file);
        let call = ["deliver", &file, "--item", item, "--provider", provider];
        self.run("errors", &["verify"], &[("CHENGDANG_KEYS", &file)], Some(1));
        self.run("errors", &call, &[("CHENGDANG_DATA", "/nonexistent")], Some(1));
        self.run(
            "errors",
            &call,
            &[("CHENGDANG_CATALOGUE", folder.to_str().expect("UTF-8"))],
            Some(1),
        );
        self.command(
            "errors",
            &["deliver", &file, "--item", "ITM-NONE", "--provider", provider],
            Some(1),
        );
        self.command(
            "errors",
            &["deliver", &file, "--item", item, "--provider", "x"],
            Some(1),
        );
        self.command("errors", &["faults", "019ab000-0000-7000-8000-000000000000"], Some(1));
        // In production mode invented persons are refused, row by row, and the log is JSON.
        let production = [("CHENGDANG_MODE", "production")];
        let (item, provider) = (
            self.town.manifest.files[2].item.clone(),
            self.town.manifest.files[2].provider.clone(),
        );
        let file = path(&self.town.manifest.files[2].file);
        let copy = path("production.xlsx");
        // Another file in the eyes of the system, so that the walk delivers the original later.
        std::fs::copy(&file, &copy).expect("a copy");
        let mut appended = std::fs::OpenOptions::new().append(true).open(&copy).expect("a copy");
        appended.write_all(b"\n").expect("a byte more");
        self.run(
            "receipts",
            &["deliver", &copy, "--item", &item, "--provider", &provider],
            &production,
            None,
        );
    }

    fn logins(&self, by_http: &[&FileEntry]) -> Logins {
        let providers: BTreeSet<&str> = by_http.iter().map(|entry| entry.provider.as_str()).collect();
        let uscc = |text: &str| Some(Uscc::parse(text).expect("a code"));
        let recorded = self.town.recorded_canaries();
        let mut wanted: Vec<_> = providers
            .iter()
            .enumerate()
            .map(|(at, provider)| (format!("officer.{at}"), AccountKind::Officer, uscc(provider), None))
            .collect();
        let browsing = uscc(&by_http[0].provider);
        wanted.push(("browsing".to_owned(), AccountKind::Officer, browsing, None));
        for (at, canary) in recorded.iter().take(2).enumerate() {
            wanted.push((format!("resident.{at}"), AccountKind::Resident, None, Some(*canary)));
        }
        let mut logins = self.town.accounts(wanted);
        let residents = logins.split_off(logins.len() - 2);
        let browsing = logins.pop().expect("the browsing officer");
        Logins {
            officers: providers.into_iter().map(str::to_owned).zip(logins).collect(),
            browsing,
            residents: residents.try_into().unwrap_or_else(|_| panic!("two residents")),
        }
    }

    /// Officers' programs hand in files; one is watched while it is on its way.
    fn programs(&mut self, server: &Server, entries: &[&FileEntry], logins: &Logins) {
        let address = server.address.as_str();
        let tokens: Vec<(&String, String)> = logins
            .officers
            .iter()
            .map(|(provider, login)| (provider, token(address, login)))
            .collect();
        for (at, entry) in entries.iter().enumerate() {
            let found = tokens.iter().find(|(provider, _)| **provider == entry.provider);
            let bearer = format!("Bearer {}", found.expect("its officer").1);
            let bytes = std::fs::read(self.town.inputs().join(&entry.file)).expect("a delivery");
            let path = format!("/api/v1/deliveries?item={}", entry.item);
            let is_csv = entry.format == "csv";
            let somebody = &self.town.canaries[at];
            let answer = if at == 0 {
                self.watched_upload(server, &path, &bearer, &bytes)
            } else if at % 2 == 0 {
                // The name of a file can itself name a person.
                let extension = if is_csv { "csv" } else { "xlsx" };
                let name = format!("{}-{}.{extension}", somebody.number, somebody.name);
                let (kind, body) = multipart(&[], &name, &bytes);
                let headers = [("Authorization", bearer.as_str()), ("Content-Type", &kind)];
                ask(address, "POST", &path, &headers, &body)
            } else {
                let kind = if is_csv { "text/csv" } else { XLSX };
                let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
                ask(address, "POST", &path, &headers, &bytes)
            };
            self.report.look("answers", &answer.bytes);
            if answer.status() == 403 {
                continue;
            }
            assert!(matches!(answer.status(), 200 | 202), "{}", answer.text());
            self.report.look_at_processes(server.id());
            self.await_receipt(address, &bearer, &answer);
        }
        self.reconciliations(address, &tokens);
    }

    /// Each provider's day. One of them has stated something, and what cannot be understood in it names a planted person.
    fn reconciliations(&mut self, address: &str, tokens: &[(&String, String)]) {
        let somebody = &self.town.canaries[6];
        let (name, number) = (&somebody.name, &somebody.number);
        let said = serde_json::json!([{ "item": number, "sha256": name, "rows": 1 }, { "item": name }]);
        for (at, (provider, token)) in tokens.iter().enumerate() {
            let headers = [("Authorization", format!("Bearer {token}"))];
            let headers: Vec<(&str, &str)> = headers.iter().map(|(key, value)| (*key, value.as_str())).collect();
            let day = ask(address, "GET", "/api/v1/reconciliation", &headers, &[]).json()["day"].clone();
            let folder = self.town.dropped().join(provider);
            std::fs::create_dir_all(&folder).expect("a folder");
            let file = folder.join(format!("{}.manifest.json", day.as_str().expect("a day")));
            // Another one cannot be read at all.
            let bytes = if at == 0 {
                said.to_string()
            } else {
                format!("[{{\"{number}\": \"{name}\"}}]")
            };
            std::fs::write(file, bytes).expect("a statement");
            let answer = ask(address, "GET", "/api/v1/reconciliation", &headers, &[]);
            assert_eq!(answer.status(), 200, "{}", answer.text());
            let report = answer.json();
            let told = (
                report["statements"].as_array().map_or(0, Vec::len),
                &report["statement_fault"],
            );
            let expected = if at == 0 {
                (2, &Value::Null)
            } else {
                (0, &Value::from("RECONCILE-0001"))
            };
            assert_eq!(told, expected, "{report}");
            self.report.look("answers", &answer.bytes);
        }
        assert!(tokens.len() > 1, "several providers");
    }

    /// Sends half of a file, looks at disk and processes once it has begun to arrive, then sends the rest.
    fn watched_upload(&mut self, server: &Server, path: &str, bearer: &str, bytes: &[u8]) -> Answer {
        let headers = [("Authorization", bearer), ("Content-Type", "text/csv")];
        let mut request = Request::begin(&server.address, "POST", path, &headers, bytes.len());
        let (first, rest) = bytes.split_at(bytes.len() * 9 / 10);
        request.send(first);
        let staging = self.town.data().join("staging");
        let deadline = Deadline::new();
        while files_below(&staging)
            .iter()
            .all(|file| std::fs::metadata(file).map_or(0, |file| file.len()) < 60_000)
        {
            deadline.check("the upload arrives in the staging folder");
        }
        self.report.look_at_disk(self.town);
        self.report.look_at_processes(server.id());
        request.send(rest);
        request.answer()
    }

    fn await_receipt(&mut self, address: &str, bearer: &str, begun: &Answer) {
        let place = begun.headers("location").pop().expect("where to ask");
        let headers = [("Authorization", bearer)];
        let deadline = Deadline::new();
        loop {
            let answer = ask(address, "GET", &place, &headers, &[]);
            let is_done = answer.json()["state"] != "receiving";
            self.report.look("answers", &answer.bytes);
            if is_done {
                break;
            }
            deadline.check("a receipt is written");
        }
        let faults = ask(address, "GET", &format!("{place}/faults"), &headers, &[]);
        assert_eq!(faults.status(), 200);
        self.report.look("answers", &faults.bytes);
    }

    /// Requests that are refused, each with planted values where a caller may put something.
    fn failed_requests(&mut self, server: &Server) {
        let address = server.address.as_str();
        let Canary {
            number,
            name,
            telephone,
            ..
        } = &self.town.canaries[5];
        let (name_coded, json) = (coded(name), format!("{{\"login\":\"{number}\",\"{name}\":{telephone}"));
        let credentials = format!("{{\"login\":\"{number}\",\"password\":\"{name}\",\"code\":\"{telephone}\"}}");
        let as_json = [("Content-Type", "application/json")];
        let bearer = format!("Bearer {number}");
        let stranger = [
            ("Authorization", bearer.as_str()),
            ("Cookie", &format!("chengdang={number}")),
        ];
        let agent = [
            ("User-Agent", number.as_str()),
            ("Referer", &format!("/{number}")),
            ("X-Request-Id", number),
        ];
        let form = format!("login={number}&password={name_coded}");
        let asked: Vec<Asked<'_>> = vec![
            ("POST", "/api/v1/sessions".to_owned(), &as_json, json.as_bytes()),
            ("POST", "/api/v1/sessions".to_owned(), &as_json, credentials.as_bytes()),
            ("POST", "/api/v1/sessions".to_owned(), &[], credentials.as_bytes()),
            ("GET", format!("/api/v1/deliveries/{number}"), &stranger, &[]),
            ("GET", format!("/api/v1/deliveries/{name_coded}/faults"), &agent, &[]),
            (
                "POST",
                format!("/api/v1/deliveries?item={number}&provider={name_coded}"),
                &stranger,
                json.as_bytes(),
            ),
            ("GET", format!("/api/v1/me/records?person={number}"), &stranger, &[]),
            ("GET", format!("/{number}/{name_coded}?{telephone}"), &stranger, &[]),
            ("GET", format!("/reviews/{number}"), &stranger, &[]),
            ("GET", format!("/assets/{name_coded}"), &agent, &[]),
            ("GET", format!("/catalogue/{number}"), &agent, &[]),
            (
                "GET",
                format!("/reconciliation?day={number}&provider={name_coded}"),
                &stranger,
                &[],
            ),
            (
                "GET",
                format!("/api/v1/reconciliation?provider={number}&day={name_coded}"),
                &stranger,
                &[],
            ),
            ("POST", "/login".to_owned(), &stranger, form.as_bytes()),
            ("PUT", format!("/api/v1/me/{number}"), &as_json, json.as_bytes()),
            // A method is a word of the caller's choice.
            (number, "/".to_owned(), &[], &[]),
            (telephone, format!("/api/v1/{number}"), &[], &[]),
        ];
        for (method, path, headers, body) in asked {
            let answer = ask(address, method, &path, headers, body);
            assert!(answer.status() >= 300, "{}", answer.status());
            self.report.look("problem documents", &answer.bytes);
        }
        // Bytes that are no request at all.
        let mut raw = Request::begin(address, &format!("GET {number} {name}"), "/", &[], 0);
        raw.send(b"");
        self.report.look("problem documents", &raw.answer().bytes);
        // Until the login name is locked.
        for _ in 0..6 {
            let answer = ask(address, "POST", "/api/v1/sessions", &as_json, credentials.as_bytes());
            self.report.look("problem documents", &answer.bytes);
        }
    }

    /// An officer looks at deliveries, faults and reviews, uploads a file without confirming it, and decides a review.
    fn officer_in_a_browser(&mut self, server: &Server, logins: &Logins, entry: &FileEntry) {
        let mut browser = browser(server, &logins.browsing);
        let bytes = std::fs::read(self.town.inputs().join(&entry.file)).expect("a delivery");
        browser.get("/deliver");
        let staged = browser.upload(&entry.item, "penalties.csv", &bytes);
        self.report.look("answers", &staged.bytes);
        let preview = staged.headers("location").pop().expect("the preview");
        for path in [preview.as_str(), "/deliveries", "/reviews", "/reconciliation"] {
            let page = browser.get(path);
            assert_eq!(page.status(), 200, "{path}");
            self.report.look("answers", &page.bytes);
        }
        for delivery in links(&browser.get("/deliveries"), "/deliveries/") {
            for (part, channel) in [
                ("", "answers"),
                ("/faults.csv", "fault files"),
                ("/receipt.json", "receipts"),
            ] {
                let page = browser.get(&format!("{delivery}{part}"));
                assert_eq!(page.status(), 200, "{part}");
                self.report.look(channel, &page.bytes);
            }
        }
        let reviews = links(&browser.get("/reviews"), "/reviews/");
        assert!(!reviews.is_empty(), "some rows wait for a review");
        for (at, review) in reviews.iter().enumerate() {
            let page = browser.get(review);
            assert_eq!(page.status(), 200);
            // The decider compares the row's name with the register's; the number stays masked even here.
            self.report
                .look_but("answers", &page.bytes, |planted| planted.kind == Kind::Name);
            if at < 2 {
                let somebody = &self.town.canaries[at];
                let reason = format!("已核对{}，{}，{}", somebody.name, somebody.number, somebody.telephone);
                let decision = ["attach", "refuse"][at];
                let fields = [("decision", decision), ("reason", &reason), ("after_steps", "0")];
                let decided = browser.post(review, &fields);
                assert!(!self.is_sound || decided.status() == 303, "{}", decided.text());
                let page = browser.get(review);
                self.report
                    .look_but("answers", &page.bytes, |planted| planted.kind == Kind::Name);
            }
        }
    }

    /// Two planted residents read their own files: there, and nowhere else, they find themselves, and nobody else.
    fn residents(&mut self, server: &Server, logins: &Logins) {
        let own: Vec<u64> = self
            .town
            .recorded_canaries()
            .iter()
            .map(|canary| canary.index)
            .collect();
        let bearer = format!("Bearer {}", token(&server.address, &logins.residents[0]));
        let mut pages = Vec::new();
        for path in ["/api/v1/me/records", "/api/v1/me/notices", "/api/v1/deliveries/x"] {
            pages.push((
                own[0],
                ask(&server.address, "GET", path, &[("Authorization", &bearer)], &[]),
            ));
        }
        let mut browser = browser(server, &logins.residents[1]);
        for path in ["/me", "/me/records", "/me/notices", "/reviews", "/deliveries"] {
            pages.push((own[1], browser.get(path)));
        }
        for (person, page) in &pages {
            self.report
                .look_but("answers", &page.bytes, |planted| planted.person == *person);
        }
        for person in &own[..2] {
            let is_there = |page: &Answer| {
                let found = self.report.scanner.scan(&page.bytes);
                found.iter().any(|hit| hit.planted.person == *person)
            };
            assert!(
                pages.iter().any(|(reader, page)| reader == person && is_there(page)),
                "a person's own page shows the person"
            );
        }
    }
}

/// Method, path, headers, body.
type Asked<'a> = (&'a str, String, &'a [(&'a str, &'a str)], &'a [u8]);

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A browser that has passed both factors.
pub(crate) fn browser(server: &Server, login: &Login) -> Browser {
    let mut browser = Browser::new(&server.address);
    browser.get("/login");
    let first = browser.post("/login", &[("login", &login.account), ("password", &login.password)]);
    assert_eq!(first.headers("location"), ["/login/code"], "{}", first.text());
    browser.get("/login/code");
    let second = browser.post("/login/code", &[("code", &login.code())]);
    assert_eq!(second.headers("location"), ["/"], "{}", second.text());
    browser
}

/// Begins a session of the API.
pub(crate) fn token(address: &str, login: &Login) -> String {
    let body = serde_json::json!({ "login": login.account, "password": login.password, "code": login.code() });
    let headers = [("Content-Type", "application/json")];
    let answer = ask(
        address,
        "POST",
        "/api/v1/sessions",
        &headers,
        body.to_string().as_bytes(),
    );
    assert_eq!(answer.status(), 201, "{}", answer.text());
    answer.json()["token"].as_str().expect("a token").to_owned()
}

/// Addresses on a page that lead to one thing each below `prefix`.
fn links(page: &Answer, prefix: &str) -> BTreeSet<String> {
    let text = page.text();
    text.split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|link| link.strip_prefix(prefix).is_some_and(|id| id.len() == 36))
        .map(str::to_owned)
        .collect()
}

/// Ends a wait for something that does not happen.
struct Deadline(Instant);

impl Deadline {
    fn new() -> Self {
        Self(Instant::now())
    }
    #[track_caller]
    fn check(&self, what: &str) {
        assert!(self.0.elapsed() < Duration::from_mins(1), "{what}");
        std::thread::yield_now();
    }
}
