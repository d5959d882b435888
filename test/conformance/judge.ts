import { NotApplicable, type Case, type Group, type Target } from './case.ts';
import { describeFailure } from './failure.ts';
import { findLacking } from './lacking.ts';
import type { Options } from './options.ts';
import { wantedPackages } from './packages.ts';
import { SUITE } from './suite.ts';
import type { Row, Verdict } from './verdict.ts';

/** Time limit of a case, however slow the server, ms. */
const LIMIT_MS = 45_000;

/** Judges a server, one case after the other; `progress` gets the name of the current case. */
export async function judge({ target, client, only }: Options, progress: (line: string) => void): Promise<Verdict> {
  const chosen = SUITE.filter((group) => client === undefined || group.client === client).map((group) => ({
    ...group,
    cases: group.cases.filter((one) => only === undefined || nameOf(group, one).includes(only)),
  }));
  const lacking = await findLacking(
    target,
    new Set(chosen.filter(({ cases }) => cases.length > 0).map(({ api }) => api)),
  );
  const rows: Row[] = [];
  for (const group of chosen) {
    const refused = lacking[group.api];
    for (const one of group.cases) {
      progress(nameOf(group, one));
      rows.push({
        client: group.client,
        theme: group.theme,
        id: one.id,
        checks: one.checks,
        ...(refused === undefined
          ? await runCase(one, target)
          : { outcome: 'not offered' as const, detail: refused, ms: 0 }),
      });
    }
  }
  return {
    version: 1,
    target: { url: target.url, model: target.model, embed: target.embed ?? null },
    clients: wantedPackages(),
    lacking,
    rows,
  };
}

function nameOf(group: Group, one: Case): string {
  return `${group.client}/${group.theme}/${one.id}`;
}

async function runCase(one: Case, target: Target): Promise<Pick<Row, 'outcome' | 'detail' | 'ms'>> {
  const startedMs = performance.now();
  const passed = (): number => Math.round(performance.now() - startedMs);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const limit = setTimeout(
    () => reject(new Error(`expected an end within ${String(LIMIT_MS / 1000)} s, found none`)),
    LIMIT_MS,
  );
  try {
    await Promise.race([one.run(target), late]);
    return { outcome: 'pass', detail: '', ms: passed() };
  } catch (error) {
    if (error instanceof NotApplicable) return { outcome: 'not applicable', detail: error.message, ms: passed() };
    return { outcome: 'fail', detail: describeFailure(error), ms: passed() };
  } finally {
    clearTimeout(limit);
  }
}
