import type { Ask } from '../../exchange.ts';
import { namesOf } from './parameters.ts';

/** What of a request cannot be said to a server that speaks OpenAI, by the names of the only clients that ask for it: Ollama's. */
export function unsaid(asks: Ask): readonly string[] {
  const { request } = asks;
  if (request.original !== undefined) return [];
  const cuts = request.truncate === true ? ['truncate'] : [];
  if (asks.kind === 'embed') return cuts;
  // Less than nothing is no limit, which is what these servers take where none is said.
  const sampling = Object.keys(asks.request.sampling).filter((name) => name !== 'num_predict' && namesOf(name).length === 0);
  const shifts = asks.request.shift === true ? ['shift'] : [];
  const own = asks.kind === 'completion' && asks.request.template !== undefined ? ['template'] : [];
  return [...sampling.map((name) => `options.${name}`), ...cuts, ...shifts, ...own];
}
