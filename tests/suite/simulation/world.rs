//! The registers as the simulation knows them: who was put last with what, and what follows for an admission.

use crate::simulation::days::day;
use crate::simulation::random::Random;

use onestop::proto;

use std::collections::BTreeMap;

/// Identities of the demo pack, each with its national code.
pub(crate) const IDENTITIES: [(&str, &str); 3] =
    [("destitute", "2304"), ("low_income", "2303"), ("registered_poor", "2302")];
/// The one insurance type that the demo pack has.
pub(crate) const INSUTYPE: &str = "390";
/// The family of the demo pack.
pub(crate) const FAMILY: &str = "000000-demo";

/// Id, place, level, tier, tag.
const FACILITIES: [(&str, &str, u32, &str, &str); 6] = [
    ("H-CLINIC", "000001", 0, "township", ""),
    ("H-TOWN", "000001", 1, "township", "alliance"),
    ("H-COUNTY", "000001", 2, "county", ""),
    ("H-CITY", "000002", 3, "city", ""),
    ("H-PROVINCE", "001100", 3, "province", ""),
    ("H-AWAY", "990100", 2, "county", ""),
];

/// Code, class, first-copay rate, price limit, tag.
const ITEMS: [(&str, &str, &str, &str, &str); 6] = [
    ("D-A", "A", "", "", ""),
    ("D-B", "B", "0.10", "", ""),
    ("D-C", "C", "", "", ""),
    ("D-LIMIT", "A", "", "50", ""),
    ("D-BASE", "B", "0.20", "30.5", "essential_drug"),
    ("S-EXPERT", "A", "", "", "expert_fee"),
];

/// The registers.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) persons: BTreeMap<String, proto::Person>,
    pub(crate) facilities: BTreeMap<String, proto::Facility>,
    pub(crate) items: Vec<proto::Item>,
    /// First days of the pack files in force, earliest first.
    pub(crate) packs: Vec<String>,
}

/// Whether a day lies in a span; days compare as texts.
fn has(from: &str, to: &str, day: &str) -> bool {
    from <= day && (to.is_empty() || day <= to)
}

impl World {
    pub(crate) fn begin(persons: u64, random: &mut Random) -> World {
        let mut world = World::default();
        for index in 0..persons {
            let person = person(index, random);
            world.persons.insert(person.id.clone(), person);
        }
        for (id, place, level, tier, tag) in FACILITIES {
            let entry = proto::FacilityEntry {
                place: place.to_owned(),
                level,
                tier: tier.to_owned(),
                tags: Some(tag.to_owned()).filter(|tag| !tag.is_empty()).into_iter().collect(),
                from: "2015-01-01".to_owned(),
                ..proto::FacilityEntry::default()
            };
            let facility = proto::Facility {
                id: id.to_owned(),
                name: "医院".to_owned(),
                entries: vec![entry],
            };
            world.facilities.insert(id.to_owned(), facility);
        }
        world.items = ITEMS
            .map(|(code, class, rate, limit, tag)| item(code, (class, rate, limit, tag)))
            .to_vec();
        world.packs = vec!["2018-01-01".to_owned(), "2019-01-01".to_owned()];
        world
    }

    /// The identities that a person holds on a day, by key.
    pub(crate) fn identities_on(&self, person: &str, day: &str) -> Vec<String> {
        let Some(person) = self.persons.get(person) else { return Vec::new() };
        let holds = |names: &(&str, &str)| {
            person.identities.iter().any(|held| {
                [names.0, names.1].contains(&held.identity.as_str())
                    && has(&held.from, &held.to, day)
            })
        };
        IDENTITIES.iter().filter(|names| holds(names)).map(|names| names.0.to_owned()).collect()
    }

    pub(crate) fn is_insured_on(&self, person: &str, day: &str) -> bool {
        let person = &self.persons[person];
        person.enrolments.iter().any(|one| has(&one.from, &one.to, day))
    }

    pub(crate) fn is_designated_on(&self, facility: &str, day: &str) -> bool {
        let entries = &self.facilities[facility].entries;
        entries.iter().any(|one| has(&one.from, &one.to, day) && !one.not_designated)
    }

    /// The first day of the pack that governs on a day.
    pub(crate) fn pack_on(&self, day: &str) -> String {
        self.packs.iter().rfind(|first| first.as_str() <= day).unwrap().clone()
    }
}

fn person(index: u64, random: &mut Random) -> proto::Person {
    let enrolment = |place: &str, from: &str, to: &str| proto::Enrolment {
        place: place.to_owned(),
        insutype: INSUTYPE.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
    };
    // One in twenty moves to the next county in the middle of the year, another's insurance ends.
    let enrolments = match random.below(20) {
        0 => vec![
            enrolment("000001", "2010-01-01", "2018-06-30"),
            enrolment("000002", "2018-07-01", ""),
        ],
        1 => vec![enrolment("000001", "2010-01-01", "2018-09-30")],
        _ => vec![enrolment("000001", "2010-01-01", "")],
    };
    let mut identities = Vec::new();
    for (key, code) in IDENTITIES {
        if random.chance(35) {
            let identity = if random.chance(50) { key } else { code };
            identities.push(held(identity, "2016-01-01"));
        }
    }
    proto::Person {
        id: format!("51099919700101{index:04}"),
        name: "张三".to_owned(),
        birth: format!(
            "19{:02}-0{}-1{}",
            random.within(30, 99),
            random.within(1, 9),
            random.below(10)
        ),
        enrolments,
        identities,
        ..proto::Person::default()
    }
}

/// An identity held from a day on.
pub(crate) fn held(identity: &str, from: &str) -> proto::HeldIdentity {
    proto::HeldIdentity { identity: identity.to_owned(), from: from.to_owned(), to: String::new() }
}

fn item(
    code: &str,
    (class, first_copay_rate, price_limit, tag): (&str, &str, &str, &str),
) -> proto::Item {
    proto::Item {
        code: code.to_owned(),
        name: "药".to_owned(),
        facts: Some(proto::ItemFacts {
            class: class.to_owned(),
            first_copay_rate: first_copay_rate.to_owned(),
            price_limit: price_limit.to_owned(),
            tags: Some(tag.to_owned()).filter(|tag| !tag.is_empty()).into_iter().collect(),
        }),
        from: "2015-01-01".to_owned(),
        ..proto::Item::default()
    }
}

/// A change that a register office could write: an identity ends or begins.
pub(crate) fn changed(person: &proto::Person, today: i64, random: &mut Random) -> proto::Person {
    let mut person = person.clone();
    let open = person.identities.iter().position(|held| held.to.is_empty());
    match open {
        Some(index) if random.chance(60) => {
            let first = person.identities[index].from.clone();
            let last = day(today + random.within(-20, 5));
            // One that began later than it ends never held.
            if first <= last {
                person.identities[index].to = last;
            } else {
                person.identities.remove(index);
            }
        }
        Some(_) | None => {
            let (key, code) = *random.pick(&IDENTITIES);
            let identity = if random.chance(50) { key } else { code };
            person.identities.push(held(identity, &day(today + random.within(-20, 5))));
        }
    }
    person
}

/// A facility that loses its designation, or gets it again.
pub(crate) fn toggled(facility: &proto::Facility, today: i64) -> proto::Facility {
    let mut facility = facility.clone();
    let last = facility.entries.last_mut().unwrap();
    let ends = last.to.is_empty();
    if ends && last.from.as_str() <= day(today).as_str() {
        last.to = day(today);
    } else if !ends {
        let from = day(today + 1).max(last.to.clone());
        let mut again = last.clone();
        if last.to < from {
            again.from = from;
            again.to = String::new();
            facility.entries.push(again);
        }
    }
    facility
}
