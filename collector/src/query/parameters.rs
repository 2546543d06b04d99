//! Parameters of a request: read strictly, so that a misspelt filter is an error and not a list of everything.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use trace_model::duration;

use super::bad_request;
use crate::problem::Problem;

/// What is left of the parameters after `?`, in the order they were written.
pub(super) struct Parameters(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(pairs)| Self(pairs))
            .map_err(|error: QueryRejection| bad_request(error.body_text()))
    }
}

impl Parameters {
    /// Takes every value of `name`; empty ones say nothing.
    pub(super) fn take_all(&mut self, name: &str) -> Vec<String> {
        let taken = self.0.extract_if(.., |(key, _)| key == name);
        taken
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
            .collect()
    }

    pub(super) fn take(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let mut values = self.take_all(name);
        match values.len() {
            0 | 1 => Ok(values.pop()),
            _ => Err(bad_request(format!("`{name}` may be given once"))),
        }
    }

    /// Takes a parameter that has an older name as well.
    pub(super) fn take_either(
        &mut self,
        name: &str,
        older: &str,
    ) -> Result<Option<String>, Problem> {
        let given_older = self.take(older)?;
        Ok(self.take(name)?.or(given_older))
    }

    /// A number from `min` to `max`; more than `max` is not refused but cut, since lists are bounded anyway.
    pub(super) fn take_count(
        &mut self,
        name: &str,
        default: usize,
        (min, max): (usize, usize),
    ) -> Result<usize, Problem> {
        let Some(text) = self.take(name)? else {
            return Ok(default.min(max));
        };
        let number = text.parse::<usize>().ok().filter(|number| *number >= min);
        let wrong = || bad_request(format!("`{name}` is a number from {min} to {max}"));
        number.map(|number| number.min(max)).ok_or_else(wrong)
    }

    pub(super) fn take_duration_ns(&mut self, name: &str) -> Result<Option<u64>, Problem> {
        let Some(text) = self.take(name)? else {
            return Ok(None);
        };
        let wrong = || {
            let units = "a number and its unit (ns, us, ms, s, m or h), such as 12.5ms";
            bad_request(format!("`{name}` is {units}"))
        };
        duration::parse(&text).map(Some).ok_or_else(wrong)
    }

    pub(super) fn take_bool(&mut self, name: &str) -> Result<Option<bool>, Problem> {
        match self.take(name)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(bad_request(format!("`{name}` is true or false"))),
        }
    }

    /// Refuses what nobody has taken; `allowed` is named to the client.
    pub(super) fn finish(self, allowed: &str) -> Result<(), Problem> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                let name: String = name.chars().take(64).collect();
                Err(bad_request(format!(
                    "`{name}` is not known here; {allowed} are"
                )))
            }
        }
    }
}
