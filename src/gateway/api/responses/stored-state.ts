import type { Body } from '../dialect/body.ts';
import type { Failure } from '../../exchange.ts';

const NOT_STORED: Readonly<Record<string, string>> = {
  previous_response_id: "this server stores no responses; send the whole conversation in 'input'",
  conversation: "this server stores no conversations; send the whole conversation in 'input'",
  prompt: "this server stores no prompt templates; send their text as 'instructions' and 'input'",
};

/** Rejects parameters that need stored responses, conversations or prompts. */
export function refuseStoredState(body: Body): void {
  for (const [name, why] of Object.entries(NOT_STORED))
    if (body.value(name) !== undefined)
      body.refuse(name, `Unsupported parameter: '${name}': ${why}.`, 'unsupported_parameter');
  if (body.flag('background') === true)
    body.refuse(
      'background',
      "Unsupported parameter: 'background': this server stores no responses, so this one could not be fetched later; leave it out, and set 'stream' if it takes long.",
      'unsupported_parameter',
    );
}

/** The failure of every request for a stored response. */
export function notStored(id: string): Failure {
  return {
    kind: 'not-found',
    code: null,
    message: `Response with id '${id.slice(0, 200)}' not found. This server stores no responses: each has 'store': false.`,
  };
}
