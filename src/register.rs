//! What the registers hold of persons, facilities and items. Spec 2.4, 3.1–3.4, 3.11.

use crate::bill::ItemFacts;
use crate::calendar::Day;
use crate::calendar::Span;
use crate::id::FacilityId;
use crate::id::PersonId;
use crate::refusal::Refusal;

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

/// A place by its six-digit division code (行政区划).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place([u8; 6]);

impl Place {
    /// Reads six digits.
    pub fn parse(text: &str) -> Option<Place> {
        let digits: [u8; 6] = text.as_bytes().try_into().ok()?;
        digits.iter().all(u8::is_ascii_digit).then_some(Place(digits))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether its digits begin so.
    pub fn lies_in(&self, beginning: &str) -> bool {
        self.0.starts_with(beginning.as_bytes())
    }

    /// How two places lie to each other: equal six digits `county`, four `city`, two `province` (spec 3.3).
    pub fn locality_of(&self, other: &Place) -> Locality {
        if self == other {
            Locality::County
        } else if self.0[..4] == other.0[..4] {
            Locality::City
        } else if self.0[..2] == other.0[..2] {
            Locality::Province
        } else {
            Locality::Outside
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where the facility lies, seen from the insured place (就医地与参保地). Nearest first. Spec 3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Locality {
    /// In the same county (县域内).
    County,
    /// In the same city (市域内).
    City,
    /// In the same province (省内).
    Province,
    /// Elsewhere (省外).
    Outside,
}

impl Locality {
    /// All of them, nearest first.
    pub const ALL: [Locality; 4] =
        [Locality::County, Locality::City, Locality::Province, Locality::Outside];

    /// The name in packs and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Locality::County => "county",
            Locality::City => "city",
            Locality::Province => "province",
            Locality::Outside => "outside",
        }
    }
}

/// The administrative tier of a facility (机构层级). Spec 3.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Township or community (乡镇、社区).
    Township,
    /// County (县).
    County,
    /// City (市).
    City,
    /// Province (省).
    Province,
}

impl Tier {
    /// All of them, lowest first.
    pub const ALL: [Tier; 4] = [Tier::Township, Tier::County, Tier::City, Tier::Province];

    /// The name in packs and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Township => "township",
            Tier::County => "county",
            Tier::City => "city",
            Tier::Province => "province",
        }
    }

    /// The tier of that name.
    pub fn parse(text: &str) -> Option<Tier> {
        Tier::ALL.into_iter().find(|tier| tier.name() == text)
    }
}

/// The highest level of a facility (三级); 0 is unrated.
pub const LEVEL_MAX: u8 = 3;

/// An unbroken stretch of insurance in one place (参保记录). Spec 3.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The insured place (参保地).
    pub place: Place,
    /// The insurance type (险种类型), such as 390.
    pub insutype: String,
    /// First and last day.
    pub span: Span,
}

/// An identity that a person holds for a while (人员身份). Spec 3.2.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldIdentity {
    /// A pack's identity key, or a national person identity code.
    pub identity: String,
    /// First and last day.
    pub span: Span,
}

/// A person as the register holds him (参保人员).
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// Person number.
    pub id: PersonId,
    /// Name; may be empty.
    pub name: String,
    /// Number of the identity document; may be empty.
    pub certificate_no: String,
    /// Day of birth.
    pub birth: Day,
    /// Insurance, earliest first; spans never meet.
    pub enrolments: Vec<Enrolment>,
    /// Identities; several may hold at once.
    pub identities: Vec<HeldIdentity>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Person {
    /// Puts enrolments and identities in order and refuses enrolments that cannot stand (spec 3.1). An identity that ends
    /// before it begins was taken back before it held, and holds on no day.
    pub fn checked(mut self) -> Result<Person, Refusal> {
        self.enrolments.sort_by_key(|enrolment| enrolment.span);
        self.identities.sort();
        let spans: Vec<Span> = self.enrolments.iter().map(|enrolment| enrolment.span).collect();
        refuse_spans(&spans, "person.enrolments")?;
        Ok(self)
    }

    /// The enrolment in force on a day.
    pub fn enrolment_on(&self, day: Day) -> Option<&Enrolment> {
        self.enrolments.iter().find(|enrolment| enrolment.span.has(day))
    }

    /// Whole years from the first day of the unbroken run of enrolment that has `day` to that day; 0 where none has it.
    /// Spec 3.11.
    pub fn insured_years_on(&self, day: Day) -> u32 {
        let Some(mut index) = self.enrolments.iter().position(|one| one.span.has(day)) else {
            return 0;
        };
        while index > 0 && self.enrolments[index].span.follows(&self.enrolments[index - 1].span) {
            index -= 1;
        }
        self.enrolments[index].span.from.whole_years_to(day)
    }

    /// Whether an identity is held on a day, under its key or one of its codes (spec 3.2).
    pub fn holds_identity_on(&self, key: &str, codes: &[String], day: Day) -> bool {
        self.identities.iter().any(|held| {
            let is_it = held.identity == key || codes.contains(&held.identity);
            is_it && held.span.has(day)
        })
    }
}

/// What a facility was for a while (机构登记). Spec 3.4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacilityEntry {
    /// Where it lies.
    pub place: Place,
    /// 0 unrated, else 1 to 3 (医院级别).
    pub level: u8,
    /// Its administrative tier.
    pub tier: Tier,
    /// Such as the medical consortium that it belongs to (医联体).
    pub tags: Vec<String>,
    /// Whether it was designated (定点) then; an emergency is settled all the same.
    pub designated: bool,
    /// First and last day.
    pub span: Span,
}

/// A facility as the register holds it (定点医疗机构).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facility {
    /// Facility code.
    pub id: FacilityId,
    /// Name; may be empty.
    pub name: String,
    /// Entries, earliest first; spans never meet.
    pub entries: Vec<FacilityEntry>,
}

impl Facility {
    /// Puts the entries in order and refuses what cannot stand.
    pub fn checked(mut self) -> Result<Facility, Refusal> {
        self.entries.sort_by_key(|entry| entry.span);
        let spans: Vec<Span> = self.entries.iter().map(|entry| entry.span).collect();
        refuse_spans(&spans, "facility.entries")?;
        Ok(self)
    }

    /// The entry in force on a day.
    pub fn entry_on(&self, day: Day) -> Option<&FacilityEntry> {
        self.entries.iter().find(|entry| entry.span.has(day))
    }

    /// The latest entry that began by a day, in force or ended.
    pub fn latest_by(&self, day: Day) -> Option<&FacilityEntry> {
        self.entries.iter().rev().find(|entry| entry.span.from <= day)
    }
}

/// An entry of the catalogue register (目录). Spec 2.4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Item code.
    pub code: String,
    /// Prefix of the insured places it is for; empty for all.
    pub admdvs: String,
    /// Name; may be empty.
    pub name: String,
    /// Charge category (医疗收费项目类别) of fee lines that do not say it themselves.
    pub category: Option<String>,
    /// Class, limit and tags.
    pub facts: ItemFacts,
    /// First and last day.
    pub span: Span,
}

#[expect(
    clippy::disallowed_types,
    reason = "every line of every bill is looked up; nothing goes through all of them, so their order is nobody's"
)]
type ByCode = std::collections::HashMap<String, Arc<Vec<Item>>, BuildHasherDefault<DefaultHasher>>;

/// The entries of the catalogue that a bill asks for, by item code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    items: ByCode,
}

impl Catalogue {
    /// Puts an entry in the place of the one with the same code, `admdvs` and first day, if there is one; refuses a span
    /// that meets another of the same code and `admdvs`.
    pub fn put(&mut self, item: Item) -> Result<(), Refusal> {
        let entries = Arc::make_mut(self.items.entry(item.code.clone()).or_default());
        entries.retain(|one| (&one.admdvs, one.span.from) != (&item.admdvs, item.span.from));
        let mut spans: Vec<Span> =
            entries.iter().filter(|one| one.admdvs == item.admdvs).map(|one| one.span).collect();
        spans.push(item.span);
        spans.sort();
        refuse_spans(&spans, "items")?;
        entries.push(item);
        Ok(())
    }

    /// Takes all entries of an item code, as another catalogue has them.
    pub fn add(&mut self, code: String, entries: Arc<Vec<Item>>) {
        self.items.insert(code, entries);
    }

    /// All entries of an item code.
    pub fn entries(&self, code: &str) -> &[Item] {
        self.items.get(code).map_or(&[], |entries| entries.as_slice())
    }

    /// The entry of an item for an insured place on a day: of those in force the one whose `admdvs` is the longest prefix of
    /// the place.
    pub fn in_force(&self, code: &str, place: Place, day: Day) -> Option<&Item> {
        let fits = |item: &&Item| item.span.has(day) && place.lies_in(&item.admdvs);
        self.items.get(code)?.iter().filter(fits).max_by_key(|item| item.admdvs.len())
    }

    /// The facts of that entry.
    pub fn facts(&self, code: &str, place: Place, day: Day) -> Option<&ItemFacts> {
        self.in_force(code, place, day).map(|item| &item.facts)
    }
}

/// Refuses a span that ends before it begins, and spans that meet. Expects them in order.
fn refuse_spans(spans: &[Span], place: &str) -> Result<(), Refusal> {
    if let Some(span) = spans.iter().find(|span| !span.is_in_order()) {
        return Err(Refusal::SpanOrder { place: place.to_owned(), span: *span });
    }
    for pair in spans.windows(2) {
        if pair[0].meets(&pair[1]) {
            let (first, second) = (pair[0], pair[1]);
            return Err(Refusal::SpansMeet { place: place.to_owned(), first, second });
        }
    }
    Ok(())
}
