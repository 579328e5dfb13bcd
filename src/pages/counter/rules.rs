//! Rule packs as a person reads them (规则): every step, number and clause, what is assumed marked; two of them side by side.

use crate::pages::blocks;
use crate::pages::counter::COUNTER;
use crate::pages::fields::Fields;
use crate::pages::layout::Page;
use crate::pages::layout::Switch;
use crate::pages::layout::Tone;
use crate::pages::layout::message;
use crate::pages::visit::Visit;
use crate::rules::pack::Pack;
use crate::rules_view;
use crate::service::Service;
use crate::sheet::words;

use axum::extract::RawQuery;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::Markup;
use maud::html;

use std::sync::Arc;

/// All packs, or one, or two side by side.
pub(super) async fn show(
    State(service): State<Arc<Service>>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Response {
    let fields = Fields::parse(&query.unwrap_or_default()).unwrap_or_default();
    let book = service.book();
    let named = |field: &str| {
        let wanted = fields.get(field);
        book.packs().iter().find(|pack| name(pack) == wanted)
    };
    let (one, other) = (named("pack"), named("beside"));
    let unknown = !fields.get("pack").is_empty() && one.is_none();
    let title = match one {
        Some(pack) => visit.pick(&pack.title.zh, &pack.title.en),
        None => visit.pick("规则包", "Rule packs"),
    };
    let page =
        Page { visit: &visit, area: &COUNTER, tab: "/counter/rules", title, switch: Switch::Again };
    match one {
        Some(one) => page.ok(&html! {
            (beside(&visit, book.packs(), one, other))
            div .side-by-side[other.is_some()] {
                (pack(&visit, one))
                @if let Some(other) = other { (pack(&visit, other)) }
            }
        }),
        None => {
            let status = if unknown { StatusCode::NOT_FOUND } else { StatusCode::OK };
            page.answer(status, &html! {
                @if unknown {
                    (message(Tone::Bad, &html! { p { (visit.pick("没有这个规则包。", "There is no such pack.")) } }))
                }
                (list(&visit, book.packs()))
            })
        }
    }
}

/// How a pack is named in addresses.
fn name(pack: &Pack) -> String {
    format!("{}@{}", pack.id, pack.span.from)
}

fn list(visit: &Visit, packs: &[Pack]) -> Markup {
    html! {
        div .panel.scroll {
            table .plain-table {
                thead { tr {
                    th scope="col" { (visit.pick("规则包", "Pack")) }
                    th scope="col" { (visit.pick("起", "From")) }
                    th scope="col" { (visit.pick("止", "To")) }
                    th scope="col" .right { (visit.pick("步骤", "Steps")) }
                    th scope="col" .right { (visit.pick("假定/全部数字", "Assumed of all numbers")) }
                } }
                tbody {
                    @for pack in packs {
                        @let short = rules_view::summary(pack);
                        tr {
                            td { a href={ "/counter/rules?pack=" (name(pack)) } { (visit.pick(&pack.title.zh, &pack.title.en)) } " " span .small { (pack.id) } }
                            td { (pack.span.from) }
                            td { (short.effective_to) }
                            td .right { (short.steps.len()) }
                            td .right { (short.assumed) " / " (short.numbers) }
                        }
                    }
                }
            }
        }
    }
}

/// A choice of what to put beside a pack: its family first.
fn beside(visit: &Visit, packs: &[Pack], one: &Pack, other: Option<&Pack>) -> Markup {
    let mut others: Vec<&Pack> = packs.iter().filter(|pack| name(pack) != name(one)).collect();
    others.sort_by_key(|pack| pack.id != one.id);
    html! {
        form .inline method="get" action="/counter/rules" {
            input type="hidden" name="pack" value=(name(one));
            label for="f-beside" { (visit.pick("并排对照", "Side by side with")) }
            select #f-beside name="beside" {
                option value="" { (visit.pick("（不对照）", "(nothing)")) }
                @for pack in &others {
                    option value=(name(pack)) selected[other.is_some_and(|other| name(other) == name(pack))] {
                        (visit.pick(&pack.title.zh, &pack.title.en)) " " (pack.span.from)
                    }
                }
            }
            button .plain type="submit" { (visit.pick("对照", "Compare")) }
            a href="/counter/rules" { (visit.pick("全部规则包", "All packs")) }
        }
    }
}

fn pack(visit: &Visit, pack: &Pack) -> Markup {
    let pieces = rules_view::pieces(pack, visit.lang);
    let assumed = pack.sources().filter(|source| source.assumed).count();
    html! {
        article .panel.pack {
            p .pack-name { strong { (pack.span.from) } " · " (pack.id)
                @if 0 < assumed { " " mark .assumed { (words::assumed_mark(visit.lang).trim()) " " (assumed) } } }
            (blocks::markup(&pieces))
        }
    }
}
