/// The published description of the format (JSON Schema, draft 2020-12): the reader refuses whatever it refuses, and it
/// refuses whatever the reader refuses without looking at a machine, except alignments and granularities that are no power of two.
public enum LayoutSchema {
  public static let text = """
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "title": "pmemctl layout",
      "description": "The intended state of a machine's persistent memory; see pmemctl-layout-plan(8).",
      "type": "object",
      "additionalProperties": false,
      "required": ["layout", "regions"],
      "properties": {
        "layout": {"description": "The version of the format.", "const": 1},
        "cxl": {
          "description": "CXL regions of persistent memory, which the kernel forgets at each boot; others are left alone.",
          "type": "array",
          "items": {"$ref": "#/$defs/cxl_region"}
        },
        "regions": {"type": "array", "items": {"$ref": "#/$defs/region"}}
      },
      "$defs": {
        "region": {
          "type": "object",
          "additionalProperties": false,
          "required": ["select"],
          "properties": {
            "select": {
              "description": "By properties that survive a boot. Every region that matches gets the namespaces.",
              "anyOf": [{"const": "all"}, {"$ref": "#/$defs/selector"}]
            },
            "others": {"description": "Treatment of other namespaces there.", "enum": ["keep", "destroy"]},
            "namespaces": {"type": "array", "items": {"$ref": "#/$defs/namespace"}}
          }
        },
        "cxl_region": {
          "type": "object",
          "additionalProperties": false,
          "required": ["devices"],
          "properties": {
            "devices": {
              "description": "Serial numbers, or PCI addresses, in the order of positions.",
              "type": "array",
              "minItems": 1,
              "uniqueItems": true,
              "items": {"$ref": "#/$defs/text"}
            },
            "granularity": {"$ref": "#/$defs/bytes"},
            "size": {"$ref": "#/$defs/bytes"},
            "window": {"$ref": "#/$defs/text"}
          }
        },
        "selector": {
          "type": "object",
          "additionalProperties": false,
          "minProperties": 1,
          "properties": {
            "dimms": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/text"}},
            "interleave_set": {"$ref": "#/$defs/number"},
            "node": {"$ref": "#/$defs/number"},
            "bus": {"$ref": "#/$defs/text"},
            "address": {"$ref": "#/$defs/number"},
            "min_size": {"$ref": "#/$defs/bytes"},
            "max_size": {"$ref": "#/$defs/bytes"}
          }
        },
        "namespace": {
          "type": "object",
          "additionalProperties": false,
          "required": ["mode"],
          "oneOf": [{"required": ["size"]}, {"required": ["usable"]}],
          "properties": {
            "name": {
              "description": "Its name, which identifies it later; {index}, {node} and {region} are filled in.",
              "$ref": "#/$defs/text"
            },
            "uuid": {"type": "string", "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"},
            "renamed_from": {"$ref": "#/$defs/text"},
            "mode": {"enum": ["fsdax", "devdax", "sector", "raw"]},
            "size": {"anyOf": [{"$ref": "#/$defs/bytes"}, {"$ref": "#/$defs/share"}, {"enum": ["rest", "max"]}]},
            "usable": {"anyOf": [{"$ref": "#/$defs/bytes"}, {"$ref": "#/$defs/share"}]},
            "map": {"enum": ["mem", "dev"]},
            "align": {"$ref": "#/$defs/bytes"},
            "sector_size": {"$ref": "#/$defs/number"},
            "system_ram": {"enum": ["movable", "kernel", "offline"]},
            "enabled": {"type": "boolean"}
          },
          "allOf": [
            {
              "if": {"properties": {"mode": {"enum": ["sector", "raw"]}}},
              "then": {"properties": {"map": false, "align": false}}
            },
            {
              "if": {"properties": {"mode": {"enum": ["fsdax", "sector", "raw"]}}},
              "then": {"properties": {"system_ram": false}}
            },
            {
              "if": {"properties": {"enabled": {"const": false}}, "required": ["enabled"]},
              "then": {"properties": {"system_ram": false}}
            }
          ]
        },
        "text": {"anyOf": [{"type": "string", "minLength": 1}, {"type": "number"}]},
        "number": {
          "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^(0x[0-9a-fA-F]+|[0-9]+)$"}]
        },
        "bytes": {
          "anyOf": [
            {"type": "integer", "minimum": 1},
            {"type": "string", "pattern": "^[0-9]+(\\\\.[0-9]+)? ?([kKmMgGtTpP](i?[bB])?|[bB])?$"}
          ]
        },
        "share": {"type": "string", "pattern": "^([1-9][0-9]?|100)%$"}
      }
    }

    """
}
