//! `onestop rules show`.

use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::output;
use crate::cli::rules::complain;
use crate::cli::rules::pack_files;
use crate::proto;
use crate::rules::RuleBook;
use crate::rules::pack::Pack;
use crate::rules_view::page;
use crate::rules_view::summary;

use clap::Args;

use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArguments {
    /// The folder of packs.
    folder: PathBuf,
    /// Pack family, such as 510400-resident; all of them without one.
    pack: Option<String>,
}

pub(super) fn run(context: &Context, arguments: &ShowArguments) -> Result<Exit, Exit> {
    let files = pack_files(context, &arguments.folder)?;
    let book = RuleBook::read(&files).map_err(|errors| {
        complain(context, &errors);
        Exit::Refused
    })?;
    let wanted = |pack: &&Pack| arguments.pack.as_ref().is_none_or(|id| pack.id == *id);
    let packs: Vec<&Pack> = book.packs().iter().filter(wanted).collect();
    if packs.is_empty() {
        let ids: Vec<&str> =
            book.packs().chunk_by(|a, b| a.id == b.id).map(|one| one[0].id.as_str()).collect();
        let (zh, en) = ("没有这个规则包；有：", "there is no such pack; there are: ");
        let there_are = output::in_lang(context.lang, zh, en);
        output::complain(&format!("{there_are}{}", ids.join(", ")));
        return Err(Exit::Usage);
    }
    if context.json {
        let reply = |pack: &&Pack| proto::GetPackReply {
            summary: Some(summary(pack)),
            text: pack.text.to_string(),
        };
        output::print_json(&packs.iter().map(reply).collect::<Vec<_>>());
    } else {
        let pages: Vec<String> = packs.iter().map(|pack| page(pack, context.lang)).collect();
        output::print(&pages.join("\n\n"));
    }
    Ok(Exit::Done)
}
