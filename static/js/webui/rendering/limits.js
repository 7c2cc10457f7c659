// How much is read, drawn and decorated at once. Lengths are UTF-16 units.

/** So much text is read in one step, so that no step takes long. */
export const SLICE = 2_048;
/** So many times as much of what is shown as written. */
export const UNREAD = 8;
/** A longer paragraph is drawn in parts: some patterns take quadratic time to read. */
export const PARAGRAPH = 4_096;
/** A longer list or table is drawn in parts. */
export const BLOCK = 8_192;
/** So are those of more marks, items and cells; each may become a node or two. */
export const WEIGHT = 320;
export const SLACK = 24;
/** An item of so many parts is shown as written. */
export const HEAVY = 960;
/** One item of a list may hold code, and so be longer. */
export const ITEM = 24_576;
/** A block must be longer than its limit by this before it is cut: its last line may
    turn out to be the first of the next block. */
export const MARGIN = 256;
/** A longer line is not read at all. */
export const LINE = 8_192;
/** Nor one that has so many letters without a space, or spaces without a letter. */
export const WORD = 2_048;
export const SPACES = 256;
/** Text that is shown as written stands in pieces of this length. */
export const RUN = 4_096;
/** Longer code keeps one colour, longer formulas their source. */
export const COLOURED = 20_480;
export const FORMULA = 4_096;

/** What drawing may take of one frame, and of one that follows a slow one: layout and
    paint of what was drawn take their time too. */
export const FRAME_MS = 8;
export const SLOW_FRAME_MS = 2;
export const SLOW_MS = 50;
/** A longer answer is drawn less often than every frame. */
export const LONG = 20_480;
export const LONG_MS = 50;
/** After a step of n ms the next one waits for so many times n. */
export const REST = 2;
/** Frames stop in a tab that nobody sees; drawing goes on at this pace. */
export const HIDDEN_MS = 400;
