//! What a form brings: fields by name and order, an uploaded file as a field like any other. A form without the visitor's
//! token is refused here, so no page can forget to ask for it.

use crate::pages::layout;
use crate::pages::visit::Visit;

use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::FromRequestParts;
use axum::extract::Multipart;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;

/// Most fields of a form.
const FIELDS_MAX: usize = 10_000;
/// The field that holds the visitor's token.
pub(crate) const TOKEN: &str = "token";

/// The fields of a form that came from one of our own pages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    pairs: Vec<(String, String)>,
    /// Uploaded files that are not empty, by field name, with their own.
    files: Vec<(String, String, Bytes)>,
}

impl Fields {
    /// The first value of a field without space around it; empty where there is none.
    pub(crate) fn get<'a>(&'a self, name: &'a str) -> &'a str {
        self.all(name).next().unwrap_or_default()
    }

    /// The first value of a field as it was typed: a password may begin or end with a space.
    pub(crate) fn exactly(&self, name: &str) -> &str {
        let found = self.pairs.iter().find(|(one, _)| one == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// All values of a field, in order.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(one, _)| one == name).map(|(_, value)| value.trim())
    }

    /// An uploaded file.
    pub(crate) fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.iter().find(|(field, _, _)| field == name).map(|(_, _, bytes)| bytes.as_ref())
    }

    /// All uploaded files of a field, with their names.
    pub(crate) fn files<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let own = self.files.iter().filter(move |(field, _, _)| field == name);
        own.map(|(_, file, bytes)| (file.as_str(), bytes.as_ref()))
    }

    /// Fields of a query or a body.
    pub(crate) fn parse(text: &str) -> Option<Fields> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(text).ok()?;
        (pairs.len() <= FIELDS_MAX).then(|| Fields { pairs, files: Vec::new() })
    }

    async fn of_parts(mut parts: Multipart) -> Option<Fields> {
        let mut fields = Fields::default();
        while let Some(part) = parts.next_field().await.ok()? {
            let name = part.name()?.to_owned();
            if let Some(file) = part.file_name().map(str::to_owned) {
                let bytes = part.bytes().await.ok()?;
                if !bytes.is_empty() {
                    fields.files.push((name, file, bytes));
                }
            } else {
                fields.pairs.push((name, part.text().await.ok()?));
            }
            if FIELDS_MAX < fields.pairs.len() + fields.files.len() {
                return None;
            }
        }
        Some(fields)
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Fields, Response> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, state).await;
        let visit = visit.map_err(IntoResponse::into_response)?;
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_parts = kind.is_some_and(|kind| kind.starts_with("multipart/form-data"));
        let request = Request::from_parts(parts, body);
        let fields = if is_parts {
            match Multipart::from_request(request, state).await {
                Ok(parts) => Fields::of_parts(parts).await,
                Err(_) => None,
            }
        } else {
            String::from_request(request, state).await.ok().and_then(|text| Fields::parse(&text))
        };
        let unread = || {
            layout::trouble(
                &visit,
                StatusCode::BAD_REQUEST,
                (
                    "表单无法读取，可能过大。请返回重试。",
                    "The form cannot be read; it may be too large. Go back and try again.",
                ),
            )
        };
        let fields = fields.ok_or_else(unread)?;
        if fields.get(TOKEN) == visit.token { Ok(fields) } else { Err(layout::forbidden(&visit)) }
    }
}
