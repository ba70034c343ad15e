import type { Client, ClientChannel } from 'ssh2';
import type { Clock } from '../../base/clock.ts';
import { asFault } from '../../base/fault.ts';

/** sshd gives a session's room back a little after it has told of its end, so room is asked for again and again. */
const ASK_AGAIN_MS = 50;
/** With no session of ours open, a host that has no room so often has none at all. */
const REFUSALS_ALONE = 20;

/** The session channels of one connection. */
export interface Sessions {
  /**
   * Starts a command line. sshd lets a connection have so many at once (MaxSessions, ten by default): what it has no
   * room for was not started, and is asked for again until there is.
   */
  open(line: string, tell: (answer: ClientChannel | Error) => void): Request;
}

interface Request {
  /** Takes it back. True: it was on its way, so the command may have been started; a channel can still come to `tell`. */
  withdraw(): boolean;
}

export function sessionsOf(client: Client, clock: Clock): Sessions {
  let busy = 0;
  return {
    open(line, tell) {
      let wanted = true;
      let onItsWay = false;
      let refusals = 0;
      let cancelRetry = (): void => {};

      function send(): void {
        busy += 1;
        onItsWay = true;
        try {
          client.exec(line, answer);
        } catch (thrown) {
          // ssh2 throws when the line is gone.
          queueMicrotask(() => answer(asFault(thrown)));
        }
      }

      function answer(error: Error | undefined, channel?: ClientChannel): void {
        if (channel !== undefined) {
          channel.on('close', () => {
            busy -= 1;
          });
          tell(channel);
          return;
        }
        busy -= 1;
        onItsWay = false;
        // Only a refusal of the channel itself has a reason; a refused command has none.
        const noRoom = error !== undefined && 'reason' in error;
        refusals = busy === 0 ? refusals + 1 : 0;
        if (!wanted) return;
        if (noRoom && refusals < REFUSALS_ALONE) cancelRetry = clock.after(ASK_AGAIN_MS, send);
        else tell(error ?? new Error('no answer'));
      }

      send();
      return {
        withdraw() {
          wanted = false;
          cancelRetry();
          return onItsWay;
        },
      };
    },
  };
}
