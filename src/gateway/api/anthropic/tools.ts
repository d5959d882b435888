import type { Body } from '../dialect/body.ts';
import { unmetToolFields } from '../dialect/tool-fields.ts';
import { isObject, type Json } from '../../json.ts';
import type { ChatRequest, Tool } from '../../exchange.ts';
import { quotedValue } from './quoted-value.ts';

type Reading = Pick<ChatRequest, 'tools' | 'mustCall' | 'parallelCalls'>;

// Unsupported fields of a tool. Its other fields concern caches, or ask for the default behaviour.
const UNSUPPORTED_FIELDS = ['input_examples'];

/** Reads `tools` and `tool_choice`. Fields and choices that cannot be enforced are added to `ignoredParams`. */
export function readMessageTools(body: Body, ignoredParams: Set<string>): Reading {
  const tools = (body.list('tools') ?? []).map((tool, index) =>
    readTool(body, tool, `tools.${String(index)}`, ignoredParams),
  );
  const choice = body.object('tool_choice');
  const parallelCalls = choice?.['disable_parallel_tool_use'] !== true;
  const type = choice?.['type'] ?? 'auto';
  if (type === 'auto') return { tools, mustCall: false, parallelCalls };
  if (type === 'none') return { tools: [], mustCall: false, parallelCalls };
  const toolName = choice?.['name'];
  const chosenTools = type === 'any' ? tools : tools.filter(({ name }) => name === toolName);
  if (type !== 'any' && type !== 'tool')
    body.refuse('tool_choice.type', "tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'");
  else if (chosenTools.length === 0)
    body.refuse(
      'tool_choice',
      type === 'any'
        ? 'tool_choice: there are no tools to choose from'
        : `tool_choice.name: Tool ${quotedValue(toolName)} not found in provided tools`,
    );
  return { tools: chosenTools, mustCall: true, parallelCalls };
}

function readTool(body: Body, tool: unknown, at: string, ignoredParams: Set<string>): Tool {
  const json: Json = isObject(tool) ? tool : {};
  const { type, name, description, input_schema: schema } = json;
  if (type !== undefined && type !== null && type !== 'custom') {
    body.refuse(
      `${at}.type`,
      `${at}.type: tools of the type ${quotedValue(type)} are not supported: this server runs no tools of its own; define the tool with an input_schema`,
    );
  } else if (typeof name !== 'string' || name === '') body.refuse(`${at}.name`, `${at}.name: Field required`);
  else if (!isObject(schema)) body.refuse(`${at}.input_schema`, `${at}.input_schema: Input should be a JSON schema`);
  // A tool with `defer_loading` can be called at once.
  for (const field of unmetToolFields(json)) if (field !== 'defer_loading') ignoredParams.add(`tools.${field}`);
  for (const field of UNSUPPORTED_FIELDS)
    if (json[field] !== undefined && json[field] !== null && json[field] !== false) ignoredParams.add(`tools.${field}`);
  const definition = {
    name,
    ...(typeof description === 'string' ? { description } : {}),
    parameters: schema,
    ...(json['strict'] === true ? { strict: true } : {}),
  };
  return { name: typeof name === 'string' ? name : '', definition: { type: 'function', function: definition } };
}
