//! OpenTelemetry for native services: provider, W3C propagation, HTTP layers, OTLP export, test kit.
