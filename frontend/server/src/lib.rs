//! Serves the page and proxies API, OTLP and trace queries on one origin.
