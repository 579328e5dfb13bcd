//! Visits: 2401 admission, 2402 discharge, 2403 change, 2404 and 2405 their undoing; 5201, 5202 and 5303 show them.

use crate::calendar::Day;
use crate::his::Gateway;
use crate::his::codes;
use crate::his::envelope::Asked;
use crate::his::fields::Fields;
use crate::his::fields::kept;
use crate::his::fields::malformed;
use crate::his::fields::row;
use crate::his::fields::rows;
use crate::his::json::Json;
use crate::his::person::same_insutype;
use crate::his::reply::Replied;
use crate::his::reply::Reply;
use crate::id::PersonId;
use crate::proto;
use crate::refusal::Refusal;
use crate::refusal::VisitBar;
use crate::service::Failure;
use crate::service::visit::Kept;

/// Fields of 2401 that have a place of their own in what is kept.
const KNOWN: &[&str] = &["psn_no", "insutype", "begntime", "mdtrt_id"];
/// Fields of a diagnosis that have one.
const KNOWN_OF_DIAGNOSIS: &[&str] =
    &["psn_no", "mdtrt_id", "maindiag_flag", "diag_srt_no", "diag_code", "diag_name"];

const OF_THE_VISIT: (&str, &str) = ("the person of the visit", "与入院登记(2401)的人员一致");
const AFTER_ADMISSION: (&str, &str) = ("not before the admission", "不早于入院时间");
const AN_ORDER: (&str, &str) = ("a number from 1 to 999", "1 至 999 的整数");

/// 2401
pub(super) async fn admit_2401(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "mdtrtinfo")?;
    let said = data.given("med_type")?;
    let mut visit = proto::Visit {
        person: data.given("psn_no")?.to_owned(),
        insutype: String::new(),
        med_type: codes::med_type(&gateway.config, said).to_owned(),
        begun_at: data.time("begntime")?,
        referral: codes::referral(&gateway.config, data, said).name().to_owned(),
        diagnoses: diagnoses(&asked.input, false)?,
        admission: data.others(KNOWN)?,
        ..proto::Visit::default()
    };
    if visit.diagnoses.is_empty()
        && let Some(code) = data.text("dscg_maindiag_code")
    {
        visit.diagnoses.push(proto::VisitDiagnosis {
            order: 1,
            principal: true,
            code: code.to_owned(),
            name: data.text_or_empty("dscg_maindiag_name"),
            ..proto::VisitDiagnosis::default()
        });
    }
    // What would keep the stay from being settled is better known at its beginning.
    let facts = gateway.service.eligibility(&proto::EligibilityRequest {
        person: visit.person.clone(),
        facility: asked.facility.to_string(),
        asked: visit.begun_at.get(..10).unwrap_or_default().to_owned(),
        med_type: visit.med_type.clone(),
        referral: visit.referral.clone(),
        diagnoses: visit.diagnoses.iter().map(|one| one.code.clone()).collect(),
    })?;
    visit.insutype = facts.facts.map(|facts| facts.insutype).unwrap_or_default();
    same_insutype(data, &visit.insutype)?;
    let person = PersonId::parse(&visit.person).ok_or(Refusal::UnknownPerson)?;
    let number = data.text("ipt_no").or(data.text("ipt_otp_no")).unwrap_or_default();
    let still_open = |other: &Kept| {
        let visit = &other.visit;
        let same = kept(&visit.admission, "ipt_no") == number && !number.is_empty();
        same && !visit.cancelled && visit.ended_at.is_empty()
    };
    let refuse_second = || -> Result<(), Failure> {
        let visits = gateway.service.visits(&asked.facility, Some(&person))?;
        match visits.into_iter().find(still_open) {
            Some(other) => {
                Err(Refusal::VisitBarred { visit: other.id, bar: VisitBar::Open }.into())
            }
            None => Ok(()),
        }
    };
    let writing = gateway.writing(asked, "");
    let written = gateway.service.open_visit(&writing, &visit, refuse_second).await?;
    let result =
        Json::object([("mdtrt_id", Json::text(written.visit)), ("exp_content", Json::text(""))]);
    Ok(Json::object([("result", result)]).into())
}

/// 2402
pub(super) async fn discharge_2402(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "dscginfo")?;
    let ended_at = data.time("endtime")?;
    let found = diagnoses(&asked.input, true)?;
    let others = data.others(&["mdtrt_id", "psn_no", "insutype", "endtime"])?;
    change(gateway, asked, data, |visit| {
        if !visit.ended_at.is_empty() {
            return Err(VisitOr::Barred(VisitBar::Discharged));
        }
        if ended_at.get(..10) < visit.begun_at.get(..10) {
            return Err(malformed("endtime", AFTER_ADMISSION).into());
        }
        visit.ended_at.clone_from(&ended_at);
        visit.discharge.clone_from(&others);
        visit.diagnoses.extend(found.iter().cloned());
        Ok(())
    })
    .await
}

/// 2403
pub(super) async fn change_2403(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "adminfo")?;
    let begun_at = match data.text("begntime") {
        Some(_) => Some(data.time("begntime")?),
        None => None,
    };
    let others = data.others(KNOWN)?;
    let found = diagnoses(&asked.input, false)?;
    let said = data.text("med_type");
    change(gateway, asked, data, |visit| {
        if let Some(begun_at) = &begun_at {
            visit.begun_at.clone_from(begun_at);
        }
        if let Some(said) = said {
            codes::med_type(&gateway.config, said).clone_into(&mut visit.med_type);
            let referral = codes::referral(&gateway.config, data, said);
            referral.name().clone_into(&mut visit.referral);
        }
        for other in &others {
            // The change knows the inpatient number by another name.
            let name = if other.name == "ipt_otp_no" { "ipt_no" } else { other.name.as_str() };
            match visit.admission.iter_mut().find(|one| one.name == name) {
                Some(one) => one.value.clone_from(&other.value),
                None => visit
                    .admission
                    .push(proto::NamedText { name: name.to_owned(), value: other.value.clone() }),
            }
        }
        for one in &found {
            visit.diagnoses.retain(|before| before.at_discharge || before.order != one.order);
            visit.diagnoses.push(one.clone());
        }
        Ok(())
    })
    .await
}

/// 2404
pub(super) async fn cancel_2404(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let id = data.given("mdtrt_id")?;
    let visit = gateway.service.visit(&asked.facility, id)?;
    same_person(data, &visit.visit)?;
    gateway.service.cancel_visit(&gateway.writing(asked, id)).await?;
    Ok(Reply::nothing())
}

/// 2405
pub(super) async fn undo_discharge_2405(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    change(gateway, asked, data, |visit| {
        if visit.ended_at.is_empty() {
            return Err(VisitOr::Barred(VisitBar::NotDischarged));
        }
        visit.ended_at.clear();
        visit.discharge.clear();
        visit.diagnoses.retain(|one| !one.at_discharge);
        Ok(())
    })
    .await
}

/// Why a visit is not changed.
enum VisitOr {
    Barred(VisitBar),
    Refusal(Refusal),
}

impl From<Refusal> for VisitOr {
    fn from(refusal: Refusal) -> VisitOr {
        VisitOr::Refusal(refusal)
    }
}

/// Changes the visit that a request names.
async fn change(
    gateway: &Gateway,
    asked: &Asked,
    data: Fields<'_>,
    change: impl Fn(&mut proto::Visit) -> Result<(), VisitOr>,
) -> Replied {
    let id = data.given("mdtrt_id")?;
    let changed = |kept: &Kept| {
        same_person(data, &kept.visit)?;
        let barred = |bar| Refusal::VisitBarred { visit: kept.id.clone(), bar };
        if kept.visit.cancelled {
            return Err(barred(VisitBar::Cancelled).into());
        }
        let mut visit = kept.visit.clone();
        change(&mut visit).map_err(|why| match why {
            VisitOr::Barred(bar) => barred(bar),
            VisitOr::Refusal(refusal) => refusal,
        })?;
        Ok(visit)
    };
    gateway.service.change_visit(&gateway.writing(asked, id), changed).await?;
    Ok(Reply::nothing())
}

/// The person that a request names must be that of the visit.
pub(super) fn same_person(data: Fields<'_>, visit: &proto::Visit) -> Result<(), Refusal> {
    match data.text("psn_no") {
        Some(person) if person != visit.person => Err(malformed("psn_no", OF_THE_VISIT)),
        Some(_) | None => Ok(()),
    }
}

fn diagnoses(input: &Json, at_discharge: bool) -> Result<Vec<proto::VisitDiagnosis>, Refusal> {
    let read = |(index, one): (usize, Fields<'_>)| {
        let order = match one.number("diag_srt_no") {
            Some(text) => text
                .parse::<u32>()
                .ok()
                .filter(|order| (1..1000).contains(order))
                .ok_or_else(|| malformed("diag_srt_no", AN_ORDER))?,
            None => u32::try_from(index + 1).unwrap_or(1),
        };
        Ok(proto::VisitDiagnosis {
            at_discharge,
            order,
            principal: one.flag("maindiag_flag"),
            code: one.given("diag_code")?.to_owned(),
            name: one.text_or_empty("diag_name"),
            other: one.others(KNOWN_OF_DIAGNOSIS)?,
        })
    };
    rows(input, "diseinfo")?.into_iter().enumerate().map(read).collect()
}

/// 5201
pub(super) fn visits_5201(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let shown = listed(gateway, asked, data)?;
    let said = data.text("med_type");
    let fits = |kept: &&Kept| {
        said.is_none_or(|said| codes::med_type(&gateway.config, said) == kept.visit.med_type)
            && data.text("mdtrt_id").is_none_or(|id| id == kept.id)
    };
    visit_rows(gateway, asked, "mdtrtinfo", shown.iter().filter(fits))
}

/// 5202
pub(super) fn diagnoses_5202(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let kept = gateway.service.visit(&asked.facility, data.given("mdtrt_id")?)?;
    same_person(data, &kept.visit)?;
    let row = |one: &proto::VisitDiagnosis| {
        let other = |name: &str| Json::text(kept_text(&one.other, name));
        Json::object([
            ("mdtrt_id", Json::text(&*kept.id)),
            ("psn_no", Json::text(&*kept.visit.person)),
            ("inout_diag_type", Json::text(if one.at_discharge { "2" } else { "1" })),
            ("diag_type", other("diag_type")),
            ("maindiag_flag", Json::text(if one.principal { "1" } else { "0" })),
            ("diag_srt_no", Json::Number(one.order.to_string())),
            ("diag_code", Json::text(&*one.code)),
            ("diag_name", Json::text(&*one.name)),
            ("adm_cond", other("adm_cond")),
            ("diag_dept", other("diag_dept")),
            ("dise_dor_no", other("dise_dor_no")),
            ("dise_dor_name", other("dise_dor_name")),
            ("diag_time", other("diag_time")),
        ])
    };
    let rows = kept.visit.diagnoses.iter().map(row).collect();
    let output = Json::object([("diseinfo", Json::List(rows))]);
    Ok(Reply::from(output).showing([kept.visit.person]))
}

/// 5303
pub(super) fn in_hospital_5303(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let shown = listed(gateway, asked, data)?;
    let staying = |kept: &&Kept| kept.visit.ended_at.is_empty();
    visit_rows(gateway, asked, "data", shown.iter().filter(staying))
}

/// The visits of a person, or of the facility, that began within the time asked for and were not taken back.
fn listed(gateway: &Gateway, asked: &Asked, data: Fields<'_>) -> Result<Vec<Kept>, Failure> {
    let (from, to) = (data.day_given("begntime")?, data.day_given("endtime")?);
    let person = match data.text("psn_no") {
        Some(text) => Some(PersonId::parse(text).ok_or(Refusal::UnknownPerson)?),
        None => None,
    };
    let mut shown = gateway.service.visits(&asked.facility, person.as_ref())?;
    shown.retain(|kept| {
        let begun = kept.visit.begun_at.get(..10).and_then(Day::parse);
        !kept.visit.cancelled && begun.is_some_and(|day| from <= day && day <= to)
    });
    Ok(shown)
}

fn kept_text(texts: &[proto::NamedText], name: &str) -> String {
    kept(texts, name).to_owned()
}

/// Visits as 5201 and 5303 show them, under a name.
fn visit_rows<'k>(
    gateway: &Gateway,
    asked: &Asked,
    name: &'static str,
    shown: impl Iterator<Item = &'k Kept>,
) -> Replied {
    let (mut rows, mut persons) = (Vec::new(), Vec::new());
    for kept in shown {
        rows.push(visit_row(gateway, asked, kept)?);
        persons.push(kept.visit.person.clone());
    }
    Ok(Reply::from(Json::object([(name, Json::List(rows))])).showing(persons))
}

/// A visit as 5201 and 5303 show it.
fn visit_row(gateway: &Gateway, asked: &Asked, kept: &Kept) -> Result<Json, Failure> {
    let visit = &kept.visit;
    let request =
        proto::GetPersonRequest { id: visit.person.clone(), ..proto::GetPersonRequest::default() };
    let person = gateway.service.get_person(&request)?;
    let begun = kept.admitted_on()?;
    let age = codes::age(&person.birth, begun);
    let said = |name: &str| Json::text(kept_text(&visit.admission, name));
    let left = |name: &str| Json::text(kept_text(&visit.discharge, name));
    let staying = visit.ended_at.is_empty();
    Ok(Json::object([
        ("mdtrt_id", Json::text(&*kept.id)),
        ("medins_setl_id", Json::text("")),
        ("psn_no", Json::text(&*visit.person)),
        ("psn_cert_type", Json::text(codes::certificate_type(&person.certificate_no))),
        ("certno", Json::text(&*person.certificate_no)),
        ("psn_name", Json::text(&*person.name)),
        ("gend", Json::text(codes::sex(&person.certificate_no))),
        ("naty", Json::text("")),
        ("brdy", Json::text(&*person.birth)),
        ("age", Json::Number(age.to_string())),
        ("coner_name", said("coner_name")),
        ("tel", said("tel")),
        ("insutype", Json::text(&*visit.insutype)),
        ("psn_type", Json::text(codes::person_type(&visit.insutype, age))),
        ("maf_psn_flag", Json::text("0")),
        ("cvlserv_flag", Json::text("0")),
        ("begntime", Json::text(&*visit.begun_at)),
        ("begndate", Json::text(visit.begun_at.get(..10).unwrap_or_default())),
        ("endtime", Json::text(&*visit.ended_at)),
        ("mdtrt_cert_type", said("mdtrt_cert_type")),
        ("mdtrt_cert_no", said("mdtrt_cert_no")),
        ("med_type", said("med_type")),
        ("ipt_otp_no", said("ipt_no")),
        ("medrcdno", said("medrcdno")),
        ("chfpdr_code", said("atddr_no")),
        ("chfpdr_name", said("chfpdr_name")),
        ("adm_diag_dscr", said("adm_diag_dscr")),
        ("adm_dept_codg", said("adm_dept_codg")),
        ("adm_dept_name", said("adm_dept_name")),
        ("adm_bed", said("adm_bed")),
        ("dscg_dept_codg", left("dscg_dept_codg")),
        ("dscg_dept_name", left("dscg_dept_name")),
        ("dscg_bed", left("dscg_bed")),
        ("dscg_way", left("dscg_way")),
        ("dscg_maindiag_code", said("dscg_maindiag_code")),
        ("dscg_maindiag_name", said("dscg_maindiag_name")),
        ("main_cond_dscr", said("main_cond_dscr")),
        ("dise_codg", said("dise_codg")),
        ("dise_name", said("dise_name")),
        ("inhosp_stas", Json::text(if staying { "1" } else { "0" })),
        ("out_flag", Json::text("0")),
        ("fixmedins_code", Json::text(asked.facility.as_str())),
        ("fixmedins_name", Json::text(&*asked.facility_name)),
        ("exp_content", said("exp_content")),
    ]))
}
