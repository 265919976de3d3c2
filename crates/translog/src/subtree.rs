//! A tree of its own under one entry of the log: many commitments, one leaf. Whoever has a commitment and its path can compute
//! the root, which is the entry's.

use tlog_tiles::{EMPTY_HASH, node_hash, record_hash};

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

/// The root of the tree in which `commitment` lies where `path` says (RFC 9162 section 2.1.3.2).
///
/// # Errors
///
/// [`LogFault::Proof`] if the path is no path to that place, or [`LogFault::BeyondTree`].
pub fn root_of_path(path: &SubtreePath, commitment: &Hash) -> Result<Hash, LogFault> {
    if path.index >= path.size {
        return Err(LogFault::BeyondTree { size: path.size });
    }
    let (mut place, mut last) = (path.index, path.size - 1);
    let mut hash = record_hash(commitment);
    for sibling in path.hashes.iter().copied().map(tlog_tiles::Hash) {
        if last == 0 {
            return Err(LogFault::Proof);
        }
        if place % 2 == 1 || place == last {
            hash = node_hash(sibling, hash);
            while place % 2 == 0 && place > 0 {
                (place, last) = (place / 2, last / 2);
            }
        } else {
            hash = node_hash(hash, sibling);
        }
        (place, last) = (place / 2, last / 2);
    }
    if last == 0 { Ok(hash.0) } else { Err(LogFault::Proof) }
}

/// Checks that `commitment` lies where `path` says in the tree with this root.
///
/// # Errors
///
/// [`LogFault::Proof`], or [`LogFault::BeyondTree`].
pub fn check_subtree(path: &SubtreePath, commitment: &Hash, root: Hash) -> Result<(), LogFault> {
    if root_of_path(path, commitment)? == root {
        Ok(())
    } else {
        Err(LogFault::Proof)
    }
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
                // The same by the library that checks paths of the log itself.
                let head = crate::Head {
                    size: size as u64,
                    root,
                };
                crate::check_inclusion(&path.hashes, head, place as u64, commitment).unwrap();
                let mut other = path.clone();
                if let Some(hash) = other.hashes.first_mut() {
                    hash[0] ^= 1;
                    assert!(check_subtree(&other, commitment, root).is_err());
                }
                path.hashes.push([0; 32]);
                assert!(root_of_path(&path, commitment).is_err(), "a longer path is none");
                path.hashes.truncate(path.hashes.len().saturating_sub(2));
                assert!(
                    size == 1 || root_of_path(&path, commitment).is_err(),
                    "nor is a shorter one"
                );
                path.index = size as u64;
                assert!(root_of_path(&path, commitment).is_err(), "nor one beyond the tree");
            }
            assert_eq!(subtree_path(&all, size), None);
        }
        assert_eq!(subtree_root(&[]), Tree::default().root());
    }
}
