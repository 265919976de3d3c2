//! Handles of officials: a stable pseudonym for each official and organisation. The person sees it instead of the name, which
//! is told on complaint (a policy of ours).

use domain::Uscc;
use uuid::Uuid;

use crate::App;

/// Signs of a handle: digits and capitals without those that are read for one another.
const SIGNS: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M', 'N', 'P',
    'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

/// The handle, such as `7QK4-M2ZD`. Forty bits of a keyed tag: nobody without the key finds the account by it.
pub(crate) fn handle(app: &App, organisation: &Uscc, account: Uuid) -> String {
    let who = format!("handle\u{1f}{organisation}\u{1f}{account}");
    let tag = app.vault().log_secret().attempt_tag(who.as_bytes());
    let mut bits = tag
        .iter()
        .take(5)
        .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    let mut handle = String::with_capacity(9);
    for place in 0..8 {
        if place == 4 {
            handle.push('-');
        }
        let sign = usize::try_from(bits & 31).ok().and_then(|sign| SIGNS.get(sign));
        handle.extend(sign);
        bits >>= 5;
    }
    handle
}
