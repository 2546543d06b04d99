//! Embedded OTLP receiver with a byte-bounded trace store and a query API.
