import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema } from '../src/core/json-schema.ts';

const validators = new WeakMap<JsonSchema, ValidateFunction>();

/** The parts of a document that its schema refuses, one line each; none if it is valid. An unknown keyword in the schema throws. */
export function schemaErrors(schema: JsonSchema, document: unknown): readonly string[] {
  const validate = validators.get(schema) ?? compile(schema);
  validators.set(schema, validate);
  return validate(document)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message, params }) =>
        `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`.trim(),
      );
}

/** Fails unless a document is as its schema says. */
export function assertValid(schema: JsonSchema, document: unknown, name = 'document'): void {
  assert.deepEqual(schemaErrors(schema, document), [], `${name}: ${JSON.stringify(document).slice(0, 2000)}`);
}

/** The schema that a YAML text names for editors, as its language server reads it: a URL, or a path from the file's folder. */
export function referencedSchema(text: string, folder = '/'): JsonSchema {
  const reference = /^#\s+yaml-language-server\s*:.*\$schema=(\S+)/m.exec(text)?.[1];
  assert.ok(reference !== undefined, text.split('\n', 3).join('\n'));
  const file = reference.startsWith('file:') ? fileURLToPath(reference) : resolve(folder, reference);
  // Compiling it refuses a file that is no schema.
  return JSON.parse(readFileSync(file, 'utf8')) as JsonSchema;
}

/** Paths of properties that a schema does not describe. */
export function undescribed(schema: JsonSchema, path = ''): readonly string[] {
  const { properties = {}, patternProperties = {}, $defs = {}, anyOf = [] } = schema;
  const inside = [schema.items, schema.additionalProperties, ...anyOf].filter((part) => typeof part === 'object');
  return [
    ...[...Object.entries(properties), ...Object.entries(patternProperties)].flatMap(([name, property]) =>
      property === false
        ? []
        : [
            ...(property.description === undefined && property.$ref === undefined ? [`${path}.${name}`] : []),
            ...undescribed(property, `${path}.${name}`),
          ],
    ),
    ...Object.entries($defs).flatMap(([name, part]) => undescribed(part, `${path}#${name}`)),
    ...inside.flatMap((part) => undescribed(part, `${path}[]`)),
  ];
}

function compile(schema: JsonSchema): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
  ajv.addKeyword({ keyword: 'doNotSuggest', schemaType: 'boolean' });
  ajv.addKeyword({ keyword: 'patternErrorMessage', schemaType: 'string' });
  assert.ok(ajv.validateSchema(schema), ajv.errorsText());
  return ajv.compile(schema);
}
