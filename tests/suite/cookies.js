'use strict';

// Fetch sends and keeps cookies: the credentials mode of the handshake is "include".

section('cookies', () => {
  /** Connects so that the answer sets a cookie; without Path it would be for the folder of the path. */
  async function set(t, cookie, path = '/handshake') {
    await connected(t, `${path}?add=${encodeURIComponent(`Set-Cookie: ${cookie}`)}`);
  }

  /** The cookies that are sent to a path, of those whose names begin with a prefix; none has the names of another test. */
  async function sent(t, name, path = '/head') {
    const { all } = await request(t, path);
    return all('Cookie').flatMap((value) => value.split('; ')).filter((cookie) => cookie.startsWith(name));
  }

  promise_test(async (t) => {
    await set(t, 'plain=1; Path=/');
    assert_array_equals(await sent(t, 'plain'), ['plain=1']);
  }, 'what an answer sets is sent with the next handshake');

  promise_test(async (t) => {
    await set(t, 'changed=1; Path=/');
    await set(t, 'changed=2; Path=/');
    assert_array_equals(await sent(t, 'changed'), ['changed=2']);
  }, 'what is set again is sent once');

  promise_test(async (t) => {
    await set(t, 'secret=1; Path=/; HttpOnly');
    assert_array_equals(await sent(t, 'secret'), ['secret=1']);
  }, 'a cookie that scripts cannot see is sent');

  promise_test(async (t) => {
    await set(t, 'strict=1; Path=/; SameSite=Strict');
    assert_array_equals(await sent(t, 'strict'), ['strict=1']);
  }, 'a cookie for the same site is sent to another port');

  promise_test(async (t) => {
    await set(t, 'folder=1; Path=/head');
    await set(t, 'folder_other=1; Path=/other');
    assert_array_equals(await sent(t, 'folder'), ['folder=1']);
  }, 'a cookie of a path is sent to that path');

  promise_test(async (t) => {
    await set(t, 'gone=1; Path=/');
    await set(t, 'gone=1; Path=/; Max-Age=0');
    assert_array_equals(await sent(t, 'gone'), []);
  }, 'a cookie that has expired is not sent');

  promise_test(async (t) => {
    await set(t, 'foreign=1; Path=/; Domain=example.org');
    assert_array_equals(await sent(t, 'foreign'), []);
  }, 'a cookie for another host is not kept');

  promise_test(async (t) => {
    await connected(t, `/handshake?add=${encodeURIComponent('Set-Cookie: both1=1; Path=/\r\nSet-Cookie: both2=2; Path=/')}`);
    const cookies = await sent(t, 'both');
    assert_array_equals(cookies.sort(), ['both1=1', 'both2=2']);
    const { all } = await request(t, '/head');
    assert_equals(all('Cookie').length, 1);
  }, 'several cookies are sent in one header');

  promise_test(async (t) => {
    const socket = connect(t, `/handshake?add=${encodeURIComponent('Set-Cookie: unseen=1; Path=/')}`);
    const event = await next(socket, 'open');
    for (const name of ['headers', 'cookies', 'cookie', 'response']) {
      assert_false(name in event, name);
      assert_false(name in socket, name);
    }
  }, 'scripts do not see the headers of the answer');
});
