import { Body } from '../dialect/body.ts';
import { isObject, type Json } from '../../json.ts';

/**
 * Translates a chat with the deprecated `functions` and `function_call` to `tools` and `tool_choice`; `undefined` if it has none.
 */
export function modernBody(body: Body): Body | undefined {
  const listed = body.json['functions'];
  if (!Array.isArray(listed) || listed.length === 0 || (body.json['tools'] ?? null) !== null) return undefined;
  const { functions: _functions, function_call: choice, messages, ...rest } = body.json;
  const functions = listed as readonly unknown[]; // the elements stay unknown
  const functionNames = functions.map((fn) => (isObject(fn) ? fn['name'] : undefined));
  const modern = new Body({
    ...rest,
    ...(messages === undefined ? {} : { messages: Array.isArray(messages) ? modernMessages(messages) : messages }),
    tools: functions.map((fn) => ({ type: 'function', function: fn })),
    ...choiceOf(choice),
    parallel_tool_calls: false,
  });
  const at = functionNames.findIndex((name) => typeof name !== 'string');
  if (at >= 0) modern.refuse(`functions[${String(at)}]`, `Invalid 'functions[${String(at)}]': expected {"name": …}.`);
  if (isObject(choice) && !functionNames.includes(choice['name']))
    modern.refuse('function_call', "Invalid value for 'function_call': the requested function is not in 'functions'.");
  else if (!isObject(choice) && (choice ?? 'auto') !== 'auto' && choice !== 'none')
    modern.refuse(
      'function_call',
      "Invalid value for 'function_call'. Supported values are: 'none', 'auto', and {\"name\": …}.",
    );
  return modern;
}

function choiceOf(choice: unknown): Json {
  if ((choice ?? null) === null) return {};
  return { tool_choice: isObject(choice) ? { type: 'function', function: { name: choice['name'] } } : choice };
}

// The old format has no call ids, so a result belongs to the call before it.
function modernMessages(messages: readonly unknown[]): readonly unknown[] {
  let calls = 0;
  return messages.map((message) => {
    if (!isObject(message)) return message;
    const { function_call: call, ...rest } = message;
    if (message['role'] === 'function') return { ...message, role: 'tool', tool_call_id: `call_${String(calls)}` };
    if (message['role'] !== 'assistant' || !isObject(call)) return message;
    calls += 1;
    return { ...rest, tool_calls: [{ id: `call_${String(calls)}`, type: 'function', function: call }] };
  });
}
