import { typeName, type Body } from '../dialect/body.ts';
import { schemaOfCall } from '../dialect/call-schema.ts';
import { isObject, textOf, type Json } from '../dialect/json.ts';
import type { ChatRequest, Tool } from '../exchange.ts';
import { readTool } from './tool.ts';
import { readToolChoice } from './tool-choice.ts';

/** What a request says about tools. */
export interface ToolReading extends Pick<ChatRequest, 'tools' | 'mustCall' | 'callSchema' | 'parallelCalls'> {
  /** Names of those whose calls carry free text. */
  readonly custom: ReadonlySet<string>;
  /** Those that can be called, as they were sent. */
  readonly sent: readonly Json[];
}

/** Reads `tools` and what is to become of them; tools that OpenAI runs itself are added to `ignored`, as is what cannot be enforced. */
export function readTools(body: Body, ignored: string[]): ToolReading {
  const known = (body.list('tools') ?? []).flatMap((tool, index) => {
    const at = `tools[${String(index)}]`;
    if (isObject(tool) && typeof tool['type'] === 'string') return readTool(body, tool, at, ignored) ?? [];
    body.refuse(at, `Invalid '${at}': expected {"type": "function", "name": …}, but got ${typeName(tool)} instead.`);
    return [];
  });
  const parallelCalls = body.flag('parallel_tool_calls') ?? true;
  const { allowed, mustCall } = readToolChoice(body, known);
  const tools: readonly Tool[] = allowed.map(({ tool }) => tool);
  const callSchema = mustCall ? schemaOfCall(tools) : undefined;
  if (mustCall && callSchema === undefined) ignored.push('tool_choice');
  return {
    tools,
    mustCall,
    callSchema,
    parallelCalls,
    custom: new Set(known.filter(({ sent }) => sent['type'] === 'custom').map(({ sent }) => textOf(sent, 'name'))),
    sent: known.map(({ sent }) => sent),
  };
}
