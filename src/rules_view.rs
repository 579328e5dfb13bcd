//! Rule packs as the contract shows them, and as a person reads them.

mod page;
mod steps;
mod conditions;

use crate::proto;
use crate::rules::RuleBook;
use crate::rules::check::Warning;
use crate::rules::check::warnings;
use crate::rules::pack::Pack;
use crate::service::RulesError;
use crate::service::now;
use crate::wire::to_proto;

pub use crate::rules_view::page::page;
pub(crate) use crate::rules_view::page::pieces;

/// A pack in short.
pub fn summary(pack: &Pack) -> proto::PackSummary {
    let sources: Vec<bool> = pack.sources().map(|source| source.assumed).collect();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    proto::PackSummary {
        name: Some(to_proto::pack_name(pack)),
        admdvs: pack.admdvs.clone(),
        insutype: pack.insutype.clone(),
        effective_to: pack.span.to.map_or_else(String::new, |day| day.to_string()),
        steps: pack.steps.iter().map(|step| to_proto::title(&step.title)).collect(),
        assumed: count(sources.iter().filter(|assumed| **assumed).count()),
        numbers: count(sources.len()),
        checked_on: pack.checked_on.map_or_else(String::new, |day| day.to_string()),
    }
}

/// What a reload came to.
pub fn reloaded(outcome: Result<&RuleBook, &RulesError>) -> proto::ReloadPacksReply {
    match outcome {
        Ok(book) => proto::ReloadPacksReply {
            reloaded: true,
            errors: Vec::new(),
            warnings: warnings(book, now().day()).iter().map(warning).collect(),
            packs: u32::try_from(book.packs().len()).unwrap_or(u32::MAX),
        },
        Err(error) => proto::ReloadPacksReply { errors: complaints(error), ..Default::default() },
    }
}

fn warning(warning: &Warning) -> proto::PackComplaint {
    proto::PackComplaint {
        file: warning.path.clone(),
        place: warning.place.clone(),
        sentence: Some(proto::Title { zh: warning.problem.zh(), en: warning.problem.to_string() }),
    }
}

fn complaint(zh: &str, en: &str) -> proto::PackComplaint {
    proto::PackComplaint {
        sentence: Some(proto::Title { zh: zh.to_owned(), en: en.to_owned() }),
        ..proto::PackComplaint::default()
    }
}

fn complaints(error: &RulesError) -> Vec<proto::PackComplaint> {
    match error {
        RulesError::Packs(errors) => errors
            .iter()
            .map(|error| proto::PackComplaint {
                file: error.path.clone(),
                place: error.place.clone(),
                sentence: Some(proto::Title {
                    zh: error.problem.zh(),
                    en: error.problem.to_string(),
                }),
            })
            .collect(),
        RulesError::Folder(error) => vec![complaint(&error.to_string(), &error.to_string())],
        RulesError::Record(_) => {
            let zh = "规则包已读取,但未能记入账本,因此没有启用;请稍后重试";
            vec![complaint(zh, &error.to_string())]
        }
    }
}
