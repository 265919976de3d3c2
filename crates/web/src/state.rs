//! What every handler has at hand.

use std::sync::Arc;

use app::App;
use oidc::Provider;

use crate::settings::WebSettings;

/// The system and the settings of its web edge.
#[derive(Clone)]
pub(crate) struct WebState {
    /// Use cases.
    pub(crate) app: App,
    /// Settings.
    pub(crate) settings: WebSettings,
    /// By whom officers sign in, if the operator named a provider.
    pub(crate) provider: Option<Arc<Provider>>,
    /// The OpenAPI document, serialised once.
    pub(crate) openapi: Arc<str>,
}
