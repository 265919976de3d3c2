//! What every handler has at hand.

use std::sync::Arc;

use app::App;

use crate::settings::WebSettings;

/// The system and the settings of its web edge.
#[derive(Clone)]
pub(crate) struct WebState {
    /// Use cases.
    pub(crate) app: App,
    /// Settings.
    pub(crate) settings: WebSettings,
    /// The OpenAPI document, serialised once.
    pub(crate) openapi: Arc<str>,
}
