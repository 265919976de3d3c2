//! The page that tells of a fault.

use askama::Template;
use axum::response::Response;
use uuid::Uuid;

use crate::fault::Fault;
use crate::page::{Page, render};

#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    p: Page,
    text: String,
    next: String,
    code: &'static str,
    request_id: Option<Uuid>,
    /// Where the session is confirmed, if that is what it lacks.
    confirm: Option<String>,
}

impl ErrorPage {
    pub(crate) fn response(p: Page, fault: Fault, request_id: Option<Uuid>, confirm: Option<String>) -> Response {
        let [_, text, next] = fault.keys();
        let page = Self {
            text: p.s(text),
            next: p.s(next),
            code: fault.code(),
            request_id,
            confirm,
            p,
        };
        render(fault.status(), &page)
    }
}
