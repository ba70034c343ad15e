import { expect, test } from 'vitest';
import { logIn, unexplained } from '../../../src/evidence/xfs.ts';

/** As xfsprogs 6.1 printed it, shortened. */
const HEAD = `xfs_logprint:
    data device: 0xffffffffffffffff
    log device: 0xffffffffffffffff daddr: 327728 length: 131072

`;
const SUPERBLOCK = `
LOG REC AT LSN cycle 1 block 1265 (0x1, 0x4f1)
============================================================================
TRANS: tid:0x3df7b8a6  #items:2  trans:0x3df7b8a6  q:0x5623288d8650
BUF: cnt:2 total:2 a:0x5623288d03e0 len:24 a:0x5623288d86d0 len:384 
	BUF:  #regs:2   start blkno:0x0   len:1   bmap size:1   flags:0x9000
	SUPER Block Buffer:
`;
const BUSY = `
LOG REC AT LSN cycle 1 block 2 (0x1, 0x2)
============================================================================
TRANS: tid:0xd8b52d97  #items:20  trans:0xd8b52d97  q:0x55e53cef2e30
INO: cnt:3 total:3 a:0x55e53cee0d90 len:56 a:0x55e53cef2ec0 len:176 a:0x55e53cef2f80 len:32 
	INODE: #regs:3   ino:0x80  flags:0x3   dsize:31
BUF: cnt:2 total:2 a:0x55e53cee0ba0 len:24 a:0x55e53cef3100 len:128 
	BUF:  #regs:2   start blkno:0x20   len:8   bmap size:1   flags:0x2000
	BUF DATA
`;
const dirty = '    log tail: 1265 head: 1269 state: <DIRTY>\n\n';

test('an unmount leaves a clean log, a freeze one with the superblock alone, a writer more than that', () => {
  expect(logIn(`${HEAD}    log tail: 1850 head: 1850 state: <CLEAN>\n`).kind).toBe('clean');
  expect(logIn(`${HEAD}${dirty}${SUPERBLOCK}${SUPERBLOCK}`).kind).toBe('covered');
  expect(logIn(`${HEAD}${dirty}${SUPERBLOCK}${BUSY}`).kind).toBe('dirty');
  expect(logIn(`${HEAD}${dirty}${BUSY}${SUPERBLOCK}`).kind).toBe('dirty');
});

test('what xfs_logprint could not read says nothing about the log', () => {
  for (const text of ['', `${HEAD}${dirty}`, 'xfs_logprint: no valid log', `${HEAD}state: <CLEAN>`]) {
    expect(logIn(text).kind).toBe('unread');
  }
});

const OF_A_FROZEN_ONE = `Phase 1 - find and verify superblock...
Cannot get host filesystem geometry.
Repair may fail if there is a sector size mismatch between
the image and the host filesystem.
Phase 2 - using internal log
        - zero log...
ALERT: The filesystem has valuable metadata changes in a log which is being
ignored because the -n option was used.  Expect spurious inconsistencies
which may be resolved by first mounting the filesystem to replay the log.
        - scan filesystem freespace and inode maps...
agi unlinked bucket 4 is 132 in ag 0 (inode=132)
sb_fdblocks 64887, counted 65346
        - found root inode chunk
        - traversal finished ...
        - moving disconnected inodes to lost+found ...
disconnected inode 132, would move to lost+found
Phase 7 - verify link counts...
would have reset inode 132 nlinks from 0 to 1
No modify flag set, skipping filesystem flush and exiting.
`;

test('of what xfs_repair -n says, only what no frozen file system explains is passed on', () => {
  expect(unexplained(OF_A_FROZEN_ONE)).toBeUndefined();
  const bad = 'Metadata CRC error detected at 0x55, xfs_agf block 0x1/0x200';
  expect(unexplained(`${OF_A_FROZEN_ONE}${bad}\n`)).toBe(bad);
  expect(unexplained('would have reset inode 132 nlinks from 3 to 1\n')).toMatch(/^would/);
});
