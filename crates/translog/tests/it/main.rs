//! The log's tree, tiles, checkpoints and proofs as others see them.

#[cfg(test)]
mod checkpoints;
#[cfg(test)]
mod entries;
#[cfg(test)]
mod log;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod tiles;
#[cfg(test)]
mod witness;
