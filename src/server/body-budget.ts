import { Refusal } from "./refusal.js";

/** Bodies that are received at once take this many times the largest one at most. */
const bodies = 8;

/** Memory for bodies of requests that are on their way, taken before a byte of them is read. */
export class BodyBudget {
  private taken = 0;
  private readonly most: number;

  /** @param largest bytes of a body at most */
  constructor(private readonly largest: number) {
    this.most = bodies * largest;
  }

  /**
   * @param length what the request says of itself; `undefined` where it does not
   * @returns gives the memory back
   * @throws Refusal when the body is larger than it may be, or there is no room for it now
   */
  take(length: number | undefined): () => void {
    if (length !== undefined && length > this.largest) throw tooLarge(this.largest, `${length} bytes`);
    const bytes = length ?? this.largest;
    if (this.taken + bytes > this.most) {
      throw new Refusal(429, "too-many-bodies", "Too many photos are being received already.", {
        expected: `requests of ${this.most} bytes together at most`,
        received: `${bytes} bytes more than ${this.taken}`,
        advice: "Try again later.",
        retryAfter: 1,
      });
    }
    this.taken += bytes;
    let isTaken = true;
    return () => {
      if (isTaken) this.taken -= bytes;
      isTaken = false;
    };
  }
}

/** @param received how large it is */
export function tooLarge(largest: number, received: string): Refusal {
  return new Refusal(413, "body-too-large", "The body of the request is too large.", {
    expected: `at most ${largest} bytes`,
    received,
    advice: "Send fewer photos at a time, or start the server with a larger --max-body.",
  });
}
