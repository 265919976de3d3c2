//! The public face of `intake`, against the catalogue of this repository: one binary, one module per capability. All
//! people are invented (area 370199).

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod boundaries;
#[cfg(test)]
mod common;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod staged;
#[cfg(test)]
mod unseen;
#[cfg(test)]
mod values;
#[cfg(test)]
mod workbooks;
