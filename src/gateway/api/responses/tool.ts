import type { Body } from '../dialect/body.ts';
import { customFunction, joinedDescription } from '../dialect/custom-tool.ts';
import { unmetToolFields } from '../dialect/tool-fields.ts';
import { isObject, textOf, type Json } from '../../json.ts';
import type { Tool } from '../../exchange.ts';

/** A tool that a model may call, with its definition by the client. */
export interface KnownTool {
  readonly tool: Tool;
  /** A call of a `custom` tool carries free text. */
  readonly kind: 'function' | 'custom';
  readonly name: string;
  /** The namespace of the tool: for example, all tools of one MCP server that the client runs. */
  readonly namespace: string | undefined;
}

/**
 * Reads one tool, or a namespace of tools. Tools that OpenAI runs itself (`web_search`, `mcp` …) are not supported: their types are
 * added to `ignoredParams`.
 */
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
  if (type === 'namespace') return readNamespace(body, tool, at, ignoredParams);
  ignoredParams.push(...unmetToolFields(tool).map((field) => `tools.${field}`));
  const definition = type === 'function' ? functionDefinition(body, tool, at) : customDefinition(tool, ignoredParams);
  const toolName = namespacedName(namespace, name);
  return [
    {
      tool: { name: toolName, definition: { type: 'function', function: { name: toolName, ...definition } } },
      kind: type,
      name,
      namespace,
    },
  ];
}

/** The name by which a model knows a tool of a namespace. */
export function namespacedName(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}__${name}`;
}

function readNamespace(body: Body, group: Json, at: string, ignoredParams: string[]): readonly KnownTool[] {
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
  return {
    description: joinedDescription(textOf(tool, 'description')),
    parameters,
    ...(tool['strict'] === true ? { strict: true } : {}),
  };
}

function customDefinition(tool: Json, ignoredParams: string[]): Json {
  const format: Json = isObject(tool['format']) ? tool['format'] : {};
  if (format['type'] === 'grammar') ignoredParams.push('tools.format');
  return customFunction({
    description: textOf(tool, 'description'),
    grammar: textOf(format, 'definition'),
    syntax: textOf(format, 'syntax'),
  });
}
