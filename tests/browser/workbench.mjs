// The page, as a user sees it.

import { By, until } from 'selenium-webdriver';

export const LIMIT = 15_000;

export class Workbench {
  constructor(driver) {
    this.driver = driver;
  }

  /** Loads the page anew. */
  async load(address) {
    await this.driver.get(address);
    await this.waitFor(`document.getElementById('url').value !== ''`);
  }

  find(id) {
    return this.driver.findElement(By.id(id));
  }

  click(id) {
    return this.find(id).click();
  }

  text(id) {
    return this.driver.executeScript('return document.getElementById(arguments[0]).textContent', id);
  }

  async type(id, text) {
    const field = await this.find(id);
    await field.clear();
    await field.sendKeys(text);
  }

  /** Picks one of a group of radio buttons, by a click. */
  choose(name, value) {
    return this.driver.findElement(By.css(`input[name="${name}"][value="${value}"]`)).click();
  }

  async connect(url) {
    if (url !== undefined) await this.type('url', url);
    await this.click('toggle');
  }

  async connectAndOpen() {
    await this.connect();
    await this.state('OPEN');
  }

  /** Sends a text, also where its field is out of sight. */
  sendText(text, times = 1) {
    return this.driver.executeScript((value, count) => {
      document.getElementById('text').value = value;
      for (let index = 0; index < count; index += 1) document.getElementById('text-form').requestSubmit();
    }, text, times);
  }

  /** Sends a file of so many bytes: 0, 1, 2 and so on. */
  sendFile(size) {
    return this.driver.executeScript((length) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from({ length }, (_, index) => index)], 'numbers.dat'));
      document.getElementById('file').files = transfer.files;
      document.getElementById('file-form').requestSubmit();
    }, size);
  }

  /** Waits until so many messages have come. */
  received(count) {
    return this.waitFor(`document.getElementById('received-count').textContent === '${count.toLocaleString('en')}'`);
  }

  /** A button of the n-th row, which counts from 1 as in CSS. */
  button(row, action) {
    return this.driver.findElement(By.css(`#log > li:nth-child(${row}) [data-action="${action}"]`));
  }

  /** The labels of a row's buttons. */
  buttons(row) {
    return this.driver.executeScript((place) => {
      return Array.from(document.querySelectorAll(`#log > li:nth-child(${place}) button`), ({ textContent }) => textContent);
    }, row);
  }

  /** What has the focus: the number of a row and what its button does, or an id. */
  focused() {
    return this.driver.executeScript(() => {
      const { activeElement } = document;
      const row = activeElement.closest('#log > li');
      return row ? [Array.from(row.parentElement.children).indexOf(row) + 1, activeElement.dataset.action] : [activeElement.id];
    });
  }

  /** Waits for a state. */
  state(state) {
    return this.driver.wait(until.elementLocated(By.css(`#state[data-state="${state}"]`)), LIMIT, `the state ${state}`);
  }

  /** Waits until an expression holds in the page. */
  waitFor(expression) {
    return this.driver.wait(() => this.driver.executeScript(`return ${expression}`), LIMIT, expression);
  }

  /** The rows of the log, which is written once a frame: by a callback that was asked for before this one. */
  async rows() {
    await this.driver.executeAsyncScript((done) => requestAnimationFrame(() => done()));
    return this.shown();
  }

  /** The rows that there are now: kind, title, size, preview and whether it was recognized as an echo. */
  shown() {
    return this.driver.executeScript(() => Array.from(document.querySelectorAll('#log > li'), (row) => ({
      kind: row.dataset.kind,
      title: row.querySelector('.what').lastChild.textContent,
      size: row.dataset.size === undefined ? undefined : Number(row.dataset.size),
      preview: row.querySelector('.preview').textContent,
      equal: row.dataset.equal === 'true',
    })));
  }

  async kinds() {
    return (await this.rows()).map(({ kind }) => kind);
  }

  /** Waits for the n-th row of a kind and for its preview. */
  async row(kind, count = 1) {
    await this.waitFor(`document.querySelectorAll('#log > li[data-kind="${kind}"]').length >= ${count}`);
    return (await this.shown()).filter((row) => row.kind === kind)[count - 1];
  }

  /** Waits until a number of messages have come back as they were sent. */
  echoes(count) {
    return this.waitFor(`document.querySelectorAll('#log > li[data-equal="true"]').length === ${count}`);
  }

  async closed() {
    await this.state('CLOSED');
    return this.row('close');
  }

  /** Waits for a complaint to be shown, and gives its words. */
  async complaint(where) {
    await this.waitFor(`document.getElementById('${where}-error').textContent !== ''`);
    return this.text(`${where}-error`);
  }
}
