import fc from 'fast-check';

type Step = string | number;

/** A place in a document, and what is done to it. */
export interface Mutation {
  readonly at: number;
  readonly how: 'replace' | 'delete' | 'wrap' | 'repeat';
  readonly value: unknown;
}

const NASTY: readonly unknown[] = [
  null,
  '',
  ' ',
  0,
  -1,
  1e308,
  -1e308,
  0.1,
  2 ** 53,
  true,
  [],
  {},
  [[]],
  [null],
  '\u0000',
  '\ud800',
  '__proto__',
  'constructor',
  'data:image/png;base64,',
  'x'.repeat(10_000),
  { type: 'function' },
  { type: 'text' },
  { role: 'user' },
  Array.from({ length: 200 }, () => 'a'),
];

/** Mutations of any document. */
export const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(10_000),
  how: fc.constantFrom<Mutation['how']>('replace', 'replace', 'replace', 'delete', 'wrap', 'repeat'),
  value: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  ),
});

/** A document with something changed in it, as text; `undefined` members go, as in JSON. */
export function mutated(document: unknown, mutations: readonly Mutation[]): string {
  // A copy of JSON is of the same shape.
  const root = { document: JSON.parse(JSON.stringify(document)) as unknown };
  for (const { at, how, value } of mutations) {
    const deployments = placesOf(root, []);
    const place = deployments[at % deployments.length];
    if (place !== undefined) change(place, how, value);
  }
  return JSON.stringify(root.document) ?? '';
}

interface DeploymentState {
  readonly owner: Record<Step, unknown>;
  readonly step: Step;
}

function placesOf(value: unknown, deployments: DeploymentState[]): DeploymentState[] {
  if (typeof value !== 'object' || value === null) return deployments;
  const owner = value as Record<Step, unknown>; // an object or an array: both are read and written by their steps
  for (const step of Object.keys(value)) {
    deployments.push({ owner, step });
    placesOf(owner[step], deployments);
  }
  return deployments;
}

function change({ owner, step }: DeploymentState, how: Mutation['how'], value: unknown): void {
  if (how === 'replace') owner[step] = structuredClone(value);
  else if (how === 'delete') Reflect.deleteProperty(owner, step);
  else if (how === 'wrap') owner[step] = [owner[step]];
  else owner[typeof value === 'string' ? value : 'again'] = structuredClone(owner[step]);
}

/** Text with some of its bytes changed, or cut off. */
export const damage: fc.Arbitrary<(text: string) => Buffer> = fc
  .record({
    deployments: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
    keep: fc.option(fc.nat(), { nil: undefined, freq: 3 }),
  })
  .map(({ deployments, keep }) => (text) => {
    const bytes = Buffer.from(text);
    for (const [at, byte] of deployments) if (bytes.length > 0) bytes[at % bytes.length] = byte;
    return keep === undefined || bytes.length === 0 ? bytes : bytes.subarray(0, keep % bytes.length);
  });
