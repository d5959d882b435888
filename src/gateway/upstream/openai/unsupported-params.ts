import type { ModelRequest, CompletionRequest } from '../../exchange.ts';
import { hasRoundedNumber, type Json } from '../../json.ts';
import { goesAsItIs } from './completion-body.ts';
import { namesOf } from './parameters.ts';

/** Fields whose numbers are kept, are checked, or are many: of these no number beyond 2^53 has a meaning. */
const NOT_LOOKED_INTO: ReadonlySet<string> = new Set(['seed', 'messages', 'prompt', 'input']);

/**
 * Parameters of a request that an OpenAI-compatible server has no words for, by Ollama's names: only Ollama's clients send them. Besides
 * those, in any dialect, with a number that does not reach the server digit by digit.
 */
export function unsupportedParams(request: ModelRequest): readonly string[] {
  const { params } = request;
  if (params.original !== undefined) return roundedFields(params.original);
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
    ...(hasRoundedNumber(request.params.format) ? [request.params.formatName ?? 'response_format'] : []),
    ...(request.kind === 'chat' && hasRoundedNumber(request.params.tools) ? ['tools'] : []),
  ];
}

function roundedFields(original: Json): readonly string[] {
  return Object.keys(original).filter((name) => !NOT_LOOKED_INTO.has(name) && hasRoundedNumber(original[name]));
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
