//! Query parameters to values: what is missing or wrong is said together with what is allowed.

use std::borrow::Cow;
use std::str::FromStr;

use serde::Deserialize;
use shared::{Method, UnknownMethod};

use super::ApiError;
use super::books::find;
use crate::corpus::Corpus;
use crate::search::{FEATURES, Features, MOST_RESULTS, Request};

/// Longest query.
const MOST_QUERY_BYTES: usize = 1024;

/// Parameters of a search as they come; numbers are read by [`Parameters::check`], so that what is wrong with them can
/// be said.
#[derive(Default, Deserialize)]
pub(super) struct Parameters {
    /// What to look for.
    pub(super) q: Option<String>,
    /// How to search, by its wire name.
    pub(super) method: Option<String>,
    /// Most hits.
    pub(super) limit: Option<String>,
    /// Score that a hit must exceed.
    pub(super) threshold: Option<String>,
    /// `5000` for the compatible variant.
    pub(super) features: Option<String>,
    /// The only book to search, by its id.
    pub(super) book: Option<String>,
}

impl Parameters {
    /// The question that they ask.
    pub(super) fn check(&self, corpus: &Corpus) -> Result<Request<'_>, ApiError> {
        let query = query_text(self.q.as_deref())?;
        let features = match self.features.as_deref() {
            None => Features::All,
            Some(number) if number.parse() == Ok(FEATURES) => Features::MostFrequent,
            Some(_) => {
                return Err(bad_request(format!(
                    "features: allowed is {FEATURES}, or nothing for all"
                )));
            }
        };
        let limit = || format!("limit: allowed is a whole number from 1 to {MOST_RESULTS}");
        let threshold = || "threshold: allowed is a number of at least 0".to_owned();
        let method = match self.method.as_deref() {
            Some(name) => method(name)?,
            None => Method::default(),
        };
        Ok(Request {
            features,
            limit: number(
                self.limit.as_deref(),
                |limit| (1..=MOST_RESULTS).contains(limit),
                limit,
            )?
            .unwrap_or(MOST_RESULTS),
            threshold: number(
                self.threshold.as_deref(),
                |score: &f64| score.is_finite() && *score >= 0.0,
                threshold,
            )?,
            book: match self.book.as_deref() {
                Some(id) => Some(find(corpus, id)?),
                None => None,
            },
            ..Request::new(query, method)
        })
    }
}

/// The method with this wire name.
pub(super) fn method(name: &str) -> Result<Method, ApiError> {
    name.parse()
        .map_err(|error: UnknownMethod| bad_request(error.to_string()))
}

/// A query that is there and not too long.
pub(super) fn query_text(query: Option<&str>) -> Result<&str, ApiError> {
    let query = query.unwrap_or_default();
    if query.len() > MOST_QUERY_BYTES {
        return Err(ApiError::QueryTooLong(MOST_QUERY_BYTES));
    }
    let is_blank = |letter: char| letter.is_whitespace() || letter.is_control();
    if query.chars().all(is_blank) {
        return Err(bad_request(
            "q is missing or blank: say what to look for, such as q=love",
        ));
    }
    Ok(query)
}

/// A number that `is_allowed`; `complaint` says which are.
pub(super) fn number<N: FromStr>(
    text: Option<&str>,
    is_allowed: impl FnOnce(&N) -> bool,
    complaint: impl FnOnce() -> String,
) -> Result<Option<N>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let number = text.parse().ok().filter(is_allowed);
    number.map(Some).ok_or_else(|| bad_request(complaint()))
}

/// A parameter that is missing or wrong.
pub(super) fn bad_request(detail: impl Into<Cow<'static, str>>) -> ApiError {
    ApiError::BadRequest(detail.into())
}
