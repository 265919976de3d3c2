//! HTTP as a client: witnesses of the log, and a log as its monitor reads it.

use std::time::Duration;

use anyhow::{Context, bail};
use app::log::{WitnessAway, WitnessClient};
use async_trait::async_trait;
use translog::WitnessKey;
use ureq::Agent;

use crate::config::WitnessConfig;

/// How long an answer may take in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer at most; a full tile has 8,192.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// A client that follows no redirect and takes every status as an answer.
pub(crate) fn agent() -> Agent {
    Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .into()
}

/// Gets what lies at `url`: status and body.
pub(crate) fn get(agent: &Agent, url: &str) -> anyhow::Result<(u16, Vec<u8>)> {
    read(agent.get(url).call()).with_context(|| format!("{url} does not answer"))
}

fn read(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<(u16, Vec<u8>), ureq::Error> {
    let mut response = response?;
    let body = response
        .body_mut()
        .with_config()
        .limit(ANSWER_BYTES_MAX)
        .read_to_vec()?;
    Ok((response.status().as_u16(), body))
}

/// A witness by its address.
pub(crate) struct HttpWitness {
    key: WitnessKey,
    url: String,
    agent: Agent,
}

impl HttpWitness {
    /// # Errors
    ///
    /// If key or address cannot be used.
    pub(crate) fn new(name: &str, config: &WitnessConfig) -> anyhow::Result<Self> {
        let key = WitnessKey::from_vkey(&config.vkey)
            .with_context(|| format!("transparency.witnesses.{name}.vkey is not the key of a witness"))?;
        if !config.url.starts_with("http://") {
            bail!(
                "transparency.witnesses.{name}.url begins with http://: this version speaks no TLS, use a local tunnel"
            );
        }
        Ok(Self {
            key,
            url: format!("{}/add-checkpoint", config.url.trim_end_matches('/')),
            agent: agent(),
        })
    }
}

#[async_trait]
impl WitnessClient for HttpWitness {
    fn key(&self) -> &WitnessKey {
        &self.key
    }

    async fn add_checkpoint(&self, request: Vec<u8>) -> Result<(u16, Vec<u8>), WitnessAway> {
        let (agent, url) = (self.agent.clone(), self.url.clone());
        let asked = tokio::task::spawn_blocking(move || read(agent.post(&url).send(request.as_slice()))).await;
        asked.map_err(|_| WitnessAway)?.map_err(|_| WitnessAway)
    }
}
