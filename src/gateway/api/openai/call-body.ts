import { freeText } from '../dialect/custom-tool.ts';
import type { Json } from '../../json.ts';
import type { ToolCall } from '../../exchange.ts';

/** A tool call as a chat has it; that of a custom tool carries free text. */
export function callBody({ id, name, arguments: callArguments }: ToolCall, customTools: ReadonlySet<string>): Json {
  return customTools.has(name)
    ? { id, type: 'custom', custom: { name, input: freeText(callArguments) } }
    : { id, type: 'function', function: { name, arguments: JSON.stringify(callArguments) } };
}
