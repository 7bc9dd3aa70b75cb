"""Writes schemas.json: inputs, outputs and attributes of every version of the operators of src/ops/registry.ts, as the
Python package `onnx` has them. Run again for a new operator:

    python test/onnx/schemas.py Abs Add ...
"""

import json
import os
import sys

import onnx
from onnx import defs, helper


def default(attribute):
    if not attribute.default_value.type:
        return None
    value = helper.get_attribute_value(attribute.default_value)
    return value.decode() if isinstance(value, bytes) else value


def described(schema):
    attributes = {
        name: {"type": str(a.type).split(".")[-1], "required": a.required, "default": default(a)}
        for name, a in sorted(schema.attributes.items())
    }
    return {
        "since": schema.since_version,
        "inputs": [schema.min_input, schema.max_input],
        "outputs": schema.max_output,
        "attributes": attributes,
    }


operators = {}
for schema in sorted(defs.get_all_schemas_with_history(), key=lambda s: (s.name, s.since_version)):
    if schema.domain == "" and schema.name in sys.argv[1:]:
        operators.setdefault(schema.name, []).append(described(schema))
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "schemas.json")
with open(path, "w") as file:
    json.dump({"onnx": onnx.__version__, "operators": operators}, file, indent=1)
    file.write("\n")
