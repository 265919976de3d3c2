//! Why a request was not carried out. Handlers return a [`Fault`]; one layer turns it into a page or a problem document
//! (RFC 9457), so that every 4xx and 5xx of a kind looks alike.

use app::AppError;
use app::accounts::LoginFault;
use app::comparisons::ComparisonFault;
use app::look_ups::LookUpFault;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use crate::page::Page;
use crate::pages::error::ErrorPage;
use crate::prefs::Prefs;
use crate::problem::Problem;
use crate::sign_in::{Trouble, confirm_address};
use crate::state::WebState;
use crate::telemetry::RequestId;

/// A request that was not carried out. Never holds personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There is nothing, or nothing for this caller: the two are never told apart (R12).
    NotFound,
    /// The address does not take this method.
    Method,
    /// The identity provider's word did not do, or is wanted anew.
    Provider(Trouble),
    /// Nobody is signed in.
    SignIn,
    /// The first factor was given, the second not yet.
    SecondFactor,
    /// The policies refuse; `code` is theirs.
    Forbidden {
        /// Public code.
        code: &'static str,
    },
    /// A signed request of a department's system was not looked at.
    Unsigned {
        /// Public code.
        code: &'static str,
        /// Why, without contents.
        what: &'static str,
    },
    /// The form does not come from our own page.
    Csrf,
    /// The request cannot be read.
    BadRequest {
        /// What is wrong, without contents.
        what: &'static str,
    },
    /// What a look-up names is wrong; nobody was searched for.
    LookUp {
        /// Public code.
        code: &'static str,
        /// What is wrong, without contents.
        what: &'static str,
    },
    /// More persons than may be looked up.
    Limit {
        /// Public code.
        code: &'static str,
    },
    /// Over a limit.
    TooLarge,
    /// Not a media type that is taken.
    Media,
    /// It changed meanwhile.
    Conflict {
        /// Public code.
        code: &'static str,
    },
    /// Login name, password or code is wrong.
    Login {
        /// Public code.
        code: &'static str,
    },
    /// Too many attempts.
    TooMany {
        /// Minutes to wait, at most.
        minutes: u32,
    },
    /// There is no space for it now.
    Full {
        /// Public code.
        code: &'static str,
    },
    /// May work a little later.
    Busy {
        /// Public code.
        code: &'static str,
    },
    /// Our fault; the cause is in the log under the request id.
    Internal {
        /// Public code.
        code: &'static str,
    },
}

impl Fault {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Provider(trouble) => trouble.status(),
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::SignIn | Self::SecondFactor | Self::Login { .. } | Self::Unsigned { .. } => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. } | Self::Csrf => StatusCode::FORBIDDEN,
            Self::BadRequest { .. } => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Media => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Conflict { .. } => StatusCode::CONFLICT,
            Self::LookUp { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany { .. } | Self::Limit { .. } => StatusCode::TOO_MANY_REQUESTS,
            // RFC 4918 §11.5: a temporary state.
            Self::Full { .. } => StatusCode::INSUFFICIENT_STORAGE,
            Self::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The public code; see `docs/errors.md`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Provider(trouble) => trouble.code(),
            Self::NotFound => "WEB-0404",
            Self::Method => "WEB-0405",
            Self::SignIn => "WEB-0401",
            Self::SecondFactor => "WEB-0402",
            Self::Csrf => "WEB-0403",
            Self::BadRequest { .. } => "WEB-0400",
            Self::TooLarge => "WEB-0413",
            Self::Media => "WEB-0415",
            Self::TooMany { .. } => "LOGIN-0002",
            Self::Forbidden { code }
            | Self::LookUp { code, .. }
            | Self::Limit { code }
            | Self::Unsigned { code, .. }
            | Self::Conflict { code }
            | Self::Login { code }
            | Self::Full { code }
            | Self::Busy { code }
            | Self::Internal { code } => code,
        }
    }

    /// Keys of the texts: title, what happened, what to do.
    pub(crate) const fn keys(self) -> [&'static str; 3] {
        match self {
            Self::Provider(trouble) => trouble.keys(),
            Self::NotFound => ["error-not-found", "error-not-found-text", "error-not-found-next"],
            Self::Method => ["error-method", "error-method-text", "error-method-next"],
            Self::SignIn | Self::SecondFactor | Self::Login { .. } | Self::Unsigned { .. } => {
                ["error-sign-in", "error-sign-in-text", "error-sign-in-next"]
            }
            Self::Forbidden { .. } => ["error-forbidden", "error-forbidden-text", "error-forbidden-next"],
            Self::Csrf => ["error-csrf", "error-csrf-text", "error-csrf-next"],
            Self::BadRequest { .. } => ["error-bad-request", "error-bad-request-text", "error-bad-request-next"],
            Self::LookUp { .. } => ["error-look-up", "error-look-up-text", "error-look-up-next"],
            Self::Limit { .. } => ["error-limit", "error-limit-text", "error-limit-next"],
            Self::TooLarge => ["error-too-large", "error-too-large-text", "error-too-large-next"],
            Self::Media => ["error-media", "error-media-text", "error-media-next"],
            Self::Conflict { .. } => ["error-conflict", "error-conflict-text", "error-conflict-next"],
            Self::TooMany { .. } => ["error-many", "error-many-text", "error-many-next"],
            Self::Full { .. } => ["error-full", "error-full-text", "error-full-next"],
            Self::Busy { .. } => ["error-busy", "error-busy-text", "error-busy-next"],
            Self::Internal { .. } => ["error-internal", "error-internal-text", "error-internal-next"],
        }
    }

    /// One plain sentence for programs.
    pub(crate) const fn detail(self) -> &'static str {
        match self {
            Self::Provider(trouble) => trouble.detail(),
            Self::NotFound => "there is nothing here for you",
            Self::Method => "this address does not take this method",
            Self::SignIn => "a bearer token is needed",
            Self::SecondFactor => "the session has not passed its second factor",
            Self::Forbidden { .. } => "the policies do not allow this",
            Self::Csrf => "the form did not come from this site",
            Self::BadRequest { what } | Self::LookUp { what, .. } | Self::Unsigned { what, .. } => what,
            Self::Limit { .. } => "the limit on persons looked up in a day is reached; an alarm was raised",
            Self::TooLarge => "the body is over the limit",
            Self::Media => "this media type is not taken",
            Self::Conflict { .. } => "it changed meanwhile; read it again",
            Self::Login { .. } => "login name, password or code is wrong",
            Self::TooMany { .. } => "too many attempts; wait",
            Self::Full { .. } => "there is no space for it now; nothing was taken in, send it again later",
            Self::Busy { .. } => "try again a little later",
            Self::Internal { .. } => "something went wrong on our side",
        }
    }

    /// What a response that our code did not make stands for: axum and its layers answer in plain text.
    fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::Method,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::Media,
            status if status.is_server_error() => Self::Internal { code: "WEB-0500" },
            _ => Self::BadRequest {
                what: "the request cannot be read",
            },
        }
    }
}

impl From<AppError> for Fault {
    fn from(error: AppError) -> Self {
        let code = error.code();
        match error {
            AppError::NotFound => Self::NotFound,
            AppError::Conflict => Self::Conflict { code },
            AppError::Invalid { what } => Self::BadRequest { what },
            error if error.is_full() => {
                tracing::warn!(error.code = code, "a use case found the disk full");
                Self::Full { code }
            }
            error if error.is_transient() => {
                tracing::warn!(error.code = code, "a use case could not be carried out now");
                Self::Busy { code }
            }
            error => {
                tracing::error!(error.code = code, error = %error, "a use case failed");
                Self::Internal { code }
            }
        }
    }
}

impl From<LookUpFault> for Fault {
    fn from(fault: LookUpFault) -> Self {
        let (code, what) = (fault.code(), fault.detail());
        match fault {
            LookUpFault::App(error) => error.into(),
            LookUpFault::KeyUsed | LookUpFault::KeyOld | LookUpFault::Closed => Self::Conflict { code },
            LookUpFault::Limit(_) => Self::Limit { code },
            _ => Self::LookUp { code, what },
        }
    }
}

impl From<ComparisonFault> for Fault {
    fn from(fault: ComparisonFault) -> Self {
        let (code, what) = (fault.code(), fault.detail());
        match fault {
            ComparisonFault::Refused(refusal) => refusal.into(),
            ComparisonFault::LookUp(fault) => fault.into(),
            ComparisonFault::App(error) => error.into(),
            ComparisonFault::Programme => Self::NotFound,
            ComparisonFault::Busy => Self::Busy { code },
            ComparisonFault::KeyUsed | ComparisonFault::KeyOld | ComparisonFault::Approval => Self::Conflict { code },
            ComparisonFault::Proposal => Self::LookUp { code, what },
        }
    }
}

impl From<app::emergencies::GrantFault> for Fault {
    fn from(fault: app::emergencies::GrantFault) -> Self {
        match fault {
            app::emergencies::GrantFault::Refused(refusal) => refusal.into(),
            app::emergencies::GrantFault::App(error) => error.into(),
        }
    }
}

impl From<LoginFault> for Fault {
    fn from(fault: LoginFault) -> Self {
        let code = fault.code();
        match fault {
            LoginFault::LockedOut { minutes } => Self::TooMany { minutes },
            LoginFault::App(error) => error.into(),
            LoginFault::TooLate => Self::SignIn,
            LoginFault::Wrong | LoginFault::CodeWrong => Self::Login { code },
        }
    }
}

impl From<policy::Refusal> for Fault {
    fn from(refusal: policy::Refusal) -> Self {
        if refusal.is_alarm() {
            tracing::error!(
                error.code = refusal.code(),
                reason = refusal.reason(),
                "the policies could not decide"
            );
        }
        Self::Forbidden { code: refusal.code() }
    }
}

impl IntoResponse for Fault {
    /// An empty answer that [`layer`] fills.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Whether answers under `path` are for programs.
fn is_for_programs(path: &str) -> bool {
    path == "/api"
        || path.starts_with("/api/")
        || path.starts_with("/log/")
        || matches!(path, "/openapi.json" | "/healthz" | "/readyz")
}

/// Fills faults: a problem document for programs, a page for people.
pub(crate) async fn layer(State(state): State<WebState>, request: Request, next: Next) -> Response {
    let for_programs = is_for_programs(request.uri().path());
    let (uri, is_read) = (
        request.uri().clone(),
        matches!(*request.method(), Method::GET | Method::HEAD),
    );
    let prefs = request.extensions().get::<Prefs>().copied().unwrap_or_default();
    let request_id = request.extensions().get::<RequestId>().copied();
    let response = next.run(request).await;

    let known = response.extensions().get::<Fault>().copied();
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    let is_ours = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == HTML);
    let Some(fault) = known.or_else(|| (is_error && !is_ours).then(|| Fault::from_status(response.status()))) else {
        return response;
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    // The answers for what is absent and for what is another's must be the same bytes, so a 404 tells its id in the header only.
    let request_id = request_id.filter(|_| fault != Fault::NotFound).map(|id| id.0);
    let mut filled = match fault {
        _ if for_programs => Problem::new(fault, request_id).into_response(),
        Fault::SignIn => Redirect::to("/login").into_response(),
        Fault::SecondFactor => Redirect::to("/login/code").into_response(),
        Fault::Provider(Trouble::StepUp) if is_read => Redirect::to(&confirm_address(&uri)).into_response(),
        _ => {
            let confirm = (fault == Fault::Provider(Trouble::StepUp)).then(|| confirm_address(&uri));
            ErrorPage::response(Page::of_fault(&state, prefs, fault), fault, request_id, confirm)
        }
    };
    let headers = filled.headers_mut();
    if for_programs && fault == Fault::Provider(Trouble::StepUp) {
        headers.insert(header::WWW_AUTHENTICATE, challenge(&state));
    }
    for (name, value) in extra_headers(fault, for_programs) {
        headers.insert(name, value);
    }
    if let Some(allow) = allow {
        headers.insert(header::ALLOW, allow);
    }
    filled
}

/// What a session lacks, in the words of RFC 9470 §3.
fn challenge(state: &WebState) -> HeaderValue {
    let mut parameters = vec![
        "error=\"insufficient_user_authentication\"".to_owned(),
        "error_description=\"a second factor of now is needed\"".to_owned(),
    ];
    if let Some(provider) = &state.provider {
        let acr = provider.acr_values().join(" ");
        parameters.extend((!acr.is_empty()).then(|| format!("acr_values=\"{acr}\"")));
        parameters.push(format!("max_age=\"{}\"", provider.second_factor_s()));
    }
    let text = format!("Bearer {}", parameters.join(", "));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("Bearer"))
}

/// Content type of every page.
pub(crate) const HTML: &str = "text/html; charset=utf-8";

fn extra_headers(fault: Fault, for_programs: bool) -> Vec<(HeaderName, HeaderValue)> {
    match fault {
        Fault::SignIn | Fault::SecondFactor | Fault::Login { .. } if for_programs => {
            vec![(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))]
        }
        Fault::TooMany { minutes } => vec![(header::RETRY_AFTER, HeaderValue::from(minutes.saturating_mul(60)))],
        // Space is made by people.
        Fault::Full { .. } => vec![(header::RETRY_AFTER, HeaderValue::from(300_u32))],
        Fault::Busy { .. } => vec![(header::RETRY_AFTER, HeaderValue::from(5_u32))],
        _ => Vec::new(),
    }
}
