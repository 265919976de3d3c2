//! Asks an OpenID provider who somebody is: discovery, authorization code flow with PKCE, verification of ID and logout tokens.
//!
//! A relying party of one provider. It knows the protocol and how to ask over HTTPS, with every answer bounded in size and time. It
//! refuses to know accounts, sessions and pages: what it says is which subject of the provider signed in, and until when its second
//! factor counts. Roles, names and whatever else a token says are not even read. It keeps no state of a sign-in: state, nonce and
//! verifier are the caller's, who binds them to a browser.
//!
//! OpenID Connect Core 1.0, Discovery 1.0, Back-Channel Logout 1.0; RFC 7636 (PKCE), RFC 9207 (`iss`), RFC 9700 (best practice).
//!
//! ```no_run
//! # async fn ask(settings: oidc::Settings, clock: std::sync::Arc<dyn domain::Clock>) -> Result<(), Box<dyn std::error::Error>> {
//! let provider = oidc::Provider::new(settings, clock)?;
//! provider.refresh().await?;
//! let once = oidc::Once { state: "…".into(), nonce: "…".into(), verifier: "…".into() };
//! let address = provider.address(&once, oidc::Wanted::SignIn)?;
//! # Ok(()) }
//! ```

mod fault;
mod fetch;
mod provider;
mod settings;
mod token;

pub use fault::ProviderFault;
pub use provider::{Answer, Once, Provider, Wanted};
pub use settings::{SecondFactor, Settings, SettingsFault};
pub use token::{Identity, LoggedOut};
