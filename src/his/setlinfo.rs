//! `setlinfo` and `setldetail` of 2303, 2304, 2305 and 5203: one object with the fields of all four, so that every field is always
//! there. HN 2.11, 2.12.

use crate::his::Gateway;
use crate::his::amounts::Amounts;
use crate::his::codes;
use crate::his::envelope::Asked;
use crate::his::envelope::time;
use crate::his::fields::kept;
use crate::his::json::Json;
use crate::his::reply::Replied;
use crate::his::reply::Reply;
use crate::proto;

type Shown = Vec<(&'static str, Json)>;

/// A settlement, or its reversal, as it is shown.
struct View<'a> {
    gateway: &'a Gateway,
    asked: &'a Asked,
    record: &'a proto::SettlementRecord,
    request: proto::SettleRequest,
    admission: proto::Admission,
    facts: proto::Facts,
    reversal: Option<&'a proto::Reversal>,
}

/// The output for a settlement, or for its reversal.
pub(super) fn shown(
    gateway: &Gateway,
    asked: &Asked,
    record: &proto::SettlementRecord,
    reversal: Option<&proto::Reversal>,
) -> Replied {
    let request = record.request.clone().unwrap_or_default();
    let statement = record.statement.clone().unwrap_or_default();
    let view = View {
        gateway,
        asked,
        record,
        admission: request.admission.clone().unwrap_or_default(),
        facts: statement.facts.clone().unwrap_or_default(),
        request,
        reversal,
    };
    let of_kin = kept(&view.request.noted, "acct_used_flag") == "2";
    let amounts = Amounts::of(&gateway.config, &statement, of_kin)?;
    let person = gateway.service.get_person(&proto::GetPersonRequest {
        id: view.admission.person.clone(),
        ..proto::GetPersonRequest::default()
    })?;
    let mut fields = view.of_person(&person);
    fields.extend(amounts.setlinfo(reversal.is_some()));
    fields.extend(view.of_settlement(statement.benefit_year));
    let info = Json::Object(fields.into_iter().map(|(name, value)| (name.into(), value)).collect());
    let sentences = statement.warnings.iter().filter_map(|warning| warning.sentence.as_ref());
    let warnings: Vec<&str> = sentences.map(|sentence| sentence.zh.as_str()).collect();
    let detail = amounts.setldetail(reversal.is_some());
    let output = Json::object([("setlinfo", info), ("setldetail", detail)]);
    Ok(Reply::warned(output, &warnings.join(";")))
}

impl View<'_> {
    /// What was said in the request, or else what is usual.
    fn said(&self, name: &str, usual: &str) -> Json {
        match kept(&self.request.noted, name) {
            "" => Json::text(usual),
            said => Json::text(said),
        }
    }

    /// Number, time and message id of the settlement or of its reversal; a quote has no number and no time.
    fn entry(&self) -> (String, String, String) {
        let id = |writer: &Option<proto::Writer>| {
            writer.as_ref().map(|writer| writer.request_id.clone()).unwrap_or_default()
        };
        match self.reversal {
            Some(reversal) => {
                (reversal.number.to_string(), time(&reversal.recorded_at), id(&reversal.writer))
            }
            None if self.record.number == 0 => {
                (String::new(), String::new(), id(&self.request.writer))
            }
            None => (
                self.record.number.to_string(),
                time(&self.record.recorded_at),
                id(&self.request.writer),
            ),
        }
    }

    /// The medical type as the HIS said it: now, or when the visit was registered.
    fn med_type(&self) -> String {
        let now = kept(&self.request.noted, "med_type");
        if !now.is_empty() {
            return now.to_owned();
        }
        let visit = self.gateway.service.visit(&self.asked.facility, &self.request.visit).ok();
        let then = visit.map(|visit| kept(&visit.visit.admission, "med_type").to_owned());
        let national = || self.admission.med_type.clone();
        then.filter(|then| !then.is_empty()).unwrap_or_else(national)
    }

    fn of_person(&self, person: &proto::Person) -> Shown {
        let (id, at, _) = self.entry();
        let text = |text: &str| Json::text(text);
        let own = &self.request.visit;
        let visit = if own.is_empty() { &self.admission.id } else { own };
        let undone = self.reversal.map(|reversal| reversal.of_number.to_string());
        let certificate = person.certificate_no.as_str();
        let person_type = codes::person_type(&self.facts.insutype, self.facts.age);
        vec![
            ("mdtrt_id", text(visit)),
            ("setl_id", text(&id)),
            ("init_setl_id", text(&undone.unwrap_or_default())),
            ("psn_no", text(&self.admission.person)),
            ("psn_name", text(&person.name)),
            ("psn_cert_type", self.said("psn_cert_type", codes::certificate_type(certificate))),
            ("certno", text(certificate)),
            ("gend", text(codes::sex(certificate))),
            ("naty", text("")),
            ("brdy", text(&person.birth)),
            ("age", Json::Number(self.facts.age.to_string())),
            ("insutype", text(&self.facts.insutype)),
            ("psn_type", self.said("psn_type", person_type)),
            ("cvlserv_flag", text("0")),
            ("flxempe_flag", text("0")),
            ("nwb_flag", text("0")),
            ("setl_time", text(&at)),
            ("setl_type", text("2")),
            ("mdtrt_cert_type", self.said("mdtrt_cert_type", "")),
            ("mdtrt_cert_no", self.said("mdtrt_cert_no", "")),
            ("med_type", text(&self.med_type())),
        ]
    }

    fn of_settlement(&self, year: i32) -> Shown {
        let (_, at, by_request) = self.entry();
        let text = |text: &str| Json::text(text);
        let facts = &self.facts;
        let refunded = self.reversal.is_some() || self.record.reversed_by != 0;
        let level = facts.level.map_or_else(String::new, |level| level.to_string());
        let clearing = self.gateway.service.clearing_types().of(&self.med_type()).to_owned();
        vec![
            ("medins_setl_id", text(&by_request)),
            ("clr_optins", text(&facts.place)),
            ("clr_way", text("1")),
            ("clr_type", text(&clearing)),
            ("psn_insu_rlts_id", text("")),
            ("insu_admdvs", text(&facts.place)),
            ("insu_optins", text(&facts.place)),
            ("emp_name", text("")),
            ("pay_loc", text("2")),
            ("fixmedins_code", text(self.asked.facility.as_str())),
            ("fixmedins_name", text(&self.asked.facility_name)),
            ("fixmedins_poolarea", text(&self.asked.place)),
            ("hosp_lv", text("")),
            ("lmtpric_hosp_lv", text("")),
            ("dedc_hosp_lv", text(&level)),
            ("begndate", text(&facts.admitted_on)),
            ("enddate", text(&facts.discharged_on)),
            ("refd_setl_flag", text(if refunded { "1" } else { "0" })),
            ("year", text(&year.to_string())),
            ("dise_codg", text(facts.diagnoses.first().map_or("", String::as_str))),
            ("dise_name", text("")),
            ("invono", self.said("invono", "")),
            ("opter_id", text(&self.asked.operator)),
            ("opter_name", text(&self.asked.operator_name)),
            ("opt_time", text(&at)),
            ("exp_content", text("")),
        ]
    }
}
