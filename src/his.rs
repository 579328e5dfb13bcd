//! The national interface for designated facilities (定点医药机构接口规范): a foreign form with a converter of its own. It reads
//! what existing HIS clients send, asks the service, and answers as they expect; it decides nothing about money.
//!
//! `docs/his/README.md` says what it does for whom.

mod auth;
mod json;
mod fields;
mod failure;
mod reply;
mod envelope;
mod codes;
mod amounts;
mod sign;
mod person;
mod visit;
mod lines;
mod settlement;
mod setlinfo;
mod replay;
mod signature;
mod statement;
mod trace;
pub mod zipped;
mod files;

pub use crate::his::auth::Headers;

use crate::access::Reach;
use crate::access::is_listed;
use crate::access::reach;
use crate::access::settles;
use crate::access::transaction;
use crate::config::HisAuth;
use crate::config::HisConfig;
use crate::config::HisKey;
use crate::his::auth::Refused;
use crate::his::envelope::Asked;
use crate::his::envelope::answer;
use crate::his::envelope::open;
use crate::his::envelope::place;
use crate::his::fields::malformed;
use crate::his::json::Json;
use crate::his::replay::Replays;
use crate::his::reply::Content;
use crate::his::reply::Replied;
use crate::his::reply::Reply;
use crate::service::Onlooker;
use crate::service::Service;
use crate::service::now;
use crate::service::visit::Writing;
use crate::traces;

use sha2::Digest;
use sha2::Sha256;

use std::path::Path;
use std::sync::Arc;

/// The converter on a service.
#[derive(Debug)]
pub struct Gateway {
    service: Arc<Service>,
    config: HisConfig,
    must_sign: bool,
    replays: Replays,
}

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// The headers that authenticate it.
    pub headers: Headers,
    /// Its body, or the part `jsonStr` of a form.
    pub body: Vec<u8>,
    /// The part `file` of a form.
    pub file: Option<Vec<u8>>,
    /// The address at the other end of the connection.
    pub from: String,
}

/// What is answered: always with status 200, never compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An envelope.
    Json(String),
    /// A file (9102).
    File(Vec<u8>),
}

/// The number of a transaction. Editions put a letter behind it: 2304A is 2304.
fn number(infno: &str) -> &str {
    infno.trim_end_matches(|sign: char| sign.is_ascii_alphabetic())
}

/// Whether a key may use the transaction that an envelope names, for the facility that it names.
fn may(key: &HisKey, envelope: &Json) -> bool {
    let named = |name: &str| envelope.text_of(name).unwrap_or_default();
    // What is nobody's is refused later, in words.
    if !is_listed(&transaction(number(named("infno")))) {
        return true;
    }
    match reach(key.role, &transaction(number(named("infno")))) {
        Reach::None => false,
        Reach::Own => key.facilities.iter().any(|one| one == named("fixmedins_code")),
        Reach::All => true,
    }
}

const A_TRANSACTION: (&str, &str) =
    ("a transaction of this interface", "本接口支持的交易编号(见接口文档的交易一览)");

impl Gateway {
    /// On a service, with what the region says; `loopback` says that only this machine can reach it.
    pub fn new(service: Arc<Service>, config: HisConfig, loopback: bool) -> Gateway {
        let must_sign = match config.auth {
            HisAuth::Always => true,
            HisAuth::Never => false,
            HisAuth::UnlessLoopback => !loopback,
        };
        Gateway { service, config, must_sign, replays: Replays::default() }
    }

    /// The same, with the signatures that were used kept in a data directory over a restart.
    pub fn remembering(mut self, data: &Path) -> Gateway {
        if self.must_sign {
            let lives = self.config.replay_window_s.saturating_mul(1000);
            self.replays = Replays::of(data, (now().unix_millis(), lives));
        }
        self
    }

    /// Answers a request, whatever it is.
    pub async fn answer(&self, sent: Sent) -> Answer {
        let received = now();
        let signer = match auth::signer(&self.config, &sent.headers, received) {
            Ok(signed) => Some(signed),
            Err(refused) if self.must_sign => return Answer::Json(refused.answer()),
            Err(_) => None,
        };
        let opened = match open(&sent.body, &self.config) {
            Ok(opened) => opened,
            Err(refusal) => return self.refused(&failure::message(&refusal.into())),
        };
        let place = place(&opened.envelope);
        if self.must_sign {
            let is_its = |key: &HisKey| may(key, &opened.envelope);
            let Some(signed) = signer.as_ref().filter(|signed| is_its(signed.key)) else {
                return Answer::Json(Refused::Unknown.answer());
            };
            let lives = self.config.replay_window_s.saturating_mul(1000);
            if !self.replays.is_new(signed, &sent.body, (received.unix_millis(), lives)) {
                return Answer::Json(Refused::Replayed.answer());
            }
        }
        let key = signer.map(|signed| signed.key);
        let checked = signature::check(key, &opened.envelope, &opened.raw);
        let replied = match checked.and_then(|()| opened.asked(sent.file, received)) {
            Ok(asked) => match self.reply(&asked).await {
                Ok(reply) => self.seen(key, (&asked, &sent.from), reply).await,
                Err(failure) => Err(failure),
            },
            Err(refusal) => Err(refusal.into()),
        };
        let outcome = match replied {
            Ok(Reply { content: Content::Output(output, warning), .. }) => Ok((output, warning)),
            Ok(Reply { content: Content::File(content), .. }) => return Answer::File(content),
            Err(failure) => Err(failure::message(&failure)),
        };
        Answer::Json(answer(outcome, &place, (received, now()), self.config.infcode))
    }

    /// An answer that refuses a request before it is read.
    pub fn refused(&self, sentence: &str) -> Answer {
        let at = (now(), now());
        Answer::Json(answer(Err(sentence.to_owned()), "000000", at, self.config.infcode))
    }

    async fn reply(&self, asked: &Asked) -> Replied {
        if !is_listed(&transaction(number(&asked.infno))) {
            return Err(malformed("infno", A_TRANSACTION).into());
        }
        traces::transaction(number(&asked.infno));
        match number(&asked.infno) {
            "9001" => sign::sign_in_9001(self, asked).await,
            "9002" => sign::sign_out_9002(self, asked).await,
            "1101" => person::person_1101(self, asked),
            "2001" => person::entitlement_2001(self, asked),
            "2401" => visit::admit_2401(self, asked).await,
            "2402" => visit::discharge_2402(self, asked).await,
            "2403" => visit::change_2403(self, asked).await,
            "2404" => visit::cancel_2404(self, asked).await,
            "2405" => visit::undo_discharge_2405(self, asked).await,
            "2301" => lines::upload_2301(self, asked).await,
            "2302" => lines::delete_2302(self, asked).await,
            "2303" => settlement::quote_2303(self, asked),
            "2304" => settlement::settle_2304(self, asked).await,
            "2305" => settlement::undo_2305(self, asked).await,
            "2601" => settlement::take_back_2601(self, asked).await,
            "5201" => visit::visits_5201(self, asked),
            "5202" => visit::diagnoses_5202(self, asked),
            "5203" => settlement::settlement_5203(self, asked),
            "5204" => lines::lines_5204(self, asked),
            "5206" => person::year_5206(self, asked),
            "3201" => statement::totals_3201(self, asked),
            "3202" => statement::rows_3202(self, asked).await,
            "9101" => files::upload_9101(self, asked).await,
            "9102" => files::download_9102(self, asked),
            "100001" => trace::items_100001(self, asked),
            "5303" => visit::in_hospital_5303(self, asked),
            _ => Err(malformed("infno", A_TRANSACTION).into()),
        }
    }

    /// Records a look at each record that a reply shows, before it is answered.
    async fn seen(
        &self,
        key: Option<&HisKey>,
        (asked, from): (&Asked, &str),
        reply: Reply,
    ) -> Replied {
        let number = number(&asked.infno);
        // A quote is a step of settling, but for a key that never settles.
        if number != "2303" || key.is_some_and(|key| !settles(key.role)) {
            let id = key.map(|key| key.id.as_str());
            let who: Vec<&str> = id.into_iter().chain([asked.operator.as_str()]).collect();
            let by = Onlooker { who: who.join(" "), from: from.to_owned() };
            let persons = reply.shows.iter().cloned().collect();
            self.service.looked(&by, &transaction(number), persons).await?;
        }
        Ok(reply)
    }

    /// Who writes what to which visit; an empty visit is one to be opened.
    fn writing(&self, asked: &Asked, visit: &str) -> Writing {
        let digest = Sha256::digest(asked.input.canonical().as_bytes());
        let hex = digest.iter().map(|byte| format!("{byte:02x}"));
        Writing {
            writer: asked.writer(),
            infno: asked.infno.clone(),
            asked: hex.collect(),
            visit: visit.to_owned(),
            noted: asked.noted.clone(),
        }
    }
}
