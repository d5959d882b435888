import type { ModelRequest, CompletionRequest } from '../../exchange.ts';
import { goesAsItIs } from './completion-body.ts';
import { namesOf } from './parameters.ts';

/**
 * Parameters of a request that an OpenAI-compatible server has no words for, by Ollama's names: only Ollama's clients send them.
 */
export function unsupportedParams(request: ModelRequest): readonly string[] {
  const { params } = request;
  if (params.original !== undefined) return [];
  const cuts = params.truncate === true ? ['truncate'] : [];
  if (request.kind === 'embed') return cuts;
  // A negative limit means none, which is these servers' default.
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

// A chat takes everything but a template; a raw prompt takes nothing beside it.
function unsaidOfText(request: CompletionRequest): readonly string[] {
  const { template, system, format, images = [], thinking } = request;
  const besides = { system, format, images: images[0], think: thinking || undefined };
  const lost = goesAsItIs(request)
    ? Object.entries(besides).flatMap(([name, value]) => (value === undefined ? [] : [name]))
    : [];
  return [...(template === undefined ? [] : ['template']), ...lost];
}
