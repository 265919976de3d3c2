//! Plain HTTP/1.0, so that an answer comes in one piece and the bytes scanned are the bytes sent.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;

/// A connection whose request has begun.
pub(crate) struct Request(TcpStream);

impl Request {
    /// Sends the head of a request whose body has `length` bytes.
    pub(crate) fn begin(address: &str, method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> Self {
        let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").expect("text");
        }
        let mut stream = TcpStream::connect(address).expect("the server listens");
        stream.write_all(format!("{head}\r\n").as_bytes()).expect("it reads");
        Self(stream)
    }

    pub(crate) fn send(&mut self, part: &[u8]) {
        self.0.write_all(part).expect("it reads");
    }

    /// The whole answer, head and body.
    pub(crate) fn answer(mut self) -> Answer {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).expect("an answer");
        Answer { bytes }
    }
}

pub(crate) struct Answer {
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
    pub(crate) fn status(&self) -> u16 {
        self.text()[9..12].parse().expect("a status")
    }
    pub(crate) fn body(&self) -> String {
        let text = self.text();
        text.split_once("\r\n\r\n")
            .map(|(_, body)| body.to_owned())
            .unwrap_or_default()
    }
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body()).expect("JSON")
    }
    /// The values of the headers of this name.
    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let text = self.text();
        let head = text.split_once("\r\n\r\n").map_or("", |(head, _)| head);
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
            .collect()
    }
}

pub(crate) fn ask(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut request = Request::begin(address, method, path, headers, body.len());
    request.send(body);
    request.answer()
}

/// Bytes as a form or an address carries them.
pub(crate) fn coded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut coded, byte| {
        write!(coded, "%{byte:02X}").expect("text");
        coded
    })
}

/// A browser without script: keeps cookies and the form token of the page seen last.
pub(crate) struct Browser {
    address: String,
    cookies: std::collections::BTreeMap<String, String>,
    csrf: String,
}

impl Browser {
    pub(crate) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            cookies: std::collections::BTreeMap::new(),
            csrf: String::new(),
        }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], &[])
    }

    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = format!("csrf={}", self.csrf);
        for (name, value) in fields {
            write!(form, "&{name}={}", coded(value)).expect("text");
        }
        let kind = [("Content-Type", "application/x-www-form-urlencoded")];
        self.send("POST", path, &kind, form.as_bytes())
    }

    /// Hands in a file by the form of the pages.
    pub(crate) fn upload(&mut self, item: &str, name: &str, file: &[u8]) -> Answer {
        let (kind, body) = multipart(&[("csrf", &self.csrf), ("item", item)], name, file);
        self.send("POST", "/deliver", &[("Content-Type", &kind)], &body)
    }

    fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let cookies = cookies.join("; ");
        let mut all = vec![("Cookie", cookies.as_str())];
        all.extend_from_slice(headers);
        let answer = ask(&self.address, method, path, &all, body);
        for cookie in answer.headers("set-cookie") {
            if let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some((_, rest)) = answer.body().split_once("name=\"csrf\" value=\"") {
            rest.split('"').next().unwrap_or_default().clone_into(&mut self.csrf);
        }
        answer
    }
}

/// A form with a file as its last field: content type and body.
pub(crate) fn multipart(fields: &[(&str, &str)], name: &str, file: &[u8]) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "----chengdang-leaks";
    let mut body = Vec::new();
    for (field, value) in fields {
        let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
