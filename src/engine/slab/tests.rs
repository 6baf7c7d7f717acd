use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[test]
fn a_handle_of_something_gone_finds_nothing_even_when_its_slot_is_filled_again() {
    let mut slab = Slab::new();
    let old = slab.insert("old");
    assert_eq!(slab.remove(old), Some("old"));
    let new = slab.insert("new");
    assert_eq!(new.index(), old.index());
    assert_ne!(new, old);
    assert_eq!(slab.get(old), None);
    assert_eq!(slab.get_mut(old), None);
    assert_eq!(slab.remove(old), None);
    assert_eq!(slab.get(new), Some(&"new"));
    assert_eq!(slab.at(0), Some((new, &"new")));
    assert_eq!(slab.len(), 1);
}

#[test]
fn the_slot_freed_last_is_filled_first() {
    let mut slab = Slab::new();
    let handles: Vec<Handle> = (0..4).map(|value| slab.insert(value)).collect();
    slab.remove(handles[1]);
    slab.remove(handles[3]);
    assert_eq!(slab.insert(10).index(), 3);
    assert_eq!(slab.insert(11).index(), 1);
    assert_eq!(slab.insert(12).index(), 4);
    let held: Vec<i32> = slab.iter().map(|(_, value)| *value).collect();
    assert_eq!(held, [0, 11, 2, 10, 12], "iteration is by slot");
}

#[test]
fn a_slot_whose_generations_are_used_up_is_retired() {
    let mut slab = Slab::new();
    let last = Handle { index: 0, generation: NonZeroU32::MAX };
    slab.slots.push(Slot::Taken { generation: last.generation, value: 'a' });
    slab.len = 1;
    assert_eq!(slab.remove(last), Some('a'));
    assert_eq!(slab.get(last), None);
    assert_eq!(slab.insert('b').index(), 1);
    assert_eq!(slab.at(0), None);
}

proptest! {
    /// Compares the slab with a map that remembers every handle.
    #[test]
    fn the_slab_is_a_map_from_handles(
        steps in prop::collection::vec((0..3_u8, 0..64_usize), 0..300),
    ) {
        let mut slab = Slab::new();
        let mut issued: Vec<Handle> = Vec::new();
        let mut model: BTreeMap<Handle, usize> = BTreeMap::new();
        for (number, (action, pick)) in steps.into_iter().enumerate() {
            let handle = issued.get(pick % issued.len().max(1)).copied();
            match (action, handle) {
                (1, Some(handle)) => prop_assert_eq!(slab.remove(handle), model.remove(&handle)),
                (2, Some(handle)) => {
                    if let Some(value) = slab.get_mut(handle) {
                        *value += 1;
                    }
                    if let Some(value) = model.get_mut(&handle) {
                        *value += 1;
                    }
                }
                _ => {
                    let handle = slab.insert(number);
                    prop_assert_eq!(model.insert(handle, number), None);
                    issued.push(handle);
                }
            }
            prop_assert_eq!(slab.len(), model.len());
            for handle in &issued {
                prop_assert_eq!(slab.get(*handle), model.get(handle));
            }
        }
        let held = slab.iter().map(|(handle, value)| (handle, *value));
        prop_assert!(held.eq(model.into_iter()));
    }
}
