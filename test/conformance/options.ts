import { parseArgs } from 'node:util';
import { CLIENTS, type Client, type Target } from './case.ts';

/** The parsed command line. */
export interface Options {
  readonly target: Target;
  /** Run only this client's cases. */
  readonly client: Client | undefined;
  /** Run only cases whose `client/theme/id` contains this. */
  readonly only: string | undefined;
  readonly json: boolean;
}

export const USAGE = `usage: npm run test:conformance -- --url URL --model MODEL [--key KEY] [--embed-model MODEL]
         [--client ${CLIENTS.join('|')}] [--only PATTERN] [--json]`;

/** Parses the command line; returns a sentence if it is wrong. */
export function readOptions(argv: readonly string[]): Options | string {
  const text = { type: 'string' } as const;
  let values;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        url: text,
        key: text,
        model: text,
        'embed-model': text,
        client: text,
        only: text,
        json: { type: 'boolean' },
      },
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { url, key = 'none', model, client: named, only, json = false } = values;
  if (url === undefined || model === undefined) return '--url and --model are needed';
  if (!URL.canParse(url)) return `--url: expected an address like http://127.0.0.1:4000, found ${url}`;
  const client = CLIENTS.find((one) => one === named);
  if (named !== undefined && client === undefined)
    return `--client: expected one of ${CLIENTS.join(', ')}, found ${named}`;
  const target = { url: url.replace(/\/+$/, '').replace(/\/v1$/, ''), key, model, embed: values['embed-model'] };
  return { target, client, only, json };
}
