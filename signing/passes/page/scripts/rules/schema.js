// A small part of JSON Schema 2020-12: the nineteen keywords that the schemas of passes use. A
// keyword that is not known throws when the schema is read. See signing/passes/rules/schema.py.

import { Fraction, bare, isInteger, isNumber, lengthOf } from "../values.js";
import { readDate, readDateTime } from "./dates.js";

const MOST_FAULTS = 20;
const SILENT = new Set(["$schema", "$id", "$comment", "$defs", "valueset-uri"]);
const TYPES = {
  object: (value) => value instanceof Map,
  array: Array.isArray,
  string: isText,
  integer: (value) => isInteger(value) || (value instanceof Fraction && Number.isInteger(value.value)),
  number: isNumber,
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
};
const FORMATS = { date: readDate, "date-time": readDateTime };
const DEFINITION = "#/$defs/";
const TOO = "is too long or too short, too large or too small.";
const OTHER = "is none of the values that it may have.";

/** One schema, compiled into functions that add a sentence for each place that does not follow. */
export class Schema {
  constructor(document) {
    this.definitions = document.$defs ?? {};
    this.compiled = new Map();
    this.check = this.compile(document);
  }

  /** Return a sentence for each place where the value does not follow; empty if it does. */
  faults(value) {
    const found = [];
    this.check(value, "", found);
    return found.slice(0, MOST_FAULTS);
  }

  compile(schema) {
    const checks = Object.entries(schema)
      .filter(([keyword]) => !SILENT.has(keyword))
      .map(([keyword, rule]) => {
        if (!(keyword in KEYWORDS)) throw new Error(`the keyword ${keyword} is not known`);
        return KEYWORDS[keyword](rule, this);
      });
    return (value, place, faults) => checks.forEach((one) => one(value, place, faults));
  }

  definition(name) {
    if (!this.compiled.has(name)) {
      this.compiled.set(name, this.compile(this.definitions[name]));
    }
    return this.compiled.get(name);
  }
}

const KEYWORDS = {
  $ref: (rule, schema) => schema.definition(rule.slice(DEFINITION.length)),
  type(rule) {
    const names = [].concat(rule);
    const tests = names.map((name) => TYPES[name]);
    return asserted(
      (value) => tests.some((test) => test(value)),
      `is not of the type ${names.join(" or ")}.`,
    );
  },
  required: (rule) => (value, place, faults) => {
    if (!(value instanceof Map)) return;
    for (const one of rule) {
      if (!value.has(one)) faults.push(`${named(`${place}/${one}`)} is missing.`);
    }
  },
  properties(rule, schema) {
    const checks = Object.entries(rule).map(([name, inner]) => [name, schema.compile(inner)]);
    return (value, place, faults) => {
      if (!(value instanceof Map)) return;
      for (const [name, check] of checks) {
        if (value.has(name)) check(value.get(name), `${place}/${name}`, faults);
      }
    };
  },
  items(rule, schema) {
    const inner = schema.compile(rule);
    return (value, place, faults) => {
      if (!Array.isArray(value)) return;
      value.forEach((one, number) => inner(one, `${place}/${number}`, faults));
    };
  },
  contains(rule, schema) {
    const inner = schema.compile(rule);
    return asserted(
      (value) => !Array.isArray(value) || value.some((one) => follows(inner, one)),
      "lacks what it has to contain.",
    );
  },
  oneOf(rule, schema) {
    const inner = rule.map((one) => schema.compile(one));
    return (value, place, faults) => {
      const count = inner.filter((one) => follows(one, value)).length;
      if (count === 1) return;
      const how = count === 0 ? "none" : "more than one";
      faults.push(`${named(place)} follows ${how} of the forms of which it may have one.`);
    };
  },
  anyOf(rule, schema) {
    const inner = rule.map((one) => schema.compile(one));
    return asserted(
      (value) => inner.some((one) => follows(one, value)),
      "follows none of the forms that it may have.",
    );
  },
  allOf(rule, schema) {
    const inner = rule.map((one) => schema.compile(one));
    return (value, place, faults) => inner.forEach((one) => one(value, place, faults));
  },
  pattern(rule) {
    const pattern = new RegExp(rule, "u");
    return asserted(
      (value) => !isText(value) || pattern.test(value),
      "is not written as it has to be.",
    );
  },
  format(rule) {
    if (!(rule in FORMATS)) throw new Error(`the format ${rule} is not known`);
    return asserted((value) => !isText(value) || FORMATS[rule](value) !== null, `is no ${rule}.`);
  },
  enum: (rule) => asserted((value) => rule.includes(value), OTHER),
  const: (rule) => asserted((value) => value === rule, OTHER),
  minLength: (rule) => asserted((value) => !isText(value) || lengthOf(value) >= rule, TOO),
  maxLength: (rule) => asserted((value) => !isText(value) || lengthOf(value) <= rule, TOO),
  minItems: (rule) => asserted((value) => !Array.isArray(value) || value.length >= rule, TOO),
  maxItems: (rule) => asserted((value) => !Array.isArray(value) || value.length <= rule, TOO),
  minimum: (rule) => asserted((value) => !isNumber(value) || bare(value) >= rule, TOO),
  maximum: (rule) => asserted((value) => !isNumber(value) || bare(value) <= rule, TOO),
};

function asserted(fits, sentence) {
  return (value, place, faults) => {
    if (!fits(value)) faults.push(`${named(place)} ${sentence}`);
  };
}

function isText(value) {
  return typeof value === "string";
}

function follows(check, value) {
  const faults = [];
  check(value, "", faults);
  return faults.length === 0;
}

function named(place) {
  return place.replace(/^\//, "") || "The content";
}
