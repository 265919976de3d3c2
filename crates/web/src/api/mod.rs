//! The JSON API. Only [`documented`] registers its routes, so what is served is what the OpenAPI document says.

mod accounts;
mod clients;
mod comparisons;
mod deliveries;
pub(crate) mod emergencies;
pub(crate) mod look_ups;
mod matters;
mod me;
pub(crate) mod me_looks;
pub(crate) mod me_proofs;
mod meta;
mod programmes;
mod reconciliation;
mod reviews;
mod sessions;
pub(crate) mod sign_in;
mod systems;
mod uploads;
mod wire;

use std::convert::Infallible;

use axum::extract::DefaultBodyLimit;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::state::WebState;
use crate::upload;

/// The head of the document; paths come from the router.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Chengdang 诚档",
        description = "Personal public credit records of a city: departments deliver, persons read their own file. \
                       Errors are problem documents (RFC 9457) with a public `code`. There is no list, search or export of persons.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "sessions", description = "Two factors give a bearer token; it ends after 20 idle minutes and after 8 hours at the latest. A session of the identity provider whose second factor is missing or too long ago gets 401 with the challenge of RFC 9470."),
        (name = "deliveries", description = "A department hands in files and learns what became of each row."),
        (name = "reviews", description = "A human decides whose a row is, on the pages. Programs read what helps to decide, one review at a time."),
        (name = "look-ups", description = "An officer looks one person up, for a matter in hand; every look-up is durable in the log first, and the person sees it."),
        (name = "systems", description = "A department's system signs each request (RFC 9421): `@method`, the whole address, the digest and type of a body (RFC 9530), with created, nonce, keyid and alg. `docs/operating.md` shows how."),
        (name = "emergencies", description = "Break-glass: one officer asks, another of the same organisation grants within minutes, it ends within an hour, the person is told at once."),
        (name = "administration", description = "Three administrators that are kept apart: accounts, keys of systems, acts. None of them reads a record."),
        (name = "me", description = "A resident's own file. The person follows from the token; no route takes one."),
        (name = "service", description = "About the service itself."),
    ),
    components(schemas(Problem)),
    modifiers(&Bearer)
)]
struct Head;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("From POST /api/v1/sessions."))
            .build();
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("bearer", SecurityScheme::Http(scheme));
        let signature = ApiKeyValue::with_description(
            "Signature",
            "HTTP message signature (RFC 9421) with `Signature-Input`, by a registered key or a session's.",
        );
        openapi
            .components
            .get_or_insert_default()
            .add_security_scheme("signature", SecurityScheme::ApiKey(ApiKey::Header(signature)));
    }
}

/// Every route of the API with its documentation.
pub(crate) fn documented(upload_bytes_max: u64) -> OpenApiRouter<WebState> {
    OpenApiRouter::with_openapi(Head::openapi())
        .routes(routes!(sessions::create, sessions::end))
        .routes(
            routes!(deliveries::create)
                .layer::<_, Infallible>(DefaultBodyLimit::disable())
                .layer(upload::limit_layer(upload_bytes_max)),
        )
        .routes(routes!(uploads::create))
        .routes(
            routes!(uploads::get, uploads::append, uploads::cancel)
                .layer::<_, Infallible>(DefaultBodyLimit::disable())
                .layer(upload::limit_layer(upload_bytes_max)),
        )
        .routes(routes!(deliveries::get))
        .routes(routes!(deliveries::faults))
        .routes(routes!(reconciliation::get))
        .routes(routes!(reviews::candidates))
        .routes(routes!(matters::register))
        .routes(routes!(look_ups::create))
        .routes(routes!(look_ups::get))
        .routes(routes!(look_ups::close))
        .routes(routes!(programmes::list, programmes::propose))
        .routes(routes!(programmes::approve))
        .routes(routes!(programmes::end))
        .routes(routes!(comparisons::compare))
        .routes(routes!(systems::begin))
        .routes(routes!(systems::assert_officer))
        .routes(routes!(systems::caller))
        .routes(routes!(clients::list, clients::register))
        .routes(routes!(clients::register_key))
        .routes(routes!(clients::revoke_key))
        .routes(routes!(accounts::list, accounts::create))
        .routes(routes!(accounts::list_unused))
        .routes(routes!(accounts::end))
        .routes(routes!(sign_in::bind, sign_in::unbind))
        .routes(routes!(sign_in::logout))
        .routes(routes!(clients::end_sessions))
        .routes(routes!(accounts::acts))
        .routes(routes!(accounts::figures))
        .routes(routes!(emergencies::list, emergencies::ask))
        .routes(routes!(emergencies::grant))
        .routes(routes!(emergencies::own))
        .routes(routes!(me::records))
        .routes(routes!(me::notices))
        .routes(routes!(me_looks::list))
        .routes(routes!(me_proofs::list))
        .routes(routes!(me_looks::complain))
        .routes(routes!(me_looks::lock))
        .routes(routes!(meta::floor))
        .routes(routes!(meta::openapi))
        .routes(routes!(meta::healthz))
        .routes(routes!(meta::readyz))
}
