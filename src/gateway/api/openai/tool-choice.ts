import type { Body } from '../dialect/body.ts';
import { schemaOfCall } from '../dialect/call-schema.ts';
import { isObject } from '../../json.ts';
import type { ChatRequest, Tool } from '../../exchange.ts';

type Reading = Pick<ChatRequest, 'tools' | 'mustCall' | 'callSchema' | 'parallelCalls'>;

/** Reads `tools`, `tool_choice` and `parallel_tool_calls`. A choice that cannot be enforced is added to `ignoredParams`. */
export function readChatTools(body: Body, ignoredParams: string[]): Reading {
  const tools = (body.list('tools') ?? []).map((tool, index) => readTool(body, tool, `tools[${String(index)}]`));
  const parallelCalls = body.flag('parallel_tool_calls') ?? true;
  const choice = body.value('tool_choice');
  if (choice === undefined || choice === 'auto')
    return { tools, mustCall: false, callSchema: undefined, parallelCalls };
  if (choice === 'none') return { tools: [], mustCall: false, callSchema: undefined, parallelCalls };
  const chosenTools = choice === 'required' ? tools : tools.filter(({ name }) => name === nameIn(choice));
  if (chosenTools.length === 0) {
    const hasName = choice === 'required' || nameIn(choice) !== undefined;
    body.refuse(
      'tool_choice',
      hasName
        ? "Invalid value for 'tool_choice': the requested tool is not in 'tools'."
        : 'Invalid value for \'tool_choice\'. Supported values are: \'none\', \'auto\', \'required\', and {"type": "function", "function": {"name": …}}.',
    );
  }
  const callSchema = schemaOfCall(chosenTools);
  if (callSchema === undefined) ignoredParams.push('tool_choice');
  return { tools: chosenTools, mustCall: true, callSchema, parallelCalls };
}

function nameIn(choice: unknown): string | undefined {
  const fn = isObject(choice) && choice['type'] === 'function' ? choice['function'] : undefined;
  return isObject(fn) && typeof fn['name'] === 'string' ? fn['name'] : undefined;
}

function readTool(body: Body, tool: unknown, at: string): Tool {
  const fn = isObject(tool) && tool['type'] === 'function' ? tool['function'] : undefined;
  if (isObject(tool) && isObject(fn) && typeof fn['name'] === 'string') return { name: fn['name'], definition: tool };
  body.refuse(at, `Invalid '${at}': expected {"type": "function", "function": {"name": …}}.`);
  return { name: '', definition: {} };
}
