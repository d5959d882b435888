import assert from 'node:assert/strict';
import fc from 'fast-check';

type Step = string | number;

/** One change to a document, and the position where it is made. */
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

/** The JSON of a document after the mutations; members that become `undefined` are left out, as in JSON. */
export function mutated(document: unknown, mutations: readonly Mutation[]): string {
  // the copy of a JSON value has the same shape
  const root = { document: JSON.parse(JSON.stringify(document)) as unknown };
  for (const { at, how, value } of mutations) {
    const locations = locationsOf(root, []);
    const location = locations[at % locations.length];
    if (location !== undefined) change(location, how, value);
  }
  return JSON.stringify(root.document) ?? '';
}

interface Location {
  readonly owner: Record<Step, unknown>;
  readonly step: Step;
}

function locationsOf(value: unknown, locations: Location[]): Location[] {
  if (typeof value !== 'object' || value === null) return locations;
  const owner = value as Record<Step, unknown>; // an object or an array: both are read and written by key
  for (const step of Object.keys(value)) {
    locations.push({ owner, step });
    locationsOf(owner[step], locations);
  }
  return locations;
}

function change({ owner, step }: Location, how: Mutation['how'], value: unknown): void {
  if (how === 'replace') owner[step] = structuredClone(value);
  else if (how === 'delete') Reflect.deleteProperty(owner, step);
  else if (how === 'wrap') owner[step] = [owner[step]];
  // An array's `length` takes numbers alone, and JSON has no such key of arrays.
  else owner[typeof value === 'string' && value !== 'length' ? value : 'again'] = structuredClone(owner[step]);
}

/** The text with some of its bytes changed, or cut off. */
export const damage: fc.Arbitrary<(text: string) => Buffer> = fc
  .record({
    byteChanges: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
    keep: fc.option(fc.nat(), { nil: undefined, freq: 3 }),
  })
  .map(({ byteChanges, keep }) => (text) => {
    const bytes = Buffer.from(text);
    for (const [at, byte] of byteChanges) if (bytes.length > 0) bytes[at % bytes.length] = byte;
    return keep === undefined || bytes.length === 0 ? bytes : bytes.subarray(0, keep % bytes.length);
  });

/** Carries out a body, and says whether it was read or refused; it throws if the body was handled wrongly. */
type Carry = (bytes: Buffer) => 'read' | 'refused';

/** Carries out a body with one to three mutations in each run. Both outcomes must be frequent, so that the runs say something. */
export function checkMutations(whole: object, numRuns: number, carry: Carry): void {
  const body = fc
    .array(mutation, { minLength: 1, maxLength: 3 })
    .map((mutations) => Buffer.from(mutated(whole, mutations)));
  const outcomes = { read: 0, refused: 0 };
  fc.assert(
    fc.property(body, (bytes) => {
      outcomes[carry(bytes)] += 1;
    }),
    { numRuns },
  );
  assert.ok(outcomes.read > numRuns / 20 && outcomes.refused > numRuns / 20, JSON.stringify(outcomes));
}

/** Carries out a body with damaged bytes, in a thousand runs. */
export function checkDamage(whole: object, carry: Carry): void {
  const text = JSON.stringify(whole);
  fc.assert(
    fc.property(damage, (damaged) => {
      carry(damaged(text));
    }),
    { numRuns: 1000 },
  );
}
