import { UploadItem } from './api';
import { Abandoned, Client, Refused, Unreachable } from './client';

const SMALLEST = 1 << 18;
const FIRST = 1 << 20;
const LARGEST = 1 << 24;
/** A piece that takes less than this is followed by a larger one; one that takes four times as much by a smaller. */
const SWIFT = 500;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;

/** Called with how much of the file the server has, and whether it answers. */
export type Told = (received: number, answering: boolean) => void;

/**
 * Sends what the server does not have of a file, piece by piece, until it has all of it. Where the connection drops,
 * it asks how much arrived, and goes on from there, for as long as it takes.
 */
export async function send(
  client: Client,
  upload: UploadItem,
  file: Blob,
  signal: AbortSignal,
  told: Told
): Promise<void> {
  let { received } = upload;
  let length = FIRST;
  let wait = FIRST_WAIT;
  told(received, true);
  while (received < file.size) {
    const began = performance.now();
    try {
      const piece = file.slice(received, received + length);
      ({ received } = await client.sendPiece(upload.id, received, piece, signal));
      const took = performance.now() - began;
      if (took < SWIFT) {
        length = Math.min(length * 2, LARGEST);
      } else if (took > 4 * SWIFT) {
        length = Math.max(length / 2, SMALLEST);
      }
      wait = FIRST_WAIT;
      told(received, true);
    } catch (error) {
      const elsewhere = error instanceof Refused && error.problem.code === 'conflict';
      if (!(error instanceof Unreachable) && !elsewhere) {
        throw error;
      }
      // A refused piece began elsewhere than what is there ends, or the last one is still being written.
      told(received, elsewhere);
      await pause(wait, signal);
      wait = Math.min(wait * 2, LONGEST_WAIT);
      length = Math.max(length / 2, SMALLEST);
      received = await arrived(client, upload.id, received, signal);
    }
  }
}

/** How much of it is there; as much as was, where nobody answers. */
async function arrived(client: Client, id: string, known: number, signal: AbortSignal): Promise<number> {
  try {
    return (await client.upload(id, signal)).received;
  } catch (error) {
    if (error instanceof Unreachable) {
      return known;
    }
    throw error;
  }
}

/** Waits, unless nobody is interested any more. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => (window.clearTimeout(timer), reject(new Abandoned()));
    const timer = window.setTimeout(() => (signal.removeEventListener('abort', stop), resolve()), milliseconds);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) {
      stop();
    }
  });
}
