// A visitor of a chat: a window with its page, used as a person uses it.

import { By, Key, until } from 'selenium-webdriver';

export const LIMIT = 15_000;

export class Visitor {
  /** Opens the chat of a framework, `yew` or `leptos`, in a window of its own. */
  static async open(driver, address, framework) {
    await driver.switchTo().newWindow('tab');
    await driver.get(`${address}/${framework}/`);
    await driver.wait(until.elementLocated(By.id('entrance')), LIMIT, 'the entrance');
    return new Visitor(driver, await driver.getWindowHandle());
  }

  constructor(driver, window) {
    this.driver = driver;
    this.window = window;
  }

  /** What is done next is done in this window. */
  look() {
    return this.driver.switchTo().window(this.window);
  }

  async find(id) {
    await this.look();
    return this.driver.findElement(By.id(id));
  }

  async click(id) {
    await (await this.find(id)).click();
  }

  async text(id) {
    return (await this.find(id)).getText();
  }

  async type(id, text) {
    const field = await this.find(id);
    await field.clear();
    await field.sendKeys(text);
  }

  /** Joins by keyboard: Enter in the last field. */
  async join(name, server) {
    if (server !== undefined) await this.type('server', server);
    await this.type('name', name);
    await (await this.find('name')).sendKeys(Key.ENTER);
    await this.driver.wait(until.elementLocated(By.id('say')), LIMIT, 'the room');
  }

  async joinAndConnect(name, server) {
    await this.join(name, server);
    await this.state('connected');
  }

  /** Waits for what is said of the connection. */
  async state(words) {
    await this.look();
    const state = await this.driver.findElement(By.id('state'));
    await this.driver.wait(until.elementTextIs(state, words), LIMIT);
  }

  /** Says something, by keyboard, in the field that has the focus. */
  async say(text) {
    await this.look();
    await (await this.driver.switchTo().activeElement()).sendKeys(text, Key.ENTER);
  }

  async leave() {
    await this.click('leave');
    await this.driver.wait(until.elementLocated(By.id('entrance')), LIMIT, 'the entrance');
  }

  /** Waits until there are so many messages, and gives them: who, what, and whether they are the visitor's own. */
  async messages(count) {
    await this.look();
    const shown = `document.querySelectorAll('#messages > li').length === ${count}`;
    await this.driver.wait(() => this.driver.executeScript(`return ${shown}`), LIMIT, `${count} messages`);
    return this.driver.executeScript(() => Array.from(document.querySelectorAll('#messages > li'), (item) => ({
      name: item.querySelector('b').textContent,
      text: item.lastChild.textContent,
      own: item.classList.contains('own'),
    })));
  }
}
