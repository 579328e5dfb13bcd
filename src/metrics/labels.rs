//! What tells counters of one name apart.

use crate::metrics::CertificateUse;
use crate::metrics::Way;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::EncodeLabelValue;
use prometheus_client::encoding::LabelValueEncoder;

use std::fmt;

/// A request, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Asked {
    pub(super) way: Way,
    pub(super) call: String,
    pub(super) outcome: String,
}

/// A refusal's number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Numbered {
    pub(super) code: u32,
}

/// What became of something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Outcome {
    pub(super) outcome: &'static str,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Certificate {
    pub(super) of: CertificateUse,
}

impl EncodeLabelValue for CertificateUse {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        let of = match self {
            CertificateUse::Server => "server",
            CertificateUse::ClientCa => "client_ca",
        };
        of.encode(encoder)
    }
}

impl EncodeLabelValue for Way {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        let way = match self {
            Way::Grpc => "grpc",
            Way::Http => "http",
        };
        way.encode(encoder)
    }
}
