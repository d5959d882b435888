import { typeName, type Body } from '../dialect/body.ts';
import { isObject, type Json } from '../../json.ts';
import type { ChatRequest } from '../../exchange.ts';
import { readTool, type KnownTool } from './tool.ts';
import { readToolChoice } from './tool-choice.ts';

/** The parsed tool parameters of a request. */
export interface ToolReading extends Pick<ChatRequest, 'tools' | 'mustCall' | 'parallelCalls'> {
  /** The tools as the client defined them, by the names that the model knows. */
  readonly toolsByName: ReadonlyMap<string, KnownTool>;
  /** The supported tools, as the client sent them. */
  readonly echoedTools: readonly Json[];
}

/**
 * Reads `tools`, `tool_choice` and `parallel_tool_calls`. Tools that OpenAI runs itself, and a choice that cannot be enforced, are
 * added to `ignoredParams`.
 */
export function readResponseTools(body: Body, ignoredParams: string[]): ToolReading {
  const echoedTools: Json[] = [];
  const knownTools = (body.list('tools') ?? []).flatMap((tool, index) => {
    const at = `tools[${String(index)}]`;
    if (!isObject(tool) || typeof tool['type'] !== 'string') {
      body.refuse(at, `Invalid '${at}': expected {"type": "function", "name": …}, but got ${typeName(tool)} instead.`);
      return [];
    }
    const parsedTools = readTool(body, tool, at, ignoredParams);
    // OpenAI's responses always have these two fields.
    if (parsedTools.length > 0)
      echoedTools.push(tool['type'] === 'function' ? { parameters: null, strict: null, ...tool } : tool);
    return parsedTools;
  });
  const parallelCalls = body.flag('parallel_tool_calls') ?? true;
  const { allowed, mustCall } = readToolChoice(body, knownTools);
  const tools = allowed.map(({ tool }) => tool);
  return {
    tools,
    mustCall,
    parallelCalls,
    toolsByName: new Map(knownTools.map((tool) => [tool.tool.name, tool])),
    echoedTools,
  };
}
