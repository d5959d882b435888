import { at, backendOf, jsonOf, replyOf, type Exchange } from './exchange.ts';
import { medianOf } from './percentile.ts';
import { tokensPerSecond } from './ramp/figures.ts';

/** Fewer tokens say nothing about speed. */
const LEAST_TOKENS = 4;

/** How fast a server wrote for one client. */
export interface ServerRate {
  readonly server: string;
  readonly alias: string;
  /** Tokens a second, the median of its answers. */
  readonly rate: number;
}

/** The speed of each server with each alias, from whole answers that say how long writing them took. */
export function ratesOf(exchanges: readonly (Exchange | undefined)[]): readonly ServerRate[] {
  const rates = exchanges.flatMap((exchange) => {
    const [reply, server, alias] = [replyOf(exchange), backendOf(exchange), at(exchange?.asked.body, 'model')];
    if (reply === undefined || server === undefined || typeof alias !== 'string') return [];
    const writing = /(?:^|[\s,])decode;dur=([\d.]+)/.exec(reply.headers['server-timing'] ?? '')?.[1];
    const tokens = at(jsonOf(reply), 'usage', 'completion_tokens');
    return writing === undefined || typeof tokens !== 'number' || tokens < LEAST_TOKENS
      ? []
      : [{ server, alias, rate: tokensPerSecond(tokens, Number(writing)) }];
  });
  return [...Map.groupBy(rates, ({ server, alias }) => JSON.stringify([server, alias])).values()].flatMap((all) => {
    const [first, rate] = [all[0], medianOf(all.map((one) => one.rate))];
    return first === undefined || rate === undefined ? [] : [{ ...first, rate }];
  });
}
