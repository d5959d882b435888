import type { ModelRequest, CompletionRequest } from '../../exchange.ts';
import { goesAsItIs } from './completion-body.ts';
import { namesOf } from './parameters.ts';

/** What of a request cannot be said to a server that speaks OpenAI, by the names of the only clients that ask for it: Ollama's. */
export function unsupportedParams(request: ModelRequest): readonly string[] {
  const { params } = request;
  if (params.original !== undefined) return [];
  const cuts = params.truncate === true ? ['truncate'] : [];
  if (request.kind === 'embed') return cuts;
  // Less than nothing is no limit, which is what these servers take where none is said.
  const sampling = Object.keys(request.params.sampling).filter(
    (name) => name !== 'num_predict' && namesOf(name).length === 0,
  );
  const shifts = request.params.shift === true ? ['shift'] : [];
  return [
    ...sampling.map((name) => `options.${name}`),
    ...cuts,
    ...shifts,
    ...(request.kind === 'completion' ? unsaidOfText(request.params) : []),
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
