import { isObject, type Json } from '../../json.ts';

/**
 * The parts of a schema that lead to themselves before any character that a grammar could begin with: by a reference, or as one of
 * several choices.
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

/**
 * The part of a schema that a reference points to, if it is within the schema; also an index into a list, as Ollama resolves it.
 */
export function partAt(ref: unknown, root: Json): Json | undefined {
  if (typeof ref !== 'string') return undefined;
  const found = ref
    .split('/')
    .slice(1)
    .reduce(
      (at: unknown, name) =>
        typeof at === 'object' && at !== null ? Object.getOwnPropertyDescriptor(at, name)?.value : undefined,
      root,
    );
  return isObject(found) ? found : undefined;
}

// The parts with which text of this schema may begin.
function firstParts(schema: Json, root: Json): readonly Json[] {
  const choices = [schema['anyOf'], schema['oneOf']].flatMap((choice): readonly unknown[] =>
    Array.isArray(choice) ? choice : [],
  );
  return [partAt(schema['$ref'], root), ...choices].filter((part) => isObject(part));
}

function objectsIn(schema: Json): readonly Json[] {
  return Object.values(schema)
    .flatMap((item: unknown) => (Array.isArray(item) ? item : [item]))
    .filter((item) => isObject(item));
}
