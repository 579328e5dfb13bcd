//! The facts that policy looked at.

use crate::calendar::Day;
use crate::proto::tags::facts;
use crate::proto::tags::identity;
use crate::situation::Situation;
use crate::wire::to_bytes::Out;
use crate::wire::to_bytes::statement::title;

pub(super) fn write(out: &mut Out, situation: &Situation<'_>, admitted_on: Day) {
    let of = &situation.facts;
    out.text(facts::PLACE, situation.place.as_str());
    out.text(facts::INSUTYPE, of.insutype);
    for (index, one) in situation.pack.identities.iter().enumerate() {
        if of.identities.has(index) {
            out.message(facts::IDENTITIES, |out| {
                out.text(identity::KEY, &one.key);
                out.message(identity::TITLE, |out| title(out, &one.title));
            });
        }
    }
    out.text(facts::LOCALITY, of.locality.map_or("", |locality| locality.name()));
    if let Some(level) = of.level {
        out.given(facts::LEVEL, level.into());
    }
    out.text(facts::TIER, of.tier.map_or("", |tier| tier.name()));
    for tag in of.facility_tags {
        out.element(facts::FACILITY_TAGS, tag.as_bytes());
    }
    out.text(facts::MED_TYPE, of.med_type.unwrap_or_default());
    out.text(facts::REFERRAL, of.referral.name());
    for code in of.diagnoses {
        out.element(facts::DIAGNOSES, code.as_bytes());
    }
    if let Some(compliant) = of.compliant {
        out.given(facts::COMPLIANT, compliant.into());
    }
    out.number(facts::ORDINAL, of.ordinal);
    out.number(facts::AGE, of.age.into());
    out.number(facts::INSURED_YEARS, of.insured_years.into());
    out.day(facts::ADMITTED_ON, admitted_on);
    out.day(facts::DISCHARGED_ON, situation.discharged_on);
}
