//! What a reader may do, by readers that try.

#[cfg(test)]
mod limits;
