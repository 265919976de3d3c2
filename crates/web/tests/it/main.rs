//! The public face of `web` over a real store, a real vault, the shipped policies and the shipped catalogue: requests go
//! through the whole router, as a browser or a department's program would send them.

#[cfg(test)]
mod api;
#[cfg(test)]
mod client;
#[cfg(test)]
mod comparisons;
#[cfg(test)]
mod defences;
#[cfg(test)]
mod deliveries;
#[cfg(test)]
#[path = "../../../oidc/tests/it/hostile.rs"]
mod hostile;
#[cfg(test)]
mod log;
#[cfg(test)]
mod login;
#[cfg(test)]
mod look_ups;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod meeting;
#[cfg(test)]
mod reconciliation;
#[cfg(test)]
mod resident;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod signing;
#[cfg(test)]
mod town;
#[cfg(test)]
mod uploads;
