//! A backend that closes a connection just as it is used: reading is asked once more, nothing else is.

use insta::assert_snapshot;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::support::{Behind, Site};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes";

/// A backend that answers as many requests on each connection as `answers` says of that connection, reads one more and
/// closes; and the first lines of the requests it has read.
async fn backend(answers: &'static [usize]) -> (Site, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, read) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for &answers in answers {
            let (mut connection, _) = listener.accept().await.unwrap();
            let sender = sender.clone();
            tokio::spawn(async move {
                for _ in 0..answers {
                    sender.send(request(&mut connection).await).unwrap();
                    connection.write_all(ANSWER).await.unwrap();
                }
                sender.send(request(&mut connection).await).unwrap();
            });
        }
    });
    let site = Site::before(Behind::start().await, &["--backend-url", &url]).await;
    (site, read)
}

/// Reads the head of a request; gives its first line.
async fn request(connection: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    head.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn a_search_survives_a_connection_that_closes_as_it_is_used() {
    let (site, mut read) = backend(&[0, 1]).await;
    let answer = site.get("/api/search").await;
    assert_eq!((answer.status, answer.text()), (200, "yes"));
    for _ in 0..2 {
        assert_eq!(read.recv().await.unwrap(), "GET /search HTTP/1.1");
    }
    assert_snapshot!(site.trace(&answer, 3).await, @r"
    GET /api/{*path} SERVER {http.request.method=GET, http.response.status_code=200, http.route=/api/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/search, url.scheme=http}
      GET CLIENT {error.type=broken, http.request.method=GET, server.address=127.0.0.1, server.port=…, url.full=…} [error: the connection broke]
      GET CLIENT {http.request.method=GET, http.response.status_code=200, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.full=…}
    ");
}

#[tokio::test]
async fn what_broke_twice_is_a_502() {
    let (site, mut read) = backend(&[0, 0, 1]).await;
    let answer = site.get("/api/search").await;
    assert_eq!(answer.problem(502), "The backend cannot be reached.");
    assert_snapshot!(site.trace(&answer, 3).await, @r"
    GET /api/{*path} SERVER {error.type=502, http.request.method=GET, http.response.status_code=502, http.route=/api/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/search, url.scheme=http} [error: Bad Gateway]
      GET CLIENT {error.type=broken, http.request.method=GET, server.address=127.0.0.1, server.port=…, url.full=…} [error: the connection broke]
      GET CLIENT {error.type=broken, http.request.method=GET, server.address=127.0.0.1, server.port=…, url.full=…} [error: the connection broke]
    ");
    for _ in 0..2 {
        assert_eq!(read.recv().await.unwrap(), "GET /search HTTP/1.1");
    }
    assert!(read.try_recv().is_err(), "asked a third time");
}

#[tokio::test]
async fn what_may_have_changed_something_is_not_sent_twice() {
    let (site, mut read) = backend(&[0, 1]).await;
    let answer = site.send("POST", "/api/order", &[], b"").await;
    assert_eq!(answer.problem(502), "The backend cannot be reached.");
    assert_snapshot!(site.trace(&answer, 2).await, @r"
    POST /api/{*path} SERVER {error.type=502, http.request.method=POST, http.response.status_code=502, http.route=/api/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/order, url.scheme=http} [error: Bad Gateway]
      POST CLIENT {error.type=broken, http.request.method=POST, server.address=127.0.0.1, server.port=…, url.full=…} [error: the connection broke]
    ");
    assert_eq!(read.recv().await.unwrap(), "POST /order HTTP/1.1");
    assert!(read.try_recv().is_err(), "sent a second time");
}
