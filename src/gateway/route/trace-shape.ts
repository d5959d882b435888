/**
 * The shape of a value in a trace. `count`: a number from 0 on; `time`: a number that may be infinite; with `?` the value may be missing. A
 * list has one shape for all of its values, and a record one for each key; it may have other keys.
 */
type Shape = Simple | `${Simple}?` | readonly [Shape] | { readonly [key: string]: Shape } | Optional;
type Simple = 'text' | 'yes' | 'count' | 'number' | 'time' | 'record';

/** A list or a record that may be missing. */
class Optional {
  readonly shape: Shape;
  constructor(shape: Shape) {
    this.shape = shape;
  }
}

const MOST_COUNT = Number.MAX_SAFE_INTEGER;

/** Whether a value has a shape. */
export function hasShape(value: unknown, shape: Shape): boolean {
  if (shape instanceof Optional) return value === undefined || hasShape(value, shape.shape);
  if (typeof shape === 'string') return isSimple(value, shape);
  if (isList(shape)) return Array.isArray(value) && value.every((one) => hasShape(one, shape[0]));
  return isRecord(value) && Object.entries(shape).every(([key, of]) => hasShape(value[key], of));
}

/** Whether a value is an object with keys. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSimple(value: unknown, shape: Simple | `${Simple}?`): boolean {
  switch (shape) {
    case 'text':
      return typeof value === 'string';
    case 'yes':
      return typeof value === 'boolean';
    case 'count':
      return typeof value === 'number' && value >= 0 && value <= MOST_COUNT;
    case 'number':
      return typeof value === 'number' && Math.abs(value) <= MOST_COUNT;
    case 'time':
      return typeof value === 'number' && (value === Infinity || Math.abs(value) <= MOST_COUNT);
    case 'record':
      return isRecord(value);
    case 'text?':
    case 'yes?':
    case 'count?':
    case 'number?':
    case 'time?':
    case 'record?':
      return value === undefined || isSimple(value, simpleOf(shape));
  }
}

function simpleOf(shape: `${Simple}?`): Simple {
  // The type of slice() is any text.
  return shape.slice(0, -1) as Simple;
}

function isList(shape: readonly [Shape] | { readonly [key: string]: Shape }): shape is readonly [Shape] {
  return Array.isArray(shape);
}

/** The fleet of a configuration. */
export const SPEC: Shape = {
  backends: [{ url: 'text', managed: 'yes?', slots: 'count?', room: 'count?', drained: 'yes?' }],
  deployments: [
    {
      id: 'text',
      backend: 'text',
      weight: 'count',
      model: 'text',
      runnerKey: 'text',
      single: 'yes?',
      order: 'number?',
      rpm: 'count?',
      tpm: 'count?',
      cooldownMs: 'time?',
    },
  ],
  aliases: new Optional(['text']),
};

/** The stated parts of a policy. */
export const POLICY: Shape = { strategy: 'text?', longestQueue: 'time?', allowedFails: 'time?', cooldownMs: 'time?' };

const WORK: Shape = {
  promptTokens: 'count',
  maxTokens: 'count?',
  prefix: [{ hash: 'number', tokens: 'count' }],
  key: 'text',
  user: 'text?',
  batch: 'yes',
  startsWhenRead: 'yes?',
};

/** The parts of each kind of event. */
export const EVENTS: ReadonlyMap<unknown, Shape> = new Map<string, Shape>([
  [
    'arrived',
    {
      request: 'text',
      queue: 'text',
      deployments: ['text'],
      tried: ['text'],
      sinceMs: 'time',
      maxWaitMs: 'time',
      untilMs: 'time',
      loadedMs: 'time',
      work: new Optional(WORK),
    },
  ],
  ['left', { request: 'text' }],
  ['started', { lease: 'text' }],
  [
    'released',
    {
      lease: 'text',
      result: 'text',
      observation: new Optional({
        promptBytes: 'count',
        prefillMs: 'count?',
        insideMs: 'count?',
        tokens: 'count?',
        promptTokens: 'count?',
        outTokens: 'count?',
        decodeMs: 'count?',
        firstMs: 'count?',
      }),
    },
  ],
  ['probed', { backend: 'text', alive: 'yes' }],
  [
    'listed',
    {
      backend: 'text',
      listing: {
        models: [{ name: 'text', context: 'count?', family: 'text?', sizeBytes: 'count?', vramBytes: 'count?' }],
        askedMs: 'time',
      },
    },
  ],
  ['loaded', { replica: 'text', result: 'text' }],
  ['tested', { replica: 'text' }],
  ['reconfigured', { spec: SPEC, policy: POLICY }],
  ['resized', { runnerKeys: [['text']] }],
  ['delegated', { isOn: 'yes' }],
  [
    'adopted',
    {
      request: 'text',
      deployment: 'text',
      queue: 'text',
      work: WORK,
      sinceMs: 'time',
      assignedMs: 'time',
      reason: 'text',
    },
  ],
  [
    'told',
    {
      facts: {
        spec: SPEC,
        replicas: [
          {
            id: 'text',
            runner: 'text?',
            abandonedPrefills: [{ untilMs: 'time', expectedMs: 'time' }],
            rates: { prefill: 'count?', decode: 'count?', samples: 'count' },
            speed: { bytesPerMs: 'count?', serviceMs: 'count?', loadMs: 'count?' },
          },
        ],
        deployments: [{ id: 'text', rateWindow: { sinceMs: 'time', requests: 'count', tokens: 'count' } }],
        loads: [{ deployment: 'text', sinceMs: 'time' }],
      },
    },
  ],
  ['ticked', {}],
]);

/** A line of a trace, without the parts of its event. */
export const STEP: Shape = {
  t: 'number',
  event: 'record',
  random: new Optional(['number']),
  decisions: new Optional(['record']),
};
