//! Traditional `crypt`: DES with a two-character salt, as in the second field of a DSS 6.0.3 users file.
//!
//! The algorithm is that of Version 7 Unix: the first eight bytes of the password, seven bits each, are a DES key (FIPS
//! 46-3) with which a block of zeros is encrypted 25 times; twelve bits of salt exchange entries of the expansion table.
//! No crate that is kept up does this, and the system's libcrypt may lack it (FIPS mode) or be missing.

/// Password bytes that count.
pub const SIGNIFICANT_BYTES: usize = 8;

/// Characters of a stored hash: two of salt, eleven of result.
pub const LENGTH: usize = 13;

/// The 64 characters of `crypt`, by value.
pub(super) const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const ROTATIONS: [usize; 16] = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];

/// Permuted choice 1, counted from 1 as in the standard.
const CHOICE_1: [u8; 56] = [
    57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36, 63, 55,
    47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
];

/// Permuted choice 2.
const CHOICE_2: [u8; 48] = [
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47, 55, 30,
    40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];

/// The permutation P.
const PERMUTATION: [u8; 32] = [
    16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4,
    25,
];

/// The selection functions S1 to S8, row after row, a hexadecimal digit each.
const SELECTIONS: [&[u8; 64]; 8] = [
    b"E4D12FB83A6C59070F74E2D1A6CB953841E8D62BFC973A50FC8249175B3EA06D",
    b"F18E6B34972DC05A3D47F28EC01A69B50E7BA4D158C6932FD8A13F42B67C05E9",
    b"A09E63F51DC7B428D709346A285ECBF1D6498F30B12C5AE71AD069874FE3B52C",
    b"7DE3069A1285BC4FD8B56F03472C1AE9A690CB7DF13E52843F06A1D8945BC72E",
    b"2C417AB6853FD0E9EB2C47D150FA3986421BAD78F9C5630EB8C71E2D6F09A453",
    b"C1AF92680D34E75BAF427C9561DE0B389EF528C3704A1DB6432C95FABE17608D",
    b"4B2EF08D3C975A61D0B7491AE35C2F8614BDC37EAF6805926BD814A7950FE23C",
    b"D2846FB1A93E50C71FD8A374C56B0E927B419CE206ADF35821E74A8DFC90356B",
];

type Bits<const N: usize> = [u8; N];

/// The value of a character of a salt.
fn value(character: u8) -> Option<u8> {
    ALPHABET.iter().position(|&known| known == character).and_then(|at| u8::try_from(at).ok())
}

/// Hashes a password; a zero byte ends it, as it ended the C string. `None` when the salt is not of the alphabet.
pub fn crypt(password: &[u8], salt: [u8; 2]) -> Option<[u8; LENGTH]> {
    let expansion = salted_expansion(salt)?;
    let keys = key_schedule(password);
    // The final permutation of one encryption undoes the initial one of the next, and a zero block is its own permutation.
    let (mut left, mut right) = ([0; 32], [0; 32]);
    for _ in 0..25 {
        for key in &keys {
            let next = round(&right, key, &expansion);
            let mixed = std::array::from_fn(|bit| left[bit] ^ next[bit]);
            (left, right) = (right, mixed);
        }
        (left, right) = (right, left);
    }
    Some(encode(salt, &final_permutation(&left, &right)))
}

/// The expansion table E, counted from 0, with the entries exchanged that the salt says.
fn salted_expansion(salt: [u8; 2]) -> Option<Bits<48>> {
    let mut table: Bits<48> = std::array::from_fn(|at| ((at / 6 * 4 + at % 6 + 31) % 32) as u8);
    for (half, character) in salt.into_iter().enumerate() {
        let bits = value(character)?;
        for bit in (0..6).filter(|bit| bits >> bit & 1 == 1) {
            table.swap(half * 6 + bit, half * 6 + bit + 24);
        }
    }
    Some(table)
}

/// The sixteen round keys.
fn key_schedule(password: &[u8]) -> [Bits<48>; 16] {
    let mut key: Bits<64> = [0; 64];
    for (at, byte) in password.iter().take(SIGNIFICANT_BYTES).take_while(|&&byte| byte != 0).enumerate() {
        for bit in 0..7 {
            key[at * 8 + bit] = byte >> (6 - bit) & 1;
        }
    }
    let mut halves: Bits<56> = CHOICE_1.map(|from| key[usize::from(from) - 1]);
    ROTATIONS.map(|by| {
        halves[..28].rotate_left(by);
        halves[28..].rotate_left(by);
        CHOICE_2.map(|from| halves[usize::from(from) - 1])
    })
}

/// The cipher function f.
fn round(right: &Bits<32>, key: &Bits<48>, expansion: &Bits<48>) -> Bits<32> {
    let mut selected: Bits<32> = [0; 32];
    for (at, table) in SELECTIONS.iter().enumerate() {
        let input: [usize; 6] =
            std::array::from_fn(|bit| usize::from(right[usize::from(expansion[at * 6 + bit])] ^ key[at * 6 + bit]));
        let row = input[0] * 2 + input[5];
        let column = input[1] * 8 + input[2] * 4 + input[3] * 2 + input[4];
        let digit = table[row * 16 + column];
        let output = if digit <= b'9' { digit - b'0' } else { digit - b'A' + 10 };
        for bit in 0..4 {
            selected[at * 4 + bit] = output >> (3 - bit) & 1;
        }
    }
    PERMUTATION.map(|from| selected[usize::from(from) - 1])
}

/// The inverse of the initial permutation.
fn final_permutation(left: &Bits<32>, right: &Bits<32>) -> Bits<64> {
    std::array::from_fn(|at| {
        let from = 7 - at / 8 + at % 8 / 2 * 8;
        if at % 2 == 0 { right[from] } else { left[from] }
    })
}

/// The salt and the block, six bits a character.
fn encode(salt: [u8; 2], block: &Bits<64>) -> [u8; LENGTH] {
    std::array::from_fn(|at| match at.checked_sub(2) {
        None => salt[at],
        Some(group) => {
            let bit = |bit: usize| block.get(group * 6 + bit).copied().unwrap_or(0);
            ALPHABET[(0..6).fold(0, |value, next| value << 1 | usize::from(bit(next)))]
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(password: &[u8], salt: &str) -> String {
        let salt = salt.as_bytes().try_into().expect("two characters");
        String::from_utf8(crypt(password, salt).expect("a salt").to_vec()).expect("ASCII")
    }

    /// Made with libxcrypt's crypt(3).
    #[test]
    fn hashes_are_those_of_the_system_s_crypt() {
        for (password, hashed) in VECTORS {
            assert_eq!(hash(password, &hashed[..2]), *hashed, "{password:?}");
        }
    }

    #[test]
    fn only_eight_bytes_and_seven_bits_of_each_count() {
        assert_eq!(hash(b"longpassword", "ab"), hash(b"longpassxxxx", "ab"));
        assert_ne!(hash(b"longpas", "ab"), hash(b"longpass", "ab"));
        assert_eq!(hash(b"\xe1bc", "ab"), hash(b"abc", "ab"));
        assert_eq!(hash(b"ab\0cd", "ab"), hash(b"ab", "ab"));
    }

    #[test]
    fn a_salt_outside_the_alphabet_is_refused() {
        for salt in [*b"a:", *b"\xffb", *b"$1"] {
            assert_eq!(crypt(b"x", salt), None);
        }
    }

    const VECTORS: &[(&[u8], &str)] = &[
        (b"wonder1", "pxZoqnEZVAx8E"),
        (b"builder2", "pxsZy4LtmTNsM"),
        (b"pa55word", "pxGX8czQztEoQ"),
        (b"looking4", "pxul25jYqyvsE"),
        (b"brOadcast5", "px6uRLHg2C2P2"),
        (b"adm1n6", "pxE0kUuF1kVOE"),
        (b"hello world", "abM.kUMZnioHA"),
        (b"", "zz6dpSdr.LHZw"),
        (b"a", "./xT2u5QYaHcU"),
        (b"!@#$%^&*()", "9AMceFH1N1VOA"),
        (b"zzzzzzzz", "ZzgrPSdUizuY6"),
        (b"AbC123xyz", "q7dOr1yZhIsv2"),
    ];
}
