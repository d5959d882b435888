import { Body } from '../dialect/body.ts';
import { isObject, type Json } from '../../json.ts';

/** A chat of a client that still says `functions` and `function_call`, in the words that took their place; `undefined` where it says none. */
export function modernBody(body: Body): Body | undefined {
  const given = body.json['functions'];
  if (!Array.isArray(given) || given.length === 0 || (body.json['tools'] ?? null) !== null) return undefined;
  const { functions: _functions, function_call: choice, messages, ...rest } = body.json;
  const functions = given as readonly unknown[]; // an array of what is not yet known
  const named = functions.map((one) => (isObject(one) ? one['name'] : undefined));
  const modern = new Body({
    ...rest,
    ...(messages === undefined ? {} : { messages: Array.isArray(messages) ? modernMessages(messages) : messages }),
    tools: functions.map((one) => ({ type: 'function', function: one })),
    ...choiceOf(choice),
    parallel_tool_calls: false,
  });
  const at = named.findIndex((name) => typeof name !== 'string');
  if (at >= 0) modern.refuse(`functions[${String(at)}]`, `Invalid 'functions[${String(at)}]': expected {"name": …}.`);
  if (isObject(choice) && !named.includes(choice['name']))
    modern.refuse(
      'function_call',
      "Invalid value for 'function_call': the function it asks for is not among 'functions'.",
    );
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

// A result answers the call before it: there were no ids.
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
