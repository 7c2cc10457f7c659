// How loud a track is: 0 to 1, whenever one asks.

const FFT = 512;
const LOUDEST = 0.35; // what a voice near a microphone reaches

export class Levels {
  constructor() {
    this.context = null;
    this.heard = new Map();
  }

  /** Listen to a track under this name; nothing listens to the one before. */
  follow(name, track) {
    this.drop(name);
    this.context ??= new AudioContext();
    this.context.resume();
    const source = this.context.createMediaStreamSource(new MediaStream([track]));
    const analyser = this.context.createAnalyser();
    analyser.fftSize = FFT;
    source.connect(analyser);
    this.heard.set(name, { source, analyser, samples: new Float32Array(FFT) });
  }

  drop(name) {
    this.heard.get(name)?.source.disconnect();
    this.heard.delete(name);
  }

  /** Let go of everything, the sound device too. */
  close() {
    [...this.heard.keys()].forEach((name) => this.drop(name));
    this.context?.close();
    this.context = null;
  }

  of(name) {
    const one = this.heard.get(name);
    if (!one) {
      return 0;
    }
    one.analyser.getFloatTimeDomainData(one.samples);
    const power = one.samples.reduce((sum, value) => sum + value * value, 0);
    return Math.min(1, Math.sqrt(power / FFT) / LOUDEST);
  }
}
