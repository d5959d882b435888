import { freeText } from '../dialect/custom-tool.ts';
import type { Json } from '../../json.ts';
import type { ToolCall } from '../../exchange.ts';
import type { StreamEvent } from './event-text.ts';
import { newItemId } from './ids.ts';
import type { KnownTool } from './tool.ts';

/** The item of a tool call, and the stream events that carry it. */
export interface CallItem {
  readonly item: Json;
  readonly events: readonly StreamEvent[];
}

const FORMS = {
  function: { id: 'fc', type: 'function_call', field: 'arguments', event: 'response.function_call_arguments' },
  custom: { id: 'ctc', type: 'custom_tool_call', field: 'input', event: 'response.custom_tool_call_input' },
} as const;

/** Makes the item of a tool call. `callee` is the tool as the client defined it; `undefined` if the model invented the name. */
export function callItem(call: ToolCall, outputIndex: number, callee: KnownTool | undefined): CallItem {
  const { id: prefix, type, field, event } = FORMS[callee?.kind ?? 'function'];
  const id = newItemId(prefix);
  const name = callee?.name ?? call.name;
  const text = callee?.kind === 'custom' ? freeText(call.arguments) : JSON.stringify(call.arguments);
  const position = { item_id: id, output_index: outputIndex };
  const namespaceField = callee?.namespace === undefined ? {} : { namespace: callee.namespace };
  const body = (status: string, value: string): Json => ({
    id,
    type,
    status,
    [field]: value,
    call_id: call.id,
    name,
    ...namespaceField,
  });
  const item = body('completed', text);
  return {
    item,
    events: [
      { type: 'response.output_item.added', output_index: outputIndex, item: body('in_progress', '') },
      { type: `${event}.delta`, ...position, delta: text },
      { type: `${event}.done`, ...position, [field]: text, ...(type === 'function_call' ? { name } : {}) },
      { type: 'response.output_item.done', output_index: outputIndex, item },
    ],
  };
}
