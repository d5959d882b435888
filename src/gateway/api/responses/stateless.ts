import type { Body } from '../dialect/body.ts';
import type { Failure } from '../../exchange.ts';

const NOT_KEPT: Readonly<Record<string, string>> = {
  previous_response_id: "this server stores no responses; send the whole conversation in 'input'",
  conversation: "this server stores no conversations; send the whole conversation in 'input'",
  prompt: "this server stores no prompt templates; send their text as 'instructions' and 'input'",
};

/** Refuses by name what only a server can do that keeps what it was sent. */
export function refuseState(body: Body): void {
  for (const [name, why] of Object.entries(NOT_KEPT))
    if (body.value(name) !== undefined)
      body.refuse(name, `Unsupported parameter: '${name}': ${why}.`, 'unsupported_parameter');
  if (body.flag('background') === true)
    body.refuse(
      'background',
      "Unsupported parameter: 'background': this server stores no responses, so nobody could fetch this one later; leave it out, and stream if it takes long.",
      'unsupported_parameter',
    );
}

/** What is answered to who asks for a response by its id, whatever is to be done with it. */
export function notStored(id: string): Failure {
  return {
    kind: 'not-found',
    code: null,
    message: `Response with id '${id.slice(0, 200)}' not found. This server stores no responses: each has 'store': false.`,
  };
}
