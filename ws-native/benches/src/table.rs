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
        let _ = write!(text, " best other |");
        let ratios = self.ratios();
        for (ours, other) in &ratios {
            let _ = write!(text, " {} / {} |", ours.name(), other.map_or("best other", Peer::name));
        }
        let columns = self.peers.len();
        let _ = writeln!(text, "\n|---|{}---|{}", "---:|".repeat(columns), "---:|".repeat(ratios.len()));
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

    /// Which of ours is compared with what: with the best other crate, and with the floor.
    fn ratios(&self) -> Vec<(Peer, Option<Peer>)> {
        let ours: Vec<_> = self.peers.iter().copied().filter(|peer| peer.is_ours()).collect();
        let floor = self.peers.iter().copied().find(|peer| *peer == Peer::Floor);
        [None]
            .into_iter()
            .chain(floor.map(Some))
            .flat_map(|other| ours.iter().map(move |ours| (*ours, other)))
            .collect()
    }

    fn comparison(&self, numbers: &[Option<f64>]) -> String {
        let known = || self.peers.iter().zip(numbers).filter_map(|(peer, number)| Some((*peer, (*number)?)));
        let of = |wanted| known().find(|(peer, _)| *peer == wanted).map(|(_, number)| number);
        let best = known().filter(|(peer, _)| peer.is_rival()).min_by(|a, b| a.1.total_cmp(&b.1));
        let mut text = format!(" {} |", best.map_or("–", |(peer, _)| peer.name()));
        for (ours, other) in self.ratios() {
            let other = other.map_or(best.map(|(_, number)| number), of);
            let _ = match of(ours).zip(other) {
                Some((ours, other)) => write!(text, " {:.2} |", ours / other),
                None => write!(text, " – |"),
            };
        }
        text
    }
}
