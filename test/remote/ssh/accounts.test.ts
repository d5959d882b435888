import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { after, before, suite, test } from 'node:test';
import type { Problem } from '../../../src/core/problem.ts';
import { ask } from '../../../src/facts/ask.ts';
import type { Question } from '../../../src/facts/question.ts';
import { createConnect } from '../../../src/remote/connect.ts';
import { TRANSPORTS } from '../../../src/remote/transport.ts';
import { PATIENT, targetOf } from '../target.ts';
import { createKeys } from './server.ts';
import { startSshd, WITHOUT_SSHD, type Sshd } from './sshd.ts';

const skip = WITHOUT_SSHD ?? (userInfo().uid === 0 ? false : 'only root can give sshd accounts');

for (const transport of TRANSPORTS)
  suite(`accounts of a host over ${transport}, on OpenSSH’s own server`, { skip }, async () => {
    const keys = await createKeys();
    const [hostKey, clientKey] = [await keys.make('host'), await keys.make('client')];
    const person = { home: keys.folder, userName: 'deploy', environment: { PATH: process.env['PATH'] } };
    const connect = createConnect(person, undefined, transport);
    const known = join(keys.folder, 'known');
    let [plain, forced, pam]: (Sshd | undefined)[] = [];

    before(async () => {
      plain = await startSshd(keys.folder, [hostKey], clientKey);
      forced = await startSshd(keys.folder, [hostKey], clientKey, 10, ['ForceCommand echo only backups here']);
      pam = await startSshd(keys.folder, [hostKey], clientKey, 10, ['UsePAM yes']);
      const lines = [plain, forced, pam].map(({ port }) => `[127.0.0.1]:${String(port)} ${hostKey.publicText}\n`);
      await writeFile(known, lines.join(''));
    });

    after(async () => {
      await plain?.close();
      await forced?.close();
      await pam?.close();
      await keys.remove();
    });

    const question = (script: string): Question<string> => ({ script, as: 'user', parse: ({ stdout }) => stdout });

    /** Asks as preflight does: 80 backends with long URLs, more than a command line holds. */
    async function asked(user: string, sshd = plain): Promise<Readonly<Record<string, unknown>> | Problem> {
      const target = targetOf({
        port: sshd?.port,
        user,
        identityFiles: [clientKey.file],
        sshArguments: ['-F', 'none', '-o', `UserKnownHostsFile=${known}`, '-o', 'IdentityFile=none'],
      });
      const host = await connect(target, PATIENT.signal);
      if (!host.ok) return host.problems[0];
      const backends = Array.from({ length: 80 }, (_, n) => [
        `backend${String(n)}`,
        { ...question('printf "%s" "${#1} it\'s !here"'), arguments: ['x'.repeat(3000)] },
      ]);
      const found = await ask(host.value, Object.fromEntries(backends) as Record<string, Question<string>>, 'nonce-9', {
        ...PATIENT,
        become: 'none',
      });
      await host.value.close();
      return found.ok ? found.value : found.problems[0];
    }

    for (const user of ['hxguest', 'hxtcsh', 'hxfish', 'hxzsh', 'hxksh', 'hxdash', 'hxnoise'])
      test(`${user} answers 80 questions`, async (t) => {
        const shell = user.slice(2);
        if (['tcsh', 'fish', 'zsh', 'ksh'].includes(shell) && !existsSync(`/usr/bin/${shell}`))
          return t.skip(`${shell} is not installed`);
        const found = await asked(user);
        assert.deepEqual(
          found,
          Object.fromEntries(
            Array.from({ length: 80 }, (_, n) => [`backend${String(n)}`, { known: true, value: "3000 it's !here" }]),
          ),
        );
        return undefined;
      });

    for (const [user, summary, detail, fix] of [
      ['hxnologin', /the account may not log in/, /not available/, /usermod -s \/bin\/bash hxnologin/],
      ['hxexpired', /password has expired/, /expired|change/i, /chage .*hxexpired/],
      ['hxrc', /ended without a word/, /no output/, /~hxrc\/\.bashrc/],
      ['forced', /another command than bash answered/, /only backups here/, /ForceCommand/],
    ] as const)
      test(`${user} cannot answer, and the Problem has the host’s words and a fix`, async () => {
        const problem = await (user === 'forced'
          ? asked('hxguest', forced)
          : asked(user, user === 'hxexpired' ? pam : plain));
        assert.ok('summary' in problem && 'fix' in problem, JSON.stringify(problem).slice(0, 500));
        const [text, said, command] = [String(problem.summary), String(problem['detail']), String(problem.fix)];
        assert.match(text, summary);
        assert.match(said, detail);
        assert.match(command, fix);
      });
  });
