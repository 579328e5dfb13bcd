//! The national interface on the listener: every POST that no page takes, on any path, with whatever content type.
//!
//! Answers have status 200 and are not compressed, whatever comes of it: clients throw on anything else.

use crate::his::Answer;
use crate::his::Gateway;
use crate::http::browser;

use axum::body::Body;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::extract::State;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::response::Response;
use tracing::Instrument;

use std::sync::Arc;

/// What the interface needs to answer.
#[derive(Debug, Clone)]
pub(super) struct National {
    /// The converter.
    pub(super) gateway: Arc<Gateway>,
    /// Largest body of a request. Unit: bytes.
    pub(super) message_bytes_max: usize,
}

/// Answers what nobody else does.
pub(super) async fn answer(State(national): State<National>, request: Request) -> Response {
    if request.method() != Method::POST {
        return StatusCode::NOT_FOUND.into_response();
    }
    if browser::sent(request.headers()) {
        return shown(national.gateway.refused(OF_A_BROWSER));
    }
    let body = match to_bytes(request.into_body(), national.message_bytes_max).await {
        Ok(body) => body,
        Err(_) => return shown(national.gateway.refused(TOO_LONG)),
    };
    // A write is carried through once begun, even if its connection is gone.
    let gateway = Arc::clone(&national.gateway);
    let answering = async move { gateway.answer(&body).await };
    match tokio::spawn(answering.in_current_span()).await {
        Ok(answer) => shown(answer),
        Err(_) => shown(national.gateway.refused(UNCONFIRMED)),
    }
}

const OF_A_BROWSER: &str = "本接口不受理浏览器网页发出的请求。请由 HIS 直接调用,不带 Origin 与 Sec-Fetch-Site 请求头。";
const TOO_LONG: &str = "报文过长或未发送完整。请拆分后分次发送。";
const UNCONFIRMED: &str = "系统暂时无法确认是否已办理。请用原报文ID重新发送,或以 2601 冲正。";

fn shown(answer: Answer) -> Response {
    match answer {
        Answer::Json(text) => {
            ([(CONTENT_TYPE, "application/json;charset=UTF-8")], text).into_response()
        }
        Answer::File(content) => {
            ([(CONTENT_TYPE, "application/octet-stream")], Body::from(content)).into_response()
        }
    }
}
