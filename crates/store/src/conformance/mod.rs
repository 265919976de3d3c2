//! The conformance suite: one function per rule, run on every backend (I12). A rule gets a store that is empty.
//!
//! ```ignore
//! store::conformance::run_all(|| async { fresh_store().await }).await;
//! ```

mod administrators;
mod clients;
mod comparisons;
mod deliveries;
mod emergencies;
mod events;
mod fixture;
mod logins;
mod logs;
mod look_ups;
mod matters;
mod persons;
mod procedures;
mod records;
mod rotations;
mod sign_ins;
mod staged;

use std::sync::Arc;

pub use administrators::*;
pub use clients::*;
pub use comparisons::*;
pub use deliveries::*;
pub use emergencies::*;
pub use events::*;
pub use fixture::{Fixture, fill_every_table};
pub use logins::*;
pub use logs::*;
pub use look_ups::*;
pub use matters::*;
pub use persons::*;
pub use procedures::*;
pub use records::*;
pub use rotations::*;
pub use sign_ins::*;
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
        entries_are_found_by_their_hash,
        a_version_is_logged_when_it_changed,
        signed_heads_grow_under_the_lease,
        every_kind_of_entry_is_taken,
        a_procedure_takes_one_step_at_a_time,
        racing_deciders_decide_once,
        open_procedures_are_listed_oldest_first,
        a_procedure_is_opened_alone,
        a_matter_is_registered_once,
        a_matter_is_closed_and_reopened,
        a_look_up_stands_once_under_its_key,
        a_miss_finds_the_decoy,
        the_latest_word_on_a_lock_holds,
        a_look_up_is_answered_and_closed_once,
        looks_at_a_number_are_read_by_pages,
        a_look_up_is_withheld_for_a_time,
        alarms_and_numbers_never_issued_are_kept,
        a_programme_is_approved_by_two_others,
        a_block_stands_once_and_is_answered_once,
        blocks_about_a_number_are_found,
        a_comparison_index_reads_what_is_new,
        a_comparison_index_misses_nothing_that_moves,
        nothing_committed_is_beyond_the_end,
        an_account_has_its_login_name_alone,
        sessions_come_and_go,
        attempts_are_counted_in_their_window,
        a_one_time_code_is_used_once,
        acts_are_read_newest_first,
        a_human_holds_one_account,
        an_account_ends_with_its_sessions,
        unused_accounts_are_listed,
        a_subject_has_one_account_and_an_account_one_subject,
        a_session_lives_as_long_as_its_binding,
        an_answer_is_taken_once,
        clients_and_keys_come_back_as_written,
        a_revocation_binds_at_once,
        a_nonce_is_used_once_and_forgotten_in_time,
        an_emergency_is_granted_once_and_its_person_told,
        who_was_shown_a_record_is_owed_its_fall,
        a_fall_before_the_answer_is_owed_all_the_same,
        an_end_that_passes_is_owed_once,
        an_unanswered_look_up_is_owed_a_word,
        events_go_out_in_the_order_of_their_lane,
        what_was_given_up_is_sent_again,
        recipients_read_their_own_events,
        a_lost_lease_makes_no_event,
        secrets_are_wrapped_forward_only,
        tags_go_forward_only,
        below_the_floor_nothing_is_written,
        marks_move_once_the_floor_has_risen,
        acts_on_keys_are_kept,
    );
}
