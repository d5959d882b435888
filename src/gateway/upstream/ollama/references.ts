import { isObject, type Json } from '../../json.ts';

/**
 * The parts of a schema that lead to themselves before any character that a grammar could begin with: by a reference (a plain pointer),
 * or as one of several choices.
 */
export function endlessParts(root: Json): ReadonlySet<Json> {
  const reached = new Map<Json, Json[]>();
  const open = new Map<Json, number>();
  const ends: Json[] = [];
  const parts = [root];
  // No recursion, and each part is visited once: clients may send long schemas.
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if (open.has(part)) continue;
    const firsts = firstParts(part, root);
    for (const first of firsts) {
      const before = reached.get(first);
      if (before === undefined) reached.set(first, [part]);
      else before.push(part);
    }
    open.set(part, firsts.length);
    if (firsts.length === 0) ends.push(part);
    for (const inner of objectsIn(part)) parts.push(inner);
  }
  // A part that ends on each of its paths is not in a cycle.
  for (let part = ends.pop(); part !== undefined; part = ends.pop()) {
    open.delete(part);
    for (const before of reached.get(part) ?? []) {
      const left = (open.get(before) ?? 0) - 1;
      open.set(before, left);
      if (left === 0) ends.push(before);
    }
  }
  return new Set(open.keys());
}

/** A body has 500 levels: a longer reference leads nowhere. */
const MOST_REF_LENGTH = 100_000;

/** Resolves the references within one schema. */
export class References {
  readonly #root: Json;
  readonly #id: string | undefined;
  #anchors: ReadonlyMap<string, Json> | undefined;

  constructor(root: Json) {
    this.#root = root;
    const id = root['$id'] ?? root['id'];
    this.#id = typeof id === 'string' ? id.replace(/#$/, '') : undefined;
  }

  /** Whether a reference stays within the schema: it begins with `#` or with the schema's own `$id`. */
  isLocal(ref: string): boolean {
    const base = ref.replace(/#.*$/s, '');
    return base === '' || base === this.#id;
  }

  /**
   * The part that a local reference points to, a schema or a boolean; `undefined` if there is none. Reads JSON pointers (RFC 6901: `~0`,
   * `~1`, and percent-encoding in a fragment) and anchors.
   */
  target(ref: string): Json | boolean | undefined {
    if (ref.length > MOST_REF_LENGTH || !this.isLocal(ref)) return undefined;
    const fragment = decoded(ref.includes('#') ? ref.slice(ref.indexOf('#') + 1) : '');
    const found =
      fragment === '' || fragment.startsWith('/')
        ? partAt(fragment, this.#root)
        : (this.#anchors ??= anchorsIn(this.#root)).get(fragment);
    return isObject(found) || typeof found === 'boolean' ? found : undefined;
  }
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    // A lone percent sign belongs to the name.
    return fragment;
  }
}

// An index into a list is a name too.
function partAt(pointer: string, root: Json): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce(
      (at: unknown, name) =>
        typeof at === 'object' && at !== null ? Object.getOwnPropertyDescriptor(at, name)?.value : undefined,
      root,
    );
}

function anchorsIn(root: Json): ReadonlyMap<string, Json> {
  const anchors = new Map<string, Json>();
  const parts: unknown[] = [root];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if (isObject(part))
      for (const name of [part['$anchor'], part['$dynamicAnchor'], part['$id']])
        if (typeof name === 'string') anchors.set(name.replace(/^#/, ''), part);
    for (const inner of Object.values(part as object))
      if (typeof inner === 'object' && inner !== null) parts.push(inner); // only objects are pushed
  }
  return anchors;
}

// The parts with which text of this schema may begin.
function firstParts(schema: Json, root: Json): readonly Json[] {
  const choices: readonly unknown[] = Array.isArray(schema['anyOf']) ? schema['anyOf'] : [];
  const ref = schema['$ref'];
  const target = typeof ref === 'string' && ref.length <= MOST_REF_LENGTH ? partAt(ref.slice(1), root) : undefined;
  return [target, ...choices].filter((part) => isObject(part));
}

function objectsIn(schema: Json): readonly Json[] {
  return Object.values(schema)
    .flatMap((item: unknown) => (Array.isArray(item) ? item : [item]))
    .filter((item) => isObject(item));
}
