import type { Body } from '../dialect/body.ts';
import { isObject, textOf, type Json } from '../../json.ts';
import type { Tool } from '../../exchange.ts';

/** A tool that a model may call, and how its client knows it. */
export interface KnownTool {
  readonly tool: Tool;
  /** `custom`: its calls carry free text. */
  readonly kind: 'function' | 'custom';
  readonly name: string;
  /** The group that it is in, such as the tools of one MCP server that the client runs. */
  readonly namespace: string | undefined;
}

/** Reads one tool, or a group of them. Those that OpenAI runs itself (`web_search`, `mcp` …) are none here: their names are added to `ignored`. */
export function readTool(
  body: Body,
  tool: Json,
  at: string,
  ignoredParams: string[],
  namespace?: string,
): readonly KnownTool[] {
  const type = textOf(tool, 'type');
  if (type !== 'function' && type !== 'custom' && (type !== 'namespace' || namespace !== undefined)) {
    ignoredParams.push(`tools.${type}`);
    return [];
  }
  const name = textOf(tool, 'name');
  if (name === '') body.refuse(`${at}.name`, `Missing required parameter: '${at}.name'.`);
  if (type === 'namespace') return readGroup(body, tool, at, ignoredParams);
  const definition = type === 'function' ? functionDefinition(body, tool, at) : customDefinition(tool, ignoredParams);
  const known = nameWithin(namespace, name);
  return [
    {
      tool: { name: known, definition: { type: 'function', function: { name: known, ...definition } } },
      kind: type,
      name,
      namespace,
    },
  ];
}

/** How a model knows a tool of a group. */
export function nameWithin(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}__${name}`;
}

function readGroup(body: Body, group: Json, at: string, ignoredParams: string[]): readonly KnownTool[] {
  const { tools } = group;
  if (Array.isArray(tools))
    return tools.flatMap((tool: unknown, index) =>
      readTool(body, isObject(tool) ? tool : {}, `${at}.tools[${String(index)}]`, ignoredParams, textOf(group, 'name')),
    );
  body.refuse(`${at}.tools`, `Invalid type for '${at}.tools': expected an array.`);
  return [];
}

function functionDefinition(body: Body, tool: Json, at: string): Json {
  const parameters = tool['parameters'] ?? undefined;
  if (parameters !== undefined && !isObject(parameters))
    body.refuse(`${at}.parameters`, `Invalid type for '${at}.parameters': expected an object.`);
  return { description: descriptionIn(textOf(tool, 'description')), parameters };
}

// A tool that takes free text is one whose only argument is a text. A grammar that the text has to follow is told to the model, but nobody sees to it.
function customDefinition(tool: Json, ignoredParams: string[]): Json {
  const format: Json = isObject(tool['format']) ? tool['format'] : {};
  const grammar = textOf(format, 'definition');
  if (format['type'] === 'grammar') ignoredParams.push('tools.format');
  const description = descriptionIn(
    textOf(tool, 'description'),
    grammar === '' ? '' : `The input has to follow this grammar (${textOf(format, 'syntax')}):\n${grammar}`,
  );
  return {
    description,
    parameters: {
      type: 'object',
      properties: { input: { type: 'string', description: 'The input, as free text.' } },
      required: ['input'],
    },
  };
}

function descriptionIn(...texts: readonly string[]): string | undefined {
  const said = texts.filter((text) => text !== '');
  return said.length === 0 ? undefined : said.join('\n\n');
}
