//! The body of a broadcaster's request over HTTP: without an end, of a known length, or in chunks (RFC 9112 section 7.1).

use bytes::{Buf, BytesMut};

/// Longest line between chunks.
const MAX_LINE: usize = 1024;

/// How the body's bytes come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// Until the connection ends.
    Endless,
    /// So many bytes are left.
    Length(u64),
    /// In chunks.
    Chunked(Chunk),
}

/// Where in the chunks the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunk {
    /// In the line that tells a chunk's size.
    Size,
    /// In a chunk, of which so many bytes are left.
    Data(u64),
    /// In the line end behind a chunk.
    End,
    /// Behind the last chunk.
    Over,
}

/// The bytes are no chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the broadcaster's chunks are malformed")]
pub(super) struct BadChunks;

impl Body {
    /// The body is complete.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunk::Over))
    }

    /// Moves what is in `input` of the body to `output`.
    ///
    /// # Errors
    /// [`BadChunks`].
    pub(super) fn decode(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Result<(), BadChunks> {
        match self {
            Self::Endless if output.is_empty() => std::mem::swap(input, output),
            Self::Endless => output.unsplit(input.split()),
            Self::Length(left) => move_bytes(input, output, left),
            Self::Chunked(chunk) => decode_chunks(chunk, input, output)?,
        }
        Ok(())
    }
}

fn move_bytes(input: &mut BytesMut, output: &mut BytesMut, left: &mut u64) {
    let len = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    output.extend_from_slice(&input.split_to(len));
    *left -= len as u64;
}

fn decode_chunks(chunk: &mut Chunk, input: &mut BytesMut, output: &mut BytesMut) -> Result<(), BadChunks> {
    loop {
        match chunk {
            Chunk::Data(left) => {
                move_bytes(input, output, left);
                if *left > 0 {
                    return Ok(());
                }
                *chunk = Chunk::End;
            }
            Chunk::Over => {
                input.clear();
                return Ok(());
            }
            Chunk::Size | Chunk::End => {
                let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
                    return if input.len() > MAX_LINE { Err(BadChunks) } else { Ok(()) };
                };
                let line = input.split_to(end);
                input.advance(1);
                let line = line.strip_suffix(b"\r").unwrap_or(&line);
                *chunk = match (*chunk, line) {
                    (Chunk::End, []) => Chunk::Size,
                    (Chunk::End, _) => return Err(BadChunks),
                    (_, line) => match chunk_size(line)? {
                        0 => Chunk::Over, // what trailers say does not matter here
                        size => Chunk::Data(size),
                    },
                };
            }
        }
    }
}

/// The hex digits before an extension.
fn chunk_size(line: &[u8]) -> Result<u64, BadChunks> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let text = std::str::from_utf8(digits).map_err(|_| BadChunks)?;
    if text.starts_with(['+', '-']) {
        return Err(BadChunks);
    }
    u64::from_str_radix(text, 16).map_err(|_| BadChunks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(mut body: Body, parts: &[&[u8]]) -> Result<(Vec<u8>, bool), BadChunks> {
        let (mut input, mut output) = (BytesMut::new(), BytesMut::new());
        for part in parts {
            input.extend_from_slice(part);
            body.decode(&mut input, &mut output)?;
        }
        Ok((output.to_vec(), body.is_over()))
    }

    const CHUNKS: &[u8] = b"4\r\nwiki\r\nA;name=x\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";

    #[test]
    fn chunks_are_put_together_however_they_come() {
        let expected = Ok((b"wiki0123456789".to_vec(), true));
        assert_eq!(decoded(Body::Chunked(Chunk::Size), &[CHUNKS]), expected);
        let bytes: Vec<&[u8]> = CHUNKS.chunks(1).collect();
        assert_eq!(decoded(Body::Chunked(Chunk::Size), &bytes), expected);
        assert_eq!(decoded(Body::Chunked(Chunk::Size), &[b"5\r\nab"]), Ok((b"ab".to_vec(), false)));
    }

    #[test]
    fn what_is_no_chunk_is_an_error() {
        let long = [b'1'; MAX_LINE + 1];
        for bad in [&b"x\r\n"[..], b"\r\n", b"-1\r\n", b"2\r\nabc\r\n", b"11111111111111111\r\n", &long] {
            assert_eq!(decoded(Body::Chunked(Chunk::Size), &[bad]), Err(BadChunks), "{bad:?}");
        }
    }

    #[test]
    fn a_length_ends_the_body_and_no_length_does_not() {
        assert_eq!(decoded(Body::Length(3), &[b"ab", b"cd"]), Ok((b"abc".to_vec(), true)));
        assert_eq!(decoded(Body::Endless, &[b"ab", b"cd"]), Ok((b"abcd".to_vec(), false)));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_decoded_without_panic(parts: Vec<Vec<u8>>) {
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let _ = decoded(Body::Chunked(Chunk::Size), &parts);
        }
    }
}
