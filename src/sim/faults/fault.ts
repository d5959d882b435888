import { isObject } from '../wire/json.ts';
import { Refusal } from '../wire/refusal.ts';

const KINDS = ['error', 'slow-load', 'stall', 'die', 'cut', 'reset', 'garbage', 'repeat'] as const;

/**
 * Something that goes wrong on demand.
 * `error`: the answer is `status` (500) with `message`. `slow-load`: a load takes `ms` more. `stall`: nothing is sent
 * for `ms`, or until the client leaves. `die`: the model's runner crashes. `cut` and `reset`: the connection ends by
 * FIN or RST. `garbage`: a piece that is not JSON. `repeat`: the answer ends without `done`, as for a model that repeats itself.
 */
export interface Fault {
  readonly kind: (typeof KINDS)[number];
  /** Only for this path (`/api/chat`), and only for this model (`tiny:latest`); absent: for any. */
  readonly path?: string;
  readonly model?: string;
  /** Pieces of the answer that are sent before it strikes; 0 is before the first byte, and a shorter answer is struck before its end. */
  readonly after?: number;
  /** How many requests it strikes; 0 is all of them until it is cleared. Default 1. */
  readonly times?: number;
  readonly status?: number;
  readonly message?: string;
  readonly ms?: number;
}

/** Reads a fault as `POST /sim/faults` takes it; refuses with what was wanted. */
export function readFault(body: unknown): Fault {
  if (!isObject(body)) throw new Refusal(400, 'wanted an object such as {"kind":"die","after":3}');
  const kind = KINDS.find((one) => one === body['kind']);
  if (kind === undefined)
    throw new Refusal(400, `kind: wanted one of ${KINDS.join(', ')}, seen ${JSON.stringify(body['kind'])}`);
  const unknown = Object.keys(body).find(
    (key) => !['kind', 'path', 'model', 'after', 'times', 'status', 'message', 'ms'].includes(key),
  );
  if (unknown !== undefined) throw new Refusal(400, `${unknown}: no such field of a fault`);
  const text = (key: 'path' | 'model' | 'message'): object => pick(body[key], key, 'string');
  const number = (key: 'after' | 'times' | 'status' | 'ms'): object => pick(body[key], key, 'number');
  return {
    kind,
    ...text('path'),
    ...text('model'),
    ...text('message'),
    ...number('after'),
    ...number('times'),
    ...number('status'),
    ...number('ms'),
  };
}

function pick(value: unknown, key: string, wanted: 'string' | 'number'): object {
  if (value === undefined) return {};
  if (typeof value !== wanted || (typeof value === 'number' && !(value >= 0)))
    throw new Refusal(400, `${key}: wanted a ${wanted}, seen ${JSON.stringify(value)}`);
  return { [key]: value };
}
