import { hasRoundedNumber, isObject, type Json } from '../../json.ts';
import { withRoom } from './grammar-size.ts';
import { CONSTRAINTS, constraintsIn, hasReference, isWithin, typeOf, typesOf } from './schema-keywords.ts';
import { endlessParts, References } from './references.ts';
import {
  ANY_VALUE,
  arraySchema,
  isAny,
  numberSchema,
  objectSchema,
  stringSchema,
  type SchemaTranslation,
} from './typed-schema.ts';

/** The most members of an `allOf`, and the most of their properties in all, that are put together. */
const MOST_MEMBERS = 50;
const MOST_MERGED = 10_000;
/** The most parts that are translated: 4,000 properties make a grammar longer than any may be, and more parts take longer than 50 ms. */
const MOST_PARTS = 4000;

/**
 * Translates JSON schemas into the subset that the grammars of Ollama 0.22.1 hold to (llama.cpp, `common/json-schema-to-grammar.cpp`),
 * and names the keywords that the result does not hold to. A value of the grammar is valid but for those keywords.
 */
export class GrammarSchema {
  /** The keywords that the grammar does not hold to. */
  readonly unheld = new Set<string>();
  readonly #definitions = new Map<string, Json>();
  /** The translation of each part; `undefined` if no value is valid there. */
  readonly #parts = new Map<Json, Json | undefined>();
  /** The names of the parts that references lead to. */
  readonly #names = new Map<Json, string>();
  /** Parts that references lead to, to be translated. */
  readonly #pending: (readonly [target: Json, references: References])[] = [];
  readonly #pointers: Record<string, unknown>[] = [];
  #merged = 0;
  #isTooLong = false;

  /** Adds a schema, whose references lead into itself; returns its translation. */
  add(root: Json): Json {
    const references = new References(root);
    const translated = this.#part(root, references) ?? ANY_VALUE;
    // No recursion along references: clients may send long chains.
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop()) {
      const [target, within] = next;
      this.#definitions.set(this.#names.get(target) ?? '', this.#part(target, within) ?? ANY_VALUE);
    }
    return translated;
  }

  /** The schema for the server, around the translations of all that was added; `undefined` if no grammar may be that long. */
  finish(schema: Json): Json | undefined {
    return this.#isTooLong ? undefined : withRoom(this.#withDefinitions(schema));
  }

  #withDefinitions(schema: Json): Json {
    if (this.#definitions.size === 0) return schema;
    const whole = { ...schema, $defs: Object.fromEntries(this.#definitions) };
    const endless = endlessParts(whole);
    if (endless.size === 0) return whole;
    for (const pointer of [...this.#pointers, whole as Record<string, unknown>]) {
      const target = typeof pointer['$ref'] === 'string' ? this.#definitions.get(nameIn(pointer['$ref'])) : undefined;
      if (target === undefined || !endless.has(target)) continue;
      delete pointer['$ref'];
      Object.assign(pointer, ANY_VALUE);
      this.unheld.add('$ref');
    }
    return whole;
  }

  #part(schema: unknown, references: References): Json | undefined {
    if (schema === false) return undefined;
    if (!isObject(schema)) return ANY_VALUE;
    if (this.#parts.has(schema)) return this.#parts.get(schema);
    if (this.#parts.size >= MOST_PARTS) {
      this.#isTooLong = true;
      return ANY_VALUE;
    }
    const translated = this.#schema(schema, references);
    this.#parts.set(schema, translated);
    return translated;
  }

  #schema(schema: Json, references: References): Json | undefined {
    const { $ref: ref } = schema;
    for (const keyword of ['$dynamicRef', '$recursiveRef']) if (schema[keyword] !== undefined) this.unheld.add(keyword);
    if (typeof ref === 'string' && references.isLocal(ref)) {
      for (const keyword of constraintsIn(schema)) if (keyword !== '$ref') this.unheld.add(keyword);
      return this.#reference(ref, references);
    }
    if (ref !== undefined) this.unheld.add('$ref');
    if (schema['not'] !== undefined && schema['not'] !== false) this.unheld.add('not');
    if (schema['if'] !== undefined && (schema['then'] ?? schema['else']) !== undefined) this.unheld.add('if');
    const isAlone = constraintsIn(schema).every((keyword) =>
      ['type', 'anyOf', 'oneOf', 'allOf', 'not', 'if', '$ref'].includes(keyword),
    );
    if (isAlone) {
      const choice = this.#choice(schema, references);
      if (choice !== undefined) return choice;
      const whole = this.#all(schema, references);
      if (whole !== undefined) return this.#part(whole, references);
    }
    for (const keyword of ['anyOf', 'oneOf', 'allOf'])
      if (Array.isArray(schema[keyword]) && schema[keyword].length > 0) this.unheld.add(keyword);
    return this.#typed(schema, references);
  }

  #reference(ref: string, references: References): Json | undefined {
    const target = references.target(ref);
    if (target === false) return undefined;
    if (target === true) return ANY_VALUE;
    // The server refuses a reference that leads nowhere, and so does the client learn of it.
    const name = target === undefined ? undefined : this.#nameOf(target, ref, references);
    const pointer = { $ref: name === undefined ? ref : `#/$defs/${name}` };
    this.#pointers.push(pointer);
    return pointer;
  }

  #nameOf(target: Json, ref: string, references: References): string {
    const known = this.#names.get(target);
    if (known !== undefined) return known;
    // llama.cpp takes two names for one that differ in other characters than these.
    const wanted = ref.slice(ref.lastIndexOf('/') + 1).replaceAll(/[^a-zA-Z0-9]/g, '') || 'root';
    let name = wanted;
    for (let next = 1; this.#definitions.has(name); next += 1) name = `${wanted}x${String(next)}`;
    this.#names.set(target, name);
    // Holds its place until it is translated.
    this.#definitions.set(name, ANY_VALUE);
    this.#pending.push([target, references]);
    return name;
  }

  // llama.cpp takes `oneOf` for `anyOf`, and looks at nothing beside them.
  #choice(schema: Json, references: References): Json | undefined {
    const { anyOf, oneOf, type } = schema;
    const choices: unknown = oneOf ?? anyOf;
    if (!Array.isArray(choices) || choices.length === 0) return undefined;
    const possible = choices
      .map((choice: unknown) => this.#part(choice, references))
      .filter((choice) => choice !== undefined);
    if (possible.length === 0) return undefined;
    if (oneOf !== undefined && choices.length > 1) this.unheld.add('oneOf');
    if (oneOf !== undefined && anyOf !== undefined) this.unheld.add('anyOf');
    if (schema['allOf'] !== undefined) this.unheld.add('allOf');
    const isSame = choices.every((choice: unknown) => isObject(choice) && isWithin(choice['type'], type));
    if (type !== undefined && !isSame) this.unheld.add('type');
    return possible.some(isAny) ? ANY_VALUE : { anyOf: possible };
  }

  /** The members of `allOf` as one schema; `undefined` if there is none. */
  #all({ allOf, type }: Json, references: References): Json | undefined {
    if (!Array.isArray(allOf) || allOf.length === 0) return undefined;
    const merged: Record<string, unknown> = type === undefined ? {} : { type };
    const seen = new Set<unknown>();
    const members: unknown[] = [...(allOf as readonly unknown[])].toReversed(); // the members stay unknown
    for (let member = members.pop(); member !== undefined; member = members.pop()) {
      if (seen.has(member) || member === true) continue;
      seen.add(member);
      if (!isObject(member) || seen.size > MOST_MEMBERS) {
        this.unheld.add('allOf');
        continue;
      }
      const { $ref: ref, allOf: inner, ...rest } = member;
      if (typeof ref === 'string') members.push(references.target(ref) ?? false);
      if (Array.isArray(inner)) members.push(...(inner as readonly unknown[]).toReversed()); // the members stay unknown
      for (const keyword of constraintsIn(rest)) this.#merge(merged, keyword, rest[keyword]);
    }
    return merged;
  }

  #merge(into: Record<string, unknown>, keyword: string, value: unknown): void {
    const known = into[keyword];
    if (known === undefined) into[keyword] = value;
    else if (keyword === 'required' && Array.isArray(known) && Array.isArray(value))
      into[keyword] = [...new Set<unknown>([...known, ...value])];
    else if (keyword === 'properties' && isObject(known) && isObject(value) && this.#merged < MOST_MERGED) {
      this.#merged += Object.keys(known).length + Object.keys(value).length;
      if (Object.keys(value).some((name) => Object.hasOwn(known, name))) this.unheld.add('allOf');
      into[keyword] = { ...value, ...known };
    } else if (JSON.stringify(known) !== JSON.stringify(value)) this.unheld.add('allOf');
  }

  #typed(schema: Json, references: References): Json | undefined {
    const { const: constant, enum: list } = schema;
    if (constant !== undefined || (Array.isArray(list) && list.length > 0)) {
      const values: readonly unknown[] = constant === undefined ? (list as readonly unknown[]) : [constant]; // a list, as seen above
      if (!hasReference(values)) return this.#values(schema, values);
      this.unheld.add(constant === undefined ? 'enum' : 'const');
    } else if (list !== undefined) this.unheld.add('enum');
    const types = typesOf(schema);
    // A value without a type that any keyword concerns may have every type.
    if (types === undefined) return ANY_VALUE;
    const translation: SchemaTranslation = {
      part: (part) => this.#part(part, references),
      unheld: (keyword) => void this.unheld.add(keyword),
    };
    const [only] = types;
    if (types.length === 1) return typedSchema(schema, only, translation);
    const isPlain = constraintsIn(schema).every((keyword) => CONSTRAINTS[keyword] === 'any');
    return isPlain ? { type: types } : { anyOf: types.map((each) => typedSchema(schema, each, translation)) };
  }

  #values(schema: Json, values: readonly unknown[]): Json {
    const { type } = schema;
    if (hasRoundedNumber(values)) this.unheld.add(schema['const'] === undefined ? 'enum' : 'const');
    const fitting = type === undefined ? values : values.filter((value) => isWithin(typeOf(value), type));
    const kept = fitting.length === 0 ? values : fitting;
    const concerned = new Set(kept.map((value) => (typeof value === 'number' ? 'number' : typeOf(value))));
    for (const keyword of constraintsIn(schema))
      if (concerned.has(CONSTRAINTS[keyword] ?? '')) this.unheld.add(keyword);
    if (fitting.length === 0) this.unheld.add('type');
    const [only] = kept;
    return schema['const'] === undefined ? { enum: kept } : { const: only };
  }
}

function typedSchema(schema: Json, type: unknown, translation: SchemaTranslation): Json {
  if (type === 'object') return objectSchema(schema, translation);
  if (type === 'array') return arraySchema(schema, translation);
  if (type === 'string') return stringSchema(schema, translation);
  return type === 'number' || type === 'integer' ? numberSchema(schema, type, translation) : { type };
}

function nameIn(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1);
}
