import { typeName, type Body } from './body.ts';

const [MIN, MAX] = [-(2n ** 63n), 2n ** 63n - 1n];

/** Reads `seed`: a 64-bit integer, as Ollama and OpenAI have it. Beyond 2^53 it is a bigint, so that no digit is lost. */
export function readSeed(body: Body, name: string, value: unknown): number | bigint | undefined {
  if (value === undefined || Number.isSafeInteger(value)) return value as number | undefined; // a safe integer is a number
  if (typeof value !== 'bigint' && !Number.isInteger(value))
    return body.refuse(name, `Invalid type for '${name}': expected an integer, but got ${typeName(value)} instead.`);
  const seed = BigInt(value as number | bigint); // an integer is one of both
  if (seed >= MIN && seed <= MAX) return seed;
  return body.refuse(
    name,
    `Invalid '${name}': expected an integer from ${String(MIN)} to ${String(MAX)}, but got ${String(seed)}.`,
  );
}

/** The seed of the n-th choice. The numbers of 64 bits go round. */
export function nextSeed(seed: number | bigint, choice: number): number | bigint {
  const next = BigInt.asIntN(64, BigInt(seed) + BigInt(choice));
  return next >= Number.MIN_SAFE_INTEGER && next <= Number.MAX_SAFE_INTEGER ? Number(next) : next;
}
