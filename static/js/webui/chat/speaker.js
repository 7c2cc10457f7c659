// States in words for screen readers. Answers speak for themselves: the thread is a log, to
// which each block is added when it is complete, and never word by word.
export class Speaker {
  constructor(status) {
    this.status = status;
  }

  tell(text) {
    this.status.textContent = text;
  }
}
