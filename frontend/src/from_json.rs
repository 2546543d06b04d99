//! Answers of the API out of JSON. What serde derives for these types is several times as much to download; that both read
//! the same is tested.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value as Json;
use shared::{
    Book, BookDetail, BookText, Books, Chapter, ComparedMethod, ComparedSpeed, Comparison,
    Contribution, Explanation, Hit, Location, Method, PageConfig, Problem, QueryCapture, ScorePart,
    SearchResponse, SkippedBook, Suggestion,
};

/// What is wrong: the name of the field that is missing or holds something else.
pub(crate) type Mistake = &'static str;

/// What can be read out of JSON. What is missing reads as null.
pub(crate) trait FromJson: Sized {
    /// The value, if it is there and what it should be.
    fn from_json(json: &Json) -> Result<Self, Mistake>;
}

#[inline(never)]
fn value<'a>(json: &'a Json, name: &str) -> &'a Json {
    json.get(name).unwrap_or(&Json::Null)
}

fn field<T: FromJson>(json: &Json, name: Mistake) -> Result<T, Mistake> {
    // The innermost name says most; a value without one is that of this field.
    T::from_json(value(json, name)).map_err(|inner| if inner.is_empty() { name } else { inner })
}

/// A field that is left out where there is nothing to say.
fn optional<T: FromJson + Default>(json: &Json, name: Mistake) -> Result<T, Mistake> {
    field::<Option<T>>(json, name).map(Option::unwrap_or_default)
}

impl FromJson for String {
    #[inline(never)]
    fn from_json(json: &Json) -> Result<Self, Mistake> {
        json.as_str().map(str::to_owned).ok_or("")
    }
}

impl FromJson for Cow<'static, str> {
    fn from_json(json: &Json) -> Result<Self, Mistake> {
        String::from_json(json).map(Cow::Owned)
    }
}

impl FromJson for u64 {
    fn from_json(json: &Json) -> Result<Self, Mistake> {
        json.as_u64().ok_or("")
    }
}

macro_rules! smaller {
    ($($number:ty),*) => {$(
        impl FromJson for $number {
            fn from_json(json: &Json) -> Result<Self, Mistake> {
                u64::from_json(json)?.try_into().map_err(|_| "")
            }
        }
    )*};
}

smaller!(u16, u32, usize);

impl FromJson for f64 {
    fn from_json(json: &Json) -> Result<Self, Mistake> {
        json.as_f64().ok_or("")
    }
}

impl FromJson for bool {
    fn from_json(json: &Json) -> Result<Self, Mistake> {
        json.as_bool().ok_or("")
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(json: &Json) -> Result<Self, Mistake> {
        match json {
            Json::Null => Ok(None),
            json => T::from_json(json).map(Some),
        }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: &Json) -> Result<Self, Mistake> {
        let mut all = Vec::new();
        for one in json.as_array().ok_or("")? {
            all.push(T::from_json(one)?);
        }
        Ok(all)
    }
}

impl FromJson for (usize, usize) {
    fn from_json(json: &Json) -> Result<Self, Mistake> {
        match json.as_array().map(Vec::as_slice) {
            Some([from, to]) => Ok((usize::from_json(from)?, usize::from_json(to)?)),
            _ => Err(""),
        }
    }
}

impl FromJson for Method {
    fn from_json(json: &Json) -> Result<Self, Mistake> {
        let name = json.as_str().ok_or("")?;
        name.parse().map_err(|_| "")
    }
}

impl FromJson for QueryCapture {
    fn from_json(json: &Json) -> Result<Self, Mistake> {
        let name = json.as_str().ok_or("")?;
        name.parse().map_err(|_| "")
    }
}

impl FromJson for ScorePart {
    fn from_json(json: &Json) -> Result<Self, Mistake> {
        match json.as_str() {
            Some("cosine") => Ok(ScorePart::Cosine),
            Some("bm25") => Ok(ScorePart::Bm25),
            Some("phrase") => Ok(ScorePart::Phrase),
            Some("coverage") => Ok(ScorePart::Coverage),
            Some("run") => Ok(ScorePart::Run),
            _ => Err(""),
        }
    }
}

impl FromJson for BTreeMap<Method, ComparedMethod> {
    fn from_json(json: &Json) -> Result<Self, Mistake> {
        let mut all = BTreeMap::new();
        for (name, compared) in json.as_object().ok_or("")? {
            let method = name.parse().map_err(|_| "")?;
            all.insert(method, ComparedMethod::from_json(compared)?);
        }
        Ok(all)
    }
}

/// Structs whose fields have the names that they have in JSON: first those that must be there, then those that may be
/// left out.
macro_rules! structs {
    ($($name:ident { $($must:ident)* ; $($may:ident)* })*) => {$(
        impl FromJson for $name {
            fn from_json(json: &Json) -> Result<Self, Mistake> {
                Ok($name {
                    $($must: field(json, stringify!($must))?,)*
                    $($may: optional(json, stringify!($may))?,)*
                })
            }
        }
    )*};
}

structs! {
    PageConfig { capture_query sampling_ratio trace_link trace_panel; events }
    Problem { title status detail; trace_id }
    SearchResponse {
        query method total_results total_matches took_us results;
        unknown_words suggestions dropped_words hints
    }
    Suggestion { word instead; }
    Hit { id title author year score snippet highlights location; }
    Location { chapter line from to; }
    Books { corpus books; skipped }
    Book { id title author year word_count; }
    SkippedBook { id reason; }
    Chapter { title from to; }
    BookText { id from to text; highlights }
    Comparison { query comparison performance; hints }
    ComparedMethod { method total_results total_matches duration_ms results error; }
    ComparedSpeed { faster_method speed_difference_ms; }
    Explanation {
        query method id title score formula documents document_length mean_length contributions;
        unknown_words dropped_words
    }
    Contribution { word term part term_frequency document_frequency idf weight contribution; }
}

impl FromJson for BookDetail {
    fn from_json(json: &Json) -> Result<Self, Mistake> {
        Ok(BookDetail {
            book: Book::from_json(json)?,
            bytes: field(json, "bytes")?,
            chapters: field(json, "chapters")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;

    /// Reads what serde reads, whole and with each of its fields missing, null or of another type.
    #[track_caller]
    fn check<T: FromJson + DeserializeOwned + Serialize + PartialEq + Debug>(text: &str) {
        let whole: Json = serde_json::from_str(text).expect("JSON");
        let serde: T = serde_json::from_value(whole.clone()).expect("serde reads it");
        assert_eq!(T::from_json(&whole).as_ref(), Ok(&serde));
        for name in whole.as_object().expect("an object").keys() {
            for other in [
                None,
                Some(Json::Null),
                Some(Json::from(-1.5)),
                Some(Json::from("x")),
            ] {
                let mut changed = whole.clone();
                let fields = changed.as_object_mut().expect("an object");
                match &other {
                    None => drop(fields.remove(name)),
                    Some(other) => drop(fields.insert(name.clone(), other.clone())),
                }
                let serde = serde_json::from_value::<T>(changed.clone()).ok();
                let ours = T::from_json(&changed);
                // Ours takes null for a list that may be left out; no server sends it.
                if serde.is_some() || other != Some(Json::Null) {
                    assert_eq!(ours.ok(), serde, "{name}: {other:?}");
                }
            }
        }
    }

    const HIT: &str = r#"{"id":"a","title":"A","author":"B","year":1851,"score":1.5,"snippet":"a whale","highlights":[[2,7]],
        "location":{"chapter":"I","line":3,"from":0,"to":7}}"#;

    #[test]
    fn it_reads_what_serde_reads() {
        check::<PageConfig>(
            r#"{"capture_query":"raw","sampling_ratio":1,"trace_link":"","trace_panel":true,"events":true}"#,
        );
        check::<Problem>(r#"{"title":"t","status":400,"detail":"d","trace_id":"i"}"#);
        check::<SearchResponse>(&format!(
            r#"{{"query":"q","method":"slow_tfidf","total_results":1,"total_matches":2,"took_us":3,"results":[{HIT}],
            "unknown_words":["u"],"suggestions":[{{"word":"w","instead":["i"]}}],"dropped_words":["d"],"hints":["h"]}}"#
        ));
        check::<Hit>(HIT);
        check::<Location>(r#"{"chapter":"I","line":3,"from":0,"to":7}"#);
        check::<Books>(r#"{"corpus":"sample","books":[],"skipped":[{"id":"i","reason":"r"}]}"#);
        check::<Book>(r#"{"id":"i","title":"t","author":"a","year":1,"word_count":2}"#);
        check::<BookDetail>(
            r#"{"id":"i","title":"t","author":"a","year":1,"word_count":2,"bytes":3,"chapters":[{"title":"c","from":0,"to":1}]}"#,
        );
        check::<BookText>(r#"{"id":"i","from":0,"to":1,"text":"t","highlights":[[0,1]]}"#);
    }

    #[test]
    fn it_reads_comparisons_and_explanations_as_serde_does() {
        let compared = format!(
            r#"{{"method":"bm25","total_results":1,"total_matches":2,"duration_ms":0.5,"results":[{HIT}],"error":"e"}}"#
        );
        check::<ComparedMethod>(&compared);
        check::<Comparison>(&format!(
            r#"{{"query":"q","comparison":{{"bm25":{compared}}},"performance":{{"faster_method":"bm25","speed_difference_ms":1.5}},"hints":["h"]}}"#
        ));
        check::<Explanation>(
            r#"{"query":"q","method":"hybrid","id":"i","title":"t","score":1.5,"formula":"f","documents":3,"document_length":2.5,
            "mean_length":1.5,"contributions":[],"unknown_words":["u"],"dropped_words":["d"]}"#,
        );
        for part in ["cosine", "bm25", "phrase", "coverage", "run"] {
            check::<Contribution>(&format!(
                r#"{{"word":"w","term":"t","part":"{part}","term_frequency":1,"document_frequency":2,"idf":1.5,"weight":2.5,"contribution":3.5}}"#
            ));
        }
    }

    #[test]
    fn a_mistake_names_its_field() {
        let json: Json =
            serde_json::from_str(&HIT.replace("\"from\":0", "\"from\":\"x\"")).expect("JSON");
        assert_eq!(Hit::from_json(&json), Err("from"));
    }
}
