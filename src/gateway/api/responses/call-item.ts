import type { Json } from '../../json.ts';
import type { ToolCall } from '../../exchange.ts';
import type { StreamEvent } from './event-text.ts';
import { newItemId } from './ids.ts';
import type { KnownTool } from './tool.ts';

/** A call, which comes whole: its item, and the events that tell of it. */
export interface CallItem {
  readonly item: Json;
  readonly events: readonly StreamEvent[];
}

const FORMS = {
  function: { id: 'fc', type: 'function_call', field: 'arguments', event: 'response.function_call_arguments' },
  custom: { id: 'ctc', type: 'custom_tool_call', field: 'input', event: 'response.custom_tool_call_input' },
} as const;

/** Makes the item of a call; `callee` is the tool as the client knows it, `undefined` where the model made it up. */
export function callItem(call: ToolCall, outputIndex: number, callee: KnownTool | undefined): CallItem {
  const { id: prefix, type, field, event } = FORMS[callee?.kind ?? 'function'];
  const id = newItemId(prefix);
  const name = callee?.name ?? call.name;
  const text = callee?.kind === 'custom' ? freeText(call.arguments) : JSON.stringify(call.arguments);
  const place = { item_id: id, output_index: outputIndex };
  const within = callee?.namespace === undefined ? {} : { namespace: callee.namespace };
  const body = (status: string, said: string): Json => ({
    id,
    type,
    status,
    [field]: said,
    call_id: call.id,
    name,
    ...within,
  });
  const item = body('completed', text);
  return {
    item,
    events: [
      { type: 'response.output_item.added', output_index: outputIndex, item: body('in_progress', '') },
      { type: `${event}.delta`, ...place, delta: text },
      { type: `${event}.done`, ...place, [field]: text, ...(type === 'function_call' ? { name } : {}) },
      { type: 'response.output_item.done', output_index: outputIndex, item },
    ],
  };
}

// What a model made of a tool that takes free text.
function freeText(given: Json): string {
  const { input } = given;
  return typeof input === 'string' ? input : JSON.stringify(given);
}
