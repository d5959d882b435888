import type { Ask, CompletionRequest } from '../../exchange.ts';
import { goesAsItIs } from './completion-body.ts';
import { namesOf } from './parameters.ts';

/** What of a request cannot be said to a server that speaks OpenAI, by the names of the only clients that ask for it: Ollama's. */
export function unsaid(asks: Ask): readonly string[] {
  const { request } = asks;
  if (request.original !== undefined) return [];
  const cuts = request.truncate === true ? ['truncate'] : [];
  if (asks.kind === 'embed') return cuts;
  // Less than nothing is no limit, which is what these servers take where none is said.
  const sampling = Object.keys(asks.request.sampling).filter(
    (name) => name !== 'num_predict' && namesOf(name).length === 0,
  );
  const shifts = asks.request.shift === true ? ['shift'] : [];
  return [
    ...sampling.map((name) => `options.${name}`),
    ...cuts,
    ...shifts,
    ...(asks.kind === 'completion' ? unsaidOfText(asks.request) : []),
  ];
}

// A chat takes all but a template; where the prompt goes to the model as it is, there is no word for anything beside it.
function unsaidOfText(request: CompletionRequest): readonly string[] {
  const { template, system, format, images = [], thinking } = request;
  const besides = { system, format, images: images[0], think: thinking || undefined };
  const lost = goesAsItIs(request)
    ? Object.entries(besides).flatMap(([name, value]) => (value === undefined ? [] : [name]))
    : [];
  return [...(template === undefined ? [] : ['template']), ...lost];
}
