//! The conformance suite: one function per rule, run on every backend (I12). A rule gets a store that is empty.
//!
//! ```ignore
//! store::conformance::run_all(|| async { fresh_store().await }).await;
//! ```

mod deliveries;
mod fixture;
mod logins;
mod logs;
mod persons;
mod procedures;
mod records;
mod rotations;
mod staged;

use std::sync::Arc;

pub use deliveries::*;
pub use fixture::{Fixture, fill_every_table};
pub use logins::*;
pub use logs::*;
pub use persons::*;
pub use procedures::*;
pub use records::*;
pub use rotations::*;
pub use staged::*;

use crate::Store;

/// Runs every rule on an empty store of its own.
///
/// # Panics
///
/// If the backend breaks a rule.
pub async fn run_all<F, Fut>(make: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Arc<dyn Store>>,
{
    macro_rules! rules {
        ($($rule:ident),+ $(,)?) => { $( $rule(&*make().await).await; )+ };
    }
    rules!(
        beginning_is_idempotent,
        counts_of_chunks_add_up,
        a_chunk_with_wrong_counts_is_refused,
        a_stale_chunk_is_refused_without_a_trace,
        a_failing_chunk_leaves_nothing,
        the_first_receipt_stands,
        fault_blocks_are_read_by_chunk,
        deliveries_are_listed_newest_first,
        chunks_are_scanned_and_found,
        staged_rows_are_read_in_order_of_lines,
        a_line_is_staged_anew_when_it_is_resolved,
        a_staged_row_is_resolved_once_and_erased,
        a_delivery_key_lives_as_long_as_it_is_needed,
        records_come_back_as_written,
        a_fact_is_known_by_its_latest_revision,
        a_chunk_corrects_and_withdraws_its_own_records,
        racing_writers_of_a_fact_make_one_revision,
        a_chunk_carries_events_of_persons,
        events_follow_the_life_of_a_record,
        racing_events_of_a_record_happen_once,
        records_are_counted_by_item_and_state,
        notices_are_acknowledged_up_to_a_moment,
        persons_are_found_in_the_order_asked,
        a_person_who_appeared_meanwhile_is_a_conflict,
        racing_chunks_create_a_person_once,
        links_join_persons_until_they_end,
        a_confirmed_alias_adds_tags,
        traces_are_read_newest_first_with_outcomes,
        sequencing_is_dense_and_exactly_once,
        a_lost_lease_sequences_nothing,
        every_effect_has_its_outbox_row,
        a_procedure_takes_one_step_at_a_time,
        racing_deciders_decide_once,
        open_procedures_are_listed_oldest_first,
        an_account_has_its_login_name_alone,
        sessions_come_and_go,
        attempts_are_counted_in_their_window,
        a_one_time_code_is_used_once,
        secrets_are_wrapped_forward_only,
        tags_go_forward_only,
        below_the_floor_nothing_is_written,
        acts_on_keys_are_kept,
    );
}
