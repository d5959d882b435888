import { typeName, type Body } from '../dialect/body.ts';
import { schemaOfCall } from '../dialect/call-schema.ts';
import { isObject, type Json } from '../../json.ts';
import type { ChatRequest } from '../../exchange.ts';
import { readTool, type KnownTool } from './tool.ts';
import { readToolChoice } from './tool-choice.ts';

/** What a request says about tools. */
export interface ToolReading extends Pick<ChatRequest, 'tools' | 'mustCall' | 'callSchema' | 'parallelCalls'> {
  /** How the client knows what a model calls, by the model's name for it. */
  readonly callees: ReadonlyMap<string, KnownTool>;
  /** Those that can be called, as they were sent. */
  readonly sent: readonly Json[];
}

/** Reads `tools` and what is to become of them; tools that OpenAI runs itself are added to `ignored`, as is what cannot be enforced. */
export function readResponseTools(body: Body, ignoredParams: string[]): ToolReading {
  const sent: Json[] = [];
  const known = (body.list('tools') ?? []).flatMap((tool, index) => {
    const at = `tools[${String(index)}]`;
    if (!isObject(tool) || typeof tool['type'] !== 'string') {
      body.refuse(at, `Invalid '${at}': expected {"type": "function", "name": …}, but got ${typeName(tool)} instead.`);
      return [];
    }
    const found = readTool(body, tool, at, ignoredParams);
    // OpenAI's answers have the two always.
    if (found.length > 0) sent.push(tool['type'] === 'function' ? { parameters: null, strict: null, ...tool } : tool);
    return found;
  });
  const parallelCalls = body.flag('parallel_tool_calls') ?? true;
  const { allowed, mustCall } = readToolChoice(body, known);
  const tools = allowed.map(({ tool }) => tool);
  const callSchema = mustCall ? schemaOfCall(tools) : undefined;
  if (mustCall && callSchema === undefined) ignoredParams.push('tool_choice');
  return {
    tools,
    mustCall,
    callSchema,
    parallelCalls,
    callees: new Map(known.map((one) => [one.tool.name, one])),
    sent,
  };
}
