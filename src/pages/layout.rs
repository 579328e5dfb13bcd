//! What every page looks like: head, areas, language switch, messages and labelled fields.

use crate::metrics;
use crate::pages::assets;
use crate::pages::fields::TOKEN;
use crate::pages::visit::Visit;
use crate::refusal::Lang;
use crate::refusal::RefusalKind;
use crate::service::Failure;
use crate::store::fault::chain;
use crate::traces;

use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use maud::DOCTYPE;
use maud::Markup;
use maud::html;

/// Pages that belong together, with one row of links.
#[derive(Debug)]
pub(crate) struct Area {
    /// Its name, in Chinese and English.
    pub(crate) name: (&'static str, &'static str),
    /// Its pages: where they are, and their names in Chinese and English.
    pub(crate) tabs: &'static [Tab],
}

/// A link of an area.
#[derive(Debug)]
pub(crate) struct Tab {
    /// Where it leads; a page whose path begins so belongs to it.
    pub(crate) path: &'static str,
    /// Its name, in Chinese and English.
    pub(crate) name: (&'static str, &'static str),
}

/// How a page is had in the other language.
#[derive(Debug)]
pub(crate) enum Switch {
    /// By asking for it again.
    Again,
    /// By sending a form of it again, which leads to the same page: the form's id, and where it goes without a query.
    Form(&'static str, &'static str),
}

/// A page before it is written.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    /// Who looks at it.
    pub(crate) visit: &'a Visit,
    /// The area that it is in.
    pub(crate) area: &'static Area,
    /// The path of its tab.
    pub(crate) tab: &'static str,
    /// Its heading.
    pub(crate) title: &'a str,
    /// The other language.
    pub(crate) switch: Switch,
}

impl Page<'_> {
    /// The page as an answer.
    pub(crate) fn answer(&self, status: StatusCode, main: &Markup) -> Response {
        let page = self.whole(main).into_string();
        (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
    }

    /// The page as an answer to a request that went well.
    pub(crate) fn ok(&self, main: &Markup) -> Response {
        self.answer(StatusCode::OK, main)
    }

    fn whole(&self, main: &Markup) -> Markup {
        let visit = self.visit;
        html! {
            (DOCTYPE)
            html lang=(visit.pick("zh-CN", "en")) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) " · " (visit.pick("一站式结算", "onestop")) }
                    link rel="stylesheet" href=(*assets::STYLE_PATH);
                    link rel="icon" href=(*assets::ICON_PATH);
                    script src=(*assets::SCRIPT_PATH) defer {}
                }
                body {
                    a .skip href="#main" { (visit.pick("跳到正文", "Skip to the page")) }
                    (self.head())
                    main #main tabindex="-1" {
                        h1 { (self.title) }
                        (main)
                    }
                }
            }
        }
    }

    fn head(&self) -> Markup {
        let visit = self.visit;
        html! {
            header .bar {
                p .brand { (visit.pick(self.area.name.0, self.area.name.1)) }
                nav aria-label=(visit.pick("页面", "Pages")) {
                    @for tab in self.area.tabs.iter().filter(|tab| visit.reaches(&format!("GET {}", tab.path))) {
                        @let current = (tab.path == self.tab).then_some("page");
                        a href=(tab.path) aria-current=[current] { (visit.pick(tab.name.0, tab.name.1)) }
                    }
                }
                div .who { (who(visit)) (self.language()) }
            }
        }
    }

    /// The other language: a link, or a button where the page came from a form.
    fn language(&self) -> Markup {
        let (code, name) = match self.visit.lang {
            Lang::Zh => ("en", "English"),
            Lang::En => ("zh", "中文"),
        };
        let tag = match self.visit.lang {
            Lang::Zh => "en",
            Lang::En => "zh-CN",
        };
        let address = &self.visit.address;
        let mark = if address.contains('?') { '&' } else { '?' };
        html! {
            @match self.switch {
                Switch::Again => a .lang lang=(tag) href={ (address) (mark) "lang=" (code) } { (name) },
                Switch::Form(form, action) => button .lang lang=(tag) type="submit" form=(form)
                    formaction={ (action) "?lang=" (code) } formnovalidate { (name) },
            }
        }
    }
}

/// Who it is, with what he can do about it; where nobody is asked, the window with a link to choose another.
fn who(visit: &Visit) -> Markup {
    html! {
        @if let Some(known) = &visit.known {
            a .window href="/account/password" title=(visit.pick("修改口令", "Change the password")) {
                @if !known.post.terminal.is_empty() { (known.post.terminal) " · " }
                (known.actor.name)
            }
            form .log-out method="post" action="/account/logout" {
                (token(visit))
                button .lang type="submit" { (visit.pick("退出", "Log out")) }
            }
        } @else if let Some(window) = &visit.window {
            a .window href="/counter/window" title=(visit.pick("更换窗口", "Change the window")) {
                (window.terminal) " · " (window.operator)
            }
        }
    }
}

/// How serious a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It went well.
    Good,
    /// To be read.
    Note,
    /// Something must be done.
    Bad,
}

/// A message at the top of a page. What went wrong is read out at once.
pub(crate) fn message(tone: Tone, text: &Markup) -> Markup {
    let (class, role) = match tone {
        Tone::Good => ("message good", "status"),
        Tone::Note => ("message note", "status"),
        Tone::Bad => ("message bad", "alert"),
    };
    html! { div class=(class) role=(role) { (text) } }
}

/// The field that every form has: without it the form is refused.
pub(crate) fn token(visit: &Visit) -> Markup {
    html! { input type="hidden" name=(TOKEN) value=(visit.token); }
}

/// A labelled field with its hint and its error.
#[derive(Debug, Default)]
pub(crate) struct Input<'a> {
    /// Its name, from which its id is made.
    pub(crate) name: &'a str,
    /// What people read.
    pub(crate) label: &'a str,
    /// What stands in it.
    pub(crate) value: &'a str,
    /// How it is to be filled in.
    pub(crate) hint: &'a str,
    /// What is wrong with it; empty if nothing.
    pub(crate) error: &'a str,
    /// `text`, `date`, `search`, `password`.
    pub(crate) kind: &'a str,
    /// What a browser may fill it in with; nothing if empty.
    pub(crate) filled: &'a str,
    /// `decimal` or `numeric` for what phones should show.
    pub(crate) mode: &'a str,
    /// Whether it must be filled in.
    pub(crate) required: bool,
    /// Whether it has the focus at first.
    pub(crate) focus: bool,
}

impl Input<'_> {
    /// The field.
    pub(crate) fn markup(&self) -> Markup {
        let id = format!("f-{}", self.name);
        let (hint, error) = (format!("{id}-hint"), format!("{id}-error"));
        let hint_id = (!self.hint.is_empty()).then_some(hint.as_str());
        let error_id = (!self.error.is_empty()).then_some(error.as_str());
        let described: Vec<&str> = [error_id, hint_id].into_iter().flatten().collect();
        let described = (!described.is_empty()).then(|| described.join(" "));
        let mode = (!self.mode.is_empty()).then_some(self.mode);
        let kind = if self.kind.is_empty() { "text" } else { self.kind };
        html! {
            div .field {
                label for=(id) { (self.label) }
                input id=(id) name=(self.name) type=(kind) value=(self.value) inputmode=[mode]
                    autocomplete=(if self.filled.is_empty() { "off" } else { self.filled }) required[self.required] autofocus[self.focus]
                    aria-invalid=[error_id.map(|_| "true")] aria-describedby=[described];
                @if let Some(id) = error_id { p .error id=(id) { (self.error) } }
                @if let Some(id) = hint_id { p .hint id=(id) { (self.hint) } }
            }
        }
    }
}

/// A labelled choice: each value with what people read.
pub(crate) fn choice(name: &str, label: &str, value: &str, choices: &[(&str, &str)]) -> Markup {
    let id = format!("f-{name}");
    html! {
        div .field {
            label for=(id) { (label) }
            select id=(id) name=(name) {
                @for (code, text) in choices {
                    option value=(code) selected[*code == value] { (text) }
                }
            }
        }
    }
}

/// Pages that belong to no area.
pub(crate) static NOWHERE: Area = Area {
    name: ("一站式结算", "onestop"),
    tabs: &[
        Tab { path: "/counter", name: ("结算窗口", "Settlement window") },
        Tab { path: "/office", name: ("经办后台", "Back office") },
        Tab { path: "/account/operators", name: ("用户", "Operators") },
    ],
};

/// A page that only says what went wrong.
pub(crate) fn trouble(visit: &Visit, status: StatusCode, said: (&str, &str)) -> Response {
    let title = visit.pick("没有办成", "This was not done");
    let page = Page { visit, area: &NOWHERE, tab: "", title, switch: Switch::Again };
    let said = html! { p { (visit.pick(said.0, said.1)) } };
    page.answer(status, &message(Tone::Bad, &said))
}

/// A page that only says what failed.
pub(crate) fn failed(visit: &Visit, why: &Failure) -> Response {
    let title = visit.pick("没有办成", "This was not done");
    let page = Page { visit, area: &NOWHERE, tab: "", title, switch: Switch::Again };
    page.answer(status_of(why), &message(Tone::Bad, &failure(visit, why)))
}

/// A form that did not come from a page of ours, or from a page that is too old.
pub(crate) fn forbidden(visit: &Visit) -> Response {
    trouble(
        visit,
        StatusCode::FORBIDDEN,
        (
            "这份表单不是从本系统的页面提交的，或页面已过期，未作任何处理。请重新打开页面。",
            "This form did not come from a page of this system, or the page is too old. Nothing was done. Open the page again.",
        ),
    )
}

/// A page that is not for this operator's role.
pub(crate) fn denied(visit: &Visit) -> Response {
    trouble(
        visit,
        StatusCode::FORBIDDEN,
        (
            "您的角色或机构不能使用这一页，未作任何处理。如有需要，请联系系统管理员。",
            "This page is not for your role or facility. Nothing was done; ask the administrator if you need it.",
        ),
    )
}

/// A form of somebody who is not logged in any more.
pub(crate) fn unknown(visit: &Visit) -> Response {
    let title = visit.pick("请重新登录", "Log in again");
    let page = Page { visit, area: &NOWHERE, tab: "", title, switch: Switch::Again };
    let said = html! {
        p { (visit.pick("登录已过期或尚未登录，未作任何处理。登录后请重新打开页面。",
            "You are not logged in any more. Nothing was done; log in and open the page again.")) }
        p { a href="/account/login" { (visit.pick("去登录", "Log in")) } }
    };
    page.answer(StatusCode::UNAUTHORIZED, &message(Tone::Bad, &said))
}

/// What a failure says: what was wrong, and what to do.
pub(crate) fn failure(visit: &Visit, failure: &Failure) -> Markup {
    match failure {
        Failure::Refusal(refusal) => {
            metrics::refused(refusal.code());
            traces::refused(refusal.code());
            html! {
            p { strong { (refusal.sentence(visit.lang)) } }
            p { (refusal.advice(visit.lang)) " " span .code { "(" (refusal.code()) ")" } }
            }
        }
        Failure::Fault(fault) => {
            tracing::error!(error = chain(fault), "a page failed");
            let said = if fault.certainly_not_written() {
                (
                    "系统暂时不能办理，没有写入任何内容，请稍后重试。",
                    "The system cannot do this now. Nothing was written; try again in a moment.",
                )
            } else {
                (
                    "不能确定是否已经办成。请用本页的“查询结果”再问一次。",
                    "It is not known whether this was done. Ask again with the button on this page.",
                )
            };
            html! { p { strong { (visit.pick(said.0, said.1)) } } }
        }
    }
}

/// The HTTP status that fits a failure.
pub(crate) fn status_of(failure: &Failure) -> StatusCode {
    match failure {
        Failure::Refusal(refusal) => match refusal.kind() {
            RefusalKind::Invalid | RefusalKind::Precondition => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::Exists | RefusalKind::Moved => StatusCode::CONFLICT,
        },
        Failure::Fault(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
