import { after, before, describe, test } from 'node:test';
import { CONTRACT } from '../ollama/contract.ts';
import { startRealOllama, whyNoRealOllama, type RealServer } from './ollama-server.ts';

const skip = whyNoRealOllama();

describe('the real Ollama', () => {
  let server: RealServer;
  if (skip === false) {
    before(async () => {
      server = await startRealOllama();
    });
    after(() => server.close());
  }

  for (const [subject, cases] of Object.entries(CONTRACT)) {
    describe(subject, () => {
      for (const one of cases) test(one.name, { skip, timeout: 60_000 }, () => one.check(server));
    });
  }
});
