import { Injectable } from '@nestjs/common';

/** Questions that this member answers just now: the executor does not let a member go that has some. */
@Injectable()
export class Questions {
  #inHand = 0;

  get inHand(): number {
    return this.#inHand;
  }

  async answer<Reply>(work: () => Promise<Reply>): Promise<Reply> {
    this.#inHand++;
    try {
      return await work();
    } finally {
      this.#inHand--;
    }
  }
}
