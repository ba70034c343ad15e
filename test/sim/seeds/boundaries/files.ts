import { Fault } from '../../../../src/base/fault.ts';
import type { FileSystem } from '../../../../src/base/file-system.ts';
import type { Weather } from '../weather.ts';

/** Files on a disk that may be full from some moment on, or fail at any write. */
export function filesUnder(files: FileSystem, weather: Weather): FileSystem {
  const { befalls, draw } = weather;
  let isFull = false;

  /** Throws what the disk says; `half`: what it still did before it said so. */
  async function trouble(path: string, half: () => Promise<void>): Promise<void> {
    if (isFull) throw noSpace(path);
    const kind = befalls(['disk-full', 'io-error'], 0.4);
    if (kind === undefined) return;
    if (kind === 'disk-full') isFull = draw.chance(0.5);
    if (draw.chance(0.5)) await half();
    throw kind === 'disk-full' ? noSpace(path) : inputOutput(path);
  }
  const nothing = async (): Promise<void> => {};

  return {
    async read(path) {
      if (befalls(['io-error'], 0.05) !== undefined) throw inputOutput(path);
      return files.read(path);
    },
    async list(folder) {
      if (befalls(['io-error'], 0.05) !== undefined) throw inputOutput(folder);
      return files.list(folder);
    },
    changed: (folder, names) => files.changed(folder, names),
    async writeWhole(path, text) {
      // Renamed, and then the folder could not be synced: it is there, and an error was answered.
      await trouble(path, () => files.writeWhole(path, text));
      await files.writeWhole(path, text);
    },
    async append(path, text) {
      await trouble(path, () => files.append(path, text.slice(0, draw.below(text.length))));
      await files.append(path, text);
    },
    async sync(path) {
      await trouble(path, nothing);
      await files.sync(path);
    },
    async makeFolder(path) {
      await trouble(path, nothing);
      await files.makeFolder(path);
    },
    async remove(path) {
      await trouble(path, nothing);
      await files.remove(path);
    },
  };
}

function noSpace(path: string): Fault {
  return new Fault({ code: 'files.enospc', message: `${path}: no space left on device` });
}

function inputOutput(path: string): Fault {
  return new Fault({ code: 'files.eio', message: `${path}: input/output error` });
}
