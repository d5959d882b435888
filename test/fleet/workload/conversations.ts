import type { Random } from '../../../src/simulation/random.ts';
import type { PrefixPart } from '../../../src/simulation/request.ts';
import type { Scenario } from '../../../src/simulation/scenario.ts';
import type { Workload } from './workload.ts';
import type { ServerSpec } from '../../../src/simulation/server/server.ts';
import { steady } from './arrivals.ts';
import { anyCaller, chat, historyOf, numbered, type Draft } from './chats.ts';
import { minutes, MINUTES, modelsOf, rateAt, serversOf } from './fleets.ts';
import { lognormal, type Lengths } from './lengths.ts';

/** The conversations of a workload. */
export interface Talk {
  /** Mean number of turns; 1 is a single request. */
  readonly turns: number;
  /** Mean time between an answer that took no time and the next turn, ms. */
  readonly pauseMs: number;
  readonly first: Lengths;
  readonly prompt: Lengths;
  readonly output: Lengths;
  /** Applications with a system prompt of their own, and the length of each. */
  readonly systems: readonly number[];
}

const MOST_TOKENS = 12_000;

/** A conversation from its start to its end. */
function conversation(random: Random, sentMs: number, talk: Talk): readonly Draft[] {
  const system = random.below(talk.systems.length);
  const caller = anyCaller(random);
  const before: readonly PrefixPart[] = [{ hash: system + 1, tokens: talk.systems[system] ?? 1 }];
  const drafts: Draft[] = [chat(random, { ...talk, prompt: talk.first, model: 'm0', sentMs, caller, before })];
  for (let last = drafts[0]; last !== undefined && random.next() < 1 - 1 / talk.turns; last = drafts.at(-1)) {
    if (last.answer.tokens > MOST_TOKENS) break;
    const nextMs = last.sentMs + random.exponential(talk.pauseMs);
    drafts.push(chat(random, { ...talk, model: 'm0', sentMs: nextMs, caller, before: historyOf(last), follows: last }));
  }
  return drafts;
}

/** Conversations with one model; the load is a part of the capacity without any cache. */
export function talking(
  random: Random,
  load: number,
  servers: readonly ServerSpec[],
  talk: Talk,
  endMs: number = minutes(MINUTES),
): Scenario {
  const models = modelsOf(random, 1);
  // Requests a second, of which each conversation has several.
  const samples = Array.from({ length: 500 }, () => conversation(random, 0, talk)).flat();
  let next = -1;
  const rate = rateAt(load, servers, models, () => {
    next += 1;
    return (
      samples[next % samples.length] ?? chat(random, { ...talk, model: 'm0', sentMs: 0, caller: anyCaller(random) })
    );
  });
  const drafts = steady(random, endMs, (rate * 500) / samples.length).flatMap((sentMs) =>
    conversation(random, sentMs, talk),
  );
  return { servers, models, requests: numbered(drafts.filter(({ sentMs }) => sentMs < endMs)), faults: [] };
}

const TURNS: Talk = {
  turns: 8,
  pauseMs: 25_000,
  first: lognormal(400, 0.8),
  prompt: lognormal(80, 0.6),
  output: lognormal(200, 0.7, 2000),
  systems: [200],
};
const SYSTEM: Talk = {
  turns: 1,
  pauseMs: 0,
  first: lognormal(150, 0.7),
  prompt: lognormal(150, 0.7),
  output: lognormal(150, 0.7, 2000),
  systems: [1500, 2000, 2500, 3000, 4000],
};
const TOOLS: Talk = {
  turns: 6,
  pauseMs: 6000,
  first: lognormal(200, 0.7),
  prompt: lognormal(300, 1),
  output: lognormal(70, 0.7, 1000),
  systems: [3000, 6000],
};

function pair(
  name: string,
  about: string,
  load: number,
  servers: number,
  slots: number,
  talk: Talk,
): readonly Workload[] {
  return [false, true].map((hasHostMemory) => ({
    name: hasHostMemory ? `${name}_ram` : name,
    about: hasHostMemory ? 'the same with a prompt cache in host memory' : about,
    class: 'conversations and shared prompts',
    scenario: (random) => talking(random, load, serversOf(servers, { slots, hasHostMemory }), talk),
  }));
}

/** Conversations and shared prompts; the load is a part of the capacity without any cache. */
export const CONVERSATIONS: readonly Workload[] = [
  ...pair('d_turns', '3 servers, conversations of 8 turns, 85 % load', 0.85, 3, 4, TURNS),
  ...pair('d_turns_few', 'the same with 2 slots', 0.75, 3, 2, TURNS),
  ...pair('d_system', '5 applications with system prompts of 1,500 to 4,000 tokens, 90 % load', 0.9, 3, 4, SYSTEM),
  ...pair('d_tools', 'tool descriptions of 3,000 and 6,000 tokens, 6 calls a task, 90 % load', 0.9, 3, 4, TOOLS),
];
