// Conversations by the day of their last word. Pure.
const DAY_MS = 24 * 60 * 60 * 1000;

export function groups(rows, words, now = Date.now()) {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  const made = [
    [words.pinned, (row) => row.pinned],
    [words.today, (row) => row.updated >= midnight],
    [words.yesterday, (row) => row.updated >= midnight - DAY_MS],
    [words.lastWeek, (row) => row.updated >= midnight - 7 * DAY_MS],
    [words.lastMonth, (row) => row.updated >= midnight - 30 * DAY_MS],
    [words.older, () => true],
  ].map(([title, fits]) => ({ title, fits, rows: [] }));
  for (const row of rows) {
    made.find(({ fits }) => fits(row)).rows.push(row);
  }
  return made.filter((group) => group.rows.length);
}
