//! A generational slab: values that are inserted and removed, addressed by handles that are never ambiguous.
//!
//! Model: a vector of slots with a stack of the free ones. A handle is a slot and the generation
//! in which it was filled, so the handle of a removed value finds nothing, even after its slot was
//! filled again: the completion of a request that timed out has no receiver.
//!
//! Holds: insert, find and remove are O(1); memory follows the greatest number held at once; the
//! slot that is reused (the last one freed) and the order of iteration (by slot) depend on the sequence
//! of calls alone.

use std::num::NonZeroU32;

/// Unique id of one value in a [`Slab`]; it is never reused for another. `Option<Handle>` takes
/// the same eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle {
    index: u32,
    generation: NonZeroU32,
}

const _: () = assert!(size_of::<Option<Handle>>() == 8);

impl Handle {
    /// Returns the slot. It is below the greatest number of values held at once, so it can index side tables
    /// and be an event's code.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.index
    }
}

#[derive(Clone, Debug)]
enum Slot<T> {
    Taken { generation: NonZeroU32, value: T },
    Free { generation: NonZeroU32, next: Option<u32> },
}

/// Values of one type, addressed by [`Handle`].
#[derive(Clone, Debug)]
pub struct Slab<T> {
    slots: Vec<Slot<T>>,
    /// The slot freed last, head of the list of free slots.
    free: Option<u32>,
    len: usize,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Slab<T> {
    /// Creates an empty slab.
    #[must_use]
    pub const fn new() -> Self {
        Self { slots: Vec::new(), free: None, len: 0 }
    }

    /// Returns the number of values.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Inserts `value` and returns its handle.
    ///
    /// # Panics
    ///
    /// Beyond 2³² values at once; the limits on a run stop it long before.
    #[inline]
    pub fn insert(&mut self, value: T) -> Handle {
        self.len += 1;
        if let Some(index) = self.free {
            let slot = &mut self.slots[index as usize];
            let Slot::Free { generation, next } = *slot else {
                unreachable!("the free list leads through free slots");
            };
            self.free = next;
            *slot = Slot::Taken { generation, value };
            return Handle { index, generation };
        }
        let index = u32::try_from(self.slots.len()).expect("a slab stays below 2^32 slots");
        let generation = NonZeroU32::MIN;
        self.slots.push(Slot::Taken { generation, value });
        Handle { index, generation }
    }

    /// Returns the value; `None` if it was removed.
    #[must_use]
    #[inline]
    pub fn get(&self, handle: Handle) -> Option<&T> {
        match self.slots.get(handle.index as usize) {
            Some(Slot::Taken { generation, value }) if *generation == handle.generation => {
                Some(value)
            }
            _ => None,
        }
    }

    /// Returns the value; `None` if it was removed.
    #[must_use]
    #[inline]
    pub fn get_mut(&mut self, handle: Handle) -> Option<&mut T> {
        match self.slots.get_mut(handle.index as usize) {
            Some(Slot::Taken { generation, value }) if *generation == handle.generation => {
                Some(value)
            }
            _ => None,
        }
    }

    /// Returns the value in slot `index` and its handle; `None` if the slot is free.
    #[must_use]
    #[inline]
    pub fn at(&self, index: u32) -> Option<(Handle, &T)> {
        match self.slots.get(index as usize) {
            Some(Slot::Taken { generation, value }) => {
                Some((Handle { index, generation: *generation }, value))
            }
            _ => None,
        }
    }

    /// Removes a value; `None` if it was removed before.
    #[inline]
    pub fn remove(&mut self, handle: Handle) -> Option<T> {
        self.get(handle)?;
        let slot = &mut self.slots[handle.index as usize];
        // A slot whose generations are used up is never filled again.
        let reborn = handle.generation.checked_add(1);
        let generation = reborn.unwrap_or(handle.generation);
        let taken = std::mem::replace(slot, Slot::Free { generation, next: self.free });
        if reborn.is_some() {
            self.free = Some(handle.index);
        }
        self.len -= 1;
        match taken {
            Slot::Taken { value, .. } => Some(value),
            Slot::Free { .. } => unreachable!("the handle found a value in this slot"),
        }
    }

    /// Iterates over all values, by slot.
    pub fn iter(&self) -> impl Iterator<Item = (Handle, &T)> {
        (0_u32..).zip(&self.slots).filter_map(|(index, slot)| match slot {
            Slot::Taken { generation, value } => {
                Some((Handle { index, generation: *generation }, value))
            }
            Slot::Free { .. } => None,
        })
    }
}

#[cfg(test)]
mod tests;
