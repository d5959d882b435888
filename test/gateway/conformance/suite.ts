import { describe, test } from 'node:test';
import { CHAT } from './cases/chat.ts';
import { COMPLETIONS } from './cases/completions.ts';
import { EMBEDDINGS } from './cases/embeddings.ts';
import { ERRORS } from './cases/errors.ts';
import { MODELS } from './cases/models.ts';
import { STREAMING } from './cases/streaming.ts';
import { STRUCTURE } from './cases/structure.ts';
import { TOOLS } from './cases/tools.ts';
import type { Case, Target } from './target.ts';

const SUITE: Readonly<Record<string, readonly Case[]>> = { chat: CHAT, streaming: STREAMING, tools: TOOLS, 'structured output': STRUCTURE, completions: COMPLETIONS, embeddings: EMBEDDINGS, models: MODELS, errors: ERRORS };

/** Checks a target, which need not be there before the first case runs; `skip` says why it is left out. */
export function checkConformance(target: () => Target, skip: string | false = false): void {
  for (const [subject, cases] of Object.entries(SUITE)) {
    describe(subject, () => {
      for (const one of cases) {
        test(one.name, { skip, timeout: 60_000 }, async (t) => {
          if (one.needs !== undefined && target()[one.needs] === undefined) t.skip(`the target names no model for ${one.needs}`);
          else await one.check(target());
        });
      }
    });
  }
}
