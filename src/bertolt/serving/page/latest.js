// Of many questions asked while someone types, only the last one's answer counts.

/**
 * Runs a question some time after the last call of `ask`, and hands its answer on unless a newer question
 * was asked meanwhile: older requests are aborted, and an answer that comes all the same is dropped by its
 * number.
 */
export class Latest {
  #number = 0;
  #timer = 0;
  #controller = null;

  /** @param {number} wait milliseconds of quiet before a question is asked. */
  constructor(wait) {
    this.wait = wait;
  }

  /**
   * @param {(signal: AbortSignal) => Promise<any>} question
   * @param {(answer: any) => void} answered
   * @param {(error: Error) => void} failed
   */
  ask(question, answered, failed) {
    this.cancel();
    const number = this.#number;
    const controller = new AbortController();
    this.#controller = controller;
    this.#timer = setTimeout(async () => {
      try {
        const answer = await question(controller.signal);
        if (number === this.#number) answered(answer);
      } catch (error) {
        if (number === this.#number && error.name !== "AbortError") failed(error);
      }
    }, this.wait);
  }

  /** Forgets what was asked. */
  cancel() {
    this.#number += 1;
    clearTimeout(this.#timer);
    this.#controller?.abort();
    this.#controller = null;
  }
}
