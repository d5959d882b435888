import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { createConnect } from '../../../src/remote/connect.ts';
import { findKerberos } from '../../run/kerberos.ts';
import { createKeys } from '../ssh/server.ts';
import { startSshd, WITHOUT_SSHD } from '../ssh/sshd.ts';
import { PATIENT, problemOf, targetOf, valueOf } from '../target.ts';
import { startRealm } from './kerberos-realm.ts';

const bin = findKerberos();
const skip = WITHOUT_SSHD ?? (bin === undefined ? 'there is no Kerberos server' : false);

suite('a server that takes Kerberos tickets alone', { skip }, async () => {
  const keys = await createKeys();
  after(() => keys.remove());
  const hostKey = await keys.make('host');

  test('the installed ssh logs in with a ticket, and without one the refusal has a fix', async (t) => {
    await using realm = await startRealm(bin ?? '', join(keys.folder, 'realm'), 'hxguest');
    const lines = [
      'GSSAPIAuthentication yes',
      'GSSAPIStrictAcceptorCheck no',
      'PubkeyAuthentication no',
      'KbdInteractiveAuthentication no',
    ];
    const sshd = await startSshd(
      keys.folder,
      [hostKey],
      hostKey,
      10,
      [...lines, 'PasswordAuthentication no'],
      realm.server,
    );
    t.after(() => sshd.close());
    const known = join(keys.folder, 'known');
    await writeFile(known, `[localhost]:${String(sshd.port)} ${hostKey.publicText}\n`);
    const options = ['GSSAPIAuthentication=yes', `UserKnownHostsFile=${known}`, 'IdentityFile=none'];
    const target = targetOf({
      address: 'localhost',
      port: sshd.port,
      user: 'hxguest',
      identityFiles: [],
      sshArguments: ['-F', 'none', ...options.flatMap((option) => ['-o', option])],
    });
    const environment = { PATH: process.env['PATH'], ...realm.client };
    const connect = createConnect({ home: keys.folder, userName: 'deploy', environment }, undefined, 'openssh');
    const refused = problemOf(await connect(target, PATIENT.signal));
    assert.equal(refused.code, 'host.authentication-failed');
    assert.match(refused.detail, /gssapi-with-mic/);
    realm.kinit('hxguest');
    const host = valueOf(await connect(target, PATIENT.signal));
    assert.equal(valueOf(await host.run({ argv: ['id', '-un'] }, PATIENT)).stdout, 'hxguest\n');
    await host.close();
  });
});
