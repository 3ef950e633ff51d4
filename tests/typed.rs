//! Typed messages, natively and in browsers: what the codecs send and read, byte for byte, and streams and sinks of values.
#![cfg(all(feature = "json", feature = "msgpack", feature = "js-values"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::error::Error as _;

use futures_util::{SinkExt as _, StreamExt as _, sink, stream};
use isosocket::codec::CodecError;
use isosocket::{
    Blob, Data, Decode, Encode, JsValues, Json, MessagePack, TypedReadError, TypedReadable, TypedWritable,
    TypedWriteError, WebSocketError, WebSocketStream,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use support::*;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Order {
    id: u32,
    note: Option<String>,
    price: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Chat {
    Leave,
    Say(String),
    Move(i32, i32),
    Join { room: String },
}

/// Contains itself, so that a message decides how deep a program goes.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nest(Vec<Nest>);

/// As [`Nest`], by its variants.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Chain {
    End,
    Next(Box<Chain>),
}

/// Of so many variants with another one in them.
fn chain(levels: usize) -> Chain {
    (0..levels).fold(Chain::End, |chain, _| Chain::Next(Box::new(chain)))
}

const ORDER: &str = r#"{"id":7,"note":"é \" \\ \n 😀","price":0.5}"#;

fn order() -> Order {
    Order { id: 7, note: Some("é \" \\ \n 😀".into()), price: 0.5 }
}

/// The text a codec writes.
fn written<C: Encode<T>, T: ?Sized>(value: &T) -> String
where
    C::Error: std::fmt::Debug,
{
    Data::encode::<C, T>(value).unwrap().as_text().expect("text").to_owned()
}

/// The bytes a codec writes.
fn packed<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    Data::encode::<MessagePack, T>(value).unwrap().as_binary().expect("bytes").to_vec()
}

fn read<C: Decode<T, Error = CodecError>, T>(data: impl Into<Data>) -> Result<T, CodecError> {
    data.into().decode::<C, T>()
}

/// Both JSON codecs write this, and read it again.
fn is_json<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T, text: &str) {
    assert_eq!(written::<Json, T>(value), text);
    assert_eq!(written::<JsValues, T>(value), text);
    for data in [Data::from(text), Data::from(text.as_bytes()), Data::from(Blob::from(text.as_bytes().to_vec()))] {
        assert_eq!(&data.decode::<Json, T>().unwrap(), value, "{text}");
        assert_eq!(&data.decode::<JsValues, T>().unwrap(), value, "{text}");
    }
}

/// Neither JSON codec reads this as a `T`.
fn is_no_json<T: DeserializeOwned + std::fmt::Debug>(data: impl Into<Data>) {
    let data = data.into();
    assert!(data.decode::<Json, T>().is_err(), "{data:?}");
    assert!(data.decode::<JsValues, T>().is_err(), "{data:?}");
}

/// MessagePack writes this, and reads it again.
fn is_packed<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T, bytes: &[u8]) {
    assert_eq!(packed(value), bytes);
    assert_eq!(&read::<MessagePack, T>(bytes).unwrap(), value);
    assert_eq!(&read::<MessagePack, T>(Blob::from(bytes.to_vec())).unwrap(), value);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_struct_is_an_object_with_its_fields_in_order() {
    is_json(&order(), ORDER);
    is_packed(&Order { id: 7, note: None, price: 0.5 }, b"\x83\xa2id\x07\xa4note\xc0\xa5price\xcb\x3f\xe0\0\0\0\0\0\0");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn an_enum_is_its_variants_name_and_content() {
    is_json(&Chat::Leave, r#""Leave""#);
    is_json(&Chat::Say("hi".into()), r#"{"Say":"hi"}"#);
    is_json(&Chat::Move(1, -2), r#"{"Move":[1,-2]}"#);
    is_json(&Chat::Join { room: "a".into() }, r#"{"Join":{"room":"a"}}"#);
    is_packed(&Chat::Leave, b"\xa5Leave");
    is_packed(&Chat::Say("hi".into()), b"\x81\xa3Say\xa2hi");
    is_packed(&Chat::Move(1, -2), b"\x81\xa4Move\x92\x01\xfe");
    is_packed(&Chat::Join { room: "a".into() }, b"\x81\xa4Join\x81\xa4room\xa1a");
    is_no_json::<Chat>(r#""Stay""#);
    is_no_json::<Chat>(r#"{"Say":"hi","Leave":null}"#);
    assert!(read::<MessagePack, Chat>(b"\xa4Stay").is_err());
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_field_that_is_missing_is_none_where_it_may_be_and_an_error_elsewhere() {
    let without = Order { id: 1, note: None, price: 2.5 };
    assert_eq!(read::<Json, Order>(r#"{"id":1,"price":2.5}"#).unwrap(), without);
    assert_eq!(read::<JsValues, Order>(r#"{"id":1,"price":2.5}"#).unwrap(), without);
    assert_eq!(read::<MessagePack, Order>(b"\x82\xa2id\x01\xa5price\xcb\x40\x04\0\0\0\0\0\0").unwrap(), without);
    is_json(&without, r#"{"id":1,"note":null,"price":2.5}"#);
    is_no_json::<Order>(r#"{"id":1,"note":"x"}"#);
    is_no_json::<Order>(r#"{"id":null,"price":2.5}"#);
    assert!(read::<MessagePack, Order>(b"\x81\xa2id\x01").is_err());
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_field_that_is_unknown_is_passed_over() {
    let text = r#"{"id":1,"more":{"a":[1,{"b":null}]},"price":2.5}"#;
    assert_eq!(read::<Json, Order>(text).unwrap().id, 1);
    assert_eq!(read::<JsValues, Order>(text).unwrap().id, 1);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_map_is_an_object_and_keeps_what_it_has() {
    let map = BTreeMap::from([("".to_owned(), 1), ("a b".to_owned(), -1), ("é".to_owned(), 0)]);
    is_json(&map, r#"{"":1,"a b":-1,"é":0}"#);
    is_packed(&map, b"\x83\xa0\x01\xa3a b\xff\xa2\xc3\xa9\x00");
    is_packed(&BTreeMap::from([(1, true)]), b"\x81\x01\xc3");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn bytes_are_numbers_in_json_and_bytes_in_messagepack() {
    let bytes = serde_bytes::ByteBuf::from([0, 127, 255]);
    is_json(&bytes, "[0,127,255]");
    is_packed(&bytes, b"\xc4\x03\0\x7f\xff");
    is_json(&vec![0_u8, 127, 255], "[0,127,255]");
    is_no_json::<serde_bytes::ByteBuf>("[256]");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn the_largest_safe_integers_are_exact_in_all_codecs() {
    is_json(&9_007_199_254_740_991_u64, "9007199254740991");
    is_json(&-9_007_199_254_740_991_i64, "-9007199254740991");
    is_packed(&9_007_199_254_740_991_u64, b"\xcf\x00\x1f\xff\xff\xff\xff\xff\xff");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn integers_that_javascript_rounds_are_exact_or_refused() {
    assert_eq!(written::<Json, _>(&u64::MAX), "18446744073709551615");
    assert_eq!(read::<Json, u64>("18446744073709551615").unwrap(), u64::MAX);
    assert_eq!(written::<Json, _>(&i64::MIN), "-9223372036854775808");
    is_packed(&u64::MAX, b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
    is_packed(&i64::MIN, b"\xd3\x80\0\0\0\0\0\0\0");
    for value in [9_007_199_254_740_992, u64::MAX] {
        let error = Data::encode::<JsValues, _>(&value).unwrap_err();
        assert!(error.to_string().contains(&value.to_string()), "{error}");
        assert!(read::<JsValues, u64>(value.to_string()).is_err());
    }
    assert!(Data::encode::<JsValues, _>(&-9_007_199_254_740_992_i64).is_err());
    assert!(read::<JsValues, i64>("-9007199254740992").is_err());
    assert!(Data::encode::<JsValues, _>(&1_i128).is_err());
    assert_eq!(read::<JsValues, i128>("1").is_err(), cfg!(target_arch = "wasm32"));
    assert_eq!(read::<JsValues, f64>("9007199254740993").unwrap(), 9_007_199_254_740_992.0);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn doubles_are_written_as_javascript_writes_them() {
    for (value, text) in [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (-1.25e-9, "-1.25e-9"),
        (f64::MAX, "1.7976931348623157e+308"),
        (5e-324, "5e-324"),
        (123_456_789.123, "123456789.123"),
    ] {
        assert_eq!(written::<JsValues, f64>(&value), text);
        assert_eq!(read::<JsValues, f64>(text).unwrap(), value);
    }
    assert_eq!(written::<JsValues, f32>(&0.1), "0.10000000149011612");
    assert_eq!(written::<Json, f64>(&1.0), "1.0");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn doubles_are_read_as_they_were_written() {
    for (value, text) in [
        (31.245270191439438, "31.245270191439438"),
        (0.9452706955539223, "0.9452706955539223"),
        (2.2250738585072014e-308, "2.2250738585072014e-308"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
    ] {
        assert_eq!(written::<JsValues, f64>(&value), text);
        is_read(text, value);
        is_read(&written::<Json, f64>(&value), value);
    }
    // Between two doubles, and of two that are as near the even one.
    is_read("31.2452701914394380000000000000001", 31.245270191439438);
    is_read("9007199254740993.0", 9_007_199_254_740_992.0);
    is_read("9007199254740995.0", 9_007_199_254_740_996.0);
    // All of a range, in steps that are no doubles.
    for step in 0..1000_u32 {
        let value = f64::from(step) * 0.123_456_789_012_345_67 + 0.1;
        is_read(&written::<Json, f64>(&value), value);
        is_read(&written::<JsValues, f64>(&value), value);
    }
}

/// Both JSON codecs read this as the double, to the last bit.
fn is_read(text: &str, value: f64) {
    assert_eq!(read::<Json, f64>(text).unwrap().to_bits(), value.to_bits(), "{text}");
    assert_eq!(read::<JsValues, f64>(text).unwrap().to_bits(), value.to_bits(), "{text}");
    assert_eq!(read::<Json, [f64; 1]>(format!("[{text}]")).unwrap(), [value]);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn whole_numbers_are_of_either_kind() {
    assert_eq!(read::<JsValues, u8>("1.0").unwrap(), 1);
    assert_eq!(read::<JsValues, u8>("1e2").unwrap(), 100);
    assert_eq!(read::<JsValues, f64>("3").unwrap(), 3.0);
    assert_eq!(read::<Json, f64>("3").unwrap(), 3.0);
    assert!(read::<JsValues, u8>("1.5").is_err());
    assert!(read::<JsValues, u8>("256").is_err());
    assert!(read::<JsValues, u8>("-1").is_err());
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn what_is_not_finite_is_null_in_json_and_itself_in_messagepack() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(written::<Json, _>(&value), "null");
        assert_eq!(written::<JsValues, _>(&value), "null");
    }
    is_no_json::<f64>("null");
    is_no_json::<f64>("NaN");
    assert_eq!(packed(&f64::INFINITY), b"\xcb\x7f\xf0\0\0\0\0\0\0");
    assert!(read::<MessagePack, f64>(b"\xcb\x7f\xf8\0\0\0\0\0\0").unwrap().is_nan());
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn what_is_no_json_is_an_error() {
    for text in ["", " ", "{", "[1", "[1]]", "1 2", "{'a':1}", "undefined", "\u{feff}1", "[1,]", "01", "\"\t\""] {
        is_no_json::<serde::de::IgnoredAny>(text);
    }
    is_no_json::<String>(b"\"\xff\"");
    is_no_json::<String>(b"\"\xed\xa0\x80\"");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn what_is_no_messagepack_is_an_error() {
    for bytes in [&b""[..], b"\xc1", b"\x92\x01", b"\xa5four", b"\xdd\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff1"] {
        assert!(read::<MessagePack, Vec<u64>>(bytes).is_err(), "{bytes:x?}");
        assert!(read::<MessagePack, serde_bytes::ByteBuf>(bytes).is_err(), "{bytes:x?}");
        assert!(read::<MessagePack, String>(bytes).is_err(), "{bytes:x?}");
    }
    assert!(read::<MessagePack, String>(b"\xa1\xff").is_err());
    let surplus = read::<MessagePack, u8>(b"\x01\x02").unwrap_err();
    assert_eq!(surplus.to_string(), "there is more in it than the value");
    let text = read::<MessagePack, u8>("\u{1}").unwrap_err();
    assert_eq!(text.to_string(), "it is text, and the codec is binary");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn nesting_has_an_end() {
    let nest = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    for levels in [1, 126, 127] {
        assert!(read::<Json, Nest>(nest(levels)).is_ok(), "{levels}");
        assert!(read::<JsValues, Nest>(nest(levels)).is_ok(), "{levels}");
        assert!(read::<MessagePack, Nest>([vec![0x91; levels - 1], vec![0x90]].concat()).is_ok(), "{levels}");
    }
    for levels in [128, 129, 1_000_000] {
        is_no_json::<Nest>(nest(levels));
        is_no_json::<Nest>("[".repeat(levels));
        is_no_json::<Nest>("[{\"\":".repeat(levels));
        assert!(read::<MessagePack, Nest>([vec![0x91; levels - 1], vec![0x90]].concat()).is_err(), "{levels}");
    }
    assert_eq!(read::<JsValues, String>(format!("{:?}", nest(1000))).unwrap(), nest(1000));
    assert_eq!(read::<JsValues, String>(format!(r#""\"{}\\""#, nest(1000))).unwrap(), format!("\"{}\\", nest(1000)));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn nesting_of_variants_has_an_end() {
    is_json(&chain(127), &(r#"{"Next":"#.repeat(127) + r#""End""# + &"}".repeat(127)));
    is_no_json::<Chain>(r#"{"Next":"#.repeat(128) + r#""End""# + &"}".repeat(128));
    is_packed(&chain(127), &[b"\x81\xa4Next".repeat(127), b"\xa3End".into()].concat());
    for levels in [128, 129, 1_000_000] {
        // By name and by index; also as an array of one, whose content rmp-serde looks for behind it, as here in a larger array.
        for next in [&b"\x81\xa4Next"[..], b"\x81\x01", b"\x91\xa4Next", b"\x91\x01"] {
            let bytes = [next.repeat(levels), b"\xa3End".into()].concat();
            assert!(read::<MessagePack, Chain>(bytes.clone()).is_err(), "{next:x?} {levels}");
            assert!(read::<MessagePack, Chain>(next.repeat(levels)).is_err(), "{next:x?} {levels}");
            let larger = [&b"\xdd"[..], &(levels as u32 + 1).to_be_bytes(), &bytes].concat();
            assert!(read::<MessagePack, Vec<Chain>>(larger).is_err(), "{next:x?} {levels}");
        }
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn nesting_of_maps_has_an_end() {
    /// Contains itself by the maps that it is a list of.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Tree(Vec<BTreeMap<u8, Tree>>);

    let tree = |levels: usize| [b"\x91\x81\x07".repeat(levels / 2), b"\x90".repeat(levels % 2)].concat();
    assert!(read::<MessagePack, Tree>(tree(127)).is_ok());
    for levels in [129, 1_000_001] {
        assert!(read::<MessagePack, Tree>(tree(levels)).is_err(), "{levels}");
    }
    // What is wide is not deep.
    let wide = Tree(vec![(0..=u8::MAX).map(|key| (key, Tree(vec![]))).collect(); 1000]);
    assert_eq!(read::<MessagePack, Tree>(packed(&wide)).unwrap(), wide);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn an_array_is_no_map() {
    #[derive(Debug, Deserialize)]
    struct Game {
        scores: BTreeMap<String, u8>,
    }
    #[derive(Debug, Deserialize)]
    struct Flat {
        #[serde(flatten)]
        scores: BTreeMap<String, u8>,
    }

    for text in ["[]", "[null]", "[[null]]", "[1]", r#"["ab"]"#, r#"[["a",1]]"#, r#"[[["a",1]]]"#] {
        is_no_json::<BTreeMap<String, u8>>(text);
        is_no_json::<BTreeMap<String, String>>(text);
        is_no_json::<Vec<BTreeMap<String, u8>>>(format!("[{text}]"));
        is_no_json::<Option<BTreeMap<String, u8>>>(text);
        is_no_json::<Flat>(text);
        is_no_json::<Game>(format!(r#"{{"scores":{text}}}"#));
    }
    for text in ["null", "1", r#""ab""#] {
        is_no_json::<BTreeMap<String, String>>(text);
    }
    assert_eq!(read::<JsValues, Flat>(r#"{"a":1}"#).unwrap().scores["a"], 1);
    assert_eq!(read::<JsValues, Game>(r#"{"scores":{"a":1}}"#).unwrap().scores["a"], 1);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn of_two_members_with_one_name_the_last_one_counts_in_javascript() {
    let text = r#"{"id":1,"id":2,"price":0}"#;
    assert_eq!(read::<JsValues, Order>(text).unwrap().id, 2);
    assert!(read::<Json, Order>(text).is_err());
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn an_error_has_the_words_of_its_library_and_the_library_itself() {
    let error = read::<Json, u8>("x").unwrap_err();
    assert_eq!(error.to_string(), "expected value at line 1 column 1");
    assert!(error.source().unwrap().is::<serde_json::Error>());
    assert!(!read::<JsValues, u8>("x").unwrap_err().to_string().is_empty());
    assert!(!read::<JsValues, u8>("\"x\"").unwrap_err().to_string().is_empty());
}

type Messages = stream::Iter<std::vec::IntoIter<Result<Data, &'static str>>>;

fn messages(items: Vec<Result<Data, &'static str>>) -> Messages {
    stream::iter(items)
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_message_that_cannot_be_read_is_an_item_with_the_message_and_the_stream_goes_on() {
    let items = vec![Ok("1".into()), Ok("one".into()), Ok(Data::from(b"3")), Err("gone")];
    let mut numbers = TypedReadable::<_, u8, Json>::new(messages(items));
    assert_eq!(numbers.next().await.unwrap().unwrap(), 1);
    match numbers.next().await.unwrap().unwrap_err() {
        TypedReadError::Codec { error, data } => {
            assert_eq!(data.as_text(), Some("one"));
            assert_eq!(error.to_string(), "expected value at line 1 column 1");
        }
        error => panic!("{error:?}"),
    }
    assert_eq!(numbers.next().await.unwrap().unwrap(), 3);
    assert!(matches!(numbers.next().await, Some(Err(TypedReadError::Socket("gone")))));
    assert!(numbers.next().await.is_none());
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_value_that_cannot_be_written_leaves_the_sink_as_it_was() {
    let sent = Box::pin(sink::unfold(Vec::new(), |mut sent, data: Data| async move {
        if sent.len() == 2 {
            return Err("full");
        }
        sent.push(data.as_text().unwrap().to_owned());
        if sent.len() == 2 {
            assert_eq!(sent, ["1", "2"]);
        }
        Ok(sent)
    }));
    let mut numbers = TypedWritable::<_, u64, JsValues>::new(sent);
    numbers.send(1).await.unwrap();
    match numbers.send(1 << 53).await.unwrap_err() {
        TypedWriteError::Codec(error) => assert!(error.to_string().contains("9007199254740992"), "{error}"),
        error => panic!("{error:?}"),
    }
    numbers.send(2).await.unwrap();
    assert!(matches!(numbers.send(3).await, Err(TypedWriteError::Socket("full"))));
}

/// Sends this value as a message, and gives what the echo server sends back.
async fn echoed(data: Data) -> Data {
    let (socket, mut events) = connect("/echo");
    socket.set_binary_type(isosocket::BinaryType::ArrayBuffer);
    events.open().await;
    socket.send(data).unwrap();
    events.message().await
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn values_go_through_a_socket() {
    let data = echoed(Data::encode::<Json, _>(&order()).unwrap()).await;
    assert_eq!(data.as_text(), Some(ORDER));
    assert_eq!(data.decode::<Json, Order>().unwrap(), order());
    let data = echoed(Data::encode::<JsValues, _>(&order()).unwrap()).await;
    assert_eq!(data.decode::<JsValues, Order>().unwrap(), order());
    let data = echoed(Data::encode::<MessagePack, _>(&order()).unwrap()).await;
    assert_eq!(data.decode::<MessagePack, Order>().unwrap(), order());
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_blob_that_the_host_keeps_is_read_before_it_is_decoded() {
    let (socket, mut events) = connect("/echo");
    events.open().await;
    socket.send(b"7").unwrap();
    let data = events.message().await;
    let blob = data.as_blob().expect("a blob");
    if blob.as_bytes().is_none() {
        let error = data.decode::<Json, u8>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "it is a blob, whose bytes the browser has: set the socket's binary_type to BinaryType::ArrayBuffer"
        );
    }
    assert_eq!(Data::from(blob.bytes().await.unwrap()).decode::<Json, u8>().unwrap(), 7);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn both_halves_of_a_stream_have_values() {
    let stream = WebSocketStream::new(&url("/echo")).unwrap();
    let mut chat = stream.opened().await.unwrap().typed::<Chat, Chat, Json>();
    assert_eq!(chat.protocol, "");
    let said = [Chat::Say("hi".into()), Chat::Move(1, -2), Chat::Leave];
    for value in &said {
        chat.writable.write(value).await.unwrap();
    }
    for value in &said {
        assert_eq!(&chat.readable.read().await.unwrap().unwrap(), value);
    }
    chat.writable.send(Chat::Leave).await.unwrap();
    assert_eq!(chat.readable.next().await.unwrap().unwrap(), Chat::Leave);
    stream.close();
    assert!(chat.readable.read().await.is_none());
    assert!(matches!(chat.writable.write(&Chat::Leave).await, Err(TypedWriteError::Socket(_))));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_stream_goes_on_after_a_message_that_is_no_value_and_a_value_that_is_no_message() {
    let stream = WebSocketStream::new(&url("/echo")).unwrap();
    let mut numbers = stream.opened().await.unwrap().typed::<u8, u64, JsValues>();
    numbers.writable.write(&1).await.unwrap();
    assert!(matches!(numbers.writable.write(&(1 << 53)).await, Err(TypedWriteError::Codec(_))));
    numbers.writable.write(&256).await.unwrap();
    numbers.writable.get_mut().write(b"{").await.unwrap();
    numbers.writable.write(&2).await.unwrap();
    assert_eq!(numbers.readable.read().await.unwrap().unwrap(), 1);
    for expected in [&b"256"[..], b"{"] {
        match numbers.readable.read().await.unwrap().unwrap_err() {
            TypedReadError::Codec { data: Data::Text(text), .. } => assert_eq!(text.as_bytes(), expected),
            TypedReadError::Codec { data: Data::Binary(bytes), .. } => assert_eq!(bytes, expected),
            error => panic!("{error:?}"),
        }
    }
    assert_eq!(numbers.readable.read().await.unwrap().unwrap(), 2);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn an_error_of_the_connection_is_told_from_one_of_the_codec() {
    let stream = WebSocketStream::new(&url("/drop")).unwrap();
    let mut numbers = stream.opened().await.unwrap().typed::<u8, u8, MessagePack>();
    numbers.writable.write(&1).await.unwrap();
    let error = numbers.readable.read().await.unwrap().unwrap_err();
    assert!(matches!(error, TypedReadError::Socket(WebSocketError::Closed { .. })), "{error:?}");
    assert!(numbers.readable.read().await.is_none());
}
