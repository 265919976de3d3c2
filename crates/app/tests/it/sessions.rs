//! Sessions: one that has ended stays so, whoever is using it meanwhile.

use std::net::{IpAddr, Ipv4Addr};

use app::accounts::{self, SessionToken};

use crate::faults::city::{Backend, City, Ground, PASSWORD};

/// Enough that on either store requests and sign-outs meet in each order.
const ROUNDS: u32 = 8;

async fn signed_in(city: &City) -> SessionToken {
    // A one-time code is good once.
    city.clock.jump(31_000);
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let half = accounts::login(city.app(), "resident-1", PASSWORD, address)
        .await
        .unwrap();
    let code = accounts::one_time_code(&city.accounts.totp_secrets[0], city.clock.look()).unwrap();
    accounts::second_factor(city.app(), half.as_str(), &code).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_does_not_come_back_by_a_request_that_was_on_its_way() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let ground = Ground::empty(backend).await;
        let city = ground.copy().await;
        for round in 0..ROUNDS {
            let token = signed_in(&city).await;
            // Long enough that its use is noted.
            city.clock.jump(120_000);
            let (used, left) = tokio::join!(
                accounts::session(city.app(), token.as_str()),
                accounts::logout(city.app(), token.as_str()),
            );
            used.unwrap();
            left.unwrap();
            let found = accounts::session(city.app(), token.as_str()).await.unwrap();
            assert!(found.is_none(), "round {round} on {backend:?}");
        }
        ground.discard(city).await;
    }
}
