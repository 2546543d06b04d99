//! How much of anything the page may say in its telemetry, and in whose name it says it.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;

/// The only service that the public may speak for.
const PAGE_SERVICE: &str = "gutenberg-frontend";
const SERVICE_NAME: &str = "service.name";
const SERVICE_NAMESPACE: &str = "service.namespace";

/// Spans, log records or data points in one request.
pub(super) const MAX_ITEMS: usize = 2048;
/// Events of one span.
pub(super) const MAX_EVENTS: usize = 128;
/// Links of one span.
pub(super) const MAX_LINKS: usize = 32;
/// Attributes of one thing, members of one array or map.
const MAX_ATTRIBUTES: usize = 128;
/// Bytes of one text or key.
const MAX_TEXT_BYTES: usize = 4096;
/// Arrays and maps inside each other.
const MAX_DEPTH: usize = 4;

/// Makes the page the author, whatever the request says.
pub(super) fn sign_resource(resource: &mut Option<Resource>) {
    let resource = resource.get_or_insert_default();
    // References to other entities and string tables could name a service in a roundabout way.
    resource.entity_refs.clear();
    let attributes = &mut resource.attributes;
    attributes
        .retain(|attribute| ![SERVICE_NAME, SERVICE_NAMESPACE].contains(&attribute.key.as_str()));
    let value = Value::StringValue(PAGE_SERVICE.to_owned());
    let signature = KeyValue {
        key: SERVICE_NAME.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    };
    attributes.insert(0, signature);
    cut_attributes(attributes, &mut resource.dropped_attributes_count);
}

/// Cuts what names the instrumentation.
pub(super) fn cut_scope(scope: &mut Option<InstrumentationScope>) {
    if let Some(scope) = scope {
        clip(&mut scope.name);
        clip(&mut scope.version);
        cut_attributes(&mut scope.attributes, &mut scope.dropped_attributes_count);
    }
}

/// Cuts the list, its keys and its values, and counts the dropped ones.
pub(super) fn cut_attributes(attributes: &mut Vec<KeyValue>, dropped: &mut u32) {
    cut(attributes, MAX_ATTRIBUTES, dropped);
    attributes
        .iter_mut()
        .for_each(|attribute| cut_attribute(attribute, MAX_DEPTH));
}

/// Cuts a value of any kind.
pub(super) fn cut_value(value: &mut AnyValue) {
    cut_value_at(value, MAX_DEPTH);
}

/// Cuts a list and counts what is dropped.
pub(super) fn cut<T>(list: &mut Vec<T>, max: usize, dropped: &mut u32) {
    let excess = list.len().saturating_sub(max);
    list.truncate(max);
    *dropped = dropped.saturating_add(u32::try_from(excess).unwrap_or(u32::MAX));
}

/// Cuts a text at a letter's boundary.
pub(super) fn clip(text: &mut String) {
    text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
}

fn cut_attribute(attribute: &mut KeyValue, depth: usize) {
    clip(&mut attribute.key);
    attribute.key_strindex = 0;
    if let Some(value) = &mut attribute.value {
        cut_value_at(value, depth);
    }
}

fn cut_value_at(any: &mut AnyValue, depth: usize) {
    match &mut any.value {
        Some(Value::StringValue(text)) => clip(text),
        Some(Value::BytesValue(bytes)) => bytes.truncate(MAX_TEXT_BYTES),
        Some(Value::ArrayValue(array)) if depth > 0 => {
            array.values.truncate(MAX_ATTRIBUTES);
            array
                .values
                .iter_mut()
                .for_each(|value| cut_value_at(value, depth - 1));
        }
        Some(Value::KvlistValue(map)) if depth > 0 => {
            map.values.truncate(MAX_ATTRIBUTES);
            map.values
                .iter_mut()
                .for_each(|member| cut_attribute(member, depth - 1));
        }
        // Too deep, or a number in a string table that nothing here has.
        Some(Value::ArrayValue(_) | Value::KvlistValue(_) | Value::StringValueStrindex(_)) => {
            any.value = None
        }
        Some(Value::BoolValue(_) | Value::IntValue(_) | Value::DoubleValue(_)) | None => {}
    }
}
