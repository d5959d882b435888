import { coveredTokens, createPromptCache, occupy, vacate } from '../../src/gateway/route/prompt-cache.ts';
import type { PrefixLink } from '../../src/gateway/route/work.ts';
import { Random } from '../../src/simulation/random.ts';

// node --expose-gc test/fleet/cache-memory.ts [CONVERSATIONS] [TURNS] [TOKENS OF A MESSAGE]: the memory of the prompt cache of one model on
// one backend after that many conversations, of which the newest 50 go on at any time.

const [conversations = 10_000, turns = 8, messageTokens = 150] = process.argv.slice(2).map(Number);
const SLOTS = 4;
const OPEN = 50;

const before = heapBytes();
const cache = createPromptCache();
const random = new Random(1, 'cache');
let open: { prefix: PrefixLink[]; turns: number }[] = [];
let [begun, requests, covered, asked] = [0, 0, 0, 0];
while (begun < conversations || open.length > 0) {
  while (open.length < OPEN && begun < conversations) {
    begun += 1;
    open.push({ prefix: [], turns: 0 });
  }
  const talk = open[random.below(open.length)];
  if (talk === undefined) break;
  const start = talk.prefix.at(-1)?.tokens ?? 0;
  const prompt = [...talk.prefix, { hash: random.below(2 ** 32) * 2 ** 20, tokens: start + messageTokens }];
  requests += 1;
  const request = String(requests);
  covered += coveredTokens(cache, prompt);
  asked += start + messageTokens;
  occupy(cache, { request, prefix: prompt, slotCount: SLOTS, nowMs: requests });
  vacate(cache, request, messageTokens, requests);
  talk.prefix = [...prompt, { hash: random.below(2 ** 32) * 2 ** 20, tokens: start + 2 * messageTokens }];
  talk.turns += 1;
  if (talk.turns >= turns) open = open.filter((one) => one !== talk);
}
open = [];
const kib = (heapBytes() - before) / 1024;
process.stdout.write(
  `${String(conversations)} conversations, ${String(requests)} requests: ${kib.toFixed(0)} KiB, ` +
    `${((100 * covered) / asked).toFixed(0)} % of the prompts believed to be cached\n`,
);
// Without a use after the measurement the cache would be garbage.
coveredTokens(cache, []);

function heapBytes(): number {
  if (globalThis.gc === undefined) throw new Error('Run with node --expose-gc.');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
