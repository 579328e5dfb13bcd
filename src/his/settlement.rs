//! Settlement: 2303 quote, 2304 settle, 2305 undo, 2601 taking a request back, 5203 query.

use crate::his::Gateway;
use crate::his::envelope::Asked;
use crate::his::fields::Fields;
use crate::his::fields::kept;
use crate::his::fields::malformed;
use crate::his::fields::row;
use crate::his::reply::Replied;
use crate::his::reply::Reply;
use crate::his::setlinfo::shown;
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
fn bill(asked: &Asked, data: Fields<'_>, visit: &proto::Visit) -> Result<VisitBill, Refusal> {
    same_person(data, visit)?;
    if data.text("insutype").is_some_and(|said| said != visit.insutype) {
        return Err(malformed("insutype", OF_THE_REGISTRATION));
    }
    let said = data.others(&[])?.into_iter().filter(|one| NOTED.contains(&one.name.as_str()));
    let mut noted: Vec<proto::NamedText> = said.chain(asked.noted.iter().cloned()).collect();
    // The medical type in the region's words decides the clearing type, also in months.
    if data.text("med_type").is_none() {
        let value = kept(&visit.admission, "med_type").to_owned();
        noted.push(proto::NamedText { name: "med_type".to_owned(), value });
    }
    Ok(VisitBill {
        visit: data.given("mdtrt_id")?.to_owned(),
        discharged_on: data.day("dscg_time")?,
        interim: data.flag("mid_setl_flag"),
        total: data.number("medfee_sumamt").unwrap_or_default().to_owned(),
        account_pay: data.number("acct_pay").unwrap_or_default().to_owned(),
        noted,
        ..VisitBill::default()
    })
}

/// 2303
pub(super) fn quote_2303(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let id = data.given("mdtrt_id")?;
    let visit = gateway.service.visit(&asked.facility, id)?;
    let bill = bill(asked, data, &visit.visit)?;
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
    Ok(shown(gateway, asked, &record, None)?.showing([visit.visit.person]))
}

/// 2304
pub(super) async fn settle_2304(gateway: &Gateway, asked: &Asked) -> Replied {
    let data = row(&asked.input, "data")?;
    let visit = gateway.service.visit(&asked.facility, data.given("mdtrt_id")?)?;
    let bill = bill(asked, data, &visit.visit)?;
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
    if let Some(number) = data.text("setl_id").and_then(|text| text.parse::<u64>().ok()) {
        match gateway.service.reversal(number) {
            Ok(reversal) => {
                let record = by(gateway, By::Number(reversal.of_number))?;
                of_facility(asked, data, &record)?;
                return seen(gateway, asked, &record, Some(&reversal));
            }
            // It is none.
            Err(Failure::Refusal(_)) => {}
            Err(fault @ Failure::Fault(_)) => return Err(fault),
        }
    }
    let record = settlement_of(gateway, asked, data)?;
    seen(gateway, asked, &record, None)
}

/// A settlement, or its reversal, as it is shown to whoever looks it up.
fn seen(
    gateway: &Gateway,
    asked: &Asked,
    record: &proto::SettlementRecord,
    reversal: Option<&proto::Reversal>,
) -> Replied {
    let person = person_of(record).map(str::to_owned);
    Ok(shown(gateway, asked, record, reversal)?.showing(person))
}

/// Whose settlement it is.
pub(super) fn person_of(record: &proto::SettlementRecord) -> Option<&str> {
    let admission = record.request.as_ref()?.admission.as_ref()?;
    Some(&admission.person)
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
