//! MD5-crypt, the `$1$` of FreeBSD and glibc and the `$apr1$` of Apache's htpasswd: read, never written.
//!
//! Users files that were filled from system accounts or by htpasswd have such hashes. No crate that is kept up does this.

use md5::{Digest, Md5};

use super::des_crypt::ALPHABET;

/// Longest salt that counts.
const MAX_SALT: usize = 8;

/// Rounds of MD5 after the first.
const ROUNDS: usize = 1000;

/// The hash, 22 characters, without magic and salt. `magic` is `$1$` or `$apr1$`.
pub fn crypt(password: &[u8], magic: &[u8], salt: &[u8]) -> [u8; 22] {
    let salt = &salt[..salt.len().min(MAX_SALT)];
    let inner = Md5::new().chain_update(password).chain_update(salt).chain_update(password).finalize();
    let mut first = Md5::new().chain_update(password).chain_update(magic).chain_update(salt);
    for start in (0..password.len()).step_by(16) {
        first.update(&inner[..(password.len() - start).min(16)]);
    }
    let mut bits = password.len();
    while bits > 0 {
        // Historic: a zero byte for a set bit, the password's first byte for a clear one.
        first.update(if bits & 1 == 1 { &[0][..] } else { &password[..1] });
        bits >>= 1;
    }
    let mut state: [u8; 16] = first.finalize().into();
    for number in 0..ROUNDS {
        state = next(password, salt, number, &state);
    }
    encode(&state)
}

fn next(password: &[u8], salt: &[u8], number: usize, state: &[u8; 16]) -> [u8; 16] {
    let (before, after) = if number % 2 == 1 { (password, &state[..]) } else { (&state[..], password) };
    let mut hash = Md5::new().chain_update(before);
    if number % 3 != 0 {
        hash.update(salt);
    }
    if number % 7 != 0 {
        hash.update(password);
    }
    hash.chain_update(after).finalize().into()
}

/// Six bits a character, low bits first, bytes in the order of the original.
fn encode(state: &[u8; 16]) -> [u8; 22] {
    const GROUPS: [[usize; 3]; 5] = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];
    std::array::from_fn(|at| {
        let bits = match GROUPS.get(at / 4) {
            Some(group) => group.iter().fold(0, |value, &byte| value << 8 | u32::from(state[byte])),
            None => u32::from(state[11]),
        };
        ALPHABET[(bits >> (at % 4 * 6) & 63) as usize]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(password: &str, magic: &str, salt: &str) -> String {
        String::from_utf8(crypt(password.as_bytes(), magic.as_bytes(), salt.as_bytes()).to_vec()).expect("ASCII")
    }

    /// Made with libxcrypt's crypt(3) and `openssl passwd -apr1`.
    #[test]
    fn hashes_are_those_of_the_system_and_of_htpasswd() {
        assert_eq!(hash("hello", "$1$", "abcdefgh"), "rwnEbRiN0agqVgZBovWNQ/");
        assert_eq!(hash("hello", "$apr1$", "abcdefgh"), "cy3DSYyOwfhsyu7QOMQzd.");
        assert_eq!(hash("", "$1$", "xy"), EMPTY);
        assert_eq!(hash(&"long ".repeat(9), "$1$", "abcdefgh"), LONG);
    }

    const EMPTY: &str = "JSgu5Zv4igzK2ULm5nTM30";
    const LONG: &str = "BVlz0TOKwqdIGlqHkjWAw.";
}
