//! The public face of `domain`: one binary, one module per capability. All people are invented.

#[cfg(test)]
mod calendar;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod names;
#[cfg(test)]
mod records;
#[cfg(test)]
mod resident_ids;
#[cfg(test)]
mod usccs;
