'use strict';

// What the server sends, byte for byte: RFC 6455, sections 5 to 8

section('frames', () => {
  const CLOSE = '8802 03e8';
  const CLOSED = 'close 1000 "" clean';

  // ---- messages ----

  const stories = [
    ['a text message', '8102 6869', ['message hi']],
    ['an empty text message', '8100', ['message ']],
    ['a binary message', '8201 00', ['message binary']],
    ['an empty binary message', '8200', ['message binary']],
    ['two fragments', '0102 6869 8001 21', ['message hi!']],
    ['three fragments, one of them empty', '0101 61 0000 8001 62', ['message ab']],
    ['fragments that are all empty', '0100 0000 8000', ['message ']],
    ['a character over two fragments', '0101 c3 8001 a9', ['message é']],
    ['a character over four fragments', '0101 f0 0001 9f 0001 98 8001 80', ['message 😀']],
    ['a byte order mark at the beginning', '8104 efbbbf 61', ['message \uFEFFa']],
    ['a ping between fragments', '0101 61 8900 8001 62', ['message ab']],
    ['a pong between fragments', '0101 61 8a01 78 8001 62', ['message ab']],
    ['a pong that nobody has asked for', '8a03 616263 8101 61', ['message a']],
    ['a null', '8103 610062', ['message a\0b']],
    ['the highest character', '8104 f48fbfbf', ['message \u{10FFFF}']],
    ['what is no character', '8103 efbfbf', ['message \uFFFF']],
    [`a length of 125 bytes`, `817d ${'61'.repeat(125)}`, [`message ${'a'.repeat(125)}`]],
    [`a length of 126 bytes`, `817e 007e ${'61'.repeat(126)}`, [`message ${'a'.repeat(126)}`]],
    [`a length of 127 bytes`, `817e 007f ${'61'.repeat(127)}`, [`message ${'a'.repeat(127)}`]],
  ];
  for (const [name, sent, told] of stories) {
    promise_test(async (t) => {
      assert_array_equals(await story_of(t, frames(`${sent} ${CLOSE}`)), ['open', ...told, CLOSED]);
    }, name);

    promise_test(async (t) => {
      assert_array_equals(await story_of(t, frames(`${sent} ${CLOSE}`, '&dribble')), ['open', ...told, CLOSED]);
    }, `${name}, byte by byte`);
  }

  // ---- pings ----

  const pings = [
    ['without a payload', '8900', '8a '],
    ['with a payload', '8902 6869', '8a 6869'],
    ['with a payload that is not UTF-8', '8902 ff00', '8a ff00'],
    ['with the longest payload', `897d ${'78'.repeat(125)}`, `8a ${'78'.repeat(125)}`],
  ];
  for (const [name, ping, pong] of pings) {
    promise_test(async (t) => {
      assert_equals(await message(connect(t, frames(ping, '&tell'))), pong);
    }, `a ping ${name} is answered`);
  }

  promise_test(async (t) => {
    const socket = connect(t, frames('8901 61', '&tell'));
    let fired = 0;
    for (const type of ['ping', 'pong']) socket.addEventListener(type, () => { fired += 1; });
    const [first] = await messages(socket, 1);
    assert_equals(first, '8a 61');
    assert_equals(fired, 0);
    assert_false('onping' in socket || 'ping' in socket);
  }, 'scripts hear nothing of pings');

  // ---- what fails ----

  const failing = [
    ['the first reserved bit', 'c101 61'],
    ['the second reserved bit', 'a101 61'],
    ['the third reserved bit', '9101 61'],
    ['a reserved bit of a ping', 'c900'],
    ['the opcode 3', '8300'],
    ['the opcode 7', '8701 61'],
    ['the opcode 11', '8b00'],
    ['the opcode 15', '8f01 61'],
    ['a continuation of nothing', '8001 61'],
    ['a new message within another', '0101 61 8101 62'],
    ['a fragment of another message within one', '0101 61 0201 62'],
    ['a ping in fragments', '0900 8000'],
    ['a ping of 126 bytes', `897e 007e ${'61'.repeat(126)}`],
    ['a pong of 126 bytes', `8a7e 007e ${'61'.repeat(126)}`],
    ['a length with its highest bit set', '827f ffffffffffffffff'],
    ['a length in three bytes for want of need', '817e 0001 61'],
    ['a length in nine bytes for want of need', '817f 0000000000000001 61'],
    ['text with a byte that is never UTF-8', '8101 ff'],
    ['text with a continuation byte alone', '8101 80'],
    ['text that ends within a character', '8101 c3'],
    ['text that ends within a character of four bytes', '8103 f09f98'],
    ['text with a surrogate', '8103 eda080'],
    ['text with an overlong slash', '8102 c0af'],
    ['text with an overlong null', '8103 e08080'],
    ['text with a character too high', '8104 f4908080'],
    ['text that is broken in its second fragment', '0101 61 8001 ff'],
    ['text whose last fragment lacks the end of a character', '0101 c3 8000'],
  ];
  for (const [name, sent] of failing) {
    promise_test(async (t) => {
      // What has come before is heard of before, and what comes after is not heard of.
      const socket = connect(t, frames('8101 61', `&then=${`${sent} 8101 62 ${CLOSE}`.replaceAll(' ', '')}`));
      socket.onmessage = () => socket.send('now');
      assert_array_equals(await story(socket), ['open', 'message a', ...FAILURE]);
    }, `it fails: ${name}`);
  }

  promise_test(async (t) => {
    // What began well is no message before it has ended well.
    assert_array_equals(await story_of(t, frames(`0101 61 ${CLOSE}`)), ['open', CLOSED]);
  }, 'a message that does not end is none');
});
