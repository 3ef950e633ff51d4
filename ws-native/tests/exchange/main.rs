//! Any two programs, each of which loses interest in the middle of what it does, over streams that give and take as they like:
//! what one was let send the other receives, whole, once and in order, and both are told how it has ended.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod end;
mod face;
mod rough;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use proptest::prelude::*;
use tokio::io::duplex;
use ws_core::Failure;
use ws_native::proto::{Compression, Config, Request};
use ws_native::{Connection, Incoming};

use end::{Outcome, Plan};
use rough::{Rough, Weather};

fn config(is_compressed: bool) -> Config {
    let mut config = Config::default();
    config.compression = is_compressed.then(Compression::default);
    config
}

async fn client(stream: Rough, config: Config, plan: &Plan, peer: &Plan) -> Result<Outcome, Failure> {
    let request = Request::new("example.org", "/", &[] as &[&str]).unwrap();
    Ok(plan.run(Connection::client(stream, request, config).await?, peer).await)
}

async fn server(stream: Rough, config: Config, plan: &Plan, peer: &Plan) -> Result<Outcome, Failure> {
    Ok(plan.run(Incoming::read(stream, config).await?.accept(None).await?, peer).await)
}

/// What has come is what the peer has sent, from the first message on.
fn assert_begins(outcome: &Outcome, peer: &Plan) {
    assert!(outcome.come.iter().cloned().eq(peer.contents().take(outcome.come.len())), "other messages have come");
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 300, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn an_exchange_is_told_as_it_has_happened(
        plans in (Plan::any(), Plan::any()),
        weather in (Weather::any(), Weather::any()),
        capacity in 1_usize..300_000,
        is_compressed in any::<bool>(),
    ) {
        let plans = if plans.0.closes() || plans.1.closes() { plans } else { (plans.0.closing(), plans.1) };
        let (near, far) = duplex(capacity);
        let has_broken = Arc::default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (client, server) = runtime.block_on(async {
            tokio::join!(
                client(Rough::new(near, weather.0, &has_broken), config(is_compressed), &plans.0, &plans.1),
                server(Rough::new(far, weather.1, &has_broken), config(is_compressed), &plans.1, &plans.0),
            )
        });
        for (end, peer) in [(&client, &plans.1), (&server, &plans.0)] {
            if let Ok(outcome) = end {
                assert_begins(outcome, peer);
            }
        }
        if !has_broken.load(Ordering::Relaxed) {
            let (client, server) = (client.unwrap(), server.unwrap());
            prop_assert_eq!(client.come.len(), server.sent);
            prop_assert_eq!(server.come.len(), client.sent);
            for outcome in [client, server] {
                prop_assert!(outcome.end.unwrap().clean);
            }
        }
    }
}
