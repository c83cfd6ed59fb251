//! Song titles: as broadcasters set them, and as they stand between the audio that listeners get.

use bytes::Bytes;

use crate::modules::http::percent_decoded;

/// Bytes of audio between two titles, as in DSS 6.0.3.
pub(super) const INTERVAL: usize = 24_576;

/// Longest title, in bytes: a block has 255 times 16 bytes at most.
const MAX_TITLE: usize = 1500;

/// Longest address of a song, in bytes.
const MAX_URL: usize = 450;

/// No title, or the one that was sent already.
pub(super) const UNCHANGED: Bytes = Bytes::from_static(&[0]);

/// The block that tells a title: the number of 16-byte units, then `StreamTitle='…';StreamUrl='…';` filled up with zeros.
pub(super) fn block(title: &str, url: &str) -> Bytes {
    let text = format!("StreamTitle='{}';StreamUrl='{}';", harmless(title, MAX_TITLE), harmless(url, MAX_URL));
    let units = text.len() / 16 + 1; // one zero at least, as in DSS
    let mut block = vec![u8::try_from(units).unwrap_or(u8::MAX)];
    block.extend_from_slice(text.as_bytes());
    block.resize(1 + units * 16, 0);
    block.into()
}

/// Without control characters, cut, and without what would end the value for players.
fn harmless(text: &str, most: usize) -> String {
    let mut text: String = text.chars().filter(|sign| !sign.is_control()).collect();
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.replace("';", "' ;") // at most half as long again
}

/// What a request to change a title says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Update {
    /// The mount; `/` if none is named, as SHOUTcast has only one.
    pub(super) mount: String,
    /// The password in the query, if one is there.
    pub(super) password: Option<String>,
    /// The new title.
    pub(super) title: Option<String>,
    /// An address to go with it.
    pub(super) url: String,
}

impl Update {
    /// Reads the target of `GET /admin.cgi?mode=updinfo&…` or `GET /admin/metadata?mode=updinfo&…`; `None` when it is
    /// neither.
    pub(super) fn parse(target: &str) -> Option<Self> {
        let (path, query) = target.split_once('?')?;
        if !matches!(path, "/admin.cgi" | "/admin/metadata" | "/admin/metadata.xsl") {
            return None;
        }
        let mut update = Self { mount: "/".to_owned(), ..Self::default() };
        let (mut is_update, mut artist, mut song) = (path != "/admin.cgi", None, None);
        for (name, value) in query.split('&').filter_map(|part| part.split_once('=')) {
            let value = percent_decoded(&value.replace('+', " "));
            match name {
                "mode" => is_update = value == "updinfo",
                "pass" => update.password = Some(value),
                "mount" => update.mount = value,
                "song" => song = Some(value),
                "title" if song.is_none() => song = Some(value),
                "artist" => artist = Some(value),
                "url" => update.url = value,
                _ => {}
            }
        }
        update.title = match (artist.filter(|artist| !artist.is_empty()), song) {
            (Some(artist), Some(song)) => Some(format!("{artist} - {song}")),
            (artist, song) => song.or(artist),
        };
        is_update.then_some(update)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(block: &Bytes) -> String {
        assert_eq!(usize::from(block[0]) * 16 + 1, block.len());
        String::from_utf8(block[1..].to_vec()).unwrap().trim_end_matches('\0').to_owned()
    }

    #[test]
    fn a_block_is_counted_in_units_of_16_and_ends_in_a_zero() {
        let block = block("A Song", "");
        assert_eq!(&block[..], b"\x03StreamTitle='A Song';StreamUrl='';\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(super::block("A Song01234567890123", "")[0], 4, "48 bytes of text leave room for a zero");
    }

    #[test]
    fn a_title_cannot_end_itself_or_hold_control_characters() {
        let evil = block("It's a song';StreamUrl='http://evil/\r\n\0", "");
        assert_eq!(text_of(&evil), "StreamTitle='It's a song' ;StreamUrl='http://evil/';StreamUrl='';");
    }

    #[test]
    fn a_title_is_cut_between_characters() {
        let long = block(&"é".repeat(5000), &"';".repeat(5000));
        assert!(long.len() <= 1 + 255 * 16);
        assert!(text_of(&long).starts_with("StreamTitle='éé"));
    }

    #[test]
    fn percent_signs_are_decoded_with_all_hex_digits() {
        let of = |query: &str| Update::parse(&format!("/admin.cgi?{query}"));
        let update = of("mode=updinfo&pass=p%26w&mount=/m&song=Caf%C3%A9%20%2B%20d%27Or+1").unwrap();
        assert_eq!(update.title.as_deref(), Some("Café + d'Or 1"));
        assert_eq!((update.password.as_deref(), update.mount.as_str()), (Some("p&w"), "/m"));
        assert_eq!(of("pass=x&mode=updinfo&song=a&url=http://b").unwrap().mount, "/", "any order, no mount");
        assert_eq!(of("mode=viewxml&pass=x"), None);
        assert_eq!(of("pass=x"), None);
        let icecast = Update::parse("/admin/metadata?mount=/m&mode=updinfo&artist=A&title=B").unwrap();
        assert_eq!((icecast.title.as_deref(), icecast.password), (Some("A - B"), None));
        assert_eq!(Update::parse("/admin/metadata"), None);
        assert_eq!(Update::parse("/other?mode=updinfo"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_title_makes_a_block_of_whole_units(title: String, url: String) {
            let block = block(&title, &url);
            assert_eq!(block.len(), 1 + usize::from(block[0]) * 16);
            assert_eq!(*block.last().unwrap(), 0);
        }
    }
}
