//! Comparisons of batches: lines of JSON in, lines of JSON out, block after block.

use std::collections::HashMap;
use std::time::Duration;

use app::comparisons::{self, BlockDone, ComparisonFault, Flags, RawRow, Request, RowFault, Run};
use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::look_ups::{KEY, WireDocument};
use crate::fault::Fault;
use crate::forms::ApiQuery;
use crate::problem::Problem;
use crate::signed::ApiCaller;
use crate::state::WebState;

/// Media type of both bodies.
const NDJSON: &str = "application/x-ndjson";

/// How long a caller may send nothing: others wait for its place. The same key goes on where it broke off.
const SILENCE: Duration = Duration::from_secs(30);

/// Under which programme.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Under {
    /// Id of the programme.
    programme: Uuid,
    /// Items wanted, by comma; all of the programme, if not given.
    items: Option<String>,
}

/// A line of the body: a row.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "matter_no": "测食许〔2026〕7号", "document": { "kind": "01", "number": "370199198503020019" }, "name": "测试某"
}))]
pub(super) struct WireRow {
    /// Number of the matter in hand, one of its own for each row.
    matter_no: String,
    /// Document of the person.
    document: WireDocument,
    /// Name as in the document. Number *and* name must agree.
    name: String,
}

/// A line of the answer: of a row (`line` with `items`, or with `code` and `detail`), of a block (`block`), or the last one
/// (`end`, or `error` if the comparison stops there). Without a last line the connection broke: send the same again with the same key.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "line": 1, "items": { "ITM-PENALTY": "open", "ITM-PERMIT": "nothing" } }))]
pub(super) struct WireComparedLine {
    /// Number of the line, from 1.
    line: Option<u64>,
    /// For each item: `nothing` (nothing to show), or `open` (open the file by a single look-up under this purpose for this item).
    items: Option<HashMap<String, String>>,
    /// Why the row was not compared; nobody was searched for.
    code: Option<String>,
    /// The same in a sentence.
    detail: Option<String>,
    /// What proves the rows of a block.
    block: Option<WireBlock>,
    /// The comparison is complete.
    end: Option<WireEnd>,
    /// The comparison stops here: no line from `from_line` on was compared.
    error: Option<WireError>,
}

/// Proves a block: the hashes of its entries in the log, under the installation's signature.
#[derive(Serialize, ToSchema)]
pub(super) struct WireBlock {
    /// Id of the block.
    id: Uuid,
    /// Rows compared.
    rows: u32,
    /// Hash of the entry of its rows, hex.
    entry_hash: String,
    /// Hash of the entry of its answers, hex.
    answer_hash: String,
    /// As of when, in milliseconds since 1970: what was committed by then is in the answers.
    as_of_ms: i64,
    /// Ed25519 signature, hex, over `chengdang comparison receipt 1`, id, both hashes and milliseconds, each ended by a line feed.
    signature: String,
}

/// What became of all lines.
#[derive(Serialize, ToSchema)]
pub(super) struct WireEnd {
    /// Id of the comparison.
    comparison: Uuid,
    /// Lines read.
    lines: u64,
    /// Rows compared.
    compared: u64,
    /// Rows not compared, each with its code.
    faulty: u64,
}

/// Why the comparison stops.
#[derive(Serialize, ToSchema)]
pub(super) struct WireError {
    /// The first line that was not compared.
    from_line: u64,
    /// Public code.
    code: &'static str,
    /// The same in a sentence.
    detail: &'static str,
}

/// Compares a batch under a registered programme. Caller, programme and purpose are checked before anything is read; each block
/// of 65,536 lines is checked, made durable in the log, compared, and answered. The answer of a block comes while the next lines
/// are sent: who sends more than one block must read meanwhile. The same key with the same lines gets the same answers for a day,
/// without a second trace. A signed request has at most 16 MiB.
#[utoipa::path(
    post, path = "/api/v1/comparisons", tag = "look-ups", operation_id = "compareBatch",
    security(("bearer" = [])),
    params(Under, ("Idempotency-Key" = String, Header, description = "8 to 100 printable characters, a new one for each comparison.")),
    request_body(content = WireRow, content_type = "application/x-ndjson", description = "One row a line, at most 1,024 bytes each."),
    responses(
        (status = 200, description = "One answer a line, in order.", body = WireComparedLine, content_type = "application/x-ndjson"),
        (status = 400, description = "A parameter is wrong.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The programme is not approved or has ended, or purpose or items are not permitted.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such programme of this organisation.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The idempotency key was used for another comparison, or too long ago.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "A signed body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not lines of JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Items or key are not in their form.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too many comparisons run now, or the log cannot be written.", body = Problem, content_type = "application/problem+json"),
        (status = 507, description = "There is no space for the trace, so nobody was searched for.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn compare(
    State(state): State<WebState>,
    caller: ApiCaller,
    ApiQuery(under): ApiQuery<Under>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Fault> {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let kind = text(header::CONTENT_TYPE.as_str()).split(';').next().map(str::trim);
    if kind != Some(NDJSON) {
        return Err(Fault::Media);
    }
    let items = under.items.as_deref().filter(|items| !items.is_empty());
    let items: Vec<String> = items
        .into_iter()
        .flat_map(|items| items.split(','))
        .map(str::to_owned)
        .collect();
    let request = Request {
        programme: under.programme,
        items: &items,
        key: text(KEY),
    };
    let (question, asked) = comparisons::prepare(&state.app, &caller.caller, &request).await?;
    let permit = state.app.policies().decide(&caller.caller, question)?;
    let run = comparisons::begin(&state.app, &permit, asked).await?;
    let lines = Lines::new(run, body.into_data_stream());
    let answers = stream::unfold(Some(lines), |lines| async move {
        let (answer, rest) = lines?.next().await;
        Some((answer, rest))
    });
    Ok(([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(answers)).into_response())
}

/// Lines as they come, and what became of them. Holds one block and one piece of the body, whatever is sent.
struct Lines {
    run: Run,
    body: BodyDataStream,
    /// What was read behind the last line end.
    rest: Vec<u8>,
    /// Whether the line that `rest` begins with is too long: then nothing of it is kept.
    is_long: bool,
    /// Pieces of the body that are not cut into lines yet.
    piece: Bytes,
    is_over: bool,
    block: Vec<Result<RawRow, RowFault>>,
    end: WireEnd,
}

/// What a step gives out, and how it goes on; an error ends the connection, so that nobody takes a part for the whole.
type Step = (Result<Bytes, std::io::Error>, Option<Lines>);

impl Lines {
    fn new(run: Run, body: BodyDataStream) -> Self {
        let end = WireEnd {
            comparison: run.id(),
            lines: 0,
            compared: 0,
            faulty: 0,
        };
        Self {
            run,
            body,
            rest: Vec::new(),
            is_long: false,
            piece: Bytes::new(),
            is_over: false,
            block: Vec::new(),
            end,
        }
    }

    /// The next block, or the last line. The next block is read only when the answers of this one were taken: back-pressure.
    async fn next(mut self) -> Step {
        if let Err(error) = self.fill().await {
            // What was read of the block is dropped: nothing of it is compared, and the same key goes on from here.
            return (Err(error), None);
        }
        if self.block.is_empty() {
            let last = format!("{}\n", json!({ "end": self.end }));
            return (Ok(last.into()), None);
        }
        let lines = std::mem::take(&mut self.block);
        let count = lines.len() as u64;
        match self.run.block(lines).await {
            Ok(done) => {
                let text = self.text(&done);
                self.end.lines += count;
                (Ok(text.into()), Some(self))
            }
            Err(fault) => {
                let error = WireError {
                    from_line: self.end.lines + 1,
                    code: fault.code(),
                    detail: fault.detail(),
                };
                note(&fault);
                let last = format!("{}\n", json!({ "error": error }));
                (Ok(last.into()), None)
            }
        }
    }

    /// Reads until the block is full or the body ends.
    async fn fill(&mut self) -> Result<(), std::io::Error> {
        while self.block.len() < comparisons::BLOCK_ROWS && !self.is_over {
            if self.piece.is_empty() {
                let next = tokio::time::timeout(SILENCE, self.body.next());
                match next.await.map_err(|_| std::io::ErrorKind::TimedOut)? {
                    Some(Ok(piece)) => self.piece = piece,
                    Some(Err(_)) => return Err(std::io::ErrorKind::ConnectionAborted.into()),
                    None => {
                        self.is_over = true;
                        if self.is_long || !self.rest.is_empty() {
                            self.end_line();
                        }
                    }
                }
            }
            self.cut();
        }
        Ok(())
    }

    /// Cuts the piece at its line ends, until the block is full.
    fn cut(&mut self) {
        while self.block.len() < comparisons::BLOCK_ROWS && !self.piece.is_empty() {
            let end = self.piece.iter().position(|byte| *byte == b'\n');
            let part = self.piece.split_to(end.unwrap_or(self.piece.len()));
            if self.is_long || self.rest.len() + part.len() > comparisons::LINE_BYTES_MAX {
                self.is_long = true;
                self.rest.clear();
            } else {
                self.rest.extend_from_slice(&part);
            }
            if end.is_some() {
                let _ = self.piece.split_to(1);
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let row = if std::mem::take(&mut self.is_long) {
            Err(RowFault::LONG)
        } else {
            // The parser's message would repeat what was sent.
            serde_json::from_slice::<WireRow>(&self.rest)
                .map_err(|_| RowFault::FORM)
                .map(RawRow::from)
        };
        self.rest.clear();
        self.block.push(row);
    }

    /// The lines of a block: one a row, then what proves them.
    fn text(&mut self, done: &BlockDone) -> String {
        let mut said: HashMap<Flags, String> = HashMap::new();
        let mut text = String::with_capacity(done.answers.len() * 80);
        for (number, answer) in (self.end.lines + 1..).zip(&done.answers) {
            match answer {
                Ok(flags) => {
                    self.end.compared += 1;
                    let items = said.entry(*flags).or_insert_with(|| items_text(&self.run, *flags));
                    text.push_str("{\"line\":");
                    text.push_str(&number.to_string());
                    text.push_str(items);
                }
                Err(fault) => {
                    self.end.faulty += 1;
                    let line = json!({ "line": number, "code": fault.code, "detail": fault.detail });
                    text.push_str(&line.to_string());
                    text.push('\n');
                }
            }
        }
        if let Some(receipt) = &done.receipt {
            let block = WireBlock {
                id: receipt.block,
                rows: receipt.rows,
                entry_hash: hex::encode(receipt.entry_hash),
                answer_hash: hex::encode(receipt.answer_hash),
                as_of_ms: receipt.as_of.0,
                signature: hex::encode(receipt.signature),
            };
            text.push_str(&json!({ "block": block }).to_string());
            text.push('\n');
        }
        text
    }
}

/// The rest of a line with these flags; the same bytes whatever the reason that there is nothing to show (R12).
fn items_text(run: &Run, flags: Flags) -> String {
    let items: serde_json::Map<String, serde_json::Value> = flags
        .of(run.items())
        .map(|(item, is_open)| (item.to_string(), if is_open { "open" } else { "nothing" }.into()))
        .collect();
    format!(",\"items\":{}}}\n", serde_json::Value::Object(items))
}

/// A failure on our side is told once, in the log.
fn note(fault: &ComparisonFault) {
    if let ComparisonFault::App(error) = fault {
        tracing::error!(error.code = error.code(), %error, "a comparison stopped");
    }
}

impl From<WireRow> for RawRow {
    fn from(row: WireRow) -> Self {
        Self {
            matter_no: row.matter_no,
            document_kind: row.document.kind,
            document_number: row.document.number,
            name: row.name,
        }
    }
}
