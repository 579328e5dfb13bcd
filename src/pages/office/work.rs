//! A piece of work as a page: how far it is, a button that calls it off, and what came of it.

use crate::pages::fields::Fields;
use crate::pages::layout::Page;
use crate::pages::layout::Switch;
use crate::pages::layout::Tone;
use crate::pages::layout::failure;
use crate::pages::layout::message;
use crate::pages::layout::status_of;
use crate::pages::layout::token;
use crate::pages::office::OFFICE;
use crate::pages::office::page;
use crate::pages::visit::Visit;
use crate::pages::work::Outcome;
use crate::pages::work::Work;
use crate::pages::work::Works;

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use maud::Markup;
use maud::html;

use std::sync::Arc;
use std::time::Duration;

/// How long whoever asks for the state is kept waiting for an end.
const WAIT: Duration = Duration::from_millis(500);

/// Where a piece of work is watched.
pub(super) fn path(id: &str) -> String {
    format!("/office/work/{id}")
}

/// How far it is, or what came of it.
pub(super) async fn show(
    Extension(works): Extension<Arc<Works>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Response {
    let Some(work) = works.find(&id) else { return gone(&visit) };
    let title = visit.pick("后台处理", "In the background");
    match work.outcome() {
        None => page(&visit, "", title, &running(&visit, &work)),
        Some(Outcome::Page(path)) => Redirect::to(&path).into_response(),
        Some(Outcome::Sheets(..)) => Redirect::to(&format!("/office/whatif/{id}")).into_response(),
        Some(Outcome::Failed(why)) => {
            let page = Page { visit: &visit, area: &OFFICE, tab: "", title, switch: Switch::Again };
            page.answer(status_of(&why), &message(Tone::Bad, &failure(&visit, &why)))
        }
        Some(Outcome::CalledOff) => {
            let said = visit.pick("已取消，未作任何记录。", "Called off; nothing was recorded.");
            page(&visit, "", title, &message(Tone::Note, &html! { p { (said) } }))
        }
    }
}

fn running(visit: &Visit, work: &Work) -> Markup {
    let (done, of) = work.progress();
    let state = format!("{}/state", path(work.id()));
    html! {
        section .panel {
            p #work-words role="status" { (visit.pick("正在处理账本，请稍候。", "The ledger is being read.")) }
            progress #work data-state=(state) value=(done) max=(of.max(1))
                aria-label=(visit.pick("进度", "Progress")) {}
            p .hint { (done) " / " (of) }
            p .actions {
                a .plain href=(path(work.id())) { (visit.pick("刷新进度", "See how far it is")) }
            }
            form method="post" action={ (path(work.id())) "/call-off" } {
                (token(visit))
                button type="submit" { (visit.pick("取消", "Call it off")) }
            }
        }
    }
}

/// How far it is, as the page's script asks: answered when it has ended, or after a moment.
pub(super) async fn state(
    Extension(works): Extension<Arc<Works>>,
    Path(id): Path<String>,
) -> Response {
    let Some(work) = works.find(&id) else { return StatusCode::NOT_FOUND.into_response() };
    let ended = tokio::time::timeout(WAIT, work.ended()).await.is_ok();
    let (done, of) = work.progress();
    let json = format!("{{\"done\":{done},\"of\":{of},\"ended\":{ended}}}");
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// Calls it off.
pub(super) async fn call_off(
    Extension(works): Extension<Arc<Works>>,
    visit: Visit,
    Path(id): Path<String>,
    _: Fields,
) -> Response {
    let Some(work) = works.find(&id) else { return gone(&visit) };
    work.call_off();
    // It ends at its next step; if that takes longer, the page says so.
    let _ = tokio::time::timeout(WAIT, work.ended()).await;
    Redirect::to(&path(&id)).into_response()
}

fn gone(visit: &Visit) -> Response {
    let title = visit.pick("后台处理", "In the background");
    let page = Page { visit, area: &OFFICE, tab: "", title, switch: Switch::Again };
    let said = visit.pick(
        "没有这项处理：服务重启后，未完成的处理须重新提交。",
        "There is no such work: what was not finished before a restart is to be begun again.",
    );
    page.answer(StatusCode::NOT_FOUND, &message(Tone::Bad, &html! { p { (said) } }))
}

/// Others have to end first.
pub(super) fn full(visit: &Visit, (tab, title): (&'static str, &str)) -> Response {
    let page = Page { visit, area: &OFFICE, tab, title, switch: Switch::Again };
    let said = visit.pick(
        "已有两项处理在进行，请稍后再提交。",
        "Two others are running; begin it again when one has ended.",
    );
    page.answer(StatusCode::SERVICE_UNAVAILABLE, &message(Tone::Bad, &html! { p { (said) } }))
}
