import { isObject, type Json } from '../../json.ts';
import { typeName, type Body } from './body.ts';

/**
 * Reads the schema of a response format. `true` and `false` are schemas of JSON Schema, but OpenAI's API, Anthropic's and Ollama's take an
 * object alone: the first two by their types, Ollama by a look at the first character (llm/server.go, v0.22.1).
 */
export function readSchema(body: Body, name: string, schema: unknown): Json {
  if (isObject(schema)) return schema;
  return body.refuse(
    name,
    schema === undefined || schema === null
      ? `Missing required parameter: '${name}'.`
      : `Invalid type for '${name}': expected an object, but got ${typeName(schema)} instead.`,
  );
}
