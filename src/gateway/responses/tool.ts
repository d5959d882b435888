import type { Body } from '../dialect/body.ts';
import { isObject, textOf, type Json } from '../dialect/json.ts';
import type { Tool } from '../exchange.ts';

/** A tool that a model may call, and how it came. */
export interface KnownTool {
  readonly tool: Tool;
  readonly sent: Json;
}

/** Reads one tool. Those that OpenAI runs itself (`web_search`, `mcp` …) are none here: their names are added to `ignored`. */
export function readTool(body: Body, tool: Json, at: string, ignored: string[]): KnownTool | undefined {
  const type = textOf(tool, 'type');
  if (type !== 'function' && type !== 'custom') {
    ignored.push(`tools.${type}`);
    return undefined;
  }
  if (textOf(tool, 'name') === '') return body.refuse(`${at}.name`, `Missing required parameter: '${at}.name'.`);
  return type === 'function' ? functionTool(body, tool, at) : customTool(tool, ignored);
}

function functionTool(body: Body, tool: Json, at: string): KnownTool | undefined {
  const parameters = tool['parameters'] ?? undefined;
  if (parameters !== undefined && !isObject(parameters)) return body.refuse(`${at}.parameters`, `Invalid type for '${at}.parameters': expected an object.`);
  // OpenAI's answers have both always.
  return { tool: definedTool(tool, textOf(tool, 'description'), parameters), sent: { parameters: null, strict: null, ...tool } };
}

// A tool that takes free text is one whose only argument is a text. A grammar that the text has to follow is told to the model, but nobody sees to it.
function customTool(tool: Json, ignored: string[]): KnownTool {
  const format: Json = isObject(tool['format']) ? tool['format'] : {};
  const grammar = textOf(format, 'definition');
  if (format['type'] === 'grammar') ignored.push('tools.format');
  const description = [textOf(tool, 'description'), grammar === '' ? '' : `The input has to follow this grammar (${textOf(format, 'syntax')}):\n${grammar}`].filter((text) => text !== '').join('\n\n');
  return { tool: definedTool(tool, description, { type: 'object', properties: { input: { type: 'string', description: 'The input, as free text.' } }, required: ['input'] }), sent: tool };
}

function definedTool(tool: Json, description: string, parameters: Json | undefined): Tool {
  const name = textOf(tool, 'name');
  return { name, definition: { type: 'function', function: { name, ...(description === '' ? {} : { description }), ...(parameters === undefined ? {} : { parameters }) } } };
}
