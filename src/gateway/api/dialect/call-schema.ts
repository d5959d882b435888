import type { Tool } from '../../exchange.ts';
import { isObject, type Json } from '../../json.ts';

/** A JSON schema that matches a call of any of these tools; `undefined` if their own schemas cannot be merged into one. */
export function schemaOfCall(tools: readonly Tool[]): Json | undefined {
  const mergedDefs = { $defs: new Map<string, unknown>(), definitions: new Map<string, unknown>() };
  const callSchemas: Json[] = [];
  for (const { name, definition } of tools) {
    const parameters = parametersOf(definition);
    // References are resolved from the root of the new schema, so only those into `$defs` and `definitions` still work.
    if (/"\$ref":"(?!#\/(?:\$defs|definitions)\/)/.test(JSON.stringify(parameters))) return undefined;
    for (const keyword of ['$defs', 'definitions'] as const)
      if (!merge(mergedDefs[keyword], parameters[keyword])) return undefined;
    callSchemas.push({
      type: 'object',
      properties: { name: { const: name }, arguments: parameters },
      required: ['name', 'arguments'],
      additionalProperties: false,
    });
  }
  const [only] = callSchemas;
  return {
    ...(callSchemas.length === 1 ? only : { anyOf: callSchemas }),
    ...Object.fromEntries(
      Object.entries(mergedDefs)
        .filter(([, entries]) => entries.size > 0)
        .map(([keyword, entries]) => [keyword, Object.fromEntries(entries)]),
    ),
  };
}

function parametersOf(definition: Json): Json {
  const fn = definition['function'];
  const parameters = isObject(fn) ? fn['parameters'] : undefined;
  return isObject(parameters) ? { type: 'object', ...parameters } : { type: 'object', properties: {} };
}

function merge(into: Map<string, unknown>, additions: unknown): boolean {
  for (const [name, value] of Object.entries(isObject(additions) ? additions : {})) {
    if (into.has(name) && JSON.stringify(into.get(name)) !== JSON.stringify(value)) return false;
    into.set(name, value);
  }
  return true;
}
