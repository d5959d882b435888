import { isObject, type Json } from '../../core/json.ts';
import { Refusal } from './refusal.ts';

/** The type of a field. `null` is valid for every type and counts as absent, as in Go. */
export type Field =
  | { readonly type: 'string' | 'bool' | 'int' | 'float64' | 'map' | 'any' }
  | {
      readonly type: 'list';
      readonly goType: string;
      readonly itemType?: string;
      readonly item?: Fields;
      readonly items?: 'string';
    }
  | { readonly type: 'object'; readonly goType: string; readonly fields: Fields };

/** The fields of one Go struct. Other fields are ignored. */
export type Fields = Readonly<Record<string, Field>>;

const GO_TYPES = {
  string: 'string',
  bool: 'bool',
  int: 'int',
  float64: 'float64',
  map: 'map[string]interface {}',
  any: '',
} as const;

/**
 * Checks a body against an Ollama struct. Refuses with 400 and Go's text, as `encoding/json` does. Keys are matched
 * without case.
 */
export function readStruct(body: unknown, struct: string, fields: Fields, goType = `api.${struct}`): Json {
  if (body === null) return {};
  if (!isObject(body)) throw new Refusal(400, `json: cannot unmarshal ${kindOf(body)} into Go value of type ${goType}`);
  return readFields(body, struct, fields);
}

function readFields(body: Json, path: string, fields: Fields): Json {
  const read: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(body)) {
    const name = key in fields ? key : key.toLowerCase();
    const field = fields[name];
    if (field === undefined || value === null) continue;
    read[name] = readField(value, `${path}.${name}`, field);
  }
  return read;
}

function readField(value: unknown, path: string, field: Field): unknown {
  switch (field.type) {
    case 'any':
      return value;
    case 'list': {
      if (!Array.isArray(value)) throw mismatch(value, path, field.goType);
      const { item, items, itemType = '' } = field;
      if (items === 'string')
        return value.map((one: unknown) => (typeof one === 'string' ? one : refuse(mismatch(one, path, 'string'))));
      if (item === undefined) return value;
      return value.map((one: unknown) =>
        isObject(one) ? readFields(one, path, item) : refuse(mismatch(one, path, itemType)),
      );
    }
    case 'object':
      return isObject(value) ? readFields(value, path, field.fields) : refuse(mismatch(value, path, field.goType));
    case 'map':
      return isObject(value) ? value : refuse(mismatch(value, path, GO_TYPES.map));
    case 'int':
      if (typeof value === 'number' && !Number.isInteger(value))
        throw new Refusal(
          400,
          `json: cannot unmarshal number ${String(value)} into Go struct field ${path} of type int`,
        );
      return typeof value === 'number' ? value : refuse(mismatch(value, path, 'int'));
    case 'string':
    case 'bool':
    case 'float64':
      return kindOf(value) === kindOfField(field.type) ? value : refuse(mismatch(value, path, GO_TYPES[field.type]));
  }
}

function kindOfField(type: 'string' | 'bool' | 'float64'): string {
  return type === 'float64' ? 'number' : type;
}

function mismatch(value: unknown, path: string, goType: string): Refusal {
  return new Refusal(400, `json: cannot unmarshal ${kindOf(value)} into Go struct field ${path} of type ${goType}`);
}

function refuse(refusal: Refusal): never {
  throw refusal;
}

/** The kind of a JSON value, in Go's words. */
export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : value === null ? 'null' : typeof value;
}

/** The Go type of a value that was decoded into `any` (its `%T`). */
export function goTypeOf(value: unknown): string {
  if (value === undefined || value === null) return '<nil>';
  const types: Readonly<Record<string, string>> = {
    array: '[]interface {}',
    object: 'map[string]interface {}',
    bool: 'bool',
    number: 'float64',
    string: 'string',
  };
  return types[kindOf(value)] ?? 'interface {}';
}
