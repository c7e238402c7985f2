#![no_main]
//! The protocol: requests parsed at once and in pieces must be the same, and replies read back
//! must survive anything.

use libfuzzer_sys::fuzz_target;
use redis_bridge::resp::parse::{Limits, Progress, ProtocolError, RequestParser, split_quoted};
use redis_bridge::resp::value::{Value, read_value, write_quoted};

/// Requests with their arguments, and the error that ended the connection.
type Requests = (Vec<Vec<Vec<u8>>>, Option<ProtocolError>);

/// Parses what arrives in pieces of `piece` bytes, as a connection does.
fn parse(input: &[u8], piece: usize, authenticated: bool) -> Requests {
    let limits = Limits { max_bulk_bytes: 1 << 20, authenticated };
    let mut parser = RequestParser::default();
    let mut requests = Vec::new();
    let (mut start, mut end) = (0, 0);
    loop {
        match parser.parse(&input[start..end], limits) {
            Err(error) => return (requests, Some(error)),
            Ok(Progress::Complete(len)) => {
                let args = parser.args(&input[start..end]);
                requests.push(args.map(<[u8]>::to_vec).collect());
                parser.shrink();
                assert!(len > 0, "a request of no bytes");
                start += len;
            }
            Ok(Progress::Incomplete(missing)) => {
                assert!(missing > 0);
                if end == input.len() {
                    return (requests, None);
                }
                end = (end + piece).min(input.len());
            }
        }
    }
}

/// Printing takes any reply.
fn print(value: &Value) {
    drop(value.to_terminal());
    drop(value.to_raw());
}

fuzz_target!(|data: &[u8]| {
    let whole = parse(data, data.len().max(1), true);
    assert_eq!(parse(data, 1, true), whole);
    assert_eq!(parse(data, 7, true), whole);
    drop(parse(data, 3, false));

    let mut reader = data;
    while let Ok(value) = read_value(&mut reader) {
        print(&value);
    }

    let mut quoted = Vec::new();
    write_quoted(&mut quoted, data);
    let (mut bytes, mut args) = (Vec::new(), Vec::new());
    assert_eq!(split_quoted(&quoted, &mut bytes, &mut args), Some(()));
    assert_eq!((args.len(), bytes.as_slice()), (1, data), "quoting does not come back");
});
