import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import ssh2 from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Fault } from '../../src/base/fault.ts';
import { Secret } from '../../src/base/secret.ts';
import type { Shell } from '../../src/ports.ts';
import { fingerprint } from '../../src/transport/ssh/known-hosts.ts';
import type { SshSettings } from '../../src/transport/ssh/settings.ts';
import { connectSsh } from '../../src/transport/ssh.ts';
import { needs } from '../needs.ts';
import { faultOf, within } from './kit/shell-suite.ts';
import { startAgent, type TestAgent } from './kit/ssh-agent.ts';
import { allow, type KeyPair, makeKey, settingsFor, startSshd, type TestSshd } from './kit/sshd.ts';

const { Server, utils } = ssh2;

const PASSPHRASE = 'correct horse battery staple';
const WRONG = 'tr0ub4dor & 3';

needs('sshd', 'ssh')('a login', () => {
  let sshd: TestSshd;
  let agent: TestAgent;
  let encrypted: KeyPair;
  let stranger: KeyPair;
  /** An ssh_config without the key files of whoever runs this. */
  let noKeys: string;
  const faults: Fault[] = [];

  beforeAll(async () => {
    sshd = await startSshd({ config: ['MaxAuthTries 4'] });
    agent = await startAgent();
    encrypted = await makeKey(join(sshd.folder, 'encrypted'), { passphrase: PASSPHRASE });
    stranger = await makeKey(join(sshd.folder, 'stranger'));
    allow(sshd, encrypted);
    noKeys = join(sshd.folder, 'no-keys');
    writeFileSync(noKeys, `IdentityFile ${join(sshd.folder, 'none')}\nIdentityFile ${join(sshd.folder, 'nor-this')}\n`);
  });
  afterAll(async () => {
    await agent?.stop();
    await sshd?.stop();
  });
  afterEach(() => agent?.empty());

  type Env = Readonly<Record<string, string>>;
  async function works(settings: Partial<SshSettings>, env: Env = {}): Promise<void> {
    const shell = await connectSsh(settingsFor(sshd, settings), {
      deadline: within(),
      env: { ...process.env, ...env },
    });
    expect((await shell.run(['echo', 'in'], { deadline: within() })).stdout).toBe('in\n');
    await shell.close();
  }
  async function fails(settings: Partial<SshSettings>, env: NodeJS.ProcessEnv = {}): Promise<Fault> {
    const fault = await faultOf(connectSsh(settingsFor(sshd, settings), { deadline: within(), env }));
    faults.push(fault);
    return fault;
  }
  const steady = (text: string | undefined): string =>
    (text ?? '')
      .replaceAll(sshd.folder, 'FOLDER')
      .replaceAll(agent.socket, 'SOCKET')
      .replaceAll(sshd.user, 'USER')
      .replaceAll(stranger.fingerprint, 'SHA256:STRANGER')
      .replaceAll(encrypted.fingerprint, 'SHA256:ENCRYPTED')
      .replaceAll(sshd.userKey.fingerprint, 'SHA256:OURS');

  test.each([
    ['ed25519', undefined],
    ['ecdsa', undefined],
    ['rsa', undefined],
    ['rsa', 'PEM'],
  ] as const)('works with a key file: %s %s', async (type, format) => {
    const file = join(sshd.folder, `key_${type}_${format}`);
    const key = await makeKey(file, { type, ...(format === undefined ? {} : { format }) });
    allow(sshd, key);
    await works({ key: key.file });
  });

  test('works with an encrypted key and its passphrase', async () => {
    await works({ key: encrypted.file, passphrase: new Secret(PASSPHRASE) });
    // The second time it is unlocked already; the wrong passphrase is wrong all the same.
    await works({ key: encrypted.file, passphrase: new Secret(PASSPHRASE) });
  });

  test('works with an encrypted key in the older format', async () => {
    const key = await makeKey(join(sshd.folder, 'pem'), { type: 'rsa', format: 'PEM', passphrase: PASSPHRASE });
    allow(sshd, key);
    await works({ key: key.file, passphrase: new Secret(PASSPHRASE) });
    expect((await fails({ key: key.file, passphrase: new Secret(WRONG) })).code).toBe('ssh.passphrase-wrong');
  });

  test('ends before the host is spoken to when the passphrase is wrong or missing', async () => {
    const wrong = await fails({ key: encrypted.file, passphrase: new Secret(WRONG), port: 1 });
    expect(wrong.code).toBe('ssh.passphrase-wrong');
    expect(steady(`${wrong.message}. ${wrong.hint}`)).toMatchInlineSnapshot(
      `"127.0.0.1: key FOLDER/encrypted: the passphrase is wrong. Try it by hand: ssh-keygen -y -f FOLDER/encrypted"`,
    );
    const missing = await fails({ key: encrypted.file, port: 1 });
    expect(missing.code).toBe('ssh.key-encrypted');
    expect(steady(`${missing.message}. ${missing.hint}`)).toMatchInlineSnapshot(
      `"127.0.0.1: key FOLDER/encrypted is encrypted, and there is no passphrase for it. Set ssh.passphrase, or load the key into an agent: ssh-add."`,
    );
  });

  test('says what is wrong with a key file', async () => {
    const open = join(sshd.folder, 'open');
    copyFileSync(stranger.file, open);
    chmodSync(open, 0o644);
    const noKey = join(sshd.folder, 'no-key');
    writeFileSync(noKey, 'hello', { mode: 0o600 });
    const found = [
      await fails({ key: join(sshd.folder, 'absent') }),
      await fails({ key: open }),
      await fails({ key: `${stranger.file}.pub` }),
      await fails({ key: noKey }),
      await fails({ key: sshd.folder }),
    ];
    expect(found.map((fault) => steady(`${fault.code}: ${fault.message}`)).join('\n')).toMatchInlineSnapshot(`
      "ssh.key-missing: 127.0.0.1: key FOLDER/absent is not there
      ssh.key-open: 127.0.0.1: key FOLDER/open can be read by others (mode 0644)
      ssh.key-unsupported: 127.0.0.1: key FOLDER/stranger.pub is a public key
      ssh.key-unsupported: 127.0.0.1: key FOLDER/no-key cannot be used: Unsupported key format
      ssh.key-unreadable: 127.0.0.1: key FOLDER cannot be read: EISDIR: illegal operation on a directory, read"
    `);
  });

  test('works with a key that only the agent has', async () => {
    await agent.add(sshd.userKey.file);
    await works({ key: undefined, config: noKeys, agent: agent.socket });
    await works({ key: undefined, config: noKeys, agent: true }, { SSH_AUTH_SOCK: agent.socket });
    await works({ key: undefined, config: noKeys, agent: undefined }, { SSH_AUTH_SOCK: agent.socket });
  });

  test('works with an encrypted key file without a passphrase, if the agent has that key', async () => {
    await agent.add(sshd.userKey.file);
    await works({ agent: agent.socket });
    await agent.addWith(PASSPHRASE, encrypted.file);
    await works({ key: encrypted.file, agent: agent.socket });
  });

  test('tries only the chosen key of an agent that holds more than a host has patience for', async () => {
    const many = await Promise.all([1, 2, 3, 4, 5, 6].map((one) => makeKey(join(sshd.folder, `many_${one}`))));
    await agent.add(...many.map((key) => key.file), sshd.userKey.file);
    await works({ agent: agent.socket });
    const fault = await fails({ key: undefined, config: noKeys, agent: agent.socket });
    expect(fault.code).toBe('ssh.too-many-keys');
    expect(steady(`${fault.message}. ${fault.hint}`)).toMatchInlineSnapshot(
      `"127.0.0.1: the host gave up before the right key was tried as USER (MaxAuthTries). Set ssh.key: then only that key is tried, also of those in the agent."`,
    );
  });

  test('that the host refuses names who, what was tried, and what the host takes', async () => {
    await agent.add(stranger.file);
    const fault = await fails({ key: undefined, config: noKeys, agent: agent.socket, password: new Secret(WRONG) });
    expect(fault.code).toBe('ssh.login-refused');
    expect(steady(fault.message)).toMatchInlineSnapshot(
      `"127.0.0.1: the host does not let USER in; tried: agent (ssh-ed25519 SHA256:STRANGER); not tried: password (not taken there); no key file in FOLDER (none, nor-this); it takes publickey"`,
    );
    expect(steady(fault.hint)).toMatchInlineSnapshot(
      `"sshd's log there says why. A key belongs into the authorized_keys of USER."`,
    );
  });

  test('without an agent, as under cron, says so', async () => {
    const fault = await fails({ key: stranger.file, agent: undefined }, { PATH: '/usr/bin:/bin' });
    expect(steady(fault.message)).toMatchInlineSnapshot(
      `"127.0.0.1: the host does not let USER in; tried: key FOLDER/stranger (ssh-ed25519 SHA256:STRANGER); not tried: no agent (SSH_AUTH_SOCK is not set; under cron it never is); it takes publickey"`,
    );
    const chosen = await fails({ agent: true }, { PATH: '/usr/bin:/bin' });
    expect(chosen.code).toBe('ssh.agent-missing');
    expect(steady(`${chosen.message}. ${chosen.hint}`)).toMatchInlineSnapshot(
      `"127.0.0.1: ssh.agent is true, but SSH_AUTH_SOCK is not set; under cron it never is. Write the agent's socket in ssh.agent, or use ssh.key."`,
    );
  });

  test('with nothing at all ends before the host is spoken to', async () => {
    const fault = await fails({ key: undefined, config: noKeys, agent: undefined, port: 1 });
    expect(fault.code).toBe('ssh.no-credentials');
    expect(steady(`${fault.message}. ${fault.hint}`)).toMatchInlineSnapshot(
      `"127.0.0.1: nothing to log in with as USER: no agent (SSH_AUTH_SOCK is not set; under cron it never is); no key file in FOLDER (none, nor-this); no password. Set ssh.key to a private key file that the host accepts."`,
    );
  });

  test('by an agent that is gone: named when it was chosen, passed over when not', async () => {
    const dead = join(sshd.folder, 'dead');
    const chosen = await fails({ agent: dead });
    expect(chosen.code).toBe('ssh.agent-missing');
    expect(steady(chosen.message)).toMatchInlineSnapshot(`"127.0.0.1: the agent at FOLDER/dead does not answer"`);
    await works({ agent: undefined }, { SSH_AUTH_SOCK: dead });
  });

  test('does not wait for an agent that hangs', async () => {
    const socket = join(sshd.folder, 'hanging');
    const hanging = createServer(() => {}).listen(socket);
    onTestFinished(() => void hanging.close());
    await works({ agent: undefined }, { SSH_AUTH_SOCK: socket });
  });

  test('no fault of these holds a secret', () => {
    expect(faults.length).toBeGreaterThan(10);
    const all = faults.map((fault) => inspect(fault, { depth: 9, showHidden: true }) + JSON.stringify(fault)).join();
    for (const secret of [PASSPHRASE, WRONG, 'BEGIN OPENSSH']) expect(all).not.toContain(secret);
  });
});

needs(
  'root',
  'sshd',
  'ssh',
  'unshare',
  'perl',
)('a login by password', () => {
  let sshd: TestSshd;
  const secret = 'mañana está bién';
  let noKeys: string;

  beforeAll(async () => {
    sshd = await startSshd({ account: { name: 'guest', password: secret }, config: ['PasswordAuthentication yes'] });
    noKeys = join(sshd.folder, 'no-keys');
    writeFileSync(noKeys, `IdentityFile ${join(sshd.folder, 'none')}\n`);
  });
  afterAll(() => sshd?.stop());

  test('works, and a wrong one is refused without being told', async () => {
    const settings = settingsFor(sshd, { key: undefined, config: noKeys, user: 'guest' });
    const shell = await connectSsh({ ...settings, password: new Secret(secret) }, { deadline: within() });
    expect((await shell.run(['id', '-un'], { deadline: within() })).stdout).toBe('guest\n');
    await shell.close();
    const fault = await faultOf(connectSsh({ ...settings, password: new Secret(WRONG) }, { deadline: within() }));
    expect(fault.code).toBe('ssh.login-refused');
    expect(inspect(fault, { depth: 9 })).not.toContain(WRONG);
  });
});

describe('a login by questions, as appliances like it', () => {
  let server: ssh2.Server;
  let port = 0;
  let answers: readonly string[] = [];
  // Of the ed25519 keys that ssh2 1.17 writes, one in 400 cannot be read again.
  const hostKey = utils.generateKeyPairSync('ecdsa', { bits: 256 });

  beforeAll(async () => {
    server = new Server({ hostKeys: [hostKey.private] }, (client) => {
      client.on('error', () => {});
      client.on('authentication', (attempt) => {
        if (attempt.method !== 'keyboard-interactive') return attempt.reject(['keyboard-interactive']);
        const prompts = [
          { prompt: 'Password: ', echo: false },
          { prompt: 'Your name: ', echo: true },
        ];
        attempt.prompt(prompts, (said) => {
          answers = said;
          if (said[0] === 'open sesame') attempt.accept();
          else attempt.reject(['keyboard-interactive']);
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const address = server.address();
    if (address !== null && typeof address === 'object') port = address.port;
  });
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

  test('answers with the password what is not echoed, and nothing else', async () => {
    const parsed = utils.parseKey(hostKey.public);
    const pin = parsed instanceof Error ? '' : fingerprint(parsed.getPublicSSH());
    const settings = { host: '127.0.0.1', port, user: 'admin', hostKey: pin, agent: false, config: false } as const;
    const open = (password: string): Promise<Shell> =>
      connectSsh({ ...settings, password: new Secret(password) }, { deadline: within(), env: {} });
    await (await open('open sesame')).close();
    expect(answers).toEqual(['open sesame', '']);
    const fault = await faultOf(open(WRONG));
    expect(fault).toMatchObject({ code: 'ssh.login-refused', message: expect.stringContaining('tried: password;') });
    expect(inspect(fault, { depth: 9 })).not.toContain(WRONG);
  });
});
