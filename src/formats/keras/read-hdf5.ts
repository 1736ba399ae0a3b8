import { FileError } from "../../errors/errors.js";
import { ThreadPool } from "../../runtime/node/threads.js";
import type { Hdf5Contents } from "./hdf5-contents.js";

/** What the thread is asked. */
export type Hdf5Request =
  | { readonly kind: "prepare" }
  | { readonly kind: keyof Hdf5Contents; readonly bytes: Uint8Array; readonly name: string };

/** A FileError on its way between threads. */
export interface DescribedFileError {
  readonly message: string;
  readonly subject: string;
  readonly expected: string | undefined;
  readonly received: string | undefined;
  readonly advice: string | undefined;
}

/** As many threads as files are read at a time: one job waits for no other. A failure may spoil the library in its thread. */
const threads = new ThreadPool<Hdf5Request, unknown>(new URL("./hdf5-worker", import.meta.url), {
  size: Infinity,
  endsAfterErrors: true,
  revive: (described) => {
    const { message, ...facts } = described as DescribedFileError;
    return Object.assign(new FileError(message, { subject: facts.subject }), facts);
  },
});

/** Milliseconds that any file may take, and those for each of its bytes: more than a hundred times what an intact one needs. */
const patience = { file: 10_000, byte: 1 / 4000 };

/**
 * Reads a file of Keras on a thread of its own: the HDF5 library never returns from some damaged files, and this process must.
 *
 * @param kind what is read of it
 * @param bytes the whole file, which is copied
 * @param name the file's name, for messages
 * @throws FileError when the bytes are not such a file, or not an intact one; after some seconds, when reading it does not end
 */
export async function readHdf5<Kind extends keyof Hdf5Contents>(
  kind: Kind,
  bytes: Uint8Array,
  name: string,
): Promise<Hdf5Contents[Kind]> {
  // Starting a thread takes as long as the machine is busy, and says nothing of the file.
  await threads.run({ kind: "prepare" });
  const milliseconds = Math.ceil(patience.file + patience.byte * bytes.byteLength);
  const read = await threads.run({ kind, bytes, name }, [], {
    milliseconds,
    error: () =>
      new FileError(`${name} is a damaged HDF5 file.`, {
        subject: name,
        expected: "a file whose parts lead to an end",
        received: `one that is still being read after ${String(Math.round(milliseconds / 1000))} seconds`,
        advice: "Download or copy the file again.",
      }),
  });
  return read as Hdf5Contents[Kind];
}
