//! Settlement: 2303 quote, 2304 settle, 2305 undo, 2601 taking a request back, 5203 query.

use crate::his::Gateway;
use crate::his::Replied;
use crate::his::Reply;
use crate::his::amounts::Amounts;
use crate::his::codes;
use crate::his::envelope::Asked;
use crate::his::envelope::time;
use crate::his::fields::Fields;
use crate::his::fields::kept;
use crate::his::fields::malformed;
use crate::his::fields::row;
use crate::his::json::Json;
use crate::his::visit::same_person;
use crate::id::RequestId;
use crate::proto;
use crate::proto::get_settlement_request::By;
use crate::proto::reverse_request::Of;
use crate::refusal::Refusal;
use crate::service::Failure;
use crate::service::visit::VisitBill;

/// What of a request is kept with the settlement, for later questions.
const NOTED: &[&str] = &[
    "acct_used_flag",
    "card_sn",
    "certno",
    "exp_content",
    "invono",
    "mdtrt_cert_no",
    "mdtrt_cert_type",
    "med_type",
    "mid_setl_flag",
    "psn_cert_type",
    "psn_name",
    "psn_setlway",
    "psn_type",
];

const A_NUMBER: (&str, &str) = ("the setl_id that 2304 answered", "2304 返回的结算ID");
const OF_THE_SETTLEMENT: (&str, &str) = ("that of the settlement", "与该结算一致(见 2304 的应答)");
const OF_THE_REGISTRATION: (&str, &str) =
    ("the insurance type of the visit", "与入院登记(2401)时的险种一致");
const A_TRANSACTION: (&str, &str) = ("2304 or 2401", "2304 或 2401;其他交易请用各自的撤销交易");

/// The bill that a request is about.
fn bill(data: Fields<'_>, visit: &proto::Visit) -> Result<VisitBill, Refusal> {
    same_person(data, visit)?;
    if data.text("insutype").is_some_and(|said| said != visit.insutype) {
        return Err(malformed("insutype", OF_THE_REGISTRATION));
    }
    let noted = data.others(&[])?.into_iter().filter(|one| NOTED.contains(&one.name.as_str()));
    Ok(VisitBill {
        visit: data.given("mdtrt_id")?.to_owned(),
        discharged_on: data.day("dscg_time")?,
        interim: data.flag("mid_setl_flag"),
        total: data.number("medfee_sumamt").unwrap_or_default().to_owned(),
        account_pay: data.number("acct_pay").unwrap_or_default().to_owned(),
        noted: noted.collect(),
    })
}

/// 2303
pub(super) fn quote_2303(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let id = data.given("mdtrt_id")?;
    let visit = gateway.service.visit(&asked.facility, id)?;
    let bill = bill(data, &visit.visit)?;
    let (_, statement) = gateway.service.quote_visit(&asked.facility, &bill)?;
    let request = proto::SettleRequest {
        writer: Some(asked.writer()),
        admission: Some(proto::Admission {
            person: visit.visit.person.clone(),
            med_type: visit.visit.med_type.clone(),
            admitted_on: visit.visit.begun_at.get(..10).unwrap_or_default().to_owned(),
            ..proto::Admission::default()
        }),
        visit: id.to_owned(),
        noted: bill.noted,
        ..proto::SettleRequest::default()
    };
    let record = proto::SettlementRecord {
        request: Some(request),
        statement: Some(statement),
        ..proto::SettlementRecord::default()
    };
    shown(gateway, asked, &record, None)
}

/// 2304
pub(super) async fn settle_2304(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let visit = gateway.service.visit(&asked.facility, data.given("mdtrt_id")?)?;
    let bill = bill(data, &visit.visit)?;
    let record = gateway.service.settle_visit(&asked.writer(), &bill).await?;
    shown(gateway, asked, &record, None)
}

/// 2305: a new entry with a number of its own, and every amount negated.
pub(super) async fn undo_2305(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let record = settlement_of(gateway, asked, data)?;
    let reversal = gateway
        .service
        .reverse(proto::ReverseRequest {
            writer: Some(asked.writer()),
            of: Some(Of::Number(record.number)),
            reason: "2305".to_owned(),
        })
        .await?;
    shown(gateway, asked, &record, Some(&reversal))
}

/// 2601
pub(super) async fn take_back_2601(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let infno = data.given("oinfno")?;
    if !matches!(infno, "2304" | "2304A" | "2401" | "2401A") {
        return Err(malformed("oinfno", A_TRANSACTION).into());
    }
    let omsgid = data.given("omsgid")?;
    let request = RequestId::parse(omsgid).ok_or_else(|| malformed("omsgid", A_TRANSACTION))?;
    let writing = gateway.writing(asked, "");
    gateway.service.take_back(&writing, &request, infno).await?;
    Ok(Reply::nothing())
}

/// 5203: by setl_id; or, for a lost answer, by omsgid, or by the visit alone.
pub(super) fn settlement_5203(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    if let Some(number) = data.text("setl_id").and_then(|text| text.parse::<u64>().ok())
        && let Some(reversal) = gateway.service.reversal(number)?
    {
        let record = by(gateway, By::Number(reversal.of_number))?;
        of_facility(asked, data, &record)?;
        return shown(gateway, asked, &record, Some(&reversal));
    }
    let record = settlement_of(gateway, asked, data)?;
    shown(gateway, asked, &record, None)
}

fn by(gateway: &Gateway, by: By) -> Result<proto::SettlementRecord, Failure> {
    gateway.service.settlement(&proto::GetSettlementRequest { by: Some(by) })
}

/// The settlement that a request names, of the facility that asks.
pub(super) fn settlement_of(
    gateway: &Gateway,
    asked: &Asked,
    data: Fields<'_>,
) -> Result<proto::SettlementRecord, Failure> {
    let facility = asked.facility.to_string();
    let named = match (data.text("setl_id"), data.text("omsgid")) {
        (Some(text), _) => By::Number(text.parse().map_err(|_| malformed("setl_id", A_NUMBER))?),
        (None, Some(request_id)) => {
            By::Request(proto::RequestName { facility, request_id: request_id.to_owned() })
        }
        (None, None) => {
            let admission = data.given("mdtrt_id")?.to_owned();
            By::Admission(proto::AdmissionName { facility, admission })
        }
    };
    let record = by(gateway, named)?;
    of_facility(asked, data, &record)?;
    Ok(record)
}

fn of_facility(
    asked: &Asked,
    data: Fields<'_>,
    record: &proto::SettlementRecord,
) -> Result<(), Failure> {
    let request = record.request.clone().unwrap_or_default();
    let admission = request.admission.unwrap_or_default();
    if admission.facility != asked.facility.as_str() {
        return Err(Refusal::UnknownEntry { name: record.number.to_string() }.into());
    }
    if data.text("psn_no").is_some_and(|person| person != admission.person) {
        return Err(malformed("psn_no", OF_THE_SETTLEMENT).into());
    }
    let id = if request.visit.is_empty() { admission.id } else { request.visit };
    if data.text("mdtrt_id").is_some_and(|said| said != id) {
        return Err(malformed("mdtrt_id", OF_THE_SETTLEMENT).into());
    }
    Ok(())
}

/// `setlinfo` and `setldetail` of a settlement, or of its reversal; every field of every transaction is there.
fn shown(
    gateway: &Gateway,
    asked: &Asked,
    record: &proto::SettlementRecord,
    reversal: Option<&proto::Reversal>,
) -> Replied {
    let request = record.request.clone().unwrap_or_default();
    let statement = record.statement.clone().unwrap_or_default();
    let admission = request.admission.clone().unwrap_or_default();
    let facts = statement.facts.clone().unwrap_or_default();
    let noted = |name: &str| kept(&request.noted, name);
    let person = gateway.service.get_person(&proto::GetPersonRequest {
        id: admission.person.clone(),
        ..proto::GetPersonRequest::default()
    })?;
    let amounts = Amounts::of(&gateway.config, &statement, noted("acct_used_flag") == "2")?;
    let med_type = match noted("med_type") {
        "" => said_med_type(gateway, asked, &request, &admission.med_type),
        said => said.to_owned(),
    };
    let writer = request.writer.clone().unwrap_or_default();
    let (id, at, by_request) = match reversal {
        Some(reversal) => (
            reversal.number.to_string(),
            time(&reversal.recorded_at),
            reversal.writer.as_ref().map(|writer| writer.request_id.clone()).unwrap_or_default(),
        ),
        None if record.number == 0 => (String::new(), String::new(), writer.request_id.clone()),
        None => (record.number.to_string(), time(&record.recorded_at), writer.request_id.clone()),
    };
    let reversed = reversal.is_some();
    let refunded = reversed || record.reversed_by != 0;
    let text = |text: &str| Json::text(text);
    let visit = if request.visit.is_empty() { &admission.id } else { &request.visit };
    let said = |name: &str, usual: &str| match noted(name) {
        "" => Json::text(usual),
        said => Json::text(said),
    };
    let clearing = codes::clearing_type(&gateway.config, &med_type);
    let mut fields = vec![
        ("mdtrt_id", text(visit)),
        ("setl_id", text(&id)),
        ("init_setl_id", text(&if reversed { record.number.to_string() } else { String::new() })),
        ("psn_no", text(&admission.person)),
        ("psn_name", text(&person.name)),
        ("psn_cert_type", said("psn_cert_type", codes::certificate_type(&person.certificate_no))),
        ("certno", text(&person.certificate_no)),
        ("gend", text(codes::sex(&person.certificate_no))),
        ("naty", text("")),
        ("brdy", text(&person.birth)),
        ("age", Json::Number(facts.age.to_string())),
        ("insutype", text(&facts.insutype)),
        ("psn_type", said("psn_type", codes::person_type(&facts.insutype, facts.age))),
        ("cvlserv_flag", text("0")),
        ("flxempe_flag", text("0")),
        ("nwb_flag", text("0")),
        ("setl_time", text(&at)),
        ("setl_type", text("2")),
        ("mdtrt_cert_type", said("mdtrt_cert_type", "")),
        ("mdtrt_cert_no", said("mdtrt_cert_no", "")),
        ("med_type", text(&med_type)),
    ];
    fields.extend(amounts.setlinfo(reversed));
    fields.extend([
        ("medins_setl_id", text(&by_request)),
        ("clr_optins", text(&facts.place)),
        ("clr_way", text("1")),
        ("clr_type", text(clearing)),
        ("psn_insu_rlts_id", text("")),
        ("insu_admdvs", text(&facts.place)),
        ("insu_optins", text(&facts.place)),
        ("emp_name", text("")),
        ("pay_loc", text("2")),
        ("fixmedins_code", text(asked.facility.as_str())),
        ("fixmedins_name", text(&asked.facility_name)),
        ("fixmedins_poolarea", text(&asked.place)),
        ("hosp_lv", text("")),
        ("lmtpric_hosp_lv", text("")),
        ("dedc_hosp_lv", text(&facts.level.map_or_else(String::new, |level| level.to_string()))),
        ("begndate", text(&facts.admitted_on)),
        ("enddate", text(&facts.discharged_on)),
        ("refd_setl_flag", text(if refunded { "1" } else { "0" })),
        ("year", text(&statement.benefit_year.to_string())),
        ("dise_codg", text(facts.diagnoses.first().map_or("", String::as_str))),
        ("dise_name", text("")),
        ("invono", said("invono", "")),
        ("opter_id", text(&asked.operator)),
        ("opter_name", text(&asked.operator_name)),
        ("opt_time", text(&at)),
        ("exp_content", text("")),
    ]);
    let info = Json::Object(fields.into_iter().map(|(name, value)| (name.into(), value)).collect());
    let warning: Vec<&str> = statement
        .warnings
        .iter()
        .filter_map(|warning| warning.sentence.as_ref())
        .map(|sentence| sentence.zh.as_str())
        .collect();
    let output = Json::object([("setlinfo", info), ("setldetail", amounts.setldetail(reversed))]);
    Ok(Reply::warned(output, &warning.join(";")))
}

/// The medical type as the HIS said it when the visit was registered.
fn said_med_type(
    gateway: &Gateway,
    asked: &Asked,
    request: &proto::SettleRequest,
    national: &str,
) -> String {
    let visit = gateway.service.visit(&asked.facility, &request.visit).ok();
    let said = visit.map(|kept_visit| kept(&kept_visit.visit.admission, "med_type").to_owned());
    said.filter(|said| !said.is_empty()).unwrap_or_else(|| national.to_owned())
}
