import { createConnect } from '../../../src/remote/connect.ts';
import type { Target } from '../../../src/core/host.ts';

/** A program that connects and runs a command that stays, for a test that kills it: its argument is the target as JSON. */
const target = JSON.parse(process.argv[2] ?? '') as Target; // from the test beside this file
const person = { home: '/nonexistent', userName: 'ada', environment: { ...process.env } };
const { signal } = new AbortController();
const host = await createConnect(person, undefined, 'openssh')(target, signal);
if (!host.ok) throw new Error(JSON.stringify(host.problems));
const stays = host.value.run(
  { argv: ['cat'], stdin: new ReadableStream<Uint8Array>() },
  { signal, timeoutMs: 600_000 },
);
const ran = await host.value.run({ argv: ['echo', 'connected'] }, { signal, timeoutMs: 60_000 });
process.stdout.write(ran.ok ? ran.value.stdout : JSON.stringify(ran.problems));
await stays;
