import { spawn } from 'node:child_process';

const READY_MS = 600_000;

/**
 * vcsim of vmware/govmomi, on a free port of loopback, until `stop`.
 *
 * @param {readonly string[]} flags
 * @returns {Promise<{ readonly env: Readonly<Record<string, string | undefined>>, stop(): Promise<void> }>} what govc and we read to
 *   find it
 */
export async function startVcsim(flags) {
  const argv = ['-l', '127.0.0.1:0', '-username', 'bench', '-password', 'bench', '-stdinexit', ...flags];
  // It ends when its input does: also where this process is killed.
  const child = spawn('vcsim', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  let said = '';
  const url = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('vcsim did not come up')), READY_MS);
    child.stdout.on('data', (piece) => {
      said += piece;
      const [, found] = /GOVC_URL=(\S+)/.exec(said) ?? [];
      if (found === undefined) return;
      clearTimeout(late);
      resolve(found);
    });
    ended.then(() => reject(new Error(`vcsim ended: ${said}`)), reject);
  });
  return {
    env: {
      ...process.env,
      GOVC_URL: `https://bench:bench@${new URL(url).host}/sdk`,
      GOVC_USERNAME: 'bench',
      GOVC_PASSWORD: 'bench',
      GOVC_INSECURE: '1',
      GOVC_PERSIST_SESSION: 'false',
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
