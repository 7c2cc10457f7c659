// A ball that moves with what is said. Drawn only while a session is on, and standing
// still for people who want less motion.

const TURN = 2 * Math.PI;
const BLOBS = [
  { speed: 0.0006, offset: 0, bend: 3, alpha: 0.28, grow: 1.12 },
  { speed: -0.0009, offset: 2.1, bend: 4, alpha: 0.4, grow: 1.04 },
  { speed: 0.0012, offset: 4.2, bend: 2, alpha: 0.95, grow: 0.94 },
];
const STEPS = 90;
const CALM = 0.012;
const FALL = 0.12;

export class Orb {
  /** `level` tells how loud it is, 0 to 1. */
  constructor(canvas, level) {
    this.canvas = canvas;
    this.level = level;
    this.loud = 0;
    this.frame = 0;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.still.addEventListener("change", () => this.show(this.moving));
    const repaint = () => this.frame || this.draw(0);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
    new MutationObserver(repaint).observe(document.documentElement, {
      attributeFilter: ["data-theme"],
    });
    this.show(false);
  }

  /** Move, or stand as it is. */
  show(moving) {
    this.moving = moving;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (moving && !this.still.matches) {
      this.step(performance.now());
    } else {
      this.loud = 0;
      this.draw(0);
    }
  }

  step(now) {
    const wanted = this.level();
    this.loud += (wanted - this.loud) * (wanted > this.loud ? 0.5 : FALL);
    this.draw(now);
    this.frame = requestAnimationFrame((next) => this.step(next));
  }

  draw(now) {
    const pen = this.canvas.getContext("2d");
    const { width, height } = this.canvas;
    const colour = getComputedStyle(this.canvas).color;
    pen.clearRect(0, 0, width, height);
    const radius = width * (0.3 + 0.07 * this.loud);
    for (const blob of BLOBS) {
      pen.globalAlpha = blob.alpha;
      pen.fillStyle = colour;
      pen.beginPath();
      this.outline(pen, blob, radius, now);
      pen.fill();
    }
    this.shine(pen, radius);
  }

  outline(pen, blob, radius, now) {
    const { width, height } = this.canvas;
    const swing = CALM + 0.09 * this.loud;
    for (let step = 0; step <= STEPS; step += 1) {
      const angle = (step / STEPS) * TURN;
      const wave = Math.sin(blob.bend * angle + blob.offset + now * blob.speed * blob.bend);
      const reach = radius * blob.grow * (1 + swing * wave);
      pen.lineTo(width / 2 + reach * Math.cos(angle), height / 2 + reach * Math.sin(angle));
    }
  }

  shine(pen, radius) {
    const { width, height } = this.canvas;
    const x = width / 2 - radius * 0.35;
    const y = height / 2 - radius * 0.4;
    const light = pen.createRadialGradient(x, y, 0, x, y, radius * 1.3);
    light.addColorStop(0, "rgb(255 255 255 / 0.55)");
    light.addColorStop(0.6, "rgb(255 255 255 / 0.08)");
    light.addColorStop(1, "rgb(255 255 255 / 0)");
    pen.globalAlpha = 1;
    pen.fillStyle = light;
    pen.beginPath();
    pen.arc(width / 2, height / 2, radius * 0.92, 0, TURN);
    pen.fill();
  }
}
