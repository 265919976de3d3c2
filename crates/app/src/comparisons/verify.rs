//! Blocks against themselves and against the log, for `chengdang verify`.

use std::collections::BTreeSet;

use store::{Block, EntryKind, Page};

use super::block;
use crate::verify::Findings;
use crate::{App, AppError, keys};

/// Blocks read at once.
const PAGE: u32 = 100;

/// Opens every block, and computes its entries anew.
pub(crate) async fn check_blocks(
    app: &App,
    findings: &mut Findings,
    hashes: &BTreeSet<(EntryKind, [u8; 32])>,
) -> Result<(), AppError> {
    let mut after = i64::MIN;
    loop {
        let blocks = app.store().scan_blocks(after, PAGE).await?;
        let Some(last) = blocks.last() else { return Ok(()) };
        after = last.order;
        for block in blocks {
            findings.blocks += 1;
            findings.compared += u64::from(block.rows);
            let place = || format!("block {}", block.uuid);
            if !hashes.contains(&(EntryKind::Trace, block.entry_hash)) {
                findings.add(place(), "it is not in the log");
            }
            let answer = block.answer.as_ref();
            if answer.is_some_and(|answer| !hashes.contains(&(EntryKind::Outcome, answer.entry_hash))) {
                findings.add(place(), "its answer is not in the log");
            }
            let pages = app.store().pages_of(block.uuid).await?;
            if !are_tags_right(app, &block, &pages) {
                findings.add(place(), "a tag of it is not that of its number");
            }
            match block::traced(app, &block, &pages) {
                Err(AppError::Vault(_) | AppError::Damaged { .. }) => findings.add(place(), "it does not open"),
                Err(error) => return Err(error),
                // Erased: the proof stands, the content is gone.
                Ok(None) => {}
                Ok(Some(traced)) => match block::damage_of(app, &block, &traced, &traced.items()) {
                    Err(AppError::Vault(_) | AppError::Damaged { .. }) => {
                        findings.add(place(), "its answer does not open");
                    }
                    Err(error) => return Err(error),
                    Ok(damage) => {
                        if let Some(what) = damage {
                            findings.add(place(), what);
                        }
                    }
                },
            }
        }
    }
}

/// Whether each row stands under the tag of its number, so that its person finds it. What does not open is named elsewhere.
fn are_tags_right(app: &App, block: &Block, pages: &[Page]) -> bool {
    pages.iter().all(|page| {
        let Ok(Some(rows)) = block::open_page(app, block.uuid, page) else {
            return true;
        };
        rows.iter().zip(&page.tags).all(|(row, tag)| {
            let tags = keys::number_tags(app.vault(), &row.document);
            // Under a key that was retired nothing can be computed any more.
            tags.all()
                .all(|live| live.key_version != block.key_version || live.tag == *tag)
        })
    })
}
