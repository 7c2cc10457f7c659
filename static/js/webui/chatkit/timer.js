// How long a session has lasted.

const SECOND_MS = 1000;
const pad = (number) => String(number).padStart(2, "0");

export class Timer {
  constructor(place) {
    this.place = place;
    this.ticker = 0;
  }

  run(running) {
    if (running && !this.ticker) {
      this.began = Date.now();
      this.show();
      this.ticker = setInterval(() => this.show(), SECOND_MS);
    } else if (!running) {
      clearInterval(this.ticker);
      this.ticker = 0; // the time stays, to be read
    }
  }

  show() {
    const seconds = Math.floor((Date.now() - this.began) / SECOND_MS);
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const [hours, minutes, rest] = parts.map(pad);
    this.place.textContent = parts[0] ? `${hours}:${minutes}:${rest}` : `${minutes}:${rest}`;
  }
}
