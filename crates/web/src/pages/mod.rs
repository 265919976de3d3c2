//! Pages for people: server-rendered, no script, phone first.

mod administration;
mod catalogue;
mod deliver;
pub(crate) mod deliveries;
mod emergencies;
pub(crate) mod error;
mod faults;
mod home;
mod login;
mod look_up;
pub(crate) mod notices;
mod own_looks;
pub(crate) mod reconciliation;
mod records;
pub(crate) mod reviews;
mod show;
mod sign_in;

use axum::Router;
use axum::routing::{MethodRouter, get};

use crate::assets;
use crate::log;
use crate::state::WebState;
use crate::upload;

/// Every page: its pattern, its methods, its handler. There is no other place where a page is registered.
fn all(upload_bytes_max: u64) -> Vec<(&'static str, &'static str, MethodRouter<WebState>)> {
    vec![
        ("/", "GET", get(home::root)),
        ("/login", "GET POST", get(login::show).post(login::submit)),
        (
            "/login/code",
            "GET POST",
            get(login::show_code).post(login::submit_code),
        ),
        ("/login/provider", "GET", get(sign_in::begin)),
        ("/login/confirm", "GET", get(sign_in::confirm)),
        ("/login/return", "GET", get(sign_in::finish)),
        ("/logout", "POST", axum::routing::post(login::logout)),
        ("/me", "GET", get(home::show)),
        ("/me/records", "GET", get(records::show)),
        ("/me/notices", "GET POST", get(notices::show).post(notices::acknowledge)),
        ("/me/look-ups", "GET", get(own_looks::show)),
        ("/me/look-ups/proofs", "GET", get(own_looks::proofs)),
        (
            "/me/look-ups/{look_up}",
            "POST",
            axum::routing::post(own_looks::complain),
        ),
        ("/me/lock", "POST", axum::routing::post(own_looks::lock)),
        ("/look-up", "GET POST", get(look_up::show).post(look_up::ask)),
        ("/look-up/{look_up}/close", "POST", axum::routing::post(look_up::close)),
        (
            "/look-up/{look_up}/explain",
            "POST",
            axum::routing::post(look_up::explain),
        ),
        (
            "/deliver",
            "GET POST",
            upload::with_limit(get(deliver::show).post(deliver::submit), upload_bytes_max),
        ),
        (
            "/deliver/{upload}",
            "GET POST",
            get(deliver::preview).post(deliver::confirm),
        ),
        ("/deliveries", "GET", get(deliveries::list)),
        ("/deliveries/{delivery}", "GET", get(deliveries::show)),
        ("/deliveries/{delivery}/faults.csv", "GET", get(deliveries::faults)),
        ("/deliveries/{delivery}/receipt.json", "GET", get(deliveries::receipt)),
        ("/reviews", "GET", get(reviews::list)),
        (
            "/reviews/{review}",
            "GET POST",
            get(reviews::show).post(reviews::decide),
        ),
        ("/reconciliation", "GET", get(reconciliation::show)),
        (
            "/accounts",
            "GET POST",
            get(administration::accounts).post(administration::change_accounts),
        ),
        (
            "/systems",
            "GET POST",
            get(administration::systems).post(administration::change_systems),
        ),
        ("/acts", "GET", get(administration::acts)),
        (
            "/emergencies",
            "GET POST",
            get(emergencies::show).post(emergencies::change),
        ),
        ("/catalogue", "GET", get(catalogue::list)),
        ("/catalogue/{item}", "GET", get(catalogue::show)),
        ("/assets/{name}", "GET", get(assets::get)),
        ("/log/checkpoint", "GET", get(log::checkpoint)),
        ("/log/tile/{*tile}", "GET", get(log::tile)),
    ]
}

/// The router of the pages.
pub(crate) fn router(upload_bytes_max: u64) -> Router<WebState> {
    all(upload_bytes_max)
        .into_iter()
        .fold(Router::new(), |router, (path, _, handler)| router.route(path, handler))
}

/// Patterns and methods of the pages, for tests and reviews.
pub(crate) fn routes() -> Vec<(&'static str, &'static str)> {
    all(0).into_iter().map(|(path, methods, _)| (path, methods)).collect()
}
