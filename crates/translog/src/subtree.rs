//! A tree of its own under one entry of the log: many commitments, one leaf. Whoever has a commitment and its path can compute
//! the root, which is the entry's.

use tlog_tiles::{EMPTY_HASH, check_record, node_hash, record_hash};

use crate::{Hash, LogFault};

/// Where a commitment lies in a tree (RFC 6962 section 2.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubtreePath {
    /// Its place, from 0.
    pub index: u64,
    /// Number of commitments.
    pub size: u64,
    /// From the leaf's sibling to the root's child.
    pub hashes: Vec<Hash>,
}

/// Root of the tree (RFC 6962 section 2.1) whose leaves are `commitments`.
#[must_use]
pub fn subtree_root(commitments: &[Hash]) -> Hash {
    let mut level = leaves(commitments);
    while level.len() > 1 {
        level = parents(&level);
    }
    level.first().copied().unwrap_or(EMPTY_HASH.0)
}

/// The path of the commitment in place `index`; `None` if there are not so many.
#[must_use]
pub fn subtree_path(commitments: &[Hash], index: usize) -> Option<SubtreePath> {
    if index >= commitments.len() {
        return None;
    }
    let (mut level, mut at, mut hashes) = (leaves(commitments), index, Vec::new());
    while level.len() > 1 {
        // A last one without a sibling goes up as it is.
        hashes.extend(level.get(at ^ 1));
        level = parents(&level);
        at /= 2;
    }
    Some(SubtreePath {
        index: index as u64,
        size: commitments.len() as u64,
        hashes,
    })
}

/// Checks that `commitment` lies where `path` says in the tree with this root.
///
/// # Errors
///
/// [`LogFault::Proof`], or [`LogFault::BeyondTree`].
pub fn check_subtree(path: &SubtreePath, commitment: &Hash, root: Hash) -> Result<(), LogFault> {
    if path.index >= path.size {
        return Err(LogFault::BeyondTree { size: path.size });
    }
    let hashes = path.hashes.iter().copied().map(tlog_tiles::Hash).collect();
    let leaf = record_hash(commitment);
    check_record(&hashes, path.size, tlog_tiles::Hash(root), path.index, leaf).map_err(|_| LogFault::Proof)
}

fn leaves(commitments: &[Hash]) -> Vec<Hash> {
    commitments.iter().map(|commitment| record_hash(commitment).0).collect()
}

fn parents(level: &[Hash]) -> Vec<Hash> {
    let (pairs, last) = level.as_chunks();
    let parent = |[left, right]: &[Hash; 2]| node_hash(tlog_tiles::Hash(*left), tlog_tiles::Hash(*right)).0;
    pairs.iter().map(parent).chain(last.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tree;

    fn commitments(count: usize) -> Vec<Hash> {
        (0..count)
            .map(|number| [u8::try_from(number % 251).unwrap(); 32])
            .collect()
    }

    #[test]
    fn the_root_is_that_of_the_logs_tree_and_every_path_leads_to_it() {
        for size in (1..=33).chain([255, 256, 257, 1000]) {
            let all = commitments(size);
            let mut tree = Tree::default();
            for commitment in &all {
                tree.append(commitment, &mut Vec::new());
            }
            let root = subtree_root(&all);
            assert_eq!(root, tree.root(), "{size}");
            for (place, commitment) in all.iter().enumerate() {
                let mut path = subtree_path(&all, place).unwrap();
                check_subtree(&path, commitment, root).unwrap();
                assert!(check_subtree(&path, &[255; 32], root).is_err());
                if let Some(hash) = path.hashes.first_mut() {
                    hash[0] ^= 1;
                    assert!(check_subtree(&path, commitment, root).is_err());
                }
            }
            assert_eq!(subtree_path(&all, size), None);
        }
        assert_eq!(subtree_root(&[]), Tree::default().root());
    }
}
