//! A minimal HTTP/1.1 client: keep-alive, answers with a length, nothing else.
//!
//! It shares two cores with the server and the database, so it does as little as it can: requests
//! are bytes, and of the answer only the status and the length are read.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Room for a page of 200 rows.
const BUFFER: usize = 512 * 1024;

/// An open connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

#[derive(Clone, Copy)]
struct Head {
    status: u16,
    length: usize,
    body_length: usize,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(BUFFER),
        })
    }

    /// Sends a request and reads the answer to it.
    pub(crate) async fn call(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            self.read().await?;
            if let Some(head) = Head::parse(&self.buffer)? {
                break head;
            }
        };
        let end = head.length + head.body_length;
        while self.buffer.len() < end {
            self.read().await?;
        }
        Ok(Answer {
            status: head.status,
            body: &self.buffer[head.length..end],
        })
    }

    async fn read(&mut self) -> io::Result<()> {
        self.buffer.reserve(4096);
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

impl Head {
    /// `None` as long as it is not complete.
    fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let unreadable = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "an answer without status or length",
            )
        };
        let text = std::str::from_utf8(&bytes[..end]).map_err(|_| unreadable())?;
        let status = text.get(9..12).and_then(|digits| digits.parse().ok());
        let named = text.split("\r\n").filter_map(|line| line.split_once(':'));
        let length = named
            .into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let body_length = length.and_then(|(_, value)| value.trim().parse().ok());
        Ok(Some(Self {
            status: status.ok_or_else(unreadable)?,
            length: end + 4,
            body_length: body_length.ok_or_else(unreadable)?,
        }))
    }
}

/// A GET request, with a key if there is one.
pub(crate) fn get(path: &str, key: Option<&str>) -> Vec<u8> {
    let key = key
        .map(|key| format!("Authorization: Bearer {key}\r\n"))
        .unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{key}\r\n").into_bytes()
}

/// Writes a POST request with a JSON body; `headers` are whole lines.
pub(crate) fn post(request: &mut Vec<u8>, path: &str, headers: &str, body: &str) {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{headers}\r\n"
    );
    request.clear();
    request.extend_from_slice(head.as_bytes());
    request.extend_from_slice(body.as_bytes());
}
