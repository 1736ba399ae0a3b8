/** How far the work of an export is, counted in photos that pass through the network. */
export class Effort {
  private done = 0;
  private total = 0;

  /** @param onProgress hears how many photos have passed, and how many will have */
  constructor(private readonly onProgress: (done: number, total: number) => void) {}

  /** So many more will pass. */
  plan(photos: number): void {
    this.total += photos;
  }

  /** So many that were planned will not. */
  spare(photos: number): void {
    this.total -= photos;
  }

  /** So many have passed. */
  step(photos = 1): void {
    this.done += photos;
    this.total = Math.max(this.total, this.done);
    this.onProgress(this.done, this.total);
  }
}
