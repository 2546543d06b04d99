"""Decodes OTLP with the generated classes of opentelemetry-proto and compares it with what was meant.

Reads lines of JSON: the kind of request, its bytes in hexadecimal, and the request as OTLP's own JSON. Prints how many
requests were the same in every field; ends with a message at the first that is not.
"""

import base64
import json
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

KINDS = {"traces": ExportTraceServiceRequest, "logs": ExportLogsServiceRequest}

# OTLP's JSON has these in hexadecimal, the JSON of protobuf has all bytes in base64.
IDS = {"traceId", "spanId", "parentSpanId"}


def with_base64_ids(node):
    if isinstance(node, list):
        return [with_base64_ids(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: base64.b64encode(bytes.fromhex(value)).decode()
        if key in IDS
        else with_base64_ids(value)
        for key, value in node.items()
    }


def main():
    same = 0
    for line in sys.stdin:
        case = json.loads(line)
        encoded = bytes.fromhex(case["bytes"])
        request = KINDS[case["kind"]]
        decoded = request.FromString(encoded)
        meant = json_format.ParseDict(with_base64_ids(case["request"]), request())
        if decoded != meant:
            sys.exit(f"decoded:\n{decoded}\nmeant:\n{meant}")
        if decoded.SerializeToString(deterministic=True) != encoded:
            sys.exit(f"encodes to other bytes:\n{decoded}")
        same += 1
    print(same)


main()
