// The kinds of task that a session gives: what the host is to fire.

export const NONE = 0;
export const OPEN = 1;
export const TEXT = 2;
export const BINARY = 3;
/** Fire close; before it error, if `task_failed()`. */
export const CLOSE = 4;
/** The answer to a ping. */
export const PONG = 5;
