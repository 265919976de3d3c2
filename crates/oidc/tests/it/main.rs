//! The public face of `oidc` over HTTP, against a provider that may be hostile.

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod tokens;
