//! One port: a pass outside of TLS, and one inside where there is TLS.

use std::sync::Arc;
use std::time::SystemTime;

use nseer_core::{ServiceInfo, Tunnel};

use crate::attempt::Shared;
use crate::dialer::Dialer;
use crate::fingerprint::{Circumstances, fingerprint};
use crate::pass::{Outcome, Pass, Subject};
use crate::service;

/// The service that is TLS itself.
const TLS: &str = "ssl";

/// What is known of a port in the end.
pub(crate) struct Verdict {
    pub(crate) service: ServiceInfo,
    /// Something came back.
    pub(crate) answered: bool,
}

/// Finds out what runs behind a port. `name` is what the table says of it.
pub(crate) async fn examine<D: Dialer>(
    shared: Arc<Shared<D>>,
    mut subject: Subject,
    name: Option<String>,
    now: impl Fn() -> SystemTime,
) -> Verdict {
    let mut outcome = Pass::new(shared.clone(), subject.clone()).run().await;
    let mut answered = outcome.answered;
    if outcome.hard.as_ref().is_some_and(|hard| hard.service == TLS) {
        subject.tunnel = Tunnel::Ssl;
        outcome = Pass::new(shared.clone(), subject.clone()).run().await;
        answered = true;
    }
    let tunnel = subject.tunnel;
    let service = match &outcome {
        Outcome { hard: Some(hard), .. } => service::of_match(hard, tunnel),
        Outcome { is_wrapped: true, .. } => service::wrapped(tunnel),
        Outcome { soft, answers, .. } => {
            let about = Circumstances {
                port: subject.port,
                tunnel,
                intensity: subject.intensity,
                now: now(),
            };
            let name_of = |place: usize| shared.db.probes().get(place).map_or("", |p| p.name());
            let answers: Vec<(&str, &[u8])> =
                answers.values().map(|(place, data)| (name_of(*place), data.as_slice())).collect();
            let known = match soft {
                Some(soft) => service::of_match(soft, tunnel),
                None => service::guessed(name.as_deref(), tunnel),
            };
            ServiceInfo { fingerprint: fingerprint(&about, &answers), ..known }
        }
    };
    Verdict { service, answered }
}
