//! What each path does.

use std::pin::pin;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use ws_core::{CloseCode, Failure, Message};
use ws_native::proto::Config;
use ws_native::{Connection, Stream};

use crate::handshake::{self, Asked};
use crate::reports::Reports;
use crate::{Outcome, PATIENCE, STALL, frames, load};

/// Reads the request's head, and behaves as its path says.
pub(crate) async fn behave(mut stream: Stream, reports: &Reports) -> Outcome {
    let Some(asked) = handshake::read(&mut stream).await? else { return Ok(()) };
    let head = match asked.path() {
        "/status" => format!(
            "HTTP/1.1 {} Test\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n",
            asked.text("code").parse::<u16>()?
        ),
        // A client may remember what a realm has accepted, so each expectation has its own.
        "/authorize" if !asked.has("Authorization", &asked.text("expect")) => format!(
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"{}\"\r\nContent-Length: 0\r\n\
             Connection: close\r\n\r\n",
            asked.text("expect")
        ),
        "/accept" => asked.accept().without("Sec-WebSocket-Accept").lines(WRONG_ACCEPT),
        "/garbage" => "\0\x01\x02 this is not HTTP\r\n\r\n".into(),
        "/silent" => String::new(),
        "/abort" => return Ok(()),
        "/endless" => {
            stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nX: ").await?;
            loop {
                stream.write_all(&[b'x'; 1024]).await?;
            }
        }
        "/frames" => return exchange_frames(stream, &asked).await,
        _ => {
            let head = answer(&asked);
            stream.write_all(head.as_bytes()).await?;
            let connection = Connection::server_established(stream, Config::default());
            return established(connection, &asked, reports).await;
        }
    };
    stream.write_all(head.as_bytes()).await?;
    wait_for_end(&mut stream).await
}

const WRONG_ACCEPT: &str = "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The head that establishes the connection, or is to.
fn answer(asked: &Asked) -> String {
    let mut answer = asked.accept();
    match asked.path() {
        "/protocol" => answer.protocol(asked.text("pick")).lines(""),
        "/handshake" => {
            if let Some(line) = asked.parameter("status") {
                answer = answer.status(line);
            }
            if let Some(name) = asked.parameter("without") {
                answer = answer.without(&name);
            }
            asked.text("before") + &answer.lines(&asked.text("add"))
        }
        _ => answer.lines(""),
    }
}

/// Sends literal bytes, and tells what comes.
async fn exchange_frames(mut stream: Stream, asked: &Asked) -> Outcome {
    let bytes = frames::from_hex(&asked.text("hex"))?;
    let head = answer(asked);
    if asked.parameter("dribble").is_some() {
        stream.write_all(head.as_bytes()).await?;
        for byte in bytes {
            stream.write_all(&[byte]).await?;
            stream.flush().await?;
        }
    } else {
        stream.write_all(&[head.as_bytes(), &bytes].concat()).await?;
    }
    if let Some(digits) = asked.parameter("then") {
        frames::wait(&mut stream).await?;
        stream.write_all(&frames::from_hex(&digits)?).await?;
    }
    if asked.parameter("stay").is_some() {
        return wait_for_end(&mut stream).await;
    }
    Ok(frames::read_to_end(&mut stream, asked.parameter("tell").is_some()).await?)
}

/// Behaves as the path says, once the opening handshake is done.
async fn established(mut connection: Connection, asked: &Asked, reports: &Reports) -> Outcome {
    match asked.path() {
        "/send" => connection.send(asked.text("text")).await?,
        "/head" => connection.send(asked.head.clone()).await?,
        "/burst" => {
            for number in 0..asked.text("count").parse()? {
                let number: u32 = number;
                connection.feed(number.to_string())?;
            }
            if let Ok(code) = asked.text("code").parse() {
                connection.close(Some((CloseCode::new(code), ""))).await?;
            }
        }
        "/pour" => load::pour(&mut connection, asked).await?,
        "/sink" => load::sink(&mut connection, asked).await?,
        "/order" => {
            for text in ["one", "two", "three"] {
                connection.feed(text)?;
            }
            connection.close(Some((CloseCode::NORMAL, "done"))).await?;
        }
        "/close" => {
            let reason = asked.text("reason");
            let code: Option<u16> = asked.text("code").parse().ok();
            connection.close(code.map(|code| (CloseCode::new(code), reason.as_str()))).await?;
        }
        "/drop" => {
            connection.recv().await?;
            return Ok(());
        }
        "/reset" => {
            connection.recv().await?;
            if let Some(tcp) = connection.stream().tcp() {
                tcp.set_zero_linger()?;
            }
            return Ok(());
        }
        "/slow" => tokio::time::sleep(PATIENCE).await,
        "/hold" => {
            reports.wait(&asked.text("id")).await;
        }
        "/flood" => flood(&mut connection, asked, reports).await?,
        "/release" => reports.put(asked.text("id"), String::new()),
        "/reported" => {
            let report = reports.wait(&asked.text("id")).await;
            connection.send(report).await?;
        }
        _ => {}
    }
    let mut received = Received::default();
    let outcome = echo(&mut connection, &mut received).await;
    let how = match (&outcome, connection.closed()) {
        (Ok(()), Some(closed)) => format!("clean {} {}", closed.code(), closed.reason()),
        _ => "unclean".into(),
    };
    match asked.path() {
        "/report" => reports.put(asked.text("id"), how),
        "/tally" => reports.put(asked.text("id"), tally(&received, &how)),
        "/hold" => reports.put(format!("{} ended", asked.text("id")), tally(&received, &how)),
        _ => {}
    }
    Ok(outcome?)
}

/// Sends numbered messages, as fast as they are taken, and tells when they are not.
async fn flood(connection: &mut Connection, asked: &Asked, reports: &Reports) -> Outcome {
    let (count, size): (u32, usize) = (asked.text("count").parse()?, asked.text("size").parse()?);
    for number in 0..count {
        let mut sending = pin!(connection.send(format!("{number:<size$}")));
        if tokio::time::timeout(STALL, &mut sending).await.is_err() {
            reports.put(format!("{} stalled", asked.text("id")), number.to_string());
            sending.await?;
        }
    }
    reports.put(format!("{} sent", asked.text("id")), String::new());
    Ok(())
}

/// How much has come.
#[derive(Default)]
struct Received {
    messages: usize,
    bytes: usize,
}

/// What there was in all, and how it has ended.
fn tally(Received { messages, bytes }: &Received, how: &str) -> String {
    format!("{messages} messages, {bytes} bytes, {how}")
}

async fn echo(connection: &mut Connection, received: &mut Received) -> Result<(), Failure> {
    while let Some(message) = connection.recv().await? {
        received.messages += 1;
        received.bytes += match &message {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
        };
        connection.feed(message)?;
    }
    Ok(())
}

/// Reads until the client ends the connection.
async fn wait_for_end(stream: &mut Stream) -> Outcome {
    let mut discarded = [0; 1024];
    while stream.read(&mut discarded).await.unwrap_or(0) > 0 {}
    Ok(())
}
