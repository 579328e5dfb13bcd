//! One's own password, changed by whoever knows the old one.

use crate::operators::OperatorsError;
use crate::pages::account::back;
use crate::pages::account::broken;
use crate::pages::account::hashing;
use crate::pages::account::login::entered;
use crate::pages::account::note;
use crate::pages::account::page;
use crate::pages::fields::Fields;
use crate::pages::layout::Input;
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

/// The form.
pub(super) async fn show(visit: Visit) -> Response {
    if visit.operators.is_none() {
        return back();
    }
    let must = visit.known.as_ref().is_some_and(|known| known.must_change);
    let said = html! { p { (visit.pick("请先设置新口令，再开始工作。", "Set a new password before you go on.")) } };
    let above = if must {
        message(Tone::Note, &said)
    } else {
        html! {}
    };
    form(&visit, StatusCode::OK, &above)
}

fn form(visit: &Visit, status: StatusCode, above: &Markup) -> Response {
    page(
        visit,
        status,
        visit.pick("修改口令", "Change the password"),
        &html! {
            (above)
            form .narrow method="post" action="/account/password" {
                (token(visit))
                (Input {
                    name: "old", kind: "password", label: visit.pick("原口令", "Old password"), required: true,
                    focus: true, filled: "current-password", ..Input::default()
                }.markup())
                (Input {
                    name: "new", kind: "password", label: visit.pick("新口令", "New password"), required: true,
                    filled: "new-password",
                    hint: visit.pick("至少 10 个字符，不含用户名", "At least 10 signs, without your name"), ..Input::default()
                }.markup())
                (Input {
                    name: "again", kind: "password", label: visit.pick("再输入一次", "Once more"), required: true,
                    filled: "new-password", ..Input::default()
                }.markup())
                button .primary type="submit" { (visit.pick("保存", "Save")) }
            }
        },
    )
}

/// Changes it, ends all other sessions under the name, and goes on with a new one.
pub(super) async fn change(
    State(service): State<Arc<Service>>,
    visit: Visit,
    fields: Fields,
) -> Response {
    let Some(operators) = visit.operators.clone() else { return back() };
    let Some(known) = &visit.known else { return unknown(&visit) };
    let refused = |said: (&str, &str)| {
        let said = html! { p { strong { (visit.pick(said.0, said.1)) } } };
        form(&visit, StatusCode::UNPROCESSABLE_ENTITY, &message(Tone::Bad, &said))
    };
    let (old, new) = (fields.exactly("old").to_owned(), fields.exactly("new").to_owned());
    if new != fields.exactly("again") {
        return refused(("两次输入的新口令不一致", "The new passwords are not the same"));
    }
    let (asked, name, from) =
        (Arc::clone(&operators), known.actor.name.clone(), visit.from.clone());
    let changed = hashing(move || asked.change_own(&name, (&old, &new), &from, now())).await;
    match changed {
        Some(Ok(session)) => {
            note(&service, &operators).await;
            entered(&session, "/")
        }
        Some(Err(OperatorsError::Weak(weak))) => refused(weak.said()),
        Some(Err(OperatorsError::Wrong)) | None => {
            refused(("原口令不正确", "The old password is wrong"))
        }
        Some(Err(OperatorsError::Account(error))) => refused(error.said()),
        Some(Err(error @ (OperatorsError::File(_) | OperatorsError::NoRandomness))) => {
            broken(&visit, &error)
        }
    }
}
