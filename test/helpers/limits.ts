/*
 * The limits of everything that tests wait for, in milliseconds. They end what hangs; how fast something is, no test says.
 * The longest wait takes half a minute on two idle cores; at a load of 20 that is ten times as long.
 */

/** For one wait: what a page is to show, a child process that is to end. */
export const WAIT = 10 * 60_000;

/** For a test or a hook: longer than a wait, whose error says what did not come. */
export const TEST = 2 * WAIT;
