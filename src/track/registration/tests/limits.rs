//! Hostile and long captures.

use super::*;
use crate::track::{Context, Flags, context::Shared, registration::Registrations, seen::Seen};

/// Bindings that were handed over, and whether they were forgotten.
#[derive(Default)]
struct Counted {
    bindings: usize,
    evicted: usize,
}

impl Observer for Counted {
    fn binding(&mut self, binding: Box<Binding>) -> Result<()> {
        self.bindings += 1;
        self.evicted += usize::from(binding.flags().contains(Flags::EVICTED));
        Ok(())
    }
}

#[test]
fn contacts_of_one_message_and_bindings_of_one_address_are_bounded() {
    let mut trace = Vec::new();
    let texts: Vec<String> = (0..30_u32)
        .map(|message| {
            let contact = |n| format!("<sip:c@192.0.2.10:{}>", 10_000 + message * 100 + n);
            let contacts: Vec<String> = (0..100).map(contact).collect();
            contacts.join(",")
        })
        .collect();
    for (number, text) in (1..).zip(&texts) {
        // Nothing is listed, so that nothing is dropped.
        let at = f64::from(number);
        trace.push(register(at, number, text));
        trace.push(response(at + 0.1, 200, number, ""));
    }
    let told = run(&default(), 40.0, &trace);
    let new = told.events.iter().filter(|event| event.contains("reg-new"));
    assert_eq!(new.count(), 30 * 64);
    assert_eq!(told.bindings.len(), 30 * 64);
    let evicted = told.bindings.iter().filter(|line| line.contains("evicted"));
    assert_eq!(evicted.count(), 30 * 64 - 1024);
}

#[test]
fn exchanges_and_bindings_are_forgotten_oldest_first() {
    let mut registrations = Registrations::default();
    let mut counted = Counted::default();
    let shared = &mut Shared::new(TrackOptions::default());
    let context = &mut Context {
        shared,
        observer: &mut counted,
    };
    for number in 1..=100_u32 {
        let to = format!("<sip:u{number}@example.com>");
        let call_id = format!("call-{number}");
        let at = f64::from(number) * 20.0;
        for said in [register(at, 1, C1), response(at + 0.1, 200, 1, C1)] {
            let said = Said {
                to: &to,
                from: &to,
                call_id: &call_id,
                ..said
            };
            let message = said.message(number.into());
            let message = message.as_message();
            let seen = Seen::new(&message).unwrap();
            assert!(registrations.take(&seen, false, context));
        }
    }
    // Nobody has woken them yet: the bindings are there, and the exchanges.
    assert_eq!(registrations.len(), 100);
    assert_eq!(registrations.oldest(), Some(at(20.1)));
    let allocated = registrations.allocated();
    assert!(allocated < 100 * 2048, "{allocated}");
    for number in 1..=200_u64 {
        assert!(registrations.len() > 0);
        registrations.evict(context);
        assert_eq!(context.shared.stats.evicted, number);
    }
    assert_eq!(registrations.len(), 0);
    assert_eq!((counted.bindings, counted.evicted), (100, 100));
}

#[test]
fn the_tracker_keeps_as_many_bindings_as_it_may() {
    let texts: Vec<String> = (1..=100)
        .map(|number| format!("<sip:u{number}@example.com>"))
        .collect();
    let mut trace = Vec::new();
    for (number, to) in (0_u32..).zip(&texts) {
        let at = f64::from(number) * 20.0;
        for said in [register(at, 1, C1), response(at + 0.1, 200, 1, C1)] {
            trace.push(Said {
                to,
                from: to,
                call_id: to,
                ..said
            });
        }
    }
    let options = TrackOptions {
        max_bindings: 30,
        ..default()
    };
    let told = run(&options, 2000.0, &trace);
    let evicted = told.bindings.iter().map(|line| line.contains("evicted"));
    let expected = (0..100).map(|number| number < 70);
    assert!(evicted.eq(expected), "{:#?}", told.bindings);
}

#[test]
fn a_binding_is_small() {
    assert!(size_of::<Binding>() <= 232, "{}", size_of::<Binding>());
}

#[test]
fn a_flood_of_rounds_is_bounded() {
    let c1 = expiring(C1, 60);
    let mut trace: Vec<Said<'_>> = (1..=1000)
        .map(|number| register(f64::from(number) * 0.01, number, &c1))
        .collect();
    trace.push(response(11.0, 200, 1000, &c1));
    let told = run(&default(), 60.0, &trace);
    // Those that were forgotten are not told of, nor those that a success came after.
    assert_told(&told, &["11 reg-new c1"], &["c1 active - 11 71 "]);
}

#[test]
fn more_contacts_in_a_list_than_count_are_still_there() {
    let contacts: Vec<String> = (1..=80)
        .map(|number| format!("<sip:c{number}@192.0.2.{number}>;expires=3600"))
        .collect();
    let ids: Vec<String> = (1..=80).map(|number| format!("call-{number}")).collect();
    let lists: Vec<String> = (1..=80).map(|count| contacts[..count].join(", ")).collect();
    let mut trace = Vec::new();
    for (index, call_id) in ids.iter().enumerate() {
        let at = (index + 1) as f64;
        trace.extend([
            Said {
                call_id,
                ..register(at, 1, &contacts[index])
            },
            Said {
                call_id,
                ..response(at + 0.1, 200, 1, &lists[index])
            },
        ]);
    }
    let told = run(&default(), 90.0, &trace);
    let expected = (1..=80).map(|number| format!("{number}.1 reg-new c{number}"));
    assert!(expected.eq(told.events), "{:#?}", told.bindings);
    assert!(told.bindings.iter().all(|line| line.contains(" active ")));
}
