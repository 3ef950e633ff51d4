// What each call of a session answers: the things there are to do now, a bit for each.

/** There are tasks: one is to be run now, and each of the others as a task of the event loop. */
export const TASKS = 1;
/** There is output: it is to be taken and written. */
export const TRANSMIT = 2;
/** The deadline is another one: the timer is to be set to it. */
export const TIMEOUT = 4;
/** The stream is to be ended once all is written. */
export const END = 8;
/** There is a batch of messages: they are to be handed over, each as a task of the event loop, and then the session polled. */
export const BATCH = 16;
