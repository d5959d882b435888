import type { Json } from '../dialect/json.ts';
import type { ToolCall } from '../exchange.ts';
import type { StreamEvent } from './event-text.ts';
import { newId } from './ids.ts';

/** A call, which comes whole: its item, and the events that tell of it. */
export interface CallItem {
  readonly item: Json;
  readonly events: readonly StreamEvent[];
}

/** Makes the item of a call; of a tool that takes free text that is what it holds. */
export function callItem(call: ToolCall, outputIndex: number, custom: boolean): CallItem {
  const { id: call_id, name } = call;
  const given = JSON.stringify(call.arguments);
  const { input = given } = call.arguments;
  const text = !custom ? given : typeof input === 'string' ? input : JSON.stringify(input);
  const id = newId(custom ? 'ctc' : 'fc');
  const [type, field, event] = custom ? (['custom_tool_call', 'input', 'response.custom_tool_call_input'] as const) : (['function_call', 'arguments', 'response.function_call_arguments'] as const);
  const place = { item_id: id, output_index: outputIndex };
  const body = (status: string, said: string): Json => ({ id, type, status, [field]: said, call_id, name });
  const item = body('completed', text);
  return {
    item,
    events: [
      { type: 'response.output_item.added', output_index: outputIndex, item: body('in_progress', '') },
      { type: `${event}.delta`, ...place, delta: text },
      { type: `${event}.done`, ...place, [field]: text, ...(custom ? {} : { name }) },
      { type: 'response.output_item.done', output_index: outputIndex, item },
    ],
  };
}
