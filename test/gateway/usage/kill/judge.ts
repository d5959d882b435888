import assert from 'node:assert/strict';
import { rowsIn, sumsIn, type SeenRow } from '../stage.ts';
import { plannedOf, type Seen, type Served } from './plan.ts';

/**
 * Compares what a client saw and what the servers counted with the rows and the sums. Returns a line about it.
 *
 * A kill loses what the servers had counted of answers whose row was not written: so the sums of rows are those of the servers without the
 * requests whose row says `lost`, and of these there are at most as many as were open when a gateway was killed.
 */
export function judge(state: string, seen: readonly Seen[], served: readonly Served[], kills: number): string {
  const rows = rowsIn(state);
  const byUser = Map.groupBy(rows, ({ end_user }) => end_user);
  const servedBy = Map.groupBy(served, ({ number }) => number);
  const wrong: string[] = [];
  const expect = (what: string, one: Seen, holds: boolean): void => {
    const its = [byUser.get(`u${String(one.number)}`) ?? [], servedBy.get(one.number) ?? []];
    if (!holds) wrong.push(`${what}: ${JSON.stringify([one, plannedOf(one.number), ...its])}`);
  };
  for (const one of seen) {
    const found = byUser.get(`u${String(one.number)}`) ?? [];
    const servings = servedBy.get(one.number) ?? [];
    expect('more than one row', one, found.length <= 1);
    expect('no row', one, found.length === 1 || servings.length === 0);
    const [row] = found;
    if (row === undefined) {
      expect('an answer without a row', one, one.outcome === 'cut');
      continue;
    }
    expect('another id', one, one.id === '' || row.id === one.id);
    expect('wrong', one, isRight(one, row, servings));
  }
  assert.deepEqual(wrong.slice(0, 5), [], `${String(wrong.length)} are wrong`);
  assert.equal(byUser.size, rows.length);

  const lost = rows.filter((row) => row.ended === 'lost');
  const cut = seen.filter(({ outcome }) => outcome === 'cut');
  assert.ok(lost.length <= cut.length + seen.filter(({ outcome }) => outcome === 'left').length);
  const kept = new Set(rows.filter((row) => row.ended !== 'lost').map(({ end_user }) => end_user));
  const counted = served.filter(({ number }) => kept.has(`u${String(number)}`));
  // An answer without a last line is counted by the pieces that its server has written.
  const tokensOf = (one: Served): number => one.completionTokens || one.pieces;
  assert.equal(
    sum(rows, (row) => row.completion_tokens),
    sum(counted, tokensOf),
    'tokens of rows, and of the servers',
  );
  const exact = new Set(served.filter((one) => one.completionTokens > 0).map(({ number }) => `u${String(number)}`));
  assert.equal(
    sum(
      rows.filter(({ end_user }) => exact.has(String(end_user))),
      (row) => row.prompt_tokens,
    ),
    sum(counted, (one) => one.promptTokens),
    'prompt tokens of rows, and of the servers',
  );
  for (const dimension of ['day', 'key', 'model', 'backend'])
    assert.deepEqual(total(sumsIn(state, dimension)), {
      requests: rows.length,
      lost: lost.length,
      prompt_tokens: sum(rows, (row) => row.prompt_tokens),
      completion_tokens: sum(rows, (row) => row.completion_tokens),
    });
  const of = (ended: string): string => String(rows.filter((row) => row.ended === ended).length);
  const endings = ['answered', 'client-left', 'cut', 'lost', 'failed', 'refused'].map(
    (ended) => `${of(ended)} ${ended}`,
  );
  return `${String(kills)} kills: ${String(seen.length)} sent, ${String(cut.length)} cut, ${String(rows.length)} rows: ${endings.join(', ')}`;
}

function isRight(one: Seen, row: SeenRow, servings: readonly Served[]): boolean {
  const { kind, pieces } = plannedOf(one.number);
  const [serving] = servings;
  if (row.ended === 'lost') return one.outcome !== 'read' && row.completion_tokens === 0 && row.prompt_tokens === 0;
  if (servings.length !== 1 || serving === undefined) return false;
  const isCounted = row.completion_tokens === serving.completionTokens && row.prompt_tokens === serving.promptTokens;
  if (kind === 'whole' && row.ended === 'answered')
    return (
      isCounted &&
      (one.outcome !== 'read' ||
        (one.completionTokens === row.completion_tokens && one.promptTokens === row.prompt_tokens))
    );
  // A part is counted by its pieces, as the server wrote them.
  const isPart = row.completion_tokens === pieces && serving.pieces === pieces;
  if (kind === 'left') return row.ended === 'client-left' && isPart;
  return kind === 'broken' && row.ended === 'cut' && isPart;
}

function sum<T>(list: readonly T[], of: (one: T) => number): number {
  return list.reduce((all, one) => all + of(one), 0);
}

function total(sums: readonly Readonly<Record<string, unknown>>[]): Readonly<Record<string, number>> {
  const names = ['requests', 'lost', 'prompt_tokens', 'completion_tokens'];
  return Object.fromEntries(names.map((name) => [name, sum(sums, (one) => Number(one[name]))]));
}
