//! The operators, for administrators: who there is, and what can be changed about them.

use crate::access::ROLES;
use crate::access::Role;
use crate::operators::Operators;
use crate::operators::OperatorsError;
use crate::operators::account::Account;
use crate::operators::account::Post;
use crate::operators::author;
use crate::pages::account::back;
use crate::pages::account::broken;
use crate::pages::account::hashing;
use crate::pages::account::note;
use crate::pages::account::page;
use crate::pages::fields::Fields;
use crate::pages::layout::Tone;
use crate::pages::layout::message;
use crate::pages::layout::token;
use crate::pages::layout::unknown;
use crate::pages::visit::Visit;
use crate::service::Service;
use crate::service::now;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::Markup;
use maud::html;

use std::sync::Arc;

/// All operators.
pub(super) async fn show(visit: Visit) -> Response {
    match visit.operators.clone() {
        Some(operators) => list(&visit, StatusCode::OK, &operators, &html! {}),
        None => back(),
    }
}

fn list(visit: &Visit, status: StatusCode, operators: &Operators, above: &Markup) -> Response {
    let accounts = match operators.accounts() {
        Ok(accounts) => accounts,
        Err(error) => return broken(visit, &error),
    };
    page(
        visit,
        status,
        visit.pick("用户", "Operators"),
        &html! {
            (above)
            section .panel {
                h2 { (visit.pick("现有用户", "Who there is")) }
                div .scroll tabindex="0" role="region" aria-label=(visit.pick("用户清单", "List of operators")) {
                    table .plain-table {
                        thead { tr {
                            th scope="col" { (visit.pick("用户名", "Name")) }
                            th scope="col" { (visit.pick("角色", "Roles")) }
                            th scope="col" { (visit.pick("机构", "Facility")) }
                            th scope="col" { (visit.pick("窗口", "Window")) }
                            th scope="col" { (visit.pick("状态", "State")) }
                            th scope="col" { (visit.pick("操作", "Change")) }
                        } }
                        tbody { @for account in accounts.all() { (row(visit, account)) } }
                    }
                }
            }
            (form(visit, "add", visit.pick("增加用户", "Add an operator")))
            (form(visit, "post", visit.pick("更改岗位", "Change what somebody is here for")))
        },
    )
}

fn row(visit: &Visit, account: &Account) -> Markup {
    let state = match (account.disabled, account.must_change) {
        (true, _) => visit.pick("停用", "kept out"),
        (false, true) => visit.pick("待改口令", "must change the password"),
        (false, false) => visit.pick("在用", "in use"),
    };
    let able = if account.disabled {
        ("enable", visit.pick("启用", "Let in again"))
    } else {
        ("disable", visit.pick("停用", "Keep out"))
    };
    html! {
        tr {
            th scope="row" { (account.name) }
            td { (account.post.roles_text()) }
            td { (account.post.facility) }
            td { (account.post.terminal) }
            td { (state) }
            td {
                form .inline method="post" action="/account/operators" {
                    (token(visit))
                    input type="hidden" name="name" value=(account.name);
                    button .plain type="submit" name="do" value="reset" aria-label={ (visit.pick("重置口令", "Reset the password")) " " (account.name) } {
                        (visit.pick("重置口令", "Reset the password"))
                    }
                    button .plain type="submit" name="do" value=(able.0) aria-label={ (able.1) " " (account.name) } { (able.1) }
                }
            }
        }
    }
}

fn form(visit: &Visit, what: &'static str, title: &str) -> Markup {
    let names = |role: Role| match role {
        Role::His => ("程序", "program"),
        Role::Clerk => ("窗口结算", "clerk"),
        Role::Supervisor => ("窗口主管(可撤销)", "supervisor (reversals)"),
        Role::Insurer => ("医保经办", "insurer"),
        Role::PolicyEditor => ("政策维护", "policy editor"),
        Role::Auditor => ("审计", "auditor"),
        Role::Administrator => ("系统管理", "administrator"),
    };
    let id = |name: &str| format!("{what}-{name}");
    let (name, facility, terminal) = (id("name"), id("facility"), id("terminal"));
    // A page has two of these forms, and an id is there once.
    let field = |id: &str, name: &str, label: &str, required: bool| {
        html! {
            div .field {
                label for=(id) { (label) }
                input id=(id) name=(name) type="text" autocomplete="off" required[required];
            }
        }
    };
    html! {
        form .panel method="post" action="/account/operators" {
            h2 { (title) }
            (token(visit))
            input type="hidden" name="do" value=(what);
            div .three {
                (field(&name, "name", visit.pick("用户名", "Name"), true))
                (field(&facility, "facility", visit.pick("医疗机构或经办机构编号", "Facility or office"), false))
                (field(&terminal, "terminal", visit.pick("窗口", "Window"), false))
            }
            fieldset {
                legend { (visit.pick("角色", "Roles")) }
                @for role in ROLES.into_iter().filter(|role| *role != Role::His) {
                    @let (id, name) = (format!("{what}-{}", role.name()), names(role));
                    p .check {
                        input id=(id) type="checkbox" name="role" value=(role.name());
                        label for=(id) { (visit.pick(name.0, name.1)) }
                    }
                }
            }
            button .primary type="submit" { (title) }
        }
    }
}

/// What a form asks for.
enum Asked {
    Add(Post),
    Post(Post),
    Reset,
    Disable(bool),
}

fn asked(fields: &Fields) -> Option<Asked> {
    let post = || Post {
        roles: fields.all("role").filter_map(Role::parse).collect(),
        facility: fields.get("facility").to_owned(),
        terminal: fields.get("terminal").to_owned(),
    };
    match fields.get("do") {
        "add" => Some(Asked::Add(post())),
        "post" => Some(Asked::Post(post())),
        "reset" => Some(Asked::Reset),
        "disable" => Some(Asked::Disable(true)),
        "enable" => Some(Asked::Disable(false)),
        _ => None,
    }
}

/// Does it, and gives the password for one use where there is a new one.
fn done(
    operators: &Operators,
    asked: Asked,
    name: &str,
    (by, from): (&str, &str),
) -> Result<Option<String>, OperatorsError> {
    match asked {
        Asked::Add(post) => operators.add(name, post, (by, from), now()).map(Some),
        Asked::Reset => operators.reset(name, (by, from), now()).map(Some),
        Asked::Post(post) => {
            let author = author(by, from, now())?;
            operators.change(|accounts| Ok(accounts.post(name, post, &author)?)).map(|()| None)
        }
        Asked::Disable(disabled) => {
            let author = author(by, from, now())?;
            operators.change(|accounts| Ok(accounts.disable(name, disabled, &author)?))?;
            operators.put_out(name);
            Ok(None)
        }
    }
}

/// Changes an account, or adds one.
pub(super) async fn change(
    State(service): State<Arc<Service>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let Some(operators) = visit.operators.clone() else { return back() };
    let Some(known) = &visit.known else { return unknown(&visit) };
    let Some(asked) = asked(&fields) else {
        return list(&visit, StatusCode::UNPROCESSABLE_ENTITY, &operators, &html! {});
    };
    let (by, name, from) =
        (known.actor.name.clone(), fields.get("name").to_owned(), visit.from.clone());
    let worker = Arc::clone(&operators);
    let outcome = hashing(move || done(&worker, asked, &name, (&by, &from))).await;
    let (status, said) = match outcome {
        Some(Ok(password)) => {
            note(&service, &operators).await;
            let said = html! {
                p { strong { (visit.pick("已办理：", "Done: ")) (fields.get("name")) } }
                @if let Some(password) = password {
                    p { (visit.pick("一次性口令（只显示这一次，首次登录须修改）：", "Password for one use, shown this once; it must be changed at the first login: ")) code { (password) } }
                }
            };
            (StatusCode::OK, message(Tone::Good, &said))
        }
        Some(Err(OperatorsError::Account(error))) => {
            let said = error.said();
            let said = html! { p { strong { (visit.pick(said.0, said.1)) } } };
            (StatusCode::UNPROCESSABLE_ENTITY, message(Tone::Bad, &said))
        }
        Some(Err(error)) => return broken(&visit, &error),
        None => return broken(&visit, &OperatorsError::NoRandomness),
    };
    list(&visit, status, &operators, &said)
}
