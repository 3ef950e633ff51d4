// What each call of a session answers: the things there are to do now, a bit for each.

export const TASKS = 1;
export const TRANSMIT = 2;
export const TIMEOUT = 4;
export const END = 8;
export const BATCH = 16;
