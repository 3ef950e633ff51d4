//! JSON as programs send it: the same keys again and again, and values that change.

use std::fmt::Write as _;

use bytes::Bytes;

use crate::random::Random;

/// A message, for those who take text and for those who take bytes.
pub struct Document {
    pub text: String,
    pub bytes: Bytes,
}

/// So many documents of 1 KiB, no two the same.
pub fn documents(count: usize) -> Vec<Document> {
    let mut random = Random::new(1);
    (0..count).map(|index| document(index, &mut random)).collect()
}

fn document(index: usize, random: &mut Random) -> Document {
    const SIZE: usize = 1 << 10;
    const NAMES: [&str; 6] = ["London", "Zürich", "São Paulo", "Tokyo", "Nairobi", "Reykjavík"];
    let mut text = format!(r#"{{"type":"update","sequence":{index},"stations":["#);
    loop {
        let name = NAMES[random.below(NAMES.len() as u64) as usize];
        let (id, temperature, wind) = (random.below(100_000), random.below(400), random.below(120));
        let station = format!(
            r#"{{"id":{id},"name":"{name}","temperature":{}.{},"wind":{wind},"online":{}}},"#,
            temperature / 10,
            temperature % 10,
            wind % 3 != 0
        );
        if text.len() + station.len() + 20 > SIZE {
            break;
        }
        text.push_str(&station);
    }
    text.pop();
    let rest = SIZE - text.len() - r#"],"token":""}"#.len();
    let token: String = (0..rest).map(|_| char::from(b'a' + random.below(26) as u8)).collect();
    let _ = write!(text, r#"],"token":"{token}"}}"#);
    Document { bytes: Bytes::from(text.clone()), text }
}
