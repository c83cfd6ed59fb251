//! Edit lists (QTFF, "Edit List Atoms"): where on the movie's timeline a track begins.

use super::atom::Fields;
use super::error::MovieError;

/// What this server takes from an edit list.
///
/// DSS 6.0.3 knew empty edits only. A start trim, as encoders write it for AAC priming or for reordered video frames,
/// was ignored there and put audio and video apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Edits {
    /// Time before the track begins, in units of the movie timescale: the empty edits at the front.
    pub(crate) delay: u64,
    /// Media time (media timescale) that is at the beginning of the movie, after `delay`.
    pub(crate) trim: u64,
}

impl Edits {
    /// Reads an `elst` atom. Everything behind the first edit that shows media (cuts, repeats, rates) is left out.
    pub(crate) fn parse(contents: &[u8]) -> Result<Self, MovieError> {
        let mut fields = Fields::new("elst", contents);
        let version = fields.version()?;
        let count = fields.u32()?;
        let mut edits = Self::default();
        for _ in 0..count {
            let duration = fields.sized(version)?;
            let media_time = if version == 1 { fields.u64()? as i64 } else { i64::from(fields.i32()?) };
            fields.skip(4)?;
            if let Ok(trim) = u64::try_from(media_time) {
                edits.trim = trim;
                break;
            }
            edits.delay = edits.delay.saturating_add(duration);
        }
        Ok(edits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::test_movie::full;

    #[test]
    fn an_empty_edit_delays_and_a_start_trim_shifts() {
        let elst = full(&[2, 600, u32::MAX, 0x1_0000, 9000, 1024, 0x1_0000]);
        assert_eq!(Edits::parse(&elst).unwrap(), Edits { delay: 600, trim: 1024 });
    }

    #[test]
    fn later_edits_change_nothing() {
        let elst = full(&[2, 600, 0, 0x1_0000, 600, 77, 0x1_0000]);
        assert_eq!(Edits::parse(&elst).unwrap(), Edits::default());
    }

    #[test]
    fn version_1_has_64_bit_times() {
        let mut elst = full(&[2, 0, 600, u32::MAX, u32::MAX, 0x1_0000, 0, 1, 1, 5, 0x1_0000]);
        elst[0] = 1;
        assert_eq!(Edits::parse(&elst).unwrap(), Edits { delay: 600, trim: (1 << 32) + 5 });
    }

    #[test]
    fn a_cut_list_is_refused() {
        assert!(Edits::parse(&full(&[u32::MAX, 600, u32::MAX])).is_err());
    }
}
