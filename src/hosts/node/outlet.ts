import type { TextStream } from "../../report/progress.js";

/** What is asked of a stream of the process. */
type Stream = Pick<NodeJS.WriteStream, "write" | "on" | "off" | "writableLength"> & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

/** Errors that say that nobody will ever read again; others, such as a full disk, may pass. */
const gone = new Set(["EPIPE", "ECONNRESET", "EBADF", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END"]);

/** Looks so often whether a reader has taken something, in ms. */
const lookEvery = 20;

/**
 * A stream of the process that may fail: Node ends a process when what it writes is taken by nobody and no one listens. A terminal
 * that was closed, a pipe whose reader has ended and a full disk are heard here instead. It listens only while something is
 * under way, since the stream belongs to the program that uses the library.
 *
 * Nothing waits for a reader: what he does not take is kept here, and `writableLength` says that there is something.
 */
export class Outlet implements TextStream {
  private closed = false;
  private underWay = 0;
  private readonly ignore = (): void => undefined;

  /**
   * @param stream asked for at each use, since Node makes it when it is used for the first time
   * @param onFailure told of each text that could not be written
   */
  constructor(
    private readonly stream: () => Stream,
    private readonly onFailure: (error: NodeJS.ErrnoException) => void = () => undefined,
  ) {}

  get isTTY(): boolean | undefined {
    return this.stream().isTTY;
  }

  get columns(): number | undefined {
    return this.stream().columns;
  }

  /** How much was not taken yet, in bytes. */
  get writableLength(): number {
    return this.closed ? 0 : this.stream().writableLength;
  }

  write(text: string): void {
    if (this.closed) return;
    const stream = this.stream();
    if (this.underWay++ === 0) stream.on("error", this.ignore);
    stream.write(text, (error) => {
      if (error) this.failed(error);
      // The stream tells its listeners after this callback.
      setImmediate(() => {
        if (--this.underWay === 0) stream.off("error", this.ignore);
      });
    });
  }

  /**
   * Waits until all is taken.
   *
   * @param patience how long the reader may take nothing at all, in ms
   * @returns whether all is taken
   */
  async emptied(patience: number): Promise<boolean> {
    // What has failed is no longer counted there, but not told yet.
    const waiting = (): number => (this.underWay === 0 ? 0 : 1 + this.writableLength);
    let [left, since] = [waiting(), performance.now()];
    while (left > 0) {
      if (performance.now() - since > patience) return false;
      await new Promise((resolve) => setTimeout(resolve, lookEvery));
      const now = waiting();
      if (now !== left) since = performance.now();
      left = now;
    }
    return true;
  }

  private failed(error: NodeJS.ErrnoException): void {
    if (gone.has(error.code ?? "")) this.closed = true;
    this.onFailure(error);
  }
}
