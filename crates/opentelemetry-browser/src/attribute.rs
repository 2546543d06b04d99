//! Attribute keys: those of the semantic conventions that this crate sets, and its own two.

/// Set to `true` on a span that ended because its future was dropped or its request aborted.
pub const CANCELLED: &str = "cancelled";
/// Set to `true` on a span that was open when the page was hidden, as a tab behind another is: browsers slow such a page
/// down.
pub const PAGE_HIDDEN: &str = "page.hidden";
/// Set to `true` on a span that was open when the page went away.
pub const PAGE_UNLOADED: &str = "page.unloaded";

/// On the first span of the page in a trace: what has to be added to the page's times to get the server's, in milliseconds.
#[cfg(feature = "server_timing")]
pub const CLOCK_OFFSET_MS: &str = "app.clock.offset_ms";
/// Beside [`CLOCK_OFFSET_MS`]: how far the truth may be from it either way, in milliseconds.
#[cfg(feature = "server_timing")]
pub const CLOCK_OFFSET_UNCERTAINTY_MS: &str = "app.clock.offset_uncertainty_ms";

pub(crate) const ERROR_TYPE: &str = "error.type";
pub(crate) const HTTP_REQUEST_METHOD: &str = "http.request.method";
pub(crate) const HTTP_REQUEST_METHOD_ORIGINAL: &str = "http.request.method_original";
pub(crate) const HTTP_RESPONSE_BODY_SIZE: &str = "http.response.body.size";
pub(crate) const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
/// How many resources of a page's load were left without a span.
#[cfg(feature = "document_load")]
pub(crate) const PAGE_RESOURCES_DROPPED: &str = "page.resources_dropped";
pub(crate) const SERVER_ADDRESS: &str = "server.address";
pub(crate) const SERVER_PORT: &str = "server.port";
pub(crate) const SERVICE_INSTANCE_ID: &str = "service.instance.id";
#[cfg(feature = "session")]
pub(crate) const SESSION_ID: &str = "session.id";
#[cfg(all(feature = "session", feature = "logs"))]
pub(crate) const SESSION_PREVIOUS_ID: &str = "session.previous_id";
pub(crate) const URL_FULL: &str = "url.full";
