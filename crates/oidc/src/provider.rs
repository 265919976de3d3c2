//! The provider: what is known of it, the question put to it, the answer taken from it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::{Clock, Moment};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthType, AuthenticationContextClass, AuthorizationCode, Client, ClientId,
    ClientSecret, CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields,
    IssuerUrl, JsonWebKeySet, Nonce, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl,
    RequestTokenError, StandardErrorResponse, StandardTokenResponse, TokenResponse,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::fault::ProviderFault;
use crate::fetch::{FetchFault, Fetcher};
use crate::settings::{Settings, SettingsFault};
use crate::token::{Identity, LoggedOut, More, Rejected, Token, Verifying};

/// What was read of the provider is read anew this often: a key that it withdrew is believed no longer.
const EVERY: Duration = Duration::from_mins(10);
/// And this often while it does not answer.
const EVERY_WHILE_AWAY: Duration = Duration::from_secs(15);
/// Without an answer for so long it counts as away.
const KNOWN_MAX_MS: i64 = 3_600_000;
/// An unknown key makes us ask for the keys at most this often: anybody may send us one in a logout token.
const KEYS_EVERY_MS: i64 = 60_000;
/// Questions under way at once.
const QUESTIONS_MAX: usize = 16;
/// A step-up wants a login of the last minutes.
const STEP_UP_AGE: Duration = Duration::from_mins(5);
/// Longest code or token that is looked at.
const ANSWER_CHARS_MAX: usize = 16 * 1024;

/// RFC 9207 §3.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct MoreMetadata {
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for MoreMetadata {}

type Metadata = ProviderMetadata<
    MoreMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type TokenFields = IdTokenFields<
    More,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    openidconnect::core::CoreJwsSigningAlgorithm,
>;

type OurClient = Client<
    More,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<TokenFields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The three secrets of one question. The caller binds them to a browser, and takes the answer once.
pub struct Once {
    /// Comes back with the answer.
    pub state: String,
    /// Comes back in the token.
    pub nonce: String,
    /// Shown to the provider when the code is exchanged (RFC 7636): 43 to 128 characters.
    pub verifier: String,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Who somebody is.
    SignIn,
    /// The same with a second factor, given in the last minutes.
    StepUp,
}

/// What came back in the address.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    /// `code`
    pub code: &'a str,
    /// `iss` (RFC 9207)
    pub issuer: Option<&'a str>,
}

/// What was read of the provider.
#[derive(Clone)]
struct Known {
    metadata: Metadata,
    at: Moment,
}

/// The provider.
pub struct Provider {
    settings: Arc<Settings>,
    issuer: IssuerUrl,
    redirect: RedirectUrl,
    clock: Arc<dyn Clock>,
    fetcher: Fetcher,
    known: RwLock<Option<Arc<Known>>>,
    /// When the keys were asked for last, in milliseconds.
    keys_at: AtomicI64,
    /// Bounds the questions that are under way.
    turns: Semaphore,
}

impl Provider {
    /// Asks nobody yet.
    ///
    /// # Errors
    ///
    /// If the settings cannot work.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, SettingsFault> {
        settings.check()?;
        let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|_| SettingsFault {
            what: "sign_in.issuer is no address",
        })?;
        let redirect = RedirectUrl::new(settings.redirect.clone()).map_err(|_| SettingsFault {
            what: "sign_in.address is no address",
        })?;
        let settings = Arc::new(settings);
        Ok(Self {
            fetcher: Fetcher::new(Arc::clone(&settings))?,
            settings,
            issuer,
            redirect,
            clock,
            known: RwLock::new(None),
            keys_at: AtomicI64::new(i64::MIN),
            turns: Semaphore::new(QUESTIONS_MAX),
        })
    }

    /// Issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// What a challenge names (RFC 9470 §3): the values of `acr` that stand for a second factor.
    #[must_use]
    pub fn acr_values(&self) -> &[String] {
        &self.settings.second_factor.acr
    }

    /// Seconds after a login for which its second factor counts.
    #[must_use]
    pub fn second_factor_s(&self) -> u32 {
        self.settings.second_factor.minutes.saturating_mul(60)
    }

    /// Whether somebody can sign in now, as far as is known.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.known().is_ok()
    }

    /// Reads the discovery document and the keys anew.
    ///
    /// # Errors
    ///
    /// [`ProviderFault::Away`]; what was known stays known.
    pub async fn refresh(&self) -> Result<(), ProviderFault> {
        let (fetcher, issuer) = (self.fetcher.clone(), self.issuer.clone());
        let read = self.blocking(move || Metadata::discover(&issuer, &|request| fetcher.call(request)));
        let metadata = read.await?.map_err(|_| ProviderFault::Away {
            what: "its discovery document or its keys cannot be read, or name another issuer",
        })?;
        let token = metadata.token_endpoint().map(|endpoint| endpoint.as_str());
        let addresses = [
            Some(metadata.authorization_endpoint().as_str()),
            token,
            Some(metadata.jwks_uri().as_str()),
        ];
        if addresses
            .iter()
            .any(|address| address.and_then(|address| self.settings.usable(address)).is_none())
        {
            return Err(ProviderFault::Away {
                what: "an endpoint that its discovery document names is missing or not https",
            });
        }
        let at = self.clock.now();
        self.keys_at.store(at.0, Ordering::Relaxed);
        self.learn(Known { metadata, at });
        Ok(())
    }

    /// Keeps what is known of the provider fresh, for ever. A provider that is away is asked again, and the log says so once.
    pub async fn keep(&self) {
        let mut was_away = false;
        loop {
            let wait = match self.refresh().await {
                Ok(()) => {
                    if was_away {
                        tracing::info!("the identity provider answers again");
                    }
                    was_away = false;
                    EVERY
                }
                Err(fault) => {
                    if !was_away {
                        tracing::error!(
                            error.code = fault.code(),
                            issuer = self.issuer(),
                            "{fault}; officers cannot sign in by it, everything else goes on, and it is asked again"
                        );
                    }
                    was_away = true;
                    EVERY_WHILE_AWAY
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// The address to which a browser is sent with a question.
    ///
    /// # Errors
    ///
    /// [`ProviderFault::Away`] if the provider is not known now.
    pub fn address(&self, once: &Once, wanted: Wanted) -> Result<String, ProviderFault> {
        let known = self.known()?;
        let client = self.client(&known);
        let (state, nonce) = (once.state.clone(), once.nonce.clone());
        let verifier = PkceCodeVerifier::new(once.verifier.clone());
        let mut asked = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        if wanted == Wanted::StepUp {
            let factor = &self.settings.second_factor;
            for acr in &factor.acr {
                asked = asked.add_auth_context_value(AuthenticationContextClass::new(acr.clone()));
            }
            asked = asked.set_max_age(STEP_UP_AGE);
            if factor.login_again {
                asked = asked.add_prompt(CoreAuthPrompt::Login);
            }
        }
        let (address, _, _) = asked.url();
        Ok(address.to_string())
    }

    /// Whether an answer, good or bad, comes from this provider (RFC 9207 §2.4).
    ///
    /// # Errors
    ///
    /// [`ProviderFault::OtherIssuer`] if it names another, or none though this one always does.
    pub fn check_issuer(&self, issuer: Option<&str>) -> Result<(), ProviderFault> {
        let always = self
            .known()?
            .metadata
            .additional_metadata()
            .authorization_response_iss_parameter_supported;
        match issuer {
            Some(named) if named == self.issuer.as_str() => Ok(()),
            None if !always => Ok(()),
            Some(_) | None => Err(ProviderFault::OtherIssuer),
        }
    }

    /// Exchanges the code and verifies the ID token that comes for it.
    ///
    /// # Errors
    ///
    /// Why the answer was not taken.
    pub async fn identify(&self, answer: Answer<'_>, once: &Once) -> Result<Identity, ProviderFault> {
        self.check_issuer(answer.issuer)?;
        if answer.code.is_empty() || answer.code.len() > ANSWER_CHARS_MAX {
            return Err(ProviderFault::Code);
        }
        let token = self.exchange(answer.code, &once.verifier).await?;
        let nonce = Nonce::new(once.nonce.clone());
        let factor = &self.settings.second_factor;
        self.verified(|verifying| verifying.identity(&token, &nonce, factor))
            .await
    }

    /// Verifies a logout token that the provider sent by the back channel.
    ///
    /// # Errors
    ///
    /// Why it was not taken.
    pub async fn logged_out(&self, token: &str) -> Result<LoggedOut, ProviderFault> {
        let unreadable = ProviderFault::Token {
            what: "it cannot be read",
        };
        if token.len() > ANSWER_CHARS_MAX {
            return Err(unreadable);
        }
        let token: Token = token.parse().map_err(|_| unreadable)?;
        self.verified(|verifying| verifying.logged_out(&token)).await
    }

    async fn exchange(&self, code: &str, verifier: &str) -> Result<Token, ProviderFault> {
        let known = self.known()?;
        let (client, fetcher) = (self.client(&known), self.fetcher.clone());
        let (code, verifier) = (
            AuthorizationCode::new(code.to_owned()),
            PkceCodeVerifier::new(verifier.to_owned()),
        );
        let asked = self.blocking(move || {
            let exchange = client.exchange_code(code).map_err(|_| ProviderFault::Away {
                what: "it names no token endpoint",
            })?;
            let answer = exchange
                .set_pkce_verifier(verifier)
                .request(&|request| fetcher.call(request))
                .map_err(|error| refused(&error))?;
            answer.id_token().cloned().ok_or(ProviderFault::Token {
                what: "there is none in the answer",
            })
        });
        asked.await?
    }

    /// Verifies with the known keys and, if a new one could be the reason that it fails, once more with those of now.
    async fn verified<T>(&self, verify: impl Fn(&Verifying<'_>) -> Result<T, Rejected>) -> Result<T, ProviderFault> {
        let known = self.known()?;
        let now = self.clock.now();
        let with = |keys: &JsonWebKeySet<CoreJsonWebKey>| {
            verify(&Verifying {
                client_id: &self.settings.client_id,
                issuer: &self.issuer,
                keys,
                now,
            })
        };
        let rejected = match with(known.metadata.jwks()) {
            Ok(verified) => return Ok(verified),
            Err(rejected) => rejected,
        };
        if !rejected.may_be_rotation || !self.may_ask_for_keys(now) {
            return Err(rejected.into());
        }
        let (fetcher, address) = (self.fetcher.clone(), known.metadata.jwks_uri().clone());
        let read =
            self.blocking(move || JsonWebKeySet::<CoreJsonWebKey>::fetch(&address, &|request| fetcher.call(request)));
        let keys = read.await?.map_err(|_| ProviderFault::Away {
            what: "its keys cannot be read",
        })?;
        tracing::info!("the keys of the identity provider were read anew");
        let verified = with(&keys).map_err(ProviderFault::from);
        self.learn(Known {
            metadata: known.metadata.clone().set_jwks(keys),
            at: known.at,
        });
        verified
    }

    /// Whether the keys may be asked for: once in a while, whether there is an answer or not.
    fn may_ask_for_keys(&self, now: Moment) -> bool {
        let is_due = |at: i64| (now.0.saturating_sub(at) >= KEYS_EVERY_MS).then_some(now.0);
        self.keys_at
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_due)
            .is_ok()
    }

    fn client(&self, known: &Known) -> OurClient {
        let secret = self.settings.client_secret.clone().map(ClientSecret::new);
        let client_id = ClientId::new(self.settings.client_id.clone());
        let client = OurClient::from_provider_metadata(known.metadata.clone(), client_id, secret);
        // RFC 8414 §2: without a word, a provider takes `client_secret_basic`.
        let methods = known.metadata.token_endpoint_auth_methods_supported();
        let wants_body = methods.is_some_and(|methods| !methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let how = if wants_body {
            AuthType::RequestBody
        } else {
            AuthType::BasicAuth
        };
        client.set_auth_type(how).set_redirect_uri(self.redirect.clone())
    }

    fn known(&self) -> Result<Arc<Known>, ProviderFault> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let oldest = self.clock.now().0.saturating_sub(KNOWN_MAX_MS);
        known.filter(|known| known.at.0 > oldest).ok_or(ProviderFault::Away {
            what: "it did not answer for a while",
        })
    }

    /// Asks off the event loop, when it is its turn: a provider that answers slowly takes no thread from anybody else.
    async fn blocking<T: Send + 'static>(&self, ask: impl FnOnce() -> T + Send + 'static) -> Result<T, ProviderFault> {
        let stopping = ProviderFault::Away {
            what: "we are shutting down",
        };
        let _turn = self.turns.acquire().await.map_err(|_| stopping)?;
        tokio::task::spawn_blocking(ask).await.map_err(|_| stopping)
    }

    fn learn(&self, known: Known) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(known));
    }
}

/// The library's messages hold what the provider sent; ours do not.
fn refused(error: &RequestTokenError<FetchFault, StandardErrorResponse<CoreErrorResponseType>>) -> ProviderFault {
    match error {
        RequestTokenError::ServerResponse(answer) => match answer.error() {
            CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => ProviderFault::Away {
                what: "it does not know our client id, or not with this secret",
            },
            _ => ProviderFault::Code,
        },
        RequestTokenError::Parse(..) => ProviderFault::Token {
            what: "the answer with it cannot be read",
        },
        RequestTokenError::Request(_) | RequestTokenError::Other(_) => ProviderFault::Away {
            what: "its token endpoint does not answer",
        },
    }
}
