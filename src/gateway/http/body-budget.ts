/** A request, by the bytes of its body that the gateway holds. */
export interface BodyHolder {
  bodyBytes: number;
}

/**
 * Counts the bytes of the bodies of all requests under way, from their arrival on. A body is held until its response
 * is closed, since a failed attempt is repeated with it.
 */
export class BodyBudget {
  #heldBytes = 0;

  /** Bytes of all bodies. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Counts further bytes of a request; false if they do not fit beside those of other requests. A request alone always fits. */
  hold(holder: BodyHolder, bytes: number, maxBytes: number): boolean {
    if (!this.fits(holder, bytes, maxBytes)) return false;
    this.#heldBytes += bytes;
    holder.bodyBytes += bytes;
    return true;
  }

  /** Whether further bytes of a request fit beside the bodies of the others. */
  fits({ bodyBytes }: BodyHolder, bytes: number, maxBytes: number): boolean {
    return this.#heldBytes === bodyBytes || this.#heldBytes + bytes <= maxBytes;
  }

  /** The response of a request is closed, or its body is refused. */
  release(holder: BodyHolder): void {
    this.#heldBytes -= holder.bodyBytes;
    holder.bodyBytes = 0;
  }
}
