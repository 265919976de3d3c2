//! The use cases over a real store, a real vault, the shipped policies and the shipped catalogue.

#[cfg(test)]
mod administrators;
#[cfg(test)]
mod candidates;
#[cfg(test)]
mod comparisons;
#[cfg(test)]
mod emergencies;
#[cfg(test)]
mod events;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod life;
#[cfg(test)]
mod log;
#[cfg(test)]
mod look_ups;
#[cfg(test)]
mod permits;
#[cfg(test)]
mod persons;
#[cfg(test)]
mod reads;
#[cfg(test)]
mod reconcile;
#[cfg(test)]
mod reviews;
#[cfg(test)]
mod rotation;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod town;
