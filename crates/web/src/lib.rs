//! HTTP: pages for people and a JSON API for programs. The only crate that knows of HTTP.
//!
//! Pages are rendered here, in Chinese and English, and need no script. The API registers its routes only together with their
//! documentation, so that routes and OpenAPI document cannot differ. This crate decides nothing: it turns a request into a
//! question to `policy` and a call of `app`. It holds no SQL, no key and no cipher, and it never logs an address, a query,
//! a body, a name or a number.
//!
//! ```no_run
//! # async fn start(app: app::App) -> std::io::Result<()> {
//! let listener = tokio::net::TcpListener::bind(("127.0.0.1", 8080)).await?;
//! web::serve(app, listener, web::WebSettings::default(), None, std::future::pending()).await
//! # }
//! ```

mod api;
mod assets;
mod cookies;
mod fault;
mod forms;
mod log;
mod page;
mod pages;
mod prefs;
mod problem;
mod security;
mod session;
mod settings;
mod sign_in;
mod signature;
mod signed;
mod state;
mod telemetry;
mod texts;
mod upload;
mod witness;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use app::App;
use axum::Router;
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use oidc::Provider;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;

pub use settings::WebSettings;
pub use sign_in::RETURN_PATH;
pub use witness::{Answering, serve_witness};

use crate::fault::Fault;
use crate::state::WebState;

/// Everything that is served, ready to run, without an identity provider.
pub fn router(app: App, settings: WebSettings) -> Router {
    router_with(app, settings, None)
}

/// The same with the provider by which officers sign in.
pub fn router_with(app: App, settings: WebSettings, provider: Option<Arc<Provider>>) -> Router {
    let upload_bytes_max = app.settings().upload_bytes_max;
    let (api, document) = api::documented(upload_bytes_max).split_for_parts();
    let document = document.to_pretty_json().unwrap_or_default();
    let state = WebState {
        app,
        settings,
        provider,
        openapi: document.into(),
    };
    Router::new()
        .merge(api.layer(from_fn_with_state(state.clone(), signed::layer)))
        .merge(pages::router(upload_bytes_max))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        // From the inside out: a panic becomes a fault, a fault becomes a page or a problem document, which then gets its headers.
        .layer(CatchPanicLayer::custom(telemetry::on_panic))
        .layer(from_fn_with_state(state.clone(), fault::layer))
        .layer(from_fn_with_state(state.clone(), prefs::layer))
        .layer(from_fn_with_state(state.clone(), security::layer))
        .layer(axum::middleware::from_fn(telemetry::layer))
        .with_state(state)
}

async fn not_found() -> Response {
    Fault::NotFound.into_response()
}

async fn method_not_allowed(_: Request) -> Response {
    Fault::Method.into_response()
}

/// The OpenAPI document of the API.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    // The limit of uploads is no part of the document.
    api::documented(0).into_openapi()
}

/// Patterns of the pages with their methods, such as `("/me/records", "GET")`. With [`openapi`] it is all that is served.
#[must_use]
pub fn page_routes() -> Vec<(&'static str, &'static str)> {
    pages::routes()
}

/// Serves until `shutdown` is ready, then finishes the requests under way.
///
/// # Errors
///
/// If the listener fails.
pub async fn serve(
    app: App,
    listener: TcpListener,
    settings: WebSettings,
    provider: Option<Arc<Provider>>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = router_with(app, settings, provider).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(shutdown).await
}
