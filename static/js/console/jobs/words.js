// Sentences about jobs, from what the server put into the page in its language.

const told = JSON.parse(document.querySelector("[data-words]")?.dataset.words ?? "{}");
const language = document.documentElement.lang || "en";
const whole = new Intl.NumberFormat(language);
const one = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });

function filled(sentence, values) {
  return sentence.replace(/%\((\w+)\)s/gu, (_, name) => values[name]);
}

export function number(count) {
  return whole.format(count);
}

export function title(job) {
  return told.kinds?.[job.kind] ?? job.kind;
}

/** The words of a state and the shape that goes with them. */
export function state(job) {
  if (job.status === "done" && job.fail) {
    return { mark: job.ok ? "wait" : "bad", text: told.partly };
  }
  if (job.stopping && job.status === "running") {
    return { mark: "wait", text: told.stopping };
  }
  return { mark: told.marks[job.status], text: told.states[job.status] };
}

export function counts(job) {
  return [job.ok, job.fail, job.skipped, job.left].map(number).join(" / ");
}

export function progress(job) {
  return `${number(job.processed)} / ${number(job.total)}`;
}

export function pace(job) {
  if (job.rate === null || job.rate === undefined) {
    return "";
  }
  const slow = job.rate < 1;
  const rate = filled(slow ? told.perMinute : told.perSecond, {
    count: one.format(slow ? job.rate * 60 : job.rate),
  });
  return job.eta_s ? filled(told.toGo, { rate, time: span(job.eta_s) }) : rate;
}

function span(seconds) {
  const [unit, count] =
    seconds < 60
      ? ["second", seconds]
      : seconds < 7200
        ? ["minute", Math.ceil(seconds / 60)]
        : ["hour", Math.ceil(seconds / 3600)];
  const style = { style: "unit", unit, unitDisplay: "long" };
  return new Intl.NumberFormat(language, style).format(count);
}

export function running(count) {
  const sentence = count ? (count === 1 ? told.one : told.many) : told.none;
  return filled(sentence, { count: number(count) });
}

export function announced(job) {
  return filled(told.announced, {
    title: title(job),
    state: state(job).text,
    progress: progress(job),
    failed: number(job.fail),
  });
}
