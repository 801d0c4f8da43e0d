import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeAuthority, makeCertificate } from '../../../test/fixtures/certificate-maker.ts';
import { recordingLogger } from '../../../test/fixtures/recording-logger.ts';
import { watchAuthorityFile } from './authority-file.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'authority-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

describe('watchAuthorityFile', () => {
  it('warns about keys that are not accepted, at start and after a change', async () => {
    const file = path.join(directory, 'ca.crt');
    const good = await makeAuthority('good');
    const short = await makeCertificate({ subject: 'CN=short', authority: {}, rsaBits: 1024 });
    await writeFile(file, good.cert + short.cert);
    const { log, lines } = recordingLogger();
    const watched = await watchAuthorityFile(file, log);
    const warning = {
      level: 'warn',
      message:
        'keys of certificate authorities not accepted, rejecting certificates signed with them',
      fields: {
        source: file,
        authorities: ['"short": its RSA key has 1024 bits, expected at least 2048'],
      },
    };
    const replaced = {
      level: 'info',
      message: 'client certificate authorities replaced',
      fields: { file },
    };
    try {
      expect(lines.splice(0)).toEqual([warning]);
      await writeFile(file, good.cert);
      await expect.poll(() => watched.current().authorities.length).toBe(1);
      expect(lines.splice(0)).toEqual([replaced]);
      await writeFile(file, short.cert);
      await expect.poll(() => lines).toEqual([replaced, warning]);
    } finally {
      watched.close();
    }
  });
});
