import assert from 'node:assert/strict';
import type { Running } from '../running.ts';

/**
 * Lets clients of each alias ask one chat after the other, every second one as a stream, for a time, and until there are
 * `atLeast` answers and `isEnough`. Returns the number of answers by alias. Every response is 200.
 */
export async function shareAnswers(
  gateway: Running,
  aliases: readonly string[],
  {
    clients,
    ms,
    atLeast = 0,
    isEnough = () => Promise.resolve(true),
  }: {
    readonly clients: number;
    readonly ms: number;
    readonly atLeast?: number;
    readonly isEnough?: () => Promise<boolean>;
  },
): Promise<ReadonlyMap<string, number>> {
  const answers = new Map(aliases.map((alias) => [alias, 0]));
  const endMs = performance.now() + ms;
  let all = 0;
  const ask = async (model: string, stream: boolean): Promise<void> => {
    while (performance.now() < endMs || all < atLeast || !(await isEnough())) {
      const response = await gateway.chat({ model, stream, max_tokens: 8 });
      const text = await response.text();
      assert.equal(response.status, 200, text);
      assert.ok(!text.includes('"error"'), text);
      all += 1;
      answers.set(model, (answers.get(model) ?? 0) + 1);
    }
  };
  await Promise.all(
    aliases.flatMap((alias) => Array.from({ length: clients }, (_, client) => ask(alias, client % 2 === 1))),
  );
  return answers;
}
