//! What a counter asks of the service, and what it gets.

use onestop::proto;
use onestop::service::Failure;
use onestop::service::Service;
use prost::Message;

/// A write that a counter asks for.
#[derive(Debug, Clone)]
pub(crate) enum Ask {
    Settle(Box<proto::SettleRequest>),
    Reverse(proto::ReverseRequest),
    Open(Box<proto::LoadOpeningRequest>),
}

/// An answer to it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Settlement(Box<proto::SettlementRecord>),
    Reversal(Box<proto::Reversal>),
    Opening(Box<proto::Opening>),
}

/// Facility and request id.
pub(crate) type RequestKey = (String, String);

fn key_of(writer: Option<&proto::Writer>) -> RequestKey {
    writer.map(|writer| (writer.facility.clone(), writer.request_id.clone())).unwrap_or_default()
}

impl Ask {
    pub(crate) async fn send(self, service: &Service) -> Result<Answer, Failure> {
        Ok(match self {
            Ask::Settle(request) => Answer::Settlement(Box::new(service.settle(*request).await?)),
            Ask::Reverse(request) => Answer::Reversal(Box::new(service.reverse(request).await?)),
            Ask::Open(request) => Answer::Opening(Box::new(service.load_opening(*request).await?)),
        })
    }

    pub(crate) fn request(&self) -> RequestKey {
        key_of(match self {
            Ask::Settle(request) => request.writer.as_ref(),
            Ask::Reverse(request) => request.writer.as_ref(),
            Ask::Open(request) => request.writer.as_ref(),
        })
    }
}

impl Answer {
    pub(crate) fn number(&self) -> u64 {
        match self {
            Answer::Settlement(record) => record.number,
            Answer::Reversal(reversal) => reversal.number,
            Answer::Opening(opening) => opening.number,
        }
    }

    pub(crate) fn digest(&self) -> &str {
        match self {
            Answer::Settlement(record) => &record.digest,
            Answer::Reversal(reversal) => &reversal.digest,
            Answer::Opening(opening) => &opening.digest,
        }
    }

    pub(crate) fn request(&self) -> RequestKey {
        let settle = |record: &proto::SettlementRecord| {
            key_of(record.request.as_ref()?.writer.as_ref()).into()
        };
        let open =
            |opening: &proto::Opening| key_of(opening.request.as_ref()?.writer.as_ref()).into();
        let key: Option<RequestKey> = match self {
            Answer::Settlement(record) => settle(record),
            Answer::Reversal(reversal) => Some(key_of(reversal.writer.as_ref())),
            Answer::Opening(opening) => open(opening),
        };
        key.unwrap_or_default()
    }

    /// Whose year it is in.
    pub(crate) fn year(&self) -> Option<YearKey> {
        match self {
            Answer::Settlement(record) => Some(YearKey {
                person: record.request.as_ref()?.admission.as_ref()?.person.clone(),
                year: record.statement.as_ref()?.benefit_year,
            }),
            Answer::Reversal(reversal) => {
                let key = reversal.key.as_ref()?;
                Some(YearKey { person: key.person.clone(), year: key.benefit_year })
            }
            Answer::Opening(opening) => {
                let request = opening.request.as_ref()?;
                Some(YearKey { person: request.person.clone(), year: request.benefit_year })
            }
        }
    }

    pub(crate) fn accumulators(&self) -> Option<&proto::Accumulators> {
        match self {
            Answer::Settlement(record) => record.accumulators.as_ref(),
            Answer::Reversal(reversal) => reversal.accumulators.as_ref(),
            Answer::Opening(opening) => opening.accumulators.as_ref(),
        }
    }

    /// All of it, to be kept and compared.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Answer::Settlement(record) => record.encode_to_vec(),
            Answer::Reversal(reversal) => reversal.encode_to_vec(),
            Answer::Opening(opening) => opening.encode_to_vec(),
        }
    }
}

/// A person's benefit year; the simulation has one family and one insurance type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct YearKey {
    pub(crate) person: String,
    pub(crate) year: i32,
}
