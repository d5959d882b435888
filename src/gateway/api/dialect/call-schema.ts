import type { Tool } from '../../exchange.ts';
import { isObject, type Json } from '../../json.ts';

/** What a call of one of these tools looks like, as a schema; `undefined` where their own schemas do not fit into one. */
export function schemaOfCall(tools: readonly Tool[]): Json | undefined {
  const shared = { $defs: new Map<string, unknown>(), definitions: new Map<string, unknown>() };
  const calls: Json[] = [];
  for (const { name, definition } of tools) {
    const parameters = parametersOf(definition);
    // What is referred to has to be found from the new root as well.
    if (/"\$ref":"(?!#\/(?:\$defs|definitions)\/)/.test(JSON.stringify(parameters))) return undefined;
    for (const place of ['$defs', 'definitions'] as const)
      if (!merge(shared[place], parameters[place])) return undefined;
    calls.push({
      type: 'object',
      properties: { name: { const: name }, arguments: parameters },
      required: ['name', 'arguments'],
      additionalProperties: false,
    });
  }
  const [only] = calls;
  return {
    ...(calls.length === 1 ? only : { anyOf: calls }),
    ...Object.fromEntries(
      Object.entries(shared)
        .filter(([, found]) => found.size > 0)
        .map(([place, found]) => [place, Object.fromEntries(found)]),
    ),
  };
}

function parametersOf(definition: Json): Json {
  const made = definition['function'];
  const parameters = isObject(made) ? made['parameters'] : undefined;
  return isObject(parameters) ? { type: 'object', ...parameters } : { type: 'object', properties: {} };
}

function merge(into: Map<string, unknown>, more: unknown): boolean {
  for (const [name, value] of Object.entries(isObject(more) ? more : {})) {
    if (into.has(name) && JSON.stringify(into.get(name)) !== JSON.stringify(value)) return false;
    into.set(name, value);
  }
  return true;
}
