//! Tables in Markdown.

use std::fmt::Write as _;

use crate::peers::Peer;

/// A table with a line for every workload, a column for every peer, and how ours compares.
pub struct Table {
    /// What the numbers are.
    title: String,
    peers: Vec<Peer>,
    /// Digits after the point.
    digits: usize,
    lines: Vec<(String, Vec<Option<f64>>)>,
}

impl Table {
    pub fn new(title: impl Into<String>, peers: &[Peer], digits: usize) -> Self {
        Self { title: title.into(), peers: peers.to_vec(), digits, lines: Vec::new() }
    }

    /// Adds a line with the numbers of all peers, `None` where there is none. Less is better.
    pub fn push(&mut self, name: impl ToString, numbers: Vec<Option<f64>>) {
        self.lines.push((name.to_string(), numbers));
    }

    pub fn print(&self) {
        let mut text = format!("\n{}\n\n| |", self.title);
        for peer in &self.peers {
            let _ = write!(text, " {} |", peer.name());
        }
        let has_floor = self.peers.contains(&Peer::Floor);
        let floor = |text| if has_floor { text } else { "" };
        let _ = write!(text, " best other | ours / best other |{}\n|---|", floor(" ours / floor |"));
        let _ = writeln!(text, "{}---|---:|{}", "---:|".repeat(self.peers.len()), floor("---:|"));
        for (name, numbers) in &self.lines {
            let _ = write!(text, "| {name} |");
            for number in numbers {
                let _ = match number {
                    Some(number) => write!(text, " {number:.*} |", self.digits),
                    None => write!(text, " – |"),
                };
            }
            text.push_str(&self.comparison(numbers));
            text.push('\n');
        }
        print!("{text}");
    }

    fn comparison(&self, numbers: &[Option<f64>]) -> String {
        let known = || self.peers.iter().zip(numbers).filter_map(|(peer, number)| Some((*peer, (*number)?)));
        let of = |wanted| known().find(|(peer, _)| *peer == wanted).map(|(_, number)| number);
        let best = known().filter(|(peer, _)| peer.is_rival()).min_by(|a, b| a.1.total_cmp(&b.1));
        let ratio = |other: Option<f64>| match (of(Peer::Ours), other) {
            (Some(ours), Some(other)) => format!("{:.2}", ours / other),
            _ => "–".into(),
        };
        let name = best.map_or("–", |(peer, _)| peer.name());
        let mut text = format!(" {name} | {} |", ratio(best.map(|best| best.1)));
        if self.peers.contains(&Peer::Floor) {
            let _ = write!(text, " {} |", ratio(of(Peer::Floor)));
        }
        text
    }
}
