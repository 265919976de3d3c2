//! The security administrator: systems of departments, their keys, sessions that must end.

use app::administrators;
use app::clients::{self, ClientView, NewKey};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Uscc;
use policy::{RegisterClient, RevokeClient};
use serde::{Deserialize, Serialize};
use store::{ClientKey, KeyAlgorithm};
use utoipa::ToSchema;
use uuid::Uuid;

use super::wire::rfc3339;
use crate::fault::Fault;
use crate::forms::{ApiJson, PathId};
use crate::problem::Problem;
use crate::session::Bearer;
use crate::state::WebState;
use crate::webhook;

/// A system to be registered.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "organisation": "11370199MB0000001X", "name": "Licensing system" }))]
pub(super) struct NewSystem {
    /// Unified social credit code of the organisation that runs it.
    organisation: String,
    /// Its name, unique within the organisation.
    name: String,
}

/// A system.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01981b4e-7f00-7000-8000-000000000002", "organisation": "11370199MB0000001X", "name": "Licensing system",
    "registered_at": "2026-11-28T12:00:00+08:00", "keys": [], "endpoint": "https://licensing.example/events"
}))]
pub(super) struct System {
    /// Id.
    id: Uuid,
    /// Organisation.
    organisation: String,
    /// Name.
    name: String,
    /// When registered.
    registered_at: String,
    /// Keys, oldest first.
    keys: Vec<Key>,
    /// Where its events are sent; it reads them itself, if this is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
}

/// A key of a system.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "key_id": "01981b4e-7f00-7000-8000-000000000003", "algorithm": "ed25519",
    "valid_from": "2026-11-28T12:00:00+08:00", "valid_until": "2027-05-27T12:00:00+08:00"
}))]
pub(super) struct Key {
    /// `keyid` of its signatures.
    #[serde(rename = "key_id")]
    id: Uuid,
    /// `alg` of its signatures.
    algorithm: &'static str,
    /// From when it is good.
    valid_from: String,
    /// Until when.
    valid_until: String,
    /// When it was revoked, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
}

impl From<ClientKey> for Key {
    fn from(key: ClientKey) -> Self {
        Self {
            id: key.uuid,
            algorithm: key.algorithm.as_str(),
            valid_from: rfc3339(key.valid_from),
            valid_until: rfc3339(key.valid_until),
            revoked_at: key.revoked_at.map(rfc3339),
        }
    }
}

impl From<ClientView> for System {
    fn from(view: ClientView) -> Self {
        Self {
            id: view.client.uuid,
            organisation: view.client.organisation.to_string(),
            name: view.client.name,
            registered_at: rfc3339(view.client.registered_at),
            keys: view.keys.into_iter().map(Key::from).collect(),
            endpoint: view.endpoint.and_then(|endpoint| endpoint.url),
        }
    }
}

/// A key to be registered.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({ "algorithm": "ed25519", "public_key": "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=", "days": 180 }))]
pub(super) struct NewSystemKey {
    /// `ed25519` or `sm2-sm3`.
    algorithm: String,
    /// Public key, base64: the 32 bytes of Ed25519, or the 65 of an uncompressed point of SM2.
    public_key: String,
    /// Days for which it is good, from now: 366 at most.
    days: u32,
}

/// All systems with their keys.
#[utoipa::path(
    get, path = "/api/v1/systems", tag = "administration", operation_id = "listSystems",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Systems in order of registration.", body = [System]),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not the security administrator's session.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(State(state): State<WebState>, caller: Bearer) -> Result<Json<Vec<System>>, Fault> {
    let permit = state.app.policies().decide(&caller.session.caller, RegisterClient)?;
    let views = clients::list(&state.app, &permit).await?;
    Ok(Json(views.into_iter().map(System::from).collect()))
}

/// Registers a system of a department.
#[utoipa::path(
    post, path = "/api/v1/systems", tag = "administration", operation_id = "registerSystem",
    security(("bearer" = [])),
    request_body = NewSystem,
    responses(
        (status = 201, description = "Registered; it has no key yet.", body = System),
        (status = 400, description = "Name or organisation is not acceptable.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not the security administrator's session.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The organisation has a system of this name.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn register(
    State(state): State<WebState>,
    caller: Bearer,
    ApiJson(new): ApiJson<NewSystem>,
) -> Result<(StatusCode, Json<System>), Fault> {
    let permit = state.app.policies().decide(&caller.session.caller, RegisterClient)?;
    let organisation = Uscc::parse(&new.organisation).map_err(|_| Fault::BadRequest {
        what: "organisation is not a unified social credit code",
    })?;
    let client = clients::register(&state.app, &permit, organisation, &new.name).await?;
    let view = ClientView {
        client,
        keys: Vec::new(),
        endpoint: None,
    };
    Ok((StatusCode::CREATED, Json(view.into())))
}

/// Registers a public key of a system. The private key stays where it was made.
#[utoipa::path(
    post, path = "/api/v1/systems/{id}/keys", tag = "administration", operation_id = "registerSystemKey",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The system.")),
    request_body = NewSystemKey,
    responses(
        (status = 201, description = "Registered.", body = Key),
        (status = 400, description = "Not a key of its algorithm, or good for too long.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not the security administrator's session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such system.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The key is registered already.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn register_key(
    State(state): State<WebState>,
    caller: Bearer,
    PathId(client): PathId,
    ApiJson(new): ApiJson<NewSystemKey>,
) -> Result<(StatusCode, Json<Key>), Fault> {
    let permit = state.app.policies().decide(&caller.session.caller, RegisterClient)?;
    let algorithm = KeyAlgorithm::parse(&new.algorithm).ok_or(Fault::BadRequest {
        what: "algorithm is neither ed25519 nor sm2-sm3",
    })?;
    let public_key = STANDARD.decode(new.public_key.trim()).map_err(|_| Fault::BadRequest {
        what: "public_key is not base64",
    })?;
    let new = NewKey {
        client,
        algorithm,
        public_key,
        valid_from: None,
        days: new.days,
    };
    let key = clients::register_key(&state.app, &permit, new).await?;
    Ok((StatusCode::CREATED, Json(key.into())))
}

/// Where the events of a system are sent.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "url": "https://licensing.example/events" }))]
pub(super) struct WireEndpoint {
    /// Address: https, without user, query or fragment.
    url: String,
}

/// Sets the address to which events of a system are sent, each signed by the city (RFC 9421).
#[utoipa::path(
    put, path = "/api/v1/systems/{id}/endpoint", tag = "administration", operation_id = "setSystemEndpoint",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The system.")),
    request_body = WireEndpoint,
    responses(
        (status = 200, description = "It is so, from the next event on.", body = WireEndpoint),
        (status = 400, description = "Not an address of an endpoint.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not the security administrator's session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such system.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn set_endpoint(
    State(state): State<WebState>,
    caller: Bearer,
    PathId(client): PathId,
    ApiJson(endpoint): ApiJson<WireEndpoint>,
) -> Result<Json<WireEndpoint>, Fault> {
    let permit = state.app.policies().decide(&caller.session.caller, RegisterClient)?;
    webhook::check_url(&endpoint.url, state.settings.allows_loopback_endpoints)
        .map_err(|what| Fault::BadRequest { what })?;
    clients::set_endpoint(&state.app, &permit, client, Some(&endpoint.url)).await?;
    Ok(Json(endpoint))
}

/// Sends no events of a system any more; it reads them itself.
#[utoipa::path(
    delete, path = "/api/v1/systems/{id}/endpoint", tag = "administration", operation_id = "endSystemEndpoint",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The system.")),
    responses(
        (status = 204, description = "It has none now."),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not the security administrator's session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such system.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn end_endpoint(
    State(state): State<WebState>,
    caller: Bearer,
    PathId(client): PathId,
) -> Result<StatusCode, Fault> {
    let permit = state.app.policies().decide(&caller.session.caller, RegisterClient)?;
    clients::set_endpoint(&state.app, &permit, client, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Revokes a key, at once and for good; its sessions end with it. One person is enough for it.
#[utoipa::path(
    delete, path = "/api/v1/system-keys/{id}", tag = "administration", operation_id = "revokeSystemKey",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The key.")),
    responses(
        (status = 204, description = "Revoked."),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not the security administrator's session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such key.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It was revoked before.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn revoke_key(
    State(state): State<WebState>,
    caller: Bearer,
    PathId(key): PathId,
) -> Result<StatusCode, Fault> {
    let permit = state.app.policies().decide(&caller.session.caller, RevokeClient)?;
    clients::revoke_key(&state.app, &permit, key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends every session of an account, as after the loss of a device.
#[utoipa::path(
    delete, path = "/api/v1/accounts/{id}/sessions", tag = "administration", operation_id = "endSessionsOfAccount",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The account; a resident's is nobody's business.")),
    responses(
        (status = 204, description = "There are none now."),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not the security administrator's session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such account.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn end_sessions(
    State(state): State<WebState>,
    caller: Bearer,
    PathId(account): PathId,
) -> Result<StatusCode, Fault> {
    let permit = state.app.policies().decide(&caller.session.caller, RevokeClient)?;
    administrators::end_sessions(&state.app, &permit, account).await?;
    Ok(StatusCode::NO_CONTENT)
}
