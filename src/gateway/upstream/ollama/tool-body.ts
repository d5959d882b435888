import { isObject, type Json } from '../../json.ts';
import type { Tool } from '../../exchange.ts';

/**
 * A tool in the types that Ollama has for it (api/types.go of 0.22.1: `Tool`, `ToolProperty`). Valid JSON Schema that they refuse is
 * rewritten: a boolean schema, several types of the parameters themselves.
 */
export function toolBody({ definition }: Tool): Json {
  const fn = definition['function'];
  if (!isObject(fn)) return definition;
  const { parameters } = fn;
  return {
    ...definition,
    function: { ...fn, ...(parameters === undefined ? {} : { parameters: parametersBody(parameters) }) },
  };
}

function parametersBody(parameters: unknown): unknown {
  if (typeof parameters === 'boolean') return { type: 'object', properties: {} };
  if (!isObject(parameters)) return parameters;
  return { ...schemaBody(parameters), ...(Array.isArray(parameters['type']) ? { type: 'object' } : {}) };
}

function propertyBody(schema: unknown): unknown {
  if (typeof schema === 'boolean') return schema ? {} : { not: {} };
  return isObject(schema) ? schemaBody(schema) : schema;
}

// `items` and `$defs` may be anything; Ollama leaves out the keywords that it does not know.
function schemaBody(schema: Json): Json {
  const { properties, anyOf, required, description, enum: values, ...rest } = schema;
  return {
    ...rest,
    ...(typeof description === 'string' ? { description } : {}),
    ...(Array.isArray(values) ? { enum: values } : {}),
    // A boolean here is of draft 3.
    ...(Array.isArray(required) ? { required } : {}),
    ...(Array.isArray(anyOf) ? { anyOf: anyOf.map(propertyBody) } : {}),
    ...(isObject(properties)
      ? { properties: Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, propertyBody(part)])) }
      : {}),
  };
}
