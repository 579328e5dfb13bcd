//! The national interface on the listener: every POST that no page takes, on any path, with whatever content type.
//!
//! Answers have status 200 and are not compressed, whatever comes of it: clients throw on anything else.

use crate::his::Answer;
use crate::his::Gateway;
use crate::his::Headers;
use crate::his::Sent;
use crate::http::browser;
use crate::listen::Peer;
use crate::traces;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::extract::FromRequest;
use axum::extract::Multipart;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::response::Response;
use tokio_stream::StreamExt;
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

impl National {
    /// Whether a request is one of the national interface.
    pub(super) fn is_asked(&self, method: &Method, path: &str) -> bool {
        let of_pages = PAGES.iter().any(|page| path.starts_with(page));
        method == Method::POST && !of_pages
    }

    /// Refuses a request in the form that a HIS expects.
    pub(super) fn refuse(&self, sentence: &str) -> Response {
        shown(self.gateway.refused(sentence))
    }
}

/// Where pages are that take a POST; all others are the national interface's.
const PAGES: [&str; 4] = ["/counter", "/office", "/account/", "/assets"];

/// Answers what nobody else does.
pub(super) async fn answer(State(national): State<National>, request: Request) -> Response {
    if !national.is_asked(request.method(), request.uri().path()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    if browser::sent(request.headers()) {
        return national.refuse(OF_A_BROWSER);
    }
    let sent = match sent(request, national.message_bytes_max).await {
        Some(sent) => sent,
        None => return national.refuse(TOO_LONG),
    };
    // A write is carried through once begun, even if its connection is gone.
    let gateway = Arc::clone(&national.gateway);
    let answering = async move { gateway.answer(sent).await };
    match tokio::spawn(traces::carried(answering.in_current_span())).await {
        Ok(answer) => shown(answer),
        Err(_) => national.refuse(UNCONFIRMED),
    }
}

/// Reads a request: a body whatever its type, or a form with the parts `jsonStr` and `file`. None if it is too long or ends early.
async fn sent(request: Request, most: usize) -> Option<Sent> {
    let concerns = |(name, value): (&HeaderName, &HeaderValue)| {
        let value = value.to_str().ok().filter(|_| Headers::concerns(name.as_str()))?;
        Some((name.as_str().to_owned(), value.to_owned()))
    };
    let headers = Headers(request.headers().iter().filter_map(concerns).collect());
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    let from = peer.map(|peer| peer.0.address.ip().to_string()).unwrap_or_default();
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("multipart/form-data")) {
        let body = read(request.into_body(), most).await?;
        return Some(Sent { headers, body, file: None, from });
    }
    let mut sent = Sent { headers, from, ..Sent::default() };
    let mut form = Multipart::from_request(request, &()).await.ok()?;
    while let Some(part) = form.next_field().await.ok()? {
        let name = part.name().unwrap_or_default().to_owned();
        let content = part.bytes().await.ok()?.to_vec();
        match name.as_str() {
            "jsonStr" => sent.body = content,
            "file" => sent.file = Some(content),
            _ => {}
        }
    }
    Some(sent)
}

/// A whole body, or none if it is longer. A client that has not sent all of it would not read an answer, so the rest is read
/// and let go, within reason.
async fn read(body: Body, most: usize) -> Option<Vec<u8>> {
    let mut pieces = body.into_data_stream();
    let (mut whole, mut length) = (Vec::new(), 0_usize);
    while let Some(piece) = pieces.next().await {
        let piece = piece.ok()?;
        length = length.saturating_add(piece.len());
        if length <= most {
            whole.extend_from_slice(&piece);
        } else if most.saturating_mul(8) < length {
            return None;
        }
    }
    (length <= most).then_some(whole)
}

const OF_A_BROWSER: &str =
    "本接口不受理浏览器网页发出的请求。请由 HIS 直接调用,不带 Origin 与 Sec-Fetch-Site 请求头。";
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
