// What the tests of ReconnectingWebSocket play on: connections that do what a test says, and its clock.

import { beforeEach } from 'node:test';

import { ReconnectingWebSocket } from 'isosocket/engine';

import { fakeClass, listen, takeTime } from './fake.mjs';

export const URL = 'ws://h/';

/** The class of the connections, what lets time pass, and the dice: those of the test that runs. */
export let Fake;
export let pass;
export let dice;

/** Sets the stage anew for each test of a file. */
export function setStage() {
  beforeEach((t) => {
    ({ pass, dice } = takeTime(t));
    Fake = fakeClass();
  });
}

/** A socket, with the log of its events. */
export function make(options = {}, url = URL, protocols = undefined) {
  const socket = new ReconnectingWebSocket(url, protocols, { WebSocket: Fake, ...options });
  return Object.assign(listen(socket), { socket });
}

/** One that is open. */
export function established(options) {
  const made = make(options);
  Fake.last.open();
  made.take();
  return made;
}

/** Has what a host would be told of an exception written down. */
export function takeReports(t) {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  t.after(() => delete globalThis.reportError);
  return reported;
}

/** Lets promises that are settled be heard of. */
export const settle = () => new Promise((resolve) => { setImmediate(resolve); });

/** Lets time pass, and what has come be received. */
export const passAndReceive = (milliseconds) => {
  pass(milliseconds);
  return settle();
};

export function withResolver() {
  let resolve;
  const promise = new Promise((done) => { resolve = done; });
  return { promise, resolve };
}
