import { Random } from './random.ts';
import { tokenize } from './tokens.ts';

/** The embedding of a text: the sum of its words' vectors. Texts with common words are near one another. */
export function embed(text: string, length: number): readonly number[] {
  const sum = Array.from({ length }, () => 0);
  for (const token of ['', ...tokenize(text.toLowerCase())]) {
    const random = new Random(`word ${token.trim()}`);
    for (let index = 0; index < length; index += 1) sum[index] = (sum[index] ?? 0) + random.next() - 0.5;
  }
  return sum;
}

/** Scales a vector to length one, in single precision with few digits. */
export function normalize(vector: readonly number[]): readonly number[] {
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => Number(Math.fround(value / Math.max(norm, 1e-12)).toPrecision(8)));
}
